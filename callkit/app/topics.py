"""Call reasons and topics over the whole store: found by clustering, or labelled from a few examples.

A call stands for its reason: the embeddings of the turns that its issue rests on, and to a third those of all the customer's
turns. Nothing but the store is read. A topic's terms are the words that set its calls apart (class-based TF-IDF), those
nearest in meaning to its middle first, as KeyBERT ranks (Grootendorst 2020).
"""

from __future__ import annotations

import csv
import dataclasses
import math
import os
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from callkit.app.search import open_embedder
from callkit.engines.few_shot import few_shot
from callkit.errors import CallkitError
from callkit.model import CallTopic, Topic
from callkit.store.ledger import Ledger
from callkit.store.reader import Snapshot

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from callkit.config import Config

FEWEST_CALLS = 6
MOST_TOPICS = 24
SAME_TOPIC = 0.8
TERMS = 8
CANDIDATES = 40
REPRESENTATIVES = 3
SEED = 0
_PLACEHOLDER = re.compile(r"\[[A-Z_0-9]+\]")
_ISSUE_WEIGHT = 2.0


@dataclasses.dataclass(frozen=True, slots=True)
class Reasons:
    """Why each call was made: ids, what the customer said of it, and a unit vector each (calls, dim), by `model`."""

    call_ids: list[str]
    texts: list[str]
    vectors: NDArray[np.float32]
    model: str = ""


def fit(store: str | os.PathLike[str], *, config: Config, topics: int = 0) -> list[Topic]:
    """Find topics (as many as given, else as many as separate best) and store them with each call's.

    A topic that lies where an earlier one did keeps its number and name. Raises `CallkitError("usage")` for fewer than six
    calls.
    """
    with Snapshot(store) as snapshot:
        reasons, earlier = read_reasons(snapshot), list_topics(snapshot)
    if len(reasons.call_ids) < FEWEST_CALLS:
        what = f"{len(reasons.call_ids)} calls with words are too few to find topics in"
        raise CallkitError("usage", what, f"process at least {FEWEST_CALLS} calls first")
    labels = cluster(reasons.vectors, topics)
    embedder = open_embedder(config)
    try:
        # Words of one model cannot be compared with calls of another: then their order is that of TF-IDF.
        embed = embedder.embed if embedder.describe()[1] == reasons.model else None
        found = describe(reasons, labels, [topic for topic in earlier if topic.source != "examples"], embed)
    finally:
        embedder.close()
    return _save(store, reasons, found)


def assign(store: str | os.PathLike[str], examples: Path, *, config: Config) -> list[Topic]:
    """Label every call from a CSV of examples (columns `text` and `label`, a few a label), and store the labels as topics.

    Raises `CallkitError("manifest-invalid")` where the file has other columns or fewer than two labels.
    """
    texts, names = read_examples(examples)
    embedder = open_embedder(config)
    try:
        vectors = embedder.embed(texts)
    finally:
        embedder.close()
    with Snapshot(store) as snapshot:
        reasons = read_reasons(snapshot)
    labels = sorted(set(names))
    guessed = few_shot(vectors, [labels.index(name) for name in names], reasons.vectors)
    found = [
        dataclasses.replace(topic, name=labels[topic.topic], source="examples")
        for topic in describe(reasons, guessed, ())
    ]
    return _save(store, reasons, found)


def rename(store: str | os.PathLike[str], topic: int, name: str) -> Topic:
    """Give a topic a name that later fits keep. Raises `CallkitError("usage")` where there is no such topic."""
    with Snapshot(store) as snapshot:
        known, calls = list_topics(snapshot), _assigned(snapshot)
    if topic not in {one.topic for one in known}:
        raise CallkitError("usage", f"there is no topic {topic}", "`callkit topics` lists them")
    renamed = [dataclasses.replace(one, name=name, source="renamed") if one.topic == topic else one for one in known]
    with Ledger(store) as ledger:
        ledger.replace_topics(renamed, calls)
        ledger.publish()
    return next(one for one in renamed if one.topic == topic)


def stored(store: str | os.PathLike[str]) -> list[Topic]:
    """The topics of a store, the largest first."""
    with Snapshot(store) as snapshot:
        return list_topics(snapshot)


def list_topics(snapshot: Snapshot) -> list[Topic]:
    """The topics stored, the largest first."""
    rows = snapshot.rows("select * from topics order by calls desc, topic")
    return [
        Topic(
            row["topic"],
            row["name"],
            row["source"],
            tuple(row["terms"]),
            row["calls"],
            tuple(row["representative_calls"]),
            tuple(row["centroid"]) if row["centroid"] is not None else None,
            row["fitted_at"],
        )
        for row in rows
    ]


