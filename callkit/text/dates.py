"""Dates and times as they are said and written, so that a date of birth is told from any other date."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from callkit.text.found import CORRECTIONS, Finding, Utterance, same_side, words_pattern
from callkit.text.spoken import Item, Token

RECOGNIZER = "callkit:date"
_REACH = 6
#: A date within this many turns of one that is personal repeats it, if nothing says that it is another.
REPEAT_REACH = 2
_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "january jan enero",
            "february feb febrero",
            "march mar marzo",
            "april apr abril",
            "may mayo",
            "june jun junio",
            "july jul julio",
            "august aug agosto",
            "september sept sep septiembre",
            "october oct octubre",
            "november nov noviembre",
            "december dec diciembre",
        ),
        1,
    )
    for name in names.split()
}
_ORDINALS = frozenset(
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth twentieth thirtieth".split()
)
_NUMERIC = re.compile(
    r"(?<![\d/.-])(?:\d{1,2}[/.-]\d{1,2}[/.-](?:\d{4}|\d{2})|\d{4}[/.-]\d{1,2}[/.-]\d{1,2}|\d{1,2} ?/ ?\d{1,2} ?/ ?\d{2,4})(?![\d/]|[.-]\d)"
)
_TIME = re.compile(r"(?<![\d:])\d{1,2}:\d{2}(?::\d{2})?(?:\s?[ap]\.?m\b\.?)?(?![\d:])", re.I)
_MONTH_YEAR = re.compile(r"(?:0?[1-9]|1[0-2])/(?:20)?[2-4]\d")
_HOLIDAY = re.compile(
    r"(?<!\w)(?:christmas(?: day| eve)|new year'?s(?: day| eve)|boxing day|halloween|valentine'?s(?: day)?|(?:st\.?|saint) patrick'?s day|leap day)(?:,? (?:of |in )?(?:(?:19|20)\d\d|(?:nineteen|twenty|two thousand)(?: and)?(?: [a-z]+){1,2}))?(?!\w)"
)
_SLASHES = re.compile(r"(?<![\d/])(?:0?[1-9]|1[0-2]) ?(?:/|slash) ?(?:20)?[2-4]\d(?![\d/])")
_CODE_AHEAD = re.compile(r"(?:sort code|routing|account|reference|order|policy|policy number|number)(?:'s| is|:)? ?$")
BIRTH = words_pattern(
    [
        "date of birth",
        "birth ?dates?",
        "birthdays?",
        "d\\.? ?o\\.? ?b\\.?",
        "born",
        "birth",
        "fecha de nacimiento",
        "nací",
    ]
)
EXPIRY = words_pattern(
    [
        "expir\\w*",
        "exp\\.?",
        "exp\\.? date",
        "valid (?:thru|through|until|till)",
        "good (?:thru|through|until|till?)",
        "vence",
        "vencimiento",
        "caducidad",
    ]
)
EXPIRY_ASKED = words_pattern(
    ["expiry", "expiration", "exp\\.? date", "valid (?:thru|through|until|till)", "good (?:thru|through|until|till?)"]
)
_CARD = words_pattern(["cards?", "visa", "mastercard", "amex", "cvv", "security code", "tarjeta"])
#: What else expires.
_EXPIRING = words_pattern(
    [
        "passport",
        "licen[cs]e",
        "warranty",
        "contract",
        "subscription",
        "policy",
        "membership",
        "offer",
        "promotion",
        "lease",
        "visa (?:stamp|permit)",
        "coupon",
        "voucher",
        "insurance",
        "registration",
        "plan",
        "id",
    ]
)
#: Whoever was born by then is grown up.
_GROWN_UP = 2008
_SINCE = re.compile(
    r"\b(?:since|from|until|in|back in|moved|built|bought|married|opened|founded|established)\b[^.?!]*$"
)
_READ_BACK_WORDS = 16
_MENDS = words_pattern([*CORRECTIONS, "correct", "right", "read that back", "so that's", "confirm"])
_YEAR = re.compile(r"(?:19|20)\d\d")
#: A year may stand so many characters before the rest of its date.
_YEAR_AHEAD = 2
_SLASH = re.compile(r"/|slash")
_CARD_LENGTHS = range(14, 20)
_OTHER = words_pattern(
    [
        "appointment",
        "deliver\\w*",
        "order\\w*",
        "invoice",
        "payment",
        "due",
        "purchas\\w*",
        "book\\w*",
        "arriv\\w*",
        "effective",
        "start\\w*",
        "subscription",
        "contract",
        "transaction",
        "date of service",
        "as of",
        "flight",
        "seats?",
    ]
)


@dataclass(frozen=True, slots=True)
class DateSpan:
    """A date or time: [start, end) in code points, of so many parts; 0 for a time. `named_day`: "the third of"."""

    start: int
    end: int
    parts: int
    named_day: bool = False


def dates(utterance: Utterance) -> list[DateSpan]:
    """Every date and clock time of a turn, in order."""
    text = utterance.text
    found = [DateSpan(*match.span(), 3) for match in _NUMERIC.finditer(text) if _is_date(match, utterance.lower)]
    found += [DateSpan(*match.span(), 0) for match in _TIME.finditer(text)]
    found += [DateSpan(*match.span(), 2) for match in _SLASHES.finditer(text)]
    found += _slash_said(utterance)
    found += _with_month(utterance)
    found += _of_ordinals(utterance)
    found += [DateSpan(*match.span(), 2, named_day=True) for match in _HOLIDAY.finditer(utterance.lower)]
    kept: list[DateSpan] = []
    for span in sorted(found, key=lambda span: (span.start, -span.end)):
        if not kept or span.start >= kept[-1].end:
            kept.append(span)
    return kept


def _is_date(match: re.Match[str], lower: str) -> bool:
    """Could three numbers be a day, a month and a year, and are they not called a sort code or the like?"""
    numbers = sorted(int(part) for part in re.findall(r"\d+", match.group()))
    return numbers[0] <= 12 and numbers[1] <= 31 and not _CODE_AHEAD.search(lower[: match.start()])


def _slash_said(utterance: Utterance) -> Iterator[DateSpan]:
    """A month and a year as on a card: "oh one slash thirty" """
    for run in utterance.runs:
        groups, last = [""], run.items[0]
        for item in run.items:
            between = {token.norm for token in utterance.tokens[last.last + 1 : item.first]}
            if between & {"slash", "/"}:
                groups.append("")
            groups[-1], last = groups[-1] + item.value, item
        if _MONTH_YEAR.fullmatch("/".join(groups)):
            yield DateSpan(run.start, run.end, 2)


def _with_month(utterance: Utterance) -> Iterator[DateSpan]:
    """ "March 3rd, 1985", "the third of march eighty five", "may of twenty seven" """
    tokens = utterance.tokens
    starts = {item.first: item for run in utterance.runs for item in run.items if item.kind != "letter"}
    ends = {item.last: item for run in utterance.runs for item in run.items if item.kind != "letter"}
    letters = [(item.first, item.last) for run in utterance.runs for item in run.items if item.kind == "letter"]
    for place, token in enumerate(tokens):
        if token.norm not in _MONTHS or any(start <= place <= last for start, last in letters):
            continue
        first, before = _day_before(tokens, place, ends)
        last, after = _after_month(tokens, place, starts)
        if before or after:
            said = {token.norm for token in tokens[first : last + 1]}
            named_day = bool(said & (_ORDINALS | {"st", "nd", "rd", "th"}))
            start = tokens[first].start
            year = next((run for run in utterance.runs if 0 <= start - run.end <= _YEAR_AHEAD), None)
            if year is not None and _YEAR.fullmatch(year.value):  # "nineteen eighty one the tenth of march"
                yield DateSpan(year.start, tokens[last].end, 2 + before + after, named_day)
                continue
            yield DateSpan(start, tokens[last].end, 1 + before + after, named_day)
        elif token.norm not in ("may", "march", "mar") and utterance.word_count <= 6:
            yield DateSpan(token.start, token.end, 1)


def _of_ordinals(utterance: Utterance) -> Iterator[DateSpan]:
    """ "the twenty-second of the eleventh, seventy-nine" """
    words = (
        r"(?:\d{1,2}(?:st|nd|rd|th)|(?:(?:twenty|thirty)[ -])?(?:"
        + "|".join(sorted(_ORDINALS, key=len, reverse=True))
        + r"))"
    )
    for match in re.finditer(rf"(?<!\w)(?:the )?{words}(?: day)? of the {words}(?: month)?(?!\w)", utterance.lower):
        run = next(
            (run for run in utterance.runs if 0 <= run.start - match.end() <= 4 and len(run.digits) in (2, 4)), None
        )
        yield DateSpan(match.start(), run.end if run else match.end(), 3)


def _day_before(tokens: Sequence[Token], month: int, ends: dict[int, Item]) -> tuple[int, int]:
    """First token of the day before a month ("the third of"), and whether there is one (1 or 0)."""
    first, parts = _bare_day_before(tokens, month, ends)
    return (first - 1 if parts and first and tokens[first - 1].norm == "the" else first), parts


def _bare_day_before(tokens: Sequence[Token], month: int, ends: dict[int, Item]) -> tuple[int, int]:
    place = month - 1
    while place >= 0 and tokens[place].norm in ("of", ",", "-", "/", "de"):
        place -= 1
    if place < 0:
        return month, 0
    if tokens[place].norm in _ORDINALS or tokens[place].norm in ("st", "nd", "rd", "th"):
        first = place
        if first and (tokens[first - 1].norm in ("twenty", "thirty") or tokens[first - 1].norm.isdecimal()):
            first -= 1
        elif first > 1 and tokens[first - 1].norm == "-" and tokens[first - 2].norm in ("twenty", "thirty"):
            first -= 2
        return first, 1
    item = ends.get(place)
    if item is not None and len(item.value) <= 2 and int(item.value) <= 31:
        return item.first, 1
    return month, 0


def _after_month(tokens: Sequence[Token], month: int, starts: dict[int, Item]) -> tuple[int, int]:
    place, last, parts = month + 1, month, 0
    while place < len(tokens) and parts < 4:
        norm = tokens[place].norm
        item = starts.get(place)
        if norm in (",", "'", "’", "of", "the", "-", "/", "in", "de", "del", "um", "uh", "and") or (
            norm == "." and place == month + 1
        ):
            place += 1
        elif norm in ("st", "nd", "rd", "th") or norm in _ORDINALS:
            last, parts, place = place, parts + 1, place + 1
        elif item is not None and len(item.value) <= 4:
            rest = starts.get(item.last + 1) if item.value in ("19", "20") else None
            item = rest if rest is not None and len(rest.value) <= 2 else item  # "twenty thirty three" is one year
            last, parts, place = item.last, parts + 1, item.last + 1
        elif norm.isdecimal():  # "3rd": the suffix keeps it out of the runs
            last, parts, place = place, parts + 1, place + 1
        else:
            break
    return last, min(parts, 2)


class DateFinder:
    """Finds dates of birth and card expiry dates by what the conversation says of a date."""

    def __init__(self, conversation: Sequence[Utterance]) -> None:
        self.conversation = conversation
        self.spans = [dates(utterance) for utterance in conversation]

    def find(self) -> Iterator[Finding]:
        last_kind, last_turn = "", -REPEAT_REACH - 1
        for turn, spans in enumerate(self.spans):
            for span in spans:
                kind = self.kind(turn, span)
                asked = _nearest(self.conversation[turn - 1].lower) if turn else None
                if not kind and asked != "" and turn - last_turn <= REPEAT_REACH and self.repeats(turn):
                    kind = last_kind
                if kind == "CARD_EXPIRY" and span.named_day:
                    continue  # cards expire with a month
                if kind and span.parts:
                    last_kind, last_turn = kind, turn
                    value = self.conversation[turn].lower[span.start : span.end]
                    yield Finding(turn, span.start, span.end, kind, 0.9, RECOGNIZER, "date asked for or named", value)

    def repeats(self, turn: int) -> bool:
        """Does a turn read a date back, or mend it?"""
        utterance = self.conversation[turn]
        if _OTHER.search(utterance.lower) or utterance.word_count > _READ_BACK_WORDS:
            return False
        dated = max(span.end - span.start for span in self.spans[turn]) >= len(utterance.text) * 0.5
        return dated or "?" in utterance.text or bool(_MENDS.search(utterance.lower))

    def kind(self, turn: int, span: DateSpan) -> str:
        """DATE_OF_BIRTH, CARD_EXPIRY or "": the nearest word before in this turn, right after it, or in the question."""
        utterance = self.conversation[turn]
        bare = span.parts == 2 and not span.named_day and not _OTHER.search(utterance.lower)  # as on a card
        ahead = _nearest(utterance.lower[: span.start])
        if ahead is not None and (self.checked(ahead, turn, bare=bare) or not ahead):
            return ahead
        behind = utterance.lower[span.end : span.end + 40]
        for pattern, kind in ((BIRTH, "DATE_OF_BIRTH"), (EXPIRY, "CARD_EXPIRY")):
            match = pattern.search(behind)
            if match and len(behind[: match.start()].split()) <= 4 and "." not in behind[: match.start()]:
                checked = self.checked(kind, turn)
                if checked:
                    return checked
        if (
            bare
            and _SLASH.search(utterance.lower[span.start : span.end])
            and any(map(self.has_card, self.around(turn)))
        ):
            return "CARD_EXPIRY"
        for back in range(turn - 1, max(-1, turn - 1 - _REACH), -1):
            other = self.conversation[back]
            named = _nearest(other.lower)
            alone = re.search(r"(?:^|[.?!,] )$", utterance.text[: span.start]) and re.match(
                r"[.?!]|$", utterance.text[span.end :]
            )
            if named and same_side(other, utterance) and utterance.word_count > _READ_BACK_WORDS and not alone:
                return ""  # whoever asks for a date of birth does not tell it in passing
            if named is not None:
                asked = EXPIRY_ASKED.search(other.lower) is not None and _EXPIRING.search(other.lower) is None
                return self.checked(named, turn, bare=bare and asked)
            read_back = bool(other.runs) or bool(self.spans[back])
            if "?" in other.text and not same_side(other, utterance) and other.word_count > 4 and not read_back:
                break
        return "DATE_OF_BIRTH" if self.long_ago(turn, span) else ""

    def long_ago(self, turn: int, span: DateSpan) -> bool:
        """Is it a whole date of a generation ago or more, of which nothing else is said?"""
        utterance = self.conversation[turn]
        if span.parts < 3 or _OTHER.search(utterance.lower) or _SINCE.search(utterance.lower[: span.start]):
            return False
        year = re.search(r"(\d{4}|(?<!\d)\d{2})$", _digits(utterance, span))
        return year is not None and (1920 <= int(year[1]) <= _GROWN_UP or (len(year[1]) == 2 and int(year[1]) >= 30))

    def checked(self, kind: str, turn: int, *, bare: bool = False) -> str:
        """A kind, where the conversation allows it: what expires is a card, or ends with a `bare` month and year."""
        if kind == "CARD_EXPIRY":
            near = self.conversation[max(0, turn - 20) : turn + 3]
            thing = any(_EXPIRING.search(other.lower) for other in self.conversation[max(0, turn - 2) : turn + 1])
            return kind if any(map(self.about_card, near)) or (bare and not thing) else ""
        return kind

    def about_card(self, utterance: Utterance) -> bool:
        return bool(_CARD.search(utterance.lower)) or self.has_card(utterance)

    def has_card(self, utterance: Utterance) -> bool:
        """Is a number as long as a card's said?"""
        return any(len(run.digits) in _CARD_LENGTHS for run in utterance.runs)

    def around(self, turn: int) -> Sequence[Utterance]:
        return self.conversation[max(0, turn - 2) : turn + 3]


