"""The offline summary: sentences, speech acts, promises, reported speech, chapters, and whole calls."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from callkit.config import Config
from callkit.engines.chapters import boundaries, chapters_of
from callkit.engines.denials import denials_of
from callkit.engines.promises import actions_of, clauses, due_of
from callkit.engines.reported_speech import joined, report, reported
from callkit.engines.speech_acts import sentences_of
from callkit.model import Language, SafeTurn, Summary
from callkit.registry import build_stage
from tests.talk import call, english, no_embeddings, turn

# --- Without a model --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("role", "said", "report"),
    [
        (
            "agent",
            "I've refunded the full amount to your card.",
            "The agent has refunded the full amount to the customer's card.",
        ),
        ("customer", "Yeah, you people charged me twice again!", "The company charged the customer twice again!"),
        (
            "customer",
            "I'm calling because I was charged twice and I don't know why.",
            "The customer was charged twice and they don't know why.",
        ),
        ("customer", "Hi, my name is [PERSON_1] and I lost my card.", "The customer lost their card."),
        ("customer", "When I open the app it crashes.", "When the customer opens the app it crashes."),
        ("customer", "Could you send me a reminder?", "The customer asked the agent to send them a reminder."),
        ("agent", "Please bring your insurance card.", "The agent asked the customer to bring their insurance card."),
        ("customer", "Thanks a lot for your help.", "The customer thanked the agent for their help."),
        ("agent", "We have a double room.", "The company has a double room."),
        ("agent", "What is your address?", 'The agent asked: "What is your address?"'),
        ("customer", "Um, the the box is, uh, broken", "The box is broken."),
        ("customer", "i lost my credit card", "The customer lost their credit card."),
        ("customer", "I'm, uh, I'm not on, on any plan, okay?", "The customer is not on any plan."),
        ("agent", "I will send you a new one.", "The agent will send the customer a new one."),
        ("customer", "No, no, I paid it.", "The customer paid it."),
    ],
)
def test_reported_speech(role: str, said: str, report: str) -> None:
    assert reported(said, role) == report


@pytest.mark.parametrize(
    ("role", "said", "quoted"),
    [
        ("customer", "[PERSON_1], you have been so kind.", 'Customer: "You have been so kind."'),
        ("agent", "See you on Friday.", 'Agent: "See you on Friday."'),
        ("customer", "No, no blood, just watery.", 'Customer: "No blood, just watery."'),
        ("customer", "Two payments in one week.", 'Customer: "Two payments in one week."'),
        ("customer", "I lost my card and need a new one.", 'Customer: "I lost my card and need a new one."'),
        ("customer", "You charged me twice.", 'Customer: "You charged me twice."'),
        ("agent", "If you need to call us, press one.", 'Agent: "If you need to call us, press one."'),
        ("customer", "I'm, um, calling you, I've been, quite ill.", 'Customer: "I\'m calling you, I\'ve been, quite ill."'),
        ("customer", "I <unk> [noise] was told -- it depends", 'Customer: "I was told -- it depends."'),
        ("unknown", "I want a refund.", 'Speaker: "I want a refund."'),
    ],
)  # fmt: skip
def test_what_would_not_come_out_clean_is_quoted(role: str, said: str, quoted: str) -> None:
    assert reported(said, role) == quoted


def test_quotations_in_a_row_share_their_marks() -> None:
    texts = (("It is broken.", "customer"), ("That is all.", "customer"), ("I have ordered a new one.", "agent"))
    assert (
        joined([report(*one) for one in texts])
        == 'Customer: "It is broken. That is all." The agent has ordered a new one.'
    )


def test_a_turn_without_stops_is_cut_where_a_clause_begins() -> None:
    turns = call(("customer", "hi my name is linda brown i lost my card can you send me a new one"))
    assert [(sentence.text, sentence.asks) for sentence in sentences_of(turns)] == [
        ("hi", False),
        ("my name is linda brown", False),
        ("i lost my card", False),
        ("can you send me a new one", True),
    ]
    (whole,) = sentences_of(call(("customer", "the thing is that i would like to know if i can pay")))
    assert whole.text == "the thing is that i would like to know if i can pay"


def test_sentences_are_not_cut_at_titles_and_times() -> None:
    turns = call(("customer", "I see Dr. Miller at 8 a.m. Tuesday. Is that right?"))
    assert [sentence.text for sentence in sentences_of(turns)] == [
        "I see Dr. Miller at 8 a.m. Tuesday.",
        "Is that right?",
    ]


@pytest.mark.parametrize(
    ("asked", "answered", "denial"),
    [
        ("And have you had any fever at all?", "Um, no.", "No fever."),
        ("Do you have any other medical problems I should be aware of?", "No.", "No other medical problems."),
        ("Any pain in your chest, or any trouble breathing?", "No, none.", "No pain in their chest, or any trouble breathing."),
        ("Is there any light on the router?", "Nope.", "No light on the router."),
        ("Error message?", "No.", "No error message."),
        ("Do you still have the receipt?", "No, sorry.", 'Asked "Do you still have the receipt?", the customer said no.'),
        ("Did anyone tell you about any fees?", "No.", 'Asked "Did anyone tell you about any fees?", the customer said no.'),
    ],
)  # fmt: skip
def test_a_question_answered_no_is_a_fact(asked: str, answered: str, denial: str) -> None:
    (found,) = denials_of(sentences_of(call(("customer", "Hello."), ("agent", asked), ("customer", answered))))
    assert (found.text, found.turns) == (denial, (1, 2))


def test_what_a_customer_asks_is_denied_by_the_agent() -> None:
    (found,) = denials_of(sentences_of(call(("customer", "Is there any fee for that?"), ("agent", "No, it's free."))))
    assert found.text == 'Asked "Is there any fee for that?", the agent said no.'


@pytest.mark.parametrize(
    ("asked", "answered"),
    [
        ("Any pain?", "No, but it was sore yesterday."),
        ("Any pain?", "Yes."),
        ("What is your name?", "No."),
        ("Can you restart it?", "No."),
        ("Do you have any other questions?", "No, that's it."),
        ("Is it red or is it green?", "No."),
        ("You haven't had it before?", "No."),
        ("In the kitchen?", "No."),
    ],
)
def test_a_no_that_leaves_open_what_is_denied_is_none(asked: str, answered: str) -> None:
    assert not denials_of(sentences_of(call(("agent", asked), ("customer", answered))))


def test_a_denial_is_told_once_and_needs_an_answer_at_once() -> None:
    again = [("agent", "Any fever?"), ("customer", "No.")] * 2
    assert len(denials_of(sentences_of(call(*again)))) == 1
    went_on = call(("agent", "Any fever? I ask because of the cough."), ("customer", "No."))
    assert not denials_of(sentences_of(went_on))


def test_every_agent_speaks_for_the_company() -> None:
    (sentence,) = sentences_of(call(("agent_2", "I will call you back.")))
    assert sentence.role == "agent"


@pytest.mark.parametrize(
    ("text", "due"),
    [
        ("I will send it by tomorrow morning.", "by tomorrow morning"),
        ("An inspector will contact you within two days.", "within two days"),
        ("He will come on Thursday between nine and eleven.", "on Thursday between nine and eleven"),
        ("You will get it in three to five business days.", "in three to five business days"),
        ("She will call you tomorrow before noon.", "tomorrow before noon"),
        ("Please send it back by next Monday.", "by next Monday"),
        ("I will send it.", None),
    ],
)
def test_due(text: str, due: str | None) -> None:
    assert due_of(text) == due


def promised(*lines: tuple[str, str]) -> list[tuple[str, str, str | None]]:
    return [(action.who, action.text, action.due) for action in actions_of(sentences_of(call(*lines)))]


def test_promises_of_either_side_and_of_the_company() -> None:
    assert promised(
        ("agent", "I will call you back this afternoon if a slot opens up."),
        ("customer", "I'll send the form tomorrow."),
        ("agent", "An inspector will contact you within two days."),
        ("agent", "Please bring your insurance card."),
    ) == [
        ("agent", "The agent will call the customer back this afternoon if a slot opens up.", "this afternoon"),
        ("customer", "The customer will send the form tomorrow.", "tomorrow"),
        ("agent", "An inspector will contact the customer within two days.", "within two days"),
        ("customer", "The agent asked the customer to bring their insurance card.", None),
    ]


@pytest.mark.parametrize(
    "line",
    [
        "Let me pull that up for you.",
        "I'll put you on hold for a moment.",
        "I will just check that.",
        "Will you send it tomorrow?",
        "I will not send anything.",
        "It will be fine.",
        "I will need your date of birth.",
    ],
)
def test_what_is_done_at_once_or_not_at_all_is_no_promise(line: str) -> None:
    assert promised(("agent", line)) == []


def test_a_promise_said_twice_is_one() -> None:
    assert (
        len(promised(("agent", "I will send you an email today."), ("agent", "So I will send you an email today.")))
        == 1
    )


def test_clauses_are_cut_where_a_new_subject_begins() -> None:
    assert clauses("The technician will come on Thursday, and he will call you before.") == [
        "The technician will come on Thursday",
        "he will call you before",
    ]


def long_call(turns: int = 60) -> tuple[tuple[SafeTurn, ...], np.ndarray[Any, Any]]:
    """Ten minutes about one thing and then another: vectors of two directions."""
    made = tuple(
        turn(i, "agent" if i % 2 else "customer", "some words that are said", 10.0 * i, 10.0 * i + 9)
        for i in range(turns)
    )
    noise = np.random.default_rng(0).normal(0, 0.05, (turns, 8))
    vectors = noise + np.eye(8)[[0 if i < turns // 2 else 1 for i in range(turns)]]
    return made, (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def test_chapters_part_where_the_talk_turns() -> None:
    turns, vectors = long_call()
    assert 30 in boundaries(turns, vectors)
    chapters = chapters_of(turns, vectors, ["a title"] * len(turns))
    assert chapters[0].start == 0
    assert chapters[-1].end == turns[-1].end
    assert [chapter.first_turn for chapter in chapters[1:]] == [chapter.last_turn + 1 for chapter in chapters[:-1]]
    assert all(chapter.end - chapter.start >= 60 for chapter in chapters)


def test_a_call_of_five_minutes_has_no_chapters() -> None:
    turns, vectors = long_call(30)
    assert chapters_of(turns, vectors, [""] * 30) == ()


# --- Whole calls, with the embedding model ----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def summarize() -> Any:
    embed, stage = build_stage("embed", Config()), build_stage("summarize", Config())
    embed.open()
    stage.open()

    def run(turns: tuple[SafeTurn, ...], language: Language | None = None) -> Summary:
        given = {"turns": turns, "language": language or english()}
        return stage.run(given | embed.run(given))["summary"]  # type: ignore[no-any-return]

    return run


REFUND = (
    ("agent", "Thank you for calling. How can I help you?"),
    ("customer", "Hi, I'm calling because I was charged twice for my order last week."),
    ("agent", "I'm sorry about that. I can see both payments here."),
    ("customer", "Mhm."),
    ("agent", "I've refunded the second payment. I will send you a confirmation by tomorrow."),
    ("customer", "That's great, thank you so much for your help."),
    ("agent", "You're welcome. Goodbye."),
)


@pytest.mark.model
def test_a_resolved_call(summarize: Any) -> None:
    summary = summarize(call(*REFUND))
    assert summary.issue.text == "The customer was charged twice for their order last week."
    assert summary.issue.turns == (1,)
    assert summary.outcome == "resolved"
    assert [(action.who, action.due) for action in summary.actions] == [("agent", "by tomorrow")]
    assert 2 <= len(summary.summary) <= 3
    assert all(statement.supported and statement.turns for statement in summary.summary)
    assert "charged twice" in summary.title


ENDINGS = {
    "escalated": (
        ("agent", "There is nothing more I can do. I will pass this on to my supervisor."),
        ("customer", "This is not acceptable."),
    ),
    "callback_promised": (
        ("agent", "I can't see it today. I will call you back tomorrow morning."),
        ("customer", "Okay, please do."),
    ),
    "unresolved": (
        ("agent", "Unfortunately we are not able to refund that."),
        ("customer", "That is not good enough. I'm going to cancel."),
    ),
    "partly_resolved": (
        ("agent", "I've refunded the first one. The other charge is still under review."),
        ("customer", "Okay."),
    ),
}


@pytest.mark.model
@pytest.mark.parametrize("outcome", ENDINGS)
def test_outcomes(summarize: Any, outcome: str) -> None:
    summary = summarize(call(*REFUND[:4], *ENDINGS[outcome]))
    assert summary.outcome == outcome
    assert summary.outcome_evidence.turns


@pytest.mark.model
def test_nothing_to_go_by_is_not_guessed(summarize: Any) -> None:
    assert summarize(()).outcome == "unknown"
    assert summarize(call(("agent", "Hello?"))).issue is None
    foreign = summarize(call(("customer", "Hola, mi factura es incorrecta.")), Language("es", 0.9))
    assert (foreign.title, foreign.summary, foreign.issue, foreign.outcome) == ("", (), None, "unknown")
    one = summarize(call(("customer", "I want to cancel my contract.")))
    assert one.issue is not None
    three = summarize(
        call(*REFUND[:3], ("agent_2", "Billing here, I've refunded it."), ("customer", "Great, thanks a lot."))
    )
    assert three.outcome == "resolved"


def test_an_unknown_language_does_not_open_the_model() -> None:
    stage = build_stage("summarize", Config())
    given = {"turns": call(("customer", "Hola")), "language": Language("es", 0.9), "embeddings": no_embeddings()}
    assert stage.run(given)["summary"].outcome == "unknown"
