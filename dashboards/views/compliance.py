"""Compliance: what was redacted and whether that held, what failed, how long things are kept, what made them."""

from __future__ import annotations

from datetime import timedelta

import altair as alt
import pandas as pd
import streamlit as st

import data
import figures
import filters
import gate
import links
import theme

TILE = 124


def tiles(chosen: filters.Filter, redactions: pd.DataFrame, proofs: pd.DataFrame, failures: pd.DataFrame) -> None:
    calls = int(data.ask("tiles", chosen.params()).set_index("period").calls.get("now", 0))
    leaks = int((proofs.verdict == "leak").sum())
    columns = st.columns(4)
    columns[0].metric(
        "PII items redacted",
        figures.count(redactions["items"].sum()),
        border=True,
        height=TILE,
        help="In the calls of the period.",
    )
    columns[1].metric(
        "Calls proved", f"{len(proofs):,} of {calls:,}", border=True, height=TILE,
        help="`callkit verify` transcribed their muted audio again and looked for personal data.",
    )  # fmt: skip
    columns[2].metric(
        "Leaks", figures.count(leaks), border=True, height=TILE,
        delta="listen to them below" if leaks else "none found" if len(proofs) else "no call was proved", delta_color="off" if not leaks else "inverse", delta_arrow="off",
        help="Proved calls whose muted audio still held personal data.",
    )  # fmt: skip
    columns[3].metric(
        "Failures",
        figures.count(len(failures)),
        border=True,
        height=TILE,
        help="Recordings that could not be processed in the period.",
    )


def redacted_over_time(frame: pd.DataFrame, bucket: str) -> None:
    left, right = st.columns(2)
    with left:
        st.markdown("##### Redactions over time, by kind")
        st.altair_chart(stacked(frame, "entity", bucket))
    with right:
        st.markdown("##### Redactions over time, by recognizer")
        st.altair_chart(stacked(frame, "recognizer", bucket))


def stacked(frame: pd.DataFrame, by: str, bucket: str) -> alt.Chart:
    """Items a day, week or month, in the colours of what they are counted by; the rarest together."""
    total = frame.groupby(by)["items"].sum().sort_values(ascending=False)
    apart = list(total.index[: len(theme.SERIES) - 1])
    names = [*apart, *(["others"] if len(total) > len(apart) else [])]
    drawn = frame.assign(part=frame[by].where(frame[by].isin(apart), "others"))
    drawn = drawn.groupby(["day", "part"], as_index=False)["items"].sum()
    drawn["place"] = drawn.part.map(names.index)
    scale = alt.Scale(domain=names, range=list(theme.SERIES[: len(names)]))
    return theme.bars_over(drawn, bucket, theme.CHART_HEIGHT + 40).encode(
        y=alt.Y("items:Q", title="Items redacted", axis=alt.Axis(tickMinStep=1)),
        color=alt.Color("part:N", title=None, scale=scale, legend=alt.Legend(orient="top", columns=4)),
        order=alt.Order("place:Q"),
        tooltip=[theme.when(bucket), alt.Tooltip("part", title="Kind" if by == "entity" else "Found by"), alt.Tooltip("items", title="Items", format=",")],
    )  # fmt: skip


def kinds_and_recognizers(frame: pd.DataFrame) -> None:
    st.markdown("##### What found what")
    days = pd.Index(frame.day.unique()).sort_values()
    rows = [
        {
            "entity": entity,
            "recognizer": recognizer,
            "items": int(part["items"].sum()),
            "course": part.set_index("day")["items"].reindex(days, fill_value=0).to_list(),
            "score": float((part.score * part["items"]).sum() / part["items"].sum()),
        }
        for (entity, recognizer), part in frame.groupby(["entity", "recognizer"])
    ]
    table = pd.DataFrame(rows).sort_values("items", ascending=False)
    st.dataframe(
        table, hide_index=True, height=theme.table_height(len(table), 330),
        column_config={"entity": "Kind", "recognizer": "Found by",
                       "items": st.column_config.NumberColumn("Items", format="localized"),
                       "course": st.column_config.AreaChartColumn("Over the period", color=theme.INK, y_min=0),
                       "score": st.column_config.NumberColumn("Mean score", format="%.2f", help="How sure the recognizer was, 0 to 1.")},
    )  # fmt: skip


