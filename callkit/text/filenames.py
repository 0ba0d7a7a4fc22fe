"""A recording's file name made safe to show: names, phones and account numbers are common in them."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files

_PARTS = re.compile(r"[^\W\d_]+|\d+")
_EXTENSION = re.compile(r"\.(wav|wave|mp3|flac|ogg|oga|opus|m4a|mp4|aac|wma|webm|mka|amr|gsm|aif|aiff|au|raw)$", re.I)


def safe_name(name: str) -> str:
    """The words of a file name that say nothing of a person, joined by hyphens, and its extension.

    Only words of `filename_words.txt` are kept, and one number of at most two digits ("call-07.wav"); everything else
    is left out, since no rule tells "ines-ortega" from "blue-router" in a name alone. `recording` where nothing is left.
    """
    found = _EXTENSION.search(name)
    stem = name[: found.start()] if found else name
    parts = _PARTS.findall(stem)
    numbers = [part for part in parts if part.isdecimal()]
    keep_number = len(numbers) == 1 and len(numbers[0]) <= 2
    kept = [part for part in parts if (keep_number if part.isdecimal() else part.lower() in _vocabulary())]
    return ("-".join(kept) or "recording") + (found.group(0).lower() if found else "")


@cache
def _vocabulary() -> frozenset[str]:
    lines = files("callkit.text").joinpath("filename_words.txt").read_text("utf-8").splitlines()
    return frozenset(word for line in lines if not line.startswith("#") for word in line.split())
