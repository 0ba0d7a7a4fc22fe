"""Word times from Whisper's attention, set right: shifted by its lead and settled on where there is sound."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from callkit.engines.whisper_windows import SAMPLE_RATE

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Attention turns to a word before it is spoken and leaves before it is over: the median lead (seconds) measured on
#: calls whose words were synthesized one by one, so that their times are exact.
LEAD_START_S = 0.085
LEAD_END_S = 0.07
FRAME_S = 0.01
#: Sound is so far (dB) above the quietest tenth of the window, but no farther below its loud parts than the second
#: figure, and what is within the third of them always is sound.
ABOVE_FLOOR_DB = 8.0
BELOW_PEAK_DB = 35.0
NEAR_PEAK_DB = 10.0
SHORTEST_S = 0.04


def loud_frames(samples: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Which 10 ms frames of a window hold sound."""
    hop = round(FRAME_S * SAMPLE_RATE)
    count = len(samples) // hop
    if not count:
        return np.zeros(0, dtype=bool)
    power = np.square(samples[: count * hop].reshape(count, hop)).mean(axis=1)
    power = np.convolve(power, np.ones(3) / 3, mode="same")
    levels = 10 * np.log10(power + 1e-10)
    heard = levels[levels > -95.0]
    if not len(heard):
        return np.zeros(count, dtype=bool)
    floor, peak = np.percentile(heard, 10), np.percentile(heard, 95)
    loud: NDArray[np.bool_] = levels > min(max(floor + ABOVE_FLOOR_DB, peak - BELOW_PEAK_DB), peak - NEAR_PEAK_DB)
    return loud


def settle(start: float, end: float, loud: NDArray[np.bool_]) -> tuple[float, float]:
    """A word's times in the window: its lead taken off, and silence at either end given up.

    A word in which no frame is loud keeps its times.
    """
    start, end = start + LEAD_START_S, end + LEAD_END_S
    end = max(end, start + SHORTEST_S)
    first, last = int(start / FRAME_S), max(int(start / FRAME_S) + 1, round(end / FRAME_S))
    inside = np.flatnonzero(loud[first:last])
    if not len(inside):
        return start, end
    begin = start if inside[0] == 0 else (first + int(inside[0])) * FRAME_S
    finish = end if first + inside[-1] + 1 >= last else (first + int(inside[-1]) + 1) * FRAME_S
    return begin, max(finish, begin + SHORTEST_S)
