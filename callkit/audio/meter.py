"""One channel's figures: level, peak, clipping, DC, noise, bandwidth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from callkit.audio.levels import FLOOR_DBFS, FRAME_S, Array, dbfs, frame_power, runs, smooth
from callkit.audio.recording import SAMPLE_RATE

#: mu-law's loudest sample is 0.980, A-law's 0.984: at or above this a sample has hit the ceiling.
CEILING = 0.975
#: The spectrum's highest frequency is where it falls this far below its peak for good.
BANDWIDTH_BELOW_DB = 55.0
_FRAME = round(FRAME_S * SAMPLE_RATE)
_FFT = 512


@dataclass(frozen=True, slots=True)
class Figures:
    """Of all channels: arrays (channels,); `levels` is the level curve (channels, frames) in dBFS, 10 ms a frame.

    `noise_dbfs` is the tenth percentile of the curve, `speech_dbfs` the mean level of what stands out of it.
    `bandwidth_hz` is 0 for a channel without sound.
    """

    levels: Array
    level_dbfs: Array
    peak_dbfs: Array
    clipping_share: Array
    dc_offset: Array
    noise_dbfs: Array
    speech_dbfs: Array
    bandwidth_hz: Array


class Meter:
    """Collects the figures of every channel block by block."""

    def __init__(self, channels: int) -> None:
        self._power: list[Array] = []
        self._samples = 0
        self._sum = np.zeros(channels)
        self._squares = np.zeros(channels)
        self._peak = np.zeros(channels, np.float32)
        self._clipped = np.zeros(channels)
        self._spectrum = np.zeros((channels, _FFT // 2 + 1))

    def add(self, block: Array) -> None:
        """Measure a block (channels, n) of a whole number of frames, the last one excepted."""
        size = np.abs(block)
        self._samples += block.shape[1]
        self._sum += block.sum(axis=1)
        self._squares += np.einsum("cs,cs->c", block, block)
        self._peak = np.maximum(self._peak, size.max(axis=1, initial=0))
        self._clipped += np.count_nonzero(size >= CEILING, axis=1)
        self._power.append(frame_power(block, _FRAME))
        self._spectrum += _mean_spectrum(block)

    def figures(self, silence_dbfs: float) -> Figures:
        levels = dbfs(smooth(np.concatenate(self._power, axis=1), 3))
        count = max(self._samples, 1)
        speech = [_speech_level(curve, silence_dbfs) for curve in levels]
        noise = np.array([np.percentile(curve, 10) if len(curve) else FLOOR_DBFS for curve in levels], np.float32)
        return Figures(
            levels=levels,
            level_dbfs=dbfs(self._squares / count),
            peak_dbfs=dbfs(np.square(self._peak, dtype=np.float64)),
            clipping_share=np.asarray(self._clipped / count, np.float32),
            dc_offset=np.asarray(self._sum / count, np.float32),
            noise_dbfs=noise,
            speech_dbfs=np.array(speech, np.float32),
            bandwidth_hz=np.array([_bandwidth(power) for power in self._spectrum], np.float32),
        )


def active(levels: Array, silence_dbfs: float) -> NDArray[np.bool_]:
    """Frames of a level curve that stand out: above silence, and 6 dB above the channel's own noise for 60 ms."""
    if len(levels) == 0:
        return np.zeros(0, bool)
    power = smooth(np.asarray(10 ** (levels / 10), np.float32)[None], 6)[0]
    return np.asarray(dbfs(power) > max(silence_dbfs, float(np.percentile(levels, 10)) + 6))


def sound_s(levels: Array, silence_dbfs: float) -> float:
    """Seconds that stand out."""
    return float(active(levels, silence_dbfs).sum() * FRAME_S)


def quiet_below(levels: Array, silence_dbfs: float) -> float:
    """The level under which a channel certainly holds no word.

    Where the quietest tenth of the recording is steady, that is its noise, and 4 dB above it there is nothing to hear
    (but never less than 20 dB below the speech). Where it is not, there may be no pause to tell the noise from, and a
    quiet speaker is up to 35 dB below a loud one.
    """
    loud = _speech_level(levels, silence_dbfs)
    if loud <= FLOOR_DBFS:
        return silence_dbfs
    least, low = np.percentile(levels, [1, 10])
    if low - least <= 3:
        return float(min(max(silence_dbfs, low + 4), loud - 20))
    return float(min(max(silence_dbfs, min(low + 4, loud - 35)), loud - 30))


def quiet_runs(levels: Array, silence_dbfs: float, min_s: float) -> list[tuple[float, float]]:
    """Stretches (seconds) of at least `min_s` during which no channel of `levels` (channels, frames) has any sound.

    Clicks of less than 30 ms don't end one.
    """
    sound = np.zeros(levels.shape[1], bool)
    for curve in levels:
        for start, end in runs(curve > quiet_below(curve, silence_dbfs), min_frames=6):
            sound[start:end] = True
    return [(start * FRAME_S, end * FRAME_S) for start, end in runs(~sound, min_frames=round(min_s / FRAME_S))]


def _speech_level(levels: Array, silence_dbfs: float) -> float:
    loud = levels[active(levels, silence_dbfs)]
    return float(dbfs(np.mean(10 ** (loud.astype(np.float64) / 10)))) if len(loud) else FLOOR_DBFS


def _mean_spectrum(block: Array) -> NDArray[np.float64]:
    """Sum of the power spectra of every other 32 ms of a block, (channels, bins)."""
    whole = block.shape[1] // (2 * _FFT) * (2 * _FFT)
    frames = block[:, :whole].reshape(len(block), -1, 2, _FFT)[:, :, 0] * np.hanning(_FFT).astype(np.float32)
    spectra = scipy.fft.rfft(frames, axis=2)
    return np.asarray((spectra.real**2 + spectra.imag**2).sum(axis=1), np.float64)


def _bandwidth(spectrum: NDArray[np.float64]) -> float:
    if spectrum.max() <= 0:
        return 0.0
    above = np.flatnonzero(10 * np.log10(np.maximum(spectrum / spectrum.max(), 1e-12)) > -BANDWIDTH_BELOW_DB)
    return float((above[-1] + 0.5) * SAMPLE_RATE / _FFT)
