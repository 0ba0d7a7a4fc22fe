"""The installation: its settings, its models, its health."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from callkit.cli.common import config_options, json_option, store_option, verbosity_options

if TYPE_CHECKING:
    from callkit.config import Config


@click.command("config")
@click.option("--toml", "as_toml", is_flag=True, help="Print a configuration file.")
@click.option("--defaults", is_flag=True, help="The defaults, whatever the configuration says.")
@click.option("--profiles", is_flag=True, help="List the profiles that come with callkit.")
@json_option
@config_options
@verbosity_options
def config_command(config: Config, as_toml: bool, defaults: bool, profiles: bool, as_json: bool) -> None:
    """List every setting: value, default, type, meaning.

    \b
    Examples:
      callkit config
      callkit config --toml > callkit.toml
      callkit config --profiles
    """
    from callkit.app import configuration
    from callkit.cli import output

    chosen = type(config)() if defaults else config
    if as_toml:
        click.echo(configuration.as_toml(chosen), nl=False)
        return
    rows = configuration.settings(chosen)
    if profiles:
        known = configuration.profiles()
        output.as_json(known) if as_json else output.table(known)
    elif as_json:
        output.as_json(rows)
    else:
        output.table(
            [
                {
                    "setting": row.name,
                    "value": row.value,
                    "default": "" if row.value == row.default else row.default,
                    "type": row.type,
                    "meaning": row.about,
                }
                for row in rows
            ]
        )


@click.command("models")
@json_option
@config_options
@verbosity_options
def models_command(config: Config, as_json: bool) -> None:
    """List the models and whether they are here.

    Each with its task, origin, licence, size and the SHA-256 that is expected of it.

    \b
    Example:
      callkit models
    """
    from callkit.cli import output
    from callkit.registry import models

    rows = models(config).inventory()
    if as_json:
        output.as_json(rows)
        return
    output.table(
        [
            {
                "model": row.name,
                "task": row.task,
                "origin": row.origin,
                "licence": row.licence,
                "MB": row.size_mb or None,
                "present": row.place or "no",
                "sha256": row.digest[:16],
                "about": row.about,
            }
            for row in rows
        ]
    )


@click.command("doctor")
@click.option("--quick", is_flag=True, help="Open no model, and read no call in full.")
@store_option
@json_option
@config_options
@verbosity_options
def doctor_command(config: Config, quick: bool, store: Path, as_json: bool) -> int:
    """Check the installation, the models and the store.

    What is wrong comes with what to do about it. Exit code 1: something is.

    \b
    Example:
      callkit doctor --quick
    """
    from callkit.app import doctor
    from callkit.cli import output

    signs = {"ok": ("ok", "green"), "warning": ("warning", "yellow"), "problem": ("problem", "bold red")}
    checks = []
    for check in doctor.examine(store, config=config, load=not quick):
        checks.append(check)
        if not as_json:
            output.line((f"{signs[check.state][0]:8}", signs[check.state][1]), (f"{check.name}: {check.found}", ""))
            if check.hint:
                output.line((" " * 8, ""), (f"hint: {check.hint}", "dim"))
    if as_json:
        output.as_json(checks)
    return int(any(check.state == "problem" for check in checks))


COMMANDS = (config_command, models_command, doctor_command)
