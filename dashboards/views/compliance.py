"""Compliance: what was redacted and whether that held, what failed, how long things are kept, what made them."""

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
    left, right = st.columns([3, 2])
    by_entity = frame.groupby("entity")["items"].sum().sort_values(ascending=False)
    apart = list(by_entity.index[: len(theme.SERIES) - 1])
    drawn = frame.assign(entity=frame.entity.where(frame.entity.isin(apart), "other kinds"))
    entities = [*apart, *(["other kinds"] if len(by_entity) > len(apart) else [])]
    colours = alt.Color(
        "entity:N",
        title=None,
        sort=entities,
        scale=alt.Scale(range=list(theme.SERIES)),
        legend=alt.Legend(orient="top", columns=5),
    )
    with left:
        st.markdown("##### Redactions over time, by kind")
        chart = (
            alt.Chart(drawn.groupby(["day", "entity"], as_index=False)["items"].sum(), height=theme.CHART_HEIGHT + 20)
            .mark_bar()
            .encode(
                x=alt.X(
                    "yearmonthdate(day):T",
                    title=theme.BUCKETS[bucket],
                    axis=alt.Axis(grid=False, format="%-d %b", tickCount=8),
                ),
                y=alt.Y("items:Q", title="Items redacted", axis=alt.Axis(tickMinStep=1)),
                color=colours,
                tooltip=[alt.Tooltip("day:T", format="%-d %b %Y", title=theme.BUCKETS[bucket]), "entity", "items"],
            )
        )
        st.altair_chart(chart)
    with right:
        st.markdown("##### By kind and recognizer")
        table = frame.groupby(["entity", "recognizer"], as_index=False).agg(
            items=("items", "sum"), score=("score", "mean")
        )
        st.dataframe(
            table.sort_values("items", ascending=False), hide_index=True, height=theme.CHART_HEIGHT + 30,
            column_config={"entity": "Kind", "recognizer": "Found by",
                           "items": st.column_config.NumberColumn("Items", format="localized"),
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
        proofs.assign(reason=proofs.reason.fillna("no reason found")), column_order=shown, hide_index=True, height=min(330, 40 + 35 * len(proofs)),
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
        st.switch_page("views/call.py", query_params={"call": proofs.call_id.iloc[place]})


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
        failures[["failed_at", "source_name", "stage", "code", "what", "hint"]], hide_index=True, height=min(330, 40 + 35 * len(failures)),
        column_config={"failed_at": st.column_config.DatetimeColumn("Failed at (UTC)", format="D MMM YYYY, HH:mm"), "source_name": "File",
                       "stage": "Stage", "code": "Code", "what": "What", "hint": "What to do"},
    )  # fmt: skip


def kept_and_made() -> None:
    left, right = st.columns([2, 3])
    days = data.config().store.retention_days
    with left:
        st.markdown("##### What is kept")
        kept = data.ask("retention")
        st.caption(
            f"`callkit purge` erases calls older than {days} days."
            if days
            else "No limit is set: `[store] retention_days` sets one for `callkit purge`."
        )
        chart = (
            alt.Chart(kept, height=200)
            .mark_bar(color=theme.INK)
            .encode(
                x=alt.X("yearmonth(month):O", title="Month of the call", axis=alt.Axis(labelAngle=0)),
                y=alt.Y("calls:Q", title="Calls kept", axis=alt.Axis(tickMinStep=1)),
                tooltip=[
                    alt.Tooltip("month:T", format="%b %Y", title="Month"),
                    "calls",
                    alt.Tooltip("with_audio", title="With muted audio"),
                ],
            )
        )
        st.altair_chart(chart)
    with right:
        st.markdown(
            "##### Stages and models in use",
            help="More than one row a stage: some calls were made by an older version. `callkit run --stored` brings them up to date.",
        )
        st.dataframe(
            data.ask("stages"), hide_index=True, height=260,
            column_config={"stage": "Stage", "version": "Version", "engine": "Engine", "model": "Model", "calls": "Calls",
                           "seconds": st.column_config.NumberColumn("Seconds in all", format="%.0f"),
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
proof_table(proofs)
failure_table(failures)
kept_and_made()
