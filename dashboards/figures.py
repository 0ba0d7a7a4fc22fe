"""How figures are written, and how sure they are: intervals and differences at 95 %."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import date
from typing import Any

import pandas as pd

Z95 = 1.959964  # two-sided 95 % of a normal distribution

OUTCOMES = {
    "resolved": "Resolved",
    "partly_resolved": "Partly resolved",
    "unresolved": "Unresolved",
    "escalated": "Escalated",
    "callback_promised": "Call back promised",
    "unknown": "Unknown",
}


# --- Written ----------------------------------------------------------------------------------------------------------


def missing(value: Any) -> bool:
    """None, NaN or NaT: what the store withheld."""
    return value is None or bool(pd.isna(value))


def clock(seconds: Any) -> str:
    """Seconds as 5:07 or 1:02:07."""
    if missing(seconds):
        return "–"
    whole = round(float(seconds))
    hours, rest = divmod(abs(whole), 3600)
    text = f"{hours}:{rest // 60:02d}:{rest % 60:02d}" if hours else f"{rest // 60}:{rest % 60:02d}"
    return f"-{text}" if whole < 0 else text


def percent(share: Any, digits: int = 0) -> str:
    """A share as 38 %."""
    return "–" if missing(share) else f"{float(share) * 100:.{digits}f} %"


def score(value: Any) -> str:
    """A sentiment with its sign: +0.31."""
    return "–" if missing(value) else f"{float(value):+.2f}".replace("-", "−")


def count(value: Any) -> str:
    """A whole number with thousands set apart: 12,345."""
    return "–" if missing(value) else f"{int(value):,}"


def number(value: Any, digits: int = 1) -> str:
    return "–" if missing(value) else f"{float(value):,.{digits}f}"


def day(value: Any) -> str:
    """A day as 3 Jun 2026."""
    return "–" if missing(value) else f"{value.day} {value:%b %Y}"


def moment(value: Any) -> str:
    """A time as 3 Jun 2026, 14:05."""
    return "no start time" if missing(value) else f"{value.day} {value:%b %Y, %H:%M}"


def period(since: date | None, until: date | None) -> str:
    """A period's first and last day; `until` is the day after the last."""
    return "all time" if since is None or until is None else f"{day(since)} – {day(until - pd.Timedelta(days=1))}"


def change(now: Any, before: Any, form: Callable[[float], str]) -> str:
    """The difference, written with its sign, ± for none; empty where there is nothing to compare with."""
    if missing(now) or missing(before):
        return ""
    text = form(float(now) - float(before)).replace("−", "-").lstrip("+")
    if not any(digit in text for digit in "123456789"):
        return f"±{text.lstrip('-')}"
    return text if text.startswith("-") else f"+{text}"


# --- How sure ---------------------------------------------------------------------------------------------------------


def mean_interval(mean: Any, deviation: Any, n: Any) -> tuple[float, float] | None:
    """95 % interval of a mean (normal approximation), or None for fewer than two values."""
    if missing(mean) or missing(deviation) or missing(n) or n < 2:
        return None
    half = Z95 * float(deviation) / math.sqrt(float(n))
    return float(mean) - half, float(mean) + half


def differs(now: Any, before: Any, name: str) -> bool:
    """Do the means called `name` of two periods differ by more than chance would (95 %)?"""
    if missing(before.get(name)) or now[f"{name}_n"] < 2 or before[f"{name}_n"] < 2:
        return False
    error = math.hypot(*(period[f"{name}_sd"] / math.sqrt(period[f"{name}_n"]) for period in (now, before)))
    return bool(abs(now[name] - before[name]) > Z95 * error)


def share_differs(hits: Any, n: Any, hits_before: Any, n_before: Any) -> bool:
    """The same for two shares (pooled normal approximation)."""
    if not n or missing(n_before) or not n_before:
        return False
    both = (hits + hits_before) / (n + n_before)
    error = math.sqrt(both * (1 - both) * (1 / n + 1 / n_before))
    return bool(abs(hits / n - hits_before / n_before) > Z95 * error)
