"""Labelled texts: personal data as JSON lines, sentiment as TSV or CSV, dialogues with summaries as JSON lines.

A row is a conversation: its turns as (role, text). Three shapes of JSON lines are read::

    {"text": ..., "entities": [{"start", "end", "label"}]}                 one turn, spans by character
    {"turns": [{"role", "text", "pii": [{"type", "start", "end"}]}]}       as `callkit synth --text-only` writes
    {"turns": [{"speaker", "text"}], "summary": ...}                       a dialogue and its written summary (or "note")
"""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from callkit.bench.labels import ENTITIES
from callkit.bench.truth import Problem

Kind = Literal["pii", "sentiment", "summary"]
_LABELS = ("negative", "neutral", "positive")
#: What others call the two people of a call.
_ROLES = {
    "agent": "agent", "doctor": "agent", "clinician": "agent", "operator": "agent", "representative": "agent",
    "customer": "customer", "caller": "customer", "patient": "customer", "client": "customer", "user": "customer",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class TextTurn:
    """One turn: `spans` are (start, end, entity); entity "" should stay, None cannot be scored."""

    role: str
    text: str = field(repr=False)
    spans: tuple[tuple[int, int, str | None], ...] = ()


@dataclass(frozen=True, slots=True)
class TextRow:
    """One conversation with its label: the sentiment, or the summary."""

    turns: tuple[TextTurn, ...] = field(repr=False)
    label: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class TextSet:
    """A file of labelled texts."""

    name: str
    kind: Kind
    rows: tuple[TextRow, ...] = field(repr=False)


def read_text_set(path: Path) -> tuple[TextSet | None, list[Problem]]:
    """A set of one kind, and what of it could not be used."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError):
        return None, [Problem(path.name, None, "cannot be read as UTF-8 text")]
    if path.suffix.lower() == ".jsonl":
        return _json_lines(path.name, text)
    return _sentiment(path.name, text, "\t" if path.suffix.lower() == ".tsv" else ",")


def _sentiment(name: str, text: str, delimiter: str) -> tuple[TextSet | None, list[Problem]]:
    rows, problems = [], []
    reader = csv.DictReader(text.splitlines(), delimiter=delimiter)
    reader.fieldnames = [field.strip().lower() for field in reader.fieldnames or ()]
    unknown: dict[str, tuple[int, int]] = {}
    for row in reader:
        label = (row.get("label") or "").strip().lower()
        if label in _LABELS and row.get("text"):
            rows.append(TextRow((TextTurn("customer", row["text"]),), label))
        else:
            first, count = unknown.get(label, (reader.line_num, 0))
            unknown[label] = (first, count + 1)
    for line, count in unknown.values():
        what = f"{count} row(s) whose label is none of {', '.join(_LABELS)}"
        problems.append(Problem(name, line, what, ("sentiment_macro_f1",)))
    return (TextSet(name, "sentiment", tuple(rows)) if rows else None), problems


def _json_lines(name: str, text: str) -> tuple[TextSet | None, list[Problem]]:
    rows: dict[Kind, list[TextRow]] = {"pii": [], "sentiment": [], "summary": []}
    problems: list[Problem] = []
    unknown: Counter[str] = Counter()
    first_line: dict[str, int] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        try:
            kind, row = _row(json.loads(line))
        except json.JSONDecodeError:
            problems.append(Problem(name, number, "not valid JSON"))
            continue
        except (KeyError, TypeError, ValueError):
            problems.append(Problem(name, number, "neither marked personal data nor a dialogue with a summary"))
            continue
        rows[kind].append(row)
        for label in _unknown_labels(json.loads(line)):
            unknown[label] += 1
            first_line.setdefault(label, number)
    for label, count in unknown.items():
        what = f"{count} span(s) of type {label!r}, which callkit does not know"
        problems.append(Problem(name, first_line[label], what, ("pii_recall", "pii_precision")))
    kind = max(rows, key=lambda kind: len(rows[kind]))
    return (TextSet(name, kind, tuple(rows[kind])) if rows[kind] else None), problems


def _row(data: Any) -> tuple[Kind, TextRow]:
    if "entities" in data:
        spans = tuple(_span(item, "label", data["text"]) for item in data["entities"])
        return "pii", TextRow((TextTurn("customer", data["text"], spans),))
    summary = data.get("summary") or data.get("note")
    if summary is not None:
        turns = tuple(TextTurn(_role(turn), turn["text"]) for turn in data["turns"] if turn["text"].strip())
        return "summary", TextRow(turns, str(summary))
    return "pii", TextRow(
        tuple(
            TextTurn(_role(turn), turn["text"], tuple(_span(item, "type", turn["text"]) for item in turn["pii"]))
            for turn in data["turns"]
        )
    )


def _role(turn: Any) -> str:
    return _ROLES.get(str(turn.get("role") or turn.get("speaker") or "").lower(), "unknown")


def _span(item: Any, key: str, text: str) -> tuple[int, int, str | None]:
    start, end = int(item["start"]), int(item["end"])
    if not 0 <= start <= end <= len(text):
        raise ValueError
    return start, end, ENTITIES.get(str(item[key]).upper())


def _unknown_labels(data: Any) -> Iterator[str]:
    items = data.get("entities") or [item for turn in data.get("turns", ()) for item in turn.get("pii", ())]
    for item in items:
        label = str(item.get("label") or item.get("type"))
        if label.upper() not in ENTITIES:
            yield label
