"""VADER (Hutto & Gilbert 2014): sentiment by a word list and rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from callkit.errors import CallkitError
from callkit.models import Models
from callkit.protocols import JSON

#: The thresholds its authors advise.
_POSITIVE, _NEGATIVE = 0.05, -0.05


class Vader:
    """A label a text, from the compound score."""

    name = "vader"
    task = "sentiment"

    def __init__(self, *, settings: object, models: Models, cores: int) -> None:
        self._analyzer: Any = None

    def identity(self) -> Mapping[str, JSON]:
        return {"engine": self.name}

    def describe(self) -> tuple[str, str]:
        return self.name, "lexicon"

    def open(self) -> None:
        if self._analyzer is not None:
            return
        try:
            from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer
        except ImportError:
            raise CallkitError(
                "extra-missing", "vaderSentiment is not installed", 'pip install "callkit[bench]"'
            ) from None
        self._analyzer = SentimentIntensityAnalyzer()

    def labels(self, texts: Sequence[str]) -> list[str]:
        """negative, neutral or positive for each text."""
        return [_label(self._analyzer.polarity_scores(text)["compound"]) for text in texts]

    def close(self) -> None:
        self._analyzer = None


def _label(compound: float) -> str:
    if compound >= _POSITIVE:
        return "positive"
    return "negative" if compound <= _NEGATIVE else "neutral"
