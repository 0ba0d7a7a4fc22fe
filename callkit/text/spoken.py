"""Spoken form to written form: the numbers and spelled letters in a text, each with its exact place in it.

`tokens` cuts a text into words, digit groups and symbols; `runs` finds the stretches that say one number or spell one
word, whatever is between its parts: pauses, symbols said aloud ("dash"), fillers ("um, let me see") and corrections
("no, sorry"). The lists of words are data: `rules/spoken.toml`. A run says what is written ("4111"), not what it means:
that is for `callkit.text.numbers`.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal

#: A placeholder of callkit's own is one token, so that redacting twice changes nothing.
PLACEHOLDER = re.compile(r"\[[A-Z]+(?:_[A-Z0-9]+)*(?: [0-9]{4})?\]")
_TOKEN = re.compile(r"\[[A-Z]+(?:_[A-Z0-9]+)*(?: [0-9]{4})?\]|\d+|[^\W\d_]+(?:['’][^\W\d_]+)*|[^\s]")
_PUNCTUATION = frozenset(",.-–—−/\\():;#+*…!?'\"‐‑~|=·_")
_MAX_GAP_WORDS = 9

Kind = Literal["digit", "number", "written", "letter"]


_Small = tuple[str, int, Kind]


@dataclass(frozen=True, slots=True)
class Token:
    """A word, a group of digits or a symbol: [start, end) in code points, and its lower-case form."""

    start: int
    end: int
    text: str
    norm: str


@dataclass(frozen=True, slots=True)
class Item:
    """One part of a run. `value` is what is written: digits, or letters in upper case.

    `kind`: a digit said by itself, a number said in words ("forty-one", "two hundred"), written digits, or letters.
    A weak item ("oh", "Bravo", "a") counts only beside others. `first` and `last` are indices of tokens, inclusive.
    """

    first: int
    last: int
    start: int
    end: int
    value: str
    kind: Kind
    weak: bool = False


@dataclass(frozen=True, slots=True)
class Run:
    """A number or a spelled word: [start, end) in code points of its text."""

    items: tuple[Item, ...]

    @property
    def start(self) -> int:
        return self.items[0].start

    @property
    def end(self) -> int:
        return self.items[-1].end

    @property
    def value(self) -> str:
        """What is written: digits and upper-case letters, nothing else."""
        return "".join(item.value for item in self.items)

    @property
    def digits(self) -> str:
        return "".join(item.value for item in self.items if item.kind != "letter")

    @property
    def letters(self) -> str:
        return "".join(item.value for item in self.items if item.kind == "letter")


def tokens(text: str) -> list[Token]:
    """The text's tokens, in order. Placeholders such as [CARD] are one token each."""
    return [
        Token(found.start(), found.end(), found.group(), found.group().lower().replace("’", "'"))
        for found in _TOKEN.finditer(text)
    ]


def runs(text_tokens: Sequence[Token], language: str = "en") -> list[Run]:
    """Every number and spelled word of a text, in order, not overlapping."""
    reader = _Reader(text_tokens, grammar(language))
    found: list[Run] = []
    place = 0
    while place < len(text_tokens):
        items = reader.run_at(place)
        if items and reader.phrase(place, reader.words.fillers) > 1:
            place += reader.phrase(place, reader.words.fillers)  # "one second", "one moment"
        elif items:
            place = items[-1].last + 1
            kept = _trimmed(items, text_tokens)
            if kept or (len(text_tokens) <= 4 and items[0].value not in "AIO0"):  # "Golf.": a turn of a letter
                found.append(Run(tuple(kept or items)))
        else:
            place += 1
    return found


