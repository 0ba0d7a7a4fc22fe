"""Options that many commands share, each written once."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

Function = TypeVar("Function", bound=Callable[..., Any])

store_option = click.option(
    "--store",
    type=click.Path(path_type=Path),
    default=Path("calls.duckdb"),
    show_default=True,
    metavar="FILE",
    help="The call store.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
call_argument = click.argument("call", metavar="CALL")


def verbosity_options(function: Function) -> Function:
    """-v and -q. Given to the group or to the command, they add up."""
    function = click.option(
        "-q", "--quiet", count=True, expose_value=False, callback=_quieter, help="Only results and errors."
    )(function)
    return click.option(
        "-v",
        "--verbose",
        count=True,
        expose_value=False,
        callback=_louder,
        help="Say what is being done; -vv: everything.",
    )(function)


def config_options(function: Function) -> Function:
    """--config, --profile and --set, loaded: the command gets one `config`."""

    @click.option("--config", "config_file", metavar="FILE", help="Configuration file (default: callkit.toml here).")
    @click.option("--profile", metavar="NAME", help="Settings that come with callkit: see `callkit config --profiles`.")
    @click.option("--set", "overrides", multiple=True, metavar="SECTION.KEY=VALUE", help="Change one setting.")
    @functools.wraps(function)
    def with_config(
        *args: Any, config_file: str | None, profile: str | None, overrides: tuple[str, ...], **kwargs: Any
    ) -> Any:
        from callkit import config

        loaded = config.load(config_file, profile=profile, overrides=overrides)
        return function(*args, config=loaded, **kwargs)

    return with_config  # type: ignore[return-value]


def quiet() -> bool:
    """Was -q given?"""
    return _verbosity(click.get_current_context()) < 0


def set_up_logging(verbosity: int) -> None:
    from callkit import logs

    logs.set_up(verbosity)


def _verbosity(context: click.Context) -> int:
    return int(context.find_root().meta.get("callkit.verbosity", 0))


def _louder(context: click.Context, _parameter: click.Parameter, count: int) -> None:
    _turn(context, count)


def _quieter(context: click.Context, _parameter: click.Parameter, count: int) -> None:
    _turn(context, -count)


def _turn(context: click.Context, by: int) -> None:
    if by:
        verbosity = _verbosity(context) + by
        context.find_root().meta["callkit.verbosity"] = verbosity
        set_up_logging(max(-1, min(2, verbosity)))
