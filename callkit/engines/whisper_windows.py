"""Whisper's 30-second windows: pack the speech of a channel into them, and map times back to the recording."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

SAMPLE_RATE = 16_000
WINDOW_S = 30.0
GAP_S = 0.1
"""Silence put between two pieces of a window, so that words on either side stay apart."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of speech on one channel: `start` in seconds of the recording, samples at 16 kHz."""

    channel: int | None
    start: float
    samples: NDArray[np.float32] = field(repr=False)

    @property
    def duration(self) -> float:
        return len(self.samples) / SAMPLE_RATE

    @property
    def end(self) -> float:
        return self.start + self.duration


@dataclass(frozen=True, slots=True)
class Window:
    """Pieces of one channel laid one after another; `offsets[i]` is where piece i begins in the window, in seconds."""

    pieces: tuple[Piece, ...]
    offsets: tuple[float, ...]

    @property
    def channel(self) -> int | None:
        return self.pieces[0].channel

    @property
    def duration(self) -> float:
        return self.offsets[-1] + self.pieces[-1].duration

    @property
    def speech_s(self) -> float:
        return sum(piece.duration for piece in self.pieces)

    def samples(self) -> NDArray[np.float32]:
        """The window's audio, silence in the gaps; not padded to 30 s."""
        out = np.zeros(round(self.duration * SAMPLE_RATE), dtype=np.float32)
        for piece, offset in zip(self.pieces, self.offsets, strict=True):
            first = round(offset * SAMPLE_RATE)
            room = out[first : first + len(piece.samples)]
            room[:] = piece.samples[: len(room)]
        return out

    def stretches(self) -> list[tuple[float, float]]:
        """Where each piece lies in the window, in seconds."""
        return [(offset, offset + piece.duration) for piece, offset in zip(self.pieces, self.offsets, strict=True)]

    def piece_at(self, time: float) -> int:
        """The piece in which a time of the window falls; a gap belongs to the piece before it."""
        return max(0, bisect_right(self.offsets, time) - 1)

    def to_recording(self, start: float, end: float, *, across: bool = False) -> tuple[float, float]:
        """Map an interval of the window to the recording, kept within the one piece its middle falls in.

        `across` lets it reach over several pieces: a number said with pauses is written as one word.
        """
        first = last = self.piece_at((start + end) / 2)
        if across:
            first, last = self.piece_at(start), self.piece_at(end)
            if first < last and start >= self.offsets[first] + self.pieces[first].duration:
                first += 1
        begin = self.pieces[first].start + min(max(start - self.offsets[first], 0.0), self.pieces[first].duration)
        finish = self.pieces[last].start + min(max(end - self.offsets[last], 0.0), self.pieces[last].duration)
        return begin, max(begin, finish)


def pack(pieces: Iterable[Piece], *, window_s: float = WINDOW_S, gap_s: float = GAP_S) -> Iterator[Window]:
    """Fill windows with consecutive pieces of one channel; a piece longer than a window must be split before."""
    held: list[Piece] = []
    offsets: list[float] = []
    end = 0.0
    for piece in pieces:
        begin = end + gap_s if held else 0.0
        if held and (piece.channel != held[0].channel or begin + piece.duration > window_s):
            yield Window(tuple(held), tuple(offsets))
            held, offsets, begin = [], [], 0.0
        held.append(piece)
        offsets.append(begin)
        end = begin + piece.duration
    if held:
        yield Window(tuple(held), tuple(offsets))
