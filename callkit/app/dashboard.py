"""Start the dashboard: Streamlit over the snapshot, on this machine only unless sign-in or a proxy guards it.

What the dashboard needs to know (store, configuration) travels in its process's environment, where `session` finds it.
"""

from __future__ import annotations

import ipaddress
import json
import os
import socket
import sys
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import NoReturn

from callkit import config as configuration
from callkit.config import Config, DashboardSettings
from callkit.errors import CallkitError, ConfigError, UsageError
from callkit.resources import resource

_STORE = "CALLKIT_DASHBOARD_STORE"
_CONFIG = "CALLKIT_DASHBOARD_CONFIG"
_PROFILE = "CALLKIT_DASHBOARD_PROFILE"
_OVERRIDES = "CALLKIT_DASHBOARD_OVERRIDES"


@dataclass(frozen=True, slots=True)
class Session:
    """What the dashboard was started with: its store, and the configuration with where it came from."""

    store: Path
    config: Config
    config_path: Path | None = None
    profile: str | None = None
    overrides: tuple[str, ...] = ()


def serve(
    store: Path,
    config: Config,
    *,
    config_path: Path | None = None,
    profile: str | None = None,
    overrides: Sequence[str] = (),
    open_browser: bool = False,
) -> NoReturn:
    """Become the dashboard: this process turns into Streamlit's and ends when that is stopped.

    `config_path`, `profile` and `overrides` are where `config` came from: the Run page hands them on. Raises `UsageError` for an
    address that nobody guards, `CallkitError` "extra-missing" or `ConfigError` where sign-in is not set up, and
    `UsageError` for a port that is taken.
    """
    check_access(config.dashboard)
    _check_port(config.dashboard)
    environment = os.environ | {
        _STORE: str(store.absolute()),
        _CONFIG: str(config_path.absolute()) if config_path else "",
        _PROFILE: profile or "",
        _OVERRIDES: json.dumps(list(overrides)),
    }
    command = streamlit_command(config.dashboard, open_browser=open_browser)
    # In place of this process: what stops the one (Ctrl-C, a service manager) stops the other.
    os.execve(command[0], command, environment)  # noqa: S606 - our own interpreter and options


def session(environment: Mapping[str, str] = os.environ) -> Session:
    """What `serve` put into this process's environment; `calls.duckdb` here and the usual configuration without it."""
    path, profile = environment.get(_CONFIG), environment.get(_PROFILE)
    overrides = tuple(json.loads(environment.get(_OVERRIDES) or "[]"))
    return Session(
        store=Path(environment.get(_STORE) or "calls.duckdb").absolute(),
        config=configuration.load(path or None, profile=profile or None, overrides=overrides),
        config_path=Path(path) if path else None,
        profile=profile or None,
        overrides=overrides,
    )


def check_access(settings: DashboardSettings) -> None:
    """Refuse what would show calls to people who have not signed in; see `serve` for what is raised."""
    if settings.auth:
        _check_sign_in()
    elif not is_loopback(settings.address) and not settings.trusted_proxy:
        raise UsageError(
            "usage",
            "the dashboard was asked to listen beyond this machine without sign-in",
            "set [dashboard] auth = true, or trusted_proxy = true where a reverse proxy signs people in",
        )


def is_loopback(address: str) -> bool:
    """Does only this machine reach the address?"""
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return address == "localhost"


def streamlit_command(settings: DashboardSettings, *, open_browser: bool = False) -> list[str]:
    """The command line that starts Streamlit: no telemetry, no file watching, only its own hosts unless proxied."""
    options = {
        "server.address": settings.address,
        "server.port": str(settings.port),
        "server.headless": str(not open_browser).lower(),
        "server.fileWatcherType": "none",
        "server.enableAgentApi": "false",
        "browser.gatherUsageStats": "false",
        "client.toolbarMode": "viewer",
        "client.showErrorDetails": "none",
    }
    hosts = []
    if is_loopback(settings.address) and not settings.trusted_proxy and not settings.auth:
        # A page on the web whose name is made to point at 127.0.0.1 shall not reach the calls (DNS rebinding).
        hosts = ["localhost", "127.0.0.1", "::1", settings.address]
    return [
        *(sys.executable, str(resource("dashboards") / "serve.py")),
        *(f"--{name}={value}" for name, value in options.items()),
        *(f"--server.allowedHosts={host}" for host in hosts),
    ]


def _check_port(settings: DashboardSettings) -> None:
    """Say clearly that the port is taken: Streamlit itself would quietly take the next one."""
    if not settings.port:
        return
    try:
        with socket.create_connection((settings.address, settings.port), timeout=0.5):
            pass
    except OSError:
        return
    raise UsageError(
        "usage", f"port {settings.port} is taken", "stop what listens there, or choose another: --port 8502"
    )


def _check_sign_in() -> None:
    if find_spec("authlib") is None:
        raise CallkitError(
            "extra-missing", "sign-in needs a package that is not installed", "pip install 'callkit[signin]'"
        )
    # Where Streamlit looks, in its order.
    places = [folder / ".streamlit" / "secrets.toml" for folder in (Path.home(), Path.cwd(), resource("dashboards"))]
    if not any(_has_auth(place) for place in places):
        raise ConfigError(
            "config-missing",
            "[dashboard] auth is on, but no .streamlit/secrets.toml with an [auth] section was found",
            "write one in the working folder; the README shows how",
        )


def _has_auth(path: Path) -> bool:
    try:
        return "auth" in tomllib.loads(path.read_text("utf-8"))
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError):
        return False
