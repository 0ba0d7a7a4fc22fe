"""Reading what was found: a call, a search, a question in SQL, an export."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from callkit.cli.common import call_argument, config_options, json_option, store_option, verbosity_options

if TYPE_CHECKING:
    from callkit.config import Config

#: `callkit.app.export` knows how; named here so that `--help` needs no store.
EXPORTS = ("srt", "vtt", "txt", "json", "rttm", "html")


@click.command("show")
@call_argument
@click.option("--redactions", is_flag=True, help="Also what was redacted, where and why.")
@click.option("--metrics", is_flag=True, help="Also the figures of the call and of each role.")
@store_option
@json_option
@verbosity_options
def show_command(call: str, redactions: bool, metrics: bool, store: Path, as_json: bool) -> None:
    """Show a call: what it was about, and who said what.

    CALL is its id or the beginning of it. What was redacted stands as [CARD] and the like.

    \b
    Example:
      callkit show 3f2a --redactions
    """
    from callkit.app.show import show
    from callkit.cli import call_page, output

    view = show(store, call)
    if as_json:
        output.as_json(view)
    else:
        call_page.print_call(view, redactions=redactions, metrics=metrics)


@click.command("search")
@click.argument("text", nargs=-1, required=True)
@click.option("--meaning", is_flag=True, help="Find turns that mean something like TEXT, whatever their words.")
@click.option("--role", help="Only turns of this role: agent, customer, ...")
@click.option("--limit", type=click.IntRange(min=1), default=20, show_default=True, help="At most so many turns.")
@store_option
@json_option
@config_options
@verbosity_options
def search_command(
    config: Config, text: tuple[str, ...], meaning: bool, role: str | None, limit: int, store: Path, as_json: bool
) -> None:
    """Find turns by their words, or by what they mean.

    Without --meaning, turns that hold every word of TEXT, upper or lower case, in whatever order.

    \b
    Examples:
      callkit search refund
      callkit search --meaning "wants to speak to a supervisor" --role customer
    """
    from callkit.app import search
    from callkit.cli import output

    sought = " ".join(text)
    if meaning:
        rows = search.by_meaning(store, sought, config=config, role=role, limit=limit)
    else:
        rows = search.by_words(store, sought, role=role, limit=limit)
    if as_json:
        output.as_json(rows)
        return
    output.table(
        [
            {
                "call": row["call_id"],
                "recording": row["source_name"],
                "at": output.clock(row["start_s"]),
                "role": row["role"],
                **({"score": row["score"]} if meaning else {}),
                "text": row["text"],
            }
            for row in rows
        ],
        empty="no turn found",
    )


@click.command("query")
@click.argument("sql", metavar="SQL")
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "csv", "json", "parquet"]),
    default="table",
    show_default=True,
    help="json is an array of objects.",
)
@click.option("--json", "as_json", is_flag=True, help="The same as --format json.")
@click.option("-o", "--output", "out", type=click.Path(path_type=Path), metavar="FILE", help="Write to a file.")
@click.option("--limit", type=click.IntRange(min=1), help="At most so many rows.")
@store_option
@verbosity_options
def query_command(sql: str, form: str, as_json: bool, out: Path | None, limit: int | None, store: Path) -> None:
    """Put one read-only SQL question to the store. SQL of - is read from standard input.

    \b
    Examples:
      callkit query "select call_id, issue, outcome from summaries"
      callkit query "from sentiment where label = 'negative'" --format csv -o turns.csv
    """
    from callkit.app import query
    from callkit.cli import output

    if form == "table" and out is not None and not as_json:
        raise click.UsageError("a table is for reading: give --format csv, json or parquet with -o")
    question = sys.stdin.read() if sql == "-" else sql
    answer = query.query(store, question, limit=limit)
    if as_json:
        form = "json"
    if form == "table":
        output.table(answer.dicts(), answer.columns, empty="no rows")
        if answer.truncated:
            output.note(f"there are more rows than --limit {limit}")
        return
    data = query.FORMATS[form](answer)
    if out is not None:
        output.write(out, data)
    elif form == "parquet" and sys.stdout.isatty():
        raise click.UsageError("parquet is binary: give -o FILE, or send it down a pipe")
    else:
        sys.stdout.buffer.write(data)


@click.command("export")
@call_argument
@click.option(
    "--format", "form", type=click.Choice(EXPORTS), required=True, help="Captions, text, data, speakers, or a page."
)
@click.option("-o", "--output", "out", type=click.Path(path_type=Path), metavar="FILE", help="Write to a file.")
@store_option
@verbosity_options
def export_command(call: str, form: str, out: Path | None, store: Path) -> None:
    """Write a call as captions, text, data or one HTML page.

    srt and vtt are captions, txt a turn a line, json every row the store has of the call, rttm who speaks when, html one
    page with the muted audio that needs no network.

    \b
    Examples:
      callkit export 3f2a --format vtt -o call.vtt
      callkit export 3f2a --format html -o call.html
    """
    from callkit.app.export import export
    from callkit.cli import output

    text = export(store, call, form)
    if out is None:
        click.echo(text, nl=False)
    else:
        output.write(out, text.encode("utf-8"))


COMMANDS = (show_command, search_command, query_command, export_command)
