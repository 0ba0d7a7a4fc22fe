"""Summaries made of three sentences of the text: those of the highest TextRank, or the first."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from callkit.errors import CallkitError
from callkit.models import Models
from callkit.protocols import JSON

SENTENCES = 3


class TextRank:
    """The sentences that share most words with the others (Mihalcea and Tarau 2004), by networkx's PageRank."""

    name = "textrank"
    task = "summary"

    def __init__(self, *, settings: object, models: Models, cores: int) -> None:
        self._networkx: Any = None

    def identity(self) -> Mapping[str, JSON]:
        return {"engine": self.name, "sentences": SENTENCES}

    def describe(self) -> tuple[str, str]:
        return self.name, "networkx"

    def open(self) -> None:
        try:
            import networkx
        except ImportError:
            raise CallkitError("extra-missing", "networkx is not installed", 'pip install "callkit[bench]"') from None
        self._networkx = networkx

    def pick(self, sentences: Sequence[str]) -> list[int]:
        """The places of the sentences to keep, in order."""
        graph = self._networkx.Graph()
        graph.add_nodes_from(range(len(sentences)))
        graph.add_weighted_edges_from(links(sentences))
        rank = self._networkx.pagerank(graph)
        return sorted(sorted(rank, key=lambda place: (-rank[place], place))[:SENTENCES])

    def close(self) -> None:
        self._networkx = None


class Lead:
    """The first sentences."""

    name = "lead-3"
    task = "summary"

    def __init__(self, *, settings: object, models: Models, cores: int) -> None:
        pass

    def identity(self) -> Mapping[str, JSON]:
        return {"engine": self.name}

    def describe(self) -> tuple[str, str]:
        return self.name, ""

    def open(self) -> None:
        pass

    def pick(self, sentences: Sequence[str]) -> list[int]:
        """The places of the sentences to keep, in order."""
        return list(range(min(SENTENCES, len(sentences))))

    def close(self) -> None:
        pass


def links(sentences: Sequence[str]) -> list[tuple[int, int, float]]:
    """Pairs of sentences with words in common: their number over the sum of the logarithms of the lengths.

    Sentences of one word have no links: the logarithm would make every "yeah" weigh more than a sentence.
    """
    words = [set(re.findall(r"[a-z']+", sentence.lower())) for sentence in sentences]
    long = [place for place, own in enumerate(words) if len(own) > 1]
    return [
        (one, other, shared / (math.log(len(words[one])) + math.log(len(words[other]))))
        for one, other in itertools.combinations(long, 2)
        if (shared := len(words[one] & words[other]))
    ]
