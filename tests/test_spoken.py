"""Spoken numbers and letters: what is written, and exactly where it was said."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callkit.text.spoken import grammar, runs, tokens


def said(text: str, language: str = "en") -> list[tuple[str, str]]:
    """(what is written, where it stands) of each run."""
    return [(run.value, text[run.start : run.end]) for run in runs(tokens(text), language)]


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("four one one one", "4111"),
        ("double seven, oh, three", "7703"),
        ("triple nine", "999"),
        ("forty-one eleven", "4111"),
        ("forty one eleven", "4111"),
        ("eight hundred five five five", "800555"),
        ("two hundred and five", "205"),
        ("nineteen eighty five", "1985"),
        ("4 1 1 1", "4111"),
        ("41 11", "4111"),
        ("4,111", "4111"),
        ("4111. 1111", "41111111"),
        ("four one, um, let me see, one one", "4111"),
        ("four two, no sorry, four one", "4241"),
        ("555-0123", "5550123"),
        ("five dash five", "55"),
        ("K as in king, O, W", "KOW"),
        ("B for Bravo, R like Romeo", "BR"),
        ("B, bravo, two", "B2"),
        ("S-M-I-T-H", "SMITH"),
        ("alpha seven bravo", "A7B"),
        ("POL-88213", "POL88213"),
        ("X-ray one two three", "X123"),
        ("five for two", "542"),
    ],
)
def test_one_run(text: str, written: str) -> None:
    assert said(text) == [(written, text)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("PIN 4321", [("4321", "4321")]),
        ("oh, four one one", [("411", "four one one")]),
        ("I, I, I don't know a thing", []),
        ("my 5g phone and the 3rd one", [("1", "one")]),
        ("with a W", [("W", "W")]),
        ("the fourth of november, nineteen ninety", [("1990", "nineteen ninety")]),
        ("[CARD 1111] and [PERSON_1]", []),
    ],
)
def test_what_belongs_to_a_run(text: str, found: list[tuple[str, str]]) -> None:
    assert said(text) == found


def test_spanish() -> None:
    assert said("es el cinco cinco, cuarenta y uno", "es") == [("5541", "cinco cinco, cuarenta y uno")]


DIGITS = {digit: word for word, digit in grammar("en").digits.items() if word not in ("nil", "niner")}
PAUSES = st.sampled_from([" ", ", ", " um ", ", let me see, ", " dash ", " and then ", ". "])


@given(st.text("0123456789", min_size=4, max_size=19), st.data())
def test_any_digits_in_any_form_are_read_back(digits: str, data: st.DataObject) -> None:
    parts: list[str] = []
    place = 0
    while place < len(digits):
        length = data.draw(st.integers(1, 4))
        group = digits[place : place + length]
        written = data.draw(st.booleans())
        double = len(group) == 2 and group[0] == group[1] and not written
        parts.append(
            group if written else f"double {DIGITS[group[0]]}" if double else " ".join(DIGITS[digit] for digit in group)
        )
        place += length
    text = parts[0] + "".join(data.draw(PAUSES) + part for part in parts[1:])
    assert said(text) == [(digits, text)]


@given(st.text())
def test_any_text_is_read_and_offsets_are_its_own(text: str) -> None:
    for run in runs(tokens(text)):
        assert 0 <= run.start < run.end <= len(text)
        assert all(text[item.start : item.end].strip() for item in run.items)
