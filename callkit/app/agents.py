"""Compare agents fairly: adjusted for why people call, shrunk where little is known, not ranked on a handful of calls."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from callkit.store.reader import Snapshot

if TYPE_CHECKING:
    import pandas as pd

LEAST_CALLS = 20
"""Calls below which an agent is not ranked."""


def compare(snapshot: Snapshot, call_ids: Sequence[str] | None = None, *, least: int = LEAST_CALLS) -> pd.DataFrame:
    """One row an agent and figure over the calls `call_ids` (None: all), best estimate first within a figure.

    Figures: sentiment and lift (its change in the call, both of the customer), duration (seconds), silence and resolved
    (shares). Columns: agent_id, figure, calls, mean (as measured), fair (adjusted for the calls' reasons), everybody (the
    mean of all), shrunk (empirical-Bayes estimate), error (its standard error), ranked. `agents.sql` says how.
    """
    query = Path(__file__).with_name("agents.sql").read_text("utf-8")
    return snapshot.df(query, {"call_ids": None if call_ids is None else list(call_ids), "least": least})
