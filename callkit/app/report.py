"""One call for reading and listening: everything the dashboard's Call page shows, and the same as one HTML file.

The file holds the muted audio and the player's own script, so it works offline, and prints to PDF. What was said goes
into it as data that the script puts on the page as text, never as markup.
"""

from __future__ import annotations

import base64
import html
import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from string import Template
from typing import Any

from callkit.app import certainty
from callkit.errors import StoreError
from callkit.model import UNSPACED_LANGUAGES
from callkit.resources import resource
from callkit.store.files import StoreFiles
from callkit.store.reader import Snapshot

Row = Mapping[str, Any]

Z95 = 1.959964  # two-sided 95 % of a normal distribution

#: Figure -> (how it is called, how it is written). The order is the order of the page.
FIGURES: dict[str, tuple[str, str]] = {
    "duration_s": ("Handle time", "clock"),
    "customer_sentiment": ("Customer sentiment", "score"),
    "customer_sentiment_change": ("Sentiment change", "score"),
    "talk_listen_ratio": ("Agent talk / customer talk", "ratio"),
    "silence_share": ("Silence share", "percent"),
    "longest_silence_s": ("Longest long silence", "seconds"),
    "hold_s": ("On hold", "clock"),
    "overlap_share": ("Both talk, share of talk", "percent"),
    "interruptions": ("Interruptions", "count"),
    "response_delay_s": ("Response delay", "seconds"),
    "words_per_min": ("Words a minute", "count"),
    "questions": ("Questions", "count"),
}
OUTCOMES = {
    "resolved": "Resolved",
    "partly_resolved": "Partly resolved",
    "unresolved": "Unresolved",
    "escalated": "Escalated",
    "callback_promised": "Call back promised",
    "unknown": "Unknown",
}


def call_view(snapshot: Snapshot, call_id: str) -> dict[str, Any]:
    """A call as plain data (JSON types only): what the player draws, its figures, what is usual, where it comes from.

    Raises `StoreError` "call-missing".
    """
    call_id = snapshot.call_id(call_id)

    def rows(query: str) -> list[dict[str, Any]]:
        return [_plain(row) for row in snapshot.rows(query, [call_id])]

    call = next(iter(rows("select * from calls where call_id = ?")), None)
    if call is None:
        raise StoreError("call-missing", "that recording failed: there is no call to show", "`callkit status` says why")
    turns = rows(_TURNS)
    by_turn: dict[int, list[dict[str, Any]]] = {}
    for word in rows(_WORDS):
        by_turn.setdefault(word.pop("turn"), []).append(word)
    for turn in turns:
        turn["words"] = by_turn.get(turn["turn"], [])
    return {
        "call": call,
        "unsearched": certainty.why_withheld(call["quality"], "redaction"),
        "duration_s": call["duration_s"],
        "spaced": call["language"] not in UNSPACED_LANGUAGES,
        "turns": turns,
        "spans": rows(_SPANS),
        "segments": rows(
            "select kind, start_s as start, end_s as end from segments where call_id = ? order by start_s"
        ),
        "interactions": rows(_INTERACTIONS),
        "redactions": rows(_REDACTIONS),
        "summary": _summary(rows, certainty.why_withheld(call["quality"], "summary")),
        "metrics": next(iter(rows("select * exclude (call_id) from call_metrics where call_id = ?")), None),
        "speakers": rows("select * exclude (call_id) from speaker_metrics where call_id = ? order by role"),
        "usual": next(iter(rows(_USUAL))),
        "proofs": rows("select * exclude (call_id) from redaction_proofs where call_id = ? order by proved_at desc"),
        "stages": rows(_STAGES),
    }


def muted_audio(store: Path, audio_file: str | None) -> bytes | None:
    """The muted recording (FLAC) in the folder beside the store, or None where none was kept."""
    if not audio_file:
        return None
    path = StoreFiles.at(store).audio / Path(audio_file).name
    try:
        return path.read_bytes()
    except OSError:
        return None


