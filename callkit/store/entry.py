"""An Outcome on its way into the ledger: what of it is new, and which tables that touches."""

from __future__ import annotations

from callkit.model import Call, Outcome
from callkit.pipeline import Cached
from callkit.pipeline.facets import encode, payload_digest, refuse_raw
from callkit.store.rows import TABLES, Row


class Entry:
    """An Outcome held against what is stored of its call. Raises `PrivacyError` if it holds anything raw."""

    def __init__(self, outcome: Outcome, known: Cached, earlier: Call | None) -> None:
        refuse_raw((outcome.call, outcome.runs, outcome.failed), "a call's metadata")
        self.outcome = outcome
        self.call = outcome.call
        self.known = known
        self.earlier = earlier
        self.payloads = {name: encode(name, value) for name, value in outcome.facets.items()}
        self.digests = {name: payload_digest(payload) for name, payload in self.payloads.items()}
        self.changed = {name for name, digest in self.digests.items() if known.digests.get(name) != digest}

    def facet_rows(self) -> list[Row]:
        return [
            {"call_id": self.call.call_id, "facet": name, "digest": self.digests[name], "payload": self.payloads[name]}
            for name in sorted(self.changed)
        ]

    def tables(self) -> list[str]:
        """Tables whose rows of this call must be made anew."""
        tables = [table for table, (facets, _) in TABLES.items() if self.changed & set(facets)]
        retold = self.call != self.earlier and not self.outcome.failed
        return list(dict.fromkeys(["calls", *tables])) if self.changed or retold else tables

    def needed(self) -> set[str]:
        """Stored facets that those rows rest on besides the new ones."""
        facets = {facet for table in self.tables() for facet in TABLES[table][0]}
        return (facets - set(self.outcome.facets)) & set(self.known.digests)
