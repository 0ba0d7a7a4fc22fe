"""The offline summary: structured, extractive, every statement made from turns it cites and checked against them.

Reason, resolution and promises are found by speech acts (cues and sentence embeddings) and put into the third person. A
sentence that does not come out clean, or that its turn does not bear out any more, is quoted.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from callkit.engines.chapters import chapters_of
from callkit.engines.minilm import MiniLM
from callkit.engines.promises import actions_of
from callkit.engines.reported_speech import Report, joined, quotation, report, strip_lead
from callkit.engines.speech_acts import Acts, Sentence, sentences_of, speech_acts
from callkit.engines.support import Support
from callkit.model import CallOutcome, Embeddings, SafeTurn, Statement, Summary
from callkit.protocols import JSON

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from callkit.config import SummarizeSettings
    from callkit.models import Models

MODEL = "all-minilm-l6-v2"
ISSUE_FLOOR = 0.45
#: A score that only a cue and a near example together reach.
CUED = 0.6
#: A call of this many words is long; sentences longer than this ramble.
LONG_WORDS = 400
TELLING_WORDS = 22
#: Where the later part of a call begins.
LATER = 0.4
TITLE_WORDS = 9


@dataclass(frozen=True, slots=True)
class Reading:
    """A call's sentences with their vectors (unit length) and their score for each speech act."""

    sentences: list[Sentence]
    vectors: NDArray[np.float32]
    acts: Mapping[str, list[float]]
    support: Support

    def best(self, act: str, *, after: float = 0.0, floor: float = CUED, last: bool = False) -> int | None:
        """The sentence that performs an act most strongly (or the last that does), at or after a place in the call."""
        scores = self.acts[act]
        able = [
            i
            for i, sentence in enumerate(self.sentences)
            if sentence.place >= after and scores[i] >= floor and not sentence.asks
        ]
        if not able:
            return None
        return able[-1] if last else max(able, key=scores.__getitem__)


class ExtractiveSummarizer:
    """Speech acts and MiniLM sentence embeddings; no text that was not said. English."""

    name = "extractive"
    languages = frozenset({"en"})

    def __init__(self, *, settings: SummarizeSettings, models: Models, cores: int) -> None:
        from callkit.config import EmbedSettings

        self.settings = settings
        self.models = models
        self.embedder = MiniLM(settings=EmbedSettings(model=MODEL), models=models, cores=cores)
        self.acts: Acts | None = None

    def identity(self) -> Mapping[str, JSON]:
        return {"engine": self.name, "model": self.models.digest(MODEL)}

    def describe(self) -> tuple[str, str]:
        return self.name, MODEL

    def open(self) -> None:
        if self.acts is None:
            self.embedder.open()
            self.acts = Acts(self.embedder)

    def summarize(self, turns: Sequence[SafeTurn], embeddings: Embeddings) -> Summary:
        """Issue, outcome, actions, narrative and chapters; `embeddings` are those of the turns."""
        import numpy as np

        self.open()
        assert self.acts is not None
        sentences = sentences_of(turns)
        if not sentences:
            return Summary("", (), None, "unknown", None)
        vectors = self.embedder.embed([sentence.text for sentence in sentences])
        support = Support(turns, self.embedder, sentences, vectors)
        reading = Reading(sentences, vectors, self.acts.score(sentences, vectors), support)
        issue = issue_of(reading)
        outcome, evidence = outcome_of(reading)
        actions = actions_of(sentences)
        of_turns = np.frombuffer(embeddings.vectors, dtype="<f2").reshape(len(turns), -1).astype(np.float32)
        return Summary(
            title_of(reading, issue),
            narrative_of(reading, issue, evidence, [action.turns[0] for action in actions]),
            _statement(reading, issue),
            outcome,
            _statement(reading, evidence),
            actions,
            chapters_of(turns, of_turns, [short(turn.text) if len(turn.words) > 5 else "" for turn in turns]),
        )

    def close(self) -> None:
        self.acts = None
        self.embedder.close()


