"""A stage as another package would bring it: written against `callkit.protocols` alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from callkit.protocols import JSON, Given, Resources


class Shout:
    """Turns in capitals, in the place of loudness (a facet must be one that callkit knows)."""

    name = "shout"
    version = 1
    requires = ("turns",)
    provides = ("loudness",)
    scope = "utterance"
    resources = Resources()

    def identity(self) -> Mapping[str, JSON]:
        return {}

    def describe(self) -> tuple[str, str]:
        return "", ""

    def open(self) -> None:
        pass

    def run(self, given: Given) -> Mapping[str, Any]:
        return {"loudness": tuple(turn.text.upper() for turn in given["turns"])}

    def close(self) -> None:
        pass
