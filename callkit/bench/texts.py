"""Counting on texts: spans of personal data found and wrongly found, sentiment, topics, summaries."""

from __future__ import annotations

from collections.abc import Sequence

from callkit.bench.figures import Evidence, confusion
from callkit.bench.meaning import rouge_l, supported_sentences
from callkit.bench.textsets import TextRow, TextTurn
from callkit.model import SafeTurn, Summary

#: An item is found when this share of its letters and digits is covered by redactions of any type.
FOUND_SHARE = 0.9
#: A redaction is right when this share of its letters and digits is personal data of any type.
RIGHT_SHARE = 0.5

Spans = Sequence[tuple[int, int, str]]


def count_pii(row: TextRow, found: Sequence[Spans]) -> Evidence:
    """Evidence of one conversation: `found` are the redactions (start, end, entity) of each turn.

    A redaction that touches only labels of types that callkit does not know counts neither way.
    """
    counts: dict[str, list[float]] = {}
    totals = [0.0, 0.0, 0.0, 0.0]
    clean = [0.0, 0.0]
    for turn, redactions in zip(row.turns, found, strict=True):
        covered = _marked(turn.text, [(start, end) for start, end, _ in redactions])
        for start, end, entity in turn.spans:
            if entity is None:
                continue
            share = _share(turn.text, covered, start, end)
            if entity == "":
                clean[0] += share > 0
                clean[1] += 1
                continue
            _tally(counts, f"pii_recall.{entity}", share >= FOUND_SHARE)
            totals[0] += share >= FOUND_SHARE
            totals[1] += 1
        personal = _marked(turn.text, [(start, end) for start, end, entity in turn.spans if entity])
        unknown = _marked(turn.text, [(start, end) for start, end, entity in turn.spans if entity is None])
        for start, end, entity in redactions:
            right = _share(turn.text, personal, start, end)
            if right == 0 and _share(turn.text, unknown, start, end) > 0:
                continue
            _tally(counts, f"pii_precision.{entity}", right >= RIGHT_SHARE)
            totals[2] += right >= RIGHT_SHARE
            totals[3] += 1
    evidence: dict[str, tuple[float, ...]] = {name: tuple(pair) for name, pair in counts.items()}
    evidence |= {"pii_recall": (totals[0], totals[1]), "pii_precision": (totals[2], totals[3]), "pii_f1": tuple(totals)}
    if clean[1]:
        evidence["clean_touched"] = (clean[0], clean[1])
    return evidence


def count_sentiment(row: TextRow, label: str) -> Evidence:
    """Evidence of one text's sentiment."""
    return {"sentiment_macro_f1": confusion(row.label, label)}


def count_topic(row: TextRow, topic: str) -> Evidence:
    """Evidence of one text's topic."""
    return {"topic_right": (float(row.label == topic), 1.0)}


def count_summary(row: TextRow, summary: Summary, turns: Sequence[SafeTurn]) -> Evidence:
    """Evidence of one dialogue's summary."""
    return {"rouge_l": (rouge_l(row.label, summary), 1.0), "supported_share": supported_sentences(summary, turns)}


def mapped(turn: TextTurn, spans: Sequence[tuple[int, int, str]]) -> list[tuple[int, int, str]]:
    """Spans trimmed to their letters and digits, empty ones left out."""
    trimmed = []
    for start, end, entity in spans:
        while start < end and not turn.text[start].isalnum():
            start += 1
        while end > start and not turn.text[end - 1].isalnum():
            end -= 1
        if start < end:
            trimmed.append((start, end, entity))
    return trimmed


def _marked(text: str, spans: Sequence[tuple[int, int]]) -> bytearray:
    marks = bytearray(len(text))
    for start, end in spans:
        marks[start:end] = b"\1" * (end - start)
    return marks


def _share(text: str, marks: bytearray, start: int, end: int) -> float:
    """The share of the letters and digits in [start, end) that are marked."""
    places = [place for place in range(start, end) if text[place].isalnum()]
    return sum(marks[place] for place in places) / len(places) if places else 0.0


def _tally(counts: dict[str, list[float]], name: str, right: bool) -> None:
    pair = counts.setdefault(name, [0.0, 0.0])
    pair[0] += right
    pair[1] += 1
