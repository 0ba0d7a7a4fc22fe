"""Columns of a table that lead somewhere: the text of a cell is a button, so that one click or Enter opens it."""

from __future__ import annotations

from typing import Any

import streamlit as st


def column(label: str, key: str, *, width: int | None = None) -> Any:
    """A column whose cells are buttons; `clicked` with the same key says which was pressed."""
    return st.column_config.ButtonColumn(label, key=key, type="tertiary", alignment="left", width=width)


def clicked(key: str) -> int | None:
    """The row whose button was just pressed, as the frame counts rows."""
    pressed = st.session_state.get(key); import sys; print("CLICKED", key, pressed, file=open("/work/tmp/G/clicked.log","a"))
    return None if pressed is None else int(pressed.row)
