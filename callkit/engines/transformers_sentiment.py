"""Sentiment by any transformers text-classification model, from a local folder or a hub name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from callkit.engines.minilm import by_length, plain
from callkit.engines.torchaudio_shim import ensure_torchaudio
from callkit.errors import ConfigError
from callkit.protocols import JSON

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from callkit.config import SentimentSettings
    from callkit.models import Models

#: What models call the three classes, in lower case; star ratings count 1-2, 3 and 4-5.
CLASS_NAMES: dict[str, int] = {
    **dict.fromkeys(("negative", "neg", "label_0", "1 star", "2 stars", "very negative"), 0),
    **dict.fromkeys(("neutral", "neu", "label_1", "3 stars", "mixed"), 1),
    **dict.fromkeys(("positive", "pos", "label_2", "4 stars", "5 stars", "very positive"), 2),
}


class TransformersSentiment:
    """Probabilities of a sequence-classification model, its classes added up to negative, neutral and positive.

    `[sentiment] model` names it. Its labels must be among `CLASS_NAMES`; with two classes neutral is always 0.
    Raises `ConfigError("config-invalid")` where a label is unknown or no model is named.
    """

    name = "transformers"

    def __init__(self, *, settings: SentimentSettings, models: Models, cores: int) -> None:
        self.settings = settings
        self.models = models
        self.cores = cores
        self.network: Any = None
        self.tokenizer: Any = None
        self.classes: list[int] = []

    def identity(self) -> Mapping[str, JSON]:
        return {"engine": self.name, "model": self.settings.model, "digest": self.models.digest(self.settings.model)}

    def describe(self) -> tuple[str, str]:
        return self.name, self.settings.model

    def open(self) -> None:
        if self.network is not None:
            return
        if not self.settings.model:
            raise ConfigError("config-invalid", "sentiment.model is empty", "name a folder or a hub model")
        ensure_torchaudio()
        import torch
        from transformers import AutoModelForSequenceClassification, AutoTokenizer

        torch.set_num_threads(self.cores)
        folder = str(self.models.path(self.settings.model))
        network = AutoModelForSequenceClassification.from_pretrained(folder, local_files_only=True, dtype=torch.float32)
        names = [str(network.config.id2label[index]).lower() for index in range(network.config.num_labels)]
        unknown = [name for name in names if name not in CLASS_NAMES]
        if unknown:
            what = f"sentiment.model has {len(unknown)} classes whose names callkit does not know as negative, neutral or positive"
            raise ConfigError("config-invalid", what, "rename its labels in config.json (id2label)")
        self.classes = [CLASS_NAMES[name] for name in names]
        self.tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
        self.network = network.eval()

    def score(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """(len(texts), 3) probabilities: negative, neutral, positive."""
        import numpy as np
        import torch

        self.open()
        unique = list(dict.fromkeys(plain(text) for text in texts))
        place = {text: index for index, text in enumerate(unique)}
        out = np.zeros((len(unique), 3), dtype=np.float32)
        tokens = self.tokenizer(unique, truncation=True, max_length=256)["input_ids"] if unique else []
        with torch.inference_mode():
            for batch in by_length([len(ids) for ids in tokens]):
                padded = self.tokenizer.pad({"input_ids": [tokens[index] for index in batch]}, return_tensors="pt")
                shares = torch.softmax(self.network(**padded).logits, dim=-1).numpy()
                for column, label in enumerate(self.classes):
                    out[batch, label] += shares[:, column]
        return out[[place[plain(text)] for text in texts]]

    def close(self) -> None:
        self.network = self.tokenizer = None
