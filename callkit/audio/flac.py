"""Write samples as FLAC, block by block."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from types import TracebackType

import numpy as np
import soundfile
from numpy.typing import NDArray

from callkit.audio.recording import SAMPLE_RATE, Recording
from callkit.errors import StoreError


def to_int16(samples: NDArray[np.float32]) -> NDArray[np.int16]:
    """[-1, 1] to 16 bits, the inverse of reading: a sample that came from 16 bits goes back to the same 16 bits."""
    return np.asarray(np.clip(np.rint(samples * 32768.0), -32768, 32767), np.int16)


class FlacWriter:
    """A 16 kHz, 16-bit FLAC file that only its owner may read and that grows by blocks; a context manager.

    Leaving it by an error removes the file. Raises `StoreError("store-write")`.
    """

    def __init__(self, path: Path, *, channels: int) -> None:
        self._path = path
        self._written = 0
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
        except (OSError, ValueError):
            raise _unwritable() from None
        self._file = soundfile.SoundFile(
            self._descriptor, "w", SAMPLE_RATE, channels, format="FLAC", subtype="PCM_16", closefd=False
        )

    def write(self, block: NDArray[np.int16]) -> None:
        """Append samples (n, channels)."""
        try:
            self._file.write(block)
        except (OSError, soundfile.SoundFileError):
            raise _unwritable() from None
        self._written += len(block)

    def __enter__(self) -> FlacWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._file.close()
            if kind is None:
                self._check()
        except BaseException:
            kind = StoreError
            raise
        finally:
            os.close(self._descriptor)
            if kind is not None:
                self._path.unlink(missing_ok=True)

    def _check(self) -> None:
        """libsndfile says nothing when the last bytes of a FLAC file find no room: look whether they are there."""
        try:
            with soundfile.SoundFile(self._path) as written:
                last = max(0, self._written - 1)
                written.seek(last)
                whole = len(written.read(1, dtype="int16")) == min(self._written, 1)
        except (OSError, soundfile.SoundFileError):
            whole = False
        if not whole:
            raise _unwritable()


def samples_sha256(audio: Recording) -> str:
    """SHA-256 (hex) of a recording's 16-bit samples at 16 kHz, channels interleaved, little-endian.

    What `MutedAudio.sha256` holds: that of a FLAC file's contents, whatever its compression.
    """
    digest = hashlib.sha256()
    for _, block in audio.blocks():
        digest.update(to_int16(block.T).astype("<i2").tobytes())
    return digest.hexdigest()


def _unwritable() -> StoreError:
    return StoreError("store-write", "muted audio cannot be written", "free disk space, or make the folder writable")
