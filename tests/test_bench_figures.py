"""Figures agree with a calculation by hand, to the last digit that is printed."""

from __future__ import annotations

import pytest

from callkit.bench.figures import FIGURES, combine_names, confusion, estimate, estimate_ratio, macro_f1
from callkit.bench.heard import Heard
from callkit.bench.meaning import count_meaning, rouge_l
from callkit.bench.page import shown
from callkit.bench.private import count_private, readable_share
from callkit.bench.speakers import count_speakers
from callkit.bench.texts import count_pii
from callkit.bench.textsets import TextRow, TextTurn
from callkit.bench.truth import TrueAction, TruePII, TrueTurn, TrueWord, Truth
from callkit.bench.words import count_words
from callkit.model import Action, Redaction, SafeTurn, SafeWord, Sentiment, SpeakerSpan, Statement, Summary, Turn, Word


def said(text: str, start: float, end: float, channel: int = 0) -> tuple[Word, ...]:
    """Words of equal length between two times."""
    words = text.split()
    step = (end - start) / len(words)
    return tuple(Word(start + n * step, start + (n + 1) * step, word, channel) for n, word in enumerate(words))


# The first tiny case: two people on two channels.
#   true   agent    0-4 s  "thank you for calling"          heard "thank you for falling"      1 substitution
#          customer 5-8 s  "My name is Ann Lee."            heard "my name is Ann"             1 deletion
TRUTH = Truth(
    turns=(
        TrueTurn("a", "agent", 0, 0.0, 4.0, "Thank you for calling.", sentiment="neutral"),
        TrueTurn(
            "c",
            "customer",
            1,
            5.0,
            8.0,
            "My name is Ann Lee.",
            tuple(
                TrueWord(word, 5 + n * 0.6, 5.6 + n * 0.6) for n, word in enumerate(["My", "name", "is", "Ann", "Lee."])
            ),
            sentiment="positive",
        ),
    ),
    language="en",
    pii=(TruePII("PERSON", "Ann Lee", 6.8, 8.0),),
    outcome="resolved",
    summary="the cat sat on the mat",
)
AGENT = said("Thank you for falling.", 0.0, 4.0)
CUSTOMER = said("my name is Ann", 5.1, 7.5, channel=1)
TURNS = (
    Turn(0, "S0", "agent", 0, 0.0, 4.0, AGENT),
    Turn(1, "S1", "customer", 1, 5.1, 7.5, CUSTOMER),
)
SAFE = (
    SafeTurn(0, "S0", "agent", 0, 0.0, 4.0, tuple(SafeWord(w.start, w.end, w.text) for w in AGENT)),
    SafeTurn(
        1, "S1", "customer", 1, 5.1, 7.5,
        (*(SafeWord(w.start, w.end, w.text, 1) for w in CUSTOMER[:3]), SafeWord(6.9, 7.5, "[PERSON_1]", 1, entity="PERSON")),
    ),
)  # fmt: skip
HEARD = Heard(
    duration_s=10.0,
    channels=2,
    seconds={"transcribe": 1.0, "diarize": 0.5},
    words=AGENT + CUSTOMER,
    turns=TURNS,
    spans=(SpeakerSpan("S0", 0.0, 3.0, 0), SpeakerSpan("S1", 5.0, 9.0, 1)),
    language="en",
    safe_turns=SAFE,
    redactions=(Redaction(1, 3, 3, 3, 6.9, 7.5, "PERSON", 0.9, "test"),),
    muted=((6.8, 7.6),),
    sentiment=(Sentiment(0, "neutral", 0.0, 0.1, 0.8, 0.1), Sentiment(1, "negative", -0.5, 0.6, 0.3, 0.1)),
    summary=Summary("", (Statement("the cat lay on the mat", (0,)),), None, "resolved", None),
)


def value(name: str, *rows: tuple[float, ...]) -> str:
    found = estimate(name, list(rows))
    assert found is not None
    return shown(name, found.value)


def test_words_by_hand() -> None:
    found = count_words(TRUTH, HEARD)
    assert found["wer"] == (2, 9)  # calling -> falling, lee dropped; 4 + 5 words
    assert value("wer", found["wer"]) == "0.222"
    assert found["wer_raw"] == (3, 9)  # as written, "My" is not "my" either
    assert value("cer", found["cer"]) == f"{5 / 39:.3f}"  # c -> f, and " lee" of 21 + 18 characters
    assert value("cpwer", found["cpwer"]) == "0.222"
    # Words heard right: my name is ann, each 0.6 s long; starts 5.1+0.6n against 5+0.6n, ends alike: all 0.1 s late.
    assert value("word_time_median_s", found["word_time_median_s"]) == "0.100"
    assert found["language_right"] == (1, 1)
    # Speech 0-4 and 5-8 of 10 s leaves 3 s; no word lies in it.
    assert found["hallucinated_words_per_min"] == (0, pytest.approx(3 / 60))


