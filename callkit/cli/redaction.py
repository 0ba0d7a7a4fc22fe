"""Redacting text, and proving that recordings are redacted."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from callkit.cli.common import config_options, json_option, store_option, verbosity_options

if TYPE_CHECKING:
    from callkit.app.verify import VerifyReport
    from callkit.config import Config


@click.command("redact")
@click.option(
    "--json", "as_json", is_flag=True, help='Each line as {"text", "entities": [{"type", "start", "end", "score"}]}.'
)
@config_options
@verbosity_options
def redact_command(config: Config, as_json: bool) -> None:
    """Redact text from standard input to standard output, one turn a line.

    A blank line ends a conversation and comes out blank; output lines match input lines. What stands around a turn
    counts, so output lags by [redact] look_ahead turns, and ends at each blank line. Offsets are in code points of the
    line.

    \b
    Examples:
      callkit redact < transcript.txt > safe.txt
      echo "my card is four one one one ..." | callkit redact --json
    """
    from callkit.app.redact import redact_lines

    # Bytes that are no UTF-8 go through as they are, but JSON has to be UTF-8; only a line feed ends a line.
    errors = "replace" if as_json else "surrogateescape"
    for stream in (sys.stdin, sys.stdout):
        assert isinstance(stream, io.TextIOWrapper)
        stream.reconfigure(encoding="utf-8", errors=errors, newline="\n")
    for line in redact_lines(_lines(), config=config, as_json=as_json, on_language=_unsupported):
        sys.stdout.write(line + "\n")
        sys.stdout.flush()


def _unsupported(language: str) -> None:
    from callkit.cli import output

    output.note(f"language {language!r} has no rules of its own: only digits and letters are searched in it")


def _lines() -> Iterator[str]:
    for line in sys.stdin:
        yield line.removesuffix("\n")


@click.command("verify")
@click.argument("calls", nargs=-1, metavar="[CALL]...")
@store_option
@json_option
@config_options
@verbosity_options
def verify_command(config: Config, calls: tuple[str, ...], store: Path, as_json: bool) -> int:
    """Prove that recordings are redacted, by listening again.

    The muted recording of each CALL (of all, without one) is transcribed anew by another model, and searched, with the
    stored text, for personal data. Adds a row to `redaction_proofs`. Exit code 3: something is left, or not proved.

    \b
    Example:
      callkit verify 3f2a
    """
    from callkit.app.verify import verify
    from callkit.cli import output

    report = verify(calls, store=store, config=config, on_call=lambda call_id: output.note(f"listening to {call_id}"))
    if as_json:
        output.as_json(report)
    else:
        print_proofs(report)
    return report.exit_code


def print_proofs(report: VerifyReport) -> None:
    """A line a call; below it, what is left and where."""
    from callkit.cli import output

    output.table(
        [
            {
                "call": call.proof.call_id,
                "verdict": call.proof.verdict,
                "left": call.proof.items_left,
                "unproven s": call.proof.unproven_s,
                "why": call.reason,
            }
            for call in report.calls
        ],
        empty="no calls",
    )
    left = [
        {
            "call": call.proof.call_id,
            "left in": item.where,
            "what": item.entity,
            "at": output.clock(item.start),
            "because": item.rule,
        }
        for call in report.calls
        for item in call.left
    ]
    if left:
        click.echo()
        output.table(left)


COMMANDS = (redact_command, verify_command)
