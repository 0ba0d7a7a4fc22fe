"""Abstractive narrative by any transformers sequence-to-sequence summarizer, from a local folder or a hub name."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from callkit.engines.extractive import ExtractiveSummarizer
from callkit.engines.minilm import plain
from callkit.engines.support import Support
from callkit.engines.torchaudio_shim import ensure_torchaudio
from callkit.errors import ConfigError
from callkit.model import Embeddings, SafeTurn, Statement, Summary
from callkit.protocols import JSON

if TYPE_CHECKING:
    from callkit.config import SummarizeSettings
    from callkit.models import Models

LONGEST_TOKENS = 1024
NEW_TOKENS = 120
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+")


class TransformersSummarizer:
    """The model writes the narrative; issue, outcome, actions and chapters stay extractive. Each sentence is checked.

    `[summarize] model` names a model with an encoder and a decoder (BART, T5, Pegasus and the like), trained on dialogue at
    best. A call longer than it can read is written up piece by piece. Beam search, so the same answer twice.
    """

    name = "transformers"
    languages = frozenset({"en"})

    def __init__(self, *, settings: SummarizeSettings, models: Models, cores: int) -> None:
        self.settings = settings
        self.models = models
        self.cores = cores
        self.extractive = ExtractiveSummarizer(settings=settings, models=models, cores=cores)
        self.network: Any = None
        self.tokenizer: Any = None

    def identity(self) -> Mapping[str, JSON]:
        digest = self.models.digest(self.settings.model)
        return {"engine": self.name, "model": self.settings.model, "digest": digest, "rest": self.extractive.identity()}

    def describe(self) -> tuple[str, str]:
        return self.name, self.settings.model

    def open(self) -> None:
        if self.network is not None:
            return
        if not self.settings.model:
            raise ConfigError("config-invalid", "summarize.model is empty", "name a folder or a hub model")
        ensure_torchaudio()
        import torch
        from transformers import AutoConfig, AutoModelForSeq2SeqLM, AutoTokenizer

        torch.set_num_threads(self.cores)
        folder = str(self.models.path(self.settings.model))
        if not AutoConfig.from_pretrained(folder, local_files_only=True).is_encoder_decoder:
            what = "summarize.model has no encoder and decoder, so it is no summarizer"
            raise ConfigError("config-invalid", what, "serve a chat model behind an endpoint and use engine openai")
        self.tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
        self.network = AutoModelForSeq2SeqLM.from_pretrained(folder, local_files_only=True).eval()
        self.extractive.open()

    def summarize(self, turns: Sequence[SafeTurn], embeddings: Embeddings) -> Summary:
        """As the extractive summary, with a written narrative whose unsupported sentences are marked."""
        self.open()
        summary = self.extractive.summarize(turns, embeddings)
        if not any(turn.words for turn in turns):
            return summary
        support = Support(turns, self.extractive.embedder)
        written = " ".join(self._write(piece) for piece in self._pieces(turns))
        sentences = [sentence.strip() for sentence in _SENTENCE_END.split(written) if sentence.strip()]
        statements: tuple[Statement, ...] = tuple(support.check(sentence) for sentence in sentences)
        return dataclasses.replace(summary, summary=statements)

    def _write(self, text: str) -> str:
        import torch

        tokens = self.tokenizer(text, truncation=True, max_length=self._room(), return_tensors="pt")
        asked = {"input_ids": tokens["input_ids"], "attention_mask": tokens["attention_mask"]}
        with torch.inference_mode():
            written = self.network.generate(**asked, num_beams=4, do_sample=False, max_new_tokens=NEW_TOKENS)
        return str(self.tokenizer.decode(written[0], skip_special_tokens=True)).strip()

    def _pieces(self, turns: Sequence[SafeTurn]) -> Iterator[str]:
        """The dialogue, a line a turn, in pieces that the model can read."""
        piece: list[str] = []
        used, room = 0, self._room()
        for turn in turns:
            line = f"{turn.role.capitalize()}: {plain(turn.translation or turn.text)}"
            length = len(self.tokenizer(line)["input_ids"])
            if piece and used + length > room:
                yield "\n".join(piece)
                piece, used = [], 0
            piece.append(line)
            used += length
        if piece:
            yield "\n".join(piece)

    def _room(self) -> int:
        return int(min(self.tokenizer.model_max_length, LONGEST_TOKENS))

    def close(self) -> None:
        self.network = self.tokenizer = None
        self.extractive.close()