def test_speakers_by_hand() -> None:
    found = count_speakers(TRUTH, HEARD)
    # True speech: 4 + 3 = 7 s. Missed 3-4 s: 1 s. Found too much 8-9 s: 1 s. Nobody confused.
    assert value("der", found["der"]) == "0.286"
    assert value("miss", found["miss"]) == "0.143"
    assert value("false_alarm", found["false_alarm"]) == "0.143"
    assert value("confusion", found["confusion"]) == "0.000"
    # A collar of 0.25 s on each side of the four true borders takes 0.25 s off at 0, 0.5 s (4 s: 0.25 of speech), ...
    # scored speech: 0.25-3.75 and 5.25-7.75 = 6 s; missed 3-3.75 = 0.75 s; false alarm 8.25-9 = 0.75 s.
    assert value("der_collar_250ms", found["der_collar_250ms"]) == "0.250"
    assert found["speaker_count_right"] == (1, 1)
    assert found["role_accuracy"] == (8, 8)


def test_personal_data_by_hand() -> None:
    found = count_private(TRUTH, HEARD)
    assert found["pii_recall"] == found["pii_recall.PERSON"] == (1, 1)
    assert found["leak_rate"] == (0, 1)
    assert found["pii_precision"] == (1, 1)
    # 6.8-8.0 was said, 6.8-7.6 is muted: 0.4 of 1.2 s stay audible.
    assert found["audible_pii_s"] == (0.4,)
    assert value("audible_pii_share", found["audible_pii_share"]) == "0.333"


def test_meaning_by_hand() -> None:
    found = count_meaning(TRUTH, HEARD)
    # neutral -> neutral, positive -> negative: F1 of neutral 1, of positive and negative 0.
    assert value("sentiment_macro_f1", found["sentiment_macro_f1"]) == "0.333"
    assert found["outcome_right"] == (1, 1)
    # Longest common subsequence "the cat on the mat" = 5 of 6 words both ways.
    assert value("rouge_l", found["rouge_l"]) == "0.833"
    assert found["supported_share"] == (0, 1)  # the cited turn says nothing of it


def test_issue_and_follow_ups_by_hand() -> None:
    truth = Truth(
        issue="The customer lost a debit card.",
        actions=(
            TrueAction("agent", "Send a new card", "by Friday"),
            TrueAction("customer", "Return the form", None),
        ),
    )
    issue = Statement("The customer lost their debit card at the shop.", (0,), True, 1.0)
    made = (
        Action("agent", "The agent will send the customer a letter.", "on Friday", (1,)),
        Action("agent", "The agent will send the customer a letter.", "on Monday", (2,)),
        Action("agent", "The form will be returned.", None, (3,)),
    )
    found = count_meaning(truth, Heard(9.0, 1, {}, summary=Summary("", (), issue, "unknown", None, made)))
    assert found["issue_found"] == (1, 1)
    assert found["actions_found"] == (1, 2)  # the form is another's to return
    assert found["actions_right"] == (1, 3)
    other = Statement("The customer wants a loan.", (0,), True, 1.0)
    assert count_meaning(truth, Heard(9.0, 1, {}, summary=Summary("", (), other, "unknown", None)))["issue_found"] == (
        0,
        1,
    )
    nothing = count_meaning(truth, Heard(9.0, 1, {}, summary=Summary("", (), None, "unknown", None)))
    assert (nothing["issue_found"], nothing["actions_found"], nothing["actions_right"]) == ((0, 1), (0, 2), (0, 0))


def test_a_second_case_by_hand() -> None:
    """One channel, two people confused, an item that leaks, words where nobody speaks."""
    truth = Truth(
        turns=(
            TrueTurn("a", "agent", 0, 0.0, 2.0, "the code please"),
            TrueTurn("c", "customer", 0, 2.0, 4.0, "four four one seven"),
        ),
        language="en",
        pii=(TruePII("CARD", "four four one seven", 2.0, 4.0),),
    )
    words = (*said("the code please", 0.0, 2.0), *said("4417", 2.0, 4.0), Word(8.0, 8.5, "thanks"))
    turn = Turn(0, "S0", "agent", 0, 0.0, 8.5, words)
    safe = SafeTurn(0, "S0", "agent", 0, 0.0, 8.5, tuple(SafeWord(w.start, w.end, w.text) for w in words))
    heard = Heard(
        10.0, 1, {"all": 2.0}, words=words, turns=(turn,), spans=(SpeakerSpan("S0", 0.0, 4.0),), language="es",
        safe_turns=(safe,), redactions=(), muted=(),
    )  # fmt: skip
    words_found = count_words(truth, heard)
    assert words_found["wer"] == (1, 4)  # "the code please 4417" is four words after normalizing; one inserted
    assert words_found["language_right"] == (0, 1)
    assert value("hallucinated_words_per_min", words_found["hallucinated_words_per_min"]) == "10.000"  # 1 word, 6 s
    speakers = count_speakers(truth, heard)
    assert value("der", speakers["der"]) == "0.500"
    assert value("confusion", speakers["confusion"]) == "0.500"
    assert speakers["speaker_count_right"] == (0, 1)
    private = count_private(truth, heard)
    assert private["leak_rate"] == (1, 1)
    assert private["pii_recall"] == (0, 1)
    assert private["audible_pii_s"] == (2.0,)


