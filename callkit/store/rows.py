"""A call's facets as rows of the public tables: pure."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from callkit import model
from callkit.model import Call
from callkit.text.language import searched_in_part

Row = dict[str, Any]
Facets = Mapping[str, Any]


def _calls(call: Call, facets: Facets) -> Iterator[Row]:
    inspection: model.Inspection = facets["inspection"]
    language: model.Language | None = facets.get("language")
    if language and not language.code:  # nobody spoke
        language = None
    muted: model.MutedAudio | None = facets.get("muted")
    metrics: model.Metrics | None = facets.get("metrics")
    summary: model.Summary | None = facets.get("summary")
    quality = dict(metrics.withheld) if metrics else {}
    if summary and summary.withheld:
        quality["summary"] = summary.withheld
    if unsearched := searched_in_part(turn.language for turn in facets.get("turns") or ()):
        quality["redaction"] = unsearched
    yield {
        "call_id": call.call_id,
        "source_name": call.source_name,
        "audio_sha256": call.audio_sha256,
        "started_at": call.started_at.replace(tzinfo=None).isoformat() if call.started_at else None,
        "duration_s": inspection.duration_s,
        "sample_rate": inspection.sample_rate,
        "codec": inspection.codec,
        "channels": len(inspection.channels),
        "layout": inspection.layout,
        "speakers_from": inspection.path,
        "layout_reason": inspection.reason,
        "correlation": inspection.correlation,
        "bleed_share": inspection.bleed_share,
        "bleed_by_ten_s": inspection.bleed or None,
        "language": language.code if language else None,
        "language_confidence": language.confidence if language else None,
        "agent_id": call.agent_id,
        "customer": call.customer,
        "queue": call.queue,
        "direction": call.direction,
        "unmatched": call.unmatched,
        "warnings": inspection.warnings,
        "quality": quality,
        "audio_file": muted.file or None if muted else None,
        "muted_s": muted.muted_s if muted else None,
        "unworded_s": muted.unworded_s if muted else None,
    }


def _turns(call: Call, facets: Facets) -> Iterator[Row]:
    loudness = {one.turn: one for one in facets.get("loudness") or ()}
    turn: model.SafeTurn
    for turn in facets["turns"]:
        loud = loudness.get(turn.index)
        yield {
            "turn": turn.index,
            "role": turn.role,
            "role_confidence": turn.role_confidence,
            "speaker": turn.speaker,
            "channel": turn.channel,
            "start_s": turn.start,
            "end_s": turn.end,
            "text": turn.text,
            "language": turn.language,
            "translation": turn.translation,
            "confidence": round(turn.confidence, 4),
            "overlap": turn.overlap,
            "loudness_dbfs": loud.dbfs if loud else None,
            "loudness_relative_db": loud.relative_db if loud else None,
        }


def _words(call: Call, facets: Facets) -> Iterator[Row]:
    for turn in facets["turns"]:
        for number, word in enumerate(turn.words):
            yield {
                "turn": turn.index,
                "word": number,
                "start_s": word.start,
                "end_s": word.end,
                "text": word.text,
                "channel": word.channel,
                "confidence": word.confidence,
                "entity": word.entity or None,
                "raw_words": word.raw_words,
            }


def _speaker_spans(call: Call, facets: Facets) -> Iterator[Row]:
    return (_spread(span) for span in facets["speaker_spans"])


def _redactions(call: Call, facets: Facets) -> Iterator[Row]:
    return ({"redaction": number} | _spread(one) for number, one in enumerate(facets["redactions"]))


def _sentiment(call: Call, facets: Facets) -> Iterator[Row]:
    return (_spread(one) for one in facets["sentiment"])


def _summaries(call: Call, facets: Facets) -> Iterator[Row]:
    summary: model.Summary = facets["summary"]
    evidence = summary.outcome_evidence
    yield {
        "title": summary.title,
        "summary": " ".join(statement.text for statement in summary.summary),
        "summary_turns": sorted({turn for statement in summary.summary for turn in statement.turns}),
        "issue": summary.issue.text if summary.issue else None,
        "issue_turns": summary.issue.turns if summary.issue else (),
        "outcome": summary.outcome,
        "outcome_text": evidence.text if evidence else None,
        "outcome_turns": evidence.turns if evidence else (),
        "unsupported": sum(one.supported is False for one in (told for _, told in _all_statements(summary)))
        + sum(action.supported is False for action in summary.actions),
    }


def _statements(call: Call, facets: Facets) -> Iterator[Row]:
    for number, (kind, statement) in enumerate(_all_statements(facets["summary"])):
        yield {"statement": number, "kind": kind} | _spread(statement)


def _all_statements(summary: model.Summary) -> Iterator[tuple[str, model.Statement]]:
    yield from (("summary", statement) for statement in summary.summary)
    if summary.issue:
        yield "issue", summary.issue
    if summary.outcome_evidence:
        yield "outcome", summary.outcome_evidence


def _actions(call: Call, facets: Facets) -> Iterator[Row]:
    return ({"action": number} | _spread(action) for number, action in enumerate(facets["summary"].actions))


def _chapters(call: Call, facets: Facets) -> Iterator[Row]:
    return (_spread(chapter, index="chapter") for chapter in facets["summary"].chapters)


def _call_metrics(call: Call, facets: Facets) -> Iterator[Row]:
    yield dict(facets["metrics"].call)


def _speaker_metrics(call: Call, facets: Facets) -> Iterator[Row]:
    return ({"role": role} | dict(figures) for role, figures in facets["metrics"].speakers.items())


def _interactions(call: Call, facets: Facets) -> Iterator[Row]:
    return (_spread(one) for one in facets["metrics"].interactions)


def _channels(call: Call, facets: Facets) -> Iterator[Row]:
    yield from (_spread(channel, index="channel") for channel in facets["inspection"].channels)


def _segments(call: Call, facets: Facets) -> Iterator[Row]:
    yield from (_spread(segment) for segment in facets["inspection"].segments)
    for start, end in overlaps(facets.get("speaker_spans") or ()):
        yield {"kind": "overlap", "channel": None, "start_s": start, "end_s": end}


def _embeddings(call: Call, facets: Facets) -> Iterator[Row]:
    import numpy as np

    found: model.Embeddings = facets["embeddings"]
    vectors = np.frombuffer(found.vectors, "<f2").reshape(len(found.turns), found.dim).astype(np.float32)
    for turn, vector in zip(found.turns, vectors, strict=True):
        yield {"turn": turn, "model": found.model, "vector": vector}


#: Table -> the facets it is made from and how. Without the first facet the call has no rows there.
TABLES: dict[str, tuple[tuple[str, ...], Callable[[Call, Facets], Iterable[Row]]]] = {
    "calls": (("inspection", "language", "muted", "metrics", "summary"), _calls),
    "channels": (("inspection",), _channels),
    "turns": (("turns", "loudness"), _turns),
    "words": (("turns",), _words),
    "speaker_spans": (("speaker_spans",), _speaker_spans),
    "redactions": (("redactions",), _redactions),
    "sentiment": (("sentiment",), _sentiment),
    "summaries": (("summary",), _summaries),
    "statements": (("summary",), _statements),
    "actions": (("summary",), _actions),
    "chapters": (("summary",), _chapters),
    "call_metrics": (("metrics",), _call_metrics),
    "speaker_metrics": (("metrics",), _speaker_metrics),
    "interactions": (("metrics",), _interactions),
    "segments": (("inspection", "speaker_spans"), _segments),
    "embeddings": (("embeddings",), _embeddings),
}


def rows(table: str, call: Call, facets: Facets) -> list[Row]:
    """The rows of one table for one call."""
    needs, make = TABLES[table]
    if facets.get(needs[0]) is None:
        return []
    return [{"call_id": call.call_id} | row for row in make(call, facets)]


def overlaps(spans: Sequence[model.SpeakerSpan]) -> list[tuple[float, float]]:
    """Where two or more speakers talk at once: half-open intervals in seconds, in order, none touching another."""
    steps: dict[float, int] = {}
    for span in spans:
        steps[span.start] = steps.get(span.start, 0) + 1
        steps[span.end] = steps.get(span.end, 0) - 1
    found: list[tuple[float, float]] = []
    talking, since = 0, 0.0
    for time in sorted(steps):
        before, talking = talking, talking + steps[time]
        if before < 2 <= talking:
            since = time
        elif talking < 2 <= before:
            found.append((since, time))
    return found


def _spread(value: Any, **renamed: str) -> Row:
    """A dataclass as a row; `start` and `end` get their unit."""
    names = {"start": "start_s", "end": "end_s"} | renamed
    return {names.get(field.name, field.name): getattr(value, field.name) for field in dataclasses.fields(value)}
