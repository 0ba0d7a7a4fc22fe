"""One look for every page: colours with a meaning, and the charts built from them.

Colours are told apart by people with any kind of colour blindness and stand out from the light and the dark background
alike (tests/test_dashboard_theme.py), so that no page needs to know which one is shown.
"""

from __future__ import annotations

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

CHART_HEIGHT = 260


# --- Charts -----------------------------------------------------------------------------------------------------------


def with_band(frame: pd.DataFrame, mean: str) -> pd.DataFrame:
    """Add `low` and `high`, the 95 % interval of the column `mean` (from its `_sd` and `_n`)."""
    half = Z95 * frame[f"{mean}_sd"] / frame[f"{mean}_n"].clip(lower=1) ** 0.5
    return frame.assign(low=frame[mean] - half, high=frame[mean] + half)


def time_axis(bucket: str) -> alt.X:
    return alt.X(
        "day:T", title=BUCKETS[bucket], axis=alt.Axis(grid=False, tickCount=8, format="%-d %b", labelFlush=False)
    )


def bars_over_time(frame: pd.DataFrame, bucket: str, value: str, title: str, colour: str = INK) -> alt.Chart:
    """One bar a day, week or month."""
    return (
        alt.Chart(frame, height=CHART_HEIGHT)
        .mark_bar(color=colour, opacity=0.85)
        .encode(
            x=alt.X(
                f"yearmonthdate(day):{'O' if len(frame) < 3 else 'T'}",
                title=BUCKETS[bucket],
                axis=alt.Axis(grid=False, tickCount=8, format="%-d %b"),
            ),
            y=alt.Y(f"{value}:Q", title=title, axis=alt.Axis(tickMinStep=1)),
            tooltip=[
                alt.Tooltip("day:T", title=BUCKETS[bucket], format="%-d %b %Y"),
                alt.Tooltip(f"{value}:Q", title=title, format=","),
            ],
        )
    )


def line_with_band(
    frame: pd.DataFrame, bucket: str, value: str, title: str, *, colour: str, form: str = ".2f", zero: bool = False
) -> alt.LayerChart:
    """A mean over time with its 95 % band (columns `low` and `high`); `zero` draws the line between bad and good."""
    base = alt.Chart(frame, height=CHART_HEIGHT).encode(x=time_axis(bucket))
    scale = alt.Scale(zero=False)
    layers: list[alt.Chart] = []
    if zero:
        rule = alt.Chart(pd.DataFrame({"y": [0.0]})).mark_rule(color=NEUTRAL, strokeDash=[4, 4])
        layers.append(rule.encode(y="y:Q"))
    layers.append(
        base.mark_area(color=colour, opacity=0.18).encode(y=alt.Y("low:Q", title=title, scale=scale), y2="high:Q")
    )
    tooltip = [
        alt.Tooltip("day:T", title=BUCKETS[bucket], format="%-d %b %Y"),
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
    shown = alt.Legend(title=title, orient="top", gradientLength=160, format="+.1f") if legend else None
    return alt.Color(f"{field}:Q", title=title, scale=mood_scale(), legend=shown)
