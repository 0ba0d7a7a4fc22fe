"""Sentiment of each turn: what the words say, read in the light of the call so far."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from callkit.model import SafeTurn, Sentiment, SentimentLabel
from callkit.protocols import JSON, Given, Resources, SentimentModel
from callkit.stages import wordlists

if TYPE_CHECKING:
    from callkit.config import SentimentSettings

Probabilities = tuple[float, float, float]
LABELS: tuple[SentimentLabel, ...] = ("negative", "neutral", "positive")

UNHAPPY = -0.2
MEMORY = 0.6


class SentimentStage:
    """Calibrated probabilities a turn, with manners and irony seen in context.

    A turn in a language outside `[sentiment] languages` counts by its translation; without one it gets no sentiment.
    """

    name = "sentiment"
    version = 1
    scope: Literal["utterance", "call"] = "call"
    requires: tuple[str, ...] = ("turns", "language")
    provides: tuple[str, ...] = ("sentiment",)

    def __init__(self, *, settings: SentimentSettings, engine: SentimentModel) -> None:
        self.settings = settings
        self.engine = engine
        self.resources = Resources(cores=1, memory_mb=500)

    def identity(self) -> Mapping[str, JSON]:
        return {"languages": self.settings.languages, **self.engine.identity()}

    def describe(self) -> tuple[str, str]:
        return self.engine.describe()

    def open(self) -> None:
        self.engine.open()

    def run(self, given: Given) -> Mapping[str, Any]:
        return self.run_many([given])[0]

    def run_many(self, givens: Sequence[Given]) -> list[Mapping[str, Any]]:
        """Several calls at once, so that turns of similar length share a batch. One result a call, in order."""
        readable = [self._readable(given) for given in givens]
        texts = [text for call in readable for _, text in call]
        scores = iter(self.engine.score(texts).tolist() if texts else ())
        return [{"sentiment": in_context([(turn, text, next(scores)) for turn, text in call])} for call in readable]

    def _readable(self, given: Given) -> list[tuple[SafeTurn, str]]:
        """The call's turns that have words in a language the model knows, with the text to score."""
        found = []
        for turn in given["turns"]:
            known = (turn.language or given["language"].code) in self.settings.languages
            text = turn.text if known else turn.translation
            if text and any(character.isalpha() for character in text):
                found.append((turn, text))
        return found

    def close(self) -> None:
        self.engine.close()


def in_context(scored: Sequence[tuple[SafeTurn, str, Probabilities]]) -> tuple[Sentiment, ...]:
    """Sentiment of a call's turns, in order, from each one's own probabilities.

    Manners of a speaker who is unhappy so far count as neutral: "thank you, goodbye" does not end a furious call well.
    A bare "great" of such a speaker right after bad news from the other is irony: its positive is taken for negative.
    """
    mood: dict[str, float] = {}
    results: list[Sentiment] = []
    before: tuple[SafeTurn, str] | None = None
    for turn, text, (negative, neutral, positive) in scored:
        unhappy = mood.get(turn.speaker, 0.0) < UNHAPPY
        words = _words(text)
        manners = all(word in wordlists.words("courtesy") for word in words)
        bad_news = (
            before is not None
            and before[0].speaker != turn.speaker
            and wordlists.pattern("bad_news").search(before[1].lower())
        )
        if (
            bad_news
            and len(words) <= 6
            and wordlists.pattern("irony").search(" ".join(words))
            and mood.get(turn.speaker, 0.0) <= 0
        ):
            negative, positive = max(negative, positive), min(negative, positive)
        elif manners and unhappy:
            negative, neutral, positive = negative, neutral + 0.8 * positive, 0.2 * positive
        result = _sentiment(turn.index, negative, neutral, positive)
        if not manners:
            mood[turn.speaker] = MEMORY * mood.get(turn.speaker, 0.0) + (1 - MEMORY) * result.score
        results.append(result)
        before = turn, text
    return tuple(results)


def _sentiment(turn: int, negative: float, neutral: float, positive: float) -> Sentiment:
    negative, positive = round(negative, 3), round(positive, 3)
    neutral = round(1 - negative - positive, 3)
    label = LABELS[max(range(3), key=(negative, neutral, positive).__getitem__)]
    return Sentiment(turn, label, round(positive - negative, 3), negative, neutral, positive)


def _words(text: str) -> list[str]:
    return re.findall(r"[a-z']+", text.lower().replace("’", "'"))
