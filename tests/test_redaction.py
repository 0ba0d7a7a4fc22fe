"""Redaction as a whole, on conversations: recall, precision, and what must hold for any of them."""

from __future__ import annotations

import json
import re
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from callkit.app.redact import open_redactor
from callkit.config import Config
from callkit.stages.redact import People, Redactor
from callkit.text import secrets
from callkit.text.found import Utterance
from callkit.text.language import language_of
from callkit.text.numbers import table
from callkit.text.spoken import grammar

pytestmark = pytest.mark.model

MARK = re.compile(r"<([A-Z_]+):([^<>]*)>")
Span = tuple[int, int, str]
Conversation = list[tuple[str, str, list[Span]]]
SCENARIOS = Path(__file__).parent / "redaction"


@pytest.fixture(scope="module")
def redactor() -> Redactor:
    return open_redactor(Config())


def marked(line: str) -> tuple[str, list[Span]]:
    """A line without its <TYPE:text> marks, and where they were."""
    text, spans, place = "", [], 0
    for mark in MARK.finditer(line):
        text += line[place : mark.start()]
        spans.append((len(text), len(text) + len(mark[2]), mark[1]))
        text, place = text + mark[2], mark.end()
    return text + line[place:], spans


def conversations(name: str) -> list[Conversation]:
    lines = [line for line in (SCENARIOS / name).read_text("utf-8").split("\n") if not line.startswith("#")]
    blocks = [block.split("\n") for block in "\n".join(lines).strip().split("\n\n")]
    return [[(line.partition(": ")[0], *marked(line.partition(": ")[2])) for line in block] for block in blocks]


def covered(text: str, span: Span, found: list[tuple[int, int]]) -> bool:
    """At least 90 % of a span's letters and digits."""
    places = [place for place in range(span[0], span[1]) if text[place].isalnum()]
    return sum(any(start <= place < end for start, end in found) for place in places) >= 0.9 * len(places)


@pytest.mark.parametrize("name", ["scenarios.txt", "natural.txt", "harder.txt"])
def test_what_is_personal_is_found_and_nothing_else(redactor: Redactor, name: str) -> None:
    missed, too_much = [], []
    for conversation in conversations(name):
        told = [Utterance(text, speaker, language_of(text)) for speaker, text, _ in conversation]
        findings = redactor.findings(told)
        for turn, (_, text, spans) in enumerate(conversation):
            here = [(finding.start, finding.end) for finding in findings if finding.turn == turn]
            missed += [text[span[0] : span[1]] for span in spans if not covered(text, span, here)]
            too_much += [text[a:b] for a, b in here if not any(a < end and start < b for start, end, _ in spans)]
    assert (missed, too_much) == ([], [])


@pytest.mark.parametrize(
    "rule", [rule for rule in table()["rule"] if "examples" in rule], ids=lambda rule: rule["name"]
)
def test_each_rule_finds_its_examples(redactor: Redactor, rule: dict[str, list[list[str]]]) -> None:
    for example in rule["examples"]:
        turns, conversation = said(example, rule["entity"])
        found = [(finding.turn, finding.entity) for finding in redactor.findings(conversation)]
        assert found == [(turn, kind) for turn, (_, spans) in enumerate(turns) for _, _, kind in spans]


@pytest.mark.parametrize("kind", sorted(secrets.rules()["examples"]))
def test_secrets_are_found_in_the_examples(redactor: Redactor, kind: str) -> None:
    for example in secrets.rules()["examples"][kind]:
        turns, conversation = said(example, "PASSWORD")
        found = [(one.turn, turns[one.turn][0][one.start : one.end]) for one in redactor.findings(conversation)]
        assert found == [(turn, text[start:end]) for turn, (text, spans) in enumerate(turns) for start, end, _ in spans]


def said(example: list[str], kind: str) -> tuple[list[tuple[str, list[Span]]], list[Utterance]]:
    """An example's turns, with what they mark, by default of one kind."""
    turns = [marked(re.sub(r"<(?![A-Z_]+:)", f"<{kind}:", line.partition(": ")[2])) for line in example]
    return turns, [Utterance(text, line.partition(": ")[0]) for (text, _), line in zip(turns, example, strict=True)]


WORDS = {digit: word for word, digit in grammar("en").digits.items() if word not in ("nil", "niner")}
ASKED = {
    "CARD": ("Can I have the card number?", 16),
    "CVV": ("And the three digits on the back?", 3),
    "PIN": ("What's your PIN?", 4),
    "SSN": ("What's your social security number?", 9),
    "PHONE": ("What's the best number to reach you?", 10),
    "ACCOUNT": ("May I have your policy number?", 8),
}
GENTLE = settings(
    deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)


TEENS = {"10": "ten", "11": "eleven", "12": "twelve", "15": "fifteen", "19": "nineteen"}
TENS = {"2": "twenty", "3": "thirty", "4": "forty", "5": "fifty", "8": "eighty", "9": "ninety"}


@st.composite
def spoken(draw: st.DrawFn, digits: str) -> list[str]:
    """A number in some spoken form, word group by word group: "oh", "double seven", "forty-one", "4", "4111"."""
    said, place = [], 0
    while place < len(digits):
        one, two = digits[place], digits[place : place + 2]
        ways = [WORDS[one], one]
        if one == "0" and place:
            ways.append("oh")
        if len(two) == 2 and two[0] == two[1]:
            ways.append(f"double {WORDS[one]}")
        if two in TEENS:
            ways.append(TEENS[two])
        if len(two) == 2 and one in TENS and two[1] != "0":
            ways.append(f"{TENS[one]}{draw(st.sampled_from('- '))}{WORDS[two[1]]}")
        if digits[place : place + 3] == one * 3:
            ways.append(f"triple {WORDS[one]}")
        way = draw(st.sampled_from(ways))
        said.append(way)
        place += 3 if way.startswith("triple") else 1 if way in (WORDS[one], one, "oh") else 2
    return said


