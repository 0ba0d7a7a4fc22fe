"""A system in a process of its own: recordings and rows go in, evidence comes out. No word crosses back."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from callkit.bench.figures import Evidence
from callkit.bench.find import Case
from callkit.bench.systems import SystemSpec
from callkit.bench.textsets import Kind, TextRow
from callkit.bench.truth import Problem
from callkit.errors import CallkitError
from callkit.runners.child import start_child


@dataclass(frozen=True, slots=True)
class Answer:
    """Evidence of each file or row, in order; empty where the system does not do that task."""

    evidence: list[Evidence]
    problems: list[Problem] = field(default_factory=list)


class SystemProcess:
    """A system in its own process, so that its memory is its own. A context manager; ends with this process."""

    def __init__(self, spec: SystemSpec) -> None:
        self.name = spec.name
        self._process, self._connection = start_child("callkit.bench.serve", spec.config)
        self._connection.send(spec)

    def measure(self, case: Case) -> Answer:
        """What a system got right on one recording."""
        return self._ask("audio", case)

    def measure_texts(self, kind: Kind, rows: Sequence[TextRow]) -> Answer:
        """What a system got right on some rows of a text set."""
        return self._ask(kind, tuple(rows))

    def __enter__(self) -> SystemProcess:
        return self

    def __exit__(self, *exception: object) -> None:
        self._connection.close()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _ask(self, *question: Any) -> Answer:
        try:
            self._connection.send(question)
            answer = self._connection.recv()
        except (EOFError, OSError):
            what = f"the process measuring {self.name} ended"
            raise CallkitError("worker-died", what, "memory may have run out: measure fewer things at once") from None
        if isinstance(answer, tuple):
            raise CallkitError(*answer)
        assert isinstance(answer, Answer)
        return answer
