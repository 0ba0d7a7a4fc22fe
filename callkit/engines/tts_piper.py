"""Piper (VITS): one voice whose word times are known exactly.

The model decides how many samples each phoneme lasts; Piper can hand those durations out. The text is turned into
phonemes word by word, so the sum of a word's durations is its place in the audio: no recogniser is asked.
Voice: en_US-joe-medium (CC0), https://github.com/OHF-Voice/piper1-gpl.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from callkit.errors import CallkitError
from callkit.models import Models
from callkit.protocols import JSON, Spoken

_MARKS = ".,!?;:"
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+")


class Piper:
    """Speech in the voice `joe`, with exact word times. Without the model's noise, so the same text sounds the same."""

    name = "piper"
    voices = ("joe",)
    timed = True

    def __init__(self, *, settings: object, models: Models, cores: int) -> None:
        self.models = models
        self.cores = cores
        self._voice: Any = None

    def identity(self) -> Mapping[str, JSON]:
        return {"engine": self.name, "model": self.models.digest("piper-joe")}

    def describe(self) -> tuple[str, str]:
        return self.name, "piper-joe"

    def open(self) -> None:
        if self._voice is not None:
            return
        try:
            import onnx  # noqa: F401 - Piper needs it to hand out durations, and only warns where it is absent
            from piper import PiperVoice
        except ImportError:
            raise CallkitError("extra-missing", "piper-tts is not installed", 'pip install "callkit[synth]"') from None
        path = Path(self.models.path("piper-joe"))
        weights = path / "en_US-joe-medium.onnx" if path.is_dir() else path
        self._voice = PiperVoice.load(weights, include_alignments=True)

    def say(self, text: str, *, voice: str, speed: float = 1.0) -> Spoken:
        import numpy as np
        from piper import SynthesisConfig

        quiet = SynthesisConfig(length_scale=1 / speed, noise_scale=0.0, noise_w_scale=0.0)
        rate = self._voice.config.sample_rate
        pieces, times, offset = [], [], 0
        for sentence in _SENTENCE_END.split(text.strip()):
            words = sentence.split()
            phonemes, owner = self._phonemes(words)
            audio, samples = self._voice.phoneme_ids_to_audio(
                self._voice.phonemes_to_ids(phonemes), quiet, include_alignments=True
            )
            # The ids are BOS, then each phoneme followed by a pad, then EOS; BOS too is followed by a pad.
            ends = np.cumsum(samples)
            for number in range(len(words)):
                own = [place for place, word in enumerate(owner) if word == number]
                start = ends[1 + 2 * own[0]]
                end = ends[3 + 2 * own[-1]]
                times.append((float(offset + start) / rate, float(offset + end) / rate))
            pieces.append(audio)
            offset += len(audio)
        return Spoken(np.concatenate(pieces).astype("float32"), rate, tuple(times))

    def close(self) -> None:
        self._voice = None

    def _phonemes(self, words: list[str]) -> tuple[list[str], list[int]]:
        """A sentence's phonemes, and for each the word it belongs to (-1: a space or a mark)."""
        phonemes: list[str] = []
        owner: list[int] = []
        for number, word in enumerate(words):
            if number:
                phonemes.append(" ")
                owner.append(-1)
            own = [phoneme for part in self._voice.phonemize(word.strip(_MARKS)) for phoneme in part]
            mark = [word[-1]] if word[-1] in _MARKS else []
            phonemes += own + mark
            owner += [number] * len(own) + [-1] * len(mark)
        return phonemes, owner