def _digits(utterance: Utterance, span: DateSpan) -> str:
    """The numbers of a date in the order they are said, with spaces between."""
    items = [item for run in utterance.runs for item in run.items if span.start <= item.start and item.end <= span.end]
    said = " ".join(item.value for item in items if item.kind != "letter")
    return re.sub(r"\b(19|20) (\d\d)$", r"\1\2", said)


def _nearest(text: str) -> str | None:
    """What the last telling word of a text says of the date after it; None where no word tells."""
    last, kind = -1, None
    for pattern, name in ((BIRTH, "DATE_OF_BIRTH"), (EXPIRY, "CARD_EXPIRY"), (_OTHER, "")):
        for match in pattern.finditer(text):
            if match.start() > last:
                last, kind = match.start(), name
    return kind


def said_again(
    conversation: Sequence[Utterance],
    spans: Sequence[Sequence[DateSpan]],
    found: Sequence[Finding],
    known: dict[str, str],
) -> Iterator[Finding]:
    """A date of birth or an expiry date in other words: "February twenty eight" is "oh two slash twenty eight".

    `known` holds such dates from earlier, and is added to.
    """
    for finding in found:
        if finding.entity in _PARTS:
            for date in _readings(conversation[finding.turn], finding.start, finding.end, finding.entity):
                known[date] = finding.entity
    if not known:
        return
    places = [[(span.start, span.end) for span in of_turn if span.parts] for of_turn in spans]
    for turn, utterance in enumerate(conversation):
        runs = [(run.start, run.end) for run in utterance.runs if len(run.digits) >= 3 and not run.letters]
        for start, end in {*places[turn], *runs}:
            for entity in _PARTS:
                if any(known.get(date) == entity for date in _readings(utterance, start, end, entity)):
                    value = utterance.lower[start:end]
                    yield Finding(turn, start, end, entity, 0.8, RECOGNIZER, "the same date again", value)
                    break


