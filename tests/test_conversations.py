"""Made conversations: labels slice their text, wording is varied, halves share no wording, the same seed gives the same."""

from __future__ import annotations

import random
import time
from collections import Counter

import pytest

from callkit.bench.labels import ENTITIES
from callkit.synth import forms
from callkit.synth.conversations import _data, conversations

MANY = list(conversations(400, seed=1))
PII = [(turn["text"][p["start"] : p["end"]], p["type"]) for one in MANY for turn in one["turns"] for p in turn["pii"]]


def test_spans_slice_the_text_and_know_their_type() -> None:
    for text, entity in PII:
        assert text and text == text.strip() and ENTITIES[entity]
    assert len({entity for _, entity in PII}) == 19


def test_the_same_seed_gives_the_same_and_another_gives_others() -> None:
    assert list(conversations(5, seed=1)) == MANY[:5]
    assert list(conversations(5, seed=2)) != MANY[:5]


def test_wording_is_varied() -> None:
    carriers = _data("carriers")
    assert sum("{x}" in line for kinds in carriers.values() for lines in kinds.values() for line in lines) >= 60
    openings = Counter(one["turns"][0]["text"].split(",")[0] for one in MANY)
    assert max(openings.values()) < len(MANY) / 4


def test_there_are_pieces_corrections_read_backs_and_hard_negatives() -> None:
    text = "\n".join(turn["text"] for one in MANY for turn in one["turns"])
    assert "no, sorry, " in text and "read that back" in text and "Mhm." in text
    for negative in ("dollars", "minutes", "error", "version", "press"):
        assert negative in text
    in_pieces = [one for one in MANY if sum(p["type"] == "CARD" for turn in one["turns"] for p in turn["pii"]) > 2]
    assert in_pieces


def test_halves_share_no_wording_where_there_is_enough_of_it() -> None:
    dev = {turn["text"] for one in conversations(300, half="dev") for turn in one["turns"] if not turn["pii"]}
    test = {turn["text"] for one in conversations(300, half="test") for turn in one["turns"] if not turn["pii"]}
    asked = set(_data("carriers")["CARD"]["ask"])
    assert dev & asked and test & asked and not dev & test & asked


def test_thousands_take_seconds() -> None:
    started = time.perf_counter()
    assert len(list(conversations(2000))) == 2000
    assert time.perf_counter() - started < 10


@pytest.mark.parametrize(
    ("said", "words"),
    [(forms.number(0), "zero"), (forms.number(42), "forty two"), (forms.number(1240), "one thousand two hundred forty"),
     (forms.ordinal(21), "twenty first"), (forms.ordinal(30), "thirtieth"), (forms.year(1984), "nineteen eighty four"),
     (forms.year(2007), "two thousand seven"), (forms.year(2029), "twenty twenty nine")],
)  # fmt: skip
def test_numbers_are_said_right(said: str, words: str) -> None:
    assert said == words


def test_cards_pass_luhn() -> None:
    assert forms.luhn("453914880343646") == "4539148803436467"


def test_digits_keep_their_value_in_every_form() -> None:
    rng = random.Random(0)
    values = {word: str(place) for place, word in enumerate(forms.ONES)} | {"oh": "0"}
    for _ in range(200):
        text = "".join(rng.choices("0123456789", k=3))
        words, read, times = forms.digits(rng, text).split(), "", 1
        if "hundred" in words:
            continue
        for word in words:
            if word in ("double", "triple"):
                times = 2 if word == "double" else 3
            else:
                read, times = read + values[word] * times, 1
        assert read == text
