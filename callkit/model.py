"""The words callkit thinks in: calls, words, turns, redactions, metrics.

Frozen dataclasses over the standard library alone, so that everything may import them. Times are seconds from the start
of the recording, floats rounded to the millisecond by `seconds`, intervals half-open `[start, end)`.

`Word` and `Turn` hold raw speech and are private: they refuse to be pickled and hide their text from `repr`. Only the
`redact` stage makes their safe kinds, `SafeWord` and `SafeTurn`, and only those are accepted by the store.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, NoReturn, get_args

from callkit.errors import PrivacyError

Role = Literal["agent", "customer", "agent_2", "ivr", "unknown"]
Layout = Literal["mono", "stereo", "dual_mono", "one_sided", "multichannel", "silent"]
SegmentKind = Literal["silence", "hold", "music", "ringback", "ivr", "voicemail_beep", "overlap"]
SentimentLabel = Literal["negative", "neutral", "positive"]
CallOutcome = Literal["resolved", "partly_resolved", "unresolved", "escalated", "callback_promised", "unknown"]

ROLES: tuple[Role, ...] = get_args(Role)

#: Languages written without spaces between words.
UNSPACED_LANGUAGES = frozenset({"ja", "zh", "yue", "th", "lo", "my", "km"})


def seconds(value: float) -> float:
    """Round a time to the millisecond: the one place where it is done."""
    return round(float(value), 3)


# --- The call and its recording ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Call:
    """What is known of a call before any model has run. Safe: `source_name` is already redacted.

    `call_id` comes from the recording's hash or the manifest, never from the file's name. `customer` is a keyed
    pseudonym of the customer reference. What metadata did not give is None, and `unmatched` names it.
    """

    call_id: str
    source_name: str
    audio_sha256: str
    started_at: datetime | None = None
    agent_id: str | None = None
    customer: str | None = None
    queue: str | None = None
    direction: Literal["inbound", "outbound"] | None = None
    unmatched: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of the recording that is something other than plain talk. `channel` None: all of them."""

    kind: SegmentKind
    start: float
    end: float
    channel: int | None = None


@dataclass(frozen=True, slots=True)
class ChannelStats:
    """What one channel's samples say. Levels in dBFS, bandwidth in Hz (about 3400 was a telephone once)."""

    index: int
    level_dbfs: float
    peak_dbfs: float
    snr_db: float | None
    clipping_share: float
    dc_offset: float
    bandwidth_hz: float
    dead: bool
    role: Role | None = None


@dataclass(frozen=True, slots=True)
class Inspection:
    """What the recording truly is, and the path chosen from it.

    `layout` is the truth of the signal, not of the header: two channels with the same mono are "dual_mono". `path`
    says where speakers come from: "channels" (one each), "diarization" (of the mono mix of `channels_used`) or
    "none" (nobody speaks). `reason` is the sentence shown to people. `bleed` is the share of bleed in the talk of each ten
    seconds, None where nobody talks, and `bleed_share` their mean.
    """

    duration_s: float
    sample_rate: int
    codec: str
    layout: Layout
    path: Literal["channels", "diarization", "none"]
    reason: str
    channels: tuple[ChannelStats, ...]
    channels_used: tuple[int, ...]
    segments: tuple[Segment, ...] = ()
    correlation: float | None = None
    lag_s: float | None = None
    bleed_share: float | None = None
    bleed: tuple[float | None, ...] = ()
    warnings: tuple[str, ...] = ()


# --- Speech -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Word:
    """One spoken word as heard: private. `text` has its punctuation, no spaces around it."""

    start: float
    end: float
    text: str = field(repr=False)
    channel: int = 0
    confidence: float = 1.0
    language: str = ""

    def __reduce__(self) -> NoReturn:
        raise PrivacyError("a raw word was about to be pickled")


@dataclass(frozen=True, slots=True)
class SafeWord(Word):
    """A word that has been through `redact`. `entity` names what it replaces ("CARD"), "" where nothing was redacted.

    A redacted stretch of several words is one `SafeWord` whose text is the placeholder, from the first one's start to
    the last one's end; `raw_words` says how many words it stands for.
    """

    entity: str = ""
    raw_words: int = 1

    def __reduce__(self) -> tuple[type[SafeWord], tuple[Any, ...]]:  # type: ignore[override]
        return SafeWord, (
            self.start,
            self.end,
            self.text,
            self.channel,
            self.confidence,
            self.language,
            self.entity,
            self.raw_words,
        )


