"""What happened on the call: issue, outcome, actions, narrative and chapters, each citing turns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

from callkit.model import Summary
from callkit.protocols import JSON, Given, Resources, Summarizer

if TYPE_CHECKING:
    from callkit.config import SummarizeSettings


class Summarize:
    """Hands the safe turns to the summary engine; a language the engine does not know gets no summary, not a guess."""

    name = "summarize"
    version = 2
    scope: Literal["utterance", "call"] = "call"
    requires: tuple[str, ...] = ("turns", "embeddings", "language")
    provides: tuple[str, ...] = ("summary",)

    def __init__(self, *, settings: SummarizeSettings, engine: Summarizer) -> None:
        self.settings = settings
        self.engine = engine
        self.resources = Resources(cores=1, memory_mb=500)

    def identity(self) -> Mapping[str, JSON]:
        return self.engine.identity()

    def describe(self) -> tuple[str, str]:
        return self.engine.describe()

    def open(self) -> None:
        self.engine.open()

    def run(self, given: Given) -> Mapping[str, Any]:
        """The summary; an empty one where nobody spoke or the engine does not know the language."""
        turns, known = given["turns"], getattr(self.engine, "languages", None)
        readable = known is None or given["language"].code in known or all(turn.translation for turn in turns)
        if not turns or not readable:
            return {"summary": Summary("", (), None, "unknown", None)}
        return {"summary": self.engine.summarize(turns, given["embeddings"])}

    def close(self) -> None:
        self.engine.close()
