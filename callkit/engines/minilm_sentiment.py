"""Sentiment of short spoken texts: all-MiniLM-L6-v2 with its upper layers and a head trained for calls."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from callkit.engines.minilm import Encoder
from callkit.errors import ModelError
from callkit.protocols import JSON

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from callkit.config import SentimentSettings
    from callkit.models import Models

BASE = "all-minilm-l6-v2"
WEIGHTS = Path(__file__).parent / "data" / "minilm_sentiment.safetensors"
WEIGHTS_SHA256 = "572d6f46a07fc8030b60faa977310c3f87ab9dcfb1fa07e29e2d06515ff7015c"


class MiniLMSentiment:
    """The committed weights (what training changed, and the head) over the MiniLM of the pip package.

    Trained by `callkit.engines.training.sentiment` on GoEmotions (CC BY 4.0) and on call-like sentences of our own; its
    docstring and the README hold the measured figures. English only. Temperature-scaled (Guo et al. 2017, arXiv
    1706.04599), so that the probabilities may be read as such.
    """

    name = "minilm"
    languages = frozenset({"en"})

    def __init__(self, *, settings: SentimentSettings, models: Models, cores: int) -> None:
        self.settings = settings
        self.models = models
        self.cores = cores
        self.encoder: Encoder | None = None
        self.head: Any = None

    def identity(self) -> Mapping[str, JSON]:
        return {"engine": self.name, "base": self.models.digest(BASE), "weights": WEIGHTS_SHA256}

    def describe(self) -> tuple[str, str]:
        return self.name, f"{BASE} + {WEIGHTS.stem}"

    def open(self) -> None:
        if self.encoder is None:
            self.encoder, self.head = load(str(self.models.path(BASE)), WEIGHTS, WEIGHTS_SHA256, self.cores)

    def score(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """(len(texts), 3) calibrated probabilities: negative, neutral, positive."""
        self.open()
        assert self.encoder is not None
        return self.encoder.run(texts, self.head, 3)

    def close(self) -> None:
        self.encoder = self.head = None


def load(base: str, weights: Path, sha256: str, cores: int) -> tuple[Encoder, Any]:
    """The encoder with the trained layers in place, and the head: (batch, 384) -> probabilities (batch, 3).

    Raises `ModelError("model-corrupt")` if the weights are not those that were released.
    """
    found = hashlib.sha256(weights.read_bytes()).hexdigest()
    if found != sha256:
        what = f"{weights.name} has SHA-256 {found[:12]}..., expected {sha256[:12]}..."
        raise ModelError("model-corrupt", what, "reinstall callkit")
    encoder = Encoder(base, cores)
    import torch
    from safetensors.torch import load_file

    tensors = {name: tensor.to(torch.float32) for name, tensor in load_file(weights).items()}
    weight, bias = tensors.pop("head.weight"), tensors.pop("head.bias")
    encoder.network.load_state_dict(tensors, strict=False)
    return encoder, lambda pooled: torch.softmax(pooled @ weight.T + bias, dim=-1)
