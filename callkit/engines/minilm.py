"""Sentence embeddings with all-MiniLM-L6-v2 (or any BERT-like encoder that mean-pools its tokens)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from callkit.engines.torchaudio_shim import ensure_torchaudio
from callkit.protocols import JSON

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from callkit.config import EmbedSettings
    from callkit.models import Models

MAX_TOKENS = 128
TOKENS_A_BATCH = 4096
_PLACEHOLDER = re.compile(r"\[([A-Z]+(?:_[A-Z]+)*)(?:_\d+)?\]")


def plain(text: str) -> str:
    """A safe text as an encoder should read it: `[PERSON_1]` is the word "person", not six pieces of punctuation."""
    return _PLACEHOLDER.sub(lambda found: found.group(1).replace("_", " ").lower(), text).strip()


def by_length(lengths: Sequence[int], tokens: int = TOKENS_A_BATCH) -> Iterator[list[int]]:
    """Indices in batches of similar length, shortest first, each batch padding to at most `tokens` tokens."""
    batch: list[int] = []
    for index in sorted(range(len(lengths)), key=lengths.__getitem__):
        if batch and (len(batch) + 1) * lengths[index] > tokens:
            yield batch
            batch = []
        batch.append(index)
    if batch:
        yield batch


class Encoder:
    """A tokenizer and an encoder from a local folder, run over texts in batches of similar length.

    Args of the constructor: the folder, and how many cores torch may use. Equal texts are encoded once.
    """

    def __init__(self, folder: str, cores: int) -> None:
        ensure_torchaudio()
        import torch
        from transformers import AutoModel, AutoTokenizer

        torch.set_num_threads(cores)
        self.tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
        self.network = AutoModel.from_pretrained(folder, local_files_only=True, dtype=torch.float32).eval()

    def run(self, texts: Sequence[str], finish: Callable[[Any], Any], width: int) -> NDArray[np.float32]:
        """(len(texts), width): `finish` of the mean of each text's token vectors, (batch, dim) -> (batch, width)."""
        import numpy as np
        import torch

        unique = list(dict.fromkeys(plain(text) for text in texts))
        place = {text: index for index, text in enumerate(unique)}
        out = np.zeros((len(unique), width), dtype=np.float32)
        tokens = self.tokenizer(unique, truncation=True, max_length=MAX_TOKENS)["input_ids"] if unique else []
        with torch.inference_mode():
            for batch in by_length([len(ids) for ids in tokens]):
                padded = self.tokenizer.pad({"input_ids": [tokens[index] for index in batch]}, return_tensors="pt")
                states = self.network(**padded).last_hidden_state
                out[batch] = finish(mean_pool(states, padded["attention_mask"])).numpy()
        return out[[place[plain(text)] for text in texts]] if len(texts) else out


def mean_pool(states: Any, mask: Any) -> Any:
    """Mean of the token vectors (batch, tokens, dim) that `mask` (batch, tokens) keeps."""
    weights = mask.unsqueeze(-1).to(states.dtype)
    return (states * weights).sum(1) / weights.sum(1)


class MiniLM:
    """all-MiniLM-L6-v2 by transformers: mean-pooled, unit-length vectors of 384 numbers.

    Source: sentence-transformers/all-MiniLM-L6-v2 (Apache-2.0); Reimers and Gurevych 2019, arXiv 1908.10084.
    `[embed] model` may name any BERT-like encoder by hub name or local folder.
    """

    name = "minilm"

    def __init__(self, *, settings: EmbedSettings, models: Models, cores: int) -> None:
        self.settings = settings
        self.models = models
        self.cores = cores
        self.dim = 384
        self.encoder: Encoder | None = None

    def identity(self) -> Mapping[str, JSON]:
        return {"engine": self.name, "model": self.settings.model, "digest": self.models.digest(self.settings.model)}

    def describe(self) -> tuple[str, str]:
        return self.name, self.settings.model

    def open(self) -> None:
        if self.encoder is None:
            self.encoder = Encoder(str(self.models.path(self.settings.model)), self.cores)
            self.dim = int(self.encoder.network.config.hidden_size)

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """(len(texts), dim), each of unit length."""
        from torch.nn.functional import normalize

        if self.encoder is None:
            self.open()
        assert self.encoder is not None
        return self.encoder.run(texts, normalize, self.dim)

    def close(self) -> None:
        self.encoder = None
