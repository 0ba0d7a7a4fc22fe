"""The group of all commands, and how what goes wrong becomes a message and an exit code.

Exit codes: 0 all well, 1 could not run, 2 usage, 3 ran but some calls failed, 130 interrupted.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

import click

from callkit import __version__
from callkit.cli import dashboard, erasing, insight, measuring, processing, reading, redaction, setup
from callkit.cli.common import set_up_logging, verbosity_options
from callkit.cli.output import discard_stdout
from callkit.errors import CallkitError, UsageError


class ReaderGoneError(Exception):
    """Whoever read standard output has closed it. (Of a BrokenPipeError, click would make an exit with 1.)"""


class Commands(click.Group):
    """The commands, listed in the order in which one meets them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            raise ReaderGoneError from None


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, "--version", message="callkit %(version)s")
@verbosity_options
def cli() -> None:
    """Call-center analytics on your own machine: recordings in, one redacted, queryable DuckDB file out.

    \b
    Examples:
      callkit demo                      see it work on the sample calls
      callkit run recordings/           process a folder into calls.duckdb
      callkit query "select * from calls"
    """


for module in (processing, reading, insight, redaction, erasing, measuring, dashboard, setup):
    for command in module.COMMANDS:
        cli.add_command(command)


def run(arguments: Sequence[str] | None = None) -> int:
    """Run a command line (default: the process's own) and return its exit code. Messages go to standard error."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")  # a terminal of another encoding, or a stray surrogate
    set_up_logging(0)
    try:
        result = cli.main(arguments, prog_name="callkit", standalone_mode=False)
        sys.stdout.flush()
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message(), err=True)
        return 2
    except click.UsageError as error:
        name = error.ctx.command_path if error.ctx else "callkit"
        return _report(UsageError("usage", error.format_message(), f"`{name} --help` shows what it takes"))
    except click.ClickException as error:
        return _report(UsageError("usage", error.format_message()))
    except CallkitError as error:
        return _report(error)
    except (KeyboardInterrupt, click.Abort):
        click.echo("interrupted", err=True)
        return 130
    except (BrokenPipeError, ReaderGoneError):
        discard_stdout()  # `| head` has all it wanted; Python flushes once more at exit
        return 0
    except Exception as error:  # noqa: BLE001 - whatever it is, its text may quote a call: show where, not what
        where, hint = _place(error), "please report it with this line"
        return _report(CallkitError("internal", f"{type(error).__name__} at {where}", hint))
    return result if isinstance(result, int) else 0


def _report(error: CallkitError) -> int:
    click.echo(str(error), err=True)
    return 2 if isinstance(error, UsageError) else 1


def _place(error: BaseException) -> str:
    """Module and line of the innermost callkit frame."""
    place, trace = "callkit", error.__traceback__
    while trace is not None:
        module = trace.tb_frame.f_globals.get("__name__", "")
        if module.startswith("callkit"):
            place = f"{module}:{trace.tb_lineno}"
        trace = trace.tb_next
    return place
