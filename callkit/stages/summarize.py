"""What happened on the call: issue, outcome, actions, narrative and chapters, each citing turns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

from callkit.model import Summary
from callkit.protocols import JSON, Given, Resources, Summarizer

if TYPE_CHECKING:
    from callkit.config import SummarizeSettings

EMPTY = Summary("", (), None, "unknown", None)


class Summarize:
    """Hands the safe turns to the summary engine; a language the engine does not know gets no summary, not a guess."""

    name = "summarize"
    version = 4
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
        """The summary; an empty one, with the reason, where nothing tells or the engine does not know the language."""
        turns, known, code = given["turns"], getattr(self.engine, "languages", None), given["language"].code
        if not any(turn.words for turn in turns):
            return {"summary": EMPTY}
        if known is not None and code not in known and not all(turn.translation for turn in turns):
            return {"summary": replace(EMPTY, withheld=f"the engine does not know the language spoken ({code})")}
        summary = self.engine.summarize(turns, given["embeddings"])
        if not (summary.title or summary.summary or summary.issue):
            summary = replace(summary, withheld="nothing that was said tells what the call was about")
        return {"summary": summary}

    def close(self) -> None:
        self.engine.close()
