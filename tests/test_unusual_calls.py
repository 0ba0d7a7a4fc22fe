"""Calls that are not one agent and one customer in English: real models, and flags in place of guesses."""

from __future__ import annotations

from typing import Any

import pytest

from callkit.config import Config
from callkit.model import Language, Metrics, SafeTurn, Sentiment, Summary
from callkit.registry import build_stage
from tests.talk import call, inspection, spans_of

pytestmark = pytest.mark.model
Found = tuple[tuple[Sentiment, ...], Summary, Metrics]


@pytest.fixture(scope="module")
def analyse() -> Any:
    stages = [build_stage(name, Config()) for name in ("embed", "sentiment", "summarize", "metrics")]
    for stage in stages:
        stage.open()

    def run(turns: tuple[SafeTurn, ...], language: str = "en") -> Found:
        end = max((turn.end for turn in turns), default=10.0)
        facts: dict[str, Any] = {
            "turns": turns,
            "language": Language(language, 0.9),
            "speaker_spans": spans_of(turns),
            "inspection": inspection(end),
            "loudness": (),
        }
        for stage in stages:
            facts |= stage.run({name: facts[name] for name in stage.requires})
        return facts["sentiment"], facts["summary"], facts["metrics"]

    return run


def test_only_the_agent_is_heard(analyse: Any) -> None:
    sentiment, summary, metrics = analyse(
        call(
            ("agent", "Hello, thank you for calling. How can I help you?"),
            ("agent", "I see. I have refunded the fee."),
        )
    )
    assert [one.turn for one in sentiment] == [0, 1]
    assert summary.issue is None
    assert metrics.call["customer_sentiment"] is metrics.call["talk_listen_ratio"] is None
    assert metrics.withheld["customer_sentiment"] == "no words of the customer on this recording"
    assert metrics.withheld["talk_listen_ratio"] == "only one side is on this recording"


def test_only_the_customer_is_heard(analyse: Any) -> None:
    _, summary, metrics = analyse(
        call(("customer", "I was charged twice."), ("customer", "This is ridiculous."), ("customer", "I want it back."))
    )
    assert "charged twice" in summary.issue.text
    assert metrics.call["customer_sentiment"] < -0.2
    assert metrics.withheld["agent_sentiment"] == metrics.withheld["greeting_s"]


def test_the_customer_says_nothing(analyse: Any) -> None:
    """Turns without words: the customer breathes or coughs."""
    turns = call(("agent", "Hello? Can you hear me?"), ("customer", ""), ("agent", "I will hang up now."))
    sentiment, summary, metrics = analyse(turns)
    assert [one.turn for one in sentiment] == [0, 2]
    assert (summary.issue, summary.outcome) == (None, "unknown")
    assert "customer_sentiment" in metrics.withheld and "talk_listen_ratio" in metrics.withheld


def test_one_turn(analyse: Any) -> None:
    sentiment, summary, metrics = analyse(call(("customer", "I want to cancel my contract.")))
    assert len(sentiment) == 1
    assert summary.issue.turns == (0,)
    assert metrics.call["turning_turn"] is None
    assert "fewer than 3" in metrics.withheld["customer_sentiment_change"]


def test_nobody_says_anything(analyse: Any) -> None:
    sentiment, summary, metrics = analyse(())
    assert (sentiment, summary.summary, metrics.speakers) == ((), (), {})


def test_three_speakers(analyse: Any) -> None:
    _, summary, metrics = analyse(
        call(
            ("agent", "Support, how can I help you?"),
            ("customer", "I'm calling because I was charged twice for my order."),
            ("agent", "I will put you through to billing."),
            ("agent_2", "Billing here. I have refunded the second payment."),
            ("customer", "That's great, thank you so much."),
        )
    )
    assert set(metrics.speakers) == {"agent", "agent_2", "customer"}
    assert summary.outcome == "resolved"
    assert 3 in summary.outcome_evidence.turns


def test_a_language_that_the_models_do_not_know_is_flagged_and_not_guessed(analyse: Any) -> None:
    sentiment, summary, metrics = analyse(
        call(
            ("agent", "Buenas tardes, ¿en qué puedo ayudarle?"),
            ("customer", "Me han cobrado dos veces y es una vergüenza."),
            ("agent", "Lo siento mucho, ya está devuelto."),
        ),
        "es",
    )
    assert sentiment == ()
    assert (summary.title, summary.summary, summary.issue, summary.outcome) == ("", (), None, "unknown")
    assert metrics.call["customer_sentiment"] is metrics.call["greeting_s"] is None
    assert metrics.withheld["customer_sentiment"] == "the sentiment model does not know the language spoken"
    assert "(es)" in metrics.withheld["interruptions"]
    assert metrics.call["talk_s"] > 0
