"""Where a line carries sound: spans of talk without the pauses that a diarizer bridges.

On a telephone line talk stands far above the noise, so where there is no sound nobody talks. In a room this does not
hold: a voice from its other end may be as quiet as the pauses of one nearby.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from callkit.model import SpeakerSpan, seconds
from callkit.protocols import Audio

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Telephone speech ends at 3400 Hz, its codecs' filters a little above.
TELEPHONE_HZ = 4200
FRAME_S = 0.01
#: Sound is so far (dB) above the quietest tenth of a channel, and at most so far below its loud parts.
ABOVE_FLOOR_DB = 8.0
BELOW_PEAK_DB = 25.0
#: Digital silence tells nothing of the line's noise.
NOTHING_DB = -95.0
#: A pause at least this long (seconds) ends a span; what is left is at least this long.
PAUSE_S = 0.3
SHORTEST_S = 0.1


def sounding(audio: Audio, channel: int | None) -> NDArray[np.bool_]:
    """Which 10 ms frames of a channel (None: of the mean of all) hold sound."""
    hop = round(FRAME_S * audio.sample_rate)
    parts = []
    start = 0.0
    while start < audio.duration_s:
        samples = audio.read(channel, start, start + 30.0)
        whole = np.pad(samples, (0, -len(samples) % hop)).reshape(-1, hop)
        parts.append(np.square(whole).mean(axis=1))
        start += 30.0
    power = np.convolve(np.concatenate(parts), np.ones(3) / 3, mode="same") if parts else np.zeros(0)
    levels = 10 * np.log10(power + 1e-10)
    heard = levels[levels > NOTHING_DB]
    if not len(heard):
        return np.zeros(len(levels), dtype=bool)
    floor, peak = np.percentile(heard, 10), np.percentile(heard, 95)
    loud: NDArray[np.bool_] = levels > min(floor + ABOVE_FLOOR_DB, peak - BELOW_PEAK_DB)
    return loud


def without_pauses(spans: Iterable[SpeakerSpan], sound: NDArray[np.bool_]) -> list[SpeakerSpan]:
    """Spans cut where there is no sound for `PAUSE_S`, and trimmed to sound at both ends."""
    found = []
    for span in spans:
        first = int(span.start / FRAME_S)
        inside = first + np.flatnonzero(sound[first : int(np.ceil(span.end / FRAME_S))])
        if not len(inside):
            continue
        pauses = np.flatnonzero(np.diff(inside) > PAUSE_S / FRAME_S)
        begins = inside[np.concatenate(([0], pauses + 1))]
        ends = inside[np.concatenate((pauses, [len(inside) - 1]))] + 1
        for begin, end in zip(begins * FRAME_S, ends * FRAME_S, strict=True):
            part = replace(span, start=seconds(max(begin, span.start)), end=seconds(min(end, span.end)))
            if part.end - part.start >= SHORTEST_S:
                found.append(part)
    return found
