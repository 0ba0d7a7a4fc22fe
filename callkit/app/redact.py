"""Redact text: a stream of turns (`callkit redact`) or a conversation in Python (`callkit.redact`)."""

from __future__ import annotations

import json
import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from callkit import registry
from callkit.config import Config
from callkit.stages.redact import People, Redactor, Replaced, redacted_text
from callkit.text.found import Finding, Utterance
from callkit.text.language import LANGUAGES, language_of
from callkit.text.personal import Memory

#: "Agent: ...", "[00:12] Caller: ...", "SPEAKER_01: ...": who speaks, where a line says so.
_SPEAKER = re.compile(
    r"\s*(?:\[?[\d:.]+\]?\s*)?\[?(agent|customer|caller|client|user|bot|operator|rep|representative|advisor|advisore?|assistant"
    r"|system|ivr|speaker[ _-]?\w{1,3}|spk[ _-]?\w{1,3}|channel ?\d|[acs]\d?)\]?\s*:\s+",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Entity:
    """Something that was redacted: its kind and where it stood in the original, [start, end) in code points."""

    type: str
    start: int
    end: int
    score: float
    rule: str = ""
    recognizer: str = ""


@dataclass(frozen=True, slots=True)
class RedactedText:
    """A turn's text after redaction, and what was in it."""

    text: str
    entities: tuple[Entity, ...] = ()


def redact(turns: Iterable[str | tuple[str, str]], *, config: Config | None = None) -> list[RedactedText]:
    """Redact one conversation: its turns as texts, or as (speaker, text), in order. One result a turn."""
    redactor = open_redactor(config or Config())
    said = [("", turn) if isinstance(turn, str) else turn for turn in turns]
    told = _Language(redactor.language)
    lines = [_Line(text, tuple(_parts(text, speaker, told.of(text)))) for speaker, text in said]
    return _Stream(redactor).redacted(lines, 0, len(lines))


def redact_lines(
    lines: Iterable[str], *, config: Config, as_json: bool = False, on_language: Callable[[str], None] | None = None
) -> Iterator[str]:
    """Redact a stream of lines, one turn a line; a blank line ends a conversation and comes out blank.

    Lines come without their newline, and so do the results: one for each, in order, at most `[redact] look_ahead` lines
    later. With `as_json` each is {"text", "entities": [{"type", "start", "end", "score"}]}, offsets in code points of the
    line. Memory does not grow with the stream. `on_language` is told, once each, of languages without rules of their own.
    """
    unsupported: set[str] = set()
    redactor = open_redactor(config)
    ahead, back = config.redact.look_ahead, config.redact.look_back
    stream = _Stream(redactor)
    told = _Language(redactor.language)
    window: deque[_Line] = deque()
    done = 0  # lines of the window that are out already, kept as context

    def write(count: int) -> Iterator[str]:
        nonlocal done
        for result in stream.redacted(window, done, done + count):
            yield _as_json(result) if as_json else result.text
        done += count
        while done > back:
            window.popleft()
            done -= 1

    for line in lines:
        if not line.strip():
            yield from write(len(window) - done)
            stream, told, done = _Stream(redactor), _Language(redactor.language), 0
            window.clear()
            yield line if not as_json else ""
            continue
        window.append(_line(line, told))
        if told.last not in LANGUAGES and told.last not in unsupported and on_language is not None:
            unsupported.add(told.last)
            on_language(told.last)
        if len(window) - done > ahead:
            yield from write(max(1, (len(window) - done) // 2))
    yield from write(len(window) - done)


def open_redactor(config: Config) -> Redactor:
    """A redactor with its engine open."""
    settings = config.redact
    redactor = Redactor(settings=settings, engine=registry.build_engine("redact", settings.engine, config))
    redactor.engine.open()
    return redactor


#: A turn longer than this (code points) is read in parts, so that the time it takes grows with its length and no more.
_LONGEST_PART = 4000


@dataclass(frozen=True, slots=True)
class _Line:
    """A line as it came, and the turn in it: its parts, each with the code point it begins at."""

    text: str = field(repr=False)
    parts: tuple[tuple[Utterance, int], ...]


def _parts(text: str, speaker: str, language: str, offset: int = 0) -> Iterator[tuple[Utterance, int]]:
    """A turn from `offset` on as utterances: one, or several cut between words."""
    start = offset
    while len(text) - start > _LONGEST_PART:
        cut = text.rfind(" ", start + 1, start + _LONGEST_PART) + 1 or start + _LONGEST_PART
        yield Utterance(text[start:cut], speaker, language), start
        start = cut
    yield Utterance(text[start:], speaker, language), start


class _Language:
    """The language of each turn of a conversation: as set, or told from its words; a turn that tells none has the last."""

    def __init__(self, setting: str) -> None:
        self.setting = setting
        self.last = setting or "en"

    def of(self, text: str) -> str:
        if not self.setting:
            self.last = language_of(text, self.last)
        return self.last


def _line(text: str, told: _Language) -> _Line:
    named = _SPEAKER.match(text)
    start, speaker = (named.end(), named.group(1).lower()) if named else (0, "")
    return _Line(text, tuple(_parts(text, speaker, told.of(text[start:]), start)))


class _Stream:
    """One conversation on its way: who is who, and what is known so far. Bounded."""

    def __init__(self, redactor: Redactor) -> None:
        self.redactor = redactor
        self.people = People()
        self.memory = Memory()

    def redacted(self, window: Sequence[_Line], first: int, last: int) -> list[RedactedText]:
        """Lines [first, last) of a window of turns; the others are context."""
        if first == last:
            return []
        lines = list(window)
        parts = [(place, *part) for place, line in enumerate(lines) for part in line.parts]
        found: dict[int, list[Finding]] = {}
        for finding in self.redactor.findings([utterance for _, utterance, _ in parts], memory=self.memory):
            place, _, offset = parts[finding.turn]
            moved = replace(finding, start=finding.start + offset, end=finding.end + offset)
            found.setdefault(place, []).append(moved)
        self.memory.shrink()
        return [self.replaced(lines[place], found.get(place, ())) for place in range(first, last)]

    def replaced(self, line: _Line, findings: Sequence[Finding]) -> RedactedText:
        replaced = [Replaced(finding, self.redactor.placeholder(finding, self.people)) for finding in findings]
        entities = tuple(
            Entity(
                finding.entity, finding.start, finding.end, round(finding.score, 3), finding.rule, finding.recognizer
            )
            for finding in findings
        )
        return RedactedText(redacted_text(line.text, replaced), entities)


def _as_json(result: RedactedText) -> str:
    entities = [
        {"type": entity.type, "start": entity.start, "end": entity.end, "score": entity.score}
        for entity in result.entities
    ]
    return json.dumps({"text": result.text, "entities": entities}, ensure_ascii=False)
