"""What is measured: callkit under some configuration, or a peer. Everything here runs in the system's own process."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from callkit import registry
from callkit.audio import open_audio
from callkit.bench.heard import Heard
from callkit.bench.labels import ENTITIES
from callkit.bench.textsets import TextRow
from callkit.config import Config
from callkit.engines.few_shot import few_shot
from callkit.errors import CallkitError
from callkit.model import Call, Language, SafeTurn, SafeWord, Statement, Summary
from callkit.pipeline import Plan, Work, run_calls
from callkit.pipeline.facets import facet_digest
from callkit.stages.redact import Redactor
from callkit.text.found import Utterance

Spans = list[tuple[int, int, str]]
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+")

#: What a peer's finds are called here. A place may be (part of) an address; as a label by itself it is not one.
_FOUND = {**ENTITIES, "LOCATION": "ADDRESS"}

#: The stages that each task on texts needs.
_STAGES = {"pii": ("redact",), "sentiment": ("sentiment",), "summary": ("embed", "summarize"), "topics": ("embed",)}


@dataclass(frozen=True, slots=True)
class SystemSpec:
    """How to make a system in another process: `peer` names one of `callkit.engines.peers`, "" is callkit itself."""

    name: str
    config: Config
    peer: str = ""


class System(Protocol):
    """Answers on recordings and texts; None (or nothing) where it does not do that task."""

    def hear(self, path: Path) -> Heard | None: ...
    def find_pii(self, rows: Sequence[TextRow]) -> list[list[Spans]] | None: ...
    def feel(self, texts: Sequence[str]) -> list[str] | None: ...
    def summarize(self, row: TextRow) -> tuple[Summary, tuple[SafeTurn, ...]] | None: ...
    def classify(self, rows: Sequence[TextRow]) -> list[str] | None: ...
    def warm(self, task: str) -> None: ...


def make_system(spec: SystemSpec) -> System:
    """The system a spec asks for. Loads nothing yet."""
    return Peer(spec) if spec.peer else Callkit(spec.config)


@dataclass
class Callkit:
    """callkit's own stages, run as a call's are. What they heard is handed over in memory and goes no further."""

    config: Config
    _plan: Plan | None = field(default=None, repr=False)
    _stages: dict[str, Any] = field(default_factory=dict, repr=False)

    def warm(self, task: str) -> None:
        """Load the models, so that loading is not in the times."""
        if task == "audio":
            self._plan = self._plan or registry.build_plan(self.config)
            for stage in self._plan:
                self._plan.open(stage)
            return
        for name in _STAGES[task]:
            self._stage(name)

    def hear(self, path: Path) -> Heard | None:
        assert self._plan is not None, "warm first"
        private: dict[str, Any] = {}
        audio_config = self.config.audio
        opened: dict[str, Any] = {}

        def open_once() -> Any:
            opened["audio"] = open_audio(
                path, min_duration_s=audio_config.min_duration_s, max_channels=audio_config.max_channels
            )
            return opened["audio"]

        call = Call("bench", path.name, "")
        work = Work(call, open_once, keep_private=private.update if "redactions" in self._plan.producer else None)
        outcome = run_calls(self._plan, [work], facet_digest=facet_digest)[0]
        if outcome.failed is not None:
            raise CallkitError(outcome.failed.error, outcome.failed.what, outcome.failed.hint)
        safe = outcome.facets
        return Heard(
            duration_s=opened["audio"].duration_s,
            channels=len(safe["inspection"].channels_used) if "inspection" in safe else 1,
            seconds={run.stage: run.seconds for run in outcome.runs},
            words=private.get("words"),
            turns=private.get("raw_turns"),
            spans=safe.get("speaker_spans"),
            language=safe["language"].code if "language" in safe else None,
            safe_turns=safe.get("turns"),
            redactions=safe.get("redactions"),
            muted=safe["muted"].spans if "muted" in safe else None,
            sentiment=safe.get("sentiment"),
            summary=safe.get("summary"),
        )

    def find_pii(self, rows: Sequence[TextRow]) -> list[list[Spans]] | None:
        stage = self._stage("redact")
        redactor = Redactor(settings=stage.settings, engine=stage.engine)
        found = []
        for row in rows:
            conversation = [Utterance(turn.text, turn.role if turn.role != "unknown" else "") for turn in row.turns]
            spans: list[Spans] = [[] for _ in row.turns]
            for finding in redactor.findings(conversation):
                spans[finding.turn].append((finding.start, finding.end, finding.entity))
            found.append(spans)
        return found

    def feel(self, texts: Sequence[str]) -> list[str] | None:
        """Each text is a call of its own: what was written before by others is no context."""
        stage = self._stage("sentiment")
        givens: list[dict[str, Any]] = [
            {"turns": (_safe_turn(0, "customer", text),), "language": Language("en", 1.0)} for text in texts
        ]
        if "embeddings" in stage.requires:
            givens = [given | self._stage("embed").run(given) for given in givens]
        together = getattr(stage, "run_many", None)
        found = together(givens) if together else [stage.run(given) for given in givens]
        return [one["sentiment"][0].label if one["sentiment"] else "neutral" for one in found]

    def summarize(self, row: TextRow) -> tuple[Summary, tuple[SafeTurn, ...]] | None:
        turns = _safe_turns(row)
        given: dict[str, Any] = {"turns": turns, "language": Language("en", 1.0), "call": Call("bench", "", "")}
        given |= self._stage("embed").run(given)
        return self._stage("summarize").run(given)["summary"], turns

    def classify(self, rows: Sequence[TextRow]) -> list[str] | None:
        """A label for each row that is no example, learnt from those that are."""
        vectors = self._stage("embed").engine.embed([row.turns[0].text for row in rows])
        names = sorted({row.label for row in rows if row.example})
        learnt = [names.index(row.label) for row in rows if row.example]
        example = [row.example for row in rows]
        unseen = [not one for one in example]
        return [names[label] for label in few_shot(vectors[example], learnt, vectors[unseen])]

    def _stage(self, name: str) -> Any:
        if name not in self._stages:
            stage = registry.build_stage(name, self.config)
            stage.open()
            self._stages[name] = stage
        return self._stages[name]


class Peer:
    """A peer: one task, done as its own library does it."""

    def __init__(self, spec: SystemSpec) -> None:
        self.engine: Any = registry.build_engine("peer", spec.peer, spec.config)
        self.task: str = self.engine.task

    def warm(self, task: str) -> None:
        self.engine.open()

    def hear(self, path: Path) -> Heard | None:
        if self.task not in ("words", "speakers"):
            return None
        with open_audio(path) as audio:
            duration_s = audio.duration_s
        started = time.perf_counter()
        if self.task == "words":
            words, language = self.engine.words(path)
            took = {"transcribe": time.perf_counter() - started}
            return Heard(duration_s, 1, took, words=words, language=language)
        spans = self.engine.spans(path)
        return Heard(duration_s, 1, {"diarize": time.perf_counter() - started}, spans=spans)

    def find_pii(self, rows: Sequence[TextRow]) -> list[list[Spans]] | None:
        """Spans of the types that both it and callkit know: the others are not what is asked here."""
        if self.task != "pii":
            return None
        answers: list[list[Spans]] = []
        for row in rows:
            entities = self.engine.entities([turn.text for turn in row.turns])
            answers.append(
                [[(e.start, e.end, _FOUND[e.entity]) for e in found if _FOUND.get(e.entity)] for found in entities]
            )
        return answers

    def feel(self, texts: Sequence[str]) -> list[str] | None:
        labels: list[str] | None = self.engine.labels(texts) if self.task == "sentiment" else None
        return labels

    def summarize(self, row: TextRow) -> tuple[Summary, tuple[SafeTurn, ...]] | None:
        if self.task != "summary":
            return None
        turns = _safe_turns(row)
        sentences = [(part, turn.index) for turn in turns for part in _SENTENCE_END.split(turn.text) if part]
        picked = [sentences[place] for place in self.engine.pick([text for text, _ in sentences])]
        said = tuple(Statement(text, (turn,)) for text, turn in picked)
        return Summary("", said, None, "unknown", None), turns

    def classify(self, rows: Sequence[TextRow]) -> list[str] | None:
        return None


def _safe_turns(row: TextRow) -> tuple[SafeTurn, ...]:
    return tuple(_safe_turn(number, turn.role, turn.text) for number, turn in enumerate(row.turns))


def _safe_turn(index: int, role: str, text: str) -> SafeTurn:
    """A turn of a text set, whose text is public already."""
    words = tuple(SafeWord(float(index), float(index), word) for word in text.split())
    fields: Mapping[str, Any] = {"speaker": role, "role": role, "channel": None, "language": "en"}
    return SafeTurn(index=index, start=float(index), end=float(index), words=words, **fields)
