"""Passwords and the answers to security questions: words that are secret only because of what was asked.

How people ask for them and lead to them is data: `rules/secrets.toml`.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache
from importlib.resources import files
from typing import Any

from callkit.text.found import Finding, Utterance, same_side, words_pattern
from callkit.text.spoken import Run

RECOGNIZER = "callkit:secret"

_LINK = (
    r"(?: (?:is set to|is|es|era|was|would be|should be|might be|used to be|as|set to)|,? (?:which|that) (?:is|was)"
    r"|,? (?:and )?(?:it's|it is|it was|that's)|:|'s)[\s,:]*(?:um|uh|like|all one word|spelled)?[\s,]*"
)
#: A name to log in with, which is an account of somebody.
_LOGIN = re.compile(
    r"(?<!\w)(?:user ?name|user id|user|login(?: name| id)?|screen name|handle)(?: (?:on|for) (?:the|my|this) account)?(?: (?:you've got|you have|i have|i see|we have|on file))?(?: (?:is|was)|:|'s)[\s,:]*"
)
_LOGIN_ASKED = words_pattern(
    [
        "what (?:user ?name|user id|login|log-in)",
        "(?:what(?:'s| is| was)|which|your|the) (?:login|log-in|log in)(?: you| are|\\?)",
        "which user",
        "(?:what(?:'s| is| was)|which|your|the) (?:\\w+ )?(?:user ?name|user id|login name|login id|screen name)",
    ]
)
#: A question of so few words that names a password asks for it.
_SHORT_QUESTION = 5
#: A question of so few words needs no question mark, or verb, to be one.
_PLAIN_QUESTION = 8
#: An answer that leads to its secret does so in its first words.
_LEAD_WORDS = 8
#: What somebody says while they think is no longer than this (words).
_THINKING_WORDS = 12
#: How many turns back a secret's letters, or a password, may have been spoken of.
_REACH = 6
_ORDINAL = words_pattern(
    [
        "first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|last|next",
        "\\d+(?:st|nd|rd|th)|letters?|characters?",
    ]
)
#: An answer that tells some letters has no more words than this.
_MOST_LETTERS = 16
_SPOKEN_OF = words_pattern(
    [
        "pass ?(?:word|phrase|code)s?",
        "(?:memorable|security|secret) (?:word|phrase|answer)",
        "chang\\w+ (?:the|your|my) (?:word|phrase)",
    ]
)
#: A password right after its name, told by its look: "the temporary password Maple7!Rain".
_BARE = re.compile(r"(?<!\w)pass ?(?:word|phrase),? ((?=\S*[a-z])(?=\S*\d)\S+)")
#: What nothing but a password looks like: "Cairo_2019!", "Summer-rain4!"
_SHAPED = re.compile(
    r"(?<!\S)(?=\S*[a-z])(?=\S*[A-Z])(?=\S*\d)(?=\S*[_#$%^&*]\S|\S*-\S*!|\S*!\S)[^\s@/:.,?]{7,}(?=[.,?]*(?:\s|$))"
)
#: "I'm typing Badger2011 exclamation point"
_TYPED = re.compile(r"(?<!\w)(?:typ|enter|us|try|putt)ing(?: in)? ((?=\S*[a-z])(?=\S*\d)\S+)")
#: Words that are no secret by themselves.
_POINTERS = frozenset(
    {"it", "this", "that", "one", "them", "him", "her", "everything", "both", "neither", "either", "none"}
)
_PRONOUN = re.compile(r"[Ii](?:'| [a-z]{2,})")
_ARTICLE = re.compile(r"(?<!\w)(?:the|my|an?) $")
_LEAD = re.compile(
    r"(?:\W|i set it (?:as|to)|i made it|i put|yes|yeah|sure|ok|okay|um|uh|it's|it is|that's|that would be|that'd be|it was|is|was|the|my|our|answer|password|so|well|oh|ah|gosh|wow|goodness|ha(?:ha)?|er|erm|h+m+|i think|i believe|should be|name|her name|his name|maiden|mother's|first|pet|dog|cat|school|street|called|named|right|sí|es|era|mi|la|el|claro|bueno|pues|creo que|let me think|of course|all one word|yep|yup|nope|mhm|exactly|thanks|thank you)*(?<!\w)"
)
_STOP = re.compile(
    r",? (?:all|no|with(?:out)?|in|and that's) (?:an? |the )?(?:lower ?case|lower|caps|upper ?case|capitals?|capital letters|one word|spaces?)\b|(?<=\w\w)(?:,|,? with)(?: an?)? (?:capital|upper ?case|lower ?case|small) \w(?=\W*$|[.?!])|(?<!\bst)(?<!\bdr)(?<!\bmr)(?<!\bms)(?<!\bmrs)(?<!\bmt)[.?!](?:\s|$)|,? (?:but|it|and it|and then|i think|i believe|i want|is that|does that|if|because|please|thanks|can you|could you|right\?|ok\?)\b"
)
#: How a question begins, which is no answer.
_ASKS = re.compile(
    r"(?:¿|(?:and|so|okay|ok|great|perfect|thanks|thank you)?,? ?(?:what|which|who|when|where|how|can|could|may|do|does|did|are|would|your)\b)"
)
_SENTENCE = re.compile(r"(?<!\bst)(?<!\bdr)(?<!\bmr)(?<!\bms)(?<!\bmrs)(?<!\bmt)[.?!]\s+")


@cache
def rules() -> dict[str, Any]:
    """`rules/secrets.toml` as it stands."""
    return tomllib.loads(files("callkit.text").joinpath("rules/secrets.toml").read_text("utf-8"))


@cache
def _patterns() -> dict[str, re.Pattern[str]]:
    entries = rules()
    words, owned = "|".join(entries["words"]), "|".join(entries["owned"])
    used, changed = "|".join(entries["used"]["ends"]), "|".join(entries["used"]["changed"])
    found = {
        "named": re.compile(rf"(?<!\w)(?:{words})(?: (?:{owned}))?(?:,? i (?:think|believe),?)?{_LINK}"),
        "changed": re.compile(rf"(?<!\w)(?:{changed}) (?:\w+ ){{0,3}}?(?:{words}|it)(?: back)? to\b[\s,:]*"),
        "ends": re.compile(rf",? (?:{used})(?!\w)"),
        "verbs": words_pattern(entries["used"]["verbs"]),
        "thinking": re.compile(rf".*\b(?:{'|'.join(entries['answer']['thinking'])})\b"),
        "waiting": re.compile(rf"(?:\W|{'|'.join(entries['answer']['waiting'])})*"),
    }
    found |= {name: words_pattern(cues) for name, cues in entries["asked"].items()}
    return found | {name: words_pattern(entries["answer"][name]) for name in ("leads", "talk", "none")}


def _counts(run: Run) -> bool:
    """Does somebody count up to a letter's place: "one two three four five"?"""
    return run.digits.startswith("123")


