"""How `callkit show` lays out a call. Imported by that command alone: rich is at the top."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click
from rich.table import Table
from rich.text import Text

from callkit.app.certainty import why_withheld
from callkit.cli import output

if TYPE_CHECKING:
    from callkit.app.show import CallView, Row

ROLE_STYLES = {"agent": "cyan", "agent_2": "blue", "customer": "magenta", "ivr": "dim"}
SENTIMENT_SIGNS = {"negative": ("-", "red"), "neutral": (" ", ""), "positive": ("+", "green")}


def print_call(view: CallView, *, redactions: bool, metrics: bool) -> None:
    """The header, the summary with its evidence, the turns; and what else was asked for."""
    for line in _header(view):
        output.show(line)
    if view.summary:
        output.show(Text())
        for line in _summary(
            view.summary, view.statements, view.actions, why_withheld(view.call["quality"], "summary")
        ):
            output.show(line)
    output.show(Text())
    print_turns(view)
    if metrics:
        _print_metrics(view)
    if redactions:
        click.echo()
        output.table(
            [
                {
                    "turn": row["turn"],
                    "at": output.clock(row["start_s"]),
                    "what": row["entity"],
                    "score": row["score"],
                    "found by": row["recognizer"],
                    "because": row["rule"],
                }
                for row in view.redactions
            ],
            empty="nothing was redacted",
        )


def print_turns(view: CallView) -> None:
    """One turn a row: number, time, role, how it sounds, what was said."""
    if not view.turns:
        click.echo("nobody speaks on this call")
        return
    shown = Table.grid(padding=(0, 1))
    shown.add_column(justify="right", style="dim")
    shown.add_column(justify="right", style="dim")
    shown.add_column()
    shown.add_column()
    shown.add_column(overflow="fold")
    for row in view.turns:
        sign, colour = SENTIMENT_SIGNS.get(row["sentiment"], (" ", ""))
        shown.add_row(
            str(row["turn"]),
            output.clock(row["start_s"]),
            Text(row["role"], style=ROLE_STYLES.get(row["role"], "")),
            Text(sign, style=colour),
            _spoken(row["text"]),
        )
        if row["translation"]:
            shown.add_row("", "", "", "", Text(output.plain(row["translation"]), style="italic dim"))
    output.show(shown)


def _header(view: CallView) -> Iterator[Text]:
    call = view.call
    yield Text.assemble((f"call {call['call_id']}", "bold"), f"  {output.plain(call['source_name'])}")
    duration = "" if call["duration_s"] is None else output.clock(call["duration_s"])
    facts = [duration, call["layout"], call["codec"], call["language"], call["direction"], call["queue"]]
    agent = f"agent {call['agent_id']}" if call["agent_id"] else ""
    started = call["started_at"].strftime("%Y-%m-%d %H:%M") if call["started_at"] else ""
    yield Text(output.plain(" · ".join(str(fact) for fact in (started, *facts, agent) if fact)), style="dim")
    if call["layout_reason"]:
        yield Text(output.plain(call["layout_reason"]), style="dim")
    unsearched = why_withheld(call["quality"], "redaction")
    for warning in [*(call["warnings"] or []), *([unsearched] if unsearched else [])]:
        yield Text(output.plain(f"warning: {warning}"), style="yellow")


def _summary(summary: Row, statements: list[Row], actions: list[Row], withheld: str) -> Iterator[Text]:
    told = {kind: [one for one in statements if one["kind"] == kind] for kind in ("issue", "outcome", "summary")}
    for one in told["issue"]:
        yield _labelled("issue", one["text"], one)
    if not told["outcome"]:
        yield _labelled("outcome", summary["outcome"], {})
    for one in told["outcome"]:
        yield _labelled("outcome", f"{summary['outcome']}: {one['text']}", one)
    for action in actions:
        due = f" ({action['due']})" if action["due"] else ""
        yield _labelled("action", f"{action['who']}: {action['text']}{due}", action)
    for number, one in enumerate(told["summary"]):
        yield _labelled("" if number else "summary", one["text"], one)
    if withheld and not told["summary"]:
        yield _labelled("summary", f"none: {withheld}", {})


def _labelled(label: str, text: str, one: Row) -> Text:
    """A line about the call with the turns that it rests on; one that they do not bear out is marked."""
    line = Text.assemble((f"{label:8} ", "bold"), output.plain(text))
    if one.get("supported") is False:
        line.append("  not borne out by its turns", style="yellow")
    turns = ", ".join(str(turn) for turn in one.get("turns") or ())
    return line.append(f"  turn {turns}", style="dim") if turns else line


def _spoken(text: str) -> Text:
    """A turn's words, with what was redacted standing out."""
    shown = Text(output.plain(text))
    shown.highlight_regex(r"\[[A-Z_]+\d*\]", "bold yellow")
    return shown


def _print_metrics(view: CallView) -> None:
    click.echo()
    if view.metrics:
        sure = view.certainty["call"]
        figures = [(name, value) for name, value in view.metrics.items() if name != "call_id"]
        output.table([{"call": name, "": value, "how sure": sure[name]} for name, value in figures])
    if view.speakers:
        click.echo()
        names = [name for name in view.speakers[0] if name not in ("call_id", "role")]
        columns = {row["role"]: row for row in view.speakers}
        rows = []
        for name in names:
            row = {"role": name}
            for role, figures_of in columns.items():
                row |= {role: figures_of[name], f"{role}: how sure": view.certainty[role][name]}
            rows.append(row)
        output.table(rows)