# --- What a call is about ---------------------------------------------------------------------------------------------


def read_reasons(snapshot: Snapshot) -> Reasons:
    """The reason of every call that has customer turns (or any, where no role is known) and embeddings of one model."""
    import numpy as np

    frame = snapshot.df(
        """
        select t.call_id, t.turn, coalesce(t.translation, t.text) as text, e.vector, e.model,
               list_contains(coalesce(s.issue_turns, []), t.turn) as issue
        from turns t
        join embeddings e using (call_id, turn)
        left join summaries s on s.call_id = t.call_id
        where (t.role in ('customer', 'unknown') or list_contains(coalesce(s.issue_turns, []), t.turn))
          and e.model = (select model from embeddings group by model order by count(*) desc, model limit 1)
        order by t.call_id, t.turn
        """
    )
    call_ids: list[str] = []
    texts: list[str] = []
    vectors: list[NDArray[np.float32]] = []
    for call_id, turns in frame.groupby("call_id", sort=True):
        matrix = np.stack([np.asarray(vector, dtype=np.float32) for vector in turns["vector"]])
        issue = turns["issue"].to_numpy(dtype=bool)
        reason = matrix.mean(0) + (_ISSUE_WEIGHT * matrix[issue].mean(0) if issue.any() else 0)
        call_ids.append(str(call_id))
        texts.append(" ".join([*turns["text"][issue], *turns["text"]]))
        vectors.append(reason / (np.linalg.norm(reason) + 1e-9))
    model = str(frame["model"].iloc[0]) if len(frame) else ""
    return Reasons(call_ids, texts, np.stack(vectors) if vectors else np.zeros((0, 0), dtype=np.float32), model)


def read_examples(file: Path) -> tuple[list[str], list[str]]:
    """Texts and labels of a CSV with a header."""
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            rows = [(row["text"].strip(), row["label"].strip()) for row in csv.DictReader(lines)]
    except (KeyError, AttributeError, UnicodeDecodeError, csv.Error):
        what = "the file of examples has no columns text and label"
        raise CallkitError("manifest-invalid", what, "a CSV with a header: text,label") from None
    except OSError:
        raise CallkitError("path-missing", "the file of examples cannot be read", "check --examples") from None
    known = [(text, label) for text, label in rows if text and label]
    if len({label for _, label in known}) < 2:
        raise CallkitError(
            "manifest-invalid", "the file of examples has fewer than two labels", "give a few examples of each"
        )
    return [text for text, _ in known], [label for _, label in known]


# --- Clustering, naming, matching: pure -------------------------------------------------------------------------------


