"""What a recording truly is, before anything is made of it: its channels, their relation, what is not talk in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from callkit.audio.channels import PairMeter, Relation
from callkit.audio.levels import FRAME_S
from callkit.audio.meter import Figures, Meter, active, quiet_runs, sound_s
from callkit.audio.tonality import STEP_S, TonalityMeter, signals, step_levels
from callkit.config import InspectSettings
from callkit.model import ChannelStats, Inspection, Layout, Role, Segment, seconds
from callkit.protocols import JSON, Audio, Given, Resources

#: A channel with less sound than this altogether is dead: nobody says even "yes" in it.
MIN_SOUND_S = 0.3
#: Music is at least this near to speech in level: hum and whistles in pauses are not.
MUSIC_BELOW_DB = 30.0
#: Another channel has sound for more than this share of the time: people talk while music plays.
MUSIC_TALK_SHARE = 0.3
WARN_CLIPPING_SHARE = 0.001
WARN_SNR_DB = 12.0
WARN_DC = 0.02


class Inspect:
    """Measures the recording in one pass and chooses where speakers come from."""

    name = "inspect"
    version = 2
    requires: tuple[str, ...] = ("audio",)
    provides: tuple[str, ...] = ("inspection",)
    scope = "call"
    resources = Resources(cores=1, memory_mb=100)

    def __init__(self, *, settings: InspectSettings) -> None:
        self.settings = settings

    def identity(self) -> Mapping[str, JSON]:
        return {"settings": self.settings.model_dump(mode="json")}

    def describe(self) -> tuple[str, str]:
        return "", ""

    def open(self) -> None:
        """Nothing to load."""

    def close(self) -> None:
        """Nothing to let go of."""

    def run(self, given: Given) -> Mapping[str, Any]:
        return {"inspection": inspect(given["audio"], self.settings)}


def inspect(audio: Audio, settings: InspectSettings) -> Inspection:
    """Everything the stage says of a recording."""
    meter = Meter(audio.channels)
    tonality = [TonalityMeter() for _ in range(audio.channels)]
    pair = PairMeter() if audio.channels == 2 else None
    for _, block in audio.blocks(30.0):
        meter.add(block)
        for tones, samples in zip(tonality, block, strict=True):
            tones.add(samples)
        if pair:
            pair.add(block)
    figures = meter.figures(settings.silence_dbfs)
    relation = pair.relation(settings.silence_dbfs) if pair else None
    dead = [sound_s(curve, settings.silence_dbfs) < MIN_SOUND_S for curve in figures.levels]
    layout, used = _layout(dead, relation, figures)
    return Inspection(
        duration_s=seconds(audio.duration_s),
        sample_rate=audio.source_rate,
        codec=audio.codec,
        layout=layout,
        path=_PATHS[layout],
        reason=_reason(layout, used, relation),
        channels=tuple(_stats(index, figures, dead, settings) for index in range(audio.channels)),
        channels_used=used,
        segments=_segments(audio.duration_s, layout, used, figures, tonality, settings),
        correlation=_rounded(relation.correlation if relation else None, 3),
        lag_s=_rounded(relation.lag_s if relation else None, 4),
        bleed_share=_bleed_share(relation),
        bleed=relation.bleed if relation else (),
        warnings=_warnings(figures, dead, relation),
    )


_PATHS: Mapping[Layout, Any] = {
    "mono": "diarization",
    "dual_mono": "diarization",
    "one_sided": "diarization",
    "stereo": "channels",
    "silent": "none",
}


def _layout(dead: list[bool], relation: Relation | None, figures: Figures) -> tuple[Layout, tuple[int, ...]]:
    """The layout, and the channels to listen to."""
    live = tuple(index for index, silent in enumerate(dead) if not silent)
    if not live:
        return "silent", ()
    if relation is None:
        return "mono", live
    if len(live) == 1:
        return "one_sided", live
    if relation.only_bleed is not None:
        return "one_sided", tuple(index for index in live if index != relation.only_bleed)
    if relation.same_mono:
        # One channel alone: their mean would comb-filter a lag and cancel an inverted copy.
        return "dual_mono", (int(figures.level_dbfs.argmax()),)
    return "stereo", live


def _reason(layout: Layout, used: tuple[int, ...], relation: Relation | None) -> str:
    if layout == "silent":
        return "There is no sound on the recording, so there is nobody to tell apart."
    if layout == "mono":
        return "The recording has one channel, so speakers are told apart by their voices."
    if layout == "one_sided":
        other = "holds nothing but its leak" if relation and relation.only_bleed is not None else "is silent"
        return f"Channel {1 - used[0]} {other}, so speakers are told apart by their voices on channel {used[0]}."
    if layout == "dual_mono" and relation is not None:
        return (
            f"Both channels hold the same sound (correlation {relation.correlation:.2f}{_difference(relation)}), "
            "so speakers are told apart by their voices."
        )
    if relation is not None and relation.bleed_db is not None:
        return (
            "The two channels hold different voices, so each channel is a speaker; "
            f"each is also heard faintly on the other (about {-relation.bleed_db:.0f} dB below)."
        )
    return "The two channels hold different voices, so each channel is a speaker."


def _segments(
    duration_s: float,
    layout: Layout,
    used: tuple[int, ...],
    figures: Figures,
    tonality: Sequence[TonalityMeter],
    settings: InspectSettings,
) -> tuple[Segment, ...]:
    """Silence on all channels, and tones and music on each that is listened to."""
    found = [
        Segment("silence", start, end)
        for start, end in quiet_runs(figures.levels, settings.silence_dbfs, settings.min_silence_s)
    ]
    for channel in used:
        own = channel if layout == "stereo" else None
        levels = step_levels(figures.levels[channel])
        least = float(figures.speech_dbfs[channel]) - MUSIC_BELOW_DB
        tones = [
            part
            for part in signals(tonality[channel].tones())
            if levels[int(part[1] / STEP_S) : int(part[2] / STEP_S) + 1].max() > least
        ]
        found += [Segment(kind, start, end, own) for kind, start, end in tones]
        for start, end in tonality[channel].music(figures.levels[channel], least, min_s=settings.min_music_s):
            if sum(max(0.0, min(end, last) - max(start, first)) for _, first, last in tones) < 0.5 * (end - start):
                others = [other for other in used if other != channel]
                found.append(Segment("music" if _talk(figures, others, start, end) else "hold", start, end, own))
    return tuple(
        replace(part, start=seconds(part.start), end=seconds(min(part.end, duration_s)))
        for part in sorted(found, key=lambda part: (part.start, part.end))
    )


def _talk(figures: Figures, channels: Sequence[int], start: float, end: float) -> bool:
    """Is there sound on other channels for a good part of a stretch: music beside a conversation, not a hold?"""
    first, last = round(start / FRAME_S), round(end / FRAME_S)
    return any(active(figures.levels[channel], -60.0)[first:last].mean() > MUSIC_TALK_SHARE for channel in channels)


def _difference(relation: Relation) -> str:
    parts = []
    if relation.gain_db is not None and abs(relation.gain_db) >= 1:
        parts.append(f"{abs(relation.gain_db):.0f} dB apart")
    if relation.lag_s:
        parts.append(f"{abs(relation.lag_s) * 1000:.0f} ms apart")
    if relation.inverted:
        parts.append("one of them upside down")
    return "".join(f", {part}" for part in parts)


def _stats(index: int, figures: Figures, dead: list[bool], settings: InspectSettings) -> ChannelStats:
    role: Role | None = settings.channel_roles[index] if index < len(settings.channel_roles) else None  # type: ignore[assignment]
    return ChannelStats(
        index=index,
        level_dbfs=round(float(figures.level_dbfs[index]), 1),
        peak_dbfs=round(float(figures.peak_dbfs[index]), 1),
        snr_db=None if dead[index] else round(_snr(figures, index), 1),
        clipping_share=round(float(figures.clipping_share[index]), 6),
        dc_offset=round(float(figures.dc_offset[index]), 5),
        bandwidth_hz=round(float(figures.bandwidth_hz[index])),
        dead=dead[index],
        role=role,
    )


def _snr(figures: Figures, index: int) -> float:
    """Speech over noise; at most 96 dB, what 16 bits can hold."""
    return min(float(figures.speech_dbfs[index] - figures.noise_dbfs[index]), 96.0)


def _bleed_share(relation: Relation | None) -> float | None:
    """Mean share over the ten-second windows with talk."""
    shares = [share for share in relation.bleed if share is not None] if relation else []
    return round(sum(shares) / len(shares), 3) if shares else None


def _warnings(figures: Figures, dead: list[bool], relation: Relation | None) -> tuple[str, ...]:
    found: list[str] = []
    for index, silent in enumerate(dead):
        if silent:
            found.append(f"channel {index} is silent")
            continue
        if figures.clipping_share[index] > WARN_CLIPPING_SHARE:
            found.append(f"channel {index} is clipped ({figures.clipping_share[index]:.1%} of its samples)")
        if _snr(figures, index) < WARN_SNR_DB:
            found.append(f"channel {index} is noisy (speech {_snr(figures, index):.0f} dB above the noise)")
        if abs(figures.dc_offset[index]) > WARN_DC:
            found.append(f"channel {index} has a DC offset of {figures.dc_offset[index]:.3f}")
    if relation and relation.bleed_db is not None:
        found.append(f"the channels bleed into each other (about {-relation.bleed_db:.0f} dB below)")
    return tuple(found)


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)
