"""The filter bar that every page shares: a period and six choices, kept in the URL."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import Any

import pandas as pd
import streamlit as st

import data
import figures
import links

PERIODS = {"Last 7 days": 7, "Last 30 days": 30, "Last 90 days": 90, "Last 365 days": 365}
USUAL = "Last 30 days"
ALL, CUSTOM = "All time", "Custom dates"
CHOICES = {
    "agents": "All agents",
    "queues": "All queues",
    "topics": "All reasons",
    "moods": "Any sentiment",
    "languages": "All languages",
    "layouts": "All layouts",
}
KEYS = ("period", "dates", *CHOICES)


@dataclass(frozen=True, slots=True)
class Filter:
    """Which calls are looked at: `[since, until)`, the period `[before, since)` to compare with, and six choices.

    None for a date: no bound. An empty choice: all. `bucket` says how finely to draw over time: day, week or month.
    """

    since: datetime | None = None
    until: datetime | None = None
    before: datetime | None = None
    agents: tuple[str, ...] = ()
    queues: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    moods: tuple[str, ...] = ()
    layouts: tuple[str, ...] = ()
    bucket: str = "day"

    def params(self) -> dict[str, Any]:
        """As parameters of the queries."""
        chosen = asdict(self)
        del chosen["bucket"]
        return {name: list(value) if isinstance(value, tuple) else value for name, value in chosen.items()}

    def whole(self, starts: pd.Series) -> pd.Series:
        """Which of the days, weeks or months that begin so lie in the period from end to end."""
        if starts.empty:
            return starts.notna()
        since = pd.Timestamp(self.since or data.bounds()["first_call"]).normalize()
        until = pd.Timestamp(self.until or bounds_of(1)[1])
        ends = starts + pd.DateOffset(**{f"{self.bucket}s": 1})
        return (starts >= since) & (ends <= until)

    @property
    def days(self) -> int | None:
        return (self.until - self.since).days if self.since and self.until else None

    @property
    def compared(self) -> str:
        """What changes are measured against, in words; empty where there is nothing to compare with."""
        return f"vs the {self.days} days before" if self.before else ""

    def narrowed(self, *, since: datetime, **members: str) -> dict[str, Any]:
        """Settings of the bar (`links.go`): from the day `since` to the period's last, some choices narrowed to one member."""
        last = (self.until or bounds_of(1)[1]) - timedelta(days=1)
        first = max(since.date(), data.bounds()["first_call"].date())
        return {"period": CUSTOM, "dates": (first, last.date()), **{name: [member] for name, member in members.items()}}


def bar() -> Filter:
    """Draw the bar and say what was chosen. The period ends with the store's latest call, not with today."""
    for name, value in st.session_state.pop(links.CHOOSE, {}).items():
        st.session_state[name] = value
    offered = data.options()
    columns = st.columns([1.25, 1.25, 1, 1.25, 1.1, 1.1, 1, 0.55], gap="small", vertical_alignment="center")
    with columns[0]:
        chosen = st.selectbox(
            "Period", [*PERIODS, ALL, CUSTOM], index=1, key="period", bind="query-params", label_visibility="collapsed",
            icon=":material/calendar_month:",
        )  # fmt: skip
    picked: dict[str, tuple[str, ...]] = {}
    for column, (name, everything) in zip(columns[1:], CHOICES.items(), strict=False):
        with column:
            values = ["negative", "neutral", "positive"] if name == "moods" else offered.get(name, [])
            picked[name] = tuple(
                st.multiselect(
                    everything,
                    values,
                    key=name,
                    bind="query-params",
                    placeholder=everything,
                    wrap=False,
                    label_visibility="collapsed",
                    select_all=False,
                )
            )
    columns[-1].button(
        "Clear", on_click=_clear, help="Show all calls of the last 30 days", type="tertiary", width="stretch"
    )
    since, until, before = _bounds(chosen)
    made = Filter(since, until, before, **picked, bucket=_bucket(since, until))
    st.session_state["filter"] = made
    return made


def current() -> Filter:
    """What the bar says, for the pages."""
    made: Filter = st.session_state["filter"]
    return made


def bounds_of(days: int) -> tuple[datetime, datetime, datetime]:
    """(since, until, before) of the last so many days of the store, whole days."""
    last = data.bounds()["last_call"]
    until = (pd.Timestamp(last) if not figures.missing(last) else pd.Timestamp.now()).normalize() + timedelta(days=1)
    since = until - timedelta(days=days)
    return since.to_pydatetime(), until.to_pydatetime(), (since - timedelta(days=days)).to_pydatetime()


def _bounds(chosen: str | None) -> tuple[datetime | None, datetime | None, datetime | None]:
    known = data.bounds()
    if chosen == ALL or known["timed"] == 0:
        return None, None, None
    if chosen != CUSTOM:
        return bounds_of(PERIODS[chosen or USUAL])
    first, last = known["first_call"].date(), known["last_call"].date()
    days = st.date_input(
        "From the first to the last day", (max(first, last - timedelta(days=29)), last), key="dates", bind="query-params",
        min_value=first, max_value=last, width=320,
    )  # fmt: skip
    start, end = (days[0], days[-1]) if isinstance(days, tuple) and days else (first, last)
    since, until = _midnight(start), _midnight(end) + timedelta(days=1)
    return since, until, since - (until - since)


def _bucket(since: datetime | None, until: datetime | None) -> str:
    known = data.bounds()
    if since is None or until is None:
        since, until = known["first_call"], known["last_call"]
    days = 0 if figures.missing(since) or figures.missing(until) else (until - since).days
    return "day" if days <= 45 else "week" if days <= 400 else "month"


def _midnight(value: date) -> datetime:
    return datetime(value.year, value.month, value.day)


def _clear() -> None:
    for name in CHOICES:
        st.session_state[name] = []
    st.session_state["period"] = USUAL
