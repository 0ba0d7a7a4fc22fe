"""What people do with words on a service call: sentences, and how strongly each one performs a speech act.

The acts, their cues and examples are data: `data/speech_acts.toml`. After Searle 1976 (a classification of illocutionary
acts) cut down to what service calls need: say why one calls, report something done, refuse, escalate, promise.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from callkit.engines.reported_speech import without_markup
from callkit.model import SafeTurn
from callkit.protocols import Embedder

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_FILE = Path(__file__).parent / "data" / "speech_acts.toml"
_SENTENCE_END = re.compile(
    r"(?<=[.!?])(?<!\b[DM]r\.)(?<!\bM[rs]s\.)(?<!\bMs\.)(?<!\bSt\.)(?<!\bNo\.)(?<![ap]\.m\.)\s+(?=[A-Z\[\"'(0-9])"
)
#: Where a new clause begins in text without stops, and the words after which it does not.
_CLAUSE_START = re.compile(
    r"\b(?:i(?:'m|'ve|'d|'ll)? (?:was|am|would|want|wanted|need|needed|lost|have|had|can|can't|could|will|just|think)\b|i(?:'m|'ve|'d|'ll)\b"
    r"|(?:can|could|would|will|do|did|are) you\b|(?:is|are) there\b|thank you\b|thanks\b|(?:how|what) can i\b|(?:my name|this) is\b|have a (?:nice|great|good)\b)",
    re.I,
)
_CONNECTIVES = frozenset(
    "a about all and as because but everything for how i if no now of or really said since so such than that the then to what whatever when "
    "where whether which while who why with yes you".split(" ")
)
_TAG = re.compile(r"\w, (?:okay|ok|right|all right|alright|yeah)\?$", re.I)
_ASKS = re.compile(
    r"^(?:(?:okay|ok|and|so|alright|um|uh|well) )*(?:who|what|when|where|which|why|how|is there|are there|(?:can|could|would|will|do|did|does|are|is|may|should) (?:you|i|we|it|there|that|they|he|she)\b)",
    re.I,
)


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence of a call. `role` is agent for every agent; `place` runs from 0 at the call's start to 1 at its end."""

    turn: int
    role: str
    text: str
    place: float

    @property
    def words(self) -> int:
        return len(self.text.split())

    @property
    def breaks_off(self) -> bool:
        return self.text.endswith(("...", "…"))

    @property
    def asks(self) -> bool:
        """Is it a question? By its mark, or for one without any stop by its first words; "..., okay?" is none."""
        if self.text.endswith("?"):
            return not _TAG.search(self.text)
        return self.text[-1:].isalnum() and bool(_ASKS.match(self.text))


@cache
def speech_acts() -> dict[str, Any]:
    """The content of `speech_acts.toml`."""
    return tomllib.loads(_FILE.read_text("utf-8"))


@cache
def _of_the_line() -> re.Pattern[str]:
    return re.compile(speech_acts()["of_the_line"], re.I)


def is_of_the_line(text: str) -> bool:
    """Does it say that the two can, or cannot, hear or see each other?"""
    return bool(_of_the_line().search(text.replace("’", "'")))


def sentences_of(turns: Sequence[SafeTurn]) -> list[Sentence]:
    """The sentences of a call, in order; a turn without stops is cut where a new clause begins."""
    total = max(1, len(turns) - 1)
    return [
        Sentence(turn.index, "agent" if turn.role == "agent_2" else turn.role, part.strip(), number / total)
        for number, turn in enumerate(turns)
        for part in _parts(without_markup(turn.translation or turn.text))
        if any(character.isalpha() for character in part)
    ]


def _parts(text: str) -> list[str]:
    if re.search(r"[.!?]", text):
        return _SENTENCE_END.split(text)
    cuts = [0]
    for found in _CLAUSE_START.finditer(text):
        before = text[cuts[-1] : found.start()].lower().split()
        if before and before[-1] not in _CONNECTIVES:
            cuts.append(found.start())
    return [text[start:end] for start, end in zip(cuts, [*cuts[1:], len(text)], strict=True)]


class Acts:
    """How strongly each of a call's sentences performs each act, 0 to about 1.

    A cue that matches counts 0.5; the rest is the cosine to the act's nearest example. The speaker must be whose act it is
    (or unknown).
    """

    def __init__(self, embedder: Embedder) -> None:
        self.embedder = embedder
        self.acts = speech_acts()["acts"]
        self.cues = {name: [re.compile(cue) for cue in act["cues"]] for name, act in self.acts.items()}
        self.unless = {name: re.compile(act["unless"]) for name, act in self.acts.items() if "unless" in act}
        self.examples = {name: embedder.embed(act["examples"]) for name, act in self.acts.items()}

    def score(self, sentences: Sequence[Sentence], vectors: NDArray[np.float32]) -> dict[str, list[float]]:
        """Act -> one score a sentence."""
        scores: dict[str, list[float]] = {}
        for name, act in self.acts.items():
            nearest = (vectors @ self.examples[name].T).max(axis=1) if len(sentences) else ()
            scores[name] = [
                self._one(name, sentence, float(near)) if sentence.role in (act["role"], "unknown") else 0.0
                for sentence, near in zip(sentences, nearest, strict=True)
            ]
        return scores

    def _one(self, name: str, sentence: Sentence, near: float) -> float:
        cued = self.cued(name, sentence.text)
        return (0.5 if cued else 0.0) + 0.5 * max(0.0, near)

    def cued(self, name: str, text: str) -> bool:
        """Does a cue of the act match, with none of its `unless` before it?"""
        lower = text.lower().replace("’", "'")
        found = [match for cue in self.cues[name] if (match := cue.search(lower))]
        unless = self.unless.get(name)
        return any(unless is None or not unless.search(lower, 0, match.start()) for match in found)
