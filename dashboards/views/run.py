"""Run: process recordings from here, and watch. The work is done by a process of its own, so a closed tab loses nothing."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

import data
import gate
import links
import theme

AUDIO = ["wav", "mp3", "flac", "ogg", "opus", "m4a", "aac", "webm"]


def choose() -> None:
    """What to process and how."""
    number = st.session_state.setdefault("upload_number", 0)
    inbox = data.settings().inbox
    left, right = st.columns(2, gap="large")
    with left:
        uploads = st.file_uploader(
            "Recordings", AUDIO, accept_multiple_files=True, key=f"upload_{number}",
            help="Handed to the run through a pipe, held in memory until then, never written to disk unredacted.",
        )  # fmt: skip
    with right:
        folders = st.multiselect(
            "or folders on this machine", list(inbox), placeholder="Choose folders" if inbox else "None: [dashboard] inbox lists them",
            disabled=not inbox,
        )  # fmt: skip
        first, second = st.columns(2, vertical_alignment="bottom")
        usual = "as configured"
        profile = first.selectbox(
            "Profile", [usual, *data.profiles()], help="fast: smaller models. accurate: larger ones."
        )
        keep = second.checkbox(
            "Keep muted audio",
            value=True,
            help="To listen to the calls here. Every redacted stretch is silenced in it.",
        )
    if st.button("Start", type="primary", icon=":material/play_arrow:", disabled=not uploads and not folders):
        chosen = None if profile == usual else profile
        if folders:
            data.start_run(folders=folders, profile=chosen, keep_audio=keep)
        if uploads:
            data.start_run(uploads=[(file.name, file.getvalue()) for file in uploads], profile=chosen, keep_audio=keep)
        st.session_state["upload_number"] = number + 1  # a new uploader: lets go of the recordings
        st.rerun()


def recording(one: Any) -> None:
    """A recording at work: a bar for each stage."""
    st.markdown(f"**{one.name}**")
    grid = st.columns(4)
    for number, stage in enumerate(data.stages()):
        share = min(max(one.stages.get(stage, 0.0), 0.0), 1.0)
        grid[number % 4].progress(share, text=f"{stage}{' ✓' if share >= 1 else ''}")


def one_run(run: Any, number: int) -> None:
    progress = run.progress
    with st.container(border=True):
        total = max(progress.total, len(progress.recordings), 1)
        states = {
            "waiting": "Waits for the run before it",
            "running": "Running",
            "ended": "Could not run" if progress.errors else "Done",
        }
        failed = sum(one.status == "failed" for one in progress.recordings.values())
        text = f"{states[run.state]}: {progress.done} of {total} recordings" + (f", {failed} failed" if failed else "")
        st.progress(min(progress.done / total, 1.0), text=text)
        for line in progress.errors[-2:]:
            st.error(line, icon=":material/error:")
        for one in list(progress.recordings.values()):
            if one.status == "running" and run.state == "running":
                recording(one)
        ended = [one for one in progress.recordings.values() if one.status != "running"]
        if ended:
            results(ended, number)


def results(ended: list[Any], number: int) -> None:
    """How recordings ended; a click opens the call."""
    frame = pd.DataFrame(
        {
            "Recording": one.name,
            "Result": one.status,
            "What happened": " ".join(filter(None, (one.what, one.hint))),
            "call": one.call_id,
        }
        for one in ended
    )
    shown = ["Recording", "Result", "What happened"] if frame["What happened"].any() else ["Recording", "Result"]
    key = f"open_result_{number}"
    columns = {"Recording": links.column("Recording", key)}
    st.dataframe(
        frame, column_order=shown, hide_index=True, height=theme.table_height(len(frame), 300), column_config=columns
    )
    st.caption("Click a recording to open its call.")
    place = links.clicked(key)
    if place is not None and frame.Result.iloc[place] != "failed":
        links.go("call", choose={"period": "All time"}, call=frame.call.iloc[place])


def watch() -> None:
    st.markdown("##### Runs")
    if not data.runs():
        st.caption(
            "None was started from here since the dashboard began. Results are in the store whoever runs: `callkit run FOLDER`."
        )
    for number, run in enumerate(data.runs()):
        one_run(run, len(data.runs()) - number)
    # What stands around this part: whether there is a store to show, whether to go on looking.
    around = (busy(), bool(data.version()))
    if st.session_state.get("around", around) != around:
        st.session_state["around"] = around
        st.rerun()
    st.session_state["around"] = around


def busy() -> bool:
    return any(run.state != "ended" for run in data.runs())


st.title("Run", anchor=False)
if not data.settings().allow_run:
    gate.nothing_here(
        "Running from here is off",
        "Set `[dashboard] allow_run = true` and start the dashboard again, or use `callkit run FOLDER`.",
    )
else:
    choose()
    st.fragment(watch, run_every=1.0 if busy() else None)()