def issue_of(reading: Reading) -> tuple[int, ...]:
    """The sentence or two in which the customer says why they called; empty where none does.

    Scored by the act "reason", earlier ones higher, those near the customer's first words higher, very short ones lower.
    Who only asks after something and then hears bad news called, in the end, about that: the news is added.
    """
    scores: dict[int, float] = {}
    sentences = reading.sentences
    first = next((i for i, s in enumerate(sentences) if s.role in ("customer", "unknown") and s.words > 3), 0)
    for i, sentence in enumerate(sentences):
        if sentence.role not in ("customer", "unknown") or (sentence.asks and sentence.words < 6):
            continue
        early = max(0.0, 1.0 - sentence.place / 0.6)
        near_first = 0.2 if i - first <= 2 else 0.0
        scores[i] = reading.acts["reason"][i] + 0.5 * early + near_first + 0.02 * min(sentence.words, 10)
    if not scores:
        return ()
    best = max(scores, key=scores.__getitem__)
    if scores[best] < ISSUE_FLOOR:
        return ()
    beside = [i for i in (best - 1, best + 1) if i in scores and sentences[i].turn == sentences[best].turn]
    second = max(beside, key=scores.__getitem__, default=None)
    if (
        second is not None
        and reading.acts["reason"][second] > max(0.3, 0.5 * reading.acts["reason"][best])
        and sentences[second].words > 3
    ):
        return tuple(sorted((best, second)))
    news = [
        i for i, score in enumerate(reading.acts["refusal"]) if i > best and score >= CUED and sentences[i].place < 0.6
    ]
    return (best, news[0]) if news else (best,)


def outcome_of(reading: Reading) -> tuple[CallOutcome, tuple[int, ...]]:
    """How the call ended and the sentences that say so, from the acts of its later part and the customer's last word.

    An escalation stands unless something was done and the customer agreed; a promise to call back outweighs what was done
    before it; what others still have to do leaves a call partly resolved; the customer's confirmation or rejection decides
    the rest, and who has nothing else to ask got what they called for.
    """
    done = reading.best("done", after=0.2, last=True)
    refusal = reading.best("refusal", after=LATER, last=True)
    escalation = reading.best("escalation", after=LATER, last=True)
    callback = reading.best("callback", after=LATER, floor=0.5, last=True)
    pending = reading.best("pending", after=LATER, floor=0.5, last=True)
    confirmed = reading.best("confirmation", after=0.5, floor=0.5, last=True)
    closing = reading.best("closing", after=LATER, floor=0.5, last=True)
    rejected = reading.best("rejection", after=LATER, floor=0.6, last=True)
    content = closing if confirmed is None else confirmed
    unhappy = rejected is not None and (confirmed is None or rejected > confirmed)
    chosen: CallOutcome
    evidence: tuple[int | None, ...]
    if escalation is not None and (unhappy or done is None):
        chosen, evidence = "escalated", (escalation,)
    elif callback is not None and (done is None or callback > done):
        chosen, evidence = "callback_promised", (callback,)
    elif pending is not None and not unhappy and (done is None or pending > done):
        chosen, evidence = "partly_resolved", (done, pending)
    elif done is not None and not unhappy:
        partly = refusal is not None and refusal > done
        chosen, evidence = ("partly_resolved", (done, refusal)) if partly else ("resolved", (done, content))
    elif unhappy or (refusal is not None and confirmed is None):
        chosen, evidence = "unresolved", (refusal, rejected)
    elif content is not None:
        chosen, evidence = "resolved", (content,)
    else:
        return "unknown", ()
    return chosen, tuple(sorted({place for place in evidence if place is not None}))


