"""Topics: what calls are about, how that moves, how customers feel about it, and calls to listen to."""

from __future__ import annotations

import altair as alt
import pandas as pd
import streamlit as st

import data
import figures
import filters
import gate
import theme


def size_by_mood(frame: pd.DataFrame) -> alt.LayerChart:
    """Each reason by how many calls it has and how its customers feel, with the 95 % interval of that mean."""
    banded = theme.with_band(frame, "sentiment")
    order = list(frame.sort_values("sentiment", ascending=False)["name"])
    base = alt.Chart(banded, height=340).encode(
        y=alt.Y("name:N", title=None, sort=order, axis=alt.Axis(labelLimit=200, labelOverlap=False))
    )
    x = alt.X("sentiment:Q", title="Mean customer sentiment (−1 to +1), 95 % interval", scale=alt.Scale(zero=True))
    rule = base.mark_rule(color=theme.INK, strokeWidth=2).encode(x=alt.X("low:Q"), x2="high:Q")
    dots = base.mark_circle(opacity=0.95).encode(
        x=x,
        size=alt.Size("calls:Q", title="Calls", scale=alt.Scale(range=[60, 700]), legend=alt.Legend(orient="top", symbolFillColor=theme.NEUTRAL, symbolStrokeWidth=0)),
        color=theme.mood_colour("sentiment", legend=False),
        tooltip=[alt.Tooltip("name", title="Reason"), alt.Tooltip("calls", title="Calls", format=","),
                 alt.Tooltip("sentiment", title="Sentiment", format="+.2f"), alt.Tooltip("lift", title="Change in the call", format="+.2f"),
                 alt.Tooltip("resolved", title="Resolved", format=".0%")],
    )  # fmt: skip
    return dots + rule


def moved(frame: pd.DataFrame, chosen: filters.Filter) -> alt.Chart:
    """How many more or fewer calls each reason has than in the period before; how many calls, where there is none."""
    compared = bool(chosen.before) and frame.calls_before.notna().any()
    change = frame.calls / frame.calls_before - 1 if compared else frame.calls
    title = f"Calls, change against the {chosen.days} days before" if compared else "Calls"
    drawn = frame.assign(change=change.astype(float)).dropna(subset=["change"]).sort_values("change", ascending=False)
    return (
        alt.Chart(drawn, height=340)
        .mark_bar(color=theme.INK, cornerRadiusEnd=3)
        .encode(
            x=alt.X("change:Q", title=title, axis=alt.Axis(format="+.0%" if compared else ",")),
            y=alt.Y("name:N", title=None, sort=list(drawn["name"]), axis=alt.Axis(labelLimit=200, labelOverlap=False)),
            tooltip=[
                alt.Tooltip("name", title="Reason"),
                alt.Tooltip("calls", title="Calls"),
                alt.Tooltip("calls_before", title="Before"),
            ],
        )
    )


def course(frame: pd.DataFrame, most: int, bucket: str) -> alt.Chart:
    """A small course of calls over time, on the same scale for every reason."""
    return (
        alt.Chart(frame, height=72)
        .mark_area(color=theme.INK, opacity=0.3, line={"color": theme.INK})
        .encode(
            x=alt.X("day:T", title=None, axis=None),
            y=alt.Y("calls:Q", title=None, axis=None, scale=alt.Scale(domain=[0, most])),
            tooltip=[alt.Tooltip("day:T", title=theme.BUCKETS[bucket], format="%-d %b %Y"), alt.Tooltip("calls:Q", title="Calls"),
                     alt.Tooltip("sentiment:Q", title="Sentiment", format="+.2f")],
        )
    )  # fmt: skip


def one(row: pd.Series, moves: pd.DataFrame, most: int, bucket: str) -> None:
    """A reason: its words, its course, its figures, calls to listen to."""
    with st.container(border=True):
        left, middle, right = st.columns([2.2, 2.6, 1.6], vertical_alignment="center")
        left.markdown(f"**{row['name']}**")
        left.caption(f"{', '.join(list(row.terms)[:6])}")
        middle.altair_chart(course(moves, most, bucket))
        right.markdown(
            f"{row.calls:,} calls · {figures.clock(row.duration)} on average  \n"
            f"sentiment {figures.score(row.sentiment)} · resolved {figures.percent(row.resolved)}"
        )
        links = right.container(horizontal=True, gap="small")
        links.page_link("views/calls.py", label="All", icon=":material/list_alt:", query_params={"topics": row["name"]})
        for number, call_id in enumerate(list(row.representative_calls)[:3], start=1):
            links.page_link(
                "views/call.py",
                label=f"Call {number}",
                query_params={"call": call_id},
                help="Near the middle of the topic",
            )


chosen = filters.current()
st.title("Topics", anchor=False)
found = data.ask("topics", chosen.params())
if found.empty:
    gate.nothing_here(
        "No topics here",
        "`callkit topics` finds what calls are about, over the whole store. Or clear the filters above.",
    )
else:
    st.caption(
        f"{figures.period(chosen.since, chosen.until)} · reasons found over the whole store; bars of uncertainty at 95 %"
    )
    moves = data.ask("topic_trend", {**chosen.params(), "bucket": chosen.bucket})
    left, right = st.columns(2)
    with left:
        st.markdown("##### How customers feel about each reason")
        st.altair_chart(size_by_mood(found))
    with right:
        st.markdown("##### What people call about more or less")
        st.altair_chart(moved(found, chosen))
    st.markdown("##### Each reason", help=f"With its calls a {chosen.bucket}, on the same scale.")
    for _, row in found.iterrows():
        one(row, moves[moves["name"] == row["name"]], int(moves.calls.max()) if len(moves) else 1, chosen.bucket)
