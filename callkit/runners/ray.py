"""Run calls on a Ray cluster (extra `ray`): the same jobs on actors instead of local processes.

Where `$RAY_ADDRESS` names a cluster it is joined, else Ray runs on this machine alone. Every node needs callkit, the models
and the recordings under the same paths. Ray's object store may spill to disk and its logs are files, so only paths go in
and only safe Outcomes come out, actors print nothing, and a recording on standard input is refused.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Generator, Iterable, Iterator
from typing import Any

from callkit import logs
from callkit.errors import CallkitError
from callkit.model import Outcome
from callkit.pipeline import Plan
from callkit.registry import build_plan
from callkit.runners.jobs import CallProgress, Job, Setup, died, environment, execute


class RayRunner:
    """As many actors as `[pipeline] jobs`, each with its share of the cores. Progress is told by call, not by stage."""

    def __init__(self, setup: Setup, progress: CallProgress) -> None:
        self.setup = setup
        self.idle: list[Any] = []
        self.busy: dict[Any, tuple[Any, Job]] = {}

    def map(self, jobs: Iterable[Job]) -> Generator[list[Outcome], None, None]:
        """Each job's outcomes as they are ready. Closing the generator ends the actors."""
        ray = _start()
        waiting, again = iter(jobs), deque[Job]()
        try:
            while self._hand_out(ray, waiting, again):
                done, _ = ray.wait(list(self.busy), num_returns=1)
                outcomes = self._collect(ray, done[0], again)
                if outcomes:
                    yield outcomes
        finally:
            for actor in [*self.idle, *(actor for actor, _ in self.busy.values())]:
                ray.kill(actor)

    def _hand_out(self, ray: Any, waiting: Iterator[Job], again: deque[Job]) -> bool:
        """Give idle actors work; False when nothing is left to wait for."""
        while len(self.busy) < self.setup.config.pipeline.jobs:
            job = again.popleft() if again else next(waiting, None)
            if job is None:
                break
            if any(isinstance(one.source, bytes) for one in job):
                what = "a recording on standard input would lie in Ray's object store, which may spill to disk"
                raise CallkitError("usage", what, "use --runner local for it")
            actor = self.idle.pop() if self.idle else self._actor(ray)
            self.busy[actor.do.remote(job)] = (actor, job)
        return bool(self.busy)

    def _actor(self, ray: Any) -> Any:
        variables = environment(self.setup.config)
        needs = [stage.resources for stage in build_plan(self.setup.config)]
        options = {
            "num_cpus": int(variables["OMP_NUM_THREADS"]),
            "num_gpus": max(need.gpus for need in needs),
            "memory": max(need.memory_mb for need in needs) << 20,
            "runtime_env": {"env_vars": variables},
        }
        return ray.remote(Actor).options(**options).remote(self.setup)

    def _collect(self, ray: Any, done: Any, again: deque[Job]) -> list[Outcome]:
        actor, job = self.busy.pop(done)
        try:
            outcomes, error = ray.get(done)
        except ray.exceptions.RayError:
            if len(job) > 1:  # find the one at fault
                again.extend((one,) for one in job)
                return []
            return [died(one.call, "its Ray actor was lost") for one in job]
        self.idle.append(actor)
        if error:
            raise CallkitError(*error)
        found: list[Outcome] = outcomes
        return found


class Actor:
    """Does jobs in a Ray worker. Never raises: Ray writes tracebacks to files."""

    def __init__(self, setup: Setup) -> None:
        silence = os.open(os.devnull, os.O_WRONLY)
        for stream in (1, 2):  # Ray keeps what is printed in files
            os.dup2(silence, stream)
        logs.withhold()
        self.setup = setup
        self.plan: Plan | None = None

    def do(self, job: Job) -> tuple[list[Outcome], tuple[str, str, str] | None]:
        """The job's outcomes, or the error that ends the run."""
        try:
            self.plan = self.plan or build_plan(self.setup.config)
            return execute(self.plan, self.setup, job, lambda *news: None), None
        except CallkitError as error:
            return [], (error.code, error.what, error.hint)
        except Exception as error:  # noqa: BLE001 - its text stays here
            return [], ("internal", f"a Ray actor failed with {type(error).__name__}", "")


def _start() -> Any:
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    try:
        import ray
    except ImportError:
        hint = 'pip install "callkit[ray]" or use --runner local'
        raise CallkitError("extra-missing", "the runner ray needs the package ray", hint) from None
    if not ray.is_initialized():
        ray.init(include_dashboard=False, log_to_driver=False, logging_level="ERROR")
    return ray
