"""Run the stages of a plan on one call, reusing what is still fresh."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from callkit.errors import CallkitError, StageError
from callkit.model import Call, Outcome, StageRun
from callkit.pipeline.keys import stage_key
from callkit.pipeline.plan import Plan
from callkit.protocols import FACETS, Progress, Stage

_T = TypeVar("_T")
log = logging.getLogger("callkit.pipeline")


@dataclass(frozen=True, slots=True)
class Cached:
    """What the ledger knows of a call: each stage's key, each safe facet's digest, and a way to load a facet."""

    keys: Mapping[str, str] = field(default_factory=dict)
    digests: Mapping[str, str] = field(default_factory=dict)
    load: Callable[[str], Any] = lambda name: None


@dataclass(frozen=True, slots=True)
class Work:
    """One call to bring up to date: what is known of it, and how to get at its samples if a stage needs them.

    `keep_private(facets)` is handed the private facets that this run made (and the redactions) just before they die
    with the call: the vault's only door. What it raises is the failure of the stage "vault".
    """

    call: Call
    open_audio: Callable[[], Any]
    cached: Cached = field(default_factory=Cached)
    progress: Progress | None = None
    keep_private: Callable[[Mapping[str, Any]], None] | None = None


def run_call(
    plan: Plan,
    call: Call,
    open_audio: Callable[[], Any],
    *,
    facet_digest: Callable[[str, Any], str],
    cached: Cached | None = None,
    progress: Progress | None = None,
) -> Outcome:
    """Bring one call up to date: `run_calls` of one."""
    work = Work(call, open_audio, cached or Cached(), progress)
    return run_calls(plan, [work], facet_digest=facet_digest)[0]


def run_calls(plan: Plan, works: Sequence[Work], *, facet_digest: Callable[[str, Any], str]) -> list[Outcome]:
    """Bring calls up to date with a plan and return what changed, one Outcome a call, in order.

    A stage whose key is the cached one is reused and opens no model. One that must run gets its private inputs by
    running their producers again, and its safe ones from this run or from `cached.load`. `open_audio` is called only if
    a stage needs samples; what it raises is the failure of the stage "audio". `facet_digest(name, value)` is the digest
    of a safe facet's content.

    The calls go through the plan stage by stage. A stage may have `run_many(givens)`, which gives for many calls what
    `run` gives for each, only faster. Everything in memory of all the calls is held at once, so hand over one call at a
    time where audio is involved.

    A stage that raises ends its call, not the others: the Outcome's `failed` names the stage and its type of cause,
    never the cause's text, and `facets` is empty, so that earlier results stay as they were.
    """
    runs = [_CallRun(plan, work, facet_digest) for work in works]
    try:
        # A private ancestor run again for a later stage may change a safe facet that an earlier stage was judged by:
        # then look once more. Each pass settles at least one stage, so the plan's length bounds the passes.
        for _ in range(len(plan.stages) + 1):
            before = [dict(run.digests) for run in runs]
            for stage in plan:
                _settle(stage, [run for run in runs if not run.failed])
            if before == [run.digests for run in runs]:
                break
        return [run.outcome() for run in runs]
    finally:
        for run in runs:
            run.close()


def stale_stages(plan: Plan, call: Call, cached: Cached) -> list[Stage]:
    """The stages that must run as things stand. Empty: the call is up to date, and nothing need be opened."""
    run = _CallRun(plan, Work(call, lambda: None, cached), lambda name, value: "")
    for stage in plan:
        if any(not FACETS[name].private and name not in run.digests for name in stage.requires if name != "audio"):
            return list(plan)  # a call never finished under this plan
        run.keys[stage.name] = stage_key(stage, {name: run.stands_by(name) for name in stage.requires})
    return [stage for stage in plan if cached.keys.get(stage.name) != run.keys[stage.name]]


def needs_recording(plan: Plan, stages: Sequence[Stage]) -> bool:
    """Must any of these stages see what is private, so that the recording itself is needed?"""
    return any(FACETS[name].private for stage in stages for name in (*stage.requires, *stage.provides))


def _settle(stage: Stage, runs: Sequence[_CallRun]) -> None:
    """Make sure a stage's result is fresh for each call, by reuse or by running it."""
    due = [run for run in runs if run.attempt(lambda run=run: run.is_due(stage))]  # type: ignore[misc]
    run_many = getattr(stage, "run_many", None)
    if run_many is not None and len(due) > 1 and _settle_together(stage, run_many, due):
        return
    for run in due:
        run.attempt(lambda run=run: run.run(stage))  # type: ignore[misc]


def _settle_together(stage: Stage, run_many: Callable[[list[Any]], Sequence[Any]], due: Sequence[_CallRun]) -> bool:
    """Run a stage on many calls at once. False where that failed: one by one, the call at fault is found."""
    givens = [(run, run.attempt(lambda run=run: run.given(stage))) for run in due]  # type: ignore[misc]
    ready = [(run, given) for run, given in givens if given is not None]
    started = time.perf_counter()
    try:
        due[0].plan.open(stage)
        results = run_many([given for _, given in ready])
    except Exception:  # noqa: BLE001 - whatever it was, running each call alone says it of the right one
        return False
    if len(results) != len(ready):
        return False
    took = (time.perf_counter() - started) / max(1, len(ready))
    for (run, _), provided in zip(ready, results, strict=True):
        run.attempt(lambda run=run, provided=provided: run.accept(stage, provided, took))  # type: ignore[misc]
    return True