@dataclass(frozen=True)
class Grammar:
    """The word lists of one language, with phrases cut into words and indexed by their first."""

    digits: Mapping[str, str]
    weak_digits: Mapping[str, str]
    misheard: Mapping[str, str]
    teens: Mapping[str, str]
    tens: Mapping[str, str]
    scales: Mapping[str, int]
    ordinals: Mapping[str, str]
    repeats: Mapping[str, int]
    symbols: Mapping[str, str]
    letters: Mapping[str, str]
    fillers: Mapping[str, tuple[tuple[str, ...], ...]]
    as_in: Mapping[str, tuple[tuple[str, ...], ...]]
    counted: Mapping[str, str]
    hundreds: Mapping[str, str]


@cache
def grammar(language: str) -> Grammar:
    """The lists of a language; English where there are none for it, since digits and letters are written alike.

    Of some languages only the digits are known: their other lists are empty.
    """
    data = tomllib.loads(files("callkit.text").joinpath("rules/spoken.toml").read_text("utf-8"))
    lists: dict[str, Any] = data.get(language) or data["en"]
    return Grammar(
        **{name: lists.get(name, {}) for name in Grammar.__dataclass_fields__ if name not in ("fillers", "as_in")},
        fillers=_by_first_word(lists["fillers"]),
        as_in=_by_first_word(lists.get("as_in", ())),
    )


def _by_first_word(phrases: Sequence[str]) -> dict[str, tuple[tuple[str, ...], ...]]:
    index: dict[str, list[tuple[str, ...]]] = {}
    for phrase in phrases:
        words = tuple(token.norm for token in tokens(phrase))
        index.setdefault(words[0], []).append(words)
    return {first: tuple(sorted(rest, key=len, reverse=True)) for first, rest in index.items()}


#: Letters glued to digits that are units or ordinals ("5g", "3rd", "9pm"), not parts of a number.
_GLUED_UNITS = frozenset(
    "st nd rd th am pm k m g gb mb kb tb mbps gbps kbps kg km cm mm ft lb lbs oz hz mhz ghz min mins hr hrs x p w v s sec secs yr yrs yo".split()
)
#: Capitals beside a number that name it and do not belong to it ("PIN 4321").
_NAMES_OF_NUMBERS = frozenset(
    "PIN CVV CVC CVN SSN SS ZIP DOB IP ID USA US UK TV PO AM PM OK APT EXP USD EUR GBP TAX ACH ATM ABA EIN NO IS IT MY AND THE FAX TEL EXT "
    "AL AK AZ AR CA CO CT DE FL GA HI IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM NY NC ND OH OR PA RI SC SD TN TX UT VT VA WA WV WI WY DC".split()
)


#: Fillers that, after a full stop, begin something new ("4111. It's a 2003 model") and do not go on with a number.
_OPENERS = frozenset(
    ["it's", "its", "it", "that's", "thats", "that", "a", "there's", "of", "with", "like", "so", "well", "i"]
)