@dataclass(frozen=True, slots=True)
class Phrase:
    """A stretch of translated speech, private until redacted: English text beside the original."""

    start: float
    end: float
    text: str = field(repr=False)
    channel: int = 0

    def __reduce__(self) -> NoReturn:
        raise PrivacyError("a raw phrase was about to be pickled")


@dataclass(frozen=True, slots=True)
class Language:
    """The language spoken (ISO 639-1) and how sure the recogniser is, 0 to 1."""

    code: str
    confidence: float


@dataclass(frozen=True, slots=True)
class SpeakerSpan:
    """Who speaks when, without the pauses a turn spans; spans of two speakers may overlap. Labels are S0, S1, ..."""

    speaker: str
    start: float
    end: float
    channel: int | None = None


@dataclass(frozen=True, slots=True)
class Turn:
    """A stretch of talk by one speaker until another takes over: private.

    `role_confidence` is how sure the role is (0 to 1). `overlap` is the share of the turn, 0 to 1, during which
    another speaker talks too.
    """

    index: int
    speaker: str
    role: Role
    channel: int | None
    start: float
    end: float
    words: tuple[Word, ...] = field(repr=False)
    role_confidence: float = 1.0
    overlap: float = 0.0
    language: str = ""

    @property
    def text(self) -> str:
        """The turn's words, joined as its language is written."""
        return join_words((word.text for word in self.words), self.language)

    @property
    def confidence(self) -> float:
        """Mean confidence of the words, 0 for a turn without any."""
        return sum(word.confidence for word in self.words) / len(self.words) if self.words else 0.0

    def __reduce__(self) -> NoReturn:
        raise PrivacyError("a raw turn was about to be pickled")


@dataclass(frozen=True, slots=True)
class SafeTurn(Turn):
    """A turn that has been through `redact`: same index, times and speaker, safe words.

    `translation` is the redacted English text where translation was asked for, else None.
    """

    words: tuple[SafeWord, ...] = ()
    translation: str | None = None

    def __post_init__(self) -> None:
        if not all(isinstance(word, SafeWord) for word in self.words):
            raise PrivacyError("a safe turn was about to hold a raw word")

    def __reduce__(self) -> tuple[Any, ...]:  # type: ignore[override]
        return SafeTurn, tuple(getattr(self, name) for name in _SAFE_TURN_FIELDS)


_SAFE_TURN_FIELDS = tuple(SafeTurn.__dataclass_fields__)


@dataclass(frozen=True, slots=True)
class Redaction:
    """One redacted stretch of one turn; never the original.

    `first_word` and `last_word` (inclusive) index the raw turn's words, `word` the placeholder in the safe turn.
    `start`, `end` are the times to mute. `rule` names the context that decided, for `show --redactions`.
    """

    turn: int
    first_word: int
    last_word: int
    word: int
    start: float
    end: float
    entity: str
    score: float
    recognizer: str
    rule: str = ""


def join_words(words: Iterable[str], language: str = "") -> str:
    """Join words as `language` is written: with spaces, or without in Japanese, Chinese, Thai and the like."""
    return ("" if language in UNSPACED_LANGUAGES else " ").join(words)


# --- What is said of it -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Loudness:
    """How loud a turn is: `dbfs` its RMS level, `relative_db` against the median of the same speaker's turns."""

    turn: int
    dbfs: float
    relative_db: float


@dataclass(frozen=True, slots=True)
class MutedAudio:
    """The recording with every redacted or unexplained stretch silenced. `file` is a name in the store's audio folder."""

    file: str
    sha256: str
    muted_s: float
    unworded_s: float
    spans: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Sentiment:
    """How a turn sounds in words: three calibrated probabilities, and `score` = positive - negative, in [-1, 1]."""

    turn: int
    label: SentimentLabel
    score: float
    negative: float
    neutral: float
    positive: float


@dataclass(frozen=True, slots=True)
class Embeddings:
    """Sentence embeddings of the safe turns, unit length: `vectors` is little-endian float16, len(turns) x dim."""

    model: str
    dim: int
    turns: tuple[int, ...]
    vectors: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Statement:
    """A sentence said about the call and the turns it rests on. `supported` None: nobody checked."""

    text: str
    turns: tuple[int, ...]
    supported: bool | None = None
    score: float | None = None


