"""Bring recordings into the store: `callkit run`."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, TypeVar

from callkit import logs
from callkit.app import leftovers
from callkit.app.events import (
    CallFinished,
    CallStarted,
    Duplicate,
    Event,
    Published,
    RunStarted,
    StageProgress,
    Unmatched,
)
from callkit.config import Config
from callkit.errors import CallkitError
from callkit.ingest import Found, Problem, Recording, discover, from_bytes, identify, nameless_id
from callkit.model import Call, Outcome, StageRun
from callkit.pipeline import Cached, Plan, needs_recording, stale_stages
from callkit.registry import build_plan
from callkit.runners import CallJob, Job, Setup, build_runner
from callkit.store.files import StoreFiles
from callkit.store.ledger import Ledger
from callkit.text.filenames import safe_name
from callkit.vault import holds

STDIN = "-"
#: Recordings looked up in the ledger together: this many, or this many bytes to hash, whichever comes first.
_TOGETHER = 200
_TOGETHER_BYTES = 256 << 20
#: Failures that are the installation's and not a call's: the run ends, since every call would meet them.
_FATAL = ("model-", "extra-", "config-", "plan-", "vault-")


_Event = TypeVar("_Event", CallFinished, Duplicate, Unmatched)


@dataclass(frozen=True, slots=True)
class RunReport:
    """What a run did, call by call."""

    processed: tuple[str, ...]
    reused: tuple[str, ...]
    failed: tuple[CallFinished, ...]
    duplicates: tuple[Duplicate, ...]
    unmatched: tuple[Unmatched, ...]
    seconds: float
    snapshot: Path

    @property
    def exit_code(self) -> int:
        """0: all well; 3: it ran, but some calls failed."""
        return 3 if self.failed else 0


def run(
    paths: Sequence[str | os.PathLike[str]],
    *,
    store: str | os.PathLike[str],
    config: Config,
    on_event: Callable[[Event], None] | None = None,
    stdin: BinaryIO | None = None,
    stored: bool = False,
) -> RunReport:
    """Process recordings: those that are new, changed, or stale under this configuration; the others are left alone.

    `paths` are files, folders, globs, manifests, or "-" for one recording on standard input (`stdin`, by default the
    process's own). `stored` also brings every call that is in the store up to date as far as the store's own results
    allow. One bad recording never stops the others: it gets a row in `failures`, and its earlier results stay.

    Raises `CallkitError` if nothing could be run at all: nothing found, a model missing, a store that cannot be written.
    """
    logs.withhold()
    found = [one for path in paths if os.fspath(path) != STDIN for one in discover([path], config.ingest)]
    from_stdin = [(stdin or sys.stdin.buffer).read()] if STDIN in paths else []
    first = found[0] if found else None
    if isinstance(first, Problem) and not from_stdin and not stored and all(isinstance(one, Problem) for one in found):
        raise first.error
    config = leftovers.with_audio_folder(config, StoreFiles.at(store))
    plan = build_plan(config)
    with Ledger(store) as ledger:
        return _Run(ledger, config, plan, on_event or (lambda event: None)).go(found, from_stdin, stored)


class _Run:
    """The state of one run."""

    def __init__(self, ledger: Ledger, config: Config, plan: Plan, on_event: Callable[[Event], None]) -> None:
        self.ledger = ledger
        self.config = config
        self.plan = plan
        self.on_event = on_event
        self.key = ledger.key
        self.failing = ledger.failing()
        self.met: dict[str, Call] = {}
        self.processed: list[str] = []
        self.reused: list[str] = []
        self.failed: list[CallFinished] = []
        self.duplicates: list[Duplicate] = []
        self.unmatched: list[Unmatched] = []

    def go(self, found: Sequence[Found | Problem], from_stdin: Sequence[bytes], stored: bool) -> RunReport:
        started = time.monotonic()
        leftovers.clear(self.ledger, self.config)
        vault = str(self.ledger.files.vault) if self.config.vault.keep_private else ""
        runner = build_runner(Setup(self.config, vault), self.progress)
        calls = self.ledger.calls() if stored else {}
        self.tell(RunStarted(len(found) + len(from_stdin) + len(calls)))
        recordings = self.recordings(found, from_stdin, calls)
        try:
            with closing(runner.map(self.jobs(recordings))) as results:
                for outcomes in results:
                    self.settle(outcomes)
        finally:
            if self.ledger.finish():
                self.tell(Published(self.ledger.snapshot_id))
        return RunReport(
            tuple(self.processed),
            tuple(self.reused),
            tuple(self.failed),
            tuple(self.duplicates),
            tuple(self.unmatched),
            round(time.monotonic() - started, 3),
            self.ledger.files.snapshot,
        )

    # --- from paths to jobs ---

    def recordings(
        self, found: Sequence[Found | Problem], from_stdin: Sequence[bytes], calls: dict[str, Call]
    ) -> Iterator[CallJob]:
        """Each call once, with its source; what is no recording is stored as a failure on the way."""
        for one in found:
            known = identify(one, self.config.ingest, self.key) if isinstance(one, Found) else one
            if isinstance(known, Problem):
                self.refuse(known)
            elif self.is_new(known):
                yield CallJob(known.call, known.source)
        for content in from_stdin:
            known = from_bytes(content, self.config.ingest, self.key)
            if self.is_new(known):
                yield CallJob(known.call, known.source)
        for call_id, call in calls.items():
            if call_id not in self.met and call.audio_sha256:
                self.met[call_id] = call
                yield CallJob(call, None)

    def is_new(self, recording: Recording) -> bool:
        """Is this the first time that this run meets the call?"""
        call, earlier = recording.call, self.met.get(recording.call.call_id)
        if isinstance(recording.source, Path) and (nameless := nameless_id(recording.source, self.key)) in self.failing:
            self.ledger.clear_failures([nameless])
        if earlier is None:
            self.met[call.call_id] = call
            if call.unmatched:
                self.note(self.unmatched, Unmatched(call.call_id, call.source_name, call.unmatched))
            return True
        if earlier.audio_sha256 == call.audio_sha256:
            self.note(self.duplicates, Duplicate(call.call_id, call.source_name))
        else:
            what, hint = "two recordings were given the same call_id", "give each its own in the manifest or sidecar"
            error = CallkitError("manifest-invalid", what, hint)
            self.refuse(Problem(Path(str(recording.source)), error))
        return False

    def jobs(self, recordings: Iterator[CallJob]) -> Iterator[Job]:
        """What must be run; what is up to date is done with here."""
        batch: list[CallJob] = []
        for together in _chunks(recordings):
            ids = [one.call.call_id for one in together]
            known, earlier = self.ledger.cached_many(ids), self.ledger.calls(ids)
            retold: list[Outcome] = []
            for one in together:
                cached = self.cached(one, known[one.call.call_id])
                if one.source is None and not cached.keys:
                    continue  # it never succeeded, and its recording is not at hand
                stale = stale_stages(self.plan, one.call, cached)
                if not stale:
                    if one.call != earlier.get(one.call.call_id) or one.call.call_id in self.failing:
                        retold.append(Outcome(one.call, {}, ()))
                    self.reuse(one.call)
                elif cached.keys and not needs_recording(self.plan, stale):
                    batch.append(CallJob(one.call, one.source, cached.keys, cached.digests))
                else:
                    yield self.ready([CallJob(one.call, one.source, cached.keys, cached.digests)])
                if len(batch) == _TOGETHER:
                    yield self.ready(batch)
                    batch = []
            self.ledger.commit(*retold)  # other metadata than before, or a failure that is over
        if batch:
            yield self.ready(batch)

    def cached(self, job: CallJob, cached: Cached) -> Cached:
        """What may be reused: nothing, if private words are to be kept from now on and are not."""
        if (
            self.config.vault.keep_private
            and job.source is not None
            and not holds(self.ledger.files.vault, job.call.call_id)
        ):
            return Cached()
        return cached

    def ready(self, jobs: Sequence[CallJob]) -> Job:
        """A job with all that the ledger knows, announced."""
        payloads = self.ledger.payloads([one.call.call_id for one in jobs if one.keys])
        for one in jobs:
            self.tell(CallStarted(one.call.call_id, one.call.source_name))
        return tuple(
            CallJob(one.call, one.source, one.keys, one.digests, payloads.get(one.call.call_id, {})) for one in jobs
        )

    # --- from outcomes to the store ---

    def settle(self, outcomes: Sequence[Outcome]) -> None:
        """Store what a job brought."""
        for outcome in outcomes:
            if outcome.failed and outcome.failed.error.startswith(_FATAL):
                raise CallkitError(outcome.failed.error, outcome.failed.what, outcome.failed.hint)
        for outcome in outcomes:
            leftovers.keep_audio(outcome, self.ledger.files, self.config)
        self.ledger.commit(*outcomes)
        for outcome in outcomes:
            self.finish(outcome)
        if self.ledger.publish_if_due():
            self.tell(Published(self.ledger.snapshot_id))

    def finish(self, outcome: Outcome) -> None:
        call, failed = outcome.call, outcome.failed
        if failed:
            where = (failed.stage, failed.error, failed.what, failed.hint)
            self.note(self.failed, CallFinished(call.call_id, call.source_name, "failed", *where))
        else:
            self.processed.append(call.call_id)
            self.tell(CallFinished(call.call_id, call.source_name, "processed"))

    def reuse(self, call: Call) -> None:
        self.reused.append(call.call_id)
        self.tell(CallFinished(call.call_id, call.source_name, "reused"))

    def refuse(self, problem: Problem) -> None:
        """A path that is no recording: a failure without a call."""
        error = problem.error
        call = Call(nameless_id(problem.path, self.key), safe_name(problem.path.name), "")
        failed = StageRun("ingest", 0, "", "", "", 0.0, "failed", error.code, error.what, error.hint)
        outcome = Outcome(call, {}, (), failed)
        self.ledger.commit(outcome)
        self.finish(outcome)

    # --- telling ---

    def progress(self, call_id: str, stage: str, share: float, duration_s: float | None = None) -> None:
        self.tell(StageProgress(call_id, self.met[call_id].source_name, stage, share, duration_s))

    def tell(self, event: Event) -> None:
        self.on_event(event)

    def note(self, notes: list[_Event], event: _Event) -> None:
        notes.append(event)
        self.tell(event)


def _chunks(recordings: Iterator[CallJob]) -> Iterator[list[CallJob]]:
    """A few recordings at a time, so that the first starts before the last is hashed."""
    together: list[CallJob] = []
    size = 0
    for one in recordings:
        together.append(one)
        size += one.source.stat().st_size if isinstance(one.source, Path) else 0
        if len(together) == _TOGETHER or size > _TOGETHER_BYTES:
            yield together
            together, size = [], 0
    if together:
        yield together
