"""A call read for its summary: sentences, their meaning and speech acts, and statements made of them, each checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from callkit.engines.denials import Denial
from callkit.engines.reported_speech import Report, joined, quotation, report
from callkit.engines.speech_acts import Sentence
from callkit.engines.support import Support
from callkit.model import Statement

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

#: A score that only a cue and a near example together reach.
CUED = 0.6


@dataclass(frozen=True, slots=True)
class Reading:
    """A call's sentences with their vectors (unit length) and their score for each speech act."""

    sentences: list[Sentence]
    vectors: NDArray[np.float32]
    acts: Mapping[str, list[float]]
    support: Support

    def best(self, act: str, *, after: float = 0.0, floor: float = CUED, last: bool = False) -> int | None:
        """The sentence that performs an act most strongly (or the last that does), at or after a place in the call."""
        scores = self.acts[act]
        able = [
            i
            for i, sentence in enumerate(self.sentences)
            if sentence.place >= after and scores[i] >= floor and not (sentence.asks or sentence.breaks_off)
        ]
        if not able:
            return None
        return able[-1] if last else max(able, key=scores.__getitem__)


def statement_of(reading: Reading, told: Sequence[Sentence | Denial]) -> Statement | None:
    """Sentences and denials as one statement; supported if each of them is, scored by the worst."""
    if not told:
        return None
    checked = [checked_report(reading, one) for one in told]
    turns = tuple(dict.fromkeys(turn for one in told for turn in turns_of(one)))
    supported = all(verdict.supported for _, verdict in checked)
    return Statement(
        joined([one for one, _ in checked]), turns, supported, min(verdict.score or 0.0 for _, verdict in checked)
    )


def turns_of(told: Sentence | Denial) -> tuple[int, ...]:
    """The turns that it rests on."""
    return told.turns if isinstance(told, Denial) else (told.turn,)


def checked_report(reading: Reading, told: Sentence | Denial) -> tuple[Report, Statement]:
    """A sentence or denial as reported, with its verdict; a sentence is quoted where the report is not borne out."""
    if isinstance(told, Denial):
        return Report("", told.text), reading.support.check(told.text, told.turns)
    one = report(told.text, told.role)
    verdict = reading.support.check(one.text, (told.turn,))
    if verdict.supported or one.quoted:
        return one, verdict
    quoted = quotation(told.text, told.role)
    return quoted, reading.support.check(quoted.text, (told.turn,))
