"""How sure each figure of a call is, in words: an interval where it is a mean over turns, else what it rests on."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

from callkit.app.intervals import Interval, bootstrap_mean
from callkit.stages.mood import FINAL_TURNS, quarter_of

Row = Mapping[str, Any]

#: Figures of the whole call that are measured on the sound, and those that need the words; the rest need to know who speaks.
SOUND = frozenset(
    "talk_s talk_share silence_s silence_share silences longest_silence_s hold_s holds longest_hold_s".split()
)
WORDS = frozenset("words words_per_min questions filler_rate greeting_s backchannels dead_air_s".split())


def mood(turns: Sequence[Row], role: str) -> Interval:
    """Mean sentiment of a role's turns (rows with role, text and sentiment_score), weighted as the metrics are.

    The weight is the square root of a turn's words; the interval is a bootstrap over its turns.
    """
    felt = [turn for turn in turns if turn["role"] == role and turn["sentiment_score"] is not None]
    weights = [math.sqrt(max(1, len(turn["text"].split()))) for turn in felt]
    return bootstrap_mean([turn["sentiment_score"] for turn in felt], weights=weights)


def why_withheld(quality: str | None, name: str) -> str:
    """Why a figure, or the "summary", was withheld, or "". `quality` is that column of `calls`."""
    return str(json.loads(quality or "{}").get(name, ""))


def of_call(figures: Row, turns: Sequence[Row], quality: str | None) -> dict[str, str]:
    """How sure each figure of `call_metrics` is; for one that was withheld, why. `quality` is that column of `calls`."""
    sure = _evidence(turns)
    made = {}
    for name, value in figures.items():
        if value is None:
            why = why_withheld(quality, name)
            made[name] = f"withheld: {why}" if why else ""
        elif name == "duration_s":
            made[name] = "exact"
        elif name in ("customer_sentiment", "agent_sentiment"):
            made[name] = range_of(mood(turns, name.partition("_")[0]))
        elif "sentiment" in name or name == "turning_turn":
            made[name] = _course(name, mood(turns, "customer").n)
        else:
            made[name] = "measured on the sound" if name in SOUND else sure["words" if name in WORDS else "speakers"]
    return made


def of_role(figures: Row, turns: Sequence[Row]) -> dict[str, str]:
    """The same for a row of `speaker_metrics`."""
    mine = [turn for turn in turns if turn["role"] == figures["role"]]
    start = min((turn["start_s"] for turn in turns), default=0.0)
    end = max((turn["end_s"] for turn in turns), default=0.0)
    sure = _evidence(mine)
    made = {}
    for name, value in figures.items():
        if value is None:
            made[name] = ""
        elif name == "sentiment":
            made[name] = range_of(mood(mine, figures["role"]))
        elif name.startswith("sentiment_q"):
            quarter = int(name[-1]) - 1
            within = [turn for turn in mine if quarter_of((turn["start_s"] + turn["end_s"]) / 2, start, end) == quarter]
            made[name] = range_of(mood(within, figures["role"]))
        elif "sentiment" in name:
            made[name] = _course(name, mood(mine, figures["role"]).n)
        else:
            made[name] = sure["words" if name in WORDS else "speakers"]
    return made


def _course(name: str, n: int) -> str:
    """What a figure of the course of a mood rests on, of a speaker's `n` turns: see `callkit.stages.mood`."""
    if name.endswith("final_sentiment"):
        return f"last {turns_of(min(n, FINAL_TURNS))}"
    return f"first and last {turns_of(n // 3)}" if name.endswith("change") else turns_of(n)


def range_of(interval: Interval) -> str:
    """The interval and what it rests on; for too few turns only that."""
    over = turns_of(interval.n)
    return (
        over
        if interval.low is None or interval.high is None
        else f"{interval.low:+.2f} to {interval.high:+.2f}, {over}"
    )


def turns_of(n: int) -> str:
    return f"{n} turn{'' if n == 1 else 's'}"


def _evidence(turns: Sequence[Row]) -> dict[str, str]:
    """Mean confidence of the words and of who speaks, over turns."""
    words = [turn["confidence"] for turn in turns if turn["confidence"] is not None]
    roles = [turn["role_confidence"] for turn in turns if turn["role_confidence"] is not None]
    return {
        "words": f"words {sum(words) / len(words):.0%} sure" if words else "",
        "speakers": f"who speaks {sum(roles) / len(roles):.0%} sure" if roles else "",
    }
