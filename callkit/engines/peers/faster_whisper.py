"""Plain faster-whisper: the file as it is, mixed to mono, with the library's own defaults and word times."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from callkit.model import Word, seconds
from callkit.models import Models
from callkit.protocols import JSON


class PlainFasterWhisper:
    """Whisper base, int8, beam 5, no voice-activity filter: what `WhisperModel.transcribe(file)` does."""

    name = "faster-whisper"
    task = "words"

    def __init__(self, *, settings: object, models: Models, cores: int) -> None:
        self.models = models
        self.cores = cores
        self._model: Any = None

    def identity(self) -> Mapping[str, JSON]:
        return {"engine": self.name, "model": self.models.digest("whisper-base")}

    def describe(self) -> tuple[str, str]:
        return self.name, "whisper-base"

    def open(self) -> None:
        if self._model is None:
            from faster_whisper import WhisperModel

            path = str(self.models.path("whisper-base"))
            self._model = WhisperModel(path, device="cpu", compute_type="int8", cpu_threads=self.cores)

    def words(self, path: Path) -> tuple[tuple[Word, ...], str]:
        """Every word of a recording, and its language."""
        segments, info = self._model.transcribe(str(path), word_timestamps=True)
        words = tuple(
            Word(seconds(word.start), seconds(word.end), word.word.strip(), 0, float(word.probability))
            for segment in segments
            for word in segment.words
        )
        return words, str(info.language)

    def close(self) -> None:
        self._model = None