class _Reader:
    """Reads items and runs out of one text's tokens."""

    def __init__(self, text_tokens: Sequence[Token], words: Grammar) -> None:
        self.tokens = text_tokens
        self.words = words
        self.norms = [token.norm for token in text_tokens]

    def run_at(self, place: int) -> list[Item]:
        """The items of a run that begins exactly here, untrimmed; empty if none does."""
        item = self.item_at(place, None)
        if item is None:
            return []
        items = [item]
        while True:
            following = self.next_item(items[-1])
            if following is None:
                return items
            items.append(following)

    def next_item(self, previous: Item) -> Item | None:
        place, said = previous.last + 1, 0
        while place < len(self.tokens) and said <= _MAX_GAP_WORDS:
            phrase = self.phrase(place, self.words.fillers)
            if phrase < 2:
                item = self.item_at(place, previous)
                if item is not None:
                    return None if self.counts_digits(item) else item
            if phrase and self.starts_sentence(place) and self.norms[place] in _OPENERS:
                return None
            if not phrase:
                phrase = self.broken_off(place, previous)
            if phrase:
                place, said = place + phrase, said + phrase
            elif self.norms[place] in self.words.symbols:
                place, said = place + 1, said + 1
            elif self.norms[place] in _PUNCTUATION:
                place += 1
            else:
                return None
        return None

    def counts_digits(self, item: Item) -> bool:
        """Does a number say how many digits follow, and is none of them: "four digit code"?"""
        after = item.last + 2 if self.norms[item.last + 1 : item.last + 2] == ["-"] else item.last + 1
        return after < len(self.tokens) and self.norms[after] in self.words.counted

    def broken_off(self, place: int, previous: Item) -> int:
        """How many tokens of a digit or letter begun and mended take here: "five double, no, six", "L as in, sorry, M"."""
        count = 1 if self.norms[place] in self.words.repeats else 0
        if not count and previous.kind == "letter" and place == previous.last + 1:
            count = self.phrase(place, self.words.as_in)
        after = place + count
        mended = after < len(self.tokens) and self.norms[after] in _PUNCTUATION
        return count if mended and after + 1 < len(self.tokens) and self.phrase(after + 1, self.words.fillers) else 0

    def starts_sentence(self, place: int) -> bool:
        return self.norms[place - 1] in ".!?" and self.tokens[place].text[0].isupper()

    def phrase(self, place: int, index: Mapping[str, tuple[tuple[str, ...], ...]]) -> int:
        """How many tokens the longest listed phrase takes here, 0 for none."""
        for words in index.get(self.norms[place], ()):
            if tuple(self.norms[place : place + len(words)]) == words:
                return len(words)
        return 0

    def item_at(self, place: int, previous: Item | None) -> Item | None:
        norm, text = self.norms[place], self.tokens[place].text
        if norm.isdecimal():
            return self.written(place)
        if norm in self.words.repeats:
            return self.repeated(place, previous)
        spoken = self.cardinal(place)
        if spoken is not None:
            return spoken
        if norm in self.words.weak_digits and not self.letter_o(place, previous):
            return self.item(place, place, self.words.weak_digits[norm], "digit", weak=True)
        if norm in self.words.misheard and previous is not None and previous.kind == "digit":
            following = self.cardinal(place + 1) if place + 1 < len(self.tokens) else None
            if following is not None and following.kind == "digit" and place == previous.last + 1:
                return self.item(place, place, self.words.misheard[norm], "digit", weak=True)
        if len(norm) == 1 and norm.isalpha():
            unit = norm in _GLUED_UNITS and text.islower() and self.decimal(place - 1) and self.glued(place - 1, place)
            return None if unit or self.article(place) else self.letter(place)
        if norm in self.words.letters and not self.is_month(place):
            return self.item(place, place, self.words.letters[norm].upper(), "letter", weak=True)
        if text.isalpha() and text.isascii() and len(text) <= 5:
            return self.code_letters(place)
        return None

    def item(self, first: int, last: int, value: str, kind: Kind, *, weak: bool = False) -> Item:
        return Item(first, last, self.tokens[first].start, self.tokens[last].end, value, kind, weak)

    def written(self, place: int) -> Item | None:
        if self.glued(place, place + 1) and self.norms[place + 1] in _GLUED_UNITS:
            suffix = self.tokens[place + 1].text
            if suffix.islower() or len(suffix) > 1:
                return None
        value = "".join(str(unicodedata.digit(char)) for char in self.norms[place])
        return self.item(place, place, value, "written")

    def is_month(self, place: int) -> bool:
        """Is "November" a month, beside a day or a year, and no letter?"""
        if self.norms[place] != "november":
            return False
        before = self.norms[place - 1] if place else ""
        if before in ("of", "st", "nd", "rd", "th") or before in self.words.ordinals:
            return True
        ahead = next((norm for norm in self.norms[place + 1 : place + 4] if norm not in (",", ".", "the", "of")), "")
        if ahead.isdecimal():
            return len(ahead) in (1, 2, 4)
        words = self.words
        year = ahead == "two" and "thousand" in self.norms[place + 1 : place + 4]
        return year or any(ahead in known for known in (words.teens, words.tens, words.ordinals))

    def letter_o(self, place: int, previous: Item | None) -> bool:
        """Is this "o" a letter, between letters, and no zero?"""
        if self.norms[place] != "o":
            return False
        if previous is not None:
            return previous.kind == "letter"
        ahead = next((norm for norm in self.norms[place + 1 : place + 4] if norm not in ",-."), "")
        return len(ahead) == 1 and ahead.isalpha()

    def repeated(self, place: int, previous: Item | None) -> Item | None:
        """ "double seven", "triple oh", "double s" """
        last = place + 1
        if last < len(self.tokens) and self.norms[last] in ("-", "‐", "‑"):
            last += 1
        if last >= len(self.tokens):
            return None
        norm = self.norms[last]
        value = self.words.digits.get(norm) or self.words.weak_digits.get(norm) or (norm if len(norm) == 1 else "")
        if not value.isalnum():
            return None
        if norm in ("u", "you") and self.norms[place] == "double":
            return self.item(place, last, "W", "letter", weak=previous is None)
        kind: Kind = "digit" if value.isdecimal() else "letter"
        return self.item(place, last, value.upper() * self.words.repeats[self.norms[place]], kind)

    def small(self, place: int) -> _Small | None:
        """A number below a hundred in words: its digits, the token after it, its kind."""
        if place >= len(self.tokens):
            return None
        words, norm = self.words, self.norms[place]
        if norm in words.digits:
            return words.digits[norm], place + 1, "digit"
        if norm in words.teens:
            return words.teens[norm], place + 1, "number"
        if norm not in words.tens:
            return None
        unit = place + 1
        while unit < len(self.tokens) and self.norms[unit] in ("-", "‐", "‑", "y"):
            unit += 1
        if unit < len(self.tokens) and words.digits.get(self.norms[unit], "0") != "0":
            return words.tens[norm] + words.digits[self.norms[unit]], unit + 1, "number"
        return words.tens[norm] + "0", place + 1, "number"

    def cardinal(self, place: int) -> Item | None:
        """A number in words, hundreds and thousands too: "nineteen eighty" is two, "four hundred and two" is one."""
        a_hundred = (
            self.norms[place] == "a" and place + 1 < len(self.norms) and self.norms[place + 1] in self.words.scales
        )
        if self.words.hundreds and not a_hundred:
            whole = self.whole_hundreds(place)
            if whole is not None:
                return whole
        start: _Small | None = ("1", place + 1, "number") if a_hundred else self.small(place)
        if start is None:
            return None
        value, after, kind = start
        if after >= len(self.tokens) or self.norms[after] not in self.words.scales:
            return self.item(place, after - 1, value, kind)
        total, current = 0, int(value)
        while after < len(self.tokens) and self.norms[after] in self.words.scales:
            power = self.words.scales[self.norms[after]]
            total, current = (total, current * 100) if power == 2 else (total + current * 10**power, 0)
            after += 1
            ahead = after + 1 if after < len(self.tokens) and self.norms[after] in ("and", "y") else after
            more = self.small(ahead)
            if more is None or (more[2] == "digit" and self.small(more[1]) is not None and ahead == after):
                break  # "eight hundred, five five five": digits of their own
            current, after = current + int(more[0]), more[1]
        return self.item(place, after - 1, str(total + current), "number")

    def whole_hundreds(self, place: int) -> Item | None:
        """Hundreds that are one word: "trescientos cuarenta y uno", "mil novecientos ochenta"."""
        thousand = self.words.scales.get(self.norms[place]) == 3
        after = place + thousand
        if after >= len(self.norms) or self.norms[after] not in self.words.hundreds:
            return None
        total = 1000 * thousand + int(self.words.hundreds[self.norms[after]])
        more = self.small(after + 1)
        if more is None:
            return self.item(place, after, str(total), "number")
        return self.item(place, more[1] - 1, str(total + int(more[0])), "number")

    def letter(self, place: int) -> Item:
        """A letter by itself, with the word that says which one ("B as in boy", "B, Bravo") if there is one."""
        norm = self.norms[place]
        ahead = place + 1
        while ahead < len(self.tokens) and self.norms[ahead] in ",.-:":
            ahead += 1
        if ahead < len(self.tokens):
            phrase = self.phrase(ahead, self.words.as_in)
            key = ahead + phrase
            while phrase and key + 1 < len(self.tokens) and self.norms[key] == "-":
                key += 1  # "P as N-Peter"
            if phrase and key < len(self.tokens) and self.norms[key].isalpha():
                fits = self.norms[key][0] == norm
                named = self.norms[ahead] == "as" and self.tokens[key].text[0].isupper()  # "P as Enter", for Peter
                if fits or ((phrase > 1 or named) and len(self.norms[key]) > 1):
                    return self.item(place, self.x_ray(key), norm.upper(), "letter")
            if self.words.letters.get(self.norms[ahead]) == norm and len(self.norms[ahead]) > 3:
                return self.item(place, ahead, norm.upper(), "letter")
        last = self.x_ray(place)
        weak = last == place and norm in "aioyeà" and not (self.tokens[place].text.isupper() and self.dash_said(place))
        return self.item(place, last, norm.upper(), "letter", weak=weak)

    def article(self, place: int) -> bool:
        """Is "a" the article of a number: "and a 2021"?"""
        before = self.norms[place - 1] if place else ""
        spaced = self.decimal(place + 1) and not self.glued(place, place + 1)
        return self.tokens[place].text == "a" and spaced and len(before) > 1 and before.isalpha()

    def x_ray(self, place: int) -> int:
        """The last token of the word at a place: "X-ray" is three."""
        return place + 2 if self.norms[place : place + 3] == ["x", "-", "ray"] else place

    def code_letters(self, place: int) -> Item | None:
        """Capitals (or any letters, where glued) that belong to the digits beside them: "POL-88213", "AB 1234"."""
        text = self.tokens[place].text
        before, after = self.decimal(place - 1), self.decimal(place + 1)
        glued = (before and self.glued(place - 1, place)) or (after and self.glued(place, place + 1))
        if glued and self.norms[place] in _GLUED_UNITS and not text.isupper():
            return None
        dashed = (self.decimal(place + 2) and self.glued(place, place + 1) and self.norms[place + 1] in "-/#") or (
            place > 0 and self.decimal(place - 2) and self.glued(place - 1, place) and self.norms[place - 1] in "-/#"
        )
        beside_code = (before and self.glued(place - 1, place) and len(self.norms[place - 1]) >= 4) or (
            after and self.glued(place, place + 1) and len(self.norms[place + 1]) >= 4
        )  # "H7749215US", "LA3096111"
        dashed = dashed or (text.isupper() and self.dash_said(place))
        if text.upper() in _NAMES_OF_NUMBERS and not ((dashed or beside_code) and text.isupper() and len(text) == 2):
            return None
        beside = text.isupper() and len(text) <= 3 and (after or (before and len(text) <= 2))
        if text.isupper() and self.dash_said(place):
            return self.item(place, place, text, "letter")
        long = self.decimal(place + 2) and len(self.norms[place + 2]) >= 4
        if glued or (dashed and (text.isupper() or long)) or beside:
            return self.item(place, place, text.upper(), "letter", weak=not glued and not dashed)
        return None

    def dash_said(self, place: int) -> bool:
        """Does a dash or slash follow in words, and then a number: "KA dash 7740", "INV slash 44"?"""
        ahead = place + 1
        while ahead < len(self.norms) and self.norms[ahead] == ",":
            ahead += 1
        if self.norms[ahead : ahead + 1] not in (["dash"], ["hyphen"], ["slash"], ["stroke"]):
            return False
        ahead += 1
        while ahead < len(self.norms) and self.norms[ahead] == ",":
            ahead += 1
        if ahead >= len(self.norms):
            return False
        words, norm = self.words, self.norms[ahead]
        return norm.isdecimal() or any(
            norm in known for known in (words.digits, words.teens, words.tens, words.repeats, words.weak_digits)
        )

    def decimal(self, place: int) -> bool:
        return 0 <= place < len(self.tokens) and self.norms[place].isdecimal()

    def glued(self, left: int, right: int) -> bool:
        """Do two neighbouring tokens touch?"""
        return left >= 0 and right < len(self.tokens) and self.tokens[left].end == self.tokens[right].start


