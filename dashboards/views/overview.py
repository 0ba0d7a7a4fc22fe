"""Overview: the period at a glance, against the one before it; why people call; what got worse."""

from __future__ import annotations

from functools import partial
from typing import Any

import altair as alt
import pandas as pd
import streamlit as st

import data
import figures
import filters
import gate
import links
import theme

FIGURES = {
    "sentiment": ("customer sentiment", figures.score),
    "duration": ("handle time", figures.clock),
    "silence": ("silence share", figures.percent),
    "unresolved": ("share not resolved", figures.percent),
}
MEMBER_OF = {"reason": "topics", "queue": "queues", "agent": "agents"}


def tile(
    column: Any,
    label: str,
    value: str,
    *,
    change: str = "",
    good: str = "off",
    about: str = "",
    interval: str = "",
    line: Any = None,
) -> None:
    """One figure: its change (`good` says whether up is good: normal, inverse or off), its interval, its course."""
    with column:
        st.metric(
            label, value, change or None, delta_color=good, help=about, border=True, height=172,  # type: ignore[arg-type]
            chart_data=line, chart_type="area", delta_description=interval or None, delta_arrow="off" if change[:1] in ("", "±") else "auto",
        )  # fmt: skip


def between(interval: tuple[float, float] | None, form: Any) -> str:
    return f"95 %: {form(interval[0])} to {form(interval[1])}" if interval else ""


def tiles(chosen: filters.Filter, trend: pd.DataFrame) -> None:
    found = data.ask("tiles", chosen.params()).set_index("period")
    now = found.loc["now"]
    before = found.loc["before"] if "before" in found.index else pd.Series(dtype=float)
    failed = data.ask("failures", {"since": chosen.since, "until": chosen.until})
    failed_before = (
        data.ask("failures", {"since": chosen.before, "until": chosen.since}) if "before" in found.index else None
    )

    def course(name: str, *, summed: bool = False) -> list[float] | None:
        # A sum over half a week would look like a fall.
        line = (trend[trend.whole] if summed else trend)[name].astype(float).ffill().dropna().to_list()
        return line if len(line) > 2 else None

    def mean(name: str, form: Any) -> tuple[str, str, str, Any]:
        interval = figures.mean_interval(now[name], now[f"{name}_sd"], now[f"{name}_n"])
        change = figures.change(now[name], before.get(name), form)
        return form(now[name]), change, between(interval, form), clear(figures.differs(now, before, name))

    top = st.columns(4)
    per_day = f"{now.calls / chosen.days:,.1f} a day" if chosen.days else ""
    tile(top[0], "Calls", figures.count(now.calls), change=figures.change(now.calls, before.get("calls"), figures.count),
         interval=per_day, about="Calls that began in the period.", line=course("calls", summed=True))  # fmt: skip
    value, change, interval, sure = mean("duration", figures.clock)
    tile(top[1], "Average handle time", value, change=change, good=sure("inverse"), interval=interval,
         about="Mean length of the calls, minutes:seconds.", line=course("duration"))  # fmt: skip
    value, change, interval, sure = mean("sentiment", figures.score)
    tile(top[2], "Customer sentiment", value, change=change, good=sure("normal"), interval=interval,
         about="Mean of the customer's turns, from −1 (negative) to +1 (positive).", line=course("sentiment"))  # fmt: skip
    value, change, interval, sure = mean("lift", figures.score)
    tile(top[3], "Sentiment change in the call", value, change=change, good=sure("normal"), interval=interval,
         about="From the start to the end of a call: above 0, customers leave in a better mood.", line=course("lift"))  # fmt: skip

    low = st.columns(4)
    share = now.resolved / now.resolved_n if now.resolved_n else None
    share_before = before.resolved / before.resolved_n if before.get("resolved_n") else None
    apart = figures.share_differs(now.resolved, now.resolved_n, before.get("resolved"), before.get("resolved_n"))
    tile(low[0], "Resolved", figures.percent(share), change=points(share, share_before), good=clear(apart)("normal"),
         interval=between(data.share_interval(now.resolved, now.resolved_n), figures.percent),
         about="Of the calls whose outcome is known.", line=course("resolved"))  # fmt: skip
    fine = partial(figures.percent, digits=1)
    _, _, interval, sure = mean("silence", fine)
    tile(low[1], "Silence share", fine(now.silence), change=points(now.silence, before.get("silence")), good=sure("inverse"),
         interval=interval, about="Of the recording, nobody talks and nothing plays.", line=course("silence"))  # fmt: skip
    tile(low[2], "PII items redacted", figures.count(now.redactions), line=course("redactions", summed=True),
         change=figures.change(now.redactions, before.get("redactions"), figures.count), interval=f"{figures.number(now.redactions_mean)} a call",
         about="Personal data replaced in the text and muted in the audio.")  # fmt: skip
    tile(low[3], "Failures", figures.count(len(failed)), interval="whatever the filters",
         change=figures.change(len(failed), len(failed_before), figures.count) if failed_before is not None else "",
         about="Recordings that could not be processed in the period. See Compliance.")  # fmt: skip


def clear(sure: bool) -> Any:
    """Colour says good or bad only of a change that is more than chance."""
    return lambda direction: direction if sure else "off"


def points(now: Any, before: Any) -> str:
    """A difference of shares in percentage points."""
    return figures.change(now, before, lambda value: f"{value * 100:+.1f} pts")


