"""Intervals of means and shares."""

from __future__ import annotations

import random

import pytest

from callkit.app.intervals import bootstrap_mean, share


def test_the_interval_of_a_mean_covers_it_and_narrows() -> None:
    chance = random.Random(0)
    few, many = ([chance.gauss(1, 1) for _ in range(n)] for n in (20, 500))
    small, large = bootstrap_mean(few), bootstrap_mean(many)
    assert small.low < small.value < small.high
    assert large.high - large.low < small.high - small.low
    assert (small.grade, large.grade) == ("poor", "good")
    assert bootstrap_mean(few) == small


def test_turns_of_one_call_are_drawn_together() -> None:
    values = [0.0] * 50 + [1.0] * 50
    alone, together = bootstrap_mean(values), bootstrap_mean(values, groups=["a"] * 50 + ["b"] * 50)
    assert together.high - together.low > 3 * (alone.high - alone.low)


def test_too_little_gives_no_interval() -> None:
    assert bootstrap_mean([]).value is None
    assert (bootstrap_mean([2.0]).value, bootstrap_mean([2.0]).low) == (2.0, None)
    assert bootstrap_mean([1.0, None, 3.0]).n == 2  # type: ignore[list-item]
    assert bootstrap_mean([]).grade == "none"


def test_the_interval_of_a_share() -> None:
    assert share(5, 10).low == pytest.approx(0.2366, abs=1e-4)
    assert share(5, 10).high == pytest.approx(0.7634, abs=1e-4)
    assert share(0, 8).low == 0
    assert share(0, 8).high > 0.2
    assert share(0, 0).value is None
