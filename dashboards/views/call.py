"""Call: read it, hear it, see how it went, and where that comes from."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

import data
import figures
import filters
import gate
import links
from player import player


def chosen_call() -> str | None:
    """The call of the URL, else the latest that the filter shows."""
    asked = st.query_params.get("call")
    if asked:
        return asked
    calls = data.ask("calls", {**filters.current().params(), "found": None})
    return None if calls.empty else str(calls.call_id.iloc[0])


def header(view: dict[str, Any]) -> None:
    call, summary = view["call"], view["summary"]
    left, right = st.columns([3, 2], vertical_alignment="bottom")
    with left:
        st.title((summary or {}).get("title") or call["source_name"], anchor=False)
        st.caption(" · ".join(data.call_facts(call)))
    row = right.container(horizontal=True, horizontal_alignment="right")
    near = data.ask("neighbours", {**filters.current().params(), "call_id": call["call_id"]})
    for label, icon, name in (("Earlier", "arrow_back", "earlier_call"), ("Later", "arrow_forward", "later_call")):
        other = None if near.empty else near[name].iloc[0]
        if row.button(
            label, icon=f":material/{icon}:", disabled=figures.missing(other), help="Among the calls the filters show"
        ):
            links.go("call", call=other)
    row.download_button(
        "Report", lambda: data.call_report(call["call_id"]).encode(), f"call-{call['call_id'][:12]}.html", "text/html",
        icon=":material/download:", on_click="ignore",
        help="One HTML file with the muted audio: opens anywhere without a network, prints to PDF.",
    )  # fmt: skip
    for warning in call["warnings"] or []:
        st.warning(warning, icon=":material/hearing:")
    if view["unsearched"]:
        st.warning(f"Redaction: {view['unsearched']}.", icon=":material/visibility_off:")


def numbers(view: dict[str, Any]) -> None:
    st.markdown("##### Figures", help="Beside them, the mean of the agent's other calls within 90 days of this one.")
    st.table(data.figure_table(view), border="horizontal", hide_index=True)


def certainty(view: dict[str, Any]) -> None:
    """How sure each result is, as what made it says."""
    st.markdown("##### How sure")
    call, turns = view["call"], view["turns"]
    spoken = [word["confidence"] for turn in turns for word in turn["words"]]
    summary = view["summary"] or {"statements": [], "actions": []}
    checked = [part for part in (*summary["statements"], *summary["actions"]) if part["supported"] is not None]
    rows = [
        ("Words", f"{figures.percent(sum(spoken) / len(spoken))} on average" if spoken else "–", f"{sum(value < 0.5 for value in spoken)} of {len(spoken)} words below 50 %"),
        ("Speakers", figures.percent(min((turn["role_confidence"] for turn in turns), default=None)), f"least sure turn. {call['layout_reason'] or ''}"),
        ("Language", figures.percent(call["language_confidence"]), call["language"] or "–"),
        ("Redactions", figures.percent(min((part["score"] for part in view["redactions"]), default=None)), f"least sure of {len(view['redactions'])}"),
        ("Proof", view["proofs"][0]["verdict"] if view["proofs"] else "none yet", "muted audio listened to again" if view["proofs"] else f"callkit verify {call['call_id'][:12]}"),
        ("Summary", f"{sum(bool(part['supported']) for part in checked)} of {len(checked)}" if checked else "–", "statements and follow-ups borne out by their turns"),
    ]  # fmt: skip
    st.table(pd.DataFrame(rows, columns=["What", "Sure", "About"]), border="horizontal", hide_index=True)


def redactions(view: dict[str, Any]) -> None:
    found = view["redactions"]
    with st.expander(f"Redactions ({len(found)})", icon=":material/visibility_off:"):
        if not found:
            st.caption("Nothing was redacted on this call.")
            return
        frame = pd.DataFrame(found)[["start", "entity", "score", "recognizer", "rule"]]
        frame["start"] = [figures.clock(value) for value in frame.start]
        frame.columns = ["At", "What", "Score", "Found by", "Because of"]
        st.dataframe(frame, hide_index=True, height="content")


def provenance(view: dict[str, Any]) -> None:
    seconds = sum(row["seconds"] for row in view["stages"])
    with st.expander(f"Where it comes from ({seconds:.1f} s of work)", icon=":material/account_tree:"):
        frame = pd.DataFrame(view["stages"])[["stage", "version", "engine", "model", "seconds", "ran_at", "error"]]
        frame["ran_at"] = pd.to_datetime(frame.ran_at)
        frame.columns = ["Stage", "Version", "Engine", "Model", "Seconds", "Ran at (UTC)", "Error"]
        st.dataframe(frame.dropna(axis="columns", how="all"), hide_index=True, height="content")
        st.caption(f"Call `{view['call']['call_id']}`, recording SHA-256 `{view['call']['audio_sha256']}`")


def start_at(view: dict[str, Any]) -> float:
    """The start of the turn that the URL names, in seconds."""
    turn = st.query_params.get("turn", "")
    known = {str(row["turn"]): row["start"] for row in view["turns"]}
    return float(known.get(turn, 0.0))


call_id = chosen_call()
if call_id is None:
    st.title("Call", anchor=False)
    gate.nothing_here(
        "No call to show", "Choose a longer period, clear the filters above, or pick a call on the Calls page."
    )
else:
    try:
        view = data.call(call_id)
    except data.StoreError as error:
        if error.code != "call-missing":
            raise
        st.title("Call", anchor=False)
        gate.nothing_here(
            f"{error.what[:1].upper()}{error.what[1:]}", "Pick one on the Calls page. It may have been erased since."
        )
        st.stop()
    st.query_params["call"] = view["call"]["call_id"]
    header(view)
    player(view, data.muted_audio(view["call"]["audio_file"]), at=start_at(view))
    left, right = st.columns([1.25, 1])
    with left:
        numbers(view)
    with right:
        certainty(view)
    redactions(view)
    provenance(view)
