"""Find turns: by the words in them, or by what they mean."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from callkit import registry
from callkit.config import Config
from callkit.errors import UsageError
from callkit.protocols import Embedder
from callkit.runners.jobs import apply_environment
from callkit.store.reader import Snapshot

_COLUMNS = "turns.call_id, calls.source_name, turns.turn, turns.role, turns.start_s, turns.text"


def by_words(store: Path, text: str, *, role: str | None = None, limit: int = 20) -> list[Mapping[str, Any]]:
    """Turns that hold every word of `text` (upper or lower case), the whole phrase first, then the latest calls."""
    words = text.lower().split()
    if not words:
        raise UsageError("usage", "there is nothing to search for", "give a word or a phrase")
    conditions = " and ".join(["contains(lower(turns.text), ?)"] * len(words) + ["turns.role = ?"] * (role is not None))
    question = f"""
        select {_COLUMNS}
        from turns join calls using (call_id)
        where {conditions}
        order by contains(lower(turns.text), ?) desc, calls.started_at desc nulls last, turns.call_id, turns.turn
        limit ?
    """  # noqa: S608 - made of constants; every value is a parameter
    values = [*words, *([role] if role else []), " ".join(words), limit]
    with Snapshot(store) as snapshot:
        return list(snapshot.rows(question, values))


def by_meaning(
    store: Path,
    text: str,
    *,
    config: Config,
    role: str | None = None,
    limit: int = 20,
    embedder: Embedder | None = None,
    among: Sequence[str] | None = None,
    one_a_call: bool = False,
) -> list[Mapping[str, Any]]:
    """Turns nearest in meaning to `text`, with the cosine of their embeddings as `score`, best first.

    Compares with the embeddings of the model the configuration names; turns embedded by another are left out. A caller
    that asks often gives an open `embedder`; else one is opened and closed here. `among` (call ids; None: all) and `role`
    say which turns are compared at all, so the `limit` counts only them; `one_a_call` keeps the best turn of each call.
    """
    if not text.strip():
        raise UsageError("usage", "there is nothing to search for", "say what the turn should be about")
    engine = embedder or open_embedder(config)
    try:
        vector = [float(value) for value in engine.embed([text])[0]]
        model = engine.describe()[1]
    finally:
        if embedder is None:
            engine.close()
    values = {
        "vector": vector,
        "model": model,
        "role": role,
        "among": None if among is None else list(among),
        "most_a_call": 1 if one_a_call else None,
        "limit": limit,
    }
    with Snapshot(store) as snapshot:
        return list(snapshot.rows(_NEAREST, values))


def open_embedder(config: Config) -> Embedder:
    """The embedder the configuration names, its model loaded; the caller closes it."""
    apply_environment(config)
    engine: Embedder = registry.build_engine("embed", config.embed.engine, config)
    engine.open()
    return engine


# What narrows the search stands before the limit, or a filter would leave few or none of the nearest of everything.
_NEAREST = f"""
with scored as (
    select embeddings.call_id, embeddings.turn, list_cosine_similarity(embeddings.vector, $vector::float[]) as score
    from embeddings
    where embeddings.model = $model
        and ($among::varchar[] is null or embeddings.call_id in (select unnest($among::varchar[])))
        and ($role::varchar is null
            or (embeddings.call_id, embeddings.turn) in (select (call_id, turn) from turns where role = $role))
),
nearest as (
    select *, row_number() over (partition by call_id order by score desc, turn) as nth
    from scored
    qualify $most_a_call::integer is null or nth <= $most_a_call
    order by score desc, call_id, turn
    limit $limit
)
select {_COLUMNS}, nearest.score
from nearest join turns using (call_id, turn) join calls using (call_id)
order by nearest.score desc, turns.call_id, turns.turn
"""  # noqa: S608 - made of constants; every value is a parameter
