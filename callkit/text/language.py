"""Languages: of a turn, told from its commonest words; and those that the rules for personal data cover."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files

#: Languages whose speech the rules cover, and how far. Of any other, digits and letters are judged by their shape alone,
#: and each redaction's rule says so.
LANGUAGES = {"en": "full", "es": "numbers, e-mail addresses, introductions of names"}
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
#: So many different words of a language tell it, if they are more than those of any other.
_ENOUGH = 2


@cache
def _words() -> Mapping[str, frozenset[str]]:
    lists = tomllib.loads(files("callkit.text").joinpath("rules/languages.toml").read_text("utf-8"))
    return {language: frozenset(words.split()) for language, words in lists.items()}


def language_of(text: str, otherwise: str = "en") -> str:
    """ISO 639-1 code of the language most of a text's common words are of; `otherwise` where too few tell."""
    said = {word.replace("’", "'") for word in _WORD.findall(text.lower()) if len(word) > 1}
    counts = {language: sum(word in words for word in said) for language, words in _words().items()}
    best = max(counts, key=lambda language: (counts[language], language == otherwise))
    return best if counts[best] >= _ENOUGH and counts[best] > counts.get(otherwise, 0) else otherwise


def searched_in_part(languages: Iterable[str]) -> str:
    """A sentence on what may be left of speech in these languages; "" where the rules cover them all."""
    others = sorted(set(languages) - LANGUAGES.keys() - {""})
    if not others:
        return ""
    return f"of {', '.join(others)} only digits and letters are searched: names and addresses may be left"
