"""Topics over the store: clustering, names, what stays from fit to fit, labels from examples."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest

from callkit.app import bench
from callkit.app import topics as app
from callkit.app.topics import Reasons, cluster, describe, match, read_examples, telling_terms
from callkit.config import Config
from callkit.engines.few_shot import few_shot
from callkit.errors import CallkitError
from callkit.model import Call, Embeddings, Outcome, Statement, Summary, Topic
from callkit.store.ledger import Ledger
from callkit.store.reader import Snapshot
from tests.talk import call

WORDS = ("my card was declined", "the parcel is late", "the internet is down")


def reasons(sizes: Sequence[int] = (8, 6, 5), seed: int = 0) -> tuple[Reasons, list[int]]:
    """Calls in clear groups, and the group of each."""
    chance = np.random.default_rng(seed)
    truth = [group for group, size in enumerate(sizes) for _ in range(size)]
    vectors = np.eye(16)[truth] + chance.normal(0, 0.08, (len(truth), 16))
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    return Reasons([f"call-{i}" for i in range(len(truth))], [WORDS[group] for group in truth], vectors), truth


def test_clusters_are_found_without_being_told_how_many() -> None:
    made, truth = reasons()
    labels = cluster(made.vectors)
    assert len(set(zip(labels, truth, strict=True))) == 3
    assert len(set(cluster(made.vectors, 2))) == 2


def test_names_come_from_what_sets_a_topic_apart() -> None:
    terms = telling_terms({0: [f"please hello {WORDS[0]} [PERSON_1]"] * 3, 1: [f"hello {WORDS[1]}"] * 3})
    assert {"card", "declined"} & set(" ".join(terms[0]).split())
    assert "parcel" in " ".join(terms[1])
    assert not any("person" in term or "hello" in term for group in terms.values() for term in group)


def test_a_topic_knows_its_calls() -> None:
    made, truth = reasons()
    found = describe(made, truth, ())
    assert [topic.calls for topic in found] == [8, 6, 5]
    assert all(topic.source == "found" and len(topic.representative_calls) == 3 for topic in found)
    assert set(found[1].representative_calls) <= {f"call-{i}" for i in range(8, 14)}


def test_names_and_numbers_stay_from_fit_to_fit() -> None:
    made, truth = reasons()
    first = describe(made, truth, ())
    named = [
        Topic(t.topic + 10, f"name {t.topic}", "renamed", t.terms, t.calls, (), t.centroid, datetime(2026, 1, 1))
        for t in first
    ]
    later, others = reasons(sizes=(7, 7, 7), seed=1)
    shuffled = [(label + 1) % 3 for label in others]
    again = describe(later, shuffled, named)
    assert sorted((topic.topic, topic.name) for topic in again) == [(10, "name 0"), (11, "name 1"), (12, "name 2")]


def test_a_new_topic_gets_a_new_number() -> None:
    made, truth = reasons()
    old = describe(made, [0 if label < 2 else 1 for label in truth], ())[1:]
    found = describe(made, truth, old)
    assert sorted(topic.topic for topic in found) == [1, 2, 3]


def test_middles_of_another_model_match_nothing() -> None:
    made, truth = reasons()
    assert match({0: np.ones(384, dtype=np.float32)}, describe(made, truth, ())) == {}


def test_a_few_examples_label_the_rest() -> None:
    made, truth = reasons(sizes=(10, 10, 10))
    some = [0, 1, 10, 11, 20, 21]
    assert few_shot(made.vectors[some], [truth[i] for i in some], made.vectors) == truth


@pytest.mark.parametrize("content", ["a,b\n1,2\n", "text,label\nhello,one\n", "text,label\n", ""])
def test_files_that_are_no_examples(tmp_path: Path, content: str) -> None:
    file = tmp_path / "examples.csv"
    file.write_text(content)
    with pytest.raises(CallkitError, match="manifest-invalid"):
        read_examples(file)


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """A store of calls for three reasons, filled through the door that runs use."""
    path = tmp_path / "calls.duckdb"
    made, _ = reasons()
    outcomes = []
    for place, (call_id, text) in enumerate(zip(made.call_ids, made.texts, strict=True)):
        turns = call(("agent", "how can I help"), ("customer", text))
        vectors = np.stack([np.eye(16)[15], made.vectors[place]]).astype("<f2").tobytes()
        summary = Summary("", (), Statement(text, (1,)), "unknown", None)
        facets = {"turns": turns, "embeddings": Embeddings("m", 16, (0, 1), vectors), "summary": summary}
        outcomes.append(Outcome(Call(call_id, f"{call_id}.wav", f"{place:064x}"), facets, ()))
    with Ledger(path) as ledger:
        for outcome in outcomes:
            ledger.commit(outcome)
        ledger.publish()
    return path


def test_fit_rename_and_fit_again(store: Path) -> None:
    found = app.fit(store, config=Config(), topics=3)
    assert [topic.calls for topic in found] == [8, 6, 5]
    renamed = app.rename(store, found[0].topic, "Cards")
    assert renamed.source == "renamed"
    again = app.fit(store, config=Config(), topics=3)
    assert next(topic for topic in again if topic.topic == found[0].topic).name == "Cards"
    with Snapshot(store) as snapshot:
        assert next(topic.name for topic in app.list_topics(snapshot)) == "Cards"
        assert len(snapshot.rows("select * from call_topics")) == 19
    with pytest.raises(CallkitError, match="no topic 99"):
        app.rename(store, 99, "x")


@pytest.mark.model
def test_ten_examples_a_class_label_bank_queries(shared_data: Path, tmp_path: Path) -> None:
    with (shared_data / "text/banking77/test.csv").open(encoding="utf-8", newline="") as lines:
        rows = list(csv.reader(lines))
    some = set(sorted({label for _, label in rows[1:]})[:20])  # of 77, to be quick
    with (tmp_path / "some.csv").open("w", encoding="utf-8", newline="") as lines:
        csv.writer(lines).writerows([rows[0], *(row for row in rows if row[1] in some)])
    found = bench.run([tmp_path / "some.csv"])
    assert found["overall"]["topic_right"]["n"] == 20 * 30
    assert found["overall"]["topic_right"]["value"] >= 0.75
