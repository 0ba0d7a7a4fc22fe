"""A speaker's sentiment over a call."""

from __future__ import annotations

import pytest

from callkit.stages import mood
from callkit.stages.mood import Point


def points(*scores: float, words: int = 9) -> list[Point]:
    return [Point(2 * place + 1, 10.0 * place + 5, words, score) for place, score in enumerate(scores)]


def test_mean_weighs_by_the_root_of_words() -> None:
    assert mood.mean([Point(0, 0, 16, 1.0), Point(1, 1, 1, 0.0)]) == pytest.approx(0.8)
    assert mood.mean([]) is None


def test_quarters_are_of_time() -> None:
    assert mood.quarters(points(-1, -1, 0, 1), 0, 40) == (-1, -1, 0, 1)
    assert mood.quarters(points(1), 0, 40) == (1, None, None, None)
    assert mood.quarters([], 0, 0) == (None, None, None, None)


def test_change_runs_from_first_to_last_third() -> None:
    assert mood.change(points(-1, -1, 0, 0, 1, 1)) == pytest.approx(2)
    assert mood.change(points(1, -1)) is None


def test_final_state_is_where_the_speaker_was_left() -> None:
    angry_then_glad = mood.final_state(points(-1, -1, -1, -1, 0.8, 0.9))
    assert angry_then_glad is not None
    assert angry_then_glad > 0.3
    assert mood.final_state([]) is None


def test_turning_point_is_the_first_turn_of_the_other_mood() -> None:
    assert mood.turning_point(points(-0.9, -0.8, -0.9, 0.7, 0.8)) == 7
    assert mood.turning_point(points(0.8, 0.7, -0.9, -0.8)) == 5
    assert mood.turning_point(points(0.1, 0.0, 0.2, 0.1)) is None
    assert mood.turning_point(points(0.9)) is None
