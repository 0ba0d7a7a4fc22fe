"""Sentiment: context rules with a scripted model, and the real model on messages and dialogue written for this test.

`golden/sentiment_messages.tsv` and the harder `sentiment_posts.tsv` (customer-service messages), `golden/sentiment_dialogue.tsv` (spoken turns)
and the harder `sentiment_everyday.tsv` (talk among friends) were written by hand for callkit and are not among the training sentences; but templates
were added after reading errors on them: development sets, not held-out ones. Errors on the `_unseen` sets were never read, only counted.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import f1_score

from callkit.config import Config, SentimentSettings, from_dict
from callkit.engines.minilm import by_length, plain
from callkit.engines.minilm_sentiment import WEIGHTS, WEIGHTS_SHA256, load
from callkit.errors import ConfigError, ModelError
from callkit.model import Language, Sentiment
from callkit.registry import build_engine, build_stage, models
from callkit.stages import mood
from callkit.stages.sentiment import SentimentStage
from tests.talk import call, english, inspection, spans_of, turn

SAMPLES = Path(__file__).parent.parent / "sample_calls"
SCORES = {"negative": -1.0, "neutral": 0.0, "positive": 1.0}
GOLDEN = Path(__file__).parent / "golden"
ANGRY, PLAIN, GLAD = (0.9, 0.08, 0.02), (0.05, 0.9, 0.05), (0.02, 0.08, 0.9)


class Scripted:
    """A sentiment model that knows a few texts by heart."""

    name = "scripted"

    def __init__(self, known: dict[str, tuple[float, float, float]]) -> None:
        self.known = known
        self.asked: list[str] = []

    def identity(self) -> dict[str, Any]:
        return {}

    def describe(self) -> tuple[str, str]:
        return "scripted", ""

    def open(self) -> None: ...

    def close(self) -> None: ...

    def score(self, texts: Sequence[str]) -> Any:
        self.asked += texts
        return np.array([self.known.get(text, PLAIN) for text in texts], dtype=np.float32)


def labels(lines: Sequence[tuple[str, str]], known: dict[str, tuple[float, float, float]]) -> list[str]:
    stage = SentimentStage(settings=SentimentSettings(), engine=Scripted(known))
    return [one.label for one in stage.run({"turns": call(*lines), "language": english()})["sentiment"]]


def test_a_polite_goodbye_does_not_end_a_furious_call_well() -> None:
    known = {"This is a disgrace.": ANGRY, "You lied to me.": ANGRY, "Thank you, goodbye.": GLAD}
    lines = (
        ("customer", "This is a disgrace."),
        ("agent", "I see."),
        ("customer", "You lied to me."),
        ("customer", "Thank you, goodbye."),
    )
    assert labels(lines, known)[-1] == "neutral"
    assert labels((("customer", "Thank you, goodbye."),), known) == ["positive"]


def test_more_than_manners_counts_after_anger() -> None:
    known = {"This is a disgrace.": ANGRY, "You have solved it, brilliant work.": GLAD}
    lines = (
        ("customer", "This is a disgrace."),
        ("agent", "Done."),
        ("customer", "You have solved it, brilliant work."),
    )
    assert labels(lines, known)[-1] == "positive"


def test_bare_praise_after_bad_news_is_irony() -> None:
    known = {"Oh, great.": GLAD}
    assert labels((("agent", "Unfortunately we cannot do that."), ("customer", "Oh, great.")), known) == [
        "neutral",
        "negative",
    ]
    assert labels((("agent", "It is done."), ("customer", "Oh, great.")), known) == ["neutral", "positive"]


def test_unknown_languages_are_left_out_and_translations_count() -> None:
    engine = Scripted({"Nothing works.": ANGRY})
    stage = SentimentStage(settings=SentimentSettings(), engine=engine)
    (spanish,) = call(("customer", "Nada funciona."))
    assert stage.run({"turns": (spanish,), "language": Language("es", 0.9)})["sentiment"] == ()
    translated = type(spanish)(
        **{name: getattr(spanish, name) for name in spanish.__dataclass_fields__} | {"translation": "Nothing works."}
    )
    (found,) = stage.run({"turns": (translated,), "language": Language("es", 0.9)})["sentiment"]
    assert found.label == "negative"
    assert engine.asked == ["Nothing works."]


def test_many_calls_at_once_get_the_same_answers() -> None:
    known = {"This is a disgrace.": ANGRY, "Thank you, goodbye.": GLAD}
    stage = SentimentStage(settings=SentimentSettings(), engine=Scripted(known))
    calls = [
        call(("customer", "This is a disgrace.")),
        (),
        call(("customer", "Thank you, goodbye."), ("agent", "Bye.")),
    ]
    givens = [{"turns": turns, "language": english()} for turns in calls]
    assert stage.run_many(givens) == [stage.run(given) for given in givens]


def test_a_call_without_words_has_no_sentiment() -> None:
    stage = SentimentStage(settings=SentimentSettings(), engine=Scripted({}))
    assert stage.run({"turns": (), "language": english()}) == {"sentiment": ()}


def test_probabilities_add_up() -> None:
    stage = SentimentStage(settings=SentimentSettings(), engine=Scripted({"So so.": (0.3333, 0.3333, 0.3334)}))
    (found,) = stage.run({"turns": call(("customer", "So so.")), "language": english()})["sentiment"]
    assert found.negative + found.neutral + found.positive == pytest.approx(1)
    assert found.score == pytest.approx(found.positive - found.negative, abs=1e-9)


def test_batches_hold_similar_lengths_and_every_text() -> None:
    batches = list(by_length([50, 3, 4, 60, 3], tokens=100))
    assert sorted(index for batch in batches for index in batch) == [0, 1, 2, 3, 4]
    assert batches == [[1, 4, 2], [0], [3]]


def test_placeholders_are_read_as_words() -> None:
    assert (
        plain("I am [PERSON_1], my card is [CARD] and born [DATE_OF_BIRTH].")
        == "I am person, my card is card and born date of birth."
    )


def test_weights_that_were_changed_are_refused(tmp_path: Path) -> None:
    changed = tmp_path / "weights.safetensors"
    changed.write_bytes(WEIGHTS.read_bytes()[:-1] + b"x")
    with pytest.raises(ModelError, match="model-corrupt"):
        load("nowhere", changed, WEIGHTS_SHA256, 1)


def test_weights_are_small() -> None:
    assert WEIGHTS.stat().st_size < 25_000_000


# --- Real models ------------------------------------------------------------------------------------------------------


def golden(name: str) -> tuple[list[str], list[int]]:
    rows = [line.split("\t") for line in (GOLDEN / f"sentiment_{name}.tsv").read_text("utf-8").splitlines()[1:]]
    return [text for _, text in rows], [("negative", "neutral", "positive").index(label) for label, _ in rows]


@pytest.fixture(scope="module")
def engine() -> Any:
    made = build_engine("sentiment", "minilm", Config())
    made.open()
    return made


@pytest.mark.model
@pytest.mark.parametrize(
    ("name", "floor"),
    [
        ("messages", 0.85),
        ("dialogue", 0.85),
        ("messages_unseen", 0.75),
        ("dialogue_unseen", 0.82),
        ("posts_unseen", 0.6),
        ("everyday_unseen", 0.55),
    ],
)
def test_macro_f1_on_sentences_it_was_not_trained_on(engine: Any, name: str, floor: float) -> None:
    texts, truth = golden(name)
    assert f1_score(truth, engine.score(texts).argmax(axis=1), average="macro") >= floor


@pytest.mark.model
def test_complaint_without_emotional_words_is_negative(engine: Any) -> None:
    texts = [
        "I have called three times and it is still not fixed.",
        "You charged me twice again.",
        "My card number is four two seven one.",
    ]
    assert engine.score(texts).argmax(axis=1).tolist() == [0, 0, 1]


@pytest.mark.model
def test_the_same_text_scores_the_same_in_any_company(engine: Any) -> None:
    alone = engine.score(["That is great, thank you."])
    among = engine.score(
        ["No.", "That is great, thank you.", "a longer text about the delivery of a parcel that is late " * 3]
    )
    assert np.allclose(alone[0], among[1], atol=1e-5)


@pytest.mark.model
@pytest.mark.parametrize("furious_first", [True, False])
def test_furious_to_satisfied_and_the_reverse(engine: Any, furious_first: bool) -> None:
    bad = [
        "You charged me twice again, this is ridiculous.",
        "This is the third time I have called and nobody does anything.",
        "I am furious.",
    ]
    good = [
        "Oh wonderful, that was quick.",
        "I am very happy with that.",
        "Thank you so much, you have been really helpful.",
    ]
    said = [*bad, *good] if furious_first else [*good, *bad]
    turns = call(*[pair for text in said for pair in (("customer", text), ("agent", "I see. One moment, please."))])
    sentiment: tuple[Sentiment, ...] = SentimentStage(settings=SentimentSettings(), engine=engine).run(
        {"turns": turns, "language": english()}
    )["sentiment"]
    given = {"turns": turns, "speaker_spans": spans_of(turns), "inspection": inspection(turns[-1].end), "loudness": ()}
    given["language"] = english()
    metrics = build_stage("metrics", Config()).run(given | {"sentiment": sentiment})["metrics"]
    sign = 1 if furious_first else -1
    assert metrics.call["turning_turn"] == 6
    assert sign * metrics.call["customer_sentiment_change"] > 0.8
    assert sign * metrics.call["customer_final_sentiment"] > 0.2


@pytest.mark.model
@pytest.mark.parametrize(("name", "sign"), [("billing-dispute", 1), ("delayed-delivery", -1)])
def test_the_mood_of_the_sample_calls_turns_where_their_labels_say(engine: Any, name: str, sign: int) -> None:
    said = json.loads((SAMPLES / f"{name}.json").read_text("utf-8"))["turns"]
    turns = tuple(turn(i, one["role"], one["text"], one["start"], one["end"]) for i, one in enumerate(said))
    given = {"turns": turns, "language": english()}
    sentiment = SentimentStage(settings=SentimentSettings(), engine=engine).run(given)["sentiment"]
    felt = [mood.Point(i, 0, 1, SCORES[one["sentiment"]]) for i, one in enumerate(said) if one.get("sentiment")]
    facts = {"speaker_spans": spans_of(turns), "inspection": inspection(turns[-1].end), "loudness": ()}
    figures = build_stage("metrics", Config()).run(given | facts | {"sentiment": sentiment})["metrics"].call
    assert figures["turning_turn"] == mood.turning_point(felt) == 5
    assert sign * figures["customer_sentiment_change"] > 1
    assert sign * figures["customer_final_sentiment"] > 0.3


@pytest.fixture(scope="module")
def tiny_classifier(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A randomly initialised text classifier in a folder, with the words of the embedding model's tokenizer."""
    from callkit.engines.torchaudio_shim import ensure_torchaudio

    ensure_torchaudio()
    import torch
    from transformers import AutoTokenizer, BertConfig, BertForSequenceClassification

    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("classifier")
    tokenizer = AutoTokenizer.from_pretrained(str(models(Config()).path("all-minilm-l6-v2")))
    size = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16}
    stars = {0: "1 star", 1: "3 stars", 2: "5 stars"}
    shape = BertConfig(vocab_size=len(tokenizer), num_labels=3, id2label=stars, **size)
    BertForSequenceClassification(shape).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@pytest.mark.model
def test_any_text_classifier_by_folder(tiny_classifier: Path) -> None:
    config = from_dict({"sentiment": {"engine": "transformers", "model": str(tiny_classifier)}})
    stage = build_stage("sentiment", config)
    stage.open()
    found = stage.run({"turns": call(("customer", "It works now."), ("agent", "Good.")), "language": english()})[
        "sentiment"
    ]
    assert [one.turn for one in found] == [0, 1]
    assert all(0 <= one.negative <= 1 for one in found)


@pytest.mark.model
def test_a_classifier_of_something_else_is_refused(tiny_classifier: Path, tmp_path: Path) -> None:
    import json
    import shutil

    other = shutil.copytree(tiny_classifier, tmp_path / "other")
    content = json.loads((other / "config.json").read_text())
    (other / "config.json").write_text(json.dumps(content | {"id2label": {"0": "cat", "1": "dog", "2": "5 stars"}}))
    engine = build_engine("sentiment", "transformers", from_dict({"sentiment": {"model": str(other)}}))
    with pytest.raises(ConfigError, match="2 classes"):
        engine.open()
