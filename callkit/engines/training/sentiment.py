"""Train the sentiment weights: `python -m callkit.engines.training.sentiment --goemotions FOLDER --out FILE`.

Data: GoEmotions (Demszky et al. 2020, arXiv 2005.00547; CC BY 4.0), grouped labels, and the call-like sentences of
`call_sentences.toml`, expanded by `sentences.py`. The lower layers of MiniLM stay as they are, so their output is computed
once; only the upper layers and the head are trained. Same seed, same data, same machine: same weights. The defaults are what
the released weights were made with: 36,000 comments, 9,073 sentences, 22 minutes on two busy cores.
"""

from __future__ import annotations

import argparse
import hashlib
import logging
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from callkit.engines.minilm import Encoder, by_length, mean_pool, plain
from callkit.engines.training.sentences import call_sentences
from callkit.models import Models

log = logging.getLogger("callkit.training")
NEGATIVE, NEUTRAL, POSITIVE = 0, 1, 2
MAX_TOKENS = 48


@dataclass(frozen=True, slots=True)
class Example:
    """A text, its label (0 negative, 1 neutral, 2 positive) and its weight in the loss."""

    text: str
    label: int
    weight: float = 1.0


def goemotions(file: Path) -> list[Example]:
    """Comments with one clear label; "ambiguous" ones (surprise, curiosity, confusion) count as half a neutral."""
    labels = {"0": (NEUTRAL, 0.5), "1": (NEGATIVE, 1.0), "2": (NEUTRAL, 1.0), "3": (POSITIVE, 1.0)}
    rows = [line.split("\t") for line in file.read_text("utf-8").splitlines()]
    return [Example(row[0], *labels[row[1]]) for row in rows if len(row) == 3 and row[1] in labels]


class LowerLayers:
    """The frozen part's output for every text, float16, computed once: token states and lengths."""

    def __init__(self, encoder: Encoder, texts: Sequence[str], trained_layers: int) -> None:
        import numpy as np
        import torch

        network = encoder.network
        layers = network.encoder.layer
        kept = layers[: len(layers) - trained_layers]
        tokens = encoder.tokenizer([plain(text) for text in texts], truncation=True, max_length=MAX_TOKENS)["input_ids"]
        self.lengths = np.array([len(ids) for ids in tokens])
        self.starts = np.concatenate([[0], np.cumsum(self.lengths)])
        self.states = torch.empty((int(self.starts[-1]), network.config.hidden_size), dtype=torch.float16)
        with torch.inference_mode(), torch.autocast("cpu", dtype=torch.bfloat16):
            for batch in by_length(list(self.lengths)):
                padded = encoder.tokenizer.pad({"input_ids": [tokens[i] for i in batch]}, return_tensors="pt")
                hidden, mask = network.embeddings(input_ids=padded["input_ids"]), padded["attention_mask"]
                for layer in kept:
                    hidden = run_layer(layer, hidden, mask)
                for row, i in enumerate(batch):
                    self.states[self.starts[i] : self.starts[i + 1]] = hidden[row, : self.lengths[i]].half()

    def batch(self, indices: Sequence[int]) -> tuple[Any, Any]:
        """Padded states (batch, tokens, dim) and mask (batch, tokens)."""
        import torch

        longest = int(self.lengths[list(indices)].max())
        states = torch.zeros((len(indices), longest, self.states.shape[1]))
        mask = torch.zeros((len(indices), longest), dtype=torch.long)
        for row, i in enumerate(indices):
            length = int(self.lengths[i])
            states[row, :length] = self.states[self.starts[i] : self.starts[i + 1]].float()
            mask[row, :length] = 1
        return states, mask


def run_layer(layer: Any, hidden: Any, mask: Any) -> Any:
    """One transformer layer over padded states; `mask` is 1 where there is a token."""
    import torch

    keep = mask[:, None, None, :].to(torch.bool)
    out = layer(hidden, attention_mask=keep)
    return out[0] if isinstance(out, tuple) else out


class Trainee:
    """The upper layers and the head, over states that `LowerLayers` holds."""

    def __init__(self, encoder: Encoder, trained_layers: int) -> None:
        import torch

        layers = encoder.network.encoder.layer
        self.first = len(layers) - trained_layers
        self.layers = torch.nn.ModuleList(layers[self.first :])
        self.head = torch.nn.Linear(encoder.network.config.hidden_size, 3)

    def logits(self, states: Any, mask: Any) -> Any:
        for layer in self.layers:
            states = run_layer(layer, states, mask)
        return self.head(mean_pool(states, mask))

    def parameters(self) -> list[Any]:
        return [*self.layers.parameters(), *self.head.parameters()]

    def weights(self, temperature: float) -> dict[str, Any]:
        """What is released: the trained layers under the encoder's own names, and the head divided by the temperature."""
        tensors = {
            f"encoder.layer.{self.first + number}.{name}": value
            for number, layer in enumerate(self.layers)
            for name, value in layer.state_dict().items()
        }
        head = {"head.weight": self.head.weight / temperature, "head.bias": self.head.bias / temperature}
        return {name: value.detach().half().contiguous() for name, value in {**tensors, **head}.items()}


