"""A real Chromium at a real dashboard, for tests and for measuring."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
         "--disable-sync", "--no-first-run", "--autoplay-policy=no-user-gesture-required"]  # fmt: skip
PAGES = ("", "calls", "call", "agents", "topics", "compliance", "run", "sql")


@contextmanager
def serving(store: Path, *overrides: str) -> Iterator[str]:
    """`callkit dashboard` over a store, while in use; where it is."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "callkit", "dashboard", "--store", str(store), "--port", str(port)]
    command += [part for override in overrides for part in ("--set", override)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=store.parent)
    place = f"http://127.0.0.1:{port}"
    try:
        wait_until(lambda: urllib.request.urlopen(f"{place}/_stcore/health", timeout=2).status == 200, seconds=60)
        yield place
    finally:
        server.terminate()
        server.wait(timeout=20)


def wait_until(holds: Callable[[], Any], *, seconds: float = 20.0) -> None:
    """Until `holds()` is true; what fails on the way counts as not yet."""
    from playwright.sync_api import Error

    deadline = time.monotonic() + seconds
    while True:
        try:
            if holds():
                return
        except (OSError, Error):
            pass
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.1)


#: The script has ended, nothing on the page is of an earlier run, and every chart and table in sight is drawn.
STANDS = """() => {
  const app = document.querySelector('[data-testid=stApp]');
  const drawn = (kind, inside) => [...document.querySelectorAll(`[data-testid=${kind}]`)]
    .every((part) => part.querySelector(inside) || part.closest('details:not([open])') || !part.checkVisibility());
  return app && app.dataset.testScriptState === 'notRunning' && document.querySelector('h1')
    && !document.querySelector('[data-stale=true]') && !document.querySelector('[data-testid=stSkeleton]')
    && drawn('stVegaLiteChart', 'canvas, svg') && drawn('stDataFrame', 'canvas');
}"""


def ready(tab: Any) -> None:
    """Wait until the page stands."""
    tab.wait_for_selector("h1", timeout=30_000)
    tab.wait_for_function(STANDS, timeout=30_000)
