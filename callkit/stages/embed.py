"""Sentence embeddings of the redacted turns: what search, topics, summaries and rules compare by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from callkit.model import Embeddings
from callkit.protocols import JSON, Embedder, Given, Resources

if TYPE_CHECKING:
    from callkit.config import EmbedSettings


class Embed:
    """Each safe turn's text as a vector of unit length; a translation stands for the text where there is one."""

    name = "embed"
    version = 1
    scope: Literal["utterance", "call"] = "utterance"
    requires: tuple[str, ...] = ("turns",)
    provides: tuple[str, ...] = ("embeddings",)

    def __init__(self, *, settings: EmbedSettings, engine: Embedder) -> None:
        self.settings = settings
        self.engine = engine
        self.resources = Resources(cores=1, memory_mb=400)

    def identity(self) -> Mapping[str, JSON]:
        return self.engine.identity()

    def describe(self) -> tuple[str, str]:
        return self.engine.describe()

    def open(self) -> None:
        self.engine.open()

    def run(self, given: Given) -> Mapping[str, Any]:
        return self.run_many([given])[0]

    def run_many(self, givens: Sequence[Given]) -> list[Mapping[str, Any]]:
        """Several calls at once, so that turns of similar length share a batch. One result a call, in order."""
        texts = [turn.translation or turn.text for given in givens for turn in given["turns"]]
        vectors = self.engine.embed(texts).astype("<f2") if texts else None
        results: list[Mapping[str, Any]] = []
        start = 0
        for given in givens:
            indices = tuple(turn.index for turn in given["turns"])
            part = vectors[start : start + len(indices)].tobytes() if vectors is not None else b""
            start += len(indices)
            results.append({"embeddings": Embeddings(self.engine.describe()[1], self.engine.dim, indices, part)})
        return results

    def close(self) -> None:
        self.engine.close()
