"""The call player as a Streamlit component: plain JavaScript from this folder, nothing from a network."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import streamlit as st
from streamlit.runtime import get_instance

HERE = Path(__file__).parent

_mount = st.components.v2.component(
    "callkit.player", css=(HERE / "player.css").read_text("utf-8"), js=(HERE / "player.js").read_text("utf-8")
)


def player(view: dict[str, Any], audio: bytes | None, *, at: float = 0.0) -> None:
    """Draw the call `view` (`callkit.app.report.call_view`) with its muted audio, standing at `at` seconds."""
    call_id = view["call"]["call_id"]
    address = _serve(audio) if audio else None
    _mount(key="player", data={"key": f"{call_id} {address} {at}", "view": view, "audio": address, "at": at})


def _serve(audio: bytes) -> str:
    """The address of the bytes, kept in memory while a page shows them: the door that st.audio uses, ranges and all."""
    address = get_instance().media_file_mgr.add(audio, "audio/flac", "callkit.player")
    base = st.get_option("server.baseUrlPath").strip("/")
    return f"/{base}{address}" if base else address
