"""Personal data as people say it and as speech recognisers write it.

Each maker draws a made-up value and returns it as *parts*: pieces a speaker may pause between, or be interrupted after. A
`Value` can be said again in another form, as the other side does when reading it back.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

ONES = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
TEENS = ("ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen")
TENS = ("", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
ORDINALS = (
    "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth", "eleventh", "twelfth",
    "thirteenth", "fourteenth", "fifteenth", "sixteenth", "seventeenth", "eighteenth", "nineteenth", "twentieth",
)  # fmt: skip
MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December",
)  # fmt: skip
NATO = (
    "Alpha", "Bravo", "Charlie", "Delta", "Echo", "Foxtrot", "Golf", "Hotel", "India", "Juliet", "Kilo", "Lima", "Mike",
    "November", "Oscar", "Papa", "Quebec", "Romeo", "Sierra", "Tango", "Uniform", "Victor", "Whiskey", "X-ray", "Yankee", "Zulu",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Value:
    """A made-up piece of personal data: `say` gives its parts in a fresh form, in words or (`written`) as digits."""

    entity: str
    say: Callable[[random.Random, bool], list[str]]


def number(n: int) -> str:
    """0 to 9999 in words, without "and"."""
    if n < 10:
        return ONES[n]
    if n < 20:
        return TEENS[n - 10]
    if n < 100:
        return TENS[n // 10] + (f" {ONES[n % 10]}" if n % 10 else "")
    if n < 1000:
        return f"{ONES[n // 100]} hundred" + (f" {number(n % 100)}" if n % 100 else "")
    return f"{number(n // 1000)} thousand" + (f" {number(n % 1000)}" if n % 1000 else "")


def ordinal(n: int) -> str:
    """1 to 31 as first, second, ..."""
    if n <= 20:
        return ORDINALS[n - 1]
    return f"{TENS[n // 10]} {ORDINALS[n % 10 - 1]}" if n % 10 else "thirtieth"


def year(n: int) -> str:
    """A year from 1930 to 2039 as it is said."""
    if n < 2000:
        return f"nineteen {number(n - 1900)}"
    if n < 2010:
        return "two thousand" if n == 2000 else f"two thousand {ONES[n - 2000]}"
    return f"twenty {number(n - 2000)}"


def digits(rng: random.Random, text: str) -> str:
    """A run of digits in words: one by one, with doubles, in pairs, or with a round hundred or thousand."""
    zero = rng.choice(("zero", "oh", "oh"))
    style = rng.random()
    if style < 0.16 and len(text) in (2, 4) and "0" not in text[::2]:
        return " ".join(number(int(text[at : at + 2])) for at in range(0, len(text), 2))
    if style < 0.24 and len(text) == 3 and text.endswith("00") and text[0] != "0":
        return f"{ONES[int(text[0])]} hundred"
    if style < 0.24 and len(text) == 4 and text.endswith("000") and text[0] != "0":
        return f"{ONES[int(text[0])]} thousand"
    doubles = rng.random() < 0.4
    said: list[str] = []
    at = 0
    while at < len(text):
        run = 1
        while doubles and run < 3 and text[at : at + run + 1] == text[at] * (run + 1):
            run += 1
        one = zero if text[at] == "0" else ONES[int(text[at])]
        said.append(("", "", "double ", "triple ")[run] + one)
        at += run
    return " ".join(said)


def letters(rng: random.Random, text: str) -> str:
    """Letters spelt: plain, NATO words, or "B as in Bravo"."""
    style = rng.random()
    if style < 0.4:
        return " ".join(text.upper())
    words = [NATO[ord(letter.lower()) - ord("a")] for letter in text]
    if style < 0.65:
        return " ".join(words)
    link = rng.choice((" as in ", " for ", " like "))
    return ", ".join(f"{letter.upper()}{link}{word}" for letter, word in zip(text, words, strict=True))


def grouped(entity: str, text: str, sizes: Sequence[int], *, join: str = "-") -> Value:
    """A number read in groups of these sizes, or now and then as one run."""

    def say(rng: random.Random, written: bool) -> list[str]:
        groups, at = [], 0
        for size in sizes:
            groups.append(text[at : at + size])
            at += size
        if not written:
            return [digits(rng, group) for group in groups]
        style = rng.random()
        if style < 0.5:
            return [join.join(groups)]
        return groups if style < 0.75 else ["".join(groups)]

    return Value(entity, say)


def luhn(body: str) -> str:
    """The body with its check digit (ISO/IEC 7812)."""
    total = 0
    for place, digit in enumerate(reversed(body)):
        doubled = int(digit) * (2 if place % 2 == 0 else 1)
        total += doubled - 9 if doubled > 9 else doubled
    return body + str(-total % 10)


def _some(rng: random.Random, count: int, first: str = "0123456789") -> str:
    return rng.choice(first) + "".join(rng.choices("0123456789", k=count - 1))


def card(rng: random.Random) -> Value:
    if rng.random() < 0.15:
        return grouped("CARD", luhn(rng.choice(("34", "37")) + _some(rng, 12)), (4, 6, 5))
    return grouped("CARD", luhn(_some(rng, 15, "4556")), (4, 4, 4, 4))


def cvv(rng: random.Random) -> Value:
    length = 4 if rng.random() < 0.15 else 3
    return grouped("CVV", _some(rng, length), (length,))


def expiry(rng: random.Random) -> Value:
    month, when = rng.randint(1, 12), rng.randint(2026, 2033)

    def say(rng: random.Random, written: bool) -> list[str]:
        if written:
            return [rng.choice((f"{month:02}/{when % 100}", f"{month:02} {when % 100}", f"{MONTHS[month - 1]} {when}"))]
        style = rng.random()
        if style < 0.4:
            return [f"{MONTHS[month - 1]} {rng.choice((year(when), number(when % 100)))}"]
        short = number(month) if style < 0.7 and month > 9 else digits(rng, f"{month:02}")
        return [short + rng.choice((" ", " slash ", " of ")) + number(when % 100)]

    return Value("CARD_EXPIRY", say)


def pin(rng: random.Random) -> Value:
    return grouped("PIN", _some(rng, 4), (4,))


def ssn(rng: random.Random) -> Value:
    return grouped("SSN", f"{rng.randint(1, 665):03}{rng.randint(1, 99):02}{rng.randint(1, 9999):04}", (3, 2, 4))


def phone(rng: random.Random) -> Value:
    text = f"{rng.randint(201, 989)}{rng.randint(201, 999)}{rng.randint(0, 9999):04}"
    return grouped("PHONE", text, (3, 3, 4)) if rng.random() < 0.85 else grouped("PHONE", text[3:], (3, 4))


def bank_account(rng: random.Random) -> Value:
    length = rng.choice((8, 9, 10, 12))
    sizes = (4,) * (length // 4) + ((length % 4,) if length % 4 else ())
    return grouped("BANK_ACCOUNT", _some(rng, length), sizes, join="")


def routing_number(rng: random.Random) -> Value:
    body = rng.choice(("0", "1", "2", "3")) + _some(rng, 7)
    weights = (3, 7, 1, 3, 7, 1, 3, 7)
    check = -sum(int(digit) * weight for digit, weight in zip(body, weights, strict=True)) % 10
    return grouped("ROUTING_NUMBER", f"{body}{check}", (3, 3, 3), join="")


def _coded(entity: str, prefix: str, text: str) -> Value:
    """Letters, then digits in threes: policy numbers, passports, licences."""

    def say(rng: random.Random, written: bool) -> list[str]:
        if written:
            return [rng.choice((f"{prefix}{text}", f"{prefix}-{text}"))]
        groups = [text[at : at + 3] for at in range(0, len(text), 3)]
        return [letters(rng, prefix), *(digits(rng, group) for group in groups)]

    return Value(entity, say)


def account(rng: random.Random) -> Value:
    length = rng.choice((6, 7, 8, 9))
    if rng.random() < 0.5:
        sizes = (3,) * (length // 3) + ((length % 3,) if length % 3 else ())
        return grouped("ACCOUNT", _some(rng, length), sizes)
    return _coded(
        "ACCOUNT", "".join(rng.choices("ABCDEFGHKLMNPRSTWZ", k=rng.choice((1, 2, 3)))), _some(rng, length - 1)
    )


def passport(rng: random.Random) -> Value:
    return _coded("PASSPORT", rng.choice("ACKLNPX"), _some(rng, 8))


def driver_license(rng: random.Random) -> Value:
    return _coded("DRIVER_LICENSE", rng.choice("ABDFGHJKLMSTW"), _some(rng, rng.choice((7, 8, 12))))


def iban(rng: random.Random) -> Value:
    country, length = rng.choice((("DE", 20), ("GB", 18), ("FR", 23), ("ES", 22)))
    text = _some(rng, length)

    def say(rng: random.Random, written: bool) -> list[str]:
        if written:
            whole = country + text
            return [" ".join(whole[at : at + 4] for at in range(0, len(whole), 4))]
        return [letters(rng, country), digits(rng, text[:2])] + [
            digits(rng, text[at : at + 4]) for at in range(2, length, 4)
        ]

    return Value("IBAN", say)


def ip(rng: random.Random) -> Value:
    parts = [rng.randint(1, 254) for _ in range(4)]

    def say(rng: random.Random, written: bool) -> list[str]:
        if written:
            return [".".join(map(str, parts))]
        by_digit = rng.random() < 0.6
        return [" dot ".join(digits(rng, str(part)) if by_digit else number(part) for part in parts)]

    return Value("IP", say)


def date_of_birth(rng: random.Random) -> Value:
    day, month, when = rng.randint(1, 28), rng.randint(1, 12), rng.randint(1938, 2006)
    name = MONTHS[month - 1]

    def say(rng: random.Random, written: bool) -> list[str]:
        if written:
            return [rng.choice((f"{month:02}/{day:02}/{when}", f"{name} {day}, {when}", f"{day} {name} {when}"))]
        style = rng.random()
        if style < 0.35:
            return [f"{name} {ordinal(day)}", year(when)]
        if style < 0.6:
            return [f"the {ordinal(day)} of {name}", year(when)]
        if style < 0.75:
            return [f"{name} {number(day)}", year(when)]
        return [f"{number(month)} {number(day)} {number(when % 100) if when % 100 > 9 else year(when)}"]

    return Value("DATE_OF_BIRTH", say)


def person(rng: random.Random, names: Mapping[str, Sequence[str]]) -> Value:
    first, last = rng.choice(names["first"]), rng.choice(names["last"])

    def say(rng: random.Random, written: bool) -> list[str]:
        style = rng.random()
        if style < 0.72:
            return [f"{first} {last}"]
        return [first if style < 0.86 else last]

    return Value("PERSON", say)


def spelt_name(rng: random.Random, names: Mapping[str, Sequence[str]]) -> Value:
    last = rng.choice(names["last"])

    def say(rng: random.Random, written: bool) -> list[str]:
        return [last, "-".join(last.upper()) if written else letters(rng, last)]

    return Value("PERSON", say)


def email(rng: random.Random, names: Mapping[str, Sequence[str]]) -> Value:
    first, last = rng.choice(names["first"]).lower(), rng.choice(names["last"]).lower()
    host, end = rng.choice(names["mail_hosts"]).rsplit(".", 1)
    mark = rng.choice((".", ".", "_", "-", ""))
    tail = _some(rng, 2) if rng.random() < 0.35 else ""
    said_mark = {".": " dot ", "_": " underscore ", "-": rng.choice((" dash ", " hyphen ")), "": " "}[mark]

    def say(rng: random.Random, written: bool) -> list[str]:
        if written:
            return [f"{first}{mark}{last}{tail}{rng.choice(('@', ' at '))}{host}.{end}"]
        name = f"{first}{said_mark}{last}"
        if rng.random() < 0.15:
            name = f"{letters(rng, first)}{said_mark}{last}"
        name += f" {digits(rng, tail)}" if tail else ""
        return [f"{name} at {host.replace('.', ' dot ').replace('-', ' dash ')} dot {end}"]

    return Value("EMAIL", say)


def address(rng: random.Random, names: Mapping[str, Sequence[str]]) -> Value:
    house = rng.choice((rng.randint(2, 99), rng.randint(100, 999), rng.randint(1000, 9800)))
    street, (city, state) = rng.choice(names["streets"]), rng.choice(names["cities"]).split(", ")
    flat, zip_code = rng.randint(1, 60), f"{rng.randint(501, 99950):05}"
    shape = rng.random()

    def say(rng: random.Random, written: bool) -> list[str]:
        big = str(house)
        said = big if written else number(house)
        if not written and len(big) == 4:
            said = digits(rng, big) if big[2] == "0" else f"{number(house // 100)} {number(house % 100)}"
        elif not written and len(big) == 3 and rng.random() < 0.5:
            said = f"{ONES[house // 100]} {number(house % 100) if house % 100 > 9 else 'oh ' + ONES[house % 10]}"
        parts = [f"{said} {street}"]
        if shape < 0.25:
            parts.append(f"{rng.choice(('apartment', 'unit', 'suite'))} {flat if written else number(flat)}")
        if shape < 0.8:
            parts.append(f"{city}, {state}" if rng.random() < 0.7 else city)
        if shape < 0.4:
            parts.append(zip_code if written else digits(rng, zip_code))
        return parts

    return Value("ADDRESS", say)


def password(rng: random.Random, names: Mapping[str, Sequence[str]]) -> Value:
    word, tail = rng.choice(names["password_words"]), _some(rng, rng.choice((2, 3, 4)))

    def say(rng: random.Random, written: bool) -> list[str]:
        return [f"{word}{tail}" if written else f"{word} {digits(rng, tail)}"]

    return Value("PASSWORD", say)


def url(rng: random.Random, names: Mapping[str, Sequence[str]]) -> Value:
    host, end = rng.choice(names["hosts"]).rsplit(".", 1)
    user = rng.choice(names["last"]).lower()

    def say(rng: random.Random, written: bool) -> list[str]:
        return [f"{host}.{end}/{user}" if written else f"{host} dot {end} slash {user}"]

    return Value("URL", say)


#: Makers that need a random generator alone, and those that draw from the lists of names too.
NUMBERS: tuple[Callable[[random.Random], Value], ...] = (
    card, cvv, expiry, pin, ssn, phone, bank_account, routing_number, account, passport, driver_license, iban, ip, date_of_birth,
)  # fmt: skip
NAMED: tuple[Callable[[random.Random, Mapping[str, Sequence[str]]], Value], ...] = (
    person, spelt_name, email, address, password, url,
)  # fmt: skip
