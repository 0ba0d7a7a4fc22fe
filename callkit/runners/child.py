"""Child processes: a fresh interpreter running one module of callkit at the other end of a socket pair.

Not `multiprocessing`: its children run the caller's main module again, which in a notebook or a Streamlit page is not
callkit's to run. Whatever a child or its libraries print goes nowhere, since it may quote speech.
"""

from __future__ import annotations

import os
import resource
import socket
import subprocess
import sys
import threading
import time
from multiprocessing.connection import Connection

from callkit import logs
from callkit.config import Config
from callkit.runners.jobs import environment


def start_child(module: str, config: Config) -> tuple[subprocess.Popen[bytes], Connection]:
    """Start `python -m module HANDLE`; the process and our end of the connection."""
    ours, theirs = socket.socketpair()
    with theirs:
        process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
            [sys.executable, "-P", "-m", module, str(theirs.fileno())],
            pass_fds=[theirs.fileno()],
            env=environment(config) | dict(os.environ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
    return process, Connection(ours.detach())


def become_child(handle: int) -> Connection:
    """In the child: its end of the connection. It ends with its parent and writes no core dump: that would be raw speech."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    threading.Thread(target=_watch_parent, args=(os.getppid(),), daemon=True).start()
    logs.withhold()
    return Connection(handle)


def _watch_parent(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(1)