def train(trainee: Trainee, lower: LowerLayers, examples: Sequence[Example], *, epochs: int, seed: int) -> None:
    """AdamW with warm-up and linear decay over class-balanced cross-entropy with label smoothing 0.1."""
    import torch

    chance = random.Random(seed)
    labels = torch.tensor([example.label for example in examples])
    weights = torch.tensor([example.weight for example in examples])
    totals = torch.stack([weights[labels == label].sum() for label in range(3)])
    weights = weights * (totals.sum() / (3 * totals))[labels]
    groups = [
        {"params": list(trainee.layers.parameters()), "lr": 1e-4},
        {"params": trainee.head.parameters(), "lr": 2e-3},
    ]
    optimizer = torch.optim.AdamW(groups, weight_decay=0.01)
    size, step = 64, 0
    steps = epochs * (len(examples) // size)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda s: min(s / (0.06 * steps), (steps - s) / steps))
    for epoch in range(epochs):
        for batch in shuffled_batches(lower.lengths, size, chance):
            states, mask = lower.batch(batch)
            with torch.autocast("cpu", dtype=torch.bfloat16):
                logits = trainee.logits(states, mask)
            loss = torch.nn.functional.cross_entropy(
                logits.float(), labels[batch], reduction="none", label_smoothing=0.1
            )
            optimizer.zero_grad()
            torch.autograd.backward((loss * weights[batch]).mean())
            torch.nn.utils.clip_grad_norm_(trainee.parameters(), 1.0)
            optimizer.step()
            step += 1
            if step < steps:
                schedule.step()
            if step % 100 == 0:
                log.info("epoch %d step %d of %d loss %.3f", epoch, step, steps, float(loss.detach().mean()))


def shuffled_batches(lengths: Any, size: int, chance: random.Random) -> list[list[int]]:
    """Every index once, in random batches of similar length: shuffle, sort stretches of 32 batches, shuffle the batches."""
    order = list(range(len(lengths)))
    chance.shuffle(order)
    stretch = size * 32
    batches = []
    for start in range(0, len(order), stretch):
        part = sorted(order[start : start + stretch], key=lengths.__getitem__)
        batches += [part[i : i + size] for i in range(0, len(part), size)]
    chance.shuffle(batches)
    return batches


def logits_of(trainee: Trainee, lower: LowerLayers) -> Any:
    """(texts, 3) logits, in order."""
    import torch

    out = torch.zeros((len(lower.lengths), 3))
    with torch.inference_mode(), torch.autocast("cpu", dtype=torch.bfloat16):
        for batch in by_length(list(lower.lengths)):
            out[batch] = trainee.logits(*lower.batch(batch)).float()
    return out


def fit_temperature(logits: Any, labels: Any) -> float:
    """The temperature of the least negative log-likelihood on held-out data (Guo et al. 2017)."""
    import torch

    grid = [0.5 + 0.05 * step for step in range(50)]
    return min(grid, key=lambda t: float(torch.nn.functional.cross_entropy(logits / t, labels)))


def macro_f1(labels: Any, predicted: Any) -> float:
    from sklearn.metrics import f1_score

    return float(f1_score(labels, predicted, average="macro"))


def main() -> None:
    import torch
    from safetensors.torch import save_file

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--goemotions", type=Path, required=True, help="folder of train.tsv and dev.tsv")
    parser.add_argument("--out", type=Path, required=True, help="the .safetensors file to write")
    parser.add_argument("--layers", type=int, default=3, help="upper layers to train, of 6")
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--limit", type=int, default=36000, help="GoEmotions comments used")
    parser.add_argument("--per-template", type=int, default=16, help="sentences of each template")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--cores", type=int, default=2)
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    torch.manual_seed(options.seed)
    chance = random.Random(options.seed)

    comments = goemotions(options.goemotions / "train.tsv")
    examples = chance.sample(comments, min(options.limit, len(comments)))
    examples += [Example(text, label) for text, label, _ in call_sentences(options.seed, options.per_template)]
    held = chance.sample(goemotions(options.goemotions / "dev.tsv"), 1500)
    log.info("%d examples", len(examples))

    encoder = Encoder(str(Models().path("all-minilm-l6-v2")), options.cores)
    lower = LowerLayers(encoder, [example.text for example in examples], options.layers)
    log.info("lower layers done")
    trainee = Trainee(encoder, options.layers)
    train(trainee, lower, examples, epochs=options.epochs, seed=options.seed)

    labels = torch.tensor([example.label for example in held])
    logits = logits_of(trainee, LowerLayers(encoder, [example.text for example in held], options.layers))
    temperature = fit_temperature(logits, labels)
    log.info("GoEmotions dev: macro-F1 %.3f, temperature %.2f", macro_f1(labels, logits.argmax(1)), temperature)
    save_file(trainee.weights(temperature), options.out)
    log.info("%s: SHA-256 %s", options.out.name, hashlib.sha256(options.out.read_bytes()).hexdigest())


if __name__ == "__main__":
    main()
