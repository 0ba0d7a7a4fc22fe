"""The snapshot: a fresh copy of the public tables, swapped in at once so that nobody is ever locked out."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from callkit.store import database
from callkit.store.database import Connection, attach, columns
from callkit.store.files import partial, swap_in


def new_id() -> str:
    """A name for a snapshot, unlike any other."""
    return secrets.token_hex(8)


def publish(connection: Connection, path: Path, snapshot_id: str) -> None:
    """Copy the public tables of the attached `store` into a new file and put it in the snapshot's place."""
    published_at = datetime.now(UTC).replace(tzinfo=None).isoformat(timespec="seconds")
    facts = {"snapshot_id": snapshot_id, "published_at": published_at, "callkit_version": version("callkit")}
    _copy(connection, partial(path), schemas=("main",), facts=facts, after=database.views())
    swap_in(partial(path), path)


def copy_ledger(connection: Connection, path: Path, *, close: Callable[[], None]) -> None:
    """Copy all of the attached `store` into a new file, close the old one and put the new one in its place."""
    found = connection.execute("select value from store.main.meta where key = 'snapshot_id'").fetchone()
    facts = {"snapshot_id": str(found[0])} if found else {}
    _copy(connection, partial(path), schemas=("main", "ledger"), facts=facts)
    close()
    swap_in(partial(path), path)
    path.with_name(path.name + ".wal").unlink(missing_ok=True)


def published_id(path: Path) -> str:
    """The id of the snapshot at a path; empty where there is none. Raises `StoreError` for any other file."""
    if not path.exists():
        return ""
    with database.open_snapshot(path) as connection:
        if database.schema_version(connection, "snapshot") == 0:
            raise database.not_a_store()
        found = connection.execute("select value from meta where key = 'snapshot_id'").fetchone()
    return str(found[0]) if found else ""


def _copy(
    connection: Connection, fresh: Path, *, schemas: tuple[str, ...], facts: Mapping[str, str], after: str = ""
) -> None:
    """Make a new database file with the newest schema and the rows of these schemas of `store`."""
    fresh.unlink(missing_ok=True)
    attach(connection, fresh, "fresh")
    try:
        database.migrate(connection, "fresh")
        connection.execute("begin")
        for schema in schemas:
            for table in columns(connection, "store", schema):
                if (schema, table) != ("main", "meta"):
                    connection.execute(f"insert into fresh.{schema}.{table} by name from store.{schema}.{table}")
        if "ledger" not in schemas:
            connection.execute("drop schema fresh.ledger cascade")
        for key, value in facts.items():
            connection.execute("insert into fresh.main.meta values (?, ?)", [key, value])
        connection.execute(after)
        connection.execute("commit")
    except BaseException:
        connection.rollback()
        raise
    finally:
        connection.execute("use store; detach fresh")
