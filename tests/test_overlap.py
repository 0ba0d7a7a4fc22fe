"""Interruptions, back-channels and cooperative overlap."""

from __future__ import annotations

from callkit.model import SpeakerSpan
from callkit.stages.overlap import interactions, union
from tests.talk import spans_of, turn

ROLES = {"S0": "agent", "S1": "customer"}


def test_taking_the_floor_is_an_interruption_and_the_taker_keeps_it() -> None:
    turns = [
        turn(0, "agent", "so what you have to do is go to the", 0, 5),
        turn(1, "customer", "no listen to me I called before", 4, 8),
    ]
    (found,) = interactions(turns, spans_of(turns), ROLES)
    assert (found.kind, found.by_role, found.floor_kept_by) == ("interruption", "customer", "customer")
    assert (found.start, found.end) == (4, 5)


def test_failing_to_take_the_floor() -> None:
    turns = [
        turn(0, "agent", "what you have to do is go to the page", 0, 9),
        turn(1, "customer", "but I already did that", 4, 6),
    ]
    (found,) = interactions(turns, spans_of(turns), ROLES)
    assert (found.kind, found.floor_kept_by) == ("interruption", "agent")


def test_listening_words_are_back_channels_while_the_other_goes_on() -> None:
    turns = [turn(0, "agent", "the second payment was taken by mistake", 0, 9), turn(1, "customer", "Mhm.", 4, 4.5)]
    (found,) = interactions(turns, spans_of(turns), ROLES)
    assert (found.kind, found.floor_kept_by) == ("backchannel", None)


def test_a_short_overlap_at_the_end_is_cooperative() -> None:
    turns = [turn(0, "agent", "is there anything else", 0, 3), turn(1, "customer", "no that is all I needed", 2.8, 6)]
    assert [found.kind for found in interactions(turns, spans_of(turns), ROLES)] == ["cooperative_overlap"]


def test_who_begins_together_does_not_interrupt() -> None:
    turns = [turn(0, "agent", "are you still there", 0, 3), turn(1, "customer", "hello can you hear me", 0.1, 3)]
    assert [found.kind for found in interactions(turns, spans_of(turns), ROLES)] == ["cooperative_overlap"]


def test_no_overlap_no_interaction() -> None:
    turns = [turn(0, "agent", "hello", 0, 1), turn(1, "customer", "hello", 1, 2)]
    assert interactions(turns, spans_of(turns), ROLES) == ()


def test_a_pause_for_breath_does_not_give_up_the_floor() -> None:
    turns = [turn(0, "agent", "first and then second", 0, 8), turn(1, "customer", "okay", 3, 3.4)]
    spans = (SpeakerSpan("S0", 0, 3.2), SpeakerSpan("S0", 3.8, 8), SpeakerSpan("S1", 3, 3.4))
    assert [found.kind for found in interactions(turns, spans, ROLES)] == ["backchannel"]


def test_union_merges_what_touches() -> None:
    assert union([(3, 4), (0, 1), (1, 2)]) == [(0, 2), (3, 4)]
    assert union([(0, 1), (1.5, 2)], pause=0.6) == [(0, 2)]
