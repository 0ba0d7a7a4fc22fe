"""Erase calls so that no byte of them stays: `callkit forget` and `callkit purge`."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from callkit import logs
from callkit.app import leftovers
from callkit.config import Config
from callkit.errors import StoreError
from callkit.ingest import pseudonym
from callkit.store.files import StoreFiles
from callkit.store.ledger import Ledger


@dataclass(frozen=True, slots=True)
class ForgetReport:
    """Which calls were erased from the ledger, the snapshot, the muted audio and the vault."""

    call_ids: tuple[str, ...]


def forget(calls: Sequence[str], *, store: str | os.PathLike[str], config: Config) -> ForgetReport:
    """Erase calls by id, or by what their ids begin with. Failed recordings too.

    The ledger and the snapshot are written anew without them: what DuckDB deletes stays readable in its file. Readers
    that hold the old snapshot open keep it until they close it. The recordings themselves are yours to remove. Raises
    `StoreError("call-missing")` before anything is erased if one of the ids names no call or several.
    """
    logs.withhold()
    _require(store)
    with Ledger(store) as ledger:
        known = ledger.call_ids()
        return _erase(ledger, config, sorted({_named(prefix, known) for prefix in calls}))


def forget_customer(reference: str, *, store: str | os.PathLike[str], config: Config) -> ForgetReport:
    """Erase every call of a customer, given the reference that their metadata gave. None is no error."""
    logs.withhold()
    _require(store)
    with Ledger(store) as ledger:
        customer = pseudonym(ledger.key, reference)
        return _erase(
            ledger, config, sorted(one.call_id for one in ledger.calls().values() if one.customer == customer)
        )


def purge(*, store: str | os.PathLike[str], config: Config, now: datetime | None = None) -> ForgetReport:
    """Erase every call older than `[store] retention_days`; none for 0.

    A call's age counts from when it began, or where that is not known from when it was first stored.
    """
    logs.withhold()
    _require(store)
    with Ledger(store) as ledger:
        days = config.store.retention_days
        if not days:
            return _erase(ledger, config, [])
        limit = (now or datetime.now(UTC)).replace(tzinfo=None) - timedelta(days=days)
        return _erase(ledger, config, ledger.older_than(limit))


def _erase(ledger: Ledger, config: Config, call_ids: list[str]) -> ForgetReport:
    config = leftovers.with_audio_folder(config, ledger.files)
    leftovers.clear(ledger, config)
    if call_ids:
        ledger.forget(call_ids)
        leftovers.erase(ledger.files, config, call_ids)
    ledger.finish()
    return ForgetReport(tuple(call_ids))


def _named(prefix: str, known: Sequence[str]) -> str:
    found = [call_id for call_id in known if prefix and call_id.startswith(prefix)]
    if prefix in found:
        return prefix
    if len(found) != 1:
        what = "more than one call has an id that begins so" if found else "there is no call with that id"
        raise StoreError("call-missing", what, '`callkit query "from calls"` lists them; nothing was erased')
    return found[0]


def _require(store: str | os.PathLike[str]) -> None:
    """Erasing from a store that is not there must not make one."""
    files = StoreFiles.at(store)
    if not files.ledger.exists() and not files.snapshot.exists():
        raise StoreError("store-missing", f"there is no store {files.snapshot.name} in that folder", "check --store")
