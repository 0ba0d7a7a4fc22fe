"""Words and patterns that the stages know people by: the content of `wordlists.toml`."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from pathlib import Path


@cache
def words(name: str) -> frozenset[str]:
    """A list of words, in lower case."""
    return frozenset(_content()[name].split())


@cache
def pattern(name: str) -> re.Pattern[str]:
    """A pattern, to be searched in lower-case text."""
    return re.compile(_content()[name])


@cache
def _content() -> dict[str, str]:
    return tomllib.loads((Path(__file__).parent / "wordlists.toml").read_text("utf-8"))
