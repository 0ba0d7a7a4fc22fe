"""What two channels have to do with each other: different people, the same mono twice, or one bleeding into the other.

By blocks of one second: how loud each channel is, and how much of one is the other, delayed and scaled. The measure is
the highest normalised cross-correlation within `MAX_LAG_S`, in the telephone band, so that hum and DC don't count. The
same mono twice is alike in every second with one gain and one lag; bleed is alike only while the other side talks, and
much weaker than it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from callkit.audio.levels import Array, dbfs
from callkit.audio.recording import SAMPLE_RATE

MAX_LAG_S = 0.3
BAND_HZ = (200, 3800)
#: Zeros after each second, so that a delay within reach does not wrap around.
_FFT = scipy.fft.next_fast_len(SAMPLE_RATE + int(MAX_LAG_S * SAMPLE_RATE), real=True)

#: Two people's speech correlates to about 0.2 by chance at the best of all lags.
ALIKE = 0.5
SAME_MONO = 0.75
#: Beyond this difference the weaker copy is a leak, not the same mono recorded twice.
SAME_MONO_GAIN_DB = 14.0
#: The weaker channel lies at least this far below in a second of bleed.
BLEED_BELOW_DB = 8.0
LAG_TOLERANCE_S = 0.002


@dataclass(frozen=True, slots=True)
class Relation:
    """A pair of channels. `correlation` is the middle one of the seconds with sound, `lag_s` how much later the second
    channel is, `gain_db` how much louder. `bleed` has the share of bleed in each ten seconds with talk, None where
    there is none, and `only_bleed` the channel in which there is nothing but the other one's talk.
    """

    same_mono: bool
    correlation: float | None
    lag_s: float | None
    gain_db: float | None
    inverted: bool
    bleed: tuple[float | None, ...]
    bleed_db: float | None
    only_bleed: int | None = None


class PairMeter:
    """Collects one-second figures from blocks (2, n) of whole seconds."""

    def __init__(self) -> None:
        self._parts: list[NDArray[np.float64]] = []

    def add(self, block: Array) -> None:
        """Measure a block (2, n); a last part of less than half a second is left out."""
        whole = block.shape[1] // SAMPLE_RATE * SAMPLE_RATE
        self._parts.append(_figures(block[:, :whole].reshape(2, -1, SAMPLE_RATE)))
        if block.shape[1] - whole >= SAMPLE_RATE // 2:
            self._parts.append(_figures(block[:, None, whole:]))

    def relation(self, silence_dbfs: float) -> Relation:
        """The verdict over all blocks; `silence_dbfs` is the level below which a second has no sound."""
        figures = np.concatenate(self._parts, axis=1) if self._parts else np.zeros((4, 0))
        left, right, peak, lag = figures[0], figures[1], figures[2], figures[3]
        heard = np.maximum(left, right) > silence_dbfs
        if not heard.any():
            return Relation(False, None, None, None, False, (), None)
        weight = np.where(heard, 10 ** (np.maximum(left, right) / 20), 0.0)
        alike = heard & (np.abs(peak) >= ALIKE)
        gain = right - left
        middle_gain = weighted_median(gain[heard], weight[heard])
        middle_lag = weighted_median(lag[alike], weight[alike]) if alike.any() else None
        steady = np.abs(gain - middle_gain) <= 6
        if middle_lag is not None:
            steady &= np.abs(lag - middle_lag) <= LAG_TOLERANCE_S
        same = weight[heard & (np.abs(peak) >= SAME_MONO) & steady].sum() >= 0.9 * weight.sum()
        same &= abs(middle_gain) <= SAME_MONO_GAIN_DB
        leaks = _leaks(left, right, np.abs(peak), lag, heard)
        leak = np.asarray(leaks.any(axis=0))
        weaker = np.minimum(left, right) - np.maximum(left, right) + 20 * np.log10(np.maximum(np.abs(peak), 1e-6))
        return Relation(
            same_mono=bool(same),
            correlation=weighted_median(np.abs(peak[heard]), weight[heard]),
            lag_s=middle_lag if same else None,
            gain_db=middle_gain,
            inverted=bool(same and weighted_median(peak[heard], weight[heard]) < 0),
            bleed=() if same else _by_ten_seconds(leak, heard),
            bleed_db=None if same or not leak.any() else float(np.median(weaker[leak])),
            only_bleed=None if same else _only_leak(leaks, figures[:2]),
        )


def _figures(seconds: Array) -> NDArray[np.float64]:
    """Of seconds (2, k, n): level of each channel (dBFS), signed peak correlation and its lag in s, as (4, k)."""
    spectra = scipy.fft.rfft(seconds, _FFT, axis=2)
    hertz = SAMPLE_RATE / _FFT
    spectra[:, :, : round(BAND_HZ[0] / hertz)] = 0
    spectra[:, :, round(BAND_HZ[1] / hertz) :] = 0
    power = 2 * np.einsum("ckf,ckf->ck", spectra, spectra.conj()).real / _FFT
    cross = scipy.fft.irfft(spectra[1] * spectra[0].conj(), _FFT, axis=1)
    reach = int(MAX_LAG_S * SAMPLE_RATE)
    near = np.concatenate((cross[:, -reach:], cross[:, : reach + 1]), axis=1)
    place = np.abs(near).argmax(axis=1)
    scale = np.sqrt(np.maximum(power[0] * power[1], 1e-12))
    peak = near[np.arange(len(place)), place] / scale
    levels = dbfs(power / seconds.shape[2])
    return np.stack((levels[0], levels[1], peak, (place - reach) / SAMPLE_RATE)).astype(np.float64)


def _leaks(
    left: NDArray[np.float64],
    right: NDArray[np.float64],
    alike: NDArray[np.float64],
    lag: NDArray[np.float64],
    heard: NDArray[np.bool_],
) -> NDArray[np.bool_]:
    """The seconds in which each channel, (2, seconds), holds the louder other one's talk."""
    found = np.zeros((2, len(left)), bool)
    for weaker, below in ((1, left - right), (0, right - left)):
        candidates = heard & (below >= BLEED_BELOW_DB) & (alike >= ALIKE)
        if candidates.sum() >= 3:  # a leak has one delay in each direction; chance has any
            found[weaker] = candidates & (np.abs(lag - np.median(lag[candidates])) <= LAG_TOLERANCE_S)
    return found


def _by_ten_seconds(leak: NDArray[np.bool_], heard: NDArray[np.bool_]) -> tuple[float | None, ...]:
    """Share of leak in the seconds with sound of each ten."""
    starts = range(0, len(leak), 10)
    heard_s = [int(heard[start : start + 10].sum()) for start in starts]
    return tuple(
        round(float(leak[start : start + 10].sum()) / spoken, 3) if spoken else None
        for start, spoken in zip(starts, heard_s, strict=True)
    )


def _only_leak(leaks: NDArray[np.bool_], levels: NDArray[np.float64]) -> int | None:
    """The channel that never has sound as loud as its leak but the leak itself."""
    for channel in (0, 1):
        leak = leaks[channel]
        if leak.sum() >= 3 and not (~leak & (levels[channel] >= np.median(levels[channel][leak]) - 6)).any():
            return channel
    return None


def weighted_median(values: NDArray[np.float64], weights: NDArray[np.float64]) -> float:
    """The value with half of the weight on either side."""
    order = np.argsort(values)
    total = np.cumsum(weights[order])
    return float(values[order][np.searchsorted(total, total[-1] / 2)])