def _trimmed(items: list[Item], text_tokens: Sequence[Token]) -> list[Item]:
    """A run's items without the weak ones at its ends that stand by themselves; empty where nothing strong is left."""
    kept = list(items)
    while (
        kept
        and kept[0].weak
        and not _heads(kept, text_tokens)
        and not _leans_on(kept[0], kept[1] if len(kept) > 1 else None, text_tokens)
    ):
        kept.pop(0)
    while (
        kept
        and kept[-1].weak
        and not _leans_on(kept[-1], kept[-2] if len(kept) > 1 else None, text_tokens)
        and not _listed(kept, text_tokens)
        and not _ends_code(kept, text_tokens)
    ):
        kept.pop()
    if all(item.value in "AIOYE" and item.kind == "letter" and item.first == item.last for item in kept):
        return []
    return kept


def _listed(items: list[Item], text_tokens: Sequence[Token]) -> bool:
    """Is an "oh" the last of a number said digit by digit, with the same pause between all: "one, two, oh"?"""
    if len(items) < 3 or items[-1].value != "0":
        return False
    pauses = [
        [token.norm for token in text_tokens[before.last + 1 : after.first]]
        for before, after in zip(items[-3:], items[-2:], strict=False)
    ]
    return pauses[0] == pauses[1]


