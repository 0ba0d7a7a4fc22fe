"""Speech to words: every word heard on every channel, with its times, and the language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

from callkit.protocols import JSON, Given, Resources, Transcriber
from callkit.stages.bleed import without_bleed
from callkit.stages.regions import talk_regions, two_sided

if TYPE_CHECKING:
    from callkit.config import TranscribeSettings


class Transcribe:
    """Transcribes the stretches in which somebody may be talking; the rest costs nothing and says nothing."""

    name = "transcribe"
    version = 2
    scope: Literal["utterance", "call"] = "utterance"
    requires: tuple[str, ...] = ("audio", "inspection")
    provides: tuple[str, ...] = ("words", "phrases", "language")

    def __init__(self, *, settings: TranscribeSettings, engine: Transcriber) -> None:
        self.settings = settings
        self.engine = engine
        self.resources = Resources(cores=2, memory_mb=700)

    def identity(self) -> Mapping[str, JSON]:
        return self.engine.identity()

    def describe(self) -> tuple[str, str]:
        return self.engine.describe()

    def open(self) -> None:
        self.engine.open()

    def run(self, given: Given) -> Mapping[str, Any]:
        report = given.get("progress")
        progress = (lambda _, share: report(share)) if report else None
        audio, inspection = given["audio"], given["inspection"]
        if two_sided(inspection):
            audio = without_bleed(audio)
        heard = self.engine.transcribe(audio, talk_regions(inspection), progress=progress)
        return {"words": heard.words, "phrases": heard.phrases, "language": heard.language}

    def close(self) -> None:
        self.engine.close()
