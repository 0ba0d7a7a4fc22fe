"""Turn what somebody said into what is said of them: "I've refunded your fee" becomes "The agent has refunded the customer's fee".

Only person is changed, and requests and thanks become reports of them. Nothing is added. What would not come out as a clean
sentence is quoted instead, without its fillers.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from pathlib import Path

_FILE = Path(__file__).parent / "data" / "reported_speech.toml"
_ADVERB = r"(?: (?P<adverb>just|really|only|also|already|still|always|never|actually|first|then))?"
_PERSON = re.compile(
    rf"\b(?:(?P<subject>I|[Ww]e)(?P<short>'m|'ve|'ll|'d|'re)?{_ADVERB}(?: (?P<verb>[a-z']+))?|(?P<object>me|us)|(?P<of>[Mm]y|[Oo]ur)|(?P<own>mine|ours)"
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
    "aren't": "isn't",
    "were": "was",
    "weren't": "wasn't",
}
_PLURAL = {"am": "are", "was": "were", "wasn't": "weren't"}
#: "I" or "we", "you" as a subject, and a verb after "and", each with its verb.
_FIRST_PERSON = re.compile(
    r"\b(?:I|[Ww]e)\b(?P<comma>,)?(?P<short>'\w+)?(?: (?:\w+ly|just|also|still|never|always|only|already|first|then|even))*"
    r"(?: (?P<verb>[a-z']+))?"
)
_YOU = re.compile(
    r"(?:^|\b(?:if|when|that|because|and|so|but|as|where|what|how|once|until|before|after|than|why|which),? )"
    r"you\b(?: guys| people| folks)?(?P<short>'\w+)?(?: (?P<verb>[a-z']+))?",
    re.I,
)
_SECOND_VERB = re.compile(r"\b(?:and|but|or|then) (?:\w+ly |just |then |also )*(?P<verb>[a-z]+)")
_FALSE_START = re.compile(r"\b(?:I|[Ww]e)(?:'\w+)?(?: \w+){0,2}, (?:I|we)\b")
_CLITICS = ("'s", "'ll", "'ve", "'d", "'m", "'re")
_NAMES = re.compile(r"\bthe (?:customer|agent|company)\b", re.I)
#: A sentence that names the two sides more often than this is easier to read as a quotation.
MOST_NAMES = 3
LONGEST_WORDS = 30
#: A quotation is cut after so many words.
QUOTED_WORDS = 40


@dataclass(frozen=True, slots=True)
class Report:
    """What somebody said: a sentence about it, or where `quoted` their words, without quotation marks.

    `speaker` is "Customer", "Agent" or, where the role is unknown, "Speaker".
    """

    speaker: str
    text: str
    quoted: bool = False


def reported(text: str, role: str) -> str:
    """The sentence as something said of `role` ("agent", "customer" or another: unknown), who said it."""
    return joined([report(text, role)])


def joined(reports: Sequence[Report]) -> str:
    """Reports one after another; quotations in a row by the same speaker share their quotation marks."""
    sentences: list[str] = []
    for (speaker, quoted), group in groupby(reports, key=lambda one: (one.speaker if one.quoted else "", one.quoted)):
        texts = " ".join(one.text for one in group)
        sentences.append(f'{speaker}: "{texts}"' if quoted else texts)
    return " ".join(sentences)


def report(text: str, role: str) -> Report:
    """The sentence in the third person where that comes out clean, else as a quotation."""
    if role not in ("agent", "customer"):
        return quotation(text, role)
    speaker, other = ("customer", "agent") if role == "customer" else ("agent", "customer")
    clause = strip_lead(text)
    if _THANKS.search(text) and len(clause.split()) <= 4:
        return Report(speaker.capitalize(), f"The {speaker} thanked the {other}.")
    of_speech = _report_of_speech(clause, speaker, other)
    written = _finish(of_speech or _persons(clause, speaker, other))
    if _is_clean(clause, written, speaker, known=of_speech is not None):
        return Report(speaker.capitalize(), written)
    return quotation(text, role)


def quotation(text: str, role: str) -> Report:
    """The sentence word for word, but for greetings, fillers and markup; a very long one is cut."""
    words = strip_lead(text).replace('"', "'").split()
    cut = " ".join(words[:QUOTED_WORDS]) + ("..." if len(words) > QUOTED_WORDS else "")
    speaker = role.capitalize() if role in ("agent", "customer") else "Speaker"
    return Report(speaker, _finish(cut), quoted=True)


def tidy(text: str) -> str:
    """Without markup, fillers, words said twice and a closing "okay?"; "i" is "I"."""
    text = without_markup(text).replace("’", "'")
    text = re.sub(r"\bi(?='|\b)(?!\.)", "I", text)
    text = re.sub(r"\s+", " ", _patterns()[2].sub("", text))
    text = _patterns()[5].sub(".", _patterns()[4].sub("", text.strip()))
    return re.sub(r" (?=[,.;!?])", "", re.sub(r"([,.;]) [,.;](?=\s|$)", r"\1", text)).strip(" ,;-")


def without_markup(text: str) -> str:
    """Without what a recogniser marks up: "<unk>", "[noise]"."""
    return re.sub(r"\s+", " ", _patterns()[3].sub(" ", text)).strip()


def strip_lead(text: str) -> str:
    """Tidied, and without greetings, fillers and "I'm calling because"."""
    clause = tidy(text)
    while True:
        shorter = _patterns()[1].sub("", _patterns()[0].sub("", clause)).strip()
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
        what = re.sub(r"\byour\b", "their", thanked[1] or "", flags=re.I)
        reason = f" for {_persons(what, speaker, other, known=True)}" if what else ""
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
        if singular and bare and verb in _listed("present"):
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
    text = text.strip(" ,;")
    text = text[:1].upper() + text[1:]
    return text if not text or text[-1] in '.!?"' else text + "."


@cache
def _patterns() -> tuple[re.Pattern[str], ...]:
    """What to take off: greetings, "I'm calling because", fillers, markup, words said twice, "..., okay?"."""
    content = tomllib.loads(_FILE.read_text("utf-8"))
    return (
        re.compile(rf"^(?:{content['lead']}(?:[,.!?]+\s*|\s+))+", re.I),
        re.compile(rf"^{content['reason']}", re.I),
        re.compile(content["fillers"], re.I),
        re.compile(content["markup"], re.I),
        re.compile(content["repeats"], re.I),
        re.compile(content["tag"], re.I),
    )


@cache
def _listed(name: str) -> frozenset[str]:
    return frozenset(tomllib.loads(_FILE.read_text("utf-8"))[name].split())


def _is_clean(clause: str, written: str, speaker: str, *, known: bool) -> bool:
    """Is the rewritten sentence one that a person might have written? `known`: it reports a request, thanks or a question."""
    words = clause.split()
    if known and clause.endswith("?"):
        return True
    if not 3 <= len(words) <= LONGEST_WORDS or re.search(r"\.\.|--|…|[a-z]- |[.!?] ", clause):
        return False
    if _FALSE_START.search(clause) or len(_NAMES.findall(written)) > MOST_NAMES + known:
        return False
    if re.search(
        r"\b(the (customer|agent|company)(?:'s)?),? (?:(?:is|has|was|does)(?:n't)?,? )?(they|he|she|I)\b|\bthe \w+ know\b",
        written,
    ):
        return False
    if known:
        return True
    first = words[0].lower().rstrip(",")
    if not (first in _listed("openings") and not words[0].endswith(",")) or not _has_verb(words):
        return False
    blame = speaker == "customer" and re.match(r"you(?:'\w+)?\b(?! people| guys| folks)", clause, re.I)
    return not blame and _agrees(clause)


def _has_verb(words: Sequence[str]) -> bool:
    verbs = _listed("auxiliaries") | _listed("past") | _listed("present")
    bare = [word.lower().strip(",.;!") for word in words]
    return any(
        word in verbs or word.endswith(("ed", "n't", *_CLITICS)) or word.removesuffix("s") in verbs for word in bare
    )


def _agrees(clause: str) -> bool:
    """Will the verbs fit their new subjects? Those that `_persons` does not know how to change make a clause unfit."""
    fixed = _listed("auxiliaries") | _listed("past")
    for found in _FIRST_PERSON.finditer(clause):
        known = found["short"] or _is_past(found["verb"]) or found["verb"] in fixed | _listed("present")
        if found["comma"] or not known:
            return False
    for found in _YOU.finditer(clause):
        if not (found["short"] or _is_past(found["verb"]) or found["verb"] in fixed):
            return False
    return not any(found["verb"] in _listed("present") for found in _SECOND_VERB.finditer(clause))


def _is_past(verb: str | None) -> bool:
    """Does it end like a past form? ("need" and "proceed" do not.)"""
    return bool(re.search(r"[^e]ed$|n't$", verb or ""))
