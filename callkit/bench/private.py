"""Counting what redaction hid: in the text after speech recognition, and in the muted audio.

An item of personal data is *readable* by the letters and digits of it that stand in the safe text near the time it was said.
It has leaked when more than a tenth of them are, and was found when a redaction lies over it and it has not leaked. Items of
which the recogniser heard nothing are in no text, and count only as audio.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from difflib import SequenceMatcher

from callkit.bench.figures import Evidence
from callkit.bench.heard import Heard
from callkit.bench.truth import TruePII, Truth
from callkit.bench.words import merged, normalizer
from callkit.model import SafeTurn, Word

#: More than this share of an item's letters and digits readable: it has leaked.
LEAK_SHARE = 0.1
#: A redaction that hides personal data for at least this share of its time is right.
RIGHT_SHARE = 0.5
#: Recognisers' word times are this uncertain (seconds).
_NEAR_S = 0.4
_ALIKE = 0.8
_PART = re.compile(r"[a-z]+|\d+")
#: Words inside an item that say nothing of anybody.
_EMPTY = frozenset(
    "a an and as at com dot double for from hyphen i in is it its like my net no of oh on or org the to triple underscore"
    " was zero sorry mister miss doctor apartment street road avenue number code".split()
)


def count_private(truth: Truth, heard: Heard) -> Evidence:
    """Evidence of recall, precision, leaks (all by type too) and audible seconds of personal data."""
    if truth.pii is None:
        return {}
    found: dict[str, tuple[float, ...]] = {}
    spans = merged((item.start, item.end) for item in truth.pii)
    if heard.safe_turns is not None and heard.redactions is not None:
        for item in truth.pii:
            heard_share = readable_share(item, heard.in_turns())
            visible = readable_share(item, _visible(heard.safe_turns))
            covered = any(near(item, redaction.start, redaction.end) for redaction in heard.redactions)
            if heard_share == 0 and not covered:
                continue
            leaked = visible > LEAK_SHARE
            _add(found, "pii_recall", item.type, (float(covered and not leaked), 1.0))
            _add(found, "leak_rate", item.type, (float(leaked), 1.0))
        for redaction in heard.redactions:
            hidden = overlap(redaction.start, redaction.end, spans)
            right = hidden >= RIGHT_SHARE * max(redaction.end - redaction.start, 1e-6)
            _add(found, "pii_precision", redaction.entity, (float(right), 1.0))
    if heard.muted is not None and spans:
        total = sum(end - start for start, end in spans)
        audible = total - sum(overlap(start, end, merged(heard.muted)) for start, end in spans)
        found["audible_pii_s"] = (round(audible, 3),)
        found["audible_pii_share"] = (round(audible, 3), total)
    return found


def readable_share(item: TruePII, words: Iterable[Word]) -> float:
    """The share of an item's letters and digits that words said at its time give away."""
    clean = normalizer("en")
    wanted = [part for part in _PART.findall(clean(item.text)) if part not in _EMPTY]
    seen = " ".join(word.text for word in words if near(item, word.start, word.end))
    parts = [part for part in _PART.findall(clean(seen)) if part not in _EMPTY]
    total = sum(map(len, wanted))
    if not total:
        return 0.0
    letters = sum(len(part) for part in wanted if part.isalpha() and any(_alike(part, other) for other in parts))
    return (letters + _digits_seen(wanted, parts)) / total


def near(item: TruePII, start: float, end: float) -> bool:
    """Does a stretch have its middle within the item's time, or cover the item's middle?"""
    middle = (start + end) / 2
    return item.start - _NEAR_S <= middle <= item.end + _NEAR_S or start <= (item.start + item.end) / 2 <= end


def overlap(start: float, end: float, spans: Sequence[tuple[float, float]]) -> float:
    """Seconds of [start, end) that lie in spans that don't overlap each other."""
    return sum(max(0.0, min(end, last) - max(start, first)) for first, last in spans)


def _digits_seen(wanted: Sequence[str], parts: Sequence[str]) -> int:
    """How many of the item's digits stand, in order, in the digits that are seen."""
    true = "".join(part for part in wanted if part.isdigit())
    seen = "".join(part for part in parts if part.isdigit())
    if not true or not seen:
        return 0
    blocks = SequenceMatcher(None, true, seen, autojunk=False).get_matching_blocks()
    least = min(2, len(true))
    return sum(block.size for block in blocks if block.size >= least)


def _alike(one: str, other: str) -> bool:
    """The same word, or one that the recogniser spelt a little differently."""
    if len(one) < 4 or not other.isalpha():
        return one == other
    return SequenceMatcher(None, one, other, autojunk=False).ratio() >= _ALIKE


def _visible(turns: Sequence[SafeTurn]) -> list[Word]:
    return [word for turn in turns for word in turn.words if not word.entity]


def _add(found: dict[str, tuple[float, ...]], name: str, kind: str, counts: tuple[float, float]) -> None:
    for key in (name, f"{name}.{kind}"):
        before = found.get(key, (0.0, 0.0))
        found[key] = (before[0] + counts[0], before[1] + counts[1])
