"""Columns of a table that lead somewhere: the text of a cell is a button, so that one click or Enter opens it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NoReturn

import streamlit as st

#: Where `go` leaves what the filter bar shall show next.
CHOOSE = "choose"


def column(label: str, key: str, *, width: int | None = None) -> Any:
    """A column whose cells are buttons; `clicked` with the same key says which was pressed."""
    return st.column_config.ButtonColumn(label, key=key, type="tertiary", alignment="left", width=width)


def clicked(key: str) -> int | None:
    """The row whose button was just pressed, as the frame counts rows."""
    pressed = st.session_state.get(key)
    return None if pressed is None else int(pressed.row)


def go(page: str, *, choose: Mapping[str, Any] | None = None, **query: str) -> NoReturn:
    """Open a page. `choose`: settings of the filter bar (key: value), which only its own widgets may put into the URL."""
    if choose:
        st.session_state[CHOOSE] = dict(choose)
    st.switch_page(f"views/{page}.py", query_params=query)
