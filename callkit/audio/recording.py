"""A recording as callkit reads it: any span of any channel at 16 kHz, from samples kept at their own rate."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from types import TracebackType
from typing import Protocol

import numpy as np
import soxr
from numpy.typing import NDArray

Samples = NDArray[np.float32]

SAMPLE_RATE = 16_000
#: Resampling goes by whole chunks on a fixed grid, so that a sample's value does not depend on how it is asked for.
CHUNK_S = 30
#: Read beyond a chunk's ends so that its resampled ends are those of the whole (soxr HQ rings for about 25 ms at 8 kHz).
#: A whole second, because only then chunk and margin are whole samples at every rate.
MARGIN_S = 1
#: Chunks kept: what a stage that goes back a little (one channel after the other, turn after turn) reads again.
CACHED_CHUNKS = 3


class Source(Protocol):
    """Samples at the rate they are kept at."""

    rate: int
    channels: int
    frames: int

    def read(self, start: int, stop: int) -> Samples:
        """Samples (n, channels) of the frames in [start, stop), within [0, frames]."""
        ...

    def close(self) -> None: ...


class Recording:
    """An `Audio` (`callkit.protocols`) over a source. Close it, or use it as a context manager, to free what it holds.

    Reading the same span gives the same samples, whether it is asked for at once or in blocks.
    """

    sample_rate = SAMPLE_RATE

    def __init__(self, source: Source, *, source_rate: int, codec: str) -> None:
        self.channels = source.channels
        self.frames = -(-source.frames * SAMPLE_RATE // source.rate)
        self.duration_s = self.frames / SAMPLE_RATE
        self.source_rate = source_rate
        self.codec = codec
        self._source = source
        self._chunks: OrderedDict[int, Samples] = OrderedDict()

    def read(self, channel: int | None, start_s: float = 0.0, end_s: float | None = None) -> Samples:
        """Samples (n,) of one channel, or of the mean of all channels for None, in [start_s, end_s)."""
        start = min(max(round(start_s * SAMPLE_RATE), 0), self.frames)
        stop = self.frames if end_s is None else min(max(round(end_s * SAMPLE_RATE), start), self.frames)
        out = np.empty(stop - start, np.float32)
        for place, samples in self._spans(start, stop):
            into = out[place : place + samples.shape[1]]
            if channel is None:
                np.mean(samples, axis=0, out=into)
            else:
                into[:] = samples[channel]
        return out

    def blocks(self, block_s: float = 30.0) -> Iterator[tuple[float, Samples]]:
        """Consecutive (start in seconds, samples (channels, n)) blocks from start to end."""
        step = max(1, round(block_s * SAMPLE_RATE))
        for start in range(0, self.frames, step):
            stop = min(start + step, self.frames)
            block = np.empty((self.channels, stop - start), np.float32)
            for place, samples in self._spans(start, stop):
                block[:, place : place + samples.shape[1]] = samples
            yield start / SAMPLE_RATE, block

    def close(self) -> None:
        """Let go of the samples. Idempotent."""
        self._chunks.clear()
        self._source.close()

    def __enter__(self) -> Recording:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _spans(self, start: int, stop: int) -> Iterator[tuple[int, Samples]]:
        """The parts (channels, n) of [start, stop), each with its place in it."""
        size = CHUNK_S * SAMPLE_RATE
        for index in range(start // size, -(-stop // size)):
            first = max(start, index * size)
            chunk = self._chunk(index)
            yield first - start, chunk[:, first - index * size : stop - index * size]

    def _chunk(self, index: int) -> Samples:
        """Chunk `index` of the grid at 16 kHz, (channels, n)."""
        if index in self._chunks:
            self._chunks.move_to_end(index)
            return self._chunks[index]
        source = self._source
        size = min(CHUNK_S * SAMPLE_RATE, self.frames - index * CHUNK_S * SAMPLE_RATE)
        first = index * CHUNK_S * source.rate
        if source.rate == SAMPLE_RATE:
            chunk = np.ascontiguousarray(source.read(first, first + size).T)
        else:
            before = MARGIN_S if index else 0
            last = min(first + (CHUNK_S + MARGIN_S) * source.rate, source.frames)
            kept = source.read(first - before * source.rate, last)
            chunk = np.zeros((self.channels, size), np.float32)
            for into, samples in zip(chunk, kept.T, strict=True):
                resampled = soxr.resample(np.ascontiguousarray(samples), source.rate, SAMPLE_RATE)
                part = resampled[before * SAMPLE_RATE :][:size]
                into[: len(part)] = part
        self._chunks[index] = chunk
        if len(self._chunks) > CACHED_CHUNKS:
            self._chunks.popitem(last=False)
        return chunk
