"""One call, as a person wants to see it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from callkit.app import certainty
from callkit.store.reader import Snapshot

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class CallView:
    """What the store knows of a call, rows as they are in its tables; `summary` is None where there is none.

    `certainty`: for each figure of `metrics` ("call") and of each role's, how sure it is, in words.
    """

    call: Row
    turns: list[Row]
    summary: Row | None
    statements: list[Row]
    actions: list[Row]
    metrics: Row | None
    speakers: list[Row]
    redactions: list[Row]
    segments: list[Row]
    certainty: dict[str, dict[str, str]]


def show(store: Path, call: str) -> CallView:
    """A call by its id or the beginning of it. Raises `StoreError` "call-missing" or "store-missing"."""
    with Snapshot(store) as snapshot:
        call_id = snapshot.call_id(call)

        def rows(table: str, order: str) -> list[Row]:
            return list(snapshot.rows(f"select * from {table} where call_id = ? order by {order}", [call_id]))  # noqa: S608

        def row(table: str) -> Row | None:
            return next(iter(rows(table, "call_id")), None)

        found = row("calls") or {"call_id": call_id, "quality": None}
        turns: list[Row] = list(snapshot.rows(_TURNS, [call_id]))
        metrics, speakers = row("call_metrics"), rows("speaker_metrics", "role")
        sure = {"call": certainty.of_call(metrics, turns, found["quality"])} if metrics else {}
        return CallView(
            call=found,
            turns=turns,
            summary=row("summaries"),
            statements=rows("statements", "statement"),
            actions=rows("actions", "action"),
            metrics=metrics,
            speakers=speakers,
            certainty=sure | {one["role"]: certainty.of_role(one, turns) for one in speakers},
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