@dataclass(frozen=True, slots=True)
class Action:
    """A follow-up: who promised what, by when (in the words of the call). `supported` None: nobody checked."""

    who: Role
    text: str
    due: str | None
    turns: tuple[int, ...]
    supported: bool | None = None
    score: float | None = None


@dataclass(frozen=True, slots=True)
class Chapter:
    """A stretch of a long call about one thing."""

    index: int
    start: float
    end: float
    title: str
    first_turn: int
    last_turn: int


@dataclass(frozen=True, slots=True)
class Summary:
    """What happened on the call, each part with its evidence. `withheld`: why there is none although words were said."""

    title: str
    summary: tuple[Statement, ...]
    issue: Statement | None
    outcome: CallOutcome
    outcome_evidence: Statement | None
    actions: tuple[Action, ...] = ()
    chapters: tuple[Chapter, ...] = ()
    withheld: str = ""


@dataclass(frozen=True, slots=True)
class Interaction:
    """One time somebody talks into another's turn. `turn` is the turn that came in, `floor_kept_by` who talked on."""

    turn: int
    kind: Literal["interruption", "backchannel", "cooperative_overlap"]
    by_role: Role
    start: float
    end: float
    floor_kept_by: Role | None = None


@dataclass(frozen=True, slots=True)
class Metrics:
    """The figures of a call: `call` one value a name, `speakers` one mapping a role.

    Names, units and definitions are in `callkit.stages.metrics`; None means withheld, and `withheld` says why.
    """

    call: Mapping[str, float | int | str | None]
    speakers: Mapping[str, Mapping[str, float | int | str | None]]
    withheld: Mapping[str, str] = field(default_factory=dict)
    interactions: tuple[Interaction, ...] = ()


@dataclass(frozen=True, slots=True)
class RedactionProof:
    """What was heard when the muted recording was transcribed again: the proof that redaction worked, or did not.

    `audio_sha256` is the muted recording's; `unproven_s` speech still audible that no word covers.
    """

    call_id: str
    proved_at: datetime
    engine: str
    model: str
    audio_sha256: str
    seconds: float
    items_left: int
    unproven_s: float
    verdict: Literal["clean", "leak", "unproven"]


@dataclass(frozen=True, slots=True)
class Topic:
    """What some of the store's calls are about. `centroid` lies in the space of the embeddings, unit length."""

    topic: int
    name: str
    source: Literal["found", "renamed", "examples"]
    terms: tuple[str, ...]
    calls: int
    representative_calls: tuple[str, ...]
    centroid: tuple[float, ...] | None
    fitted_at: datetime


@dataclass(frozen=True, slots=True)
class CallTopic:
    """The topic a call belongs to; `score` is the cosine to the topic's middle."""

    call_id: str
    topic: int
    score: float


# --- How it came about ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class StageRun:
    """Where a result comes from: the stage, what ran, how long it took and how it ended."""

    stage: str
    version: int
    engine: str
    model: str
    key: str
    seconds: float
    status: Literal["ran", "reused", "failed", "skipped"]
    error: str = ""
    what: str = ""
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a worker sends back of one call: safe facets only, plain and picklable.

    `facets` holds what was computed, by facet name; `failed` is the run that ended the call, or None.
    """

    call: Call
    facets: Mapping[str, Any]
    runs: tuple[StageRun, ...]
    failed: StageRun | None = None


# --- Invariants, used by the tests and by `callkit doctor` ------------------------------------------------------------


def broken_invariants(turns: Sequence[Turn], duration_s: float | None = None) -> list[str]:
    """Name every rule of turns and words that does not hold, in words free of speech; empty when all is well."""
    broken: list[str] = []
    for place, turn in enumerate(turns):
        if turn.index != place:
            broken.append(f"turn {place} has index {turn.index}")
        if not 0 <= turn.start <= turn.end:
            broken.append(f"turn {place} runs from {turn.start} to {turn.end}")
        if place and turn.start < turns[place - 1].start:
            broken.append(f"turn {place} starts before the one ahead of it")
        if duration_s is not None and turn.end > duration_s + 0.05:
            broken.append(f"turn {place} ends at {turn.end}, after the recording's {duration_s}")
        for number, word in enumerate(turn.words):
            if not turn.start <= word.start <= word.end <= turn.end:
                broken.append(f"word {number} of turn {place} lies outside it")
    return broken
