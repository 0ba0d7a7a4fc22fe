"""DuckDB as the store uses it: how a file is opened, which schema it has, and what its errors become."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path

import duckdb

from callkit.errors import StoreError
from callkit.store.files import cannot_write

Connection = duckdb.DuckDBPyConnection

#: The writer's connection. Memory is bounded; what does not fit goes to a folder beside the ledger, safe as the ledger.
WRITER: dict[str, str | bool | int | float | list[str]] = {
    "memory_limit": "512MB",
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
}
#: What a reader may do: see this one file, no other, no network, no extensions; and nobody can change that again.
_READER = """
    set temp_directory = '';
    set enable_external_access = false;
    set autoinstall_known_extensions = false;
    set autoload_known_extensions = false;
    set memory_limit = '1GB';
    set lock_configuration = true;
"""
_SCHEMA = files("callkit.store") / "schema"


@contextmanager
def duckdb_errors() -> Iterator[None]:
    """DuckDB's errors quote rows and files: they become the store's own."""
    try:
        yield
    except duckdb.IOException:
        raise cannot_write() from None
    except duckdb.Error as error:
        what = f"the store failed with {type(error).__name__}"
        raise StoreError("store-write", what, "`callkit doctor` checks the store") from None


def migrations() -> list[tuple[int, str]]:
    """(version, SQL) of each numbered schema file, in order."""
    found = [(int(name[1]), one) for one in _SCHEMA.iterdir() if (name := re.match(r"(\d{4})_\w+\.sql$", one.name))]
    return [(version, one.read_text("utf-8")) for version, one in sorted(found, key=lambda pair: pair[0])]


def newest_version() -> int:
    """The schema version this callkit writes."""
    return migrations()[-1][0]


def views() -> str:
    """The SQL of the snapshot's views."""
    return (_SCHEMA / "views.sql").read_text("utf-8")


def schema_version(connection: Connection, catalog: str) -> int:
    """The version of an attached database: 0 for an empty one. Raises `StoreError` if it is no store or a newer one's."""
    tables = {
        name
        for (name,) in connection.execute(
            "select table_name from duckdb_tables() where database_name = ? and schema_name = 'main'", [catalog]
        ).fetchall()
    }
    if not tables:
        return 0
    found = None
    if "meta" in tables:
        found = connection.execute(f"select value from {catalog}.main.meta where key = 'schema_version'").fetchone()
    if found is None or not str(found[0]).isdigit():
        raise not_a_store()
    version = int(found[0])
    if version > newest_version():
        what = f"the store has schema version {version}; this callkit knows versions up to {newest_version()}"
        raise StoreError("store-newer", what, "install the newer callkit that wrote it")
    return version


def migrate(connection: Connection, catalog: str) -> None:
    """Bring an attached database to the newest schema, each step in one transaction."""
    version = schema_version(connection, catalog)
    for number, sql in migrations():
        if number <= version:
            continue
        connection.execute(f"use {catalog}")
        connection.execute("begin")
        connection.execute(sql)
        connection.execute("delete from meta where key in ('schema_version', 'snapshot_id')")
        connection.execute("insert into meta values ('schema_version', ?)", [str(number)])
        connection.execute("commit")


def attach(connection: Connection, path: Path, catalog: str, *, read_only: bool = False) -> None:
    """Attach a database file, made if absent, under a name of our own. Raises `StoreError`."""
    quoted = str(path).replace("'", "''")
    try:
        connection.execute(f"attach '{quoted}' as {catalog}" + (" (read_only)" if read_only else ""))
    except duckdb.IOException as error:
        if "lock" in str(error).lower():
            what = "another program has the ledger open"
            raise StoreError(
                "store-locked", what, "close it there; open the snapshot instead, which nobody locks"
            ) from None
        if "valid DuckDB" in str(error):
            raise not_a_store() from None
        raise (damaged() if read_only else cannot_write()) from None


def open_snapshot(path: Path) -> Connection:
    """A read-only connection whose only database is the snapshot, called `snapshot`. Raises `StoreError`.

    The file is attached rather than connected to: DuckDB hands out connections to one path from a cache, so that a
    process which always holds one open would never see the snapshot that was swapped in since.
    """
    connection = duckdb.connect()
    try:
        attach(connection, path, "snapshot", read_only=True)
        connection.execute("use snapshot")
        connection.execute(_READER)
    except duckdb.Error:
        connection.close()
        raise not_a_store() from None
    return connection


def columns(connection: Connection, catalog: str, schema: str = "main") -> dict[str, dict[str, str]]:
    """Table -> {column: type}, in order."""
    found: dict[str, dict[str, str]] = {}
    for table, column, kind in connection.execute(
        """
        select c.table_name, c.column_name, c.data_type
        from duckdb_columns() c join duckdb_tables() t using (database_name, schema_name, table_name)
        where c.database_name = ? and c.schema_name = ?
        order by c.table_oid, c.column_index
        """,
        [catalog, schema],
    ).fetchall():
        found.setdefault(table, {})[column] = kind
    return found


def damaged() -> StoreError:
    """The snapshot cannot be read to its end."""
    what = "the store's file is cut short or damaged"
    hint = "delete it, and the next `callkit run` or `callkit purge` writes it anew from the ledger"
    return StoreError("store-invalid", what, hint)


def not_a_store() -> StoreError:
    """The file at the store's path is something else."""
    return StoreError("store-invalid", "the file at the store's path is not a callkit store", "choose another --store")
