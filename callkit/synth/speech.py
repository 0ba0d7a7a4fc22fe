"""Speaking a turn: pieces by a voice, trimmed and levelled, with the times of its personal data and its words.

A voice that knows its word times speaks the whole turn. Another speaks the stretches before, in and after each piece of
personal data one by one, so that these have exact times too; a person also pauses before reading a number out.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import soxr
from numpy.typing import NDArray

from callkit.errors import CallkitError
from callkit.protocols import Spoken
from callkit.synth.script import unmark

if TYPE_CHECKING:
    from callkit.protocols import Voice

RATE = 16_000
#: Level of every utterance before its speaker's gain, in dBFS (RMS while speaking).
SPEECH_DBFS = -22.0
_PIECE_GAP_S = 0.09
#: Shorter gaps do not end a stretch of speech.
_PAUSE_S = 0.25
_FRAME = RATE // 100


@dataclass(frozen=True, slots=True)
class Utterance:
    """A turn as sound at 16 kHz: `pii` as (start_char, end_char, entity, start, end), `words` as (text, start, end).

    Times are seconds from the utterance's first sample; `words` is None where the voice doesn't know them.
    """

    text: str
    samples: NDArray[np.float32]
    pii: tuple[tuple[int, int, str, float, float], ...]
    words: tuple[tuple[str, float, float], ...] | None


class Voices:
    """Every voice of the given engines by name; opens an engine when one of its voices first speaks.

    `cache` is a folder that keeps what was spoken, for working on a script.
    """

    def __init__(self, engines: Sequence[Voice], *, cache: Path | None = None) -> None:
        self.engines: Mapping[str, Voice] = {voice: engine for engine in engines for voice in engine.voices}
        self.cache = cache

    def say(self, text: str, *, voice: str, speed: float) -> Spoken:
        """Speak a text. Raises `CallkitError` "script-invalid" for an unknown voice."""
        if voice not in self.engines:
            known = ", ".join(sorted(self.engines))
            raise CallkitError("script-invalid", f"there is no voice {voice}", f"voices: {known}")
        engine = self.engines[voice]
        kept = None
        if self.cache is not None:
            name = hashlib.sha256(repr((voice, speed, text, engine.identity())).encode()).hexdigest()
            kept = self.cache / f"{name}.npz"
            if kept.exists():
                data = np.load(kept)
                times = tuple((float(start), float(end)) for start, end in data["times"])
                return Spoken(data["samples"], int(data["rate"]), times or None)
        engine.open()
        spoken = engine.say(text, voice=voice, speed=speed)
        if kept is not None:
            kept.parent.mkdir(parents=True, exist_ok=True)
            np.savez(kept, samples=spoken.samples, rate=spoken.rate, times=np.array(spoken.times or ()))
        return spoken

    def timed(self, voice: str) -> bool:
        """Does this voice know its word times?"""
        return voice in self.engines and self.engines[voice].timed

    def close(self) -> None:
        for engine in self.engines.values():
            engine.close()


def utter(marked: str, voices: Voices, *, voice: str, speed: float = 1.0, pitch: float = 1.0) -> Utterance:
    """Speak a marked text. `pitch` scales the voice's frequencies and leaves its pace alone."""
    text, spans = unmark(marked)

    def say(part: str) -> Spoken:
        return _at_rate(voices.say(part, voice=voice, speed=speed / pitch), pitch)

    if voices.timed(voice):
        return _timed(text, spans, say(text))
    samples: list[NDArray[np.float32]] = []
    pii: list[tuple[int, int, str, float, float]] = []
    at = 0.0
    for start, end, entity in _stretches(text, spans):
        if samples:
            samples.append(np.zeros(round(_PIECE_GAP_S * RATE), np.float32))
            at += len(samples[-1]) / RATE
        samples.append(_level(_trim(say(text[start:end].strip()).samples)))
        length = len(samples[-1]) / RATE
        if entity:
            pii.append((start, end, entity, at, at + length))
        at += length
    return Utterance(text, np.concatenate(samples), tuple(pii), None)


def speech(said: Utterance) -> list[tuple[float, float]]:
    """Where an utterance sounds, in seconds from its start, without its pauses: within 40 dB of its loudest frame."""
    level = _frame_rms(said.samples)
    loud = np.flatnonzero(level > level.max() * 0.01)
    breaks = np.flatnonzero(np.diff(loud) * _FRAME / RATE > _PAUSE_S)
    firsts, lasts = [loud[0], *loud[breaks + 1]], [*loud[breaks], loud[-1]]
    return [(first * _FRAME / RATE, (last + 1) * _FRAME / RATE) for first, last in zip(firsts, lasts, strict=True)]


def _timed(text: str, spans: Sequence[tuple[int, int, str]], spoken: Spoken) -> Utterance:
    """An utterance by a voice that knows its word times."""
    assert spoken.times is not None
    written = list(re.finditer(r"\S+", text))
    words = tuple((word[0], start, end) for word, (start, end) in zip(written, spoken.times, strict=True))
    pii = []
    for first, last, entity in spans:
        inside = [
            time for word, time in zip(written, spoken.times, strict=True) if word.start() < last and word.end() > first
        ]
        pii.append((first, last, entity, inside[0][0], inside[-1][1]))
    return Utterance(text, _level(spoken.samples), tuple(pii), words)


def _stretches(text: str, spans: Sequence[tuple[int, int, str]]) -> list[tuple[int, int, str]]:
    """The text cut at its personal data; a stretch of nothing but punctuation goes to the one before it."""
    cuts: list[tuple[int, int, str]] = []
    at = 0
    for start, end, entity in spans:
        if any(letter.isalnum() for letter in text[at:start]):
            cuts.append((at, start, ""))
        cuts.append((start, end, entity))
        at = end
    if any(letter.isalnum() for letter in text[at:]):
        cuts.append((at, len(text), ""))
    return cuts


def _at_rate(spoken: Spoken, pitch: float) -> Spoken:
    """At 16 kHz, played `pitch` times as fast."""
    samples = soxr.resample(spoken.samples, spoken.rate * pitch, RATE).astype(np.float32)
    times = None if spoken.times is None else tuple((start / pitch, end / pitch) for start, end in spoken.times)
    return Spoken(samples, RATE, times)


def _trim(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Without the silence before and after, by 10 ms frames 40 dB below the loudest."""
    level = _frame_rms(samples)
    loud = np.flatnonzero(level > level.max() * 0.01)
    return samples[loud[0] * _FRAME : (loud[-1] + 1) * _FRAME]


def _level(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """At `SPEECH_DBFS` while speaking: the RMS of the frames within 25 dB of the loudest."""
    level = _frame_rms(samples)
    speaking = level[level > level.max() * 10 ** (-25 / 20)]
    scaled: NDArray[np.float32] = samples * np.float32(10 ** (SPEECH_DBFS / 20) / np.sqrt(np.mean(speaking**2)))
    return scaled


def _frame_rms(samples: NDArray[np.float32]) -> NDArray[np.float64]:
    frames = samples[: len(samples) // _FRAME * _FRAME].reshape(-1, _FRAME).astype(np.float64)
    rms: NDArray[np.float64] = np.sqrt(np.mean(frames**2, axis=1))
    return rms
