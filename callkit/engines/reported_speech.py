"""Turn what somebody said into what is said of them: "I've refunded your fee" becomes "The agent has refunded the customer's fee".

Only person is changed, and requests and thanks become reports of them; other questions are quoted. Nothing is added.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

_FILE = Path(__file__).parent / "data" / "reported_speech.toml"
_PERSON = re.compile(
    r"\b(?:(?P<subject>I|[Ww]e)(?P<short>'m|'ve|'ll|'d|'re)?(?: (?P<adverb>just|really|only|also|already|still|always|never|actually|first|then))?(?: (?P<verb>[a-z']+))?|(?P<object>me|us)|(?P<of>[Mm]y|[Oo]ur)|(?P<own>mine|ours)"
    r"|(?P<self>myself|ourselves)|(?<![Tt]hank )(?P<you>[Yy]ou)(?P<people> people| guys| folks)?(?P<you_short>'ve|'re|'ll|'d)?(?: (?P<you_verb>are|have|were|do|don't)\b)?"
    r"|(?P<your>[Yy]our)|(?P<yours>yours)|(?P<yourself>yourself))\b"
)
_THANKS = re.compile(r"\b(thanks|thank you)\b", re.I)
_SHORT = {"'m": "am", "'ve": "have", "'ll": "will", "'d": "would", "'re": "are"}
_SINGULAR = {
    "am": "is",
    "are": "is",
    "have": "has",
    "do": "does",
    "don't": "doesn't",
    "haven't": "hasn't",
    "were": "was",
}
_PLURAL = {"am": "are", "was": "were", "wasn't": "weren't"}


def reported(text: str, role: str) -> str:
    """The sentence as something said of `role` ("agent" or "customer"), who said it."""
    speaker, other = ("customer", "agent") if role == "customer" else ("agent", "customer")
    clause = strip_lead(text).replace("’", "'")
    if _THANKS.search(text) and len(clause.split()) <= 4:
        return f"The {speaker} thanked the {other}."
    return _finish(_report_of_speech(clause, speaker, other) or _persons(clause, speaker, other))


def strip_lead(text: str) -> str:
    """Without greetings, fillers and "I'm calling because"."""
    clause = text.strip()
    while True:
        shorter = _leads()[1].sub("", _leads()[0].sub("", clause)).strip()
        if shorter == clause or not any(character.isalpha() for character in shorter):
            return clause
        clause = shorter


def _report_of_speech(clause: str, speaker: str, other: str) -> str | None:
    """Requests, thanks and questions as reports of them; None for a plain statement."""
    bare = clause.rstrip(".!? ")
    if asked := re.match(r"(?:please|(?:can|could|would|will) you(?: please)?) (?!have\b)(.+)", bare, re.I):
        wish = _persons(asked[1][:1].lower() + asked[1][1:], speaker, other, known=True)
        wish = wish.replace(f"the {other}'s", "their")
        return f"The {speaker} asked the {other} to {wish}"
    if thanked := re.match(r"(?:thanks|thank you)\b(?: so much| very much| a lot| again)*(?: for (.+))?$", bare, re.I):
        reason = f" for {_persons(thanked[1], speaker, other, known=True)}" if thanked[1] else ""
        return f"The {speaker} thanked the {other}{reason}"
    if clause.endswith("?"):
        return f'The {speaker} asked: "{clause}"'
    return None


def _persons(text: str, speaker: str, other: str, *, known: bool = False) -> str:
    """First and second person as third. The speaker is named once (not at all where `known`), then is "they"."""
    parts: list[str] = []
    end = 0
    for found in _PERSON.finditer(text):
        parts += [text[end : found.start()], _replacement(found, "" if known else f"the {speaker}", speaker, other)]
        end = found.end()
        known = known or not (found["you"] or found["your"] or found["yours"] or found["yourself"])
    return "".join([*parts, text[end:]])


def _replacement(found: re.Match[str], name: str, speaker: str, other: str) -> str:
    """What stands for one pronoun (and its verb); `name` is empty once the speaker has been named."""
    addressed = "the customer" if other == "customer" else "the company" if found["people"] else "the agent"
    if found["subject"]:
        if speaker == "agent" and found["subject"].lower() == "we":
            name = "the company"
        return " ".join([name or "they", *_verbs(found["short"], found["adverb"], found["verb"], singular=bool(name))])
    if found["you"]:
        verb = found["you_verb"]
        return " ".join([addressed, *_verbs(found["you_short"], None, verb, singular=True)])
    if found["your"] or found["yours"]:
        return "the customer's" if other == "customer" else "the company's"
    if found["yourself"] or found["self"]:
        return "themselves"
    if found["object"]:
        return name or "them"
    return f"{name}'s" if name else ("theirs" if found["own"] else "their")


def _verbs(short: str | None, adverb: str | None, verb: str | None, *, singular: bool) -> Iterator[str]:
    """The auxiliary, adverb and verb that follow a pronoun, agreeing with what replaced it."""
    if short:
        full = _SHORT[short]
        full = "has" if short == "'ve" and singular else full
        yield (_SINGULAR if singular else _PLURAL).get(full, full)
    if adverb:
        yield adverb
    if verb:
        bare = not short
        if singular and bare and verb in _present():
            yield (
                verb[:-1] + "ies"
                if re.search(r"[^aeiou]y$", verb)
                else verb + ("es" if re.search(r"(s|sh|ch|o)$", verb) else "s")
            )
        elif bare:
            yield (_SINGULAR if singular else _PLURAL).get(verb, verb)
        else:
            yield verb


def _finish(text: str) -> str:
    text = re.sub(r"\s+", " ", _leads()[2].sub("", text)).strip(" ,;")
    text = text[:1].upper() + text[1:]
    return text if not text or text[-1] in '.!?"' else text + "."


@cache
def _leads() -> tuple[re.Pattern[str], ...]:
    content = tomllib.loads(_FILE.read_text("utf-8"))
    return (
        re.compile(rf"^(?:{content['lead']}(?:[,.!?]+\s*|\s+))+", re.I),
        re.compile(rf"^{content['reason']}", re.I),
        re.compile(content["fillers"], re.I),
    )


@cache
def _present() -> frozenset[str]:
    return frozenset(tomllib.loads(_FILE.read_text("utf-8"))["present"].split())
