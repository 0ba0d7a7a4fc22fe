"""Words to speakers to turns to roles."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callkit.config import TurnsSettings
from callkit.model import Call, ChannelStats, Inspection, Language, Segment, SpeakerSpan, Word, broken_invariants
from callkit.stages import roles
from callkit.stages.attribution import by_spans
from callkit.stages.turns import MACHINE, Turns, gather

CALL = Call("c0", "call", "0" * 64)


def say(text: str, start: float, channel: int = 0, pace: float = 0.3) -> list[Word]:
    return [
        Word(start + pace * place, start + pace * (place + 0.9), item, channel)
        for place, item in enumerate(text.split())
    ]


def inspection(path: str = "diarization", segments: tuple[Segment, ...] = (), **channel: object) -> Inspection:
    count = 2 if path == "channels" else 1
    stats = tuple(
        ChannelStats(index, -20.0, -3.0, 30.0, 0.0, 0.0, 3400.0, False, **channel)  # type: ignore[arg-type]
        for index in range(count)
    )
    return Inspection(60.0, 8000, "pcm", "mono", path, "", stats, tuple(range(count)), segments)  # type: ignore[arg-type]


def run(words: list[Word], spans: list[SpeakerSpan], **options: object):  # type: ignore[no-untyped-def]
    given = {
        "words": tuple(sorted(words, key=lambda word: word.start)),
        "language": Language("en", 1.0),
        "speaker_spans": tuple(spans),
        "inspection": inspection(**options),  # type: ignore[arg-type]
        "call": CALL,
    }
    return Turns(settings=TurnsSettings()).run(given)["raw_turns"]


def test_a_sentence_is_not_split_where_the_diarizer_is_a_word_late() -> None:
    words = say("Thank you for calling.", 0.0) + say("I lost my card.", 1.3)
    spans = [SpeakerSpan("S0", 0.0, 1.55), SpeakerSpan("S1", 1.55, 3.0)]
    assert by_spans(words, spans) == ["S0"] * 4 + ["S1"] * 4


def test_a_short_wrong_span_inside_a_sentence_changes_nobody() -> None:
    words = say("we could also have a rental car for you", 0.0)
    spans = [SpeakerSpan("S0", 0.0, 1.2), SpeakerSpan("S1", 1.25, 1.5), SpeakerSpan("S0", 1.5, 3.0)]
    assert set(by_spans(words, spans)) == {"S0"}


def test_a_back_channel_inside_a_turn_is_the_others_and_does_not_split_it() -> None:
    words = say("the old card was still stored on your account.", 0.0, 0) + say("Mhm.", 1.1, 1)
    turns = run(words, [], path="channels")
    assert [(turn.speaker, len(turn.words)) for turn in turns] == [("S0", 9), ("S1", 1)]


def test_an_answer_between_two_sentences_ends_the_turn() -> None:
    words = say("Is it Tuesday?", 0.0) + say("No, it was Friday morning.", 1.4, 1) + say("I see.", 3.2)
    assert [turn.speaker for turn in run(words, [], path="channels")] == ["S0", "S1", "S0"]


def test_a_long_pause_begins_a_new_turn() -> None:
    assert len(run(say("Hold on.", 0.0) + say("Here it is.", 5.0), [])) == 2


WORDS = st.lists(
    st.tuples(
        st.floats(0, 50), st.floats(0.01, 1.0), st.sampled_from(["yes", "no.", "well,", "card"]), st.integers(0, 1)
    ),
    max_size=40,
)


@given(WORDS)
def test_every_word_is_in_exactly_one_turn(items: list[tuple[float, float, str, int]]) -> None:
    words = sorted((Word(a, a + b, text, channel) for a, b, text, channel in items), key=lambda word: word.start)
    turns = run(words, [], path="channels")
    assert sorted(id(word) for turn in turns for word in turn.words) == sorted(id(word) for word in words)
    assert broken_invariants(turns) == []


@given(WORDS)
def test_speakers_by_spans_are_those_of_the_spans(items: list[tuple[float, float, str, int]]) -> None:
    words = sorted((Word(a, a + b, text) for a, b, text, _ in items), key=lambda word: word.start)
    spans = [SpeakerSpan("S0", 0.0, 20.0), SpeakerSpan("S1", 18.0, 40.0)]
    found = by_spans(words, spans)
    assert len(found) == len(words)
    assert set(found) <= {"S0", "S1"}


def test_roles_by_greeting_and_content() -> None:
    words = say("Thank you for calling Acme, how can I help you?", 0.0) + say("I have a problem with my bill.", 4.0, 1)
    turns = run(words, [], path="channels")
    assert [turn.role for turn in turns] == ["agent", "customer"]
    assert min(turn.role_confidence for turn in turns) > 0.9


def test_on_an_outbound_call_the_one_who_answers_is_the_customer() -> None:
    found = roles.assign_roles({"S0": ["Hello?"], "S1": ["Hi there."]}, "S0", direction="outbound")
    assert found["S0"][0] == "customer"


def test_of_two_agents_the_later_one_is_the_second() -> None:
    texts = {
        "S0": ["Thank you for calling, this is Tom from billing."],
        "S1": ["I have a problem with my bill.", "I want to cancel my order."],
        "S2": ["Thank you for holding, this is Ann from payments, how can I help you?", "May I have your name?"],
    }
    found = roles.assign_roles(texts, "S0")
    assert [found[name][0] for name in texts] == ["agent", "customer", "agent_2"]


def test_the_channel_map_decides_where_there_is_one() -> None:
    words = say("Thank you for calling, how can I help you?", 0.0) + say("Hello.", 4.0, 1)
    turns = run(words, [], path="channels", role="customer")
    assert {turn.role for turn in turns} == {"customer"}


def test_a_menu_is_a_machines_and_a_handover_brings_a_second_agent() -> None:
    words = (
        say("For billing, press one.", 0.0)
        + say("Thank you for calling, how can I help you?", 5.0)
        + say("My card was stolen.", 9.0, 1)
        + say("I am transferring you to a specialist.", 12.0)
        + say("Thank you for holding, my name is Anna, how can I help?", 30.0)
    )
    turns = run(words, [], path="channels")
    assert [turn.role for turn in turns] == ["ivr", "agent", "customer", "agent", "agent_2"]
    assert turns[0].speaker == MACHINE


def test_the_share_of_overlap() -> None:
    spans = [SpeakerSpan("S0", 0.0, 3.0), SpeakerSpan("S1", 1.0, 2.0)]
    (turn,) = run(say("one two three four five six seven eight nine ten", 0.0), spans)
    assert turn.overlap == pytest.approx(1.0 / turn.end, abs=0.01)


def test_no_words_no_turns() -> None:
    assert run([], []) == ()


def test_gathering_leaves_the_order_of_words() -> None:
    turns = gather(say("one two three.", 0.0), ["S0"] * 3, max_pause_s=2.0)
    assert [word.text for word in turns[0].words] == ["one", "two", "three."]


def test_roles_on_bank_calls_nobody_here_wrote(shared_data: Path) -> None:
    """12 simulated bank calls with human turns: who is the agent, told without knowing who spoke first."""
    lines = (shared_data / "text" / "harper-valley" / "calls.jsonl").read_text(encoding="utf-8").splitlines()
    right = []
    for line in lines:
        texts: dict[str, list[str]] = {"agent": [], "caller": []}
        for turn in json.loads(line)["turns"]:
            texts[turn["speaker"]].append(turn["text"])
        right.append(roles.assign_roles(texts, "")["agent"][0] == "agent")
    assert all(right)
