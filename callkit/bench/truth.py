"""What is known to be true of a recording: turns, words, speakers, personal data, and so on, as far as its labels go.

Private: labels hold raw speech. They stay in memory and are never shown; problems name files, lines and labels.
"""

from __future__ import annotations

from dataclasses import dataclass, field

Span = tuple[float, float]


@dataclass(frozen=True, slots=True)
class TrueWord:
    text: str = field(repr=False)
    start: float = 0.0
    end: float = 0.0


@dataclass(frozen=True, slots=True)
class TrueTurn:
    """A turn as labelled. `spans` are the stretches of speech in it; times, role and channel are None where unknown."""

    speaker: str
    role: str | None
    channel: int | None
    start: float | None
    end: float | None
    text: str = field(repr=False)
    words: tuple[TrueWord, ...] = ()
    sentiment: str | None = None
    spans: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True)
class TruePII:
    """A piece of personal data that is said: its type, its words and its times."""

    type: str
    text: str = field(repr=False)
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class TrueAction:
    """A follow-up: who promised it, what, and by when (None: not said)."""

    who: str
    text: str = field(repr=False)
    due: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Problem:
    """A label that cannot be used: where it is, what is wrong, and the figures that are left out for it."""

    file: str
    line: int | None
    what: str
    figures: tuple[str, ...] = ()

    def __str__(self) -> str:
        place = self.file + (f":{self.line}" if self.line else "")
        out = f" (left out: {', '.join(self.figures)})" if self.figures else ""
        return f"{place}: {self.what}{out}"


@dataclass(frozen=True, slots=True)
class Truth:
    """Everything known of one recording; empty or None is unknown. `complete`: no speech outside turns and `spans`.

    `spans` are (speaker, start, end) from RTTM, where there is one; `scored` the stretch that was labelled.
    """

    turns: tuple[TrueTurn, ...] = ()
    spans: tuple[tuple[str, float, float], ...] = ()
    scored: Span | None = None
    language: str | None = None
    pii: tuple[TruePII, ...] | None = None
    outcome: str | None = None
    issue: str | None = field(default=None, repr=False)
    actions: tuple[TrueAction, ...] | None = field(default=None, repr=False)
    summary: str | None = field(default=None, repr=False)
    left_out: frozenset[str] = frozenset()

    @property
    def timed(self) -> bool:
        """Has every turn its times?"""
        return bool(self.turns) and all(turn.start is not None and turn.end is not None for turn in self.turns)

    def speaker_spans(self) -> list[tuple[str, float, float]]:
        """Who speaks when: RTTM where given, else the turns' own stretches."""
        if self.spans:
            return list(self.spans)
        if not self.timed:
            return []
        return [
            (turn.speaker, start, end)
            for turn in self.turns
            for start, end in turn.spans or ((turn.start or 0.0, turn.end or 0.0),)
        ]
