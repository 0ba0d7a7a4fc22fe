"""Labelled texts: personal data as JSON lines, sentiment or topics as TSV or CSV, dialogues with summaries as JSON lines.

A row is a conversation: its turns as (role, text). Three shapes of JSON lines are read::

    {"text": ..., "entities": [{"start", "end", "label"}]}                 one turn, spans by character
    {"turns": [{"role", "text", "pii": [{"type", "start", "end"}]}]}       as `callkit synth --text-only` writes
    {"turns": [{"speaker", "text"}], "summary": ...}                       a dialogue and its written summary (or "note")

A table has the columns `text` and `label` (or `category`). Where no label is a sentiment they are topics: ten texts of each,
drawn at random, are the examples, and the others are judged.
"""

from __future__ import annotations

import csv
import json
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from callkit.bench.labels import ENTITIES
from callkit.bench.truth import Problem

Kind = Literal["pii", "sentiment", "summary", "topics"]
#: Texts of each topic that a system learns from.
EXAMPLES = 10
LABEL_COLUMNS = ("label", "category")
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
    """One conversation with its label: the sentiment, the summary or the topic. An `example` is learnt from, not judged."""

    turns: tuple[TextTurn, ...] = field(repr=False)
    label: str = field(default="", repr=False)
    example: bool = False


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
    return _table(path.name, text, "\t" if path.suffix.lower() == ".tsv" else ",")


def _table(name: str, text: str, delimiter: str) -> tuple[TextSet | None, list[Problem]]:
    reader = csv.DictReader(text.splitlines(), delimiter=delimiter)
    reader.fieldnames = [field.strip().lower() for field in reader.fieldnames or ()]
    column = next((column for column in LABEL_COLUMNS if column in reader.fieldnames), "")
    rows = [(reader.line_num, row.get("text") or "", (row.get(column) or "").strip().lower()) for row in reader]
    if any(label in _LABELS for _, _, label in rows):
        return _sentiment(name, rows)
    return _topics(name, rows)


def _sentiment(name: str, rows: Sequence[tuple[int, str, str]]) -> tuple[TextSet | None, list[Problem]]:
    """`rows` are (line, text, label)."""
    known = [TextRow((TextTurn("customer", text),), label) for _, text, label in rows if label in _LABELS and text]
    unknown: dict[str, list[int]] = {}
    for line, text, label in rows:
        if label not in _LABELS or not text:
            unknown.setdefault(label, []).append(line)
    problems = []
    for lines in unknown.values():
        what = f"{len(lines)} row(s) whose label is none of {', '.join(_LABELS)}"
        problems.append(Problem(name, lines[0], what, ("sentiment_macro_f1",)))
    return (TextSet(name, "sentiment", tuple(known)) if known else None), problems


def _topics(name: str, rows: Sequence[tuple[int, str, str]]) -> tuple[TextSet | None, list[Problem]]:
    """`rows` are (line, text, label). A topic with no text left to judge is left out."""
    by_label: dict[str, list[tuple[int, str]]] = {}
    for line, text, label in rows:
        if text and label:
            by_label.setdefault(label, []).append((line, text))
    chance = random.Random(0)
    drawn: list[TextRow] = []
    problems = []
    for label, texts in by_label.items():
        if len(texts) <= EXAMPLES:
            what = f"a topic with {len(texts)} texts: {EXAMPLES} are examples, so none is left to judge"
            problems.append(Problem(name, texts[0][0], what, ("topic_right",)))
            continue
        chance.shuffle(texts)
        drawn += [
            TextRow((TextTurn("customer", text),), label, place < EXAMPLES) for place, (_, text) in enumerate(texts)
        ]
    if len({row.label for row in drawn}) < 2:
        return None, [*problems, Problem(name, None, "fewer than two topics with texts to judge", ("topic_right",))]
    return TextSet(name, "topics", tuple(drawn)), problems


def _json_lines(name: str, text: str) -> tuple[TextSet | None, list[Problem]]:
    rows: dict[Kind, list[TextRow]] = {"pii": [], "summary": []}
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
