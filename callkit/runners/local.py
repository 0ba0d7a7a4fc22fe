"""Run calls in worker processes on this machine.

Each worker is a fresh interpreter (`callkit.runners.worker`) at the other end of a socket pair: nothing of it depends on
the caller's main module, a crash of a native library or the system's out-of-memory killer takes one call with it and
not the run, and whatever a library prints about a call goes nowhere.
"""

from __future__ import annotations

import logging
import signal
import subprocess
from collections import deque
from collections.abc import Generator, Iterable, Iterator
from contextlib import suppress
from multiprocessing.connection import Connection, wait

from callkit.errors import CallkitError
from callkit.model import Outcome
from callkit.runners.child import start_child
from callkit.runners.jobs import CallProgress, Job, Setup, died


class LocalRunner:
    """As many workers as `[pipeline] jobs`, started when there is work for them."""

    def __init__(self, setup: Setup, progress: CallProgress) -> None:
        self.setup = setup
        self.progress = progress
        self.idle: list[_Worker] = []
        self.busy: dict[Connection, _Worker] = {}

    def map(self, jobs: Iterable[Job]) -> Generator[list[Outcome], None, None]:
        """Each job's outcomes as they are ready. Closing the iterator ends the workers."""
        waiting = iter(jobs)
        again: deque[Job] = deque()
        try:
            while True:
                self._hand_out(waiting, again)
                if not self.busy:
                    return
                for connection in wait(list(self.busy)):
                    assert isinstance(connection, Connection)
                    outcomes = self._listen(self.busy[connection], again)
                    if outcomes:
                        yield outcomes
        finally:
            for worker in (*self.idle, *self.busy.values()):
                worker.end()

    def _hand_out(self, waiting: Iterator[Job], again: deque[Job]) -> None:
        while len(self.busy) < self.setup.config.pipeline.jobs:
            job = again.popleft() if again else next(waiting, None)
            if job is None:
                return
            self.idle = [worker for worker in self.idle if worker.process.poll() is None]
            worker = self.idle.pop() if self.idle else _Worker(self.setup)
            worker.start(job)
            self.busy[worker.connection] = worker

    def _listen(self, worker: _Worker, again: deque[Job]) -> list[Outcome]:
        """Take one message of a worker; its outcomes if that was the end of its job."""
        try:
            kind, *content = worker.connection.recv()
        except (EOFError, ConnectionError):
            del self.busy[worker.connection]
            job, reason = worker.job, worker.end()
            if len(job) > 1:  # find the one at fault
                again.extend((one,) for one in job)
                return []
            return [died(one.call, reason) for one in job]
        if kind == "progress":
            self.progress(*content)
        elif kind == "log":
            name, level, message = content
            logging.getLogger(name).log(level, "%s", message)
        elif kind == "error":
            raise CallkitError(*content)
        else:
            del self.busy[worker.connection]
            self.idle.append(worker)
            outcomes: list[Outcome] = content[0]
            return outcomes
        return []


class _Worker:
    """One worker process and the job it holds."""

    def __init__(self, setup: Setup) -> None:
        self.process, self.connection = start_child("callkit.runners.worker", setup.config)
        self.job: Job = ()
        self._send((setup, logging.getLogger("callkit").getEffectiveLevel()))

    def start(self, job: Job) -> None:
        self.job = job
        self._send(job)

    def _send(self, message: object) -> None:
        with suppress(ConnectionError):  # it died: the next recv says so
            self.connection.send(message)

    def end(self) -> str:
        """End the process; how it ended, in words."""
        self.connection.close()
        try:
            self.process.wait(0.5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            return "it was stopped"
        code = self.process.returncode
        if code < 0:
            name = signal.Signals(-code).name
            return f"it was killed by {name}" + (", perhaps for lack of memory" if name == "SIGKILL" else "")
        return f"it ended with {code}"
