"""The offline summary: structured, extractive, every statement made from turns it cites and checked against them.

Reason, resolution and promises are found by speech acts (cues and sentence embeddings) and put into the third person. A
sentence that does not come out clean, or that its turn does not bear out any more, is quoted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from callkit.engines.chapters import chapters_of
from callkit.engines.minilm import MiniLM
from callkit.engines.narrative import narrative_of
from callkit.engines.promises import actions_of
from callkit.engines.reading import CUED, Reading, statement_of
from callkit.engines.reported_speech import strip_lead
from callkit.engines.speech_acts import Acts, is_of_the_line, sentences_of
from callkit.engines.support import Support
from callkit.model import CallOutcome, Embeddings, SafeTurn, Summary
from callkit.protocols import JSON

if TYPE_CHECKING:
    from callkit.config import SummarizeSettings
    from callkit.models import Models

MODEL = "all-minilm-l6-v2"
ISSUE_FLOOR = 0.45
#: Where the later part of a call begins.
LATER = 0.4
TITLE_WORDS = 9


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
            statement_of(reading, [sentences[place] for place in issue]),
            outcome,
            statement_of(reading, [sentences[place] for place in evidence]),
            tuple(support.check_action(action) for action in actions),
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
        empty = (sentence.asks and sentence.words < 6) or is_of_the_line(sentence.text)
        if empty or sentence.role not in ("customer", "unknown"):
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


def title_of(reading: Reading, issue: tuple[int, ...]) -> str:
    """The heart of the issue in a few words."""
    return short(reading.sentences[issue[0]].text) if issue else ""


def short(text: str) -> str:
    """The first words of a sentence, as a title."""
    words = strip_lead(text).rstrip(".!?").split()
    short = " ".join(words[:TITLE_WORDS]) + ("..." if len(words) > TITLE_WORDS else "")
    return short[:1].upper() + short[1:]
