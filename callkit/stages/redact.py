"""The redact stage: raw turns in, safe turns out. The last stage that sees raw speech.

`Redactor` finds personal data (`callkit.text.personal`, with an engine's named entities as evidence) and replaces it;
`Redact` maps that back to words and times.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

from callkit.model import Phrase, Redaction, SafeTurn, SafeWord, Turn, Word, join_words
from callkit.protocols import JSON, EntityRecognizer, Given, Resources
from callkit.text.found import Finding, Hint, Utterance
from callkit.text.personal import SECRETS, Memory, find

if TYPE_CHECKING:
    from callkit.config import RedactSettings

_CAPITAL = re.compile(r"[^\W\d_a-z][^\W\d_]+")


@dataclass(frozen=True, slots=True)
class Replaced:
    """A finding and what stands in its place."""

    finding: Finding
    placeholder: str


@dataclass
class People:
    """Who is who in one conversation: the same person keeps the same number. Private."""

    words: dict[str, int] = field(default_factory=dict, repr=False)
    count: int = 0
    most: int = 5000

    def number(self, name: str) -> int:
        """The number of the person a name belongs to, by any word of it."""
        plain = "".join(char for char in unicodedata.normalize("NFKD", name) if not unicodedata.combining(char))
        words = [word.strip(".'") for word in re.split(r"[\s,]+", plain) if len(word.strip(".'")) > 1] or [plain]
        known = next((self.words[word] for word in words if word in self.words), None)
        if known is None:
            self.count += 1
            known = self.count
        for word in words:
            self.words.setdefault(word, known)
        while len(self.words) > self.most:
            self.words.pop(next(iter(self.words)))
        return known


class Redactor:
    """Finds personal data in conversations and replaces it. Open the engine first."""

    def __init__(self, *, settings: RedactSettings, engine: EntityRecognizer) -> None:
        self.settings = settings
        self.engine = engine
        self.language = settings.language

    def findings(self, conversation: Sequence[Utterance], *, memory: Memory | None = None) -> list[Finding]:
        """What is to be replaced: above its type's threshold, and of a type that is not kept."""
        self.look(conversation)
        return find(conversation, memory, self.wanted)

    def look(self, conversation: Sequence[Utterance]) -> None:
        """Give each new turn that could hold entities the engine's: a cased model sees none without capitals or digits."""
        new = [
            utterance
            for utterance in conversation
            if not utterance.looked_at
            and len(utterance.text) > 3
            and (_CAPITAL.search(utterance.text, 1) or any(map(str.isdigit, utterance.text)))
        ]
        for language in sorted({utterance.language for utterance in new}):
            same = [utterance for utterance in new if utterance.language == language]
            spans = self.engine.recognize([utterance.text for utterance in same], language=language)
            for utterance, found in zip(same, spans, strict=True):
                utterance.hints = tuple(
                    Hint(span.start, span.end, span.entity, span.score, span.recognizer) for span in found
                )
        for utterance in conversation:
            utterance.looked_at = True

    def wanted(self, finding: Finding) -> bool:
        """Is it to be replaced? No setting lets a CVV, PIN or password pass (PCI DSS 3.3.1)."""
        if finding.entity in SECRETS:
            return True
        if self.action(finding.entity) == "keep":
            return False
        return finding.score >= self.settings.thresholds.get(finding.entity, self.settings.threshold)

    def action(self, entity: str) -> Literal["replace", "keep_last_four", "keep"]:
        return "replace" if entity in SECRETS else self.settings.actions.get(entity, "replace")

    def placeholder(self, finding: Finding, people: People) -> str:
        """What stands for a finding: [CARD], [PERSON_1], or [CARD 1111] where the last four digits are kept."""
        if finding.entity == "PERSON":
            return f"[PERSON_{people.number(finding.value)}]"
        digits = "".join(filter(str.isdecimal, finding.value))
        if self.action(finding.entity) == "keep_last_four" and len(digits) >= 8:
            return f"[{finding.entity} {digits[-4:]}]"
        return f"[{finding.entity}]"


class Redact:
    """Raw turns to safe turns and redactions."""

    name = "redact"
    version = 3
    requires = ("raw_turns", "phrases", "language")
    provides = ("turns", "redactions")
    scope: Literal["utterance", "call"] = "call"
    resources = Resources(cores=1, memory_mb=600)

    def __init__(self, *, settings: RedactSettings, engine: EntityRecognizer) -> None:
        self.settings = settings
        self.engine = engine

    def identity(self) -> Mapping[str, JSON]:
        return {**self.settings.model_dump(), **self.engine.identity()}

    def describe(self) -> tuple[str, str]:
        return self.engine.describe()

    def open(self) -> None:
        self.engine.open()

    def close(self) -> None:
        self.engine.close()

    def run(self, given: Given) -> Mapping[str, Any]:
        turns: Sequence[Turn] = given["raw_turns"]
        language = given["language"].code
        redactor = Redactor(settings=self.settings, engine=self.engine)
        conversation = [Utterance(turn.text, turn.speaker, turn.language or language or "en") for turn in turns]
        memory, people = Memory(), People()
        found = _by_turn(redactor.findings(conversation, memory=memory))
        translated = [
            Utterance(text, turn.speaker)
            for text, turn in zip(_translations(turns, given["phrases"]), turns, strict=True)
        ]
        found_translated = _by_turn(redactor.findings(translated, memory=memory))
        safe, redactions = [], []
        for place, turn in enumerate(turns):
            replaced = [Replaced(finding, redactor.placeholder(finding, people)) for finding in found.get(place, ())]
            safe_turn, of_turn = _redacted(turn, replaced)
            if translated[place].text:
                parts = [
                    Replaced(finding, redactor.placeholder(finding, people))
                    for finding in found_translated.get(place, ())
                ]
                safe_turn = replace(safe_turn, translation=redacted_text(translated[place].text, parts))
            safe.append(safe_turn)
            redactions += of_turn
        return {"turns": tuple(safe), "redactions": tuple(redactions)}


