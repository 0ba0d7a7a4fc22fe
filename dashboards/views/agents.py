"""Agents: compared fairly. Adjusted for what their callers wanted, drawn with what is not known, few calls not ranked."""

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

SHOWN = 4  # agents drawn over time at once
#: Figure -> (name, axis title, scale, format of a tooltip, is more better?)
FIGURES = {
    "sentiment": ("Customer sentiment", "Mean customer sentiment (−1 to +1)", 1.0, "+.2f", True),
    "lift": ("Sentiment change in the call", "Mean change of customer sentiment (−2 to +2)", 1.0, "+.2f", True),
    "resolved": ("Resolved", "Share of calls resolved (%)", 100.0, ".0f", True),
    "duration": ("Handle time", "Mean handle time (minutes)", 1 / 60, ".1f", False),
    "silence": ("Silence", "Silence share (%)", 100.0, ".1f", False),
}


def compared(chosen: filters.Filter, figure: str) -> pd.DataFrame:
    """One row an agent: shrunk mean with its 95 % interval in the units of the axis, best first."""
    found = data.compare_agents(chosen.params())
    frame = found[found.figure == figure].copy()
    scale, more_is_better = FIGURES[figure][2], FIGURES[figure][4]
    for name in ("mean", "fair", "shrunk", "error", "everybody"):
        frame[name] *= scale
    frame["low"], frame["high"] = frame.shrunk - figures.Z95 * frame.error, frame.shrunk + figures.Z95 * frame.error
    return frame.sort_values(["ranked", "shrunk"], ascending=[False, not more_is_better])


def forest(frame: pd.DataFrame, figure: str) -> alt.LayerChart:
    """Agents under one another with their intervals, and everybody's mean as a line."""
    _, title, _, form, _ = FIGURES[figure]
    order = list(frame.agent_id)
    base = alt.Chart(frame, height=76 + 24 * len(frame)).encode(
        y=alt.Y("agent_id:N", title="Agent", sort=order, axis=theme.names_axis()),
        color=alt.condition("datum.ranked", alt.value(theme.AGENT), alt.value(theme.OTHER)),
        opacity=alt.condition("datum.ranked", alt.value(1.0), alt.value(0.55)),
        tooltip=[alt.Tooltip("agent_id", title="Agent"), alt.Tooltip("calls", title="Calls"), alt.Tooltip("shrunk", title="Compared", format=form),
                 alt.Tooltip("low", title="95 % from", format=form), alt.Tooltip("high", title="to", format=form),
                 alt.Tooltip("mean", title="As measured", format=form)],
    )  # fmt: skip
    scale = alt.Scale(zero=False)
    everybody = alt.Chart(frame.head(1)).mark_rule(color=theme.NEUTRAL, strokeDash=[4, 4]).encode(x="everybody:Q")
    lines = base.mark_rule(strokeWidth=2).encode(
        x=alt.X("low:Q", title=title, scale=scale, axis=alt.Axis(tickCount=8)), x2="high:Q"
    )
    dots = base.mark_circle(size=90).encode(x=alt.X("shrunk:Q", title=title, scale=scale))
    measured = base.mark_tick(thickness=1.5, size=11).encode(x=alt.X("mean:Q", title=title, scale=scale))
    return everybody + lines + measured + dots


def table(frame: pd.DataFrame, figure: str) -> None:
    name = FIGURES[figure][0]
    shown = frame.assign(place=[str(number + 1) if ranked else "" for number, ranked in enumerate(frame.ranked)])
    form = f"%{FIGURES[figure][3].rstrip('f')}f"
    shown = shown[["place", "agent_id", "calls", "shrunk", "low", "high", "mean"]]
    pale = shown.style.apply(lambda row: ["" if row.place else f"color: {theme.OTHER}"] * len(row), axis=1)
    st.dataframe(
        pale, hide_index=True, height=theme.table_height(len(frame), 640),
        column_config={
            "place": st.column_config.TextColumn("Rank", width=45), "agent_id": links.column("Agent", f"open_agent_{figure}", width=90),
            "calls": st.column_config.NumberColumn("Calls", format="localized", width=55),
            "shrunk": st.column_config.NumberColumn("Compared", format=form, width=85, help=f"{name}, adjusted for the reasons of the calls and shrunk towards everybody's mean."),
            "low": st.column_config.NumberColumn("95 % from", format=form, width=75), "high": st.column_config.NumberColumn("to", format=form, width=60),
            "mean": st.column_config.NumberColumn("Measured", format=form, width=75, help="The plain mean of the agent's calls."),
        },
    )  # fmt: skip
    st.caption("Click an agent to see their calls.")
    place = links.clicked(f"open_agent_{figure}")
    if place is not None:
        links.go("calls", choose={"agents": [frame.agent_id.iloc[place]]})


def over_time(chosen: filters.Filter, agents: list[str], figure: str) -> None:
    st.markdown("##### Over time")
    shown = st.multiselect(
        "Agents to draw", sorted(agents), default=list(dict.fromkeys([agents[0], agents[-1]])), max_selections=SHOWN, key="agents_drawn",
        help="At first the one at the top of the list above and the one at its end.",
    )  # fmt: skip
    if not shown:
        st.caption("Choose an agent to draw.")
        return
    bucket = "week" if chosen.bucket == "day" else chosen.bucket
    frame = data.ask("agent_trend", {**chosen.params(), "bucket": bucket, "shown": shown})
    _, title, scale, form, _ = FIGURES[figure]
    frame = frame.assign(value=frame[figure] * scale)
    colour = alt.Color(
        "agent_id:N",
        title="Agent",
        scale=alt.Scale(range=list(theme.SERIES)),
        legend=alt.Legend(orient="top", titleOrient="left"),
    )
    chart = (
        alt.Chart(frame, height=theme.CHART_HEIGHT + 40)
        .mark_line(point=alt.OverlayMarkDef(size=40))
        .encode(
            x=theme.time_axis(frame.day, bucket),
            y=alt.Y("value:Q", title=title, scale=alt.Scale(zero=False)),
            color=colour,
            tooltip=[alt.Tooltip("agent_id", title="Agent"), theme.when(bucket), alt.Tooltip("value:Q", title=title, format=form),
                     alt.Tooltip("calls:Q", title="Calls")],
        )
    )  # fmt: skip
    st.altair_chart(chart)


chosen = filters.current()
st.title("Agents", anchor=False)
figure = st.segmented_control(
    "Compare by", list(FIGURES), default="sentiment", format_func=lambda name: FIGURES[name][0], key="by_figure", bind="query-params",
    required=True, label_visibility="collapsed",
)  # fmt: skip
frame = compared(chosen, figure)
if frame.empty:
    gate.nothing_here(
        "No calls with an agent in this period",
        "Agents come from the metadata: a manifest, a sidecar or [ingest] filename_pattern.",
    )
else:
    few = int((~frame.ranked).sum())
    st.caption(
        f"{figures.period(chosen.since, chosen.until)} · dot: fair comparison with its 95 % interval · tick: as measured · dashed: everybody"
        + (f" · grey: {few} with fewer than {data.least_calls()} calls, not ranked" if few else "")
    )
    left, right = st.columns([3, 2.4])
    with left:
        st.altair_chart(forest(frame, figure))
    with right:
        table(frame, figure)
    over_time(chosen, list(frame.agent_id), figure)
