"""The dashboard."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from callkit.cli.common import config_options, store_option, verbosity_options

if TYPE_CHECKING:
    from callkit.config import Config


@click.command("dashboard")
@store_option
@click.option("--port", type=click.IntRange(0, 65535), help="Port to listen on (default: [dashboard] port).")
@click.option("--address", help="Address to bind to (default: [dashboard] address).")
@click.option("--browser/--no-browser", default=False, help="Open a browser on it.")
@config_options
@verbosity_options
def dashboard_command(config: Config, store: Path, port: int | None, address: str | None, browser: bool) -> int:
    """Start the dashboard on this machine. Ctrl-C stops it.

    \b
    Example:
      callkit dashboard --store calls.duckdb --port 8600
    """
    from callkit.app.dashboard import serve

    given = click.get_current_context().params
    changes = {name: value for name, value in (("port", port), ("address", address)) if value is not None}
    config = config.model_copy(update={"dashboard": config.dashboard.model_copy(update=changes)})
    return serve(
        store,
        config,
        config_path=Path(given["config_file"]) if given["config_file"] else None,
        profile=given["profile"],
        overrides=given["overrides"],
        open_browser=browser,
    )


COMMANDS = (dashboard_command,)
