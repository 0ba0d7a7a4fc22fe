"""The stretches of a recording worth listening to: speech by Silero's detector, or whatever holds sound.

The detector is the one inside faster-whisper.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from callkit.engines.whisper_windows import SAMPLE_RATE, WINDOW_S, Piece
from callkit.protocols import Audio, Region

if TYPE_CHECKING:
    from numpy.typing import NDArray

BLOCK_S = 300.0
#: Speech probability (Silero) from which a stretch is kept, and the padding around it: low, since a quiet "yes" or a
#: digit that is lost here is lost for good, while silence that is kept only costs time.
VAD_THRESHOLD = 0.3
VAD_PADDING_MS = 250
VAD_MIN_SILENCE_MS = 600
VAD_MIN_SPEECH_MS = 60
#: Samples below this (-66 dBFS) are no sound.
SILENT = 0.0005


def speech_pieces(audio: Audio, region: Region) -> Iterator[tuple[float, float, list[Piece]]]:
    """Consecutive (start, end, speech inside) stretches of a region, read block by block.

    Speech that touches a block's end is left for the next block, so that no word is cut where two blocks meet.
    """
    from faster_whisper.vad import VadOptions, get_speech_timestamps

    options = VadOptions(
        threshold=VAD_THRESHOLD,
        min_speech_duration_ms=VAD_MIN_SPEECH_MS,
        max_speech_duration_s=WINDOW_S,
        min_silence_duration_ms=VAD_MIN_SILENCE_MS,
        speech_pad_ms=VAD_PADDING_MS,
    )
    start = region.start
    while start < region.end:
        stop = min(region.end, start + BLOCK_S)
        samples = audio.read(region.channel, start, stop)
        if not len(samples):
            return
        spans = [(span["start"], span["end"]) for span in get_speech_timestamps(samples, options)]
        next_start = stop
        if spans and stop < region.end and len(spans) > 1 and spans[-1][1] >= len(samples):
            next_start = start + spans.pop()[0] / SAMPLE_RATE
        pieces = [Piece(region.channel, start + first / SAMPLE_RATE, samples[first:last]) for first, last in spans]
        yield start, next_start, pieces
        start = next_start


def all_pieces(audio: Audio, region: Region) -> Iterator[tuple[float, float, list[Piece]]]:
    """Consecutive stretches of a region that hold any sound at all, cut where it is quietest; no speech is looked for."""
    start = region.start
    while start < region.end:
        stop = min(region.end, start + WINDOW_S)
        samples = audio.read(region.channel, start, stop)
        if not len(samples):
            return
        if stop < region.end:
            samples = samples[: _quietest(samples)]
            stop = start + len(samples) / SAMPLE_RATE
        heard = np.abs(samples).max() > SILENT
        yield start, stop, [Piece(region.channel, start, samples)] if heard else []
        start = stop


def _quietest(samples: NDArray[np.float32]) -> int:
    """The middle of the quietest 100 ms in the last fifth, a place to cut."""
    frame = SAMPLE_RATE // 10
    tail = samples[len(samples) * 4 // 5 :]
    levels = np.square(tail[: len(tail) // frame * frame]).reshape(-1, frame).mean(axis=1)
    return int(len(samples) * 4 // 5 + levels.argmin() * frame + frame // 2)