def cluster(vectors: NDArray[np.float32], topics: int = 0) -> list[int]:
    """A cluster number for each unit vector: k-means, k as given or that of the best mean silhouette (Rousseeuw 1987)."""
    import numpy as np
    from sklearn.cluster import KMeans
    from sklearn.metrics import silhouette_score

    most = min(MOST_TOPICS, len(vectors) // 3)
    tries = [min(topics, len(vectors))] if topics else range(2, max(3, most + 1))
    best: tuple[float, list[int]] | None = None
    for k in tries:
        labels = KMeans(n_clusters=k, n_init=4, random_state=SEED).fit_predict(vectors)
        if len(set(labels)) < 2:
            score = -1.0
        else:
            sample = min(2000, len(vectors))
            score = (
                float(silhouette_score(vectors, labels, sample_size=sample, random_state=SEED)) if sample > k else 0.0
            )
        if best is None or score > best[0]:
            best = score, np.asarray(labels).tolist()
    assert best is not None
    return best[1]


def describe(
    reasons: Reasons,
    labels: Sequence[int],
    earlier: Sequence[Topic],
    embed: Callable[[Sequence[str]], NDArray[np.float32]] | None = None,
) -> list[Topic]:
    """Topics from cluster numbers: centroid, terms, name and representative calls; numbers and names of earlier ones kept.

    `embed`: gives terms a place among the calls, so that those that mean what the topic is about come first.
    """
    import numpy as np

    now = datetime.now(UTC).replace(tzinfo=None)
    numbers = sorted(set(labels))
    members = {number: [i for i, label in enumerate(labels) if label == number] for number in numbers}
    middles = {number: _unit(reasons.vectors[members[number]].mean(0)) for number in numbers}
    terms = telling_terms({number: [reasons.texts[i] for i in members[number]] for number in numbers})
    for number in numbers:
        if embed and terms[number]:
            likeness = (embed(terms[number]) @ middles[number]).tolist()
            terms[number] = [term for _, term in sorted(zip(likeness, terms[number], strict=True), reverse=True)]
        terms[number] = _without_parts(terms[number])[:TERMS]
    kept = match(middles, earlier)
    free = max([topic.topic for topic in earlier], default=-1) + 1
    found = []
    for number in numbers:
        known = kept.get(number)
        near = sorted(members[number], key=lambda i: -float(reasons.vectors[i] @ middles[number]))
        fresh = number if not earlier else free
        free += 0 if known or not earlier else 1
        found.append(
            Topic(
                known.topic if known else fresh,
                known.name if known else ", ".join(terms[number][:3]) or f"topic {fresh}",
                known.source if known else "found",
                tuple(terms[number]),
                len(members[number]),
                tuple(reasons.call_ids[i] for i in near[:REPRESENTATIVES]),
                tuple(float(x) for x in np.round(middles[number], 6)),
                now,
            )
        )
    return found


def match(middles: Mapping[int, NDArray[np.float32]], earlier: Sequence[Topic]) -> dict[int, Topic]:
    """Which new cluster is which earlier topic: the best one-to-one match of middles, cosine 0.8 at least (Kuhn 1955)."""
    import numpy as np
    from scipy.optimize import linear_sum_assignment

    width = len(next(iter(middles.values()))) if middles else 0
    known = [topic for topic in earlier if topic.centroid is not None and len(topic.centroid) == width]
    if not known:
        return {}
    numbers = list(middles)
    likeness = np.stack([middles[number] for number in numbers]) @ np.array([topic.centroid for topic in known]).T
    pairs = zip(*linear_sum_assignment(-likeness), strict=True)
    return {numbers[row]: known[column] for row, column in pairs if likeness[row, column] >= SAME_TOPIC}


def telling_terms(texts: Mapping[int, Sequence[str]]) -> dict[int, list[str]]:
    """Words and word pairs that set each group apart, by class-based TF-IDF (Grootendorst 2022, arXiv 2203.05794).

    The best `CANDIDATES` of each group, best first.
    """
    from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

    stop = ENGLISH_STOP_WORDS | _SPOKEN
    counts = {number: Counter(_terms(group, stop)) for number, group in texts.items()}
    total: Counter[str] = sum(counts.values(), Counter())
    average = sum(total.values()) / max(1, len(counts))
    best: dict[int, list[str]] = {}
    for number, counted in counts.items():
        size = sum(counted.values()) or 1
        ranked = sorted(counted, key=lambda term: (-counted[term] / size * math.log(1 + average / total[term]), term))
        best[number] = ranked[:CANDIDATES]
    return best


_SPOKEN = frozenset(
    "ah agent call called calling day don't customer going good got hello hi hope i'd i'll i'm i've it's just know let like need okay "
    "ok oh please really right say says tell thank thanks that's there's think um uh want wanted yeah yes you're".split(
        " "
    )
)


def _terms(texts: Sequence[str], stop: frozenset[str]) -> list[str]:
    found: list[str] = []
    for text in texts:
        words = re.findall(r"[a-z][a-z']+", _PLACEHOLDER.sub(" ", text).lower().replace("’", "'"))
        kept = [word if word not in stop and len(word) > 2 else "" for word in words]
        found += [word for word in kept if word]
        found += [f"{one} {two}" for one, two in pairwise(kept) if one and two]
    return found


def _without_parts(ranked: Sequence[str]) -> list[str]:
    """Terms in order, without those whose words are all in one ahead of them."""
    kept: list[str] = []
    for term in ranked:
        if not any(set(term.split()) & set(other.split()) for other in kept):
            kept.append(term)
    return kept


def _unit(vector: NDArray[np.float32]) -> NDArray[np.float32]:
    import numpy as np

    unit: NDArray[np.float32] = vector / (np.linalg.norm(vector) + 1e-9)
    return unit


def _assigned(snapshot: Snapshot) -> list[CallTopic]:
    rows: list[dict[str, Any]] = snapshot.rows("select call_id, topic, score from call_topics order by call_id")
    return [CallTopic(**row) for row in rows]


def _save(store: str | os.PathLike[str], reasons: Reasons, topics: Sequence[Topic]) -> list[Topic]:
    """Store the topics, each call going to the one it is a member of, and publish."""
    import numpy as np

    middles = np.array([topic.centroid for topic in topics])
    nearest = (reasons.vectors @ middles.T) if len(topics) else np.zeros((0, 0))
    calls = [
        CallTopic(call_id, topics[int(row.argmax())].topic, round(float(row.max()), 4))
        for call_id, row in zip(reasons.call_ids, nearest, strict=True)
    ]
    with Ledger(store) as ledger:
        ledger.replace_topics(list(topics), calls)
        ledger.publish()
    return sorted(topics, key=lambda topic: (-topic.calls, topic.topic))
