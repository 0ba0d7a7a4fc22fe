"""Calls made of lines of talk, for tests of what is said of a call."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from callkit.model import ChannelStats, Embeddings, Inspection, Language, SafeTurn, SafeWord, Segment, SpeakerSpan

SPEAKERS = {"agent": "S0", "customer": "S1", "agent_2": "S2", "unknown": "S3"}


def turn(index: int, role: str, text: str, start: float, end: float, **more: Any) -> SafeTurn:
    """A safe turn whose words share its time evenly."""
    words = text.split()
    step = (end - start) / max(1, len(words))
    made = tuple(
        SafeWord(round(start + i * step, 3), round(start + (i + 1) * step, 3), word) for i, word in enumerate(words)
    )
    return SafeTurn(index, SPEAKERS[role], role, None, start, end, made, **more)  # type: ignore[arg-type]


def call(*lines: tuple[str, str], pause: float = 0.4, word_s: float = 0.3) -> tuple[SafeTurn, ...]:
    """Turns one after another from (role, text) lines."""
    turns, at = [], 0.0
    for index, (role, text) in enumerate(lines):
        end = round(at + word_s * max(1, len(text.split())), 3)
        turns.append(turn(index, role, text, round(at, 3), end))
        at = end + pause
    return tuple(turns)


def spans_of(turns: Sequence[SafeTurn]) -> tuple[SpeakerSpan, ...]:
    return tuple(SpeakerSpan(turn.speaker, turn.start, turn.end) for turn in turns)


def inspection(
    duration: float, *, segments: Sequence[Segment] = (), path: str = "channels", **channel: Any
) -> Inspection:
    """What the recording is: two clean channels, or one to diarize; `channel` changes its figures."""
    figures = {"snr_db": 30.0, "clipping_share": 0.0, **channel}
    stats = ChannelStats(0, -25.0, -3.0, figures["snr_db"], figures["clipping_share"], 0.0, 3400.0, False)
    layout = "stereo" if path == "channels" else "mono"
    return Inspection(duration, 8000, "pcm", layout, path, "", (stats,), (0,), tuple(segments))  # type: ignore[arg-type]


def english() -> Language:
    return Language("en", 1.0)


def no_embeddings() -> Embeddings:
    return Embeddings("none", 384, (), b"")
