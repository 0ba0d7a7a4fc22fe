"""The languages that the rules for personal data cover."""

from __future__ import annotations

from collections.abc import Iterable

#: Languages whose speech the rules cover, and how far. Of any other, digits and letters are judged by their shape alone,
#: and each redaction's rule says so.
LANGUAGES = {"en": "full", "es": "numbers, e-mail addresses, introductions of names"}


def searched_in_part(languages: Iterable[str]) -> str:
    """A sentence on what may be left of speech in these languages; "" where the rules cover them all."""
    others = sorted(set(languages) - LANGUAGES.keys() - {""})
    if not others:
        return ""
    return f"of {', '.join(others)} only digits and letters are searched: names and addresses may be left"
