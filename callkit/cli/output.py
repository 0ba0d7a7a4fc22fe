"""Tables, JSON and text on standard output; notes on standard error.

Colour only on a terminal and never under NO_COLOR (rich sees to both). Nothing is read as markup: "[CARD]" is text.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from callkit.errors import UsageError

if TYPE_CHECKING:
    from rich.console import Console

#: Control characters, which a terminal would obey.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")

#: Off a terminal nothing is cut or wrapped.
_UNBOUNDED = 100_000


def console(*, stderr: bool = False) -> Console:
    """A rich console that treats text as text."""
    from rich.console import Console

    return Console(stderr=stderr, markup=False, highlight=False, emoji=False)


def show(renderable: Any) -> None:
    """Print something of rich's. Off a terminal nothing is cut, wrapped or padded."""
    out = console()
    if out.is_terminal:
        out.print(renderable)
        return
    out.width = _UNBOUNDED
    with out.capture() as captured:
        out.print(renderable)
    click.echo("\n".join(line.rstrip() for line in captured.get().splitlines()))


def line(*parts: tuple[str, str]) -> None:
    """Print a line of (text, style) parts."""
    from rich.text import Text

    shown = Text()
    for text, style in parts:
        shown.append(plain(text), style=style)
    show(shown)


def table(
    rows: Sequence[Mapping[str, Any]], columns: Sequence[str] | None = None, *, title: str = "", empty: str = "nothing"
) -> None:
    """Print rows as a table. `columns` (default: the first row's keys) are shown in that order; numbers to the right."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    if not rows:
        click.echo(empty)
        return
    names = columns or list(rows[0])
    shown = Table(
        box=box.SIMPLE_HEAD,
        show_edge=False,
        pad_edge=False,
        title=title or None,
        title_justify="left",
        header_style="bold",
    )
    for name in names:
        numeric = all(isinstance(row.get(name), (int, float)) or row.get(name) is None for row in rows)
        shown.add_column(Text(name), justify="right" if numeric else "left", overflow="fold")
    for row in rows:
        shown.add_row(*(Text(plain(cell(row.get(name)))) for name in names))
    show(shown)


def as_json(value: Any) -> None:
    """Print a value as JSON."""
    from callkit.app.plain import to_json

    click.echo(to_json(value))


def cell(value: Any) -> str:
    """A value in a table: nothing for null, figures to three digits after the point, lists joined by commas."""
    if value is None or value != value:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.3f}".rstrip("0").rstrip(".") or "0"
    if isinstance(value, (list, tuple)):
        return ", ".join(cell(item) for item in value)
    return str(value)


def counted(count: int, noun: str) -> str:
    """ "1 call", "2 calls"."""
    return f"{count:,} {noun}" + ("" if count == 1 else "s")


def plain(text: str) -> str:
    """Text without what a terminal would obey: control characters become visible escapes."""
    return _CONTROL.sub(
        lambda found: "\n" if found.group() == "\n" else found.group().encode("unicode_escape").decode(), text
    )


def note(text: str) -> None:
    """A line for the person, on standard error; silent under -q."""
    from callkit.cli.common import quiet

    if not quiet():
        click.echo(plain(text), err=True)


def clock(seconds: float) -> str:
    """Seconds as people say them: 4:07, 1:02:03."""
    whole = round(seconds)
    hours, minutes, rest = whole // 3600, whole // 60 % 60, whole % 60
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def discard_stdout() -> None:
    """Standard output's reader has gone: whatever else is written goes nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def write(path: Path, data: bytes) -> None:
    """Write a file that was asked for, and say so."""
    try:
        path.write_bytes(data)
    except OSError as error:
        what = f"the file given to --output cannot be written ({type(error).__name__})"
        raise UsageError("usage", what, "check the folder and its permissions") from None
    note(f"wrote {len(data):,} bytes to {path}")