def over_time(chosen: filters.Filter, trend: pd.DataFrame) -> None:
    left, middle, right = st.columns(3)
    with left:
        st.markdown(
            "##### Calls over time",
            help=f"Pale: only a part of that {chosen.bucket} lies in the period." if not trend.whole.all() else None,
        )
        st.altair_chart(theme.bars_over_time(trend, chosen.bucket, "calls", "Calls"))
    with middle:
        st.markdown("##### Handle time")
        frame = theme.with_band(trend, "duration")
        frame[["duration", "low", "high"]] /= 60
        st.altair_chart(
            theme.line_with_band(frame, chosen.bucket, "duration", "Mean handle time (minutes)", colour=theme.INK)
        )
    with right:
        st.markdown("##### Customer sentiment")
        frame = theme.with_band(trend, "sentiment")
        st.altair_chart(
            theme.line_with_band(
                frame, chosen.bucket, "sentiment", "Mean sentiment (−1 to +1)", colour=theme.CUSTOMER, zero=True
            )
        )


def heat_map(chosen: filters.Filter) -> None:
    st.markdown("##### When people call")
    frame = data.ask("heat", chosen.params())
    if frame.empty:
        gate.nothing_here("No calls with a start time in this period")
        return
    frame["day"] = [theme.WEEKDAYS[number - 1] for number in frame.weekday]
    hours = list(range(int(frame.hour.min()), int(frame.hour.max()) + 1))
    chart = (
        alt.Chart(frame, height=theme.CHART_HEIGHT + 60)
        .mark_rect(cornerRadius=2, color=theme.SERIES[0])
        .encode(
            x=alt.X("hour:O", title="Hour of the day", scale=alt.Scale(domain=hours), axis=alt.Axis(labelAngle=0)),
            y=alt.Y("day:O", title="Weekday", scale=alt.Scale(domain=list(theme.WEEKDAYS)), axis=theme.names_axis()),
            opacity=alt.Opacity("calls:Q", title="Calls", scale=alt.Scale(range=[0.08, 1]), legend=alt.Legend(orient="top", format=",.0f", titleOrient="left", tickCount=4)),
            tooltip=["day", alt.Tooltip("hour", title="Hour"), alt.Tooltip("calls", title="Calls", format=","),
                     alt.Tooltip("sentiment", title="Sentiment", format="+.2f")],
        )
    )  # fmt: skip
    st.altair_chart(chart)


def reasons(chosen: filters.Filter) -> None:
    st.markdown("##### Top call reasons and how customers feel")
    frame = data.ask("reasons", {**chosen.params(), "rows": 10})
    if frame.empty:
        gate.nothing_here("No reasons were found yet", "`callkit topics --fit` finds them over the whole store.")
        return
    frame["felt"] = [figures.score(value) for value in frame.sentiment]
    base = alt.Chart(frame, height=theme.CHART_HEIGHT + 60).encode(
        x=alt.X("calls:Q", title="Calls", axis=alt.Axis(tickMinStep=1, tickCount=6)),
        y=alt.Y("reason:N", title=None, sort=list(frame.reason), axis=theme.names_axis(190)),
        tooltip=["reason", alt.Tooltip("calls", title="Calls", format=","), alt.Tooltip("sentiment", title="Sentiment", format="+.2f"),
                 alt.Tooltip("resolved", title="Resolved", format=".0%")],
    )  # fmt: skip
    bars = base.mark_bar(cornerRadiusEnd=3).encode(color=theme.mood_colour("sentiment"))
    told = base.mark_text(align="left", dx=5, color=theme.OTHER).encode(text="felt:N")
    st.altair_chart(bars + told)


def worse(chosen: filters.Filter) -> None:
    st.markdown(
        "##### What got worse this week",
        help="The last seven days of the period against the 28 days before, for each reason, queue and agent with enough calls; "
        "listed where the difference is more than 2.6 standard errors, the most surprising first. Of many comparisons a few "
        "are chance: listen to the calls.",
    )
    week = (chosen.until or filters.bounds_of(7)[1]) - pd.Timedelta(days=7)
    found = data.ask("worse", {**chosen.params(), "week": week, "rows": 6})
    if found.empty:
        st.caption("Nothing stands out: no figure moved by more than chance would explain.")
        return
    for row in found.itertuples():
        name, form = FIGURES[row.figure]
        now, usual = (-row.now, -row.usual) if row.figure == "sentiment" else (row.now, row.usual)
        line = st.container(
            horizontal=True, vertical_alignment="center", horizontal_alignment="distribute", border=True
        )
        line.markdown(
            f"**{row.member}** ({row.kind}) · {name} **{form(now)}**, usually {form(usual)} · {row.calls} calls"
        )
        if line.button("Show these calls", icon=":material/arrow_forward:", type="tertiary", key=f"worse_{row.Index}"):
            links.go("calls", choose=chosen.narrowed(since=week, **{MEMBER_OF[row.kind]: row.member}))


chosen = filters.current()
st.title("Overview", anchor=False)
trend = data.ask("trend", {**chosen.params(), "bucket": chosen.bucket})
trend["whole"] = chosen.whole(trend.day)
st.caption(f"{figures.period(chosen.since, chosen.until)}{', ' + chosen.compared if chosen.compared else ''}")
if trend.empty:
    gate.nothing_here("No calls in this period pass the filters")
else:
    tiles(chosen, trend)
    over_time(chosen, trend)
    left, right = st.columns(2)
    with left:
        reasons(chosen)
    with right:
        heat_map(chosen)
    worse(chosen)