def call_report(store: Path, call_id: str) -> str:
    """The call as one HTML file: no network, prints to PDF. Raises `StoreError` "call-missing" or "store-missing"."""
    with Snapshot(store) as snapshot:
        view = call_view(snapshot, call_id)
    sound = muted_audio(store, view["call"]["audio_file"])
    audio = f"data:audio/flac;base64,{base64.b64encode(sound).decode('ascii')}" if sound else None
    player = resource("dashboards") / "player"
    call = view["call"]
    page = Template((player / "report.html").read_text("utf-8"))
    return page.substitute(
        title=html.escape((view["summary"] or {}).get("title") or call["source_name"]),
        about=html.escape(" · ".join([*facts(call), *filter(None, [view["unsearched"]])])),
        css=(player / "player.css").read_text("utf-8"),
        js=(player / "player.js").read_text("utf-8"),
        data=_script_json({"key": call["call_id"], "view": view, "audio": audio, "at": 0}),
        figures=_table(figure_head(view), figure_rows(view)),
        stages=_table(("Stage", "Version", "Engine", "Model", "Seconds"), _stage_rows(view["stages"])),
        transcript="\n".join(f"<p>{html.escape(_line(turn))}</p>" for turn in view["turns"]),
    )


def facts(call: Row) -> list[str]:
    """The line under a call's title: when, who, how long, which file."""
    started = call["started_at"]
    when = datetime.fromisoformat(started).strftime("%d %b %Y, %H:%M") if started else "no start time"
    known = [when, call["agent_id"], call["queue"], call["direction"], call["language"], call["layout"]]
    return [*(str(value) for value in known if value), clock(call["duration_s"] or 0), call["source_name"]]


def figure_head(view: Mapping[str, Any]) -> tuple[str, str, str, str]:
    """The headings of `figure_rows`."""
    calls = view["usual"]["calls"]
    return "Figure", "This call", "How sure", f"Agent's usual ({calls:,} other call{'' if calls == 1 else 's'}, 95 %)"


def figure_rows(view: Mapping[str, Any]) -> list[tuple[str, str, str, str]]:
    """(figure, this call, how sure that is or why it was withheld, the agent's usual with its 95 % interval) for people."""
    metrics = {name: (view["metrics"] or {}).get(name) for name in FIGURES}
    turns = [{**turn, "sentiment_score": turn["score"]} for turn in view["turns"]]
    sure = certainty.of_call(metrics, turns, view["call"]["quality"])
    return [
        (label, write(metrics[name], form), sure[name], _usual(view["usual"], name, form))
        for name, (label, form) in FIGURES.items()
    ]


def _usual(usual: Row, name: str, form: str) -> str:
    """A mean over the agent's other calls with its 95 % interval (normal approximation)."""
    mean, error = usual.get(name), usual.get(f"{name}_error")
    if mean is None or not usual["calls"]:
        return "–"
    if form == "count" and mean < 20:
        form = "mean"
    if not error:
        return write(mean, form)
    low, high = mean - Z95 * error, mean + Z95 * error
    low = low if form == "score" else max(0.0, low)  # nothing else is ever below zero
    return f"{write(mean, form)} ({write(low, form)} to {write(high, form)})"


def write(value: float | None, form: str) -> str:
    """A figure for people: clock, score, percent, seconds, ratio, count, or mean of counts."""
    if value is None:
        return "–"
    if form == "clock":
        return clock(value)
    if form == "percent":
        return f"{value * 100:.0f} %"
    if form == "score":
        return f"{value:+.2f}".replace("-", "−")
    return {"seconds": f"{value:.1f} s", "ratio": f"{value:.2f}", "count": f"{value:.0f}", "mean": f"{value:.1f}"}[form]


