"""Who may come in, and what to say when there is nothing to show."""

from __future__ import annotations

import streamlit as st
from starlette.formparsers import MultiPartParser

import data

# What is uploaded stays in memory: beyond this size Starlette would put it into a file. 0: no such size.
MultiPartParser.spool_max_size = 0

#: Headers by which a reverse proxy tells of the people behind it.
PROXY_HEADERS = ("X-Forwarded-For", "X-Real-Ip", "Forwarded")


def sign_in() -> None:
    """Stop here unless this person may look: an unknown proxy is refused, and sign-in demanded where it is on."""
    settings = data.settings()
    if not settings.trusted_proxy and any(name in st.context.headers for name in PROXY_HEADERS):
        st.error("This page came through a proxy that callkit does not know.", icon=":material/lock:")
        st.write("Set `[dashboard] trusted_proxy = true` if that proxy is yours and signs people in, then start again.")
        st.stop()
    if not settings.auth:
        return
    if not st.user.is_logged_in:
        st.title("callkit")
        st.write("Please sign in to see the calls.")
        st.button("Sign in", on_click=st.login, type="primary", icon=":material/login:")
        st.stop()
    with st.sidebar:
        st.write(st.user.get("name") or st.user.get("email") or "Signed in")
        st.button("Sign out", on_click=st.logout, icon=":material/logout:")


def explain(problem: data.Problem) -> None:
    """What stands in a page's place when the store cannot be shown."""
    with st.container(border=True, width=640):
        st.subheader(problem.title, anchor=False)
        st.write(problem.what)
        st.write(problem.do)
        if st.button("Look again", icon=":material/refresh:"):
            st.rerun()


def nothing_here(what: str, do: str = "Choose a longer period, or clear the filters above.") -> None:
    """An empty state: what is missing and what to do."""
    with st.container(border=True):
        st.markdown(f"**{what}**")
        st.caption(do)