#: How many parts a date of a kind has: month and year, or day, month and year.
_PARTS = {"CARD_EXPIRY": 2, "DATE_OF_BIRTH": 3}


def _readings(utterance: Utterance, start: int, end: int, entity: str) -> Iterator[str]:
    """What dates a stretch may mean: its parts in order of size, the year by its last two digits; few, or none."""
    months = [_MONTHS[token.norm] for token in utterance.tokens if start <= token.start < end and token.norm in _MONTHS]
    items = [item for run in utterance.runs for item in run.items if start <= item.start and item.end <= end]
    digits = "".join(item.value for item in items if item.kind != "letter")
    parts = _PARTS[entity] - len(months[:1])
    if len(digits) > parts * 2 + 2 or len(months) > 1:
        return
    for numbers in _cut(digits, parts):
        yield entity + " " + " ".join(map(str, sorted([*months, *numbers])))


def _cut(digits: str, parts: int) -> Iterator[list[int]]:
    """All ways to read digits as so many numbers of a date, a year last: "oh two twenty eight" is 2, 28."""
    if parts == 1:
        year = digits[2:] if len(digits) == 4 and digits[:2] in ("19", "20") else digits
        if len(year) == 2:
            yield [int(year)]
        return
    for length in (1, 2):
        if 1 <= int(digits[:length] or 0) <= 31:
            for rest in _cut(digits[length:], parts - 1):
                yield [int(digits[:length]), *rest]
