"""Is a written sentence borne out by turns of the call? Meaning and words both have to agree."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from callkit.engines.reported_speech import tidy
from callkit.engines.speech_acts import Sentence, sentences_of
from callkit.model import Action, SafeTurn, Statement
from callkit.protocols import Embedder

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MEANING_FLOOR = 0.4
WORDS_FLOOR = 0.34
CITED = 3
_FACT = re.compile(r"\[[A-Z_]+\d*\]|\d[\d.,:]*\d|\d")
#: The two sides, who are not named so when they speak to each other.
_WHO = re.compile(r"\b(?:the )?(?:agent|customer|company)(?:'s)?\b ?", re.I)
_STOP = frozenset(
    "a agent also an and are as at be been but by call called caller can customer did do does for from had has have he her him his "
    "how i if in is it its me my not of on or our said she so that the their them then there they this to up was we were what when "
    "which who will with would you your".split(" ")
)


class Support:
    """Checks sentences against the turns of one call.

    A sentence is supported by turns if the nearest of their sentences has a cosine of at least 0.4, at least a third of its
    content words (by their first five letters) are in them, and so is every number and placeholder. Its score is the mean of
    cosine and share of words. What stands in a cited turn word for word is supported, with score 1.
    """

    def __init__(
        self,
        turns: Sequence[SafeTurn],
        embedder: Embedder,
        sentences: Sequence[Sentence] | None = None,
        vectors: NDArray[np.float32] | None = None,
    ) -> None:
        """`sentences` and their `vectors` (sentences, dim) are worked out where they are not given."""
        self.embedder = embedder
        self.texts = {turn.index: turn.translation or turn.text for turn in turns}
        self.sentences = sentences_of(turns) if sentences is None else sentences
        self.vectors = embedder.embed([sentence.text for sentence in self.sentences]) if vectors is None else vectors

    def check(self, text: str, cited: Sequence[int] = ()) -> Statement:
        """The sentence with its verdict. Without `cited` turns the three nearest in meaning are cited."""
        near = self._nearness(text)
        known = tuple(turn for turn in dict.fromkeys(cited) if turn in self.texts)
        turns = known or self._nearest(near)
        if any(_verbatim(text, self.texts[turn]) for turn in turns):
            return Statement(text, turns, True, 1.0)
        cosines = [float(near[i]) for i, sentence in enumerate(self.sentences) if sentence.turn in turns]
        evidence = " ".join(self.texts[turn] for turn in turns)
        meaning, shared = max(cosines, default=0.0), _shared(text, evidence)
        facts = all(fact in evidence for fact in _FACT.findall(text))
        score = round(max(0.0, (meaning + shared) / 2), 3)
        return Statement(text, turns, meaning >= MEANING_FLOOR and shared >= WORDS_FLOOR and facts, score)

    def check_action(self, action: Action) -> Action:
        """The follow-up with its verdict: what is promised, whoever is said to, and by when, have to be in its turns."""
        verdict = self.check(_WHO.sub("", action.text).strip(), action.turns)
        evidence = " ".join(self.texts[turn] for turn in verdict.turns)
        in_time = not action.due or _shared(action.due, evidence) == 1.0
        return replace(action, turns=verdict.turns, supported=bool(verdict.supported and in_time), score=verdict.score)

    def _nearness(self, text: str) -> NDArray[np.float32]:
        vector: NDArray[np.float32] = self.embedder.embed([text])[0]
        return self.vectors @ vector

    def _nearest(self, near: NDArray[np.float32]) -> tuple[int, ...]:
        order = sorted(range(len(self.sentences)), key=lambda i: -float(near[i]))
        return tuple(sorted(dict.fromkeys(self.sentences[i].turn for i in order[:CITED])))


def _verbatim(text: str, evidence: str) -> bool:
    """Does the text stand in the evidence, but for fillers, case and stops?"""
    said, present = (" ".join(re.findall(r"[\w']+", tidy(one).lower())) for one in (text, evidence))
    return bool(said) and f" {said} " in f" {present} "


def _shared(text: str, evidence: str) -> float:
    """Share of the text's content words that the evidence has; 1 for a text without any."""
    wanted = {word[:5] for word in re.findall(r"[a-z0-9]+", text.lower()) if word not in _STOP}
    present = {word[:5] for word in re.findall(r"[a-z0-9]+", evidence.lower())}
    return len(wanted & present) / len(wanted) if wanted else 1.0
