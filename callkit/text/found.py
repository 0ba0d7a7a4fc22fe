"""A conversation as the finders see it, and what they find in it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property

from callkit.text.spoken import PLACEHOLDER, Run, Token, runs, tokens


@dataclass(frozen=True, slots=True)
class Finding:
    """Personal data in turn number `turn`: [start, end) in code points of its text, and why it is thought so.

    `value` is what makes two findings the same thing (a number's digits, a name's words): private, never stored.
    """

    turn: int
    start: int
    end: int
    entity: str
    score: float
    recognizer: str
    rule: str
    value: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Hint:
    """What a named-entity model sees in a turn: [start, end) in code points. PERSON, LOCATION, ORGANIZATION, IBAN, ..."""

    start: int
    end: int
    entity: str
    score: float
    recognizer: str

    def touches(self, start: int, end: int) -> bool:
        return self.start < end and start < self.end


class Utterance:
    """One turn's text and what is read out of it, each part once. Private.

    `speaker` is any name that tells the sides apart; "" where unknown. `language` chooses the word lists. `hints` are
    what a named-entity model sees in the text.
    """

    def __init__(self, text: str, speaker: str = "", language: str = "en") -> None:
        self.text = text
        self.speaker = speaker
        self.language = language
        self.hints: tuple[Hint, ...] = ()
        self.looked_at = False

    @cached_property
    def lower(self) -> str:
        """The text in lower case, character for character: offsets stay true ("İ" would become two).

        Placeholders are blotted out: "[ACCOUNT]" says nothing of the number after it.
        """
        lower = self.text.lower()
        if len(lower) != len(self.text):
            lower = "".join(char.lower() if len(char.lower()) == 1 else char for char in self.text)
        for start, end in self.placeholders:
            lower = lower[:start] + "¤" * (end - start) + lower[end:]
        return lower.replace("’", "'")

    @cached_property
    def cased(self) -> bool:
        """Does the text use capitals, so that a word without one is no name? "I" alone does not tell."""
        return any(char.isupper() for char in self.text.replace("I", ""))

    @cached_property
    def tokens(self) -> list[Token]:
        return tokens(self.text)

    @cached_property
    def runs(self) -> list[Run]:
        return runs(self.tokens, self.language)

    @cached_property
    def placeholders(self) -> list[tuple[int, int]]:
        return [found.span() for found in PLACEHOLDER.finditer(self.text)] if "[" in self.text else []

    @cached_property
    def word_count(self) -> int:
        return sum(token.text[0].isalnum() for token in self.tokens)


#: How people take back what they have just said.
CORRECTIONS = (
    *("no", "sorry", "wait", "actually", "i mean", "i meant", "not"),
    *("scratch that", "strike that", "correction", "make that", "rather"),
)


def words_pattern(words: Iterable[str]) -> re.Pattern[str]:
    """Any of some regular expressions, as whole words."""
    return re.compile(r"(?<!\w)(?:" + "|".join(words) + r")(?!\w)")


def same_side(one: Utterance, other: Utterance) -> bool:
    """Are two turns surely by the same speaker? Where speakers are unknown, nothing is sure."""
    return bool(one.speaker) and one.speaker == other.speaker
