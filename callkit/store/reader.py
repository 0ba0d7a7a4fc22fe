"""Read the snapshot: open per question and close, so that a new one is seen at the next."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Any

import duckdb

from callkit.errors import StoreError
from callkit.store import database
from callkit.store.database import Connection
from callkit.store.files import StoreFiles

if TYPE_CHECKING:
    import pandas as pd

Parameters = Sequence[Any] | Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Table:
    """The answer to a query: column names, their DuckDB types, rows. `truncated`: there were more than the limit."""

    columns: tuple[str, ...]
    types: tuple[str, ...]
    rows: list[tuple[Any, ...]]
    truncated: bool = False

    def dicts(self) -> list[dict[str, Any]]:
        """One dict a row."""
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows]


class Snapshot:
    """A snapshot of the store, read-only; a context manager.

    It keeps seeing the file it opened when a newer one is swapped in. Raises `StoreError` with code store-missing,
    store-invalid, store-newer or store-older.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.files = StoreFiles.at(path)
        self._connection: Connection | None = None
        self.snapshot_id = ""

    def __enter__(self) -> Snapshot:
        path = self.files.snapshot
        if not path.is_file():
            what = f"there is no store {path.name} in that folder"
            raise StoreError("store-missing", what, "`callkit run PATH...` makes one, `callkit demo` an example")
        self._connection = database.open_snapshot(path)
        try:
            self._check_version()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    @property
    def connection(self) -> Connection:
        if self._connection is None:
            raise StoreError(
                "store-missing", "the snapshot is closed", "open it with `with Snapshot(path) as snapshot:`"
            )
        return self._connection

    def df(self, sql: str, params: Parameters = ()) -> pd.DataFrame:
        """The answer to one of callkit's own queries as a data frame. `$name` parameters want a mapping."""
        with _damage():
            return self.connection.execute(sql, params).df()

    def rows(self, sql: str, params: Parameters = ()) -> list[dict[str, Any]]:
        """The same as one dict a row."""
        with _damage():
            cursor = self.connection.execute(sql, params)
            names = [column[0] for column in cursor.description or ()]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def call_id(self, prefix: str) -> str:
        """The one call whose id begins so. Raises `StoreError("call-missing")` for none or several."""
        found = self.rows(
            "select call_id from calls where starts_with(call_id, $prefix) "
            "union select call_id from stage_runs where starts_with(call_id, $prefix) order by call_id limit 3",
            {"prefix": prefix},
        )
        exact = [row["call_id"] for row in found if row["call_id"] == prefix]
        if len(exact) == 1 or (len(found) == 1 and prefix):
            return str(exact[0] if exact else found[0]["call_id"])
        if found:
            raise StoreError("call-missing", "more than one call has an id that begins so", "give more of it")
        raise StoreError("call-missing", "there is no call with that id", '`callkit query "from calls"` lists them')

    def user_query(self, sql: str, *, limit: int | None = None, timeout_s: float | None = None) -> Table:
        """The answer to a query somebody typed: one SELECT (or FROM, WITH, VALUES, DESCRIBE, SUMMARIZE), nothing else.

        At most `limit` rows, at most `timeout_s` seconds. Raises `StoreError("query-invalid")`.
        """
        try:
            statements = self.connection.extract_statements(sql)
        except duckdb.Error as error:
            raise _invalid(_first_line(error)) from None
        if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
            raise _invalid("only a single SELECT is answered here")
        timer = threading.Timer(timeout_s, self.connection.interrupt) if timeout_s else None
        if timer:
            timer.start()
        try:
            cursor = self.connection.execute(statements[0])
            rows = cursor.fetchall() if limit is None else cursor.fetchmany(limit + 1)
        except duckdb.InterruptException:
            raise _invalid(f"the query took longer than {timeout_s:g} s") from None
        except (duckdb.ParserException, duckdb.BinderException, duckdb.CatalogException) as error:
            raise _invalid(_first_line(error)) from None  # these quote the query and the schema, no data
        except duckdb.Error as error:
            raise _invalid(f"the query failed with {type(error).__name__}") from None
        finally:
            if timer:
                timer.cancel()
        described = cursor.description or ()
        names, types = tuple(column[0] for column in described), tuple(str(column[1]) for column in described)
        return Table(names, types, rows[:limit], truncated=limit is not None and len(rows) > limit)

    def _check_version(self) -> None:
        with database.duckdb_errors(), _damage():
            version = database.schema_version(self.connection, "snapshot")
        if version == 0:
            raise database.not_a_store()
        if version < database.newest_version():
            what = f"the store has schema version {version}; this callkit reads version {database.newest_version()}"
            raise StoreError(
                "store-older", what, "`callkit purge` brings it up to date, and so does the next `callkit run`"
            )
        found = self.connection.execute("select value from main.meta where key = 'snapshot_id'").fetchone()
        self.snapshot_id = str(found[0]) if found else ""


@contextmanager
def _damage() -> Iterator[None]:
    """A file that ends too early opens well and fails when a query comes to the part that is missing."""
    try:
        yield
    except duckdb.IOException:
        raise database.damaged() from None


def _invalid(what: str) -> StoreError:
    return StoreError("query-invalid", what, "`callkit query` takes one SELECT; the README lists tables and columns")


def _first_line(error: duckdb.Error) -> str:
    return str(error).splitlines()[0].removesuffix("!")
