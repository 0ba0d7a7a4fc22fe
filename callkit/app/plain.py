"""Rows and dataclasses as JSON, one way for every command."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime, time
from typing import Any


def to_json(value: Any) -> str:
    """The value as JSON, indented, UTF-8 as it is."""
    return json.dumps(jsonable(value), ensure_ascii=False, indent=2, allow_nan=False)


def jsonable(value: Any) -> Any:
    """The value in JSON's own types: times as ISO 8601, what JSON has no number for (NaN, infinity) as null."""
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: jsonable(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): jsonable(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [jsonable(item) for item in value]
    if isinstance(value, float):
        return float(value) if abs(value) < float("inf") else None  # NaN is below nothing
    if value is None or isinstance(value, (str, int, bool)):
        return value
    return value.isoformat() if isinstance(value, (date, datetime, time)) else str(value)
