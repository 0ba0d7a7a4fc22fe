"""Word times from Whisper's attention, set right: shifted by its lead and settled on where there is sound."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from callkit.engines.whisper_windows import SAMPLE_RATE

if TYPE_CHECKING:
    from numpy.typing import NDArray

Interval = tuple[float, float]

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
#: One or two words aligned with a stretch so much quieter (dB) than a wordless one beside it belong to that one: Whisper
#: takes a click or a breath for where they are spoken.
QUIETER_DB = 15.0
MISPLACED_WORDS = 2


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


def levels(stretches: Sequence[Interval], samples: NDArray[np.float32]) -> list[float]:
    """How loud (dB of full scale) the loudest 50 ms of each stretch of a window are."""
    hop = round(0.05 * SAMPLE_RATE)
    found = []
    for start, end in stretches:
        part = samples[round(start * SAMPLE_RATE) : round(end * SAMPLE_RATE)]
        whole = np.pad(part, (0, -len(part) % hop)).reshape(-1, hop)
        found.append(float(10 * np.log10(np.square(whole).mean(axis=1).max(initial=0.0) + 1e-10)))
    return found


def replaced(times: Sequence[Interval], stretches: Sequence[Interval], loud: Sequence[float]) -> list[Interval]:
    """Times of words, those moved that lie in a faint stretch while a loud one beside it has none.

    `stretches` are the window's pieces of speech in order, `loud` the level of each.
    """
    homes = [_home((start + end) / 2, stretches) for start, end in times]
    placed = list(times)
    for place, (first, last) in enumerate(stretches):
        if place in homes:
            continue
        for beside in (place - 1, place + 1):
            own = [word for word, home in enumerate(homes) if home == beside]
            if 0 < len(own) <= MISPLACED_WORDS and loud[place] - loud[beside] >= QUIETER_DB:
                step = (last - first) / len(own)
                for number, word in enumerate(own):
                    placed[word] = (first + number * step, first + (number + 1) * step)
                    homes[word] = place
                break
    return placed


def _home(time: float, stretches: Sequence[Interval]) -> int:
    """The stretch in which a time falls, or after which it does."""
    return max(0, sum(start <= time for start, _ in stretches) - 1)
