"""Call-like sentences of our own making, from the templates in `call_sentences.toml`.

GoEmotions lacks what calls are full of: complaint without emotional words, polite formulas, numbers read out, procedure. A
template holds `{slot}` (one of the slot's entries, which may hold slots again) and `(this|that|)` (one of these).
"""

from __future__ import annotations

import random
import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

LABELS = ("negative", "neutral", "positive")
TEMPLATES = Path(__file__).parent / "call_sentences.toml"
_CHOICE = re.compile(r"\(([^()]*\|[^()]*)\)|\{(\w+)\}")
_ADDRESS = ("@{company}", "@{company}_help", "hey @{company}", "@{company}:")
_SPEECH = ("um", "uh", "so", "well", "yeah", "okay", "and", "but", "yeah so", "i mean", "like")


def expand(template: str, slots: Mapping[str, list[str]], chance: random.Random) -> str:
    """One sentence of a template."""
    while found := _CHOICE.search(template):
        options = slots[found[2]] if found[2] else found[1].split("|")
        template = template[: found.start()] + chance.choice(options) + template[found.end() :]
    return re.sub(r"\s+", " ", template).strip()


def style(text: str, slots: Mapping[str, list[str]], chance: random.Random) -> str:
    """The same sentence as it may be written or heard: addressed to a company, with a filler, without case or stops."""
    draw = chance.random()
    if draw < 0.2:
        text = f"{expand(chance.choice(_ADDRESS), slots, chance)} {text}"
    elif draw < 0.4:
        text = f"{chance.choice(_SPEECH)} {text}"
    if chance.random() < 0.25:
        text = re.sub(r"[.,!?]", "", text)
    return text.lower() if chance.random() < 0.4 else text


def call_sentences(seed: int, per_template: int) -> Iterator[tuple[str, int, str]]:
    """(text, label 0 negative / 1 neutral / 2 positive, group), no text twice.

    A fifth are two sentences, as turns are: one of the group and a neutral one before or after it, which leaves the label.
    """
    content: dict[str, Any] = tomllib.loads(TEMPLATES.read_text("utf-8"))
    slots, chance, seen = content.pop("slots"), random.Random(seed), set()
    fillers = [
        template for group in ("identity", "listening", "fact", "agent") for template in content["neutral"][group]
    ]
    for label, name in enumerate(LABELS):
        for group, templates in content[name].items():
            for template in templates:
                variants = per_template if "{" in template or "|" in template else max(2, per_template // 3)
                for _ in range(variants):
                    text = expand(template, slots, chance)
                    if chance.random() < 0.2:
                        parts = [text, expand(chance.choice(fillers), slots, chance)]
                        chance.shuffle(parts)
                        text = ". ".join(part.rstrip(".!,") for part in parts)
                    text = style(text, slots, chance)
                    if text not in seen:
                        seen.add(text)
                        yield text, label, group
