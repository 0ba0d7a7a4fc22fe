"""The figures of a benchmark: what each is counted from, and its 95 % interval.

A system's answer on one file (or one row of a text set) is *evidence*: for each figure a few numbers, such as (errors,
words). A figure over many files is a function of all their evidence; its interval is the percentile bootstrap over files
(Efron & Tibshirani 1993), seeded, so that the same evidence gives the same interval.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Evidence = Mapping[str, tuple[float, ...]]
Values = NDArray[np.float64]

SAMPLES = 1000
_LABELS = ("negative", "neutral", "positive")


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure's name, meaning and unit ("share", "s", "x", ...), and which way is better.

    `of` combines evidence: "ratio" sums both numbers and divides, "mean" is a ratio whose second number is a count, "sum"
    adds, "max" takes the largest, "median" and "p95" are quantiles of all values, "f1" is the macro-F1 of summed
    confusion counts (true x predicted, row by row).
    """

    name: str
    about: str
    unit: str = "share"
    better: Literal["low", "high"] = "low"
    of: Literal["ratio", "sum", "max", "median", "p95", "f1"] = "ratio"


FIGURES: dict[str, Figure] = {
    figure.name: figure
    for figure in (
        Figure("wer", "word errors per word, after whisper's normalizer"),
        Figure("wer_raw", "word errors per word, as written"),
        Figure("cer", "character errors per character, after whisper's normalizer"),
        Figure("cpwer", "word errors with each speaker's words apart, under the best match of speakers"),
        Figure("word_time_median_s", "error of word starts and ends, median", "s", of="median"),
        Figure("word_time_p95_s", "error of word starts and ends, 95th percentile", "s", of="p95"),
        Figure("language_right", "files whose language was identified", better="high"),
        Figure("hallucinated_words_per_min", "words heard where nobody speaks, a minute", "1/min"),
        Figure("der", "diarization error: no collar, overlap scored"),
        Figure("miss", "speech given to nobody, share of speech"),
        Figure("false_alarm", "speech found where there is none, share of speech"),
        Figure("confusion", "speech given to another speaker, share of speech"),
        Figure("der_collar_250ms", "diarization error with a 0.25 s collar, overlap scored"),
        Figure("speaker_count_right", "files with the right number of speakers", better="high"),
        Figure("role_accuracy", "words given to the right role", better="high"),
        Figure("pii_recall", "personal data redacted, share of items", better="high"),
        Figure("pii_precision", "redactions that hide personal data", better="high"),
        Figure("pii_f1", "harmonic mean of recall and precision", better="high", of="f1"),
        Figure("leak_rate", "items of personal data still readable"),
        Figure("audible_pii_s", "personal data still audible", "s", of="sum"),
        Figure("audible_pii_share", "personal data still audible, share of its seconds"),
        Figure("clean_touched", "dates, amounts and the like that were redacted"),
        Figure("sentiment_macro_f1", "sentiment, mean F1 of negative, neutral, positive", better="high", of="f1"),
        Figure("topic_right", "texts given their topic, learnt from ten examples of each", better="high"),
        Figure("outcome_right", "calls whose outcome was told", better="high"),
        Figure("issue_found", "calls whose issue says half of the true one's words", better="high"),
        Figure("actions_found", "follow-ups found: who, a common word, and by when where it was said", better="high"),
        Figure("actions_right", "follow-ups found that were made", better="high"),
        Figure("rouge_l", "summary against the written one, ROUGE-L F", better="high"),
        Figure("supported_share", "summary sentences borne out by the turns they cite", better="high"),
        Figure("rtf", "processing time per recording time", "x"),
        Figure("seconds_per_1000", "processing time of 1,000 texts", "s"),
        Figure("peak_mb", "largest memory of the process", "MB", of="max"),
    )
}


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure's value with its 95 % interval (None where a single file gives none) over `n` files or rows."""

    value: float
    low: float | None
    high: float | None
    n: int


def figure_of(name: str) -> Figure:
    """The figure of a name; `pii_recall.CARD` and `rtf.transcribe` are kinds of theirs."""
    return FIGURES[name.partition(".")[0]]


def estimate(name: str, rows: Sequence[tuple[float, ...]], *, samples: int = SAMPLES) -> Estimate | None:
    """A figure over files or rows; None where the evidence says nothing (nothing to divide by)."""
    figure = figure_of(name)
    value = _combine(figure, rows)
    if value is None:
        return None
    if len(rows) < 2 or figure.of == "max":
        return Estimate(value, None, None, len(rows))
    drawn = _bootstrap(figure, [rows], samples)[0]
    low, high = np.nanpercentile(drawn, (2.5, 97.5))
    return Estimate(value, float(low), float(high), len(rows))


