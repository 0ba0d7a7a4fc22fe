"""Recordings in: demo, run, status."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING

import click

from callkit.cli.common import config_options, json_option, quiet, store_option, verbosity_options

if TYPE_CHECKING:
    from callkit.app.process import RunReport
    from callkit.app.verify import VerifyReport
    from callkit.config import Config

NEXT_STEPS = """
Next:
  callkit show {call}{where}
  callkit search refund{where}
  callkit query "select call_id, issue, outcome from summaries"{where}
  callkit dashboard{where}
  callkit run YOUR_RECORDINGS/"""


@click.command("run")
@click.argument("paths", nargs=-1, metavar="PATH...")
@click.option("--jobs", type=click.IntRange(min=1), help="Calls processed at once (default: [pipeline] jobs).")
@click.option(
    "--runner", type=click.Choice(["local", "inline", "ray"]), help="How calls are spread (default: [pipeline] runner)."
)
@click.option(
    "--stored", is_flag=True, help="Also bring calls in the store up to date, as far as that needs no recording."
)
@click.option(
    "--verify", is_flag=True, help="Then prove the redaction, as `callkit verify` does; keeps the muted audio."
)
@click.option("--events", is_flag=True, help="Print progress as one JSON object a line.")
@store_option
@json_option
@config_options
@verbosity_options
def run_command(
    config: Config,
    paths: tuple[str, ...],
    jobs: int | None,
    runner: str | None,
    stored: bool,
    verify: bool,
    events: bool,
    store: Path,
    as_json: bool,
) -> int:
    """Process recordings into the store.

    What is fresh already is left alone, and one bad file never stops the others. PATH is a file, a folder, a glob, a
    manifest .csv, or - for one recording on standard input.

    Exit code 0: all well, 1: could not run, 2: usage, 3: ran, but some calls failed.

    \b
    Examples:
      callkit run recordings/ --jobs 2
      callkit run calls.csv --set transcribe.language=en
      cat call.wav | callkit run -
    """
    from callkit.app import process
    from callkit.cli import output, progress
    from callkit.cli.redaction import print_proofs

    if not paths and not stored:
        raise click.UsageError("give at least one PATH: a file, a folder, a glob, a manifest .csv, or -")
    changes = {name: value for name, value in (("jobs", jobs), ("runner", runner)) if value is not None}
    config = config.model_copy(update={"pipeline": config.pipeline.model_copy(update=changes)})
    if verify:
        config = config.model_copy(update={"audio": config.audio.model_copy(update={"keep_muted": True})})
    with progress.shown(quiet=quiet(), as_events=events) as on_event:
        report = process.run(paths, store=store, config=config, on_event=on_event, stored=stored)
    proofs = _prove(report, store, config) if verify else None
    if as_json:
        output.as_json({"run": report, "verify": proofs} if proofs else report)
    elif events:
        progress.print_line({"event": "run_finished", **report_counts(report)})
    else:
        _print_report(report)
        if proofs:
            print_proofs(proofs)
    return max(report.exit_code, proofs.exit_code if proofs else 0)


@click.command("demo")
@store_option
@json_option
@config_options
@verbosity_options
def demo_command(config: Config, store: Path, as_json: bool) -> int:
    """See it work: process the sample calls that come along.

    Takes some minutes the first time. Says what was found and what to do next.

    \b
    Example:
      callkit demo
    """
    from callkit.app import demo
    from callkit.app.certainty import range_of
    from callkit.cli import output, progress

    with progress.shown(quiet=quiet()) as on_event:
        report = demo.demo(store=store, config=config, on_event=on_event)
    found = demo.findings(store)
    if as_json:
        output.as_json({"report": report, "findings": found})
        return report.exit_code
    output.table(
        [
            {
                "call": row["call_id"][:8],
                "recording": row["recording"],
                "length": output.clock(row["duration_s"] or 0),
                "turns": row["turns"],
                "redacted": row["redactions"],
                "customer": _signed(row["customer_sentiment"]),
                "95 % over turns": range_of(row["customer_mood"]) if row["customer_mood"].n else "",
                "change": _signed(row["customer_change"]),
                "outcome": row["outcome"],
            }
            for row in found.calls
        ]
    )
    click.echo()
    for sentence in found.sentences:
        click.echo(output.plain(sentence))
    _print_report(report)
    _print_next_steps(store, found.calls[0]["call_id"][:8] if found.calls else "CALL")
    return report.exit_code


@click.command("status")
@click.argument("paths", nargs=-1, metavar="[PATH]...")
@store_option
@json_option
@config_options
@verbosity_options
def status_command(config: Config, paths: tuple[str, ...], store: Path, as_json: bool) -> None:
    """Say what the store holds, or what became of files.

    A file is found by the hash of its bytes, whatever it is called now.

    \b
    Examples:
      callkit status
      callkit status recordings/ --json
    """
    from callkit.app import status
    from callkit.cli import output

    if paths:
        files = status.status_of(paths, store=store, config=config)
        if as_json:
            output.as_json(files)
            return
        output.table(
            [
                {
                    "recording": file.source_name,
                    "call": file.call_id,
                    "state": file.state,
                    "length": "" if file.duration_s is None else output.clock(file.duration_s),
                    "why": f"{file.code}: {file.what}" if file.code else "",
                    "hint": file.hint,
                }
                for file in files
            ]
        )
        return
    whole = status.status(store=store)
    if as_json:
        output.as_json(whole)
    else:
        facts = {field.name.replace("_", " "): getattr(whole, field.name) for field in fields(whole)}
        output.table([{"store": name, "": value} for name, value in facts.items()])


def _prove(report: RunReport, store: Path, config: Config) -> VerifyReport | None:
    """Listen again to what the run kept; None where it kept nothing."""
    from callkit.app.verify import verify

    calls = (*report.processed, *report.reused)
    return verify(calls, store=store, config=config) if calls else None


def report_counts(report: RunReport) -> dict[str, int]:
    """How many calls a run processed, left alone, met again and failed."""
    names = ("processed", "reused", "duplicates", "failed")
    return {name: len(getattr(report, name)) for name in names}


def _print_report(report: RunReport) -> None:
    """What the run did, in a line or two."""
    from callkit.cli import output

    words = {"reused": "unchanged", "duplicates": "the same recording again"}
    counts = {words.get(name, name): count for name, count in report_counts(report).items()}
    said = ", ".join(f"{count} {what}" for what, count in counts.items() if count) or "no calls"
    click.echo(f"{said} in {output.clock(report.seconds)}; results in {output.plain(report.snapshot.name)}")
    if not report.processed and not report.failed:
        click.echo("nothing to do: every call is up to date")
    missing = sorted({field for one in report.unmatched for field in one.fields})
    if missing:
        count = output.counted(len(report.unmatched), "call")
        click.echo(f"{count} without {', '.join(missing)}: left empty, never guessed")
    if report.failed:
        click.echo('`callkit query "from failures"` lists what failed and what to do')


def _print_next_steps(store: Path, call: str) -> None:
    where = "" if str(store) == "calls.duckdb" else f" --store {store}"
    click.echo(NEXT_STEPS.format(call=call, where=where))


def _signed(value: float | None) -> str:
    return "" if value is None else f"{value:+.2f}"


COMMANDS = (demo_command, run_command, status_command)
