"""The contracts between callkit's parts: facets, stages, engines, audio and runners.

A **call** is a set of typed facts, *facets*; a **stage** is a pure function from some facets to others. A stage holds a
rule of the domain (windows, joins, mapping back to words). An **engine** holds one library, imported inside `open()` and
nowhere else. A third party writes either against this file alone and registers it by entry point (`callkit.registry`).

A stage::

    class Shout:
        name, version, scope = "shout", 1, "utterance"
        requires, provides = ("turns",), ("shouts",)

        def __init__(self, *, settings: ShoutSettings) -> None:
            self.settings = settings          # store arguments, do no work

        def identity(self) -> Mapping[str, JSON]:
            return {"upper": self.settings.upper}

        def open(self) -> None: ...           # load models here; called once a process, before the first run
        def run(self, given: Given) -> Mapping[str, object]:
            return {"shouts": tuple(turn.text.upper() for turn in given["turns"])}
        def close(self) -> None: ...
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol, runtime_checkable

from callkit import model

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

JSON = str | int | float | bool | None | Sequence["JSON"] | Mapping[str, "JSON"]
Given = Mapping[str, Any]
Progress = Callable[[str, float], None]
"""Called with a stage's name and the share of it that is done, 0 to 1."""


# --- Facets -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Facet:
    """One kind of fact about a call. `private` ones live in memory while the call is processed and die with it.

    `type` is what a stage puts there, as a type that pydantic can read back from JSON (safe facets are kept so).
    """

    name: str
    private: bool
    type: Any
    about: str


FACETS: dict[str, Facet] = {
    facet.name: facet
    for facet in (
        Facet("audio", True, Any, "the recording, as a lazy reader of blocks (`Audio`)"),
        Facet("inspection", False, model.Inspection, "what the recording truly is"),
        Facet("words", True, tuple[model.Word, ...], "every word heard, by time"),
        Facet("phrases", True, tuple[model.Phrase, ...], "English translation as heard, by time"),
        Facet("language", False, model.Language, "the language spoken"),
        Facet("speaker_spans", False, tuple[model.SpeakerSpan, ...], "who speaks when, overlap included"),
        Facet("raw_turns", True, tuple[model.Turn, ...], "turns with their roles, unredacted"),
        Facet("turns", False, tuple[model.SafeTurn, ...], "turns with their roles, redacted"),
        Facet("redactions", False, tuple[model.Redaction, ...], "what was redacted, where and why"),
        Facet("muted", False, model.MutedAudio, "the audio with every redacted stretch silenced"),
        Facet("loudness", False, tuple[model.Loudness, ...], "how loud each turn is"),
        Facet("sentiment", False, tuple[model.Sentiment, ...], "sentiment of each turn"),
        Facet("embeddings", False, model.Embeddings, "sentence embeddings of the turns"),
        Facet("summary", False, model.Summary, "issue, outcome, actions, summary"),
        Facet("metrics", False, model.Metrics, "how the two people talked"),
    )
}


# --- Audio ------------------------------------------------------------------------------------------------------------


class Audio(Protocol):
    """A recording at 16 kHz as float32 in [-1, 1], read in blocks: never two hours of float32 in memory.

    Everything but `source_rate` and `codec` speaks of the 16 kHz signal. Reads past the end give what there is.
    """

    sample_rate: int
    channels: int
    frames: int
    duration_s: float
    source_rate: int
    codec: str

    def read(self, channel: int | None, start_s: float = 0.0, end_s: float | None = None) -> NDArray[np.float32]:
        """Samples (n,) of one channel, or of the mean of all channels for None, in [start_s, end_s)."""
        ...

    def blocks(self, block_s: float = 30.0) -> Iterator[tuple[float, NDArray[np.float32]]]:
        """Consecutive (start in seconds, samples (channels, n)) blocks from start to end."""
        ...


# --- Stages -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Resources:
    """What a stage needs to run, for runners that place work: CPU cores, memory in MB, GPUs."""

    cores: int = 1
    memory_mb: int = 200
    gpus: float = 0.0