def proof_table(proofs: pd.DataFrame) -> None:
    st.markdown(
        "##### Redaction proofs", help="The latest of each call. A leak comes first: erase the call or redact it again."
    )
    if proofs.empty:
        gate.nothing_here(
            "No call of this period was proved",
            "`callkit verify CALL` listens to the muted audio again.",
        )
        return
    shown = ["reason", "verdict", "items_left", "unproven_s", "started_at", "agent_id", "engine", "model", "proved_at"]
    st.dataframe(
        proofs.assign(reason=proofs.reason.fillna("no reason found")), column_order=shown, hide_index=True, height=theme.table_height(len(proofs), 330),
        column_config={
            "reason": links.column("Call", "open_proved", width=180),
            "verdict": "Verdict", "items_left": "Items left", "agent_id": "Agent", "engine": "Listened by", "model": "Model",
            "unproven_s": st.column_config.NumberColumn("Unproven (s)", format="%.1f", help="Speech still audible that no word covers."),
            "started_at": st.column_config.DatetimeColumn("Call began", format="D MMM YYYY, HH:mm"),
            "proved_at": st.column_config.DatetimeColumn("Proved at (UTC)", format="D MMM YYYY, HH:mm"),
        },
    )  # fmt: skip
    place = links.clicked("open_proved")
    if place is not None:
        links.go("call", call=proofs.call_id.iloc[place])


def failure_table(failures: pd.DataFrame) -> None:
    st.markdown("##### Failures and their codes")
    if failures.empty:
        st.caption("None in this period.")
        return
    left, right = st.columns([1, 3])
    codes = failures.groupby(["code", "hint"], as_index=False).size().sort_values("size", ascending=False)
    left.dataframe(
        codes[["code", "size"]], hide_index=True, column_config={"code": "Code", "size": "Recordings"}, height="content"
    )
    right.dataframe(
        failures[["failed_at", "source_name", "stage", "code", "what", "hint"]], hide_index=True, height=theme.table_height(len(failures), 330),
        column_config={"failed_at": st.column_config.DatetimeColumn("Failed at (UTC)", format="D MMM YYYY, HH:mm"), "source_name": "File",
                       "stage": "Stage", "code": "Code", "what": "What", "hint": "What to do"},
    )  # fmt: skip


def kept_for(days: int | None) -> str:
    """How long calls are kept, how old the oldest is, and how many are due."""
    oldest = data.bounds()["first_call"]
    since = f"The oldest call is of {figures.day(oldest)}. " if not figures.missing(oldest) else ""
    if not days:
        return f"{since}No limit is set: `[store] retention_days` sets one for `callkit purge`."
    today = pd.Timestamp.now("UTC").normalize().tz_localize(None).to_pydatetime()
    due = int(data.ask("due", {"limit": today - timedelta(days=days)}).calls.iloc[0])
    return f"{since}The limit is {days} days: {due:,} calls are past it" + (
        ", `callkit purge` erases them." if due else "."
    )


def kept_and_made() -> None:
    left, right = st.columns([2, 3])
    with left:
        st.markdown("##### What is kept")
        st.caption(kept_for(data.config().store.retention_days))
        kept = data.ask("retention")
        parts = pd.concat(
            [
                kept.assign(part="with muted audio", number=kept.with_audio),
                kept.assign(part="text only", number=kept.calls - kept.with_audio),
            ]
        )
        names = ["with muted audio", "text only"]
        scale = alt.Scale(domain=names, range=[theme.SERIES[0], theme.INK])
        chart = theme.bars_over(parts.rename(columns={"month": "day"}), "month", 230).encode(
            y=alt.Y("number:Q", title="Calls kept", axis=alt.Axis(tickMinStep=1)),
            color=alt.Color("part:N", title=None, scale=scale, legend=alt.Legend(orient="top")),
            tooltip=[alt.Tooltip("day:T", format="%b %Y", title="Month of the call"), alt.Tooltip("part", title="Kept"), alt.Tooltip("number", title="Calls", format=",")],
        )  # fmt: skip
        st.altair_chart(chart)
    with right:
        st.markdown(
            "##### Stages and models in use",
            help="More than one row a stage: some calls were made by an older version. `callkit run --stored` brings them up to date.",
        )
        st.dataframe(
            data.ask("stages"), hide_index=True, height="content", placeholder="–",
            column_config={"stage": "Stage", "version": "Version", "engine": "Engine", "model": st.column_config.TextColumn("Model", width=190), "calls": st.column_config.NumberColumn("Calls", format="localized"),
                           "seconds": st.column_config.NumberColumn("Seconds in all", format="localized"),
                           "last_ran": st.column_config.DatetimeColumn("Last ran (UTC)", format="D MMM YYYY, HH:mm")},
        )  # fmt: skip


chosen = filters.current()
st.title("Compliance", anchor=False)
st.caption(
    f"{figures.period(chosen.since, chosen.until)} · every figure counts what is in the store: redacted text and muted audio only"
)
redactions = data.ask("redactions", {**chosen.params(), "bucket": chosen.bucket})
proofs = data.ask("proofs", chosen.params())
failures = data.ask("failures", {"since": chosen.since, "until": chosen.until})
tiles(chosen, redactions, proofs, failures)
if redactions.empty:
    gate.nothing_here("Nothing was redacted on the calls of this period")
else:
    redacted_over_time(redactions, chosen.bucket)
    kinds_and_recognizers(redactions)
proof_table(proofs)
failure_table(failures)
kept_and_made()
