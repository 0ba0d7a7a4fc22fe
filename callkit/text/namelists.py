"""Lists of names, and of words that are none.

`rules/names.toml` holds our own; names come from the US census (package `names`), and first names of the rest of the world from
the lists that Faker makes up people with.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module
from importlib.resources import files
from itertools import islice
from pkgutil import iter_modules
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
    return frozenset((known | world_names()) - not_names() - ambiguous())


@cache
def world_names() -> frozenset[str]:
    """First names of some eighty countries in Latin letters, with and without accents, that are no common word of English."""
    from faker.providers import person

    known: set[str] = set()
    for module in iter_modules(person.__path__):
        lists = vars(import_module(f"{person.__name__}.{module.name}").Provider)
        known.update(name.lower() for kind in lists if kind.startswith("first_name") for name in _latin(lists[kind]))
    return frozenset(known - frozenset(rules()["words"]["world_names_that_are_words"].split()))


def _latin(listed: Any) -> Iterator[str]:
    """The names of one list (some are weighted) that are one word of three Latin letters or more."""
    for name in listed if isinstance(listed, (list, tuple, Mapping)) else ():
        plain = unicodedata.normalize("NFKD", name) if isinstance(name, str) else ""
        bare = "".join(letter for letter in plain if not unicodedata.combining(letter))
        if re.fullmatch(r"[A-Za-z][A-Za-z'-]{2,}", bare):
            yield from (name, bare)


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
