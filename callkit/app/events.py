"""What happens during a run, as it happens: for progress bars, pages and logs. All of it is safe to show."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class RunStarted:
    """`calls`: how many recordings were found; some may turn out to be the same."""

    calls: int


@dataclass(frozen=True, slots=True)
class CallStarted:
    call_id: str
    source_name: str


@dataclass(frozen=True, slots=True)
class StageProgress:
    """`share` of the stage that is done, 0 to 1; `duration_s`: the recording's length once it is open."""

    call_id: str
    source_name: str
    stage: str
    share: float
    duration_s: float | None = None


@dataclass(frozen=True, slots=True)
class CallFinished:
    """`reused`: nothing had to run. `failed`: `code`, `what` and `hint` say why, `stage` where."""

    call_id: str
    source_name: str
    status: Literal["processed", "reused", "failed"]
    stage: str = ""
    code: str = ""
    what: str = ""
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Duplicate:
    """The recording is one that this run has met already under another name."""

    call_id: str
    source_name: str


@dataclass(frozen=True, slots=True)
class Unmatched:
    """Metadata that was looked for and not found or not understood: left null."""

    call_id: str
    source_name: str
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Published:
    """A new snapshot is there for readers."""

    snapshot_id: str


Event = RunStarted | CallStarted | StageProgress | CallFinished | Duplicate | Unmatched | Published