@st.composite
def asked_for(draw: st.DrawFn) -> tuple[list[tuple[str, str]], list[tuple[int, int, int]]]:
    """A conversation in which a number is asked for and said, and where: (turn, start, end) of each part."""
    question, length = ASKED[draw(st.sampled_from(sorted(ASKED)))]
    groups = draw(spoken(draw(st.text("0123456789", min_size=length, max_size=length))))
    before = draw(st.lists(st.sampled_from(["Hello.", "I need some help.", "It costs nineteen dollars."]), max_size=3))
    turns = [("C", text) for text in before] + [("A", question)]
    lead = draw(st.sampled_from(["", "Sure, it's ", "Um, ", "Yes, that's ", "okay it is ", "let me see, "]))
    end = draw(st.sampled_from(["", ".", ", thanks.", " okay?"]))
    joint = draw(st.sampled_from([" ", ", ", " um ", ", uh, "]))
    cuts = [0, len(groups)]
    if length >= 8 and len(groups) >= 6 and draw(st.booleans()):
        cuts.insert(1, len(groups) // 2)  # in two pieces, with "mhm" between
    places = []
    for first, last in pairwise(cuts):
        said = joint.join(groups[first:last])
        head, tail = (lead if not first else ""), (end if last == len(groups) else ".")
        if first:
            turns.append(("A", draw(st.sampled_from(["Mhm.", "Okay.", "Go ahead."]))))
        places.append((len(turns), len(head), len(head) + len(said)))
        turns.append(("C", head + said + tail))
    return turns, places


@GENTLE
@given(asked_for())
def test_any_number_that_was_asked_for_is_covered(
    redactor: Redactor, said: tuple[list[tuple[str, str]], list[tuple[int, int, int]]]
) -> None:
    turns, places = said
    findings = redactor.findings([Utterance(text, speaker) for speaker, text in turns])
    for turn, start, end in places:
        here = [(finding.start, finding.end) for finding in findings if finding.turn == turn]
        assert covered(turns[turn][1], (start, end, ""), here)


@GENTLE
@given(asked_for())
def test_redacting_any_of_them_twice_changes_nothing(
    redactor: Redactor, said: tuple[list[tuple[str, str]], list[tuple[int, int, int]]]
) -> None:
    once = replaced(redactor, [text for _, text in said[0]])
    assert replaced(redactor, once) == once


def replaced(redactor: Redactor, texts: list[str]) -> list[str]:
    people, out = People(), list(texts)
    for finding in sorted(redactor.findings([Utterance(text) for text in texts]), key=lambda f: (f.turn, -f.start)):
        text = out[finding.turn]
        out[finding.turn] = text[: finding.start] + redactor.placeholder(finding, people) + text[finding.end :]
    return out


def test_redacting_twice_changes_nothing(redactor: Redactor) -> None:
    for name in ("scenarios.txt", "natural.txt", "harder.txt"):
        for conversation in conversations(name):
            once = replaced(redactor, [text for _, text, _ in conversation])
            assert replaced(redactor, once) == once


@GENTLE
@given(st.lists(st.text(st.characters(), max_size=80) | st.text("0123456789 .-/@oO", max_size=60), max_size=5))
def test_any_text_is_taken_and_offsets_slice_it(redactor: Redactor, texts: list[str]) -> None:
    for finding in redactor.findings([Utterance(text) for text in texts]):
        assert 0 <= finding.start < finding.end <= len(texts[finding.turn])


def test_an_unknown_language_is_still_redacted(redactor: Redactor) -> None:
    found = redactor.findings([Utterance("meine Karte ist 4111 1111 1111 1111", "C", "de")])
    assert [(finding.entity, "de" in finding.rule) for finding in found] == [("CARD", True)]


@pytest.mark.parametrize(
    ("texts", "entity", "original"),
    [
        (["mi tarjeta es cuatro uno uno uno, uno uno uno uno, uno uno uno uno, uno uno uno uno"], "CARD", "cuatro"),
        (
            ["¿Cuál es su número de teléfono?", "es el seis uno dos, tres cuatro cinco, seis siete ocho"],
            "PHONE",
            "seis",
        ),
        (["mi correo es maria punto lopez arroba gmail punto com"], "EMAIL", "lopez"),
        (["Hola, me llamo Lucía Fernández."], "PERSON", "Lucía"),
    ],
)
def test_spanish(redactor: Redactor, texts: list[str], entity: str, original: str) -> None:
    said = [Utterance(text, speaker, "es") for text, speaker in zip(texts, "AC", strict=False)]
    found = [finding for finding in redactor.findings(said) if finding.entity == entity]
    assert any(original in texts[finding.turn][finding.start : finding.end] for finding in found)


def test_amounts_and_times_stay(redactor: Redactor, shared_data: Path) -> None:
    labels = ("date", "time", "amount_of_money", "number")
    kept = touched = 0
    for line in (shared_data / "text/nlupp-banking/banking.jsonl").read_text("utf-8").splitlines():
        said = json.loads(line)
        spans = [(one["start"], one["end"]) for one in said["entities"] if one["label"].startswith(labels)]
        if spans:
            found = redactor.findings([Utterance(said["text"])])
            kept += len(spans)
            touched += sum(any(f.start < end and start < f.end for f in found) for start, end in spans)
    assert kept > 500 and touched <= 0.03 * kept