class SecretFinder:
    """Finds passwords and security answers."""

    def __init__(self, conversation: Sequence[Utterance]) -> None:
        self.conversation = conversation
        self.told: set[int] = set()  # turns that hold a secret

    def find(self) -> Iterator[Finding]:
        for turn, utterance in enumerate(self.conversation):
            found = [*self.named(turn), *self.used(turn)]
            if not found and turn and not utterance.placeholders:
                found = [*self.in_parts(turn)] or [*self.answered(turn)]
            if found or "[password]" in utterance.text.lower():
                self.told.add(turn)
            yield from found
            yield from self.login(turn)

    # --- how secrets are told ---

    def named(self, turn: int) -> Iterator[Finding]:
        """ "The password is ...", "I changed it to ..." """
        lower, patterns = self.conversation[turn].lower, _patterns()
        for match in patterns["named"].finditer(lower):
            if not match.group().startswith("answer") or self.secretly(turn):
                yield from self.answer(turn, match.end(), "named", 8)
        for match in (*_BARE.finditer(lower), *(_TYPED.finditer(lower) if self.spoken_of(turn) else ())):
            yield from self.answer(turn, match.start(1), "named", 5)
        for match in _SHAPED.finditer(self.conversation[turn].text):
            yield Finding(turn, match.start(), match.end(), "PASSWORD", 0.7, RECOGNIZER, "shape of a password")
        for match in patterns["changed"].finditer(lower):
            if self.spoken_of(turn):
                yield from self.answer(turn, match.end(), "named", 5)

    def used(self, turn: int) -> Iterator[Finding]:
        """The password comes first: "bluebird is my password", "I keep typing bluebird as my password"."""
        lower, patterns = self.conversation[turn].lower, _patterns()
        for match in patterns["ends"].finditer(lower):
            start = max((stop.end() for stop in _STOP.finditer(lower, 0, match.start())), default=0)
            start = max((used.end() for used in patterns["verbs"].finditer(lower, start, match.start())), default=start)
            lead = _LEAD.match(lower, start)
            yield from self.answer(turn, lead.end() if lead else start, "named", 5, match.start())

    def in_parts(self, turn: int) -> Iterator[Finding]:
        """Letters of a password, where some were asked for: "the third and fifth characters of your password"."""
        question, utterance = self.conversation[turn - 1], self.conversation[turn]
        if same_side(question, utterance) or not _ORDINAL.search(question.lower):
            return
        near = [other.lower for other in self.conversation[max(0, turn - _REACH) : turn]]
        whole = _patterns()["parts"].search(question.lower) or (turn - 2 in self.told and question.word_count <= 6)
        if not whole or not any(map(_SPOKEN_OF.search, near)) or utterance.word_count > _MOST_LETTERS:
            return
        for token in utterance.tokens:
            word = token.text == "a" or _PRONOUN.match(utterance.text, token.start)
            if (len(token.text) == 1 and token.text.isalpha() and not word) or token.norm.isdecimal():
                yield self.letter(turn, token.start, token.end)
        for item in (item for run in utterance.runs for item in run.items if not _counts(run)):
            if item.last > item.first or item.kind == "digit":
                yield self.letter(turn, item.start, item.end)

    def letter(self, turn: int, start: int, end: int) -> Finding:
        return Finding(turn, start, end, "PASSWORD", 0.85, RECOGNIZER, "letters of a password")

    def answered(self, turn: int) -> Iterator[Finding]:
        """The answer to a question for a secret: the likeliest sentence of the turn."""
        utterance = self.conversation[turn]
        if not self.asked(turn):
            return
        if "?" in utterance.text and (_ASKS.match(utterance.lower) or _patterns()["questions"].search(utterance.lower)):
            return
        starts = [0, *(match.end() for match in _SENTENCE.finditer(utterance.lower))]
        candidates = [found for start in starts for found in self.in_sentence(turn, start)]
        if candidates:
            yield max(candidates, key=lambda found: (found.score, -found.start))

    def in_sentence(self, turn: int, start: int) -> Iterator[Finding]:
        """What a sentence that begins at a place tells of a secret; surer where words lead to it, or it has a capital."""
        lower, patterns = self.conversation[turn].lower, _patterns()
        opening = _LEAD.match(lower, start)
        start = opening.end() if opening else start
        stop = _SENTENCE.search(lower, start)
        end = stop.start() if stop else len(lower)
        leads = [
            lead.end()
            for lead in patterns["leads"].finditer(lower, start, end)
            if lower.count(" ", start, lead.start()) <= _LEAD_WORDS and re.search(r"\w", lower[lead.end() : end])
        ]
        if not leads and patterns["talk"].match(lower, start):
            return
        begin = leads[-1] if leads else start
        opening = _LEAD.match(lower, begin)
        begin = opening.end() if opening and opening.end() < end else begin
        if patterns["talk"].match(lower, begin):
            return
        article = _ARTICLE.search(lower, 0, begin)
        for found in self.answer(turn, article.start() if article else begin, "security question", 9):
            text = self.conversation[turn].text
            named = text[found.start].isupper() and not article
            yield replace(found, score=0.8 + 0.02 * bool(leads) + 0.04 * named)

    def login(self, turn: int) -> Iterator[Finding]:
        """The name somebody logs in with."""
        utterance = self.conversation[turn]
        starts = [match.end() for match in _LOGIN.finditer(utterance.lower)]
        before = self.conversation[turn - 1] if turn else utterance
        if not starts and turn and not same_side(before, utterance) and _LOGIN_ASKED.search(before.lower):
            lead = _LEAD.match(utterance.lower)
            starts = [lead.end() if lead else 0]
        for start in starts:
            yield from (replace(found, entity="ACCOUNT") for found in self.answer(turn, start, "login name", 6))

    # --- what was asked ---

    def secretly(self, turn: int) -> bool:
        """Is a security question about, so that "the answer" is one to it?"""
        asked = _patterns()["questions"]
        return any(asked.search(utterance.lower) for utterance in self.conversation[max(0, turn - 2) : turn + 1])

    def spoken_of(self, turn: int) -> bool:
        """Is a password spoken of here, or was it shortly before?"""
        return any(_SPOKEN_OF.search(other.lower) for other in self.conversation[max(0, turn - 3) : turn + 1])

    def asked(self, turn: int) -> bool:
        """Does the other side ask for a secret, in the turn before, or before somebody thought about it?"""
        rejected = False
        for back in range(turn - 1, max(-1, turn - 1 - _REACH), -1):
            other = self.conversation[back]
            if back in self.told and not rejected:
                return False
            if same_side(other, self.conversation[turn]):
                if not rejected and not self.thinks(other):
                    return False
            elif _patterns()["rejected"].search(other.lower):
                rejected = True
            elif other.word_count > 3 and not _patterns()["waiting"].fullmatch(other.lower):
                return self.asks(back)
        return False

    def thinks(self, utterance: Utterance) -> bool:
        """Does somebody only think aloud: "hm, let me see, it's been so long"?"""
        short = utterance.word_count <= 3
        return short or (
            utterance.word_count <= _THINKING_WORDS and bool(_patterns()["thinking"].match(utterance.lower))
        )

    def asks(self, turn: int) -> bool:
        """Does a turn ask for a secret?"""
        question, patterns = self.conversation[turn], _patterns()
        match = [*patterns["questions"].finditer(question.lower), *patterns["preguntas"].finditer(question.lower)]
        last = question.lower[match[-1].start() :] if match else ""
        if last.startswith("pass") and not patterns["give"].search(question.lower):
            if patterns["wish"].search(question.lower):
                return True
            wanted = question.word_count <= _SHORT_QUESTION or "?" in last or patterns["needed"].search(question.lower)
            return bool(wanted) and not patterns["about"].search(question.lower)
        if not match:
            asked = patterns["one"].search(question.lower) or patterns["wish"].search(question.lower)
            return asked is not None and self.spoken_of(turn)
        return (
            question.word_count <= _PLAIN_QUESTION
            or "?" in question.text[match[-1].start() :]
            or re.search(r"what|tell me|give me|have|need|provide|confirm|verify", question.lower) is not None
        )

    def answer(self, turn: int, start: int, rule: str, most_words: int, end: int | None = None) -> Iterator[Finding]:
        """The words from a place to where the sentence, or what is given of it, ends; none if they say something else."""
        utterance = self.conversation[turn]
        end = len(utterance.text) if end is None else end
        stop = _STOP.search(utterance.lower, start, end)
        end = stop.start() if stop else end
        words = [
            token for token in utterance.tokens if start <= token.start and token.end <= end and token.text[0].isalnum()
        ]
        if (
            not words
            or len(words) > most_words * 2
            or _patterns()["none"].search(utterance.lower[words[0].start : end])
        ):
            return
        if len(words) == 1 and words[0].norm in _POINTERS:
            return
        last = utterance.tokens[[token.start for token in utterance.tokens].index(words[-1].start)]
        value = utterance.lower[words[0].start : last.end]
        yield Finding(turn, words[0].start, last.end, "PASSWORD", 0.8, RECOGNIZER, rule, value)
