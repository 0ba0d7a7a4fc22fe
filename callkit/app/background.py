"""Runs in processes of their own, for who wants to watch rather than wait: the dashboard's Run page.

`callkit run` goes on when its watcher leaves. A recording that was uploaded reaches it through a pipe and never lies on
disk. What comes back are the lines of `--events`: file names after redaction, stages, shares, codes.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from callkit.app.dashboard import Session
from callkit.resources import resource
from callkit.text.filenames import safe_name

Event = Mapping[str, Any]

#: One writer a store: runs wait for one another here rather than fail with "store-locked".
_one_at_a_time = threading.Lock()


@dataclass(slots=True)
class Recording:
    """How far one recording is: the share done of each stage so far, then how it ended."""

    name: str
    call_id: str = ""
    stages: dict[str, float] = field(default_factory=dict)
    status: str = "running"
    what: str = ""
    hint: str = ""


@dataclass(slots=True)
class Progress:
    """What is known of a run by its events. `total`: how many recordings it has, as far as is known."""

    total: int = 0
    recordings: dict[str, Recording] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)

    @property
    def done(self) -> int:
        return sum(recording.status != "running" for recording in self.recordings.values())


class Run:
    """`callkit run` over files and folders of this machine, or over uploaded recordings (name, bytes) one by one.

    Starts when created, detached from whoever started it. `state` is "waiting", "running" or "ended".
    """

    def __init__(
        self,
        session: Session,
        *,
        paths: Sequence[Path] = (),
        uploads: Sequence[tuple[str, bytes]] = (),
        profile: str | None = None,
        overrides: Sequence[str] = (),
    ) -> None:
        self.state = "waiting"
        self.exit_codes: list[int] = []
        self.progress = Progress(total=len(uploads))
        self._session, self._profile, self._overrides = session, profile, tuple(overrides)
        self._paths, self._uploads = list(paths), list(uploads)
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()

    def wait(self) -> None:
        """Until it has ended."""
        self._thread.join()

    def _work(self) -> None:
        with _one_at_a_time:
            self.state = "running"
            if self._paths:
                self._run([str(path) for path in self._paths])
            while self._uploads:
                name, sound = self._uploads.pop(0)
                self._run(["-"], sound, safe_name(name))
            self.state = "ended"

    def _run(self, sources: Sequence[str], upload: bytes | None = None, shown: str = "") -> None:
        process = subprocess.Popen(  # noqa: S603 - our own interpreter, arguments as a list
            command(self._session, sources, self._profile, self._overrides),
            stdin=subprocess.DEVNULL if upload is None else subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        helpers = [threading.Thread(target=self._listen, args=(process.stderr,), daemon=True)]
        if upload is not None:
            helpers.append(threading.Thread(target=_feed, args=(process.stdin, upload), daemon=True))
        for helper in helpers:
            helper.start()
        assert process.stdout is not None
        for event in parse(process.stdout):
            note(self.progress, event, shown)
        self.exit_codes.append(process.wait())
        for helper in helpers:
            helper.join()

    def _listen(self, lines: IO[bytes]) -> None:
        """Keep callkit's own errors; whatever else a library may print is not ours to show."""
        for line in lines:
            text = line.decode("utf-8", "replace").strip()
            if text.startswith(("error[", "hint:")):
                self.progress.errors.append(text)


def command(
    session: Session, sources: Sequence[str], profile: str | None = None, overrides: Sequence[str] = ()
) -> list[str]:
    """`callkit run` with the dashboard's own store and configuration, telling of itself in events."""
    profile = profile or session.profile
    return [
        *(sys.executable, "-m", "callkit", "run", *sources, "--store", str(session.store), "--events"),
        *(("--config", str(session.config_path)) if session.config_path else ()),
        *(("--profile", profile) if profile else ()),
        *(part for override in (*session.overrides, *overrides) for part in ("--set", override)),
    ]


def note(progress: Progress, event: Event, shown: str = "") -> None:
    """Take one event of a run into account; `shown` names a recording that came without a name."""
    kind, call_id = event.get("event"), str(event.get("call_id") or "")
    if kind == "run_started":
        progress.total += 0 if shown else int(event.get("calls") or 0)  # what was uploaded is counted already
        return
    if kind not in ("call_started", "stage_progress", "call_finished", "duplicate"):
        return
    name = shown or str(event.get("source_name") or call_id)
    # The same recording under another name is a line of its own.
    key = f"{call_id} {name}" if kind == "duplicate" else call_id
    recording = progress.recordings.setdefault(key, Recording(name, call_id))
    if kind == "stage_progress":
        stage = str(event.get("stage"))
        for earlier in recording.stages:
            recording.stages[earlier] = 1.0
        recording.stages[stage] = float(event.get("share") or 0.0)
    elif kind == "call_finished":
        recording.status = str(event.get("status"))
        recording.what, recording.hint = str(event.get("what") or ""), str(event.get("hint") or "")
    elif kind == "duplicate":
        recording.status = "duplicate"


def parse(lines: Iterable[bytes]) -> Iterator[Event]:
    """The events among lines of output."""
    for line in lines:
        try:
            event = json.loads(line)
        except ValueError:
            continue
        if isinstance(event, dict):
            yield event


def profiles() -> list[str]:
    """Names of the profiles that come with callkit."""
    return sorted(path.stem for path in (resource("config") / "profiles").glob("*.toml"))


def _feed(pipe: IO[bytes], upload: bytes) -> None:
    try:
        with pipe:
            pipe.write(upload)
    except BrokenPipeError:
        pass  # the run ended early; its events and errors say why
