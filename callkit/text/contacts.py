"""E-mail addresses, web addresses and IP addresses, written and spoken ("jane dot doe at gmail dot com")."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from callkit.text.found import Finding, Utterance
from callkit.text.spoken import Token

RECOGNIZER = "callkit:contact"
_EMAIL = re.compile(r"(?<![\w.+-])[\w.+%-]+@[\w-]+(?:\.[\w-]+)+")
_URL = re.compile(
    r"(?:https?://|www\.)[^\s<>\"]+|(?<![\w@./])[\w-]{2,}(?:\.[\w-]+)*\.[a-z]{2,}/[^\s<>\"]+",
    re.I,
)
_IPV4 = re.compile(r"(?<![\w.])(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)(?![\w]|\.\d)")
_IPV6 = re.compile(
    r"(?<![\w:])(?:[0-9a-f]{1,4}:){2,7}(?::?[0-9a-f]{1,4})+(?![\w:])|(?<![\w:])(?:[0-9a-f]{1,4}:){1,7}:(?![\w:])", re.I
)

#: Last labels of a domain as they are said.
_TOP_LEVEL = frozenset(
    "com net org edu gov io co uk us ca info biz me mail de fr es au in ie nz tv dev app email online eu mx ar cl za ng ke gh br pt nl be ch se dk fi pl cz sg hk my ph jp cn kr il ae example xyz shop site store cloud ai".split()
)
#: Mail providers, whose names alone say that what came before is an address.
_PROVIDERS = frozenset(
    "gmail yahoo hotmail outlook icloud aol protonmail proton live msn comcast verizon ymail gmx mac att sbcglobal btinternet googlemail fastmail zoho".split()
)
_AT = frozenset({"at", "@", "arroba"})
_DOTS = frozenset({"dot", ".", "point", "period", "punto"})
_CONNECTORS = _DOTS | frozenset({"dash", "hyphen", "-", "underscore", "_", "guion", "guión", "plus", "+", "minus"})
#: Where an address begins: the words that lead up to it.
_LEAD = frozenset(
    "is it's its it email mail e address at to my your our be that's thats that so me on send as yes yeah sure okay ok no sorry wait actually correct for the and or use under have got has was a an um uh would with try i i'm think reach via again can you contact please write by this s are know need there from of".split()
)
#: Paths of web addresses that lead to a company's pages, and to nobody.
_COMPANY_PATHS = frozenset(
    "slash / help support login signin signup register contact account accounts billing pay payment payments home careers jobs faq terms privacy store shop reset status returns refund refunds offers deals activate setup download chat feedback survey claims news about dash - my us".split()
)
_MAX_LOCAL = 22
#: What is said inside an address and is none of it: "dot, um, n z", "at smithfamily, one word, dot com".
_ASIDES = re.compile(
    r"(?:,\s*)?(?<![\w.])(?:um|uh|erm?|(?:all )?one word|(?:all )?lower ?case|(?:then|with|followed by) the numbers?)(?!\w)(?:\s*,)?"
)


class ContactFinder:
    """Finds e-mail, web and IP addresses."""

    def __init__(self, conversation: Sequence[Utterance]) -> None:
        self.conversation = conversation

    def find(self) -> Iterator[Finding]:
        for turn, utterance in enumerate(self.conversation):
            text = utterance.text
            if "@" in text:
                for match in _EMAIL.finditer(text):
                    yield Finding(
                        turn, *match.span(), "EMAIL", 0.98, RECOGNIZER, "written e-mail", match.group().lower()
                    )
            if "." in text or ":" in text:
                yield from self.written(turn)
            yield from self.spoken(turn)
            yield from self.spoken_ip(turn)

    def spoken_ip(self, turn: int) -> Iterator[Finding]:
        """Four numbers up to 255 with "dot" between, in words or digits."""
        utterance = self.conversation[turn]
        for run in utterance.runs:
            groups = [""]
            for item, following in zip(run.items, [*run.items[1:], None], strict=True):
                groups[-1] += item.value
                if following and any(
                    token.norm in _DOTS for token in utterance.tokens[item.last + 1 : following.first]
                ):
                    groups.append("")
            if len(groups) == 4 and all(group.isdecimal() and int(group) <= 255 for group in groups):
                yield Finding(turn, run.start, run.end, "IP", 0.8, RECOGNIZER, "spoken IP address", ".".join(groups))

    def written(self, turn: int) -> Iterator[Finding]:
        text = self.conversation[turn].text
        for match in _URL.finditer(text):
            end = match.start() + len(match.group().rstrip(".,;:!?)'"))
            if "/" in text[match.start() + 8 : end] or "?" in match.group():
                yield Finding(turn, match.start(), end, "URL", 0.7, RECOGNIZER, "web address with a path")
        for pattern in (_IPV4, _IPV6):
            for match in pattern.finditer(text):
                if pattern is _IPV6 and "::" not in match.group() and match.group().count(":") != 7:
                    continue  # a time such as 09:30:15
                if not re.search(
                    r"version|firmware|build|release\W*$", text[max(0, match.start() - 20) : match.start()], re.I
                ):
                    yield Finding(turn, *match.span(), "IP", 0.85, RECOGNIZER, "written IP address", match.group())

    def spoken(self, turn: int) -> Iterator[Finding]:
        """Addresses said aloud, found from their end: "gmail dot com"."""
        tokens = self.without_asides(turn)
        for place, token in enumerate(tokens):
            common = token.norm in ("com", "net", "org", "edu", "gov")
            if (
                token.norm in _TOP_LEVEL
                and place >= 2
                and tokens[place - 1].norm in (_DOTS if common else ("dot", ".", "punto"))
            ):
                if tokens[place - 1].norm == "." and token.start != tokens[place - 1].end:
                    continue  # a full stop, and a new sentence
                last = place
                while last + 2 < len(tokens) and tokens[last + 1].norm in _DOTS and tokens[last + 2].norm in _TOP_LEVEL:
                    last += 2
                yield from self.before_domain(turn, tokens, place - 2, last)
            elif token.norm in _PROVIDERS and place and tokens[place - 1].norm in _AT:
                following = tokens[place + 1].norm if place + 1 < len(tokens) else ""
                if following not in _DOTS or place + 2 >= len(tokens) or tokens[place + 2].norm not in _TOP_LEVEL:
                    yield from self.before_domain(turn, tokens, place, place)

    def without_asides(self, turn: int) -> list[Token]:
        utterance = self.conversation[turn]
        asides = [match.span() for match in _ASIDES.finditer(utterance.lower)]
        said = [token for token in utterance.tokens if not any(start <= token.start < end for start, end in asides)]
        norms = ["", *(token.norm for token in said), ""]
        joins = (_CONNECTORS | _AT) - {"."}
        return [  # "price, at hotmail, dot, com"
            token
            for token, before, after in zip(said, norms, norms[2:], strict=False)
            if token.norm != "," or not (before in joins or after in joins)
        ]

    def before_domain(self, turn: int, tokens: Sequence[Token], domain: int, last: int) -> Iterator[Finding]:
        utterance = self.conversation[turn]
        at = next((place for place in range(domain, max(-1, domain - 8), -1) if tokens[place].norm in _AT), None)
        path = last + 1
        if at is None or (at == domain - 1 and path < len(tokens) and tokens[path].norm in ("slash", "/")):
            if path < len(tokens) and tokens[path].norm in ("slash", "/"):
                end = self.path_end(tokens, path)
                if all(token.norm in _COMPANY_PATHS for token in tokens[path : end + 1]):
                    return
                yield Finding(
                    turn,
                    tokens[domain].start,
                    tokens[end].end,
                    "URL",
                    0.7,
                    RECOGNIZER,
                    "spoken web address with a path",
                )
            return
        places = {token.start: place for place, token in enumerate(tokens)}
        firsts = {
            places[token.start]: places[utterance.tokens[item.first].start]
            for run in utterance.runs
            for item in run.items
            for token in utterance.tokens[item.first : item.last + 1]
            if token.start in places and utterance.tokens[item.first].start in places
        }
        first = self.local_start(tokens, at, firsts)
        if first < at:
            start, end = tokens[first].start, tokens[last].end
            yield Finding(turn, start, end, "EMAIL", 0.9, RECOGNIZER, "spoken e-mail", utterance.lower[start:end])
        else:
            yield Finding(turn, tokens[at].start, tokens[last].end, "EMAIL", 0.6, RECOGNIZER, "end of a spoken e-mail")

    def local_start(self, tokens: Sequence[Token], at: int, firsts: Mapping[int, int]) -> int:
        """The token where the part before "at" begins: names, letters, digits and what joins them.

        `firsts` maps each token of a number or spelled letter ("b as in boy") to the first of its part.
        """
        place, joined, steps = at, False, 0
        while place > 0 and steps < _MAX_LOCAL:
            token, steps = tokens[place - 1], steps + 1
            if firsts.get(place - 1, place - 1) != place - 1:
                place = firsts[place - 1]
                continue
            if token.norm in _CONNECTORS and (token.norm != "." or tokens[place].start == token.end or joined):
                joined = True
            elif token.norm in _LEAD and not (len(token.norm) == 1 and self.spells(tokens, place - 1)):
                if not self.between_letters(tokens, place - 1):
                    break
            elif token.norm == "," or token.text[0].isalnum():
                joined = False
            else:
                break
            place -= 1
        while place < at and not tokens[place].text[0].isalnum():
            place += 1
        return place

    def spells(self, tokens: Sequence[Token], place: int) -> bool:
        """Is a single letter part of a spelling, with another letter or a joiner beside it?"""
        return any(
            0 <= other < len(tokens) and (len(tokens[other].norm) == 1 or tokens[other].norm in _CONNECTORS)
            for other in (place - 1, place + 1)
        )

    def between_letters(self, tokens: Sequence[Token], place: int) -> bool:
        """A filler inside a spelled address: "j, um, smith" counts only between single letters ("b as in boy")."""
        return (
            tokens[place].norm in ("as", "for", "in", "um", "uh", "and")
            and place > 0
            and len(tokens[place - 1].norm) == 1
        )

    def path_end(self, tokens: Sequence[Token], place: int) -> int:
        end = place
        while end + 1 < len(tokens) and end - place < 10:
            norm = tokens[end + 1].norm
            joined = tokens[end].norm in _CONNECTORS or tokens[end].norm in ("slash", "/")
            if not (tokens[end + 1].text[0].isalnum() or norm in _CONNECTORS or norm == "/"):
                break
            if norm in _LEAD and not joined:
                break
            end += 1
        return end