def narrative_of(
    reading: Reading, issue: tuple[int, ...], evidence: tuple[int, ...], promised: Sequence[int]
) -> tuple[Statement, ...]:
    """Two or three statements: why the customer called; what was found and done; what was promised and how it ended.

    Each statement of a long call also holds the most telling sentences of its third of the call (see `telling`): the
    customer's in the first, where they explain themselves, the agent's in the last, where it is said what will be done.
    """
    sentences = reading.sentences
    promise = next((i for i, s in enumerate(sentences) if s.turn in promised and _is_promise(s)), None)
    if sum(sentence.words for sentence in sentences) >= LONG_WORDS:
        said_by_agent = [
            place for place in (promise, *evidence) if place is not None and sentences[place].role == "agent"
        ]
        ending = [place for place in said_by_agent if sentences[place].words <= TELLING_WORDS]
        extra = telling(reading)
        wanted = [
            [*named, *(i for i in extra if part <= 3 * sentences[i].place <= part + 1 and sentences[i].role in roles)]
            for part, (named, roles) in enumerate(zip((issue, (), ending), _TELLERS, strict=True))
        ]
        room = 3
    else:
        found = reading.best("finding", after=0.1), reading.best("done", after=0.15)
        wanted = [[i for i in places if i is not None] for places in (issue, found, (promise, *evidence))]
        room = 2
    used: set[int] = set()
    statements: list[Statement] = []
    for places in wanted:
        fresh = sorted(list(dict.fromkeys(place for place in places if place not in used))[:room])
        used.update(fresh)
        statements += [statement for statement in [_statement(reading, tuple(fresh))] if statement]
    return tuple(statements)


#: Whose sentences tell most in each third of a long call.
_TELLERS = (("customer", "unknown"), ("agent", "customer", "unknown"), ("agent", "unknown"))


def telling(reading: Reading) -> list[int]:
    """Statements of 6 to 22 words, those nearest in meaning to the call as a whole first; no questions, thanks or names.

    The call as a whole is the mean of its sentences, each weighted by its long words, which carry the matter.
    """
    import numpy as np

    matter = np.array([len(_matter(sentence.text)) for sentence in reading.sentences], dtype=float)
    middle = (reading.vectors * matter[:, None]).sum(0)
    near = reading.vectors @ (middle / (np.linalg.norm(middle) + 1e-9)) + 0.15 * np.log(matter + 1)
    able = [i for i, sentence in enumerate(reading.sentences) if _may_tell(sentence)]
    return sorted(able, key=lambda i: -float(near[i]))


def _may_tell(sentence: Sentence) -> bool:
    words = [word for word in sentence.text.lower().split() if not word.startswith("[")]
    empty = sentence.asks or "name" in words or any(word.startswith("thank") for word in words)
    return len(words) >= 6 and sentence.words <= TELLING_WORDS and not empty


def _is_promise(sentence: Sentence) -> bool:
    return bool(actions_of([sentence]))


def title_of(reading: Reading, issue: tuple[int, ...]) -> str:
    """The heart of the issue in a few words."""
    return short(reading.sentences[issue[0]].text) if issue else ""


def _matter(text: str) -> set[str]:
    """The words that carry the matter: long ones that are not said in every conversation."""
    return {word for word in re.findall(r"[a-z]+", text.lower()) if len(word) > 4} - _small_talk()


@cache
def _small_talk() -> frozenset[str]:
    return frozenset(speech_acts()["small_talk"].split())


def _statement(reading: Reading, places: tuple[int, ...]) -> Statement | None:
    """Sentences as one statement; supported if each of them is, scored by the worst."""
    if not places:
        return None
    checked = [_checked(reading, reading.sentences[place]) for place in places]
    turns = tuple(dict.fromkeys(reading.sentences[place].turn for place in places))
    supported = all(verdict.supported for _, verdict in checked)
    return Statement(
        joined([one for one, _ in checked]), turns, supported, min(verdict.score or 0.0 for _, verdict in checked)
    )


def _checked(reading: Reading, sentence: Sentence) -> tuple[Report, Statement]:
    """A sentence as reported, with its verdict; quoted where the report is not borne out."""
    one = report(sentence.text, sentence.role)
    verdict = reading.support.check(one.text, (sentence.turn,))
    if verdict.supported or one.quoted:
        return one, verdict
    quoted = quotation(sentence.text, sentence.role)
    return quoted, reading.support.check(quoted.text, (sentence.turn,))


def short(text: str) -> str:
    """The first words of a sentence, as a title."""
    words = strip_lead(text).rstrip(".!?").split()
    short = " ".join(words[:TITLE_WORDS]) + ("..." if len(words) > TITLE_WORDS else "")
    return short[:1].upper() + short[1:]
