"""The one exception to "raw speech is never at rest": encrypted raw words, only where `[vault] keep_private` is set.

A folder a call, so that forgetting is removing it. Files are encrypted with Fernet (AES-128-CBC and HMAC-SHA256) under
a key from `$CALLKIT_VAULT_KEY`. CVV and PIN are taken out before, in any mode (PCI DSS 3.3.1); what `redact` did not
judge is not kept.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from callkit.errors import CallkitError
from callkit.model import Phrase, Redaction, Turn, Word

KEY_VARIABLE = "CALLKIT_VAULT_KEY"
#: Never kept, in any mode.
FORBIDDEN = frozenset({"CVV", "PIN"})
SCRUBBED = "[removed]"
_TYPES: dict[str, TypeAdapter[Any]] = {
    "words": TypeAdapter(tuple[Word, ...]),
    "raw_turns": TypeAdapter(tuple[Turn, ...]),
    "phrases": TypeAdapter(tuple[Phrase, ...]),
}


class Vault:
    """Encrypted raw words and turns, a folder a call. Raises `CallkitError("vault-key")` for a wrong or absent key."""

    def __init__(self, folder: Path, key: str) -> None:
        from cryptography.fernet import Fernet

        try:
            self._fernet = Fernet(key)
        except ValueError:
            raise _bad_key(f"${KEY_VARIABLE} is no key") from None
        self.folder = folder

    @classmethod
    def from_environment(cls, folder: Path) -> Vault:
        key = os.environ.get(KEY_VARIABLE, "")
        if not key:
            raise _bad_key(f"[vault] keep_private is set and ${KEY_VARIABLE} is not")
        return cls(folder, key)

    def keep(self, call_id: str, facets: Mapping[str, Any]) -> None:
        """Encrypt a call's private facets without CVV and PIN. `facets` holds the redactions too."""
        redactions: Sequence[Redaction] = facets["redactions"]
        folder = self.folder / call_id
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name, kind in _TYPES.items():
            if name in facets:
                content = kind.dump_json(scrub(facets[name], redactions))
                fresh = folder / f"{name}.partial"
                fresh.write_bytes(self._fernet.encrypt(content))
                fresh.replace(folder / name)

    def read(self, call_id: str, name: str) -> Any:
        """A kept facet: "words", "raw_turns" or "phrases"; None if there is none."""
        from cryptography.fernet import InvalidToken

        path = self.folder / call_id / name
        if not path.is_file():
            return None
        try:
            return _TYPES[name].validate_json(self._fernet.decrypt(path.read_bytes()))
        except InvalidToken:
            raise _bad_key(f"${KEY_VARIABLE} is not the key this was encrypted with") from None


def holds(folder: Path, call_id: str) -> bool:
    """Is anything of a call in the vault?"""
    return (folder / call_id).is_dir()


def scrub(facet: Sequence[Any], redactions: Iterable[Redaction]) -> tuple[Any, ...]:
    """Words, turns or phrases with every CVV and PIN taken out, and all that is heard at the same time."""
    spans = [(one.start, one.end) for one in redactions if one.entity in FORBIDDEN]
    places = {
        (one.turn, number)
        for one in redactions
        if one.entity in FORBIDDEN
        for number in range(one.first_word, one.last_word + 1)
    }

    def clean(spoken: Any, place: tuple[int, int] | None = None) -> Any:
        forbidden = place in places or any(spoken.start < end and start < spoken.end for start, end in spans)
        return dataclasses.replace(spoken, text=SCRUBBED) if forbidden else spoken

    def clean_turn(turn: Turn) -> Turn:
        words = tuple(clean(word, (turn.index, number)) for number, word in enumerate(turn.words))
        return dataclasses.replace(turn, words=words)

    return tuple(clean_turn(one) if isinstance(one, Turn) else clean(one) for one in facet)


def _bad_key(what: str) -> CallkitError:
    hint = 'python -c "from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())" makes a key; keep it safe'
    return CallkitError("vault-key", what, hint)