@runtime_checkable
class Stage(Protocol):
    """A pure function from facets to facets. The constructor stores its arguments and does no work.

    `version` is raised by hand when the meaning of the output changes. `requires` and `provides` name facets; `run` is
    given only what it requires and must return exactly what it provides. `scope` says whether live mode may run it on
    one finished utterance. Same input, same output; the input is left alone.
    """

    name: str
    version: int
    requires: tuple[str, ...]
    provides: tuple[str, ...]
    scope: Literal["utterance", "call"]
    resources: Resources

    def identity(self) -> Mapping[str, JSON]:
        """The settings and the model (by digest) that decide the answer: part of the freshness key. No work."""
        ...

    def describe(self) -> tuple[str, str]:
        """The engine's name and the model's name, for `stage_runs`; ("", "") for a stage without them."""
        ...

    def open(self) -> None:
        """Load what `run` needs. Idempotent."""
        ...

    def run(self, given: Given) -> Mapping[str, Any]:
        """Compute the provided facets from the required ones (plus "call", always given)."""
        ...

    def close(self) -> None:
        """Let go of what `open` loaded. Idempotent."""
        ...


# --- Engines ----------------------------------------------------------------------------------------------------------


class Engine(Protocol):
    """One library behind one task. The constructor stores its arguments; the library is imported in `open()`."""

    name: str

    def identity(self) -> Mapping[str, JSON]:
        """What of the engine decides the answer: its name, model digest, decoding settings. No work."""
        ...

    def describe(self) -> tuple[str, str]:
        """The engine's name and its model's name."""
        ...

    def open(self) -> None: ...

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Region:
    """A stretch of one channel (None: the mean of all) to transcribe or to look for speakers in."""

    channel: int | None
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Transcript:
    """What a transcriber heard. Private: it holds raw words."""

    words: tuple[model.Word, ...] = field(repr=False)
    language: model.Language
    phrases: tuple[model.Phrase, ...] = field(default=(), repr=False)


class Transcriber(Engine, Protocol):
    """Speech to words."""

    def transcribe(self, audio: Audio, regions: Sequence[Region], *, progress: Progress | None = None) -> Transcript:
        """Every word spoken inside `regions`, timed from the start of the recording; none on silence or music."""
        ...


class Diarizer(Engine, Protocol):
    """Who speaks when, on one channel or the mean of all."""

    def diarize(self, audio: Audio, region: Region, *, speakers: tuple[int, int]) -> tuple[model.SpeakerSpan, ...]:
        """Spans of between `speakers[0]` and `speakers[1]` speakers, overlap included, sorted by start."""
        ...


@dataclass(frozen=True, slots=True)
class EntitySpan:
    """A named entity in a text: [start, end) in code points."""

    start: int
    end: int
    entity: str
    score: float
    recognizer: str
    rule: str = ""


class EntityRecognizer(Engine, Protocol):
    """Finds personal data in written text."""

    def recognize(self, texts: Sequence[str], *, language: str = "en") -> list[list[EntitySpan]]:
        """One list of spans a text, in order; spans may overlap."""
        ...


class SentimentModel(Engine, Protocol):
    """Sentiment of short texts."""

    def score(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """(len(texts), 3) calibrated probabilities: negative, neutral, positive."""
        ...


class Embedder(Engine, Protocol):
    """Sentence embeddings."""

    dim: int

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """(len(texts), dim), each of unit length."""
        ...


class Summarizer(Engine, Protocol):
    """Safe turns to a summary."""

    def summarize(self, turns: Sequence[model.SafeTurn], embeddings: model.Embeddings) -> model.Summary:
        """Issue, outcome, actions, narrative, chapters; each citing turns."""
        ...


@dataclass(frozen=True, slots=True)
class Spoken:
    """Synthetic speech: mono float32 `samples` at `rate`, and each word's (start, end) where the voice knows them."""

    samples: NDArray[np.float32]
    rate: int
    times: tuple[tuple[float, float], ...] | None = None


class Voice(Engine, Protocol):
    """Text to speech, for calls whose truth is known."""

    voices: tuple[str, ...]
    timed: bool

    def say(self, text: str, *, voice: str, speed: float = 1.0) -> Spoken:
        """Speak a text. `times`, given where `timed`, are those of `text.split()`, in order."""
        ...


# --- Runners ----------------------------------------------------------------------------------------------------------


class Runner(Protocol):
    """How calls are spread over processes or machines: jobs in (`callkit.runners.jobs`), Outcomes out, in any order."""

    def map(self, jobs: Iterable[Any]) -> Generator[list[model.Outcome], None, None]:
        """Do each job, taken only when there is room for it; yield its Outcomes when it is done.

        A call whose worker dies comes as a failed Outcome. Closing the iterator ends what was started.
        """
        ...
