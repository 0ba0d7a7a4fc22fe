"""One process writes: the lock beside the store."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from types import TracebackType

from callkit.errors import StoreError
from callkit.store.files import cannot_write


class Lock:
    """An exclusive lock on a file, let go by the system even when its holder is killed.

    Raises `StoreError("store-locked")` at once if another process holds it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._handle: int | None = None

    def __enter__(self) -> Lock:
        try:
            handle = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError:
            raise cannot_write() from None
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(handle, 32).decode("ascii", "replace").strip()
            os.close(handle)
            what = (
                f"process {holder} is writing to this store"
                if holder.isdigit()
                else "another run is writing to this store"
            )
            raise StoreError("store-locked", what, "wait until it ends, or choose another --store") from None
        except OSError:
            os.close(handle)
            raise cannot_write() from None
        self._handle = handle
        try:
            os.truncate(handle, 0)
            os.pwrite(handle, str(os.getpid()).encode(), 0)
        except OSError:
            pass  # a full disk: the lock holds all the same, only nameless
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None