def clock(seconds: float) -> str:
    """Seconds as 5:07 or 1:02:07."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02d}:{rest:02d}" if minutes >= 60 else f"{minutes}:{rest:02d}"


_TURNS = """
select turns.turn, turns.role, turns.role_confidence, turns.speaker, turns.start_s as start, turns.end_s as end, turns.text,
    turns.language, turns.translation, turns.confidence, turns.overlap, turns.loudness_relative_db as loudness,
    sentiment.label, sentiment.score
from turns left join sentiment using (call_id, turn)
where turns.call_id = ? order by turns.turn
"""
_WORDS = """
select turn, start_s as start, text, entity, round(confidence, 2) as confidence
from words where call_id = ? order by turn, word
"""
_SPANS = """
with voices as (select call_id, speaker, mode(role) as role from turns group by all)
select coalesce(voices.role, 'unknown') as role, speaker_spans.start_s as start, speaker_spans.end_s as end
from speaker_spans left join voices using (call_id, speaker)
where call_id = ? order by start_s
"""
_INTERACTIONS = """
select kind, by_role, floor_kept_by, start_s as start, end_s as end from interactions where call_id = ? order by start_s
"""
_REDACTIONS = """
select redaction, turn, word, entity, score, recognizer, rule, start_s as start, end_s as end
from redactions where call_id = ? order by start_s
"""
_STAGES = """
select stage, version, engine, model, seconds, status, error, what, hint, ran_at
from stage_runs where call_id = ? order by ran_at, rowid
"""


def _mean_and_error(figure: str) -> str:
    mean, error = f"avg(figures.{figure})", f"stddev_samp(figures.{figure}) / sqrt(count(figures.{figure}))"
    return f"{mean} as {figure}, {error} as {figure}_error"


# The agent's other calls of the 90 days before and after this one.
_USUAL = f"""
select count(*) as calls, {", ".join(map(_mean_and_error, FIGURES))}
from calls as this
join calls as other on other.agent_id = this.agent_id and other.call_id != this.call_id
    and abs(date_diff('day', this.started_at, other.started_at)) <= 90
join call_metrics as figures on figures.call_id = other.call_id
where this.call_id = ?
"""  # noqa: S608 - made of constants


def _summary(rows: Any, withheld: str) -> dict[str, Any] | None:
    found = next(iter(rows("select * exclude (call_id) from summaries where call_id = ?")), None)
    if found is None:
        return None
    statements = "select kind, text, turns, supported, score from statements where call_id = ? order by statement"
    chapters = "select title, start_s as start, end_s as end from chapters where call_id = ? order by chapter"
    return {
        **found,
        "withheld": withheld,
        "outcome_name": OUTCOMES.get(found["outcome"], found["outcome"]),
        "statements": rows(statements),
        "actions": rows(
            "select who, text, due, turns, supported, score from actions where call_id = ? order by action"
        ),
        "chapters": rows(chapters),
    }


def _plain(row: Row) -> dict[str, Any]:
    """A row with times as ISO text and no NaN, for JSON."""

    def plain(value: Any) -> Any:
        if isinstance(value, datetime | date):
            return value.isoformat()
        if isinstance(value, float) and value != value:
            return None
        return list(value) if isinstance(value, tuple) else value

    return {name: plain(value) for name, value in row.items()}


def _script_json(value: Any) -> str:
    """JSON that cannot end the script element it stands in."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    def cells(row: Sequence[str], tag: str) -> str:
        return "<tr>" + "".join(f"<{tag}>{html.escape(str(cell))}</{tag}>" for cell in row) + "</tr>"

    return (
        f"<table><thead>{cells(head, 'th')}</thead><tbody>{''.join(cells(row, 'td') for row in rows)}</tbody></table>"
    )


def _stage_rows(stages: Sequence[Row]) -> list[tuple[str, ...]]:
    return [
        (row["stage"], str(row["version"]), row["engine"] or "–", row["model"] or "–", f"{row['seconds']:.1f}")
        for row in stages
    ]


def _line(turn: Row) -> str:
    return f"{clock(turn['start'])} {turn['role']}: {turn['text']}"
