"""What in a recording is music or a telephone's own tone rather than talk, from the spectrum alone.

Music holds its notes: over two seconds its spectral peaks stay where they are, while the harmonics of a voice glide and
break off. So each frame's spectrum is reduced to where its peaks are, and music is where most peaks lie at frequencies
that stay occupied (after the continuous frequency activation of Seyerlehner, Pohle, Schedl and Widmer, "Automatic music
detection in television productions", DAFx 2007). Talk over music brings peaks that move, and is not taken for music.

A tone is a frame with nearly all its energy at one or two frequencies. Call progress tones (ITU-T E.180) lie at 350 to
490 Hz, 620 Hz beside 480 Hz; a voicemail's beep is one frequency, higher up.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import scipy.fft
from numpy.typing import NDArray
from scipy.ndimage import maximum_filter1d, median_filter, minimum_filter1d, uniform_filter1d

from callkit.audio.levels import FLOOR_DBFS, FRAME_S, Array, runs
from callkit.audio.recording import SAMPLE_RATE

FFT = 1024
HOP = 320
HOP_S = HOP / SAMPLE_RATE
HERTZ = SAMPLE_RATE / FFT
#: 300 to 3500 Hz, what any telephone passes.
LOW, HIGH = 19, 225
#: A step of the music curve: 12 frames, 0.24 s; its window: 8 steps.
STEP = 12
STEP_S = STEP * HOP_S
LEVELS = round(STEP_S / FRAME_S)
WINDOW = 8
#: A spectral peak stands this far (dB) above its surroundings and at most so far below the frame's highest.
PEAK_DB = 3.0
RANGE_DB = 40.0
#: A frequency is held when its peak is there this much more of the time than beside it.
HELD = 0.4
#: Share of peaks at held frequencies. Over two seconds of speech it stays under 0.2; music without a voice lies around
#: 0.4 to 0.75, after GSM coding 0.3 to 0.4, and talk 10 dB above music at 0.1 to 0.3. So a short stretch must be plainer.
MUSIC_EDGE = 0.2
SURE_S = (4.0, 10.0)
SURE = (0.42, 0.28)
#: Share of the energy at held frequencies: in music without a voice mostly over 0.8, under talk about 0.5. Talk is where
#: it is low, or where it is not high and the level is this far above the quieter part of the music.
TALK_ENERGY = 0.4
STEADY_ENERGY = 0.85
TALK_ABOVE_DB = 9.0
#: The least for a stretch of music. Its level swings by 6 to 12 dB within some seconds, over 17 under talk.
MUSIC_ENERGY = 0.7
SWING_DB = 15.0
SWINGING_ENERGY = 0.84
#: Share of a frame's energy in one or two lines that makes it a tone.
PURE = 0.92


#: The longest pause in ringing: four seconds in North America, five in some countries.
RING_PAUSE_S = 5.5

SignalKind = Literal["ringback", "voicemail_beep"]


@dataclass(frozen=True, slots=True)
class Tone:
    """A steady tone of one or two frequencies (Hz), [start, end) in seconds; `second_hz` 0 for one alone."""

    start: float
    end: float
    first_hz: float
    second_hz: float


class TonalityMeter:
    """Collects one channel's spectral peaks and tones from consecutive blocks (n,)."""

    def __init__(self) -> None:
        self._tail = np.zeros(FFT // 2, np.float32)  # frames are centred on their time
        self._window = np.hanning(FFT).astype(np.float32)
        self._rest = np.zeros((0, HIGH - LOW), bool)
        self._rest_power = np.zeros((0, HIGH - LOW), np.float32)
        self._steps: list[NDArray[np.uint8]] = []
        self._power: list[Array] = []
        self._lines: list[Array] = []

    def add(self, block: Array) -> None:
        samples = np.concatenate((self._tail, block))
        count = max(0, (len(samples) - FFT) // HOP + 1)
        self._tail = samples[count * HOP :]
        if not count:
            return
        frames = np.lib.stride_tricks.sliding_window_view(samples, FFT)[::HOP][:count]
        spectra = scipy.fft.rfft(frames * self._window, axis=1)[:, : FFT // 4]
        power = spectra.real**2 + spectra.imag**2
        self._lines.append(_lines(power))
        peaks = np.concatenate((self._rest, _peaks(power[:, : HIGH + 10])))
        whole = len(peaks) // STEP * STEP
        self._steps.append(peaks[:whole].reshape(-1, STEP, HIGH - LOW).sum(axis=1, dtype=np.uint8))
        self._rest = peaks[whole:]
        band = np.concatenate((self._rest_power, power[:, LOW:HIGH]))
        self._power.append(band[:whole].reshape(-1, STEP, HIGH - LOW).sum(axis=1))
        self._rest_power = band[whole:]

    def music(self, curve: Array, least_dbfs: float, *, min_s: float) -> list[tuple[float, float]]:
        """Stretches of music of at least `min_s`.

        `curve` is the channel's level every 10 ms; below `least_dbfs` a hum or whistle in a pause is not music.
        """
        levels = step_levels(curve)
        counts = np.concatenate(self._steps) if self._steps else np.zeros((0, HIGH - LOW), np.uint8)
        counts, levels = counts[: len(levels)], levels[: len(counts)]
        if len(counts) < WINDOW:
            return []
        share, energy = held_shares(counts, np.concatenate(self._power)[: len(counts)])
        share[levels < least_dbfs] = 0
        calm = median_filter(share, 9, mode="nearest")
        found = []
        for start, end in runs(calm >= MUSIC_EDGE, min_frames=round(min_s / STEP_S), bridge_frames=4):
            for first, last in _without_talk(energy[start:end], levels[start:end]):
                first, last = start + first, start + last
                piece = share[first:last]
                lasts = (last - first) * STEP_S
                if (
                    lasts >= min_s
                    and piece.mean() >= np.interp(lasts, SURE_S, SURE)
                    and energy[first:last].mean() >= _energy_wanted(curve[first * LEVELS : last * LEVELS])
                ):
                    inside = np.flatnonzero(piece >= np.median(piece) / 2)
                    found.append(((first + inside[0]) * STEP_S, (first + inside[-1] + 1) * STEP_S))
        return found

    def tones(self) -> list[Tone]:
        """Steady tones of at least 0.2 s."""
        lines = np.concatenate(self._lines) if self._lines else np.zeros((0, 4), np.float32)
        return list(_steady(lines))


def signals(tones: Sequence[Tone]) -> list[tuple[SignalKind, float, float]]:
    """Ringing, busy and dial tones (all "ringback") and voicemail beeps among steady tones, by start.

    Bursts of ringing or busy tone with only silence between them are one stretch.
    """
    found: list[tuple[SignalKind, float, float]] = []
    for tone in tones:
        kind = _kind(tone)
        if kind is None:
            continue
        if found and kind == "ringback" == found[-1][0] and tone.start - found[-1][2] <= RING_PAUSE_S:
            found[-1] = (kind, found[-1][1], tone.end)
        else:
            found.append((kind, tone.start, tone.end))
    return found


def _kind(tone: Tone) -> SignalKind | None:
    """What a tone of that pitch and length is; voices hold none of these so long."""
    low, high, lasts = tone.first_hz, tone.second_hz or tone.first_hz, tone.end - tone.start
    if lasts >= 0.35 and 340 <= low <= 500 and (high <= 500 or 600 <= high <= 640):
        return "ringback"
    if tone.second_hz == 0 and low >= 600 and 0.2 <= lasts <= 2.0:
        return "voicemail_beep"
    return None


def held_shares(counts: NDArray[np.uint8], power: Array) -> tuple[Array, Array]:
    """Shares of the peaks, and of the energy, at held frequencies in the two seconds around each step.

    `counts` are peaks and `power` is energy by step and bin, (steps, bins).
    """
    activation = uniform_filter1d(counts.astype(np.float32) / STEP, WINDOW, axis=0, mode="nearest")
    beside = minimum_filter1d(activation, 11, axis=1)
    held = maximum_filter1d(((activation - beside) >= HELD).astype(np.uint8), 3, axis=1) > 0
    peaks = (activation * held).sum(axis=1) / np.maximum(activation.sum(axis=1), 2.0)
    energy = (power * held).sum(axis=1) / np.maximum(power.sum(axis=1), 1e-9)
    return np.asarray(peaks, np.float32), np.asarray(energy, np.float32)


def step_levels(curve: Array) -> Array:
    """The loudest 10 ms of each step of the music curve."""
    whole = np.pad(curve, (0, -len(curve) % LEVELS + LEVELS), constant_values=FLOOR_DBFS)
    return np.asarray(whole.reshape(-1, LEVELS).max(axis=1), np.float32)


def _energy_wanted(curve: Array) -> float:
    """The share of energy at held frequencies that makes music of a stretch: more where the level swings like talk."""
    low, high = np.percentile(curve, [10, 95])
    return SWINGING_ENERGY if high - low > SWING_DB else MUSIC_ENERGY


def _without_talk(energy: Array, levels: Array) -> list[tuple[int, int]]:
    """The parts of a run in which the held frequencies have the energy, and nothing is much louder than usual."""
    usual = float(np.percentile(levels, 20))
    talk = (energy < TALK_ENERGY) | ((energy < STEADY_ENERGY) & (levels > usual + TALK_ABOVE_DB))
    music = np.ones(len(levels), bool)
    for first, last in runs(talk, min_frames=5, bridge_frames=3):
        music[first:last] = False
    return runs(music)


def _peaks(power: Array) -> NDArray[np.bool_]:
    """Where each frame's spectral peaks are, (frames, HIGH - LOW)."""
    level = np.log10(power + 1e-9, dtype=np.float32) * 10
    above = level - uniform_filter1d(level, 21, axis=1)
    band = level[:, LOW:HIGH]
    found = (above[:, LOW:HIGH] > PEAK_DB) & (band > level.max(axis=1, keepdims=True) - RANGE_DB)
    return np.asarray(found)


def _lines(power: Array) -> Array:
    """(bin, bin, share of the energy in both, share in the first) of each frame's two strongest lines, 0 Hz left out."""
    rest = power.copy()
    rest[:, :8] = 0
    total = rest.sum(axis=1) + 1e-9
    rows = np.arange(len(rest))[:, None]
    out = np.zeros((len(rest), 4), np.float32)
    taken = np.zeros(len(rest), np.float32)
    for line in (0, 1):
        place = rest.argmax(axis=1)
        around = np.clip(place[:, None] + np.arange(-3, 4), 0, rest.shape[1] - 1)
        taken += rest[rows, around].sum(axis=1)
        rest[rows, around] = 0
        out[:, line] = place
        out[:, 2 + (1 - line)] = taken / total
    return out


def _steady(lines: Array) -> Iterable[Tone]:
    """Runs of pure frames whose strongest lines keep their places."""
    one = lines[:, 3] >= PURE
    for start, end in runs(np.asarray(lines[:, 2] >= PURE), min_frames=8):
        single = bool(np.mean(one[start:end]) > 0.8)
        pair = np.sort(lines[start:end, :2], axis=1) if not single else lines[start:end, [0, 0]]
        middle = np.median(pair, axis=0)
        same = (np.abs(pair - middle) <= 1.5).all(axis=1)
        for first, last in runs(same, min_frames=8, bridge_frames=2):
            yield Tone(
                (start + first) * HOP_S,
                (start + last) * HOP_S,
                float(middle[0] * HERTZ),
                0.0 if single else float(middle[1] * HERTZ),
            )
