"""A channel without the other side's echo: where all that is heard of it is explained by the other channel, silence.

On a true stereo call each side leaks a little into the other's channel. Left alone, the leak is transcribed a second
time and counted as talk. How far down it is, is measured on the call itself: while one side talks the other mostly
listens, so the middle of the level differences is the leak (or the line's noise).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from callkit.protocols import Audio

if TYPE_CHECKING:
    from numpy.typing import NDArray

FRAME_S = 0.02
#: A channel is explained by the other where it is less than this (dB) above the leak's usual level, ...
MARGIN_DB = 6.0
#: ... and never where it is within this (dB) of the other channel: then both talk.
NEAREST_DB = -8.0
#: Echo comes late: the other channel is looked at this far back (seconds); levels are smoothed over this many frames.
ECHO_S = 0.3
SMOOTH = 9
#: A channel talks where it is this far (dB) above its own quiet level.
TALK_DB = 15.0


@dataclass(frozen=True, slots=True)
class WithoutBleed:
    """An `Audio` of two channels in which each is silent where it only repeats the other. Mixing reads are unchanged."""

    audio: Audio
    explained: NDArray[np.bool_]

    @property
    def sample_rate(self) -> int:
        return self.audio.sample_rate

    @property
    def channels(self) -> int:
        return self.audio.channels

    @property
    def frames(self) -> int:
        return self.audio.frames

    @property
    def duration_s(self) -> float:
        return self.audio.duration_s

    @property
    def source_rate(self) -> int:
        return self.audio.source_rate

    @property
    def codec(self) -> str:
        return self.audio.codec

    def read(self, channel: int | None, start_s: float = 0.0, end_s: float | None = None) -> NDArray[np.float32]:
        samples = self.audio.read(channel, start_s, end_s)
        if channel is None:
            return samples
        hop = FRAME_S * self.sample_rate
        first = int(max(0.0, start_s) / FRAME_S)
        gain = 1.0 - self.explained[channel, first : first + int(len(samples) / hop) + 2].astype(np.float32)
        places = (np.arange(len(samples)) + max(0.0, start_s) * self.sample_rate) / hop - first - 0.5
        if not len(gain):
            return samples
        kept: NDArray[np.float32] = samples * np.interp(places, np.arange(len(gain)), gain).astype(np.float32)
        return kept

    def blocks(self, block_s: float = 30.0) -> Iterator[tuple[float, NDArray[np.float32]]]:
        start = 0.0
        while start < self.duration_s:
            end = start + block_s
            yield start, np.stack([self.read(channel, start, end) for channel in range(self.channels)])
            start = end


def without_bleed(audio: Audio) -> WithoutBleed:
    """Read the levels of both channels once and find where each only repeats the other."""
    levels = smooth(frame_levels(audio))
    return WithoutBleed(audio, np.stack([explained_by(levels[0], levels[1]), explained_by(levels[1], levels[0])]))


def frame_levels(audio: Audio) -> NDArray[np.float32]:
    """(channels, frames) RMS level of each 20 ms in dB of full scale."""
    hop = round(FRAME_S * audio.sample_rate)
    parts = []
    for _, block in audio.blocks(30.0):
        count = -(-block.shape[1] // hop)
        padded = np.pad(block, ((0, 0), (0, count * hop - block.shape[1])))
        power = np.square(padded.reshape(len(block), count, hop)).mean(axis=2)
        parts.append(10 * np.log10(power + 1e-10))
    levels: NDArray[np.float32] = np.concatenate(parts, axis=1).astype(np.float32)
    return levels


def smooth(levels: NDArray[np.float32]) -> NDArray[np.float32]:
    """Levels of the power averaged over `SMOOTH` frames around each."""
    power = 10 ** (levels / 10)
    padded = np.pad(np.cumsum(power, axis=1), ((0, 0), (1, 0)))
    frames = levels.shape[1]
    low = np.clip(np.arange(frames) - SMOOTH // 2, 0, frames)
    high = np.clip(np.arange(frames) + SMOOTH // 2 + 1, 0, frames)
    mean = (padded[:, high] - padded[:, low]) / (high - low)
    smoothed: NDArray[np.float32] = (10 * np.log10(np.maximum(mean, 1e-10))).astype(np.float32)
    return smoothed


def explained_by(mine: NDArray[np.float32], other: NDArray[np.float32]) -> NDArray[np.bool_]:
    """The frames of a channel in which it holds no more than the other's leak and the line's noise."""
    back = round(ECHO_S / FRAME_S)
    source = other.copy()
    for delay in range(1, back + 1):
        np.maximum(source[delay:], other[:-delay], out=source[delay:])
    talking = other > np.percentile(other, 10) + TALK_DB
    difference = mine - source
    if talking.sum() < 50:
        return np.zeros(len(mine), dtype=bool)
    usual = float(np.median(difference[talking]))
    explained: NDArray[np.bool_] = (difference < min(usual + MARGIN_DB, NEAREST_DB)) & (
        source > np.percentile(other, 10) + TALK_DB
    )
    return explained
