"""Answer one SQL question on the snapshot, and write the answer down."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from callkit.app.plain import jsonable, to_json
from callkit.store.reader import Snapshot, Table


def query(store: Path, sql: str, *, limit: int | None = None, timeout_s: float | None = None) -> Table:
    """The answer to one read-only statement. Raises `StoreError` "query-invalid" or "store-missing"."""
    with Snapshot(store) as snapshot:
        answer = snapshot.user_query(sql, limit=limit, timeout_s=timeout_s)
    return replace(answer, columns=_distinct(answer.columns))


def as_csv(answer: Table) -> bytes:
    """UTF-8, a header, RFC 4180's quoting, lines ended by a line feed; null is an empty field, a list or struct is JSON."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(answer.columns)
    writer.writerows([_field(value) for value in row] for row in answer.rows)
    return out.getvalue().encode("utf-8")


def as_json(answer: Table) -> bytes:
    """An array of objects."""
    return (to_json(answer.dicts()) + "\n").encode("utf-8")


def as_parquet(answer: Table) -> bytes:
    """Apache Parquet. Types are the answer's; what `PARQUET_TYPES` does not list has the type of its values."""
    import pyarrow as pa
    from pyarrow import parquet

    columns = list(zip(*answer.rows, strict=True)) or [()] * len(answer.columns)
    arrays = [
        pa.array(values, type=pa.type_for_alias(PARQUET_TYPES[kind]) if kind in PARQUET_TYPES else None)
        for values, kind in zip(columns, answer.types, strict=True)
    ]
    out = io.BytesIO()
    parquet.write_table(pa.table(arrays, names=list(answer.columns)), out)
    return out.getvalue()


#: DuckDB's type -> Arrow's, so that a column keeps its type where all its values are null.
PARQUET_TYPES = {
    "VARCHAR": "string",
    "JSON": "string",
    "BOOLEAN": "bool",
    "INTEGER": "int32",
    "BIGINT": "int64",
    "FLOAT": "float32",
    "DOUBLE": "float64",
    "DATE": "date32",
    "TIMESTAMP": "timestamp[us]",
}

#: Format -> writer.
FORMATS: dict[str, Callable[[Table], bytes]] = {"csv": as_csv, "json": as_json, "parquet": as_parquet}


def _distinct(names: Sequence[str]) -> tuple[str, ...]:
    """The names, each once: a, a_2, a_3. A question may name two columns alike; rows as objects cannot."""
    seen: dict[str, int] = {}
    given = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        given.append(name if seen[name] == 1 else f"{name}_{seen[name]}")
    return tuple(given)


def _field(value: Any) -> Any:
    return json.dumps(jsonable(value), ensure_ascii=False) if isinstance(value, (list, tuple, dict)) else value