def _ends_code(items: list[Item], text_tokens: Sequence[Token]) -> bool:
    """Is a capital the last of a code that is written in groups: "JG 10 33 59 A."?"""
    last = items[-1]
    if len(items) < 3 or last.kind != "letter" or not text_tokens[last.first].text.isupper():
        return False
    after = text_tokens[last.last + 1].norm if last.last + 1 < len(text_tokens) else "."
    digits = sum(len(item.value) for item in items[:-1] if item.kind == "written")
    return items[-2].kind == "written" and last.start == items[-2].end + 1 and digits >= 4 and not after[0].isalnum()


def _heads(items: list[Item], text_tokens: Sequence[Token]) -> bool:
    """Is a weak letter the head of a long number: "A, five two one five"?"""
    first, rest = items[0], items[1:]
    between = text_tokens[first.last + 1 : rest[0].first] if rest else []
    long = sum(len(item.value) for item in rest if item.kind != "letter") >= 4
    return (
        long and first.kind == "letter" and first.value not in "IOY" and all(token.norm in "-.," for token in between)
    )


def _leans_on(weak: Item, neighbour: Item | None, text_tokens: Sequence[Token]) -> bool:
    """Does a weak item at an end belong to its neighbour? Only where no word is between, nor a comma after "oh"."""
    if neighbour is None:
        return False
    first, second = (weak, neighbour) if weak.first < neighbour.first else (neighbour, weak)
    between = [token.norm for token in text_tokens[first.last + 1 : second.first]]
    alone = weak.first == weak.last and len(text_tokens[weak.first].text) == 1
    if alone and weak.kind == "letter" and neighbour.kind != "letter" and weak.value in "AIOYE":
        return first.end == second.start or (between == ["-"] and second.start == first.end + 1)
    if weak.value == "A" and text_tokens[weak.first].text == "a" and text_tokens[neighbour.first].text.isupper():
        return False  # an article: "with a W"
    if alone and weak.value in ("A", "I") and weak.kind == "letter":
        return all(norm in "-.," for norm in between) and bool(between or neighbour.kind == "letter")
    return all(norm in "-" for norm in between) or (weak.kind == "letter" and all(norm in "-.," for norm in between))
