"""Erasing calls."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from callkit.cli.common import config_options, json_option, store_option, verbosity_options

if TYPE_CHECKING:
    from callkit.app.forget import ForgetReport
    from callkit.config import Config


@click.command("forget")
@click.argument("calls", nargs=-1, metavar="[CALL]...")
@click.option(
    "--customer", metavar="REF", help="Every call of this customer reference; - reads it from standard input."
)
@store_option
@json_option
@config_options
@verbosity_options
def forget_command(config: Config, calls: tuple[str, ...], customer: str | None, store: Path, as_json: bool) -> None:
    """Erase calls, or all calls of a customer, so that no byte stays.

    CALL is an id or the beginning of it. Rows, muted audio and vault go, and the store's files are written anew: what a
    database only deletes stays readable. The recordings themselves are yours to remove.

    \b
    Examples:
      callkit forget 3f2a
      callkit forget --customer C-20194
    """
    from callkit.app import forget

    if bool(calls) == (customer is not None):
        raise click.UsageError("give calls, or --customer REF")
    if customer is None:
        report = forget.forget(calls, store=store, config=config)
    else:
        reference = sys.stdin.readline().strip() if customer == "-" else customer
        report = forget.forget_customer(reference, store=store, config=config)
    _print(report, as_json)


@click.command("purge")
@store_option
@json_option
@config_options
@verbosity_options
def purge_command(config: Config, store: Path, as_json: bool) -> None:
    """Erase calls older than [store] retention_days.

    A call's age counts from when it began or, where that is not known, from when it was stored. Fit for a nightly job.

    \b
    Example:
      callkit purge --set store.retention_days=90
    """
    from callkit.app import forget

    if not config.store.retention_days and not as_json:
        click.echo("[store] retention_days is 0: every call is kept")
    _print(forget.purge(store=store, config=config), as_json)


def _print(report: ForgetReport, as_json: bool) -> None:
    from callkit.cli import output

    if as_json:
        output.as_json(report)
        return
    click.echo(f"{output.counted(len(report.call_ids), 'call')} erased")
    for call_id in report.call_ids:
        click.echo(f"  {call_id}")


COMMANDS = (forget_command, purge_command)