class _CallRun:
    """The state of one call's run: facets in memory, digests and keys so far."""

    def __init__(self, plan: Plan, work: Work, facet_digest: Callable[[str, Any], str]) -> None:
        self.plan = plan
        self.work = work
        self.call = work.call
        self.cached = work.cached
        self.facet_digest = facet_digest
        self.memory: dict[str, Any] = {}
        self.digests = dict(work.cached.digests)
        self.keys: dict[str, str] = {}
        self.ran_under: dict[str, str] = {}  # stage -> key it ran under in this call
        self.runs: dict[str, StageRun] = {}
        self.failed: StageRun | None = None

    def attempt(self, step: Callable[[], _T]) -> _T | None:
        """Take a step; a failure ends this call and no other."""
        if self.failed:
            return None
        try:
            return step()
        except StageError as error:
            self.failed = StageRun(error.stage, 0, "", "", "", 0.0, "failed", error.code, error.what, error.hint)
            self.memory = {name: value for name, value in self.memory.items() if name == "audio"}
            return None

    def outcome(self) -> Outcome:
        keep = self.work.keep_private
        if keep is not None:
            private = {name: value for name, value in self.memory.items() if FACETS[name].private and name != "audio"}
            if private:
                self.attempt(
                    lambda: self.guarded("vault", lambda: keep({**private, "redactions": self.value("redactions")}))
                )
        if self.failed:
            return Outcome(self.call, {}, tuple(self.runs.values()), self.failed)
        made = {name for stage in self.plan if stage.name in self.ran_under for name in stage.provides}
        safe = {name: value for name, value in self.memory.items() if name in made and not FACETS[name].private}
        return Outcome(self.call, safe, tuple(self.runs[stage.name] for stage in self.plan))

    def close(self) -> None:
        """Let go of the samples."""
        audio = self.memory.pop("audio", None)
        if hasattr(audio, "close"):
            audio.close()

    def is_due(self, stage: Stage) -> bool:
        """Must this stage run? If not, its earlier result is reused."""
        key = stage_key(stage, {name: self.stands_by(name) for name in stage.requires})
        self.keys[stage.name] = key
        if self.ran_under.get(stage.name) == key:
            return False
        if stage.name not in self.ran_under and self.cached.keys.get(stage.name) == key:
            engine, model = stage.describe()
            self.runs[stage.name] = StageRun(stage.name, stage.version, engine, model, key, 0.0, "reused")
            return False
        return True

    def stands_by(self, facet: str) -> str:
        if facet == "audio":
            return self.call.audio_sha256
        if FACETS[facet].private:
            return self.keys[self.plan.producer[facet].name]
        return self.digests[facet]

    def value(self, facet: str) -> Any:
        """A facet's value: from memory, the ledger (safe) or by running its producer again (private)."""
        if facet not in self.memory:
            if facet == "audio":
                self.memory["audio"] = self.guarded("audio", self.work.open_audio)
            elif FACETS[facet].private:
                self.run(self.plan.producer[facet])
            else:
                self.memory[facet] = self.guarded("store", lambda: self.cached.load(facet))
        return self.memory[facet]

    def given(self, stage: Stage) -> dict[str, Any]:
        """What the stage is handed: what it requires, and the call."""
        return {"call": self.call} | {name: self.value(name) for name in stage.requires}

    def run(self, stage: Stage) -> None:
        given = self.given(stage)
        progress = self.work.progress
        if progress:
            progress(stage.name, 0.0)
            given["progress"] = lambda share: progress(stage.name, share)
        started = time.perf_counter()
        self.guarded(stage.name, lambda: self.plan.open(stage))
        provided = self.guarded(stage.name, lambda: stage.run(given))
        self.accept(stage, provided, time.perf_counter() - started)

    def accept(self, stage: Stage, provided: Mapping[str, Any], took: float) -> None:
        """Take over what a stage computed."""
        if set(provided) != set(stage.provides):
            raise StageError(
                "internal", self.call.call_id, stage.name, f"stage {stage.name} did not provide what it says"
            )
        self.memory.update(provided)
        for name in stage.provides:
            if not FACETS[name].private:
                self.digests[name] = self.guarded(stage.name, lambda name=name: self.facet_digest(name, provided[name]))  # type: ignore[misc]
        key = self.keys[stage.name]
        self.ran_under[stage.name] = key
        engine, model = stage.describe()
        self.runs[stage.name] = StageRun(stage.name, stage.version, engine, model, key, round(took, 3), "ran")
        log.info("call %s: %s took %.2f s", self.call.call_id, stage.name, took)

    def guarded(self, stage: str, work: Callable[[], _T]) -> _T:
        """Do some work of a stage; whatever it raises becomes a StageError that quotes nothing."""
        try:
            return work()
        except CallkitError as error:
            code, what, hint = error.code, error.what, error.hint
        except MemoryError:
            code, what, hint = "stage-failed", "memory ran out", "free memory, or lower --jobs"
        except Exception as error:  # noqa: BLE001 - any library may raise anything; its text is not kept
            where = _where(error)
            code, what = "stage-failed", f"stage {stage} failed with {type(error).__name__} at {where}"
            hint = "the other calls go on; `callkit doctor` checks the installation"
        raise StageError(code, self.call.call_id, stage, what, hint) from None


def _where(error: BaseException) -> str:
    """Module and line of the innermost callkit frame: no file contents, no values."""
    place, trace = "unknown", error.__traceback__
    while trace is not None:
        module = trace.tb_frame.f_globals.get("__name__", "")
        if module.startswith("callkit") and module != __name__:
            place = f"{module}:{trace.tb_lineno}"
        trace = trace.tb_next
    return place