def estimate_ratio(
    name: str, ours: Sequence[tuple[float, ...]], theirs: Sequence[tuple[float, ...]], *, samples: int = SAMPLES
) -> Estimate | None:
    """Our figure divided by theirs on the same files, which are drawn in pairs; None where theirs is 0."""
    figure = figure_of(name)
    one, other = _combine(figure, ours), _combine(figure, theirs)
    if one is None or not other:
        return None
    if len(ours) < 2 or figure.of == "max":
        return Estimate(one / other, None, None, len(ours))
    drawn = _bootstrap(figure, [ours, theirs], samples)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratios = drawn[0] / drawn[1]
    ratios = ratios[np.isfinite(ratios)]
    if not len(ratios):
        return Estimate(one / other, None, None, len(ours))
    low, high = np.percentile(ratios, (2.5, 97.5))
    return Estimate(one / other, float(low), float(high), len(ours))


def macro_f1(confusion: Sequence[float]) -> float | None:
    """Mean F1 over the classes that occur, from counts (true x predicted, row by row), by scikit-learn."""
    from sklearn.metrics import f1_score

    size = round(len(confusion) ** 0.5)
    if not sum(confusion):
        return None
    seen = [(place // size, place % size, count) for place, count in enumerate(confusion) if count]
    true, predicted, counts = zip(*seen, strict=True)
    return float(f1_score(true, predicted, sample_weight=counts, average="macro", zero_division=0.0))


def confusion(true: str, predicted: str) -> tuple[float, ...]:
    """One observation of sentiment as confusion counts."""
    return tuple(float(row == true and column == predicted) for row in _LABELS for column in _LABELS)


def _combine(figure: Figure, rows: Sequence[tuple[float, ...]]) -> float | None:
    if not rows:
        return None
    if figure.of in ("median", "p95"):
        values = [value for row in rows for value in row]
        return float(np.percentile(values, 50 if figure.of == "median" else 95)) if values else None
    if figure.of == "max":
        return max(value for row in rows for value in row)
    return _from_sums(figure, np.array(rows, dtype=np.float64).sum(axis=0))


def _from_sums(figure: Figure, sums: Values) -> float | None:
    if figure.of == "sum":
        return float(sums[0])
    if figure.name == "pii_f1":
        return _pair_f1(sums)
    if figure.of == "f1":
        return macro_f1(sums.tolist())
    return float(sums[0] / sums[1]) if sums[1] else None


def _pair_f1(sums: Values) -> float | None:
    """F1 from (found, items, right, predicted)."""
    found, items, right, predicted = sums
    if not items or not predicted:
        return None
    recall, precision = found / items, right / predicted
    return float(2 * recall * precision / (recall + precision)) if recall + precision else 0.0


def _bootstrap(figure: Figure, systems: Sequence[Sequence[tuple[float, ...]]], samples: int) -> list[Values]:
    """For each system the figure on `samples` draws of files with replacement, the same draws for all systems."""
    rng = np.random.default_rng(0)
    if figure.of in ("median", "p95"):
        count = len(systems[0])
        drawn = rng.integers(count, size=(samples, count))
        values = [[_combine(figure, [rows[place] for place in draw]) for draw in drawn] for rows in systems]
        return [np.array([np.nan if value is None else value for value in one]) for one in values]
    # Equal rows are drawn together: sums of 50,000 rows are then as quick as sums of the few kinds there are.
    width = len(systems[0][0])
    together = np.hstack([np.array(rows, dtype=np.float64) for rows in systems])
    kinds, counts = np.unique(together, axis=0, return_counts=True)
    sums = rng.multinomial(len(together), counts / len(together), size=samples) @ kinds
    results = []
    for place in range(len(systems)):
        own = sums[:, place * width : (place + 1) * width]
        values_of = [_from_sums(figure, row) for row in own]
        results.append(np.array([np.nan if value is None else value for value in values_of]))
    return results


def combine_names(evidence: Sequence[Evidence]) -> list[str]:
    """Every figure that some evidence speaks of, in the order of `FIGURES`, kinds after their figure."""
    found = {name for one in evidence for name in one}
    order = list(FIGURES)
    return sorted(found, key=lambda name: (order.index(name.partition(".")[0]), name.partition(".")[2]))
