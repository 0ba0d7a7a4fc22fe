"""A call in a format that other programs read: captions, plain text, JSON, RTTM, or one HTML page.

Captions are cut to what subtitle guidelines ask for (BBC and Netflix: at most two lines of 42 characters, 7 seconds);
words carry their own times, so each cue shows what is being said.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from callkit.app.plain import to_json
from callkit.model import join_words, seconds
from callkit.store.reader import Snapshot

Row = Mapping[str, Any]

CUE_CHARACTERS = 84
CUE_SECONDS = 7.0
LINE_CHARACTERS = 42


@dataclass(frozen=True, slots=True)
class Cue:
    """A caption: who says what in [start, end) seconds. `first` marks the beginning of a turn."""

    start: float
    end: float
    role: str
    text: str
    first: bool


def export(store: Path, call: str, form: str) -> str:
    """A call, by its id or the beginning of it, as text in one of `FORMATS`. Raises `StoreError`."""
    if form == "html":
        from callkit.app.report import call_report

        return call_report(store, call)
    with Snapshot(store) as snapshot:
        return FORMATS[form](snapshot, snapshot.call_id(call))


def as_srt(snapshot: Snapshot, call_id: str) -> str:
    """SubRip captions."""
    return "".join(
        f"{number}\n{_clock(cue.start, ',')} --> {_clock(cue.end, ',')}\n"
        f"{_lines(_spoken_by(cue).replace('-->', '->'))}\n\n"
        for number, cue in enumerate(_cues(snapshot, call_id), start=1)
    )


def as_vtt(snapshot: Snapshot, call_id: str) -> str:
    """WebVTT captions; the role is the cue's voice."""
    cues = "".join(
        f"{_clock(cue.start, '.')} --> {_clock(cue.end, '.')}\n<v {cue.role}>{_lines(_escaped(cue.text))}\n\n"
        for cue in _cues(snapshot, call_id)
    )
    return f"WEBVTT\n\n{cues}"


def as_txt(snapshot: Snapshot, call_id: str) -> str:
    """A turn a line: time, role, text."""
    rows = snapshot.rows("select * from turns where call_id = ? order by turn", [call_id])
    return "".join(f"[{_clock(row['start_s'], '.')[:8]}] {row['role']}: {row['text']}\n" for row in rows)


def as_rttm(snapshot: Snapshot, call_id: str) -> str:
    """Who speaks when, in NIST's Rich Transcription Time Marked format; channels count from 1."""
    rows = snapshot.rows("select * from speaker_spans where call_id = ? order by start_s, speaker", [call_id])
    return "".join(
        f"SPEAKER {call_id} {(row['channel'] or 0) + 1} {row['start_s']:.3f} {row['end_s'] - row['start_s']:.3f} "
        f"<NA> <NA> {row['speaker']} <NA> <NA>\n"
        for row in rows
    )


def as_json(snapshot: Snapshot, call_id: str) -> str:
    """Every row the store has of the call, by table (embeddings left out), times as ISO 8601."""
    tables = [
        str(row["table_name"])
        for row in snapshot.rows(
            "select table_name from duckdb_columns() where column_name = 'call_id' and table_name != 'embeddings' "
            "and schema_name = 'main' order by table_oid"
        )
    ]
    found = {
        table: list(snapshot.rows(f"select * exclude (call_id) from {table} where call_id = ?", [call_id]))  # noqa: S608
        for table in tables
    }
    return to_json({"call_id": call_id, **found}) + "\n"


#: Format -> writer. `html` is `callkit.app.report`.
FORMATS: dict[str, Callable[[Snapshot, str], str]] = {
    "srt": as_srt,
    "vtt": as_vtt,
    "txt": as_txt,
    "json": as_json,
    "rttm": as_rttm,
}


def _cues(snapshot: Snapshot, call_id: str) -> Iterator[Cue]:
    question = """
        select words.turn, words.start_s, words.end_s, words.text, turns.role, coalesce(nullif(turns.language, ''), calls.language, '') as language
        from words join turns using (call_id, turn) join calls using (call_id)
        where words.call_id = ? order by words.turn, words.word
    """
    for _, words in groupby(snapshot.rows(question, [call_id]), key=lambda row: row["turn"]):
        yield from cut(list(words))


def cut(words: Sequence[Row]) -> Iterator[Cue]:
    """Cut the words of one turn into cues: short enough to read, ending with a sentence where one ends in time."""
    pending: list[Row] = []
    first = True
    for number, word in enumerate(words):
        pending.append(word)
        following = words[number + 1] if number + 1 < len(words) else None
        if following is None or _is_full(pending, following):
            text = join_words((row["text"] for row in pending), pending[0]["language"])
            end = max(pending[-1]["end_s"], pending[0]["start_s"] + 0.001)
            yield Cue(pending[0]["start_s"], end, word["role"], text, first)
            pending, first = [], False


def _is_full(pending: Sequence[Row], following: Row) -> bool:
    characters = sum(len(row["text"]) + 1 for row in pending)
    ends_sentence = pending[-1]["text"].endswith((".", "?", "!", "。", "？", "！"))
    return bool(
        characters + len(following["text"]) > CUE_CHARACTERS
        or following["end_s"] - pending[0]["start_s"] > CUE_SECONDS
        or (ends_sentence and characters > LINE_CHARACTERS)
    )


def _spoken_by(cue: Cue) -> str:
    return f"{cue.role}: {cue.text}" if cue.first else cue.text


def _lines(text: str) -> str:
    """Two lines of about the same length where one would be too long. Never an empty line: it would end the cue."""
    text = " ".join(text.split())
    if len(text) <= LINE_CHARACTERS:
        return text
    middle = min(
        (place for place, sign in enumerate(text) if sign == " "), key=lambda at: abs(at - len(text) / 2), default=0
    )
    return f"{text[:middle]}\n{text[middle + 1 :]}" if middle else text


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _clock(value: float, point: str) -> str:
    milliseconds = round(seconds(value) * 1000)
    whole, rest = divmod(milliseconds, 1000)
    return f"{whole // 3600:02}:{whole // 60 % 60:02}:{whole % 60:02}{point}{rest:03}"
