"""One call, as a person wants to see it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from callkit.store.reader import Snapshot

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class CallView:
    """What the store knows of a call, rows as they are in its tables; `summary` is None where there is none."""

    call: Row
    turns: list[Row]
    summary: Row | None
    actions: list[Row]
    metrics: Row | None
    speakers: list[Row]
    redactions: list[Row]
    segments: list[Row]


def show(store: Path, call: str) -> CallView:
    """A call by its id or the beginning of it. Raises `StoreError` "call-missing" or "store-missing"."""
    with Snapshot(store) as snapshot:
        call_id = snapshot.call_id(call)

        def rows(table: str, order: str) -> list[Row]:
            return list(snapshot.rows(f"select * from {table} where call_id = ? order by {order}", [call_id]))  # noqa: S608

        def row(table: str) -> Row | None:
            return next(iter(rows(table, "call_id")), None)

        return CallView(
            call=row("calls") or {"call_id": call_id},
            turns=list(snapshot.rows(_TURNS, [call_id])),
            summary=row("summaries"),
            actions=rows("actions", "action"),
            metrics=row("call_metrics"),
            speakers=rows("speaker_metrics", "role"),
            redactions=rows("redactions", "redaction"),
            segments=rows("segments", "start_s, kind"),
        )


_TURNS = """
select turns.turn, turns.role, turns.role_confidence, turns.speaker, turns.channel, turns.start_s, turns.end_s, turns.text,
       turns.translation, turns.confidence, turns.overlap, sentiment.label as sentiment, sentiment.score as sentiment_score
from turns left join sentiment using (call_id, turn)
where turns.call_id = ?
order by turns.turn
"""
