"""The offline summary against TextRank on consultations with written notes: minutes long, run by hand."""

from __future__ import annotations

import math
import re
from pathlib import Path

import numpy as np
import pytest

from callkit.bench.meaning import rouge_l, supported_sentences
from callkit.bench.systems import Callkit
from callkit.bench.textsets import read_text_set
from callkit.config import Config
from callkit.model import Statement, Summary


def textrank(sentences: list[str], count: int = 3) -> str:
    """The sentences of the highest rank, in order (Mihalcea and Tarau 2004: shared words over the logs of the lengths)."""
    words = [set(re.findall(r"[a-z']+", sentence.lower())) for sentence in sentences]
    size = len(sentences)
    links = np.zeros((size, size))
    for i, one in enumerate(words):
        for j, other in enumerate(words):
            if i != j and len(one) > 1 and len(other) > 1:
                links[i, j] = len(one & other) / (math.log(len(one)) + math.log(len(other)))
    links /= np.maximum(links.sum(1, keepdims=True), 1e-9)
    rank = np.ones(size) / size
    for _ in range(60):
        rank = 0.15 / size + 0.85 * links.T @ rank
    return " ".join(sentences[i] for i in sorted(np.argsort(-rank)[:count]))


def as_summary(text: str) -> Summary:
    return Summary("", (Statement(text, (), None, None),), None, "unknown", None)


@pytest.mark.slow
def test_consultations_are_summed_up_better_than_by_textrank(shared_data: Path) -> None:
    text_set, _ = read_text_set(shared_data / "text/primock57/dialogues_with_notes.jsonl")
    assert text_set is not None
    system = Callkit(Config())
    ours, ranked, supported = [], [], []
    for row in text_set.rows:
        summary, turns = system.summarize(row) or pytest.fail("no summary")
        sentences = [part for turn in row.turns for part in re.split(r"(?<=[.!?])\s+", turn.text) if part]
        ours.append(rouge_l(row.label, summary))
        ranked.append(rouge_l(row.label, as_summary(textrank(sentences))))
        supported.append(supported_sentences(summary, turns))
    print(f"callkit {np.mean(ours):.4f} TextRank {np.mean(ranked):.4f}")
    assert np.mean(ours) - np.mean(ranked) >= 0.025
    assert all(found == all_of for found, all_of in supported)
