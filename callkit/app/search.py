"""Find turns: by the words in them, or by what they mean."""

from __future__ import annotations

from collections.abc import Mapping
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
) -> list[Mapping[str, Any]]:
    """Turns nearest in meaning to `text`, with the cosine of their embeddings as `score`, best first.

    Compares with the embeddings of the model the configuration names; turns embedded by another are left out. A caller
    that asks often gives an open `embedder`; else one is opened and closed here.
    """
    if not text.strip():
        raise UsageError("usage", "there is nothing to search for", "say what the turn should be about")
    if embedder is not None:
        return _nearest(store, embedder, text, role, limit)
    engine = open_embedder(config)
    try:
        return _nearest(store, engine, text, role, limit)
    finally:
        engine.close()


def open_embedder(config: Config) -> Embedder:
    """The embedder the configuration names, its model loaded; the caller closes it."""
    apply_environment(config)
    engine: Embedder = registry.build_engine("embed", config.embed.engine, config)
    engine.open()
    return engine


def _nearest(store: Path, embedder: Embedder, text: str, role: str | None, limit: int) -> list[Mapping[str, Any]]:
    vector = [float(value) for value in embedder.embed([text])[0]]
    question = f"""
        select {_COLUMNS}, list_cosine_similarity(embeddings.vector, ?::float[]) as score
        from embeddings join turns using (call_id, turn) join calls using (call_id)
        where embeddings.model = ? {"and turns.role = ?" if role else ""}
        order by score desc, turns.call_id, turns.turn
        limit ?
    """  # noqa: S608 - made of constants; every value is a parameter
    with Snapshot(store) as snapshot:
        return list(snapshot.rows(question, [vector, embedder.describe()[1], *([role] if role else []), limit]))
