"""callkit: recordings of calls in, one redacted, queryable DuckDB file out."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from callkit.app.redact import RedactedText
    from callkit.config import Config

__version__ = "0.1.0"


def redact(turns: Iterable[str | tuple[str, str]], *, config: Config | None = None) -> list[RedactedText]:
    """Redact one conversation, given as texts or as (speaker, text), in order: one result a turn.

    >>> [turn.text for turn in callkit.redact([("agent", "Your name?"), ("caller", "Ines Ortega.")])]
    ['Your name?', '[PERSON_1].']
    """
    from callkit.app.redact import redact

    return redact(turns, config=config)
