"""Embeddings of the turns."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from callkit.config import Config
from callkit.registry import build_stage
from tests.talk import call

pytestmark = pytest.mark.model


@pytest.fixture(scope="module")
def embed() -> Any:
    stage = build_stage("embed", Config())
    stage.open()
    return stage


def vectors_of(embeddings: Any) -> np.ndarray[Any, Any]:
    return (
        np.frombuffer(embeddings.vectors, dtype="<f2").reshape(len(embeddings.turns), embeddings.dim).astype(np.float32)
    )


def test_one_unit_vector_a_turn_near_in_meaning(embed: Any) -> None:
    turns = call(
        ("customer", "My card was stolen."), ("customer", "Somebody took my bank card."), ("agent", "It will rain.")
    )
    embeddings = embed.run({"turns": turns})["embeddings"]
    vectors = vectors_of(embeddings)
    assert embeddings.turns == (0, 1, 2)
    assert vectors.shape == (3, 384)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=2e-3)
    assert vectors[0] @ vectors[1] > 0.6 > vectors[0] @ vectors[2] + 0.3


def test_many_calls_at_once_get_the_same_vectors(embed: Any) -> None:
    calls = [
        call(("agent", "Hello there.")),
        (),
        call(("customer", "Hi."), ("agent", "How can I help you with your long order?")),
    ]
    many = [one["embeddings"] for one in embed.run_many([{"turns": turns} for turns in calls])]
    for turns, together in zip(calls, many, strict=True):
        alone = embed.run({"turns": turns})["embeddings"]
        assert alone.turns == together.turns
        assert np.allclose(vectors_of(alone), vectors_of(together), atol=2e-3)
