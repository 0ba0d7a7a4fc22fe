"""What a run shows while it goes on: a bar of calls, and one of seconds of audio for each call at work.

On a terminal bars, elsewhere one line a finished call; both on standard error, nothing under -q. With `--events`, one
JSON object a line on standard output, for programs.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from callkit.app import events
from callkit.cli import output

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from callkit.app.events import Event


@contextmanager
def shown(*, quiet: bool = False, as_events: bool = False) -> Iterator[Callable[[Event], None]]:
    """What to call with each event of a run."""
    if as_events:
        yield print_event
    elif quiet:
        yield lambda event: None
    elif output.console(stderr=True).is_terminal:
        with _progress() as progress:
            yield _Bars(progress).on
    else:
        yield _Lines().on


@contextmanager
def measuring(*, quiet: bool = False) -> Iterator[Callable[[str, float], None]]:
    """What to call with what is being measured and the share of all that is done. Shown on a terminal alone."""
    if quiet or not output.console(stderr=True).is_terminal:
        yield lambda what, share: None
        return
    with _progress() as progress:
        task = progress.add_task("measuring", total=1.0, count="")
        yield lambda what, share: progress.update(task, completed=share, count=output.plain(what))


def print_event(event: Event) -> None:
    """An event as a line of JSON: its kind in snake case under "event", then its fields."""
    from callkit.app.plain import jsonable

    kind = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in type(event).__name__)
    print_line({"event": kind.lstrip("_"), **jsonable(event)})


def print_line(fields: Mapping[str, object]) -> None:
    """A line of JSON on standard output. A reader that went away does not stop the run."""
    try:
        click.echo(json.dumps(fields, ensure_ascii=False))
    except BrokenPipeError:
        output.discard_stdout()


def _progress() -> Progress:
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=24),
        TextColumn("{task.fields[count]}", markup=False),
        TimeRemainingColumn(),
        console=output.console(stderr=True),
        transient=True,
    )


class _Bars:
    """A bar for all calls, and one for each call at work: which stage, and how far in seconds of audio."""

    def __init__(self, progress: Progress) -> None:
        self.progress = progress
        self.calls: TaskID | None = None
        self.tasks: dict[str, TaskID] = {}
        self.done = self.total = 0

    def on(self, event: Event) -> None:
        match event:
            case events.RunStarted():
                self.total = event.calls
                self.calls = self.progress.add_task("calls", total=event.calls, count=f"0/{event.calls}")
            case events.CallStarted():
                name = output.plain(event.source_name)
                self.tasks[event.call_id] = self.progress.add_task(name, total=None, count="")
            case events.StageProgress():
                self.stage(event)
            case events.CallFinished() | events.Duplicate():
                self.finish(event)

    def stage(self, event: events.StageProgress) -> None:
        if event.call_id not in self.tasks:
            return
        length = event.duration_s or 0.0
        at = f"{event.stage}  {output.clock(event.share * length)}/{output.clock(length)}" if length else event.stage
        self.progress.update(self.tasks[event.call_id], total=1.0, completed=event.share, count=at)

    def finish(self, event: events.CallFinished | events.Duplicate) -> None:
        task = self.tasks.pop(event.call_id, None)
        if task is not None:
            self.progress.remove_task(task)
        self.done += 1
        if self.calls is not None:
            self.progress.update(self.calls, completed=self.done, count=f"{self.done}/{self.total}")
        if isinstance(event, events.CallFinished) and event.status == "failed":
            self.progress.console.print(finished_line(event))


class _Lines:
    """A line for each call that is done: for logs and pipes. What was fresh already is only counted, at the end."""

    def __init__(self) -> None:
        self.done = self.total = 0

    def on(self, event: Event) -> None:
        if isinstance(event, events.RunStarted):
            self.total = event.calls
        elif isinstance(event, (events.CallFinished, events.Duplicate)):
            self.done += 1
            if isinstance(event, events.Duplicate) or event.status != "reused":
                click.echo(f"[{self.done}/{self.total}] {finished_line(event)}", err=True)


def finished_line(event: events.CallFinished | events.Duplicate) -> str:
    """What became of one recording, in one line."""
    name = output.plain(event.source_name)
    if isinstance(event, events.Duplicate):
        return f"{name}: the same recording as call {event.call_id}"
    if event.status == "failed":
        return f"{name}: error[{event.code}]: {event.what}" + (f" (hint: {event.hint})" if event.hint else "")
    return f"{name}: {event.status}, call {event.call_id}"
