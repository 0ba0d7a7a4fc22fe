"""Calls: find a call, by what it was about, by words said or by meaning, and open it."""

from __future__ import annotations

import io
from typing import Any

import pandas as pd
import streamlit as st

import data
import figures
import filters
import gate
import links
import theme

WORDS, MEANING = "Words", "Meaning"
COLUMNS = {
    "started_at": st.column_config.DatetimeColumn("Started", format="D MMM YYYY, HH:mm", width=140),
    "reason": links.column("Reason", "open_call", width=195),
    "said": st.column_config.TextColumn("What was said", width=420),
    "match": st.column_config.NumberColumn("Likeness", format="%.2f", help="Cosine of the turn and the question, at most 1.", width=80),
    "outcome": st.column_config.TextColumn("Outcome", width=120),
    "agent_id": st.column_config.TextColumn("Agent", width=85),
    "queue": st.column_config.TextColumn("Queue", width=75),
    "sentiment": st.column_config.NumberColumn("Sentiment", format="%+.2f", help="Customer, −1 to +1.", width=85),
    "quarters": st.column_config.LineChartColumn("Course", y_min=-1, y_max=1, width=85, color=theme.CUSTOMER, help="The customer's sentiment in the four quarters of the call."),
    "minutes": st.column_config.NumberColumn("Minutes", format="%.1f", help="Length of the call.", width=70),
    "agent_talks": st.column_config.ProgressColumn("Agent talks", format="%d %%", min_value=0, max_value=100, width=100, color=theme.AGENT, help="Share of all talk."),
    "flags": st.column_config.ListColumn("Flags", width=190),
    "source_name": st.column_config.TextColumn("File", width=150),
}  # fmt: skip


def search(chosen: filters.Filter) -> tuple[pd.DataFrame | None, bool]:
    """The search line: the turns found (one a call), or None without a question; and whether meaning was asked."""
    line, kind = st.columns([1, 0.18], vertical_alignment="center")
    text = line.text_input(
        "Search what was said", key="q", bind="query-params", placeholder='refund · deliver* · "my card was" · or ask by meaning',
        icon=":material/search:", label_visibility="collapsed",
    )  # fmt: skip
    how = kind.segmented_control(
        "Search by", [WORDS, MEANING], default=WORDS, key="by", bind="query-params", required=True, label_visibility="collapsed",
        help="Words: every word, in any order; deliver* finds its beginnings; \"my card\" the phrase. Meaning: the turns nearest in sense.",
    )  # fmt: skip
    if not text:
        return None, False
    if how == MEANING:
        with st.spinner("Searching by meaning"):
            found = data.find_meaning(text, chosen.params())
        return found.rename(columns={"score": "match", "text": "said"})[["call_id", "turn", "said", "match"]], True
    found = data.find_words(text, chosen.params())
    return found.rename(columns={"text": "said"})[["call_id", "turn", "said"]], False


def flags(row: Any) -> list[str]:
    """What to notice about a call before opening it."""
    raised = {
        "leak": row.verdict == "leak",
        "escalated": row.outcome == "escalated",
        "call back": row.outcome == "callback_promised",
        "mood fell": not figures.missing(row.sentiment_change) and row.sentiment_change < -0.3,
        "hold": not figures.missing(row.hold_s) and row.hold_s > 30,
        "interrupted": not figures.missing(row.interruptions) and row.interruptions >= 3,
    }
    return [name for name, is_so in raised.items() if is_so]


def shown_as(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with what is only for the eye: length in minutes, shares in percent, flags, outcome in words."""
    return frame.assign(
        reason=frame.reason.fillna("no reason found"),
        quarters=[None if all(figures.missing(value) for value in course) else course for course in frame.quarters],
        minutes=frame.duration_s / 60,
        agent_talks=(frame.agent_share * 100).round(),
        flags=[flags(row) for row in frame.itertuples()],
        outcome=frame.outcome.map(figures.OUTCOMES),
    )


def downloads(frame: pd.DataFrame) -> None:
    plain = frame.drop(columns=["quarters"])

    def parquet() -> bytes:
        buffer = io.BytesIO()
        plain.to_parquet(buffer, index=False)
        return buffer.getvalue()

    row = st.container(horizontal=True, horizontal_alignment="right")
    row.download_button(
        "CSV",
        lambda: plain.to_csv(index=False).encode(),
        "calls.csv",
        "text/csv",
        icon=":material/download:",
        on_click="ignore",
    )
    row.download_button(
        "Parquet",
        parquet,
        "calls.parquet",
        "application/vnd.apache.parquet",
        icon=":material/download:",
        on_click="ignore",
    )


def table(frame: pd.DataFrame, searched: bool) -> None:
    shown = shown_as(frame)
    left_out = ("queue", "agent_talks", "minutes", "flags", "source_name") if searched else ()
    order = [name for name in COLUMNS if name in shown and name not in left_out]
    height = theme.table_height(len(frame), 640)
    st.dataframe(
        shown, column_config=COLUMNS, column_order=order, hide_index=True, height=height, key="table", placeholder="–"
    )
    place = links.clicked("open_call")
    if place is not None:
        row = frame.iloc[place]
        links.go("call", call=row.call_id, **({"turn": str(row.turn)} if searched else {}))


chosen = filters.current()
st.title("Calls", anchor=False)
try:
    found, by_meaning = search(chosen)
except data.ModelError as error:
    gate.nothing_here(
        f"Searching by meaning does not work here: {error.what}", f"{error.hint}. Search by words meanwhile."
    )
    st.stop()
calls = data.ask("calls", {**chosen.params(), "found": None if found is None else found.call_id.to_list()})
if found is not None:
    calls = calls.merge(found, on="call_id")
    if by_meaning:
        calls = calls.sort_values("match", ascending=False).reset_index(drop=True)
if by_meaning and found is not None and found.empty:
    gate.nothing_here(
        "None of these calls can be searched by meaning",
        "Their turns have no embeddings of the model in use: `callkit run --stored` makes them. Or clear the filters above.",
    )
elif calls.empty:
    gate.nothing_here(
        "No calls found", "Try other words, search by meaning, choose a longer period, or clear the filters above."
    )
else:
    about = figures.period(chosen.since, chosen.until)
    if found is not None:
        about = f"{'nearest in meaning' if by_meaning else 'with these words'}, {about}"
    left, right = st.columns([1, 0.3], vertical_alignment="center")
    left.caption(f"**{len(calls):,}** calls, {about} · click a reason to open the call, a heading to sort")
    with right:
        downloads(calls)
    table(calls, found is not None)
