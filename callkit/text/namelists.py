"""Lists of names, and of words that are none.

`rules/names.toml` holds our own; names come from the US census (package `names`).
"""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from itertools import islice
from typing import Any


@cache
def rules() -> dict[str, Any]:
    return tomllib.loads(files("callkit.text").joinpath("rules/names.toml").read_text("utf-8"))


@cache
def not_names() -> frozenset[str]:
    return frozenset(rules()["words"]["not_names"].split())


@cache
def first_names() -> frozenset[str]:
    """First names that are no common word."""
    known: set[str] = set()
    for name in ("dist.female.first", "dist.male.first"):
        lines = files("names").joinpath(name).read_text("ascii").splitlines()
        known.update(line.split()[0].lower() for line in lines if line.strip())
    return frozenset(known - not_names() - ambiguous())


@cache
def ambiguous() -> frozenset[str]:
    """First names that are common words too ("May", "Will")."""
    return frozenset(rules()["words"]["ambiguous_first_names"].split())


@cache
def likely_names() -> frozenset[str]:
    """Of the ambiguous ones, those that are names where a name is due."""
    return ambiguous() - frozenset(rules()["words"]["too_common"].split())


@cache
def acronyms() -> frozenset[str]:
    """What is said letter by letter and spells no name: "a m", "C V V"."""
    return frozenset(rules()["words"]["acronyms"].split())


@cache
def all_surnames() -> frozenset[str]:
    """The surnames of the census that are no common word."""
    lines = files("names").joinpath("dist.all.last").read_text("ascii").splitlines()
    return frozenset(line.split()[0].lower() for line in lines if line.strip()) - not_names()


@cache
def surnames() -> frozenset[str]:
    """The most common surnames of the census, some of them common words."""
    with files("names").joinpath("dist.all.last").open(encoding="ascii") as lines:
        return frozenset(line.split()[0].lower() for line in islice(lines, 3000))
