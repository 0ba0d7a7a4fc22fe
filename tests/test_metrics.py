"""Conversation metrics: the figures, what is withheld, and the table that documents them."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from callkit.config import Config
from callkit.model import Inspection, Language, Loudness, Metrics, SafeTurn, Segment, Sentiment, SpeakerSpan
from callkit.registry import build_stage
from callkit.stages.metrics import METRICS, questions_in, subtract
from tests.talk import call, inspection, spans_of, turn


def measure(
    turns: Sequence[SafeTurn],
    *,
    spans: Sequence[SpeakerSpan] | None = None,
    given: Inspection | None = None,
    scores: dict[int, float] | None = None,
    loudness: Sequence[Loudness] = (),
    language: str = "en",
) -> Metrics:
    end = max((one.end for one in turns), default=10.0)
    sentiment = tuple(
        Sentiment(index, "neutral", score, max(0, -score), 1 - abs(score), max(0, score))
        for index, score in (scores or {}).items()
    )
    stage = build_stage("metrics", Config())
    facts = {
        "turns": tuple(turns),
        "speaker_spans": tuple(spans if spans is not None else spans_of(turns)),
        "inspection": given or inspection(end),
        "loudness": tuple(loudness),
        "sentiment": sentiment,
        "language": Language(language, 1.0),
    }
    metrics: Metrics = stage.run(facts)["metrics"]
    return metrics


@pytest.fixture
def plain() -> tuple[SafeTurn, ...]:
    """Agent 0-4, customer 5-9, agent 9.5-10.5: ten words, eight words, two words."""
    return (
        turn(0, "agent", "Hello, this is Acme. How can I help you today?", 0, 4),
        turn(1, "customer", "Um, my router is broken. Can you help?", 5, 9),
        turn(2, "agent", "Sure. Absolutely.", 9.5, 10.5),
    )


def test_talk_silence_and_pace(plain: tuple[SafeTurn, ...]) -> None:
    metrics = measure(plain, given=inspection(12))
    call_figures, agent, customer = metrics.call, metrics.speakers["agent"], metrics.speakers["customer"]
    assert call_figures["talk_s"] == 9
    assert call_figures["silence_s"] == 3
    assert call_figures["talk_share"] == 0.75
    assert call_figures["words"] == 20
    assert call_figures["words_per_min"] == pytest.approx(60 * 20 / 9, abs=0.01)
    assert call_figures["talk_listen_ratio"] == pytest.approx(5 / 4)
    assert call_figures["greeting_s"] == 0
    assert call_figures["questions"] == 2
    assert call_figures["switches_per_min"] == 10
    assert call_figures["response_delay_s"] == 0.75
    assert (agent["talk_s"], agent["questions"], agent["longest_monologue_s"]) == (5, 1, 4)
    assert customer["filler_rate"] == pytest.approx(1 / 8)
    assert customer["response_delay_s"] == 1
    assert agent["patience_s"] == 0.5


def test_silence_is_not_hold_and_an_announced_one_is_no_dead_air() -> None:
    turns = (
        turn(0, "agent", "One moment, let me check.", 0, 2),
        turn(1, "agent", "Here it is.", 8, 10),
        turn(2, "customer", "I would like it today.", 10, 12),
        turn(3, "agent", "Yes.", 18, 20),
        turn(4, "agent", "Thank you for holding.", 40, 42),
    )
    given = inspection(44, segments=[Segment("hold", 21, 39)])
    figures = measure(turns, given=given).call
    assert (figures["silences"], figures["longest_silence_s"], figures["dead_air_s"]) == (2, 6, 6)
    assert (figures["holds"], figures["hold_s"], figures["longest_hold_s"]) == (1, 18, 18)
    assert figures["silence_s"] == 44 - 10 - 18


def test_interactions_are_counted_and_listed() -> None:
    turns = (
        turn(0, "agent", "so the second payment was taken by mistake because", 0, 8),
        turn(1, "customer", "mhm", 3, 3.3),
        turn(2, "customer", "that is the third time I have called about it", 6, 12),
    )
    metrics = measure(turns)
    assert (metrics.call["interruptions"], metrics.call["backchannels"]) == (1, 1)
    assert metrics.speakers["customer"]["interruptions_won"] == 1
    assert metrics.speakers["agent"]["longest_monologue_s"] == 8
    assert [found.kind for found in metrics.interactions] == ["backchannel", "interruption"]
    assert metrics.call["overlap_s"] == pytest.approx(2.3)


@pytest.mark.parametrize("flaw", [{"snr_db": 5.0}, {"clipping_share": 0.1}])
def test_overlap_is_withheld_on_a_bad_mono(plain: tuple[SafeTurn, ...], flaw: dict[str, float]) -> None:
    metrics = measure(plain, given=inspection(12, path="diarization", **flaw))
    assert metrics.call["overlap_s"] is None
    assert metrics.call["interruptions"] is None
    assert metrics.speakers["agent"]["interruptions_won"] is None
    assert "overlap" in metrics.withheld["overlap_s"]
    assert metrics.interactions == ()
    assert metrics.call["talk_s"] == 9


def test_a_clean_mono_is_measured(plain: tuple[SafeTurn, ...]) -> None:
    assert measure(plain, given=inspection(12, path="diarization")).call["overlap_s"] == 0


def test_one_side_only() -> None:
    metrics = measure(call(("agent", "Hello?"), ("agent", "Is anybody there?")))
    assert metrics.call["talk_listen_ratio"] is None
    assert "customer_sentiment" in metrics.withheld
    assert set(metrics.speakers) == {"agent"}


def test_a_call_without_words() -> None:
    metrics = measure((), spans=(), given=inspection(30))
    assert (metrics.call["talk_s"], metrics.call["silence_s"], metrics.call["turns"]) == (0, 30, 0)
    assert metrics.call["customer_sentiment"] is None
    assert metrics.speakers == {}


def test_one_turn_and_three_speakers() -> None:
    assert measure(call(("customer", "Hello?"))).call["turns"] == 1
    three = call(("agent", "One moment."), ("agent_2", "Hi, billing here."), ("customer", "Hello there."))
    assert set(measure(three).speakers) == {"agent", "agent_2", "customer"}


def test_a_language_without_sentiment_is_withheld_with_the_reason(plain: tuple[SafeTurn, ...]) -> None:
    assert "language" in measure(plain).withheld["customer_sentiment"]


def test_what_needs_the_words_of_a_language_is_withheld_where_they_are_not_known() -> None:
    turns = (
        turn(0, "agent", "Buenas tardes, el segundo pago se hizo por error porque la tarjeta", 0, 8),
        turn(1, "customer", "sí claro", 3, 3.8),
        turn(2, "customer", "Es la tercera vez que llamo.", 8.5, 12),
    )
    metrics = measure(turns, language="es")
    names = ("interruptions", "backchannels", "filler_rate", "greeting_s", "dead_air_s")
    assert all("(es)" in metrics.withheld[name] for name in names)
    assert (
        metrics.call["interruptions"] is metrics.call["greeting_s"] is metrics.speakers["agent"]["filler_rate"] is None
    )
    assert metrics.interactions == ()
    assert metrics.call["overlap_s"] == pytest.approx(0.8)
    assert measure(turns, language="en").call["interruptions"] == 1


def test_a_change_over_two_turns_is_withheld() -> None:
    two = call(("customer", "It is broken."), ("agent", "I see."), ("customer", "Please fix it."))
    assert "fewer than 3" in measure(two, scores={0: -0.5, 2: 0.0}).withheld["customer_sentiment_change"]


def test_sentiment_figures() -> None:
    turns = call(*[(role, "some words are said here") for role in ("customer", "agent") * 5])
    scores = dict.fromkeys((0, 2, 4), -0.8) | dict.fromkeys((6, 8), 0.9) | dict.fromkeys((1, 3, 5, 7, 9), 0.1)
    metrics = measure(turns, scores=scores)
    assert metrics.call["turning_turn"] == 6
    assert metrics.call["customer_sentiment_change"] == pytest.approx(1.7)
    assert metrics.speakers["customer"]["sentiment_q1"] == pytest.approx(-0.8)
    assert metrics.speakers["customer"]["sentiment_q4"] == pytest.approx(0.9)
    assert metrics.call["customer_final_sentiment"] > 0.3  # type: ignore[operator]


def test_loudness_is_the_median_of_the_turns(plain: tuple[SafeTurn, ...]) -> None:
    levels = [Loudness(0, -20, 0), Loudness(1, -30, 0), Loudness(2, -24, 0)]
    metrics = measure(plain, loudness=levels)
    assert (metrics.speakers["agent"]["loudness_dbfs"], metrics.speakers["customer"]["loudness_dbfs"]) == (-22, -30)


@pytest.mark.parametrize(
    ("text", "questions"),
    [
        ("Is it? Or not?", 2),
        ("It is.", 0),
        ("so what time do you close", 1),
        ("we close at nine", 0),
        ("何時ですか？", 1),
    ],
)
def test_questions(text: str, questions: int) -> None:
    assert questions_in(turn(0, "agent", text, 0, 2)) == questions


def test_subtract_keeps_what_lies_outside() -> None:
    assert subtract([(0, 10)], [(2, 3), (5, 12)]) == [(0, 2), (3, 5)]
    assert subtract([(0, 1)], [(0, 1)]) == []


def test_every_figure_is_documented_and_has_a_column(plain: tuple[SafeTurn, ...]) -> None:
    metrics = measure(plain)
    documented: dict[str, list[str]] = {"call": [], "speaker": []}
    for metric in METRICS:
        documented[metric.scope].append(metric.name)
    assert sorted(metrics.call) == sorted(documented["call"])
    assert sorted(metrics.speakers["agent"]) == sorted(documented["speaker"])
    schema = (Path(__file__).parent.parent / "callkit/store/schema/0001_initial.sql").read_text()
    for table, names in (("call_metrics", documented["call"]), ("speaker_metrics", documented["speaker"])):
        columns = re.search(rf"create table {table} \((.*?)\);", schema, re.S)
        assert columns
        assert set(names) <= {line.split()[0] for line in columns[1].splitlines() if line.strip()}


def test_ten_thousand_calls_take_under_a_minute(plain: tuple[SafeTurn, ...]) -> None:
    turns = call(*[(role, "this is a turn of about ten words or so") for role in ("customer", "agent") * 8])
    stage: Any = build_stage("metrics", Config())
    sentiment = tuple(Sentiment(one.index, "neutral", 0.0, 0.0, 1.0, 0.0) for one in turns)
    given = {
        "turns": turns,
        "speaker_spans": spans_of(turns),
        "inspection": inspection(90),
        "loudness": (),
        "sentiment": sentiment,
        "language": Language("en", 1.0),
    }
    started = time.process_time()
    for _ in range(200):
        stage.run(given)
    assert (time.process_time() - started) / 200 * 10_000 < 60
