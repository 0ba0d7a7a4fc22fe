"""Names of companies and shops, which hold people's names ("Big Tony's Auto Parts") and are nobody's.

A company is named where callers are greeted ("thank you for calling ..."), or by how its name ends ("... Plumbing"). Once
known, it is found again. The words are data: `rules/names.toml`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from callkit.text.found import Utterance, words_pattern
from callkit.text.namelists import first_names, rules, surnames
from callkit.text.spoken import Token

_JOINERS = frozenset({"and", "&", "of", "the", "'", "-", "n", "+"})
_GREETED = re.compile(
    r"(?<!\w)(?:(?:for|are|you're) (?:calling|contacting|choosing|phoning|ringing|reaching|using)|welcome to|you've reached|you have reached)(?: the)? $"
)
#: "This is Dana from Contoso", "you're through to Amir at ..."
_WORKS_FOR = re.compile(
    r"(?<!\w)(?:this is|my name(?:'s| is)|i'm|i am|it's|through to) (?:[^\W\d_][\w'-]* ){0,3}(?:speaking |calling )?(?:from|with|at|of) (?:the )?$"
)
_SHORTEST = 2  # words of a company's name that are enough to know it by
_SHORTEST_WORD = 4  # letters of a company's name of one word


@cache
def _endings() -> frozenset[str]:
    return frozenset(rules()["words"]["company_endings"].split())


def companies(conversation: Sequence[Utterance]) -> list[list[tuple[int, int]]]:
    """Where each turn names a company: [start, end) in code points."""
    spans = [list(_named(utterance)) for utterance in conversation]
    known: dict[str, None] = {}
    for utterance, found in zip(conversation, spans, strict=True):
        for start, end in found:
            known.update(dict.fromkeys(_shorter(utterance.lower[start:end])))
    if known:
        again = re.compile(r"(?<!\w)(?:" + "|".join(sorted(map(re.escape, known), key=len, reverse=True)) + r")(?!\w)")
        for utterance, found in zip(conversation, spans, strict=True):
            found += [match.span() for match in again.finditer(utterance.lower)]
    return spans


@cache
def _brands() -> re.Pattern[str]:
    return words_pattern(rules()["words"]["brands"])


def _named(utterance: Utterance) -> list[tuple[int, int]]:
    found = [match.span() for match in _brands().finditer(utterance.lower)]
    if not utterance.cased:
        return found
    for words in _capitals(utterance.tokens):
        end = max((place + 1 for place, word in enumerate(words) if _plain(word) in _endings()), default=0)
        if len(words) == 2 and words[0].norm in first_names() and words[1].norm in surnames():
            continue  # "Mary Flowers"
        several = sum(word.norm not in _JOINERS for word in words) >= _SHORTEST
        ahead = utterance.lower[: words[0].start]
        greeted = _GREETED.search(ahead) or _WORKS_FOR.search(ahead)
        if greeted and len(words) == 1 and not _is_person(words[0]):
            several = True
        if several and (end > 1 or greeted):
            kept = words[:end] if end > 1 else words
            found.append((kept[0].start, kept[-1].end))
    return found


def _capitals(tokens: Sequence[Token]) -> list[list[Token]]:
    """Stretches of capitalised words, with what joins them."""
    stretches: list[list[Token]] = [[]]
    for token in tokens:
        if token.text[0].isupper() or (stretches[-1] and token.norm in _JOINERS):
            stretches[-1].append(token)
        else:
            stretches.append([])
    for stretch in stretches:
        while stretch and stretch[-1].norm in _JOINERS:
            stretch.pop()
    return [stretch for stretch in stretches if stretch]


def _is_person(word: Token) -> bool:
    plain = _plain(word)
    return plain in first_names() or plain in surnames() or len(plain) < _SHORTEST_WORD


def _plain(word: Token) -> str:
    return word.norm.removesuffix("'s")


def _shorter(name: str) -> list[str]:
    """A name and its beginnings, by which it is known too."""
    words = name.split()
    return [
        " ".join(words[:count])
        for count in range(1, len(words) + 1)
        if (count == len(words) == 1 or sum(word not in _JOINERS for word in words[:count]) >= _SHORTEST)
        and words[count - 1] not in _JOINERS
    ]
