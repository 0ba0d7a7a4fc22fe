"""The store's file and what lies beside it."""

from __future__ import annotations

import os
import secrets
import shutil
from dataclasses import dataclass
from pathlib import Path

from callkit.errors import StoreError

PARTIAL = ".partial"
"""Ends the name of every file that is still being written; one left over from a run that died is removed."""


@dataclass(frozen=True, slots=True)
class StoreFiles:
    """Where everything of one store is, given the snapshot's path (`calls.duckdb`)."""

    snapshot: Path

    @classmethod
    def at(cls, path: str | os.PathLike[str]) -> StoreFiles:
        return cls(Path(path).absolute())

    def beside(self, ending: str) -> Path:
        return self.snapshot.with_name(self.snapshot.name.removesuffix(".duckdb") + ending)

    @property
    def ledger(self) -> Path:
        """The writer's database."""
        return self.beside(".ledger.duckdb")

    @property
    def lock(self) -> Path:
        """Held by the process that writes."""
        return self.beside(".lock")

    @property
    def key(self) -> Path:
        """The key that turns customer references into pseudonyms; readable by the owner alone."""
        return self.beside(".key")

    @property
    def spill(self) -> Path:
        """Folder for what DuckDB cannot hold in memory while it copies; as safe as the ledger."""
        return self.beside(".ledger.tmp")

    @property
    def audio(self) -> Path:
        """Folder of muted recordings."""
        return self.beside(".audio")

    @property
    def vault(self) -> Path:
        """Folder of encrypted raw words, a folder a call; only where `[vault] keep_private` is set."""
        return self.beside(".vault")

    def remove_partial(self) -> None:
        """Remove what a run that died left half written. Only while holding the lock."""
        half_written = (
            path
            for path in self.snapshot.parent.iterdir()
            if path.name.startswith(f"{self.beside('').name}.") and PARTIAL in path.name and path.is_file()
        )
        for path in half_written:
            path.unlink(missing_ok=True)
        if self.spill.is_dir():
            shutil.rmtree(self.spill)


def partial(path: Path) -> Path:
    """The name under which `path` is written before it is whole."""
    return path.with_name(path.name + PARTIAL)


def swap_in(finished: Path, path: Path) -> None:
    """Put a finished file in a path's place at once and for good: readers see the old one or the new one."""
    sync(finished)
    finished.replace(path)
    sync(path.parent)


def sync(path: Path) -> None:
    """Wait until a file, or a folder's list of names, is on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def pseudonym_key(files: StoreFiles) -> bytes:
    """The store's key for pseudonyms, made on first use: 32 random bytes that only the owner may read."""
    try:
        if not files.key.exists():
            fresh = partial(files.key)
            fresh.unlink(missing_ok=True)
            handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "wb") as file:
                file.write(secrets.token_bytes(32))
            swap_in(fresh, files.key)
        return files.key.read_bytes()
    except OSError:
        raise cannot_write() from None


def cannot_write() -> StoreError:
    """The one error for a full or read-only disk."""
    return StoreError(
        "store-write",
        "the store, or a file beside it, cannot be written",
        "the disk may be full or read-only: make room or choose another --store; what was stored before is intact",
    )
