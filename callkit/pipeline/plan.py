"""A plan: stages in an order in which each finds what it requires."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from types import TracebackType

from callkit.errors import CallkitError
from callkit.protocols import FACETS, Stage

#: What is there before the first stage: the call's metadata (not a facet: no result depends on it) and its samples.
INITIAL = ("audio",)


class Plan:
    """Stages in order, checked when made: every requirement is provided by an earlier stage, no facet twice.

    Building, checking, printing and hashing a plan loads no model. Use it as a context manager to close what its
    stages opened; each is opened when first run.

    Raises `CallkitError("plan-invalid")`.
    """

    def __init__(self, stages: Sequence[Stage]) -> None:
        self.stages = tuple(stages)
        self.producer: dict[str, Stage] = {}
        for stage in self.stages:
            for facet in stage.requires:
                if facet not in self.producer and facet not in INITIAL:
                    raise CallkitError(
                        "plan-invalid",
                        f"stage {stage.name} requires {facet}, which no earlier stage provides",
                        "add the stage that provides it to [pipeline] stages, before this one",
                    )
            for facet in stage.provides:
                if facet not in FACETS:
                    raise CallkitError("plan-invalid", f"stage {stage.name} provides {facet}, which is no facet")
                if facet in self.producer:
                    other = self.producer[facet].name
                    raise CallkitError("plan-invalid", f"stages {other} and {stage.name} both provide {facet}")
                self.producer[facet] = stage
        self._open: set[str] = set()

    def __iter__(self) -> Iterator[Stage]:
        return iter(self.stages)

    def open(self, stage: Stage) -> None:
        """Open a stage once."""
        if stage.name not in self._open:
            stage.open()
            self._open.add(stage.name)

    def close(self) -> None:
        """Close every stage that was opened."""
        for stage in self.stages:
            if stage.name in self._open:
                stage.close()
        self._open.clear()

    def __enter__(self) -> Plan:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
