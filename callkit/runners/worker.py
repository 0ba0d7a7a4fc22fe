"""A worker process of `LocalRunner`: takes jobs from a socket, answers with outcomes. Started as a module.

It must outlive a Ctrl-C at the terminal: its parent decides.
"""

from __future__ import annotations

import logging
import signal
import sys
import threading
from multiprocessing.connection import Connection
from typing import Any

from callkit.errors import CallkitError
from callkit.registry import build_plan
from callkit.runners.child import become_child
from callkit.runners.jobs import Job, Setup, execute


def main(handle: int) -> None:
    """Serve until the other end closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    connection = become_child(handle)
    setup: Setup
    setup, level = connection.recv()
    root = logging.getLogger()
    root.handlers = [_Forward(connection)]
    root.setLevel(level)
    try:
        with build_plan(setup.config) as plan:
            while True:
                job: Job = connection.recv()
                outcomes = execute(plan, setup, job, lambda *news: _tell(connection, "progress", *news))
                _tell(connection, "done", outcomes)
    except EOFError:
        return
    except CallkitError as error:
        _tell(connection, "error", error.code, error.what, error.hint)
    except Exception as error:  # noqa: BLE001 - its text stays here: nobody may see it
        what = f"a worker process failed with {type(error).__name__}"
        _tell(connection, "error", "internal", what, "`callkit doctor` checks the installation")


def _tell(connection: Connection, *message: Any) -> None:
    with _ONE_AT_A_TIME:
        connection.send(message)


_ONE_AT_A_TIME = threading.RLock()


class _Forward(logging.Handler):
    """Sends callkit's own log records to the parent; those of libraries go nowhere."""

    def __init__(self, connection: Connection) -> None:
        super().__init__()
        self.connection = connection

    def emit(self, record: logging.LogRecord) -> None:
        if record.name.startswith("callkit"):
            _tell(self.connection, "log", record.name, record.levelno, record.getMessage())


if __name__ == "__main__":
    main(int(sys.argv[1]))
