"""Which recordings the given paths mean: files, folders, globs and manifests."""

from __future__ import annotations

import errno
import glob
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from callkit.config import IngestSettings
from callkit.errors import CallkitError
from callkit.ingest.manifest import read_manifest

#: Endings of files that a folder is searched for. A file that is named itself is taken whatever its ending.
RECORDING_ENDINGS = frozenset({
    ".wav", ".wave", ".mp3", ".flac", ".ogg", ".oga", ".opus", ".m4a", ".mp4", ".aac", ".wma", ".webm", ".mka", ".amr", ".gsm",
    ".aif", ".aiff", ".au",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Found:
    """A file that looks like a recording, and what a manifest says of it. Private: names carry phone numbers."""

    path: Path = field(repr=False)
    manifest: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Problem:
    """A path that leads to no recording, with the error to show. `path` is private, the error is not."""

    path: Path = field(repr=False)
    error: CallkitError = field(default_factory=lambda: CallkitError("path-missing", "there is no recording"))


def discover(paths: Sequence[str | os.PathLike[str]], settings: IngestSettings) -> Iterator[Found | Problem]:
    """Every recording under these paths, folders in the order of their names.

    A path is a file, a folder (searched to the bottom), a glob pattern, or a manifest (`.csv`). What leads nowhere comes
    as a `Problem`, in place; the others go on.
    """
    for given in paths:
        yield from _expand(Path(given), settings)


def _expand(path: Path, settings: IngestSettings) -> Iterator[Found | Problem]:
    try:
        path.stat()
    except OSError as error:
        matches = sorted(glob.glob(str(path), recursive=True)) if glob.has_magic(str(path)) else []  # noqa: PTH207
        if not matches:
            yield Problem(path, path_error(error))
        for match in matches:
            yield from _expand(Path(match), settings)
        return
    except ValueError:  # a NUL in the name
        yield Problem(path, path_error(FileNotFoundError()))
        return
    if os.path.isdir(path):  # noqa: PTH112 - a Path's own is_dir stats again all the same
        yield from _folder(path, settings)
    elif path.suffix.lower() == ".csv":
        yield from _manifest(path, settings)
    elif not os.path.isfile(path):  # noqa: PTH113
        what = "the path is no file: a pipe or a device"
        yield Problem(path, CallkitError("audio-unreadable", what, "hand a recording over on standard input with `-`"))
    else:
        yield Found(path)


def _folder(top: Path, settings: IngestSettings) -> Iterator[Found | Problem]:
    """Recordings in a folder and below, hidden ones left out; each folder once, however links lead to it."""
    count = 0
    entered: set[tuple[int, int]] = set()
    refused: list[Problem] = []

    def refuse(error: OSError) -> None:
        refused.append(Problem(Path(error.filename or top), path_error(error)))

    for folder, folders, names in os.walk(top, followlinks=settings.follow_links, onerror=refuse):
        status = Path(folder).stat()
        if (status.st_dev, status.st_ino) in entered:
            folders.clear()
            continue
        entered.add((status.st_dev, status.st_ino))
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            path = Path(folder, name)
            if path.suffix.lower() not in RECORDING_ENDINGS or name.startswith("."):
                continue
            if path.is_symlink() and not settings.follow_links:
                continue
            count += 1
            yield Found(path)
    yield from refused
    if not count and not refused:
        what = "the folder holds nothing that looks like a recording"
        endings = " ".join(sorted(RECORDING_ENDINGS))
        yield Problem(
            top, CallkitError("no-recordings", what, f"recordings end in {endings}; others can be named one by one")
        )


def _manifest(path: Path, settings: IngestSettings) -> Iterator[Found | Problem]:
    try:
        listed = read_manifest(path)
    except CallkitError as error:
        yield Problem(path, error)
        return
    for recording, fields in listed:
        for one in _expand(recording, settings):
            yield Found(one.path, fields) if isinstance(one, Found) else one


def path_error(error: OSError) -> CallkitError:
    """What the system says of a path, without the path."""
    if error.errno == errno.ELOOP:
        return CallkitError("path-loop", "a symbolic link leads back to itself", "mend or remove the link")
    if error.errno in (errno.EACCES, errno.EPERM):
        return CallkitError("path-denied", "the path may not be read", "give yourself permission to read it")
    return CallkitError("path-missing", "there is nothing at the path", "check the path")
