"""Freshness keys: when a stage's earlier result may be used again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

from callkit.protocols import Stage


def digest(*parts: object) -> str:
    """SHA-256 (hex) of the parts' canonical JSON."""
    text = json.dumps(parts, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=_plain)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def stage_key(stage: Stage, inputs: Mapping[str, str]) -> str:
    """H(stage, version, settings and model, what it requires).

    `inputs` maps each required facet to what it stands by: a safe one by the digest of its content, so that an
    unchanged result ends the chain early; a private one by its producer's key, since its content is gone and a stored
    hash of a short private text could be guessed.
    """
    return digest(stage.name, stage.version, stage.identity(), {name: inputs[name] for name in stage.requires})


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    return str(value)
