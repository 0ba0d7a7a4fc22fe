"""Follow-ups: what somebody on the call promised or was asked to do later, and by when."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from callkit.engines.reported_speech import reported
from callkit.engines.speech_acts import Sentence, speech_acts
from callkit.model import Action, Role

_CLAUSE = re.compile(
    r"(?:[,;]|\.) (?:and |so |then |but )?(?=(?:i|we|you|they|he|she|it|someone|somebody|the|an?|our|my|please)\b)|\band (?=(?:i|we|they|he|she|someone|you|the \w+)(?:'ll| will| am| are)\b)",
    re.I,
)
_NEGATED = re.compile(r"^(?:not|never|n't)\b")


@cache
def _patterns() -> tuple[re.Pattern[str], re.Pattern[str], re.Pattern[str], re.Pattern[str]]:
    promise = speech_acts()["promise"]
    names = ("pattern", "immediate", "due", "request")
    first, second, third, fourth = (re.compile(promise[name]) for name in names)
    return first, second, third, fourth


def actions_of(sentences: Sequence[Sentence]) -> tuple[Action, ...]:
    """The promises of a call, in order, each once: commissive speech acts ("I will call you back tomorrow").

    What is done at once ("let me pull that up", "I'll put you on hold") is none. What an agent asks the customer to do later
    ("please send the form back by Monday") is the customer's, whether or not it was agreed to.
    """
    found: list[Action] = []
    for sentence in sentences:
        for clause in clauses(sentence.text):
            action = _action(sentence, clause)
            if action and not any(_same(action, earlier) for earlier in found):
                found.append(action)
    return tuple(found)


def due_of(text: str) -> str | None:
    """By when, in the words of the text: "by tomorrow morning", "within two days"."""
    found = _patterns()[2].search(text.lower())
    return text[found.start() : found.end()].strip(" ,.") if found else None


def clauses(text: str) -> list[str]:
    """A sentence cut where a new subject begins."""
    return [part.strip(" ,.;") for part in _CLAUSE.split(text) if part and part.strip(" ,.;")]


def _action(sentence: Sentence, clause: str) -> Action | None:
    pattern, immediate, _, request = _patterns()
    lower = clause.lower().replace("’", "'")
    if sentence.asks or not clause:
        return None
    due = due_of(clause) or None
    who = _promiser(sentence, lower, pattern, request)
    if who is None or (immediate.search(lower) and not due):
        return None
    ordered = speaker_of(sentence) == "agent" and lower.split()[0] in speech_acts()["promise"]["asked_verbs"].split()
    return Action(who, reported(f"please {clause}" if ordered else clause, sentence.role), due, (sentence.turn,))


def speaker_of(sentence: Sentence) -> Role:
    """Which side speaks; who is unknown counts as the agent."""
    return "customer" if sentence.role == "customer" else "agent"


def _promiser(sentence: Sentence, lower: str, pattern: re.Pattern[str], request: re.Pattern[str]) -> Role | None:
    """Who would do it: the speaker, the speaker's side ("a technician will ..."), or the customer who was asked."""
    words = speech_acts()["promise"]
    speaker = speaker_of(sentence)
    asked = request.search(lower)
    if speaker == "agent" and asked and asked["verb"] in words["asked_verbs"].split():
        return "customer"
    if speaker == "agent" and lower.split()[0] in words["asked_verbs"].split() and due_of(lower):
        return "customer"
    for found in pattern.finditer(lower):
        subject, verb = found["who"], found["verb"]
        if _NEGATED.match(lower[found.start("verb") :]):
            continue
        if subject in ("i", "we"):
            return speaker if verb in words[f"{speaker}_verbs"].split() else None
        if subject == "you":
            if speaker == "agent" and verb in words["asked_verbs"].split():
                return "customer"
            return "agent" if speaker == "agent" and verb in ("get", "receive", "have") and due_of(lower) else None
        if subject != "it" and speaker == "agent" and verb in words["agent_verbs"].split():
            return "agent"
    return None


def _same(one: Action, other: Action) -> bool:
    """Is it the same promise said again? Most words shared, by the same side."""
    mine, theirs = (set(re.findall(r"[a-z]+", action.text.lower())) for action in (one, other))
    return one.who == other.who and len(mine & theirs) >= 0.75 * min(len(mine), len(theirs))
