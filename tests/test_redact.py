"""The redact stage: raw turns to safe turns, placeholders, actions, and where each redaction lies."""

from __future__ import annotations

import pickle

import pytest

from callkit import registry
from callkit.config import Config, from_dict
from callkit.model import Language, Phrase, SafeTurn, Turn, Word, broken_invariants
from callkit.protocols import EntityRecognizer
from callkit.stages.redact import Redact

pytestmark = pytest.mark.model


@pytest.fixture(scope="module")
def engine() -> EntityRecognizer:
    found: EntityRecognizer = registry.build_engine("redact", "presidio", Config())
    found.open()
    return found


def turns_of(*said: tuple[str, str]) -> tuple[Turn, ...]:
    turns, clock = [], 0.0
    for index, (speaker, text) in enumerate(said):
        words = []
        for word in text.split():
            words.append(Word(round(clock, 3), round(clock + 0.3, 3), word, confidence=0.9))
            clock += 0.4
        role = "agent" if speaker == "A" else "customer"
        turns.append(Turn(index, speaker, role, None, words[0].start, words[-1].end, tuple(words)))
    return tuple(turns)


def redacted(
    engine: EntityRecognizer, turns: tuple[Turn, ...], phrases: tuple[Phrase, ...] = (), **settings: object
) -> tuple[tuple[SafeTurn, ...], tuple]:
    stage = Redact(settings=from_dict({"redact": settings}).redact, engine=engine)
    provided = stage.run({"raw_turns": turns, "phrases": phrases, "language": Language("en", 1.0)})
    return provided["turns"], provided["redactions"]


CALL = turns_of(
    ("A", "Can I get your name and card number?"),
    ("C", "Patricia Brown, and it's four one one one, one one one one, one one one one, one one one one."),
    ("A", "Thank you Patricia. And the three digits on the back?"),
    ("C", "One two three."),
    ("A", "That's forty five dollars, Ms. Brown."),
)


def test_words_become_placeholders(engine: EntityRecognizer) -> None:
    turns, redactions = redacted(engine, CALL)
    assert [turn.text for turn in turns] == [
        "Can I get your name and card number?",
        "[PERSON_1], and it's [CARD].",
        "Thank you [PERSON_1]. And the three digits on the back?",
        "[CVV].",
        "That's forty five dollars, [PERSON_1].",
    ]
    assert [found.entity for found in redactions] == ["PERSON", "CARD", "PERSON", "CVV", "PERSON"]
    assert broken_invariants(turns) == []


def test_redactions_point_at_words_and_times(engine: EntityRecognizer) -> None:
    turns, redactions = redacted(engine, CALL)
    card = next(found for found in redactions if found.entity == "CARD")
    raw = CALL[card.turn].words
    assert (raw[card.first_word].text, raw[card.last_word].text) == ("four", "one.")
    assert (card.start, card.end) == (raw[card.first_word].start, raw[card.last_word].end)
    placeholder = turns[card.turn].words[card.word]
    assert (placeholder.text, placeholder.entity, placeholder.raw_words) == ("[CARD].", "CARD", 16)
    assert card.rule and card.recognizer and 0 < card.score <= 1


def test_what_leaves_the_stage_is_safe_to_pickle_and_holds_no_original(engine: EntityRecognizer) -> None:
    data = pickle.dumps(redacted(engine, CALL))
    for secret in (b"Patricia", b"Brown", b"four one one", b"One two three"):
        assert secret not in data


def test_actions(engine: EntityRecognizer) -> None:
    turns, _ = redacted(engine, CALL, actions={"CARD": "keep_last_four", "PERSON": "keep", "CVV": "keep"})
    assert turns[1].text == "Patricia Brown, and it's [CARD 1111]."
    assert turns[3].text == "[CVV]."


def test_thresholds(engine: EntityRecognizer) -> None:
    turns, _ = redacted(engine, CALL, thresholds={"PERSON": 1.0})
    assert turns[1].text.startswith("Patricia Brown, and it's [CARD]")


@pytest.mark.parametrize("settings", [{"threshold": 1.0}, {"thresholds": {"CVV": 1.0}}, {"actions": {"CVV": "keep"}}])
def test_no_setting_lets_a_security_code_pass(engine: EntityRecognizer, settings: dict[str, object]) -> None:
    turns, _ = redacted(engine, CALL, **settings)
    assert turns[3].text == "[CVV]."


def test_nothing_said_and_nothing_personal(engine: EntityRecognizer) -> None:
    assert redacted(engine, ()) == ((), ())
    turns, redactions = redacted(engine, turns_of(("A", "The total is 45 dollars.")))
    assert turns[0].text == "The total is 45 dollars." and redactions == ()


def test_a_translation_is_redacted_too(engine: EntityRecognizer) -> None:
    turns = turns_of(("A", "¿Su nombre?"), ("C", "Me llamo Lucía Fernández."))
    phrases = (Phrase(0.0, 0.7, "Your name?"), Phrase(turns[1].start, turns[1].end, "My name is Lucia Fernandez."))
    safe, _ = redacted(engine, turns, phrases)
    assert [turn.translation for turn in safe] == ["Your name?", "My name is [PERSON_1]."]
