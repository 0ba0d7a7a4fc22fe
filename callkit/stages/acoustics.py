"""How loud each turn is: the last figures taken from samples, so that what comes after redaction needs no audio."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

import numpy as np

from callkit.audio.levels import FLOOR_DBFS, dbfs
from callkit.model import Inspection, Loudness, SafeTurn
from callkit.protocols import JSON, Audio, Given, Resources


class Acoustics:
    """Loudness of each turn, alone and against the same speaker's other turns."""

    name = "acoustics"
    version = 1
    requires: tuple[str, ...] = ("audio", "inspection", "turns")
    provides: tuple[str, ...] = ("loudness",)
    scope = "call"
    resources = Resources(cores=1, memory_mb=100)

    def identity(self) -> Mapping[str, JSON]:
        return {}

    def describe(self) -> tuple[str, str]:
        return "", ""

    def open(self) -> None:
        """Nothing to load."""

    def close(self) -> None:
        """Nothing to let go of."""

    def run(self, given: Given) -> Mapping[str, Any]:
        return {"loudness": loudness(given["audio"], given["turns"], given["inspection"])}


def loudness(audio: Audio, turns: Sequence[SafeTurn], inspection: Inspection) -> tuple[Loudness, ...]:
    """RMS level (dBFS) of each turn's words, pauses left out, on its channel (the one in use for a mono recording)."""
    alone = inspection.channels_used[0] if len(inspection.channels_used) == 1 else None
    levels = [_level(audio, turn, turn.channel if turn.channel is not None else alone) for turn in turns]
    usual = {
        speaker: median(level for turn, level in zip(turns, levels, strict=True) if turn.speaker == speaker)
        for speaker in {turn.speaker for turn in turns}
    }
    return tuple(
        Loudness(turn.index, round(level, 1), round(level - usual[turn.speaker], 1))
        for turn, level in zip(turns, levels, strict=True)
    )


def _level(audio: Audio, turn: SafeTurn, channel: int | None) -> float:
    squares, count = 0.0, 0
    for word in turn.words:
        samples = audio.read(channel, word.start, word.end)
        squares += float(np.dot(samples, samples))
        count += len(samples)
    return float(dbfs(squares / count)) if count else FLOOR_DBFS
