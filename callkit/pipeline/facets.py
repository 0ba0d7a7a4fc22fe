"""Safe facets as JSON and back, and the gate that private data cannot pass.

Whatever leaves the process that holds a call (to the store, a worker's answer, a cache) is encoded here, and nothing
else is: a private facet, or a raw word hidden inside a safe one, raises `PrivacyError`.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from pydantic import BaseModel, ConfigDict, create_model

from callkit import model
from callkit.errors import PrivacyError
from callkit.protocols import FACETS

#: Raw speech, and the kinds of it that have been through `redact`.
_RAW = (model.Word, model.Phrase, model.Turn)
_SAFE = (model.SafeWord, model.SafeTurn)


def encode(name: str, value: Any) -> str:
    """A safe facet's canonical JSON. Raises `PrivacyError`, or ValueError for a value that is not what the facet says."""
    facet = FACETS.get(name)
    if facet is None or facet.private:
        raise PrivacyError(f"the private facet {name} was about to be written")
    refuse_raw(value, name)
    plain = _envelope(name)(value=value).model_dump(mode="json")["value"]
    return json.dumps(plain, ensure_ascii=False, separators=(",", ":"), sort_keys=True, allow_nan=False)


def decode(name: str, payload: str) -> Any:
    """A safe facet from its JSON."""
    return _envelope(name).model_validate_json(f'{{"value":{payload}}}').value  # type: ignore[attr-defined]


def facet_digest(name: str, value: Any) -> str:
    """SHA-256 (hex) of a safe facet's content."""
    return payload_digest(encode(name, value))


def payload_digest(payload: str) -> str:
    """The same of a facet that is encoded already."""
    return hashlib.sha256(payload.encode("utf-8", "surrogatepass")).hexdigest()


def refuse_raw(value: Any, where: str) -> None:
    """Raise `PrivacyError` if raw speech is anywhere inside a value."""
    if isinstance(value, _RAW) and not isinstance(value, _SAFE):
        raise PrivacyError(f"raw speech was about to be written as part of {where}")
    if isinstance(value, (str, bytes, int, float, type(None))):
        return
    for part in _parts(value):
        refuse_raw(part, where)


def _parts(value: Any) -> Iterable[Any]:
    if dataclasses.is_dataclass(value):
        return (getattr(value, field.name) for field in dataclasses.fields(value))
    if isinstance(value, Mapping):
        return (part for pair in value.items() for part in pair)
    return value if isinstance(value, (list, tuple, set, frozenset)) else ()


@cache
def _envelope(name: str) -> type[BaseModel]:
    """A pydantic model around one facet: base64 for bytes, which JSON has not."""
    settings = ConfigDict(ser_json_bytes="base64", val_json_bytes="base64", hide_input_in_errors=True)
    return create_model(f"Facet_{name}", __config__=settings, value=(FACETS[name].type, ...))
