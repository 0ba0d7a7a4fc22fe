"""Placing a script's turns in time and mixing them into tracks, with the truth of what was placed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from callkit.errors import CallkitError
from callkit.model import seconds
from callkit.synth.music import hold_music
from callkit.synth.script import Item, Script
from callkit.synth.speech import RATE, Utterance, Voices, speech, utter

_LEAD_S = 0.6
_PAUSE_S = (0.25, 0.7)


@dataclass(frozen=True, slots=True)
class Placed:
    """A turn with its sound and the time it starts."""

    item: Item
    said: Utterance
    start: float

    @property
    def end(self) -> float:
        return self.start + len(self.said.samples) / RATE


@dataclass(frozen=True, slots=True)
class Segment:
    """Hold music or silence."""

    kind: str
    start: float
    end: float


def place(script: Script, voices: Voices, rng: np.random.Generator) -> tuple[list[Placed], list[Segment], float]:
    """Speak and place everything; returns turns by start, segments, and the call's length in seconds."""
    placed: list[Placed] = []
    segments: list[Segment] = []
    free: dict[str, float] = {}  # when each speaker is done
    floor_start, cursor = 0.0, _LEAD_S
    for item in script.turns:
        gap = item.gap if item.gap is not None else float(rng.uniform(*_PAUSE_S))
        wait = item.hold or item.silence
        if wait:
            start = cursor + (item.gap or 0.0)
            segments.append(Segment("hold" if item.hold else "silence", start, start + wait))
            cursor = start + wait
        if item.speaker is None:
            continue
        speaker = script.speakers[item.speaker]
        said = utter(item.text, voices, voice=speaker.voice, speed=item.speed or speaker.speed, pitch=speaker.pitch)
        start = floor_start + item.after if item.after is not None else max(0.0, cursor + (gap if placed else 0.0))
        if start < free.get(item.speaker, 0.0):
            what = f"{item.speaker} would talk over themselves at {start:.1f} s"
            raise CallkitError("script-invalid", f"{script.title}: {what}", "make that turn's gap or after larger")
        turn = Placed(item, said, start)
        placed.append(turn)
        free[item.speaker] = turn.end
        if item.after is None:
            floor_start = start
        cursor = max(cursor, turn.end)
    return sorted(placed, key=lambda turn: turn.start), segments, cursor + _LEAD_S


def mix(
    script: Script, placed: list[Placed], segments: list[Segment], duration_s: float, rng: np.random.Generator
) -> NDArray[np.float32]:
    """Tracks (channels, n) at 16 kHz, before the line. Hold music is on the agent's side."""
    stereo = script.line.layout == "stereo"
    tracks = np.zeros((2 if stereo else 1, round(duration_s * RATE)), np.float32)
    for turn in placed:
        speaker = script.speakers[turn.item.speaker or ""]
        gain = np.float32(10 ** ((speaker.gain_db + turn.item.gain_db) / 20))
        _add(tracks[speaker.channel if stereo else 0], turn.start, gain * turn.said.samples)
    agents = [speaker.channel for speaker in script.speakers.values() if speaker.role == "agent"]
    for segment in segments:
        if segment.kind == "hold":
            music = hold_music(segment.end - segment.start, rng)
            _add(tracks[agents[0] if stereo and agents else 0], segment.start, music)
    return np.repeat(tracks, 2, axis=0) if script.line.layout == "dual_mono" else tracks


def truth(script: Script, placed: list[Placed], segments: list[Segment], duration_s: float) -> dict[str, Any]:
    """The labels of a call, as `callkit/bench/truth.schema.json` describes them."""
    turns, pii = [], []
    for index, turn in enumerate(placed):
        speaker = script.speakers[turn.item.speaker or ""]
        entry: dict[str, Any] = {
            "speaker": turn.item.speaker,
            "role": speaker.role,
            "channel": speaker.channel if script.line.layout == "stereo" else 0,
            "start": seconds(turn.start),
            "end": seconds(turn.end),
            "text": turn.said.text,
            "spans": [[seconds(turn.start + start), seconds(turn.start + end)] for start, end in speech(turn.said)],
        }
        if turn.item.feeling:
            entry["sentiment"] = turn.item.feeling
        if turn.said.words is not None:
            entry["words"] = [
                {"text": text, "start": seconds(turn.start + start), "end": seconds(turn.start + end)}
                for text, start, end in turn.said.words
            ]
        turns.append(entry)
        pii += [
            {
                "type": entity,
                "turn": index,
                "start_char": first,
                "end_char": last,
                "text": turn.said.text[first:last],
                "start": seconds(turn.start + start),
                "end": seconds(turn.start + end),
            }
            for first, last, entity, start, end in turn.said.pii
        ]
    found: dict[str, Any] = {
        "title": script.title,
        "call": script.call,
        "language": script.language if placed else None,
        "layout": script.line.layout if placed else "silent",
        "duration": seconds(duration_s),
        "speakers": {name: {"role": speaker.role, "voice": speaker.voice} for name, speaker in script.speakers.items()},
        "turns": turns,
        "pii": pii,
        "segments": [
            {"kind": segment.kind, "start": seconds(segment.start), "end": seconds(segment.end)} for segment in segments
        ],
    }
    for name in ("issue", "outcome", "summary"):
        if getattr(script, name) is not None:
            found[name] = getattr(script, name)
    found["actions"] = [action.model_dump() for action in script.actions]
    return found


def _add(track: NDArray[np.float32], start: float, sound: NDArray[np.float32]) -> None:
    at = round(start * RATE)
    room = min(len(sound), len(track) - at)
    track[at : at + room] += sound[:room]
