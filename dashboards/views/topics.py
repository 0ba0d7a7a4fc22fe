"""Topics: what calls are about, how that moves, how customers feel about it, and calls to listen to."""

from __future__ import annotations

import altair as alt
import pandas as pd
import streamlit as st

import data
import figures
import filters
import gate
import links
import theme

LISTENED = 3  # calls of a reason offered to listen to


def size_by_mood(frame: pd.DataFrame) -> alt.LayerChart:
    """Each reason by how many calls it has and how its customers feel, with the 95 % interval of that mean."""
    banded = theme.with_band(frame, "sentiment")
    order = list(frame.sort_values("sentiment", ascending=False)["name"])
    base = alt.Chart(banded, height=340).encode(y=alt.Y("name:N", title=None, sort=order, axis=theme.names_axis()))
    x = alt.X("sentiment:Q", title="Mean customer sentiment (−1 to +1), 95 % interval", scale=alt.Scale(zero=True))
    rule = base.mark_rule(color=theme.OTHER, strokeWidth=2).encode(x=alt.X("low:Q"), x2="high:Q")
    dots = base.mark_circle(opacity=0.95).encode(
        x=x,
        size=alt.Size("calls:Q", title="Calls", scale=alt.Scale(range=[60, 700]), legend=alt.Legend(orient="top", titleOrient="left", symbolFillColor=theme.NEUTRAL, symbolStrokeWidth=0, values=sizes(int(banded.calls.max())))),
        color=theme.mood_colour("sentiment", legend=False),
        tooltip=[alt.Tooltip("name", title="Reason"), alt.Tooltip("calls", title="Calls", format=","),
                 alt.Tooltip("sentiment", title="Sentiment", format="+.2f"), alt.Tooltip("lift", title="Change in the call", format="+.2f"),
                 alt.Tooltip("resolved", title="Resolved", format=".0%")],
    )  # fmt: skip
    return dots + rule


def sizes(most: int) -> list[int]:
    """Round numbers for the legend, up to the largest reason."""
    unit = 10 ** (len(str(most)) - 1)
    return [unit * times for times in (1, 2, 4, 8) if unit * times <= most][-3:]


def moved(frame: pd.DataFrame, chosen: filters.Filter) -> alt.Chart:
    """How many more or fewer calls each reason has than in the period before; how many calls, where there is none."""
    compared = bool(chosen.before) and frame.calls_before.notna().any()
    before = frame.calls_before.astype(float)
    change = frame.calls / before - 1 if compared else frame.calls
    title = f"Calls, change against the {chosen.days} days before" if compared else "Calls"
    # Counts of independent calls vary by their square root (Poisson).
    sure = (frame.calls - before).abs() > figures.Z95 * (frame.calls + before) ** 0.5 if compared else True
    drawn = frame.assign(change=change.astype(float), sure=sure).dropna(subset=["change"])
    drawn = drawn.sort_values("change", ascending=False)
    return (
        alt.Chart(drawn, height=340)
        .mark_bar(color=theme.INK, cornerRadiusEnd=3)
        .encode(
            x=alt.X("change:Q", title=title, axis=alt.Axis(format="+.0%" if compared else ",", tickCount=6)),
            y=alt.Y("name:N", title=None, sort=list(drawn["name"]), axis=theme.names_axis()),
            opacity=alt.condition("datum.sure", alt.value(1.0), alt.value(0.4)),
            tooltip=[
                alt.Tooltip("name", title="Reason"),
                alt.Tooltip("calls", title="Calls"),
                alt.Tooltip("calls_before", title="Before"),
            ],
        )
    )


def each(found: pd.DataFrame, chosen: filters.Filter) -> None:
    """The reasons one under another: their words, their course, their figures, calls to listen to."""
    st.markdown("##### Each reason", help=f"The course is its calls a {chosen.bucket}, on the same scale for all.")
    moves = data.ask("topic_trend", {**chosen.params(), "bucket": chosen.bucket})
    course = moves.groupby("topic").calls.agg(list)
    calls = found.representative_calls.map(lambda ids: list(ids)[:LISTENED])
    shown = found.assign(
        words=[", ".join(list(terms)[:6]) for terms in found.terms],
        course=found.topic.map(course),
        minutes=found.duration / 60,
        resolved=found.resolved * 100,
        sentiment=found.sentiment.round(2) + 0.0,  # no "-0.00"
        **{
            f"call_{place}": [f"Call {place + 1}" if len(ids) > place else None for ids in calls]
            for place in range(LISTENED)
        },
    )
    number = st.column_config.NumberColumn
    columns = {
        "name": links.column("Reason", "open_topic", width=190),
        "words": st.column_config.TextColumn("Its words", width=200),
        "course": st.column_config.AreaChartColumn("Calls over time", y_min=0, y_max=int(moves.calls.max()) if len(moves) else 1, width=210, color=theme.INK),
        "calls": number("Calls", format="localized", width=65),
        "minutes": number("Minutes", format="%.1f", width=70, help="Mean handle time."),
        "sentiment": number("Sentiment", format="%+.2f", width=85, help="Mean of the customers, −1 to +1."),
        "resolved": number("Resolved", format="%.0f %%", width=80, help="Of the calls whose outcome is known."),
        **{f"call_{place}": links.column("Listen" if not place else " " * place, f"open_near_{place}", width=70) for place in range(LISTENED)},
    }  # fmt: skip
    st.dataframe(
        shown, column_config=columns, column_order=list(columns), hide_index=True, row_height=44, height=theme.table_height(len(found), 760, 44),
        placeholder="–",
    )  # fmt: skip
    st.caption("Click a reason for all its calls; Call 1 to 3 are the nearest to its middle.")
    place = links.clicked("open_topic")
    if place is not None:
        links.go("calls", choose={"topics": [found["name"].iloc[place]]})
    for number_of_call in range(LISTENED):
        place = links.clicked(f"open_near_{number_of_call}")
        if place is not None:
            links.go("call", call=calls.iloc[place][number_of_call])


chosen = filters.current()
st.title("Topics", anchor=False)
found = data.ask("topics", chosen.params())
if found.empty:
    gate.nothing_here(
        "No topics here",
        "`callkit topics --fit` finds what calls are about, over the whole store. Or clear the filters above.",
    )
else:
    st.caption(
        f"{figures.period(chosen.since, chosen.until)} · reasons found over the whole store · lines: 95 % intervals · pale bars: a change that chance explains"
    )
    left, right = st.columns(2)
    with left:
        st.markdown("##### How customers feel about each reason")
        st.altair_chart(size_by_mood(found))
    with right:
        st.markdown("##### What people call about more or less")
        st.altair_chart(moved(found, chosen))
    each(found, chosen)
