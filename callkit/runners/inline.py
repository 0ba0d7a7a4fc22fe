"""Run calls in this very process: for notebooks, debugging and tests."""

from __future__ import annotations

from collections.abc import Generator, Iterable

from callkit.model import Outcome
from callkit.registry import build_plan
from callkit.runners.jobs import CallProgress, Job, Setup, apply_environment, execute


class InlineRunner:
    """One call after another, here. What kills a stage kills the run."""

    def __init__(self, setup: Setup, progress: CallProgress) -> None:
        self.setup = setup
        self.progress = progress

    def map(self, jobs: Iterable[Job]) -> Generator[list[Outcome], None, None]:
        apply_environment(self.setup.config)
        with build_plan(self.setup.config) as plan:
            for job in jobs:
                yield execute(plan, self.setup, job, self.progress)
