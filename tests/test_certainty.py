"""How sure the figures of a call are."""

from __future__ import annotations

import pytest

from callkit.app import certainty

TURNS = [
    {"role": role, "text": text, "sentiment_score": score, "confidence": sure, "role_confidence": 0.5}
    | {"start_s": 2.0 * number, "end_s": 2.0 * number + 2}
    for number, (role, text, score, sure) in enumerate(
        (
            ("customer", "one two three four", -1.0, 0.8),
            ("agent", "one", 0.5, 1.0),
            ("customer", "one", 0.5, 0.9),
            ("customer", "one", None, None),
        )
    )
]


def test_the_mean_mood_is_weighted_by_the_root_of_the_words() -> None:
    found = certainty.mood(TURNS, "customer")
    assert (found.value, found.n) == (pytest.approx((-1.0 * 2 + 0.5) / 3), 2)
    assert (found.low, found.high) == (-1.0, 0.5)
    assert certainty.mood(TURNS, "agent").low is None


def test_each_figure_of_a_call_says_how_sure_it_is_or_why_it_is_withheld() -> None:
    figures = {
        "call_id": "a", "duration_s": 9.0, "talk_s": 5.0, "words": 7, "interruptions": 1, "customer_sentiment": -0.5,
        "customer_sentiment_change": None, "greeting_s": None, "turning_turn": None,
    }  # fmt: skip
    sure = certainty.of_call(figures, TURNS, '{"greeting_s": "no words of the agent"}')
    assert sure["duration_s"] == "exact"
    assert sure["talk_s"] == "measured on the sound"
    assert sure["words"] == "words 90% sure"
    assert sure["interruptions"] == "who speaks 50% sure"
    assert sure["customer_sentiment"] == "-1.00 to +0.50, 2 turns"
    assert sure["customer_sentiment_change"] == ""
    assert sure["greeting_s"] == "withheld: no words of the agent"
    assert sure["turning_turn"] == ""


def test_each_figure_of_a_role() -> None:
    sure = certainty.of_role({"role": "agent", "words": 1, "sentiment": 0.5, "patience_s": None, "turns": 1}, TURNS)
    assert (sure["words"], sure["sentiment"], sure["patience_s"]) == ("words 100% sure", "1 turn", "")
    assert sure["turns"] == "who speaks 50% sure"


def test_what_the_course_of_a_mood_rests_on() -> None:
    """Quarters on the turns in them, the change on the first and last third, the end on the last four turns."""
    turns = [
        {"role": "customer", "text": "no", "sentiment_score": score, "confidence": 1.0, "role_confidence": 1.0}
        | {"start_s": 10.0 * number, "end_s": 10.0 * number + 10}
        for number, score in enumerate((-1, -0.8, -0.4, 0, 0.2, 0.5, 0.6, 1.0))
    ]
    figures = {"sentiment_q1": -0.9, "sentiment_q4": 0.8, "sentiment_change": 1.7, "final_sentiment": 0.7}
    sure = certainty.of_role({"role": "customer", **figures}, turns)
    assert sure["sentiment_q1"] == "-1.00 to -0.80, 2 turns"
    assert sure["sentiment_q4"] == "+0.60 to +1.00, 2 turns"
    assert (sure["sentiment_change"], sure["final_sentiment"]) == ("first and last 2 turns", "last 4 turns")


def test_a_topics_share_has_its_interval() -> None:
    from callkit.cli.insight import _share

    assert _share(5, 10) == "50% (24% to 76%)"
    assert _share(0, 0) == ""
