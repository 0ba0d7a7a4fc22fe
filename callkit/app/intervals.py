"""How sure an aggregate is: bootstrap intervals of means, Wilson intervals of shares, a grade by the number of values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

RESAMPLES = 2000
LEVEL = 0.95


@dataclass(frozen=True, slots=True)
class Interval:
    """A figure with its 95 % interval and the number of values it rests on; `grade` says it in a word."""

    value: float | None
    low: float | None
    high: float | None
    n: int

    @property
    def grade(self) -> Literal["good", "fair", "poor", "none"]:
        """By the number of values: good from 100, fair from 30, poor below, none without any."""
        return "none" if not self.n else "poor" if self.n < 30 else "fair" if self.n < 100 else "good"


def bootstrap_mean(
    values: Sequence[float],
    *,
    groups: Sequence[str] | None = None,
    weights: Sequence[float] | None = None,
    seed: int = 0,
) -> Interval:
    """Mean with its percentile-bootstrap interval (Efron and Tibshirani 1993); None values are left out.

    With `groups` (the call of each turn, say) whole groups are drawn, since turns of one call are alike. One value or one
    group gives no interval. `weights` (above 0) make it a weighted mean.
    """
    import numpy as np

    known = [index for index, value in enumerate(values) if value is not None and value == value]
    data = np.array([values[index] for index in known], dtype=float)
    if not len(data):
        return Interval(None, None, None, 0)
    names = [groups[index] for index in known] if groups is not None else [str(index) for index in known]
    weight = np.ones(len(data)) if weights is None else np.array([weights[index] for index in known], dtype=float)
    sums, counts = _by_group(data, weight, names)
    mean = float((data * weight).sum() / weight.sum())
    if len(sums) < 2:
        return Interval(mean, None, None, len(data))
    draws = np.random.default_rng(seed).integers(0, len(sums), size=(RESAMPLES, len(sums)))
    means = sums[draws].sum(1) / counts[draws].sum(1)
    low, high = np.quantile(means, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Interval(mean, float(low), float(high), len(data))


def share(successes: int, n: int) -> Interval:
    """A share with its Wilson score interval (Wilson 1927), which holds for few calls and for shares of 0 and 1."""
    if not n:
        return Interval(None, None, None, 0)
    z, p = 1.959964, successes / n
    middle = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z * ((p * (1 - p) + z * z / (4 * n)) / n) ** 0.5 / (1 + z * z / n)
    return Interval(p, max(0.0, middle - half), min(1.0, middle + half), n)


def _by_group(
    data: NDArray[np.float64], weight: NDArray[np.float64], names: Sequence[str]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Weighted sum and weight of each group."""
    import numpy as np

    place = {name: index for index, name in enumerate(dict.fromkeys(names))}
    index = np.array([place[name] for name in names])
    return (
        np.bincount(index, weights=data * weight).astype(np.float64),
        np.bincount(index, weights=weight).astype(np.float64),
    )
