"""Secrets and addresses said again: the same thing in other words, anywhere in the conversation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from callkit.text.found import Finding, Utterance
from callkit.text.spoken import grammar

RECOGNIZER = "callkit:again"
_SYMBOLS = {"at": "@", "arroba": "@", "@": "@", "+": "+", "_": "_", "-": "-"}
_TYPES = frozenset({"EMAIL", "PASSWORD", "URL", "IP"})
_SHORTEST = 5


class Written:
    """A turn as it would be written, without spaces: "jane dot doe forty two" is "jane.doe42". Maps back to its text."""

    def __init__(self, utterance: Utterance, start: int = 0, end: int | None = None) -> None:
        end = len(utterance.text) if end is None else end
        items = {item.first: item for run in utterance.runs for item in run.items}
        symbols = grammar(utterance.language).symbols
        self.text = ""
        self.starts: dict[int, int] = {}
        self.ends: dict[int, int] = {}
        place = 0
        tokens = utterance.tokens
        while place < len(tokens):
            token, item = tokens[place], items.get(place)
            first, last = token.start, item.end if item else token.end
            place = item.last + 1 if item else place + 1
            if first < start or last > end:
                continue
            if item:
                value = item.value.lower()
            elif token.norm == "." or token.norm in symbols:
                glued = token.norm != "." or (place < len(tokens) and tokens[place].start == token.end)
                value = symbols.get(token.norm, ".").strip() if glued else ""
            else:
                value = _SYMBOLS.get(token.norm, token.norm if token.text[0].isalnum() else "")
            if value:
                self.starts[len(self.text)] = first
                self.text += value
                self.ends[len(self.text)] = last

    def find(self, value: str) -> Iterator[tuple[int, int]]:
        """Where a value stands, whole, as [start, end) of the turn's own text."""
        place = self.text.find(value)
        while place >= 0:
            if place in self.starts and place + len(value) in self.ends:
                yield self.starts[place], self.ends[place + len(value)]
            place = self.text.find(value, place + 1)


def said_again(
    conversation: Sequence[Utterance],
    found: Sequence[Finding],
    taken: Sequence[Sequence[tuple[int, int]]],
    known: dict[str, str],
) -> Iterator[Finding]:
    """What `found` holds of addresses and secrets, wherever else it is said. `known` is read and added to."""
    for finding in found:
        if finding.entity in _TYPES:
            value = Written(conversation[finding.turn], finding.start, finding.end).text
            for part in (value, value.partition("@")[0]):
                if len(part) >= _SHORTEST and (part == value or not part.isalpha()):
                    known[part] = finding.entity
    if not known:
        return
    for turn, utterance in enumerate(conversation):
        written = Written(utterance)
        for value, entity in known.items():
            for start, end in written.find(value):
                if not any(start < other_end and other_start < end for other_start, other_end in taken[turn]):
                    yield Finding(turn, start, end, entity, 0.8, RECOGNIZER, "said again", value)
