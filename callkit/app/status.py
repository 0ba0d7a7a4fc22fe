"""What the store holds, and what became of a file: `callkit status`."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from callkit.config import Config
from callkit.ingest import Problem, discover, identify, nameless_id
from callkit.store.files import pseudonym_key
from callkit.store.reader import Snapshot
from callkit.text.filenames import safe_name


@dataclass(frozen=True, slots=True)
class StoreStatus:
    """A store at a glance. `bytes` is the size of the snapshot, times are UTC."""

    calls: int
    failures: int
    audio_hours: float
    turns: int
    redactions: int
    first_call: datetime | None
    last_call: datetime | None
    published_at: str
    snapshot_id: str
    bytes: int


@dataclass(frozen=True, slots=True)
class FileStatus:
    """What became of one file. `state` is "new" where the store has not met the recording; `code` says why it failed."""

    source_name: str
    call_id: str
    state: Literal["processed", "failed", "new", "unreadable"]
    processed_at: datetime | None = None
    duration_s: float | None = None
    stage: str = ""
    code: str = ""
    what: str = ""
    hint: str = ""


def status(*, store: str | os.PathLike[str]) -> StoreStatus:
    """Count what the snapshot holds."""
    with Snapshot(store) as snapshot:
        facts = snapshot.rows(
            """
            select count(*) as calls, coalesce(sum(duration_s), 0) / 3600 as audio_hours,
                min(started_at) as first_call, max(started_at) as last_call,
                (select count(*) from failures) as failures, (select count(*) from turns) as turns,
                (select count(*) from redactions) as redactions,
                (select value from meta where key = 'published_at') as published_at
            from calls
            """
        )[0]
        size = snapshot.files.snapshot.stat().st_size
        return StoreStatus(snapshot_id=snapshot.snapshot_id, bytes=size, **facts)


def status_of(
    paths: Sequence[str | os.PathLike[str]], *, store: str | os.PathLike[str], config: Config
) -> list[FileStatus]:
    """What became of these files, found by the hash of their bytes, whatever they are called now."""
    found = []
    with Snapshot(store) as snapshot:
        key = pseudonym_key(snapshot.files)
        for one in discover(paths, config.ingest):
            known = one if isinstance(one, Problem) else identify(one, config.ingest, key)
            if isinstance(known, Problem):
                name, error = safe_name(known.path.name), known.error
                call_id = nameless_id(known.path, key)
                found.append(
                    FileStatus(name, call_id, "unreadable", None, None, "ingest", error.code, error.what, error.hint)
                )
            else:
                found.append(_state(snapshot, known.call.call_id, known.call.audio_sha256, known.call.source_name))
    return found


def _state(snapshot: Snapshot, call_id: str, sha256: str, name: str) -> FileStatus:
    failed = snapshot.rows("select stage, code, what, hint from failures where call_id = $call", {"call": call_id})
    stored = snapshot.rows(
        "select call_id, processed_at, duration_s from calls where audio_sha256 = $sha256 order by call_id = $call desc",
        {"sha256": sha256, "call": call_id},
    )
    if failed:
        processed_at = stored[0]["processed_at"] if stored else None
        return FileStatus(name, call_id, "failed", processed_at, **failed[0])
    if stored:
        one = stored[0]
        return FileStatus(name, one["call_id"], "processed", one["processed_at"], one["duration_s"])
    return FileStatus(name, call_id, "new")
