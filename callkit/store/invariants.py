"""What must hold between the store's tables, in place of foreign keys: for the tests and `callkit doctor`."""

from __future__ import annotations

from callkit.store.reader import Snapshot

_CHILDREN = (
    "turns", "words", "speaker_spans", "redactions", "redaction_proofs", "sentiment", "summaries", "statements", "actions",
    "chapters", "call_metrics", "speaker_metrics", "interactions", "segments", "channels", "call_topics", "embeddings",
)  # fmt: skip
_OF_A_TURN = ("words", "redactions", "sentiment", "embeddings", "interactions")
#: Table -> the columns that name a row.
_UNIQUE = {
    "calls": "call_id",
    "turns": "call_id, turn",
    "words": "call_id, turn, word",
    "redactions": "call_id, redaction",
    "sentiment": "call_id, turn",
    "summaries": "call_id",
    "call_metrics": "call_id",
    "speaker_metrics": "call_id, role",
    "embeddings": "call_id, turn",
    "topics": "topic",
    "call_topics": "call_id",
}


def broken_invariants(snapshot: Snapshot) -> list[str]:
    """Name every rule that does not hold, in words free of speech; empty when all is well."""
    checks = {
        **{f"{table} of no call": f"select 1 from {table} anti join calls using (call_id)" for table in _CHILDREN},
        **{
            f"{table} of no turn": f"select 1 from {table} anti join turns using (call_id, turn)"
            for table in _OF_A_TURN
        },
        **{
            f"{table} more than once": f"select 1 from {table} group by {key} having count(*) > 1"
            for table, key in _UNIQUE.items()
        },
        "turns that end before they start": "select 1 from turns where end_s < start_s",
        "words outside their turn": """
            select 1 from words w join turns t using (call_id, turn)
            where w.start_s < t.start_s - 0.0015 or w.end_s > t.end_s + 0.0015""",
        "redactions without their placeholder": """
            select 1 from redactions r left join words w using (call_id, turn, word)
            where w.entity is distinct from r.entity""",
        "calls of no stage run": "select 1 from calls anti join stage_runs using (call_id)",
    }
    return [
        f"{count} {what}"
        for what, sql in checks.items()
        if (count := snapshot.rows(f"select count(*) as n from ({sql})")[0]["n"])
    ]
