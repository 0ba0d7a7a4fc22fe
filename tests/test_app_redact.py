"""`callkit redact`: a stream of turns in, the same number of lines out."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import callkit
from callkit.app import redact as app
from callkit.config import Config, from_dict
from callkit.stages.redact import Redactor

pytestmark = pytest.mark.model

CALL = [
    "Agent: And the card number?",
    "Caller: it's four one one one, one one one one",
    "Agent: mhm",
    "Caller: one one one one, one one one one.",
    "",
    "Hi, this is Ines Ortega.",
    "Thanks Ines, and the three digits on the back?",
    "four two seven",
]


@pytest.fixture(scope="module", autouse=True)
def one_engine(request: pytest.FixtureRequest) -> Iterator[None]:
    """Open the engine once for all of this file."""
    redactor = app.open_redactor(Config())
    patch = pytest.MonkeyPatch()
    patch.setattr(app, "open_redactor", lambda config: Redactor(settings=config.redact, engine=redactor.engine))
    yield
    patch.undo()


def redacted(lines: list[str], *, as_json: bool = False, **changed: object) -> list[str]:
    return list(app.redact_lines(lines, config=from_dict({"redact": changed}), as_json=as_json))


def test_lines_match_lines() -> None:
    assert redacted(CALL) == [
        "Agent: And the card number?",
        "Caller: it's [CARD]",
        "Agent: mhm",
        "Caller: [CARD].",
        "",
        "Hi, this is [PERSON_1].",
        "Thanks [PERSON_1], and the three digits on the back?",
        "[CVV]",
    ]


def test_json_offsets_are_code_points_of_the_input_line() -> None:
    lines = ["\U0001f600 my email is jane dot doe at gmail dot com ok", "", "Agent: I'm Priya."]
    first, blank, last = redacted(lines, as_json=True)
    found = json.loads(first)["entities"]
    assert [(lines[0][one["start"] : one["end"]], one["type"]) for one in found] == [
        ("jane dot doe at gmail dot com", "EMAIL")
    ]
    assert blank == ""
    found = json.loads(last)["entities"][0]
    assert lines[2][found["start"] : found["end"]] == "Priya"


def test_output_lags_by_no_more_than_the_look_ahead() -> None:
    taken = 0

    def lines() -> Iterator[str]:
        nonlocal taken
        for number in range(100):
            taken += 1
            yield f"turn {number} of nothing much"

    for place, _ in enumerate(app.redact_lines(lines(), config=from_dict({"redact": {"look_ahead": 6}}))):
        assert taken <= place + 1 + 6


def test_a_long_stream_is_the_same_as_a_short_one() -> None:
    said = [("agent", "And your date of birth?"), ("caller", "March third nineteen eighty five."), ("agent", "Thanks.")]
    whole = [turn.text for turn in callkit.redact(said * 30)]
    lines = [f"{speaker}: {text}" for speaker, text in said * 30]
    assert redacted(lines, look_ahead=4, look_back=8) == [
        f"{speaker}: {text}" for (speaker, _), text in zip(said * 30, whole, strict=True)
    ]


def test_memory_does_not_grow() -> None:
    def lines(count: int) -> Iterator[str]:
        for number in range(count):
            yield f"my number is 415 555 {number:04d} and I am Ines Ortega"

    def peak(count: int) -> int:
        tracemalloc.start()
        for _ in app.redact_lines(lines(count), config=Config()):
            pass
        top = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return top

    peak(50)
    assert peak(400) < peak(150) + 300_000


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.text(max_size=60), max_size=6))
def test_any_text_is_taken(texts: list[str]) -> None:
    lines = [text.replace("\n", " ") for text in texts]
    out = redacted(lines, as_json=True)
    assert len(out) == len(lines)
    for line, result in zip(lines, out, strict=True):
        for entity in json.loads(result)["entities"] if result else []:
            assert 0 <= entity["start"] < entity["end"] <= len(line)


def test_python_function_takes_texts_and_pairs() -> None:
    one, two = callkit.redact(["What's your email?", "It's b ryan at yahoo dot com"])
    assert (one.text, two.text) == ("What's your email?", "It's [EMAIL]")
    assert two.entities[0].rule == "spoken e-mail"
