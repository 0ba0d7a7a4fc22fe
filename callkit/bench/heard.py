"""What one system made of one recording. Private: it holds raw speech, and dies in the process that heard it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from callkit.model import Redaction, SafeTurn, Sentiment, SpeakerSpan, Summary, Turn, Word


@dataclass(frozen=True, slots=True)
class Heard:
    """None: the system does not do that. `seconds` per stage; `muted` the silenced stretches of the kept audio."""

    duration_s: float
    channels: int
    seconds: Mapping[str, float]
    words: tuple[Word, ...] | None = field(default=None, repr=False)
    turns: tuple[Turn, ...] | None = field(default=None, repr=False)
    spans: tuple[SpeakerSpan, ...] | None = None
    language: str | None = None
    safe_turns: tuple[SafeTurn, ...] | None = None
    redactions: tuple[Redaction, ...] | None = None
    muted: tuple[tuple[float, float], ...] | None = None
    sentiment: tuple[Sentiment, ...] | None = None
    summary: Summary | None = None

    def in_turns(self) -> list[Word]:
        """Every word, turn by turn where there are turns, else by time."""
        if self.turns is not None:
            return [word for turn in self.turns for word in turn.words]
        return sorted(self.words or (), key=lambda word: word.start)
