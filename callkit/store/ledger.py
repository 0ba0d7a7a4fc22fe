"""The ledger: what one process writes, call by call, each in one transaction."""

from __future__ import annotations

import dataclasses
import json
import os
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime
from types import TracebackType
from typing import Any

import duckdb
from pydantic import TypeAdapter

from callkit.errors import CallkitError, StoreError
from callkit.model import Call, CallTopic, Outcome, RedactionProof, StageRun, Topic
from callkit.pipeline import Cached
from callkit.pipeline.facets import decode
from callkit.store import database, snapshot
from callkit.store.database import Connection, duckdb_errors
from callkit.store.entry import Entry
from callkit.store.files import StoreFiles, pseudonym_key
from callkit.store.lock import Lock
from callkit.store.rows import TABLES, Row, rows

_CALL = TypeAdapter(Call)
#: Tables that no facet is made into.
_OTHER_TABLES = ("redaction_proofs", "call_topics", "stage_runs")
_OWN_TABLES = ("recordings", "stage_keys", "facets")


class Ledger:
    """The writer's side of a store; a context manager that holds the store's lock.

    What others read is the snapshot, made anew by `publish`. Raises `StoreError` with code store-locked, store-newer,
    store-invalid or store-write.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.files = StoreFiles.at(path)
        self._closing = ExitStack()
        self._connection: Connection | None = None
        self._columns: dict[str, dict[str, str]] = {}
        self._published_at = 0.0
        self._publishing_took = 0.0
        self._unpublished = False

    # --- opening and closing ---

    def __enter__(self) -> Ledger:
        try:
            self.files.snapshot.parent.mkdir(parents=True, exist_ok=True)
        except OSError:
            raise StoreError("store-write", "the store's folder cannot be made", "choose another --store") from None
        with ExitStack() as stack:
            stack.enter_context(Lock(self.files.lock))
            self._refuse_foreign_files()
            with duckdb_errors():
                self.files.remove_partial()
                stack.callback(self._close)
                self._open()
                if self._meta("rewrite_due"):
                    self.rewrite()
            self._unpublished = snapshot.published_id(self.files.snapshot) != self._meta("snapshot_id")
            self._closing = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing.close()

    @property
    def connection(self) -> Connection:
        if self._connection is None:
            raise StoreError("store-missing", "the ledger is closed", "open it with `with Ledger(path) as ledger:`")
        return self._connection

    def _open(self) -> None:
        self._connection = duckdb.connect(config=database.WRITER | {"temp_directory": str(self.files.spill)})
        database.attach(self._connection, self.files.ledger, "store")
        database.migrate(self._connection, "store")
        self._connection.execute("use store")
        own = database.columns(self._connection, "store", "ledger")
        self._columns = database.columns(self._connection, "store") | {f"ledger.{name}": own[name] for name in own}

    def _close(self) -> None:
        """Close the file; what was committed is safe even if DuckDB can no longer tidy up (full disk)."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(duckdb.Error):
                connection.execute("use memory; detach store")
            connection.close()

    def _refuse_foreign_files(self) -> None:
        """A snapshot without its ledger would be overwritten by an empty one: never do that."""
        if self.files.snapshot.exists() and not self.files.ledger.exists():
            snapshot.published_id(self.files.snapshot)  # says so if it is something else altogether
            what = f"{self.files.snapshot.name} has no ledger ({self.files.ledger.name}) beside it"
            raise StoreError("store-invalid", what, "put the ledger back, or choose another --store")

    # --- reading ---

    @property
    def snapshot_id(self) -> str:
        """The id of the snapshot that holds all that is stored; empty while it is behind."""
        return self._meta("snapshot_id")

    @property
    def key(self) -> bytes:
        """The key that makes customer references pseudonyms."""
        return pseudonym_key(self.files)

    def call_ids(self) -> list[str]:
        """Every call ever met, failed ones too."""
        return [call_id for (call_id,) in self._fetch("select call_id from ledger.recordings order by call_id")]

    def calls(self, call_ids: Collection[str] | None = None) -> dict[str, Call]:
        """What is known of these calls (of all, for None) from their metadata."""
        if call_ids is None:
            found = self._fetch("select call_id, call from ledger.recordings")
        else:
            found = self._fetch(
                "select call_id, call from ledger.recordings where call_id in (select unnest(?))", [list(call_ids)]
            )
        return {call_id: _CALL.validate_json(text) for call_id, text in found}

    def failing(self) -> set[str]:
        """Calls whose last run failed."""
        return {call_id for (call_id,) in self._fetch("select call_id from stage_runs where status = 'failed'")}

    def older_than(self, limit: datetime) -> list[str]:
        """Calls that began (where unknown: were last worked on) before a time."""
        found = self._fetch(
            """
            select call_id, coalesce((call->>'started_at')::timestamp, max(ran_at)) as age
            from ledger.recordings left join stage_runs using (call_id)
            group by call_id, call
            having age < ?
            order by call_id
            """,
            [limit],
        )
        return [call_id for call_id, _ in found]

    def cached(self, call_id: str) -> Cached:
        """What is stored of one call, for the freshness check and to run its stale stages from."""
        return self.cached_many([call_id])[call_id]

    def cached_many(self, call_ids: Sequence[str]) -> dict[str, Cached]:
        """The same of many calls, in two queries."""
        wanted = [list(call_ids)]
        keys: dict[str, dict[str, str]] = {call_id: {} for call_id in call_ids}
        digests: dict[str, dict[str, str]] = {call_id: {} for call_id in call_ids}
        for call_id, stage, key in self._fetch(
            "select call_id, stage, key from ledger.stage_keys where call_id in (select unnest(?))", wanted
        ):
            keys[call_id][stage] = key
        for call_id, facet, digest in self._fetch(
            "select call_id, facet, digest from ledger.facets where call_id in (select unnest(?))", wanted
        ):
            digests[call_id][facet] = digest
        return {one: Cached(keys[one], digests[one], self._loader(one)) for one in call_ids}

    def _loader(self, call_id: str) -> Callable[[str], Any]:
        return lambda name: self.facet(call_id, name)

    def facet(self, call_id: str, name: str) -> Any:
        """One stored facet, or None."""
        payload = self.payloads([call_id], [name])[call_id].get(name)
        return None if payload is None else decode(name, payload)

    def payloads(self, call_ids: Sequence[str], facets: Sequence[str] | None = None) -> dict[str, dict[str, str]]:
        """The stored facets (these; None: all) of many calls as JSON, in one query: what a worker is handed."""
        found: dict[str, dict[str, str]] = {call_id: {} for call_id in call_ids}
        sql = "select call_id, facet, payload from ledger.facets where call_id in (select unnest(?))"
        parameters: list[Any] = [list(call_ids)]
        if facets is not None:
            sql, parameters = sql + " and facet in (select unnest(?))", [*parameters, list(facets)]
        for call_id, facet, payload in self._fetch(sql, parameters):
            found[call_id][facet] = payload
        return found

    # --- writing ---

    def commit(self, *outcomes: Outcome) -> None:
        """Store what runs brought, all in one transaction.

        A failed call keeps its earlier results and gets a row in `failures`; a call that succeeds loses it. Raises
        `PrivacyError` if an Outcome holds anything raw, and then stores nothing.
        """
        if not outcomes:
            return
        ids = [outcome.call.call_id for outcome in outcomes]
        known, calls = self.cached_many(ids), self.calls(ids)
        entries = [Entry(one, known[one.call.call_id], calls.get(one.call.call_id)) for one in outcomes]
        with self._transaction():
            self._store_facets(entries)
            self._store_tables(entries)
            self._store_runs(entries)
            self._store_calls(entries)

    def forget(self, call_ids: Iterable[str]) -> None:
        """Erase calls from the ledger and rewrite its file, so that no byte of them is left in it; then publish.

        What lies beside the store (muted audio, vault) is `callkit.app.forget`'s.
        """
        gone = [list(call_ids)]
        with self._transaction():
            for table in (*TABLES, *_OTHER_TABLES):
                self._run(f"delete from {table} where call_id in (select unnest(?))", gone)
            for table in _OWN_TABLES:
                self._run(f"delete from ledger.{table} where call_id in (select unnest(?))", gone)
            self._run(
                """
                update topics set
                    representative_calls = list_filter(representative_calls, lambda one: not list_contains(?, one)),
                    calls = (select count(*) from call_topics where call_topics.topic = topics.topic)
                """,
                gone,
            )
            self._set_meta("rewrite_due", "yes")
        self.rewrite()
        self.publish()

    def clear_failures(self, call_ids: Iterable[str]) -> None:
        """Take back failures of files that could not be read and now can."""
        gone = [list(call_ids)]
        with self._transaction():
            self._run("delete from stage_runs where call_id in (select unnest(?))", gone)
            self._run("delete from ledger.recordings where call_id in (select unnest(?))", gone)

    def replace_topics(self, topics: Sequence[Topic], calls: Sequence[CallTopic]) -> None:
        """Store the topics of the whole store in place of the earlier ones."""
        with self._transaction():
            self._run("delete from topics")
            self._run("delete from call_topics")
            self._insert("topics", [_plain(topic) for topic in topics])
            self._insert("call_topics", [_plain(call) for call in calls])

    def add_proof(self, *proofs: RedactionProof) -> None:
        """Store what verifying found."""
        with self._transaction():
            self._insert("redaction_proofs", [_plain(proof) for proof in proofs])

    def _store_facets(self, entries: Sequence[Entry]) -> None:
        replaced = [(one.call.call_id, name) for one in entries for name in one.changed & set(one.known.digests)]
        self._delete("ledger.facets", replaced, "facet")
        if replaced:  # an earlier text must not stay readable in the file's free space
            self._set_meta("rewrite_due", "yes")
        self._insert("ledger.facets", [row for one in entries for row in one.facet_rows()])

    def _store_tables(self, entries: Sequence[Entry]) -> None:
        """Make anew the rows of each table that rests on a facet that changed."""
        needed = {one.call.call_id: one.needed() for one in entries if one.needed()}
        stored = self.payloads(list(needed), sorted(set().union(*needed.values()))) if needed else {}
        due: dict[str, list[tuple[Entry, Mapping[str, Any]]]] = {}
        for one in entries:
            payloads = stored.get(one.call.call_id, {}).items()
            facets = {name: decode(name, payload) for name, payload in payloads} | dict(one.outcome.facets)
            for table in one.tables():
                due.setdefault(table, []).append((one, facets))
        now = _now()
        for table, calls in due.items():
            earlier = [one.call.call_id for one, _ in calls if one.known.digests]
            if earlier:
                self._run(f"delete from {table} where call_id in (select unnest(?))", [earlier])
            made = [row for one, facets in calls for row in rows(table, one.call, facets)]
            self._insert(table, [row | {"processed_at": now} for row in made] if table == "calls" else made)

    def _store_runs(self, entries: Sequence[Entry]) -> None:
        met_before = [one.call.call_id for one in entries if one.earlier]
        if met_before:
            self._run("delete from stage_runs where status = 'failed' and call_id in (select unnest(?))", [met_before])
        now = _now()
        good = [
            (one, run) for one in entries if not one.outcome.failed for run in one.outcome.runs if run.status == "ran"
        ]
        bad = [(one, one.outcome.failed) for one in entries if one.outcome.failed]
        again = [(one.call.call_id, run.stage) for one, run in good if run.stage in one.known.keys]
        self._delete("stage_runs", again, "stage")
        self._delete("ledger.stage_keys", again, "stage")
        self._insert("stage_runs", [_run_row(one.call, run, now) for one, run in [*good, *bad]])
        keys = [{"call_id": one.call.call_id, "stage": run.stage, "key": run.key} for one, run in good]
        self._insert("ledger.stage_keys", keys)

    def _store_calls(self, entries: Sequence[Entry]) -> None:
        new = [one for one in entries if one.call != one.earlier]
        for one in new:
            if one.earlier and one.earlier.source_name != one.call.source_name:
                renamed = [one.call.source_name, one.call.call_id]
                self._run("update stage_runs set source_name = ? where call_id = ?", renamed)
        met_before = [one.call.call_id for one in new if one.earlier]
        if met_before:
            self._run("delete from ledger.recordings where call_id in (select unnest(?))", [met_before])
        self._insert(
            "ledger.recordings",
            [{"call_id": one.call.call_id, "call": _CALL.dump_python(one.call, mode="json")} for one in new],
        )

    # --- the file ---

    @property
    def rewrite_due(self) -> bool:
        """Is text that was replaced or erased still in the file's free space?"""
        return bool(self._meta("rewrite_due"))

    def rewrite(self) -> None:
        """Copy what is stored into a new file and swap it in: the only way DuckDB lets go of what was deleted."""
        with duckdb_errors():
            snapshot.copy_ledger(self.connection, self.files.ledger, close=self._close)
            self._open()

    def publish(self) -> None:
        """Swap in a fresh snapshot of what is stored."""
        started = time.monotonic()
        with duckdb_errors():
            snapshot_id = snapshot.new_id()
            self._set_meta("snapshot_id", snapshot_id)
            snapshot.publish(self.connection, self.files.snapshot, snapshot_id)
        self._unpublished = False
        self._published_at = time.monotonic()
        self._publishing_took = self._published_at - started

    def publish_if_due(self, every_s: float = 3.0) -> bool:
        """Publish if anything changed and the last time is long enough ago: at most a twentieth of a run goes into it."""
        if not self._unpublished or time.monotonic() - self._published_at < max(every_s, 20 * self._publishing_took):
            return False
        self.publish()
        return True

    def finish(self) -> bool:
        """End of a run: let go of replaced text and publish what is new. True if there was anything new."""
        if self.rewrite_due:
            self.rewrite()
        new = self._unpublished
        if new:
            self.publish()
        return new

    # --- SQL ---

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        """All or nothing; from here on the snapshot is behind, also if this process is killed."""
        with duckdb_errors():
            self.connection.execute("begin")
            try:
                yield
                self.connection.execute("delete from meta where key = 'snapshot_id'")
                self.connection.execute("commit")
            except BaseException:
                with suppress(duckdb.Error):
                    self.connection.execute("rollback")
                raise
        self._unpublished = True

    def _fetch(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        with duckdb_errors():
            return self.connection.execute(sql, parameters).fetchall()

    def _run(self, sql: str, parameters: Sequence[Any] = ()) -> None:
        self.connection.execute(sql, parameters)

    def _meta(self, key: str) -> str:
        found = self._fetch("select value from meta where key = ?", [key])
        return str(found[0][0]) if found else ""

    def _set_meta(self, key: str, value: str) -> None:
        self._run("delete from meta where key = ?", [key])
        self._run("insert into meta values (?, ?)", [key, value])

    def _delete(self, table: str, pairs: Sequence[tuple[str, str]], column: str) -> None:
        """Delete the rows of these (call, stage or facet) pairs."""
        if pairs:
            calls, others = zip(*pairs, strict=True)
            self._run(
                f"delete from {table} using (select unnest(?) as call_id, unnest(?) as other) gone "
                f"where {table}.call_id = gone.call_id and {table}.{column} = gone.other",
                [list(calls), list(others)],
            )

    def _insert(self, table: str, new: Sequence[Row]) -> None:
        """Insert rows by name: as JSON, which DuckDB reads with the table's own types; vectors as a data frame."""
        if not new:
            return
        kinds = self._columns[table]
        unknown = sorted({name for row in new for name in row} - set(kinds))
        if unknown:
            raise CallkitError("internal", f"the table {table} has no column {', '.join(unknown)}")
        if table == "embeddings":
            import pandas as pd

            frame = pd.DataFrame(new)
            self.connection.register("new_rows", frame)
            self._run(f"insert into {table} by name select * from new_rows")
            self.connection.unregister("new_rows")
            return
        shape = json.dumps([{name: kinds[name] for name in new[0]}])
        self._run(
            f"insert into {table} by name select unnest(from_json(?::json, ?), max_depth := 2)",
            [json.dumps(new, ensure_ascii=False, allow_nan=False), shape],
        )


def _run_row(call: Call, run: StageRun, now: str) -> Row:
    row = {"call_id": call.call_id, "source_name": call.source_name, "ran_at": now} | dataclasses.asdict(run)
    return row | {name: row[name] or None for name in ("error", "what", "hint")}


def _plain(value: Any) -> Row:
    """A dataclass as a row; times without their zone, which is UTC."""
    row = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    return {
        name: one.replace(tzinfo=None).isoformat() if isinstance(one, datetime) else one for name, one in row.items()
    }


def _now() -> str:
    return datetime.now(UTC).replace(tzinfo=None).isoformat(timespec="milliseconds")