def test_over_both_cases_counts_are_added() -> None:
    assert value("wer", (2.0, 9.0), (1.0, 4.0)) == "0.231"  # 3 / 13
    assert value("audible_pii_s", (0.4,), (2.0,)) == "2.400"
    assert value("word_time_p95_s", (0.1, 0.2), (0.3, 0.5)) == "0.470"
    assert value("peak_mb", (100.0,), (300.0,)) == "300"


def test_spans_of_text_by_hand() -> None:
    text = "I am Ann Lee, call 555 0142 before May 5."
    turn = TextTurn("customer", text, ((5, 12, "PERSON"), (19, 27, "PHONE"), (35, 40, "")))
    found = count_pii(
        TextRow((turn,)), [[(5, 8, "PERSON"), (19, 27, "PHONE"), (35, 40, "DATE_OF_BIRTH"), (0, 4, "IP")]]
    )
    # Ann Lee: 3 of 6 letters covered, not found. 555 0142 found. May 5 should have stayed.
    assert found["pii_recall"] == (1, 2)
    assert found["pii_precision"] == (2, 4)
    assert found["clean_touched"] == (1, 1)
    assert value("pii_f1", found["pii_f1"]) == "0.500"


def test_a_redaction_over_a_label_that_cannot_be_scored_counts_neither_way() -> None:
    turn = TextTurn("customer", "Acme called", ((0, 4, None),))
    assert count_pii(TextRow((turn,)), [[(0, 4, "PERSON")]])["pii_precision"] == (0, 0)


def test_readable_digits_and_misspelt_names_are_leaks() -> None:
    card = TruePII("CARD", "four five three nine, one four eight eight", 0.0, 4.0)
    assert readable_share(card, said("4539", 1.0, 2.0)) == 0.5
    assert readable_share(card, said("thanks", 1.0, 2.0)) == 0
    assert readable_share(TruePII("PERSON", "Rebecca", 0.0, 1.0), said("Rebeca", 0.0, 1.0)) == 1


def test_an_interval_holds_the_value_and_one_file_has_none() -> None:
    rows = [(1.0, 10.0), (3.0, 10.0), (2.0, 10.0), (0.0, 10.0)]
    found = estimate("wer", rows)
    assert found is not None and found.low is not None and found.high is not None
    assert found.low < found.value == 0.15 < found.high
    assert estimate("wer", rows) == found  # seeded
    alone = estimate("wer", rows[:1])
    assert alone is not None and alone.low is alone.high is None
    assert estimate("wer", [(0.0, 0.0)]) is None
    assert estimate("wer", []) is None


def test_a_ratio_is_paired() -> None:
    """Where one system makes exactly twice the errors of the other on every file, the ratio has no spread."""
    ours = [(1.0, 10.0), (3.0, 10.0), (2.0, 10.0)]
    theirs = [(errors * 2, words) for errors, words in ours]
    found = estimate_ratio("wer", ours, theirs)
    assert found is not None and (found.low, found.value, found.high) == (0.5, 0.5, 0.5)


def test_macro_f1_is_of_the_classes_that_occur() -> None:
    assert macro_f1(confusion("positive", "positive")) == 1
    assert macro_f1((0.0,) * 9) is None


def test_names_are_in_the_order_of_the_figures() -> None:
    assert combine_names([{"rtf": (1, 1)}, {"pii_recall.CARD": (1, 1), "wer": (0, 1), "pii_recall": (1, 1)}]) == [
        "wer", "pii_recall", "pii_recall.CARD", "rtf",
    ]  # fmt: skip
    assert all(figure.about for figure in FIGURES.values())


def test_rouge_is_rouge_scores() -> None:
    summary = Summary("", (Statement("the cat sat on the mat", (0,)),), None, "resolved", None)
    assert rouge_l("the cat sat on the mat", summary) == 1
