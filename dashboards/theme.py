"""One look for every page: colours with a meaning, and the charts built from them.

Colours are told apart by people with any kind of colour blindness and stand out from the light and the dark background
alike (tests/test_dashboard.py), so that no page needs to know which one is shown.
"""

from __future__ import annotations

import math
from typing import Any

import altair as alt
import pandas as pd

from figures import Z95

AGENT, CUSTOMER, OTHER = "#3B82C4", "#D07A1C", "#8A8F98"
NEGATIVE, NEUTRAL, POSITIVE = "#9A5FB5", "#8A8F98", "#2B9069"
INK = "#64748B"  # what has no other meaning: counts, durations
ALERT = "#C2410C"  # leaks and failures
#: For what has no colour of its own, such as kinds of personal data: none of those above.
SERIES = ("#2A8FA3", "#B0568A", "#7F8A2B", "#5F6FCB", "#A8703C", "#64748B", "#C0524A", "#4C9A6A")

ROLES = {"agent": AGENT, "customer": CUSTOMER}
MOODS = {"negative": NEGATIVE, "neutral": NEUTRAL, "positive": POSITIVE}
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
BUCKETS = {"day": "Day", "week": "Week (from Monday)", "month": "Month"}
FORMATS = {"day": "%-d %b", "week": "%-d %b", "month": "%b %Y"}
TICKS = 8  # along a time axis, at most

CHART_HEIGHT = 260
ROW = 33  # pixels of a table's row at the font size of the theme


def table_height(rows: int, most: int, row: int = ROW) -> int:
    """Pixels of a table that shows all its rows, and scrolls beyond `most`."""
    return min(most, 2 + ROW + row * max(rows, 1))


# --- Charts -----------------------------------------------------------------------------------------------------------


def with_band(frame: pd.DataFrame, mean: str) -> pd.DataFrame:
    """Add `low` and `high`, the 95 % interval of the column `mean` (from its `_sd` and `_n`)."""
    half = Z95 * frame[f"{mean}_sd"] / frame[f"{mean}_n"].clip(lower=1) ** 0.5
    return frame.assign(low=frame[mean] - half, high=frame[mean] + half)


def time_axis(days: pd.Series, bucket: str, **options: Any) -> alt.X:
    """Time along the bottom, with ticks where days, weeks or months begin that have something to show."""
    known = sorted(days.dropna().unique())
    shown = known[:: math.ceil(len(known) / TICKS) or 1]
    axis = alt.Axis(
        grid=False, values=[alt.DateTime(year=day.year, month=day.month, date=day.day) for day in map(pd.Timestamp, shown)],
        format=FORMATS[bucket], labelFlush=False, labelOverlap="greedy", labelSeparation=6,
    )  # fmt: skip
    return alt.X("day:T", title=BUCKETS[bucket], axis=axis, **options)


def names_axis(width: int = 200) -> alt.Axis:
    """Names down the side, each beside its own bar and none left out."""
    return alt.Axis(labelLimit=width, labelOverlap=False, labelFlush=False)


def bars_over(frame: pd.DataFrame, bucket: str, height: int = CHART_HEIGHT) -> alt.Chart:
    """Bars as wide as the day, week or month they count; the caller says what is up."""
    ends = frame.assign(until=frame.day + pd.DateOffset(**{f"{bucket}s": 1}))
    return (
        alt.Chart(ends, height=height)
        .mark_bar(orient="vertical")
        .encode(x=time_axis(frame.day, bucket, timeUnit="binnedyearmonthdate"), x2="until:T")
    )


def when(bucket: str) -> alt.Tooltip:
    return alt.Tooltip("day:T", title=BUCKETS[bucket], format="%-d %b %Y")


def bars_over_time(frame: pd.DataFrame, bucket: str, value: str, title: str, colour: str = INK) -> alt.Chart:
    """One bar a day, week or month; pale where the period covers only a part of it (column `whole`)."""
    tooltip = [when(bucket), alt.Tooltip(f"{value}:Q", title=title, format=",")]
    count = alt.Y(f"{value}:Q", title=title, axis=alt.Axis(tickMinStep=1))
    faint = alt.condition("datum.whole", alt.value(0.85), alt.value(0.4))
    bars = bars_over(frame, bucket).mark_bar(orient="vertical", color=colour)
    return bars.encode(y=count, opacity=faint, tooltip=tooltip)


def line_with_band(
    frame: pd.DataFrame, bucket: str, value: str, title: str, *, colour: str, form: str = ".2f", zero: bool = False
) -> alt.LayerChart:
    """A mean over time with its 95 % band (columns `low` and `high`); `zero` draws the line between bad and good."""
    base = alt.Chart(frame, height=CHART_HEIGHT).encode(x=time_axis(frame.day, bucket))
    scale = alt.Scale(zero=False)
    layers: list[alt.Chart] = []
    if zero:
        rule = alt.Chart(pd.DataFrame({"y": [0.0]})).mark_rule(color=NEUTRAL, strokeDash=[4, 4])
        layers.append(rule.encode(y="y:Q"))
    layers.append(
        base.mark_area(color=colour, opacity=0.18).encode(y=alt.Y("low:Q", title=title, scale=scale), y2="high:Q")
    )
    tooltip = [
        when(bucket),
        alt.Tooltip(f"{value}:Q", title=title, format=form),
        alt.Tooltip("low:Q", title="95 % from", format=form),
        alt.Tooltip("high:Q", title="to", format=form),
        alt.Tooltip("calls:Q", title="Calls", format=","),
    ]
    marker = alt.OverlayMarkDef(color=colour, size=28)
    layers.append(
        base.mark_line(color=colour, point=marker).encode(
            y=alt.Y(f"{value}:Q", title=title, scale=scale), tooltip=tooltip
        )
    )
    return alt.layer(*layers)


def mood_scale(limit: float = 0.6) -> alt.Scale:
    """Sentiment as colour: purple, grey, green, beyond ±`limit` no stronger."""
    return alt.Scale(domain=[-limit, 0, limit], range=[NEGATIVE, "#B9BEC5", POSITIVE], clamp=True)


def mood_colour(field: str, title: str = "Customer sentiment", *, legend: bool = True) -> alt.Color:
    shown = (
        alt.Legend(
            title=title, orient="top", titleOrient="left", gradientLength=160, gradientThickness=10, format="+.1f"
        )
        if legend
        else None
    )
    return alt.Color(f"{field}:Q", title=title, scale=mood_scale(), legend=shown)
