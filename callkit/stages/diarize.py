"""Who speaks when: a channel is a speaker where the recording says so, else voices are told apart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

from callkit.model import SpeakerSpan
from callkit.protocols import JSON, Diarizer, Given, Region, Resources
from callkit.stages.bleed import without_bleed
from callkit.stages.regions import listening_channels, talk_regions, two_sided
from callkit.stages.sound import TELEPHONE_HZ, sounding, without_pauses

if TYPE_CHECKING:
    from callkit.config import DiarizeSettings


class Diarize:
    """Spans of who speaks when, overlap included, without hold music and the like."""

    name = "diarize"
    version = 2
    scope: Literal["utterance", "call"] = "call"
    requires: tuple[str, ...] = ("audio", "inspection")
    provides: tuple[str, ...] = ("speaker_spans",)

    def __init__(self, *, settings: DiarizeSettings, engine: Diarizer) -> None:
        self.settings = settings
        self.engine = engine
        self.resources = Resources(cores=2, memory_mb=900)

    def identity(self) -> Mapping[str, JSON]:
        return {
            **self.engine.identity(),
            "min_speakers": self.settings.min_speakers,
            "max_speakers": self.settings.max_speakers,
        }

    def describe(self) -> tuple[str, str]:
        return self.engine.describe()

    def open(self) -> None:
        self.engine.open()

    def run(self, given: Given) -> Mapping[str, Any]:
        audio, inspection = given["audio"], given["inspection"]
        if two_sided(inspection):
            audio = without_bleed(audio)
        channels = listening_channels(inspection)
        spans: list[SpeakerSpan] = []
        for channel in channels:
            whole = Region(channel, 0.0, inspection.duration_s)
            if inspection.path == "channels":
                found = self.engine.diarize(audio, whole, speakers=(1, 1))
                own = without_pauses(found, sounding(audio, channel))
                spans += [replace(span, speaker=f"S{channel}", channel=channel) for span in own]
            else:
                limits = (self.settings.min_speakers, self.settings.max_speakers)
                found = self.engine.diarize(audio, whole, speakers=limits)
                on_a_line = all(stats.bandwidth_hz <= TELEPHONE_HZ for stats in inspection.channels)
                spans += without_pauses(found, sounding(audio, channel)) if on_a_line else found
        talk = talk_regions(inspection)
        kept = [part for span in spans for part in _inside(span, talk)]
        return {"speaker_spans": tuple(sorted(kept, key=lambda span: (span.start, span.end, span.speaker)))}

    def close(self) -> None:
        self.engine.close()


def _inside(span: SpeakerSpan, regions: tuple[Region, ...]) -> list[SpeakerSpan]:
    """The parts of a span inside its channel's regions."""
    return [
        replace(span, start=max(span.start, region.start), end=min(span.end, region.end))
        for region in regions
        if region.channel == span.channel and min(span.end, region.end) > max(span.start, region.start)
    ]