def _by_turn(findings: Sequence[Finding]) -> dict[int, list[Finding]]:
    found: dict[int, list[Finding]] = {}
    for finding in findings:
        found.setdefault(finding.turn, []).append(finding)
    return found


def redacted_text(text: str, replaced: Sequence[Replaced]) -> str:
    """A text with each finding, in order of place, replaced."""
    parts, place = [], 0
    for part in replaced:
        parts += [text[place : part.finding.start], part.placeholder]
        place = part.finding.end
    return "".join([*parts, text[place:]])


def _translations(turns: Sequence[Turn], phrases: Sequence[Phrase]) -> list[str]:
    """The English of each turn: the phrases that lie in it for the most part; "" where there are none."""
    texts = [""] * len(turns)
    for phrase in phrases:
        shared = [
            min(turn.end, phrase.end) - max(turn.start, phrase.start)
            if turn.channel in (None, phrase.channel)
            else -1.0
            for turn in turns
        ]
        if shared and max(shared) > 0:
            place = shared.index(max(shared))
            texts[place] = f"{texts[place]} {phrase.text}".strip()
    return texts


def _redacted(turn: Turn, replaced: Sequence[Replaced]) -> tuple[SafeTurn, list[Redaction]]:
    """A turn whose words are safe: every word that a finding touches becomes part of one placeholder word."""
    places = _word_places(turn)
    words: list[SafeWord] = []
    redactions: list[Redaction] = []
    index = 0
    for first, last, parts in _stretches(places, replaced):
        words += [_safe(word) for word in turn.words[index:first]]
        index = last + 1
        covered = turn.words[first:index]
        start, end = covered[0].start, max(word.end for word in covered)
        text = " ".join(dict.fromkeys(part.placeholder for part in parts)) + _closing(
            covered[-1], places[last], parts[-1]
        )
        words.append(
            SafeWord(
                start=start,
                end=end,
                text=text,
                channel=covered[0].channel,
                confidence=min(word.confidence for word in covered),
                language=covered[0].language,
                entity=parts[0].finding.entity,
                raw_words=len(covered),
            )
        )
        for part in parts:
            finding = part.finding
            redactions.append(
                Redaction(
                    turn=turn.index,
                    first_word=first,
                    last_word=last,
                    word=len(words) - 1,
                    start=start,
                    end=end,
                    entity=finding.entity,
                    score=round(finding.score, 3),
                    recognizer=finding.recognizer,
                    rule=finding.rule,
                )
            )
    words += [_safe(word) for word in turn.words[index:]]
    fields = {name: getattr(turn, name) for name in Turn.__dataclass_fields__ if name != "words"}
    return SafeTurn(**fields, words=tuple(words)), redactions


def _word_places(turn: Turn) -> list[tuple[int, int]]:
    """[start, end) of each word in the turn's text."""
    gap = len(join_words(("", ""), turn.language))
    places, place = [], 0
    for word in turn.words:
        places.append((place, place + len(word.text)))
        place += len(word.text) + gap
    return places


def _stretches(
    places: Sequence[tuple[int, int]], replaced: Sequence[Replaced]
) -> list[tuple[int, int, list[Replaced]]]:
    """First and last word of each stretch to replace, with what it holds; findings that share a word are one stretch."""
    stretches: list[tuple[int, int, list[Replaced]]] = []
    for part in replaced:
        touched = [
            index for index, (start, end) in enumerate(places) if start < part.finding.end and part.finding.start < end
        ]
        if not touched:
            continue
        if stretches and touched[0] <= stretches[-1][1]:
            first, last, parts = stretches[-1]
            stretches[-1] = (first, max(last, touched[-1]), [*parts, part])
        else:
            stretches.append((touched[0], touched[-1], [part]))
    return stretches


def _closing(word: Word, place: tuple[int, int], part: Replaced) -> str:
    """The punctuation that ends the last word, which the reader needs: "[PERSON_1]." """
    return "".join(char for char in word.text[max(0, part.finding.end - place[0]) :] if char in ".,?!;:")


def _safe(word: Word) -> SafeWord:
    return SafeWord(word.start, word.end, word.text, word.channel, word.confidence, word.language)
