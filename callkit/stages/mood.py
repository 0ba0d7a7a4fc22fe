"""A speaker's sentiment over a call: mean, quarters, change, final state, turning point.

All work on a speaker's turns in order, each a `Point`: when it is, how long it is in words and its score in [-1, 1].
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

FINAL_TURNS = 4
FINAL_DECAY = 0.6
TURNING_SHIFT = 0.4


@dataclass(frozen=True, slots=True)
class Point:
    """One turn of a speaker: its index in the call, its middle (seconds), its words, its score."""

    turn: int
    middle: float
    words: int
    score: float


def mean(points: Sequence[Point]) -> float | None:
    """Mean score, each turn weighted by the square root of its words: an "okay" says less than a sentence."""
    total = sum(_weight(point) for point in points)
    return sum(_weight(point) * point.score for point in points) / total if total else None


def quarters(points: Sequence[Point], start: float, end: float) -> tuple[float | None, ...]:
    """Mean score in each quarter of [start, end), by the turns' middles; None for a quarter without turns.

    Source: AWS Transcribe Call Analytics, "SentimentByPeriod: QUARTER".
    """
    if end <= start:
        return (None,) * 4
    parts: list[list[Point]] = [[], [], [], []]
    for point in points:
        parts[quarter_of(point.middle, start, end)].append(point)
    return tuple(mean(part) for part in parts)


def quarter_of(middle: float, start: float, end: float) -> int:
    """Which quarter of [start, end) a turn with that middle is in: 0 to 3."""
    return min(3, max(0, int(4 * (middle - start) / (end - start))))


def change(points: Sequence[Point]) -> float | None:
    """Mean of the last third of the turns less that of the first third, in [-2, 2]; None below three turns."""
    third = len(points) // 3
    if not third:
        return None
    first, last = mean(points[:third]), mean(points[-third:])
    return None if first is None or last is None else last - first


def final_state(points: Sequence[Point]) -> float | None:
    """Mean of the last four turns, each weighing 0.6 of the one after it: where the speaker was left."""
    last = points[-FINAL_TURNS:]
    weights = [_weight(point) * FINAL_DECAY ** (len(last) - 1 - place) for place, point in enumerate(last)]
    total = sum(weights)
    return sum(weight * point.score for weight, point in zip(weights, last, strict=True)) / total if total else None


def turning_point(points: Sequence[Point]) -> int | None:
    """The turn from which on the speaker is in another mood; None where the mood never shifts by 0.4 or more.

    The one split of the turns in two that leaves the least squared error (binary segmentation, Scott and Knott 1974).
    """
    best: tuple[float, int] | None = None
    for split in range(1, len(points)):
        before, after = mean(points[:split]), mean(points[split:])
        if before is None or after is None or abs(after - before) < TURNING_SHIFT:
            continue
        error = _error(points[:split], before) + _error(points[split:], after)
        if best is None or error < best[0]:
            best = error, points[split].turn
    return best[1] if best else None


def _weight(point: Point) -> float:
    return math.sqrt(point.words)


def _error(points: Sequence[Point], middle: float) -> float:
    return sum(_weight(point) * (point.score - middle) ** 2 for point in points)
