"""Questions that were answered no: what was ruled out on a call, a fact that neither question nor answer holds alone."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from callkit.engines.reported_speech import strip_lead
from callkit.engines.speech_acts import Sentence, speech_acts

#: A question longer than this is hard to follow in a summary.
LONGEST_WORDS = 14
#: One that is shorter tells nothing without what was said before it, unless it names a thing.
SHORTEST_WORDS = 4
_YOU = re.compile(r"\b(?:(about|around|at|by|for|from|near|of|on|to|with) you|you(?:r|rs|rself|'ve|'re)?)\b", re.I)
_THEY = {
    "you": "they",
    "your": "their",
    "yours": "theirs",
    "yourself": "themselves",
    "you've": "they've",
    "you're": "they're",
}


@dataclass(frozen=True, slots=True)
class Denial:
    """What a question and the "no" to it say together ("No pain in their chest."), with its evidence.

    `place` is the question's among the call's sentences, `turns` are those of the question and the answer.
    """

    place: int
    turns: tuple[int, ...]
    text: str


def denials_of(sentences: Sequence[Sentence]) -> tuple[Denial, ...]:
    """Each question that can be answered yes or no and that the other side answered no at once, without an "except"; each once.

    "Any X?" becomes "No X." where an agent asks; everything else is quoted.
    """
    found: dict[str, Denial] = {}
    for place, sentence in enumerate(sentences):
        answer = _answer(sentences, place)
        if sentence.asks and answer and _matches("no", answer.text) and not _matches("limited", answer.text):
            text = _said(sentence)
            found.setdefault(text, Denial(place, tuple(dict.fromkeys((sentence.turn, answer.turn))), text))
    found.pop("", None)
    return tuple(found.values())


def _answer(sentences: Sequence[Sentence], place: int) -> Sentence | None:
    """The other side's next sentence, unless the asker goes on for more than two words."""
    asker = sentences[place]
    for other in sentences[place + 1 : place + 3]:
        if other.role != asker.role:
            return other if {asker.role, other.role} == {"agent", "customer"} else None
        if other.words > 2:
            return None
    return None


def _said(question: Sentence) -> str:
    """What is denied; "" for an open question, one that asks to do something, a negative, a very short and a very long one."""
    asked = strip_lead(question.text).partition("?")[0].rstrip(". ")
    if not asked or _matches("open", asked):
        return ""
    named = _patterns()["any"].match(asked)
    thing = asked[named.end() :] if named else asked if _matches("naming", asked) else ""
    if question.role == "agent" and thing:
        return f"No {_third_person(_without_tail(thing))}." if len(thing.split()) <= LONGEST_WORDS else ""
    if not SHORTEST_WORDS <= len(asked.split()) <= LONGEST_WORDS or _matches("vague", asked):
        return ""
    other = "customer" if question.role == "agent" else "agent"
    asked = asked.replace('"', "'")
    return f'Asked "{asked[:1].upper()}{asked[1:]}?", the {other} said no.'


def _without_tail(thing: str) -> str:
    while (shorter := _patterns()["tail"].sub("", thing)) != thing:
        thing = shorter
    return thing


def _third_person(thing: str) -> str:
    """What an agent names of the customer's, as theirs."""
    theirs = _YOU.sub(lambda found: f"{found[1]} them" if found[1] else _THEY[found[0].lower()], thing)
    return theirs if theirs[:2].isupper() else theirs[:1].lower() + theirs[1:]


def _matches(name: str, text: str) -> bool:
    return bool(_patterns()[name].search(text.replace("’", "'")))


@cache
def _patterns() -> dict[str, re.Pattern[str]]:
    return {name: re.compile(pattern, re.I) for name, pattern in speech_acts()["denial"].items()}
