"""The dashboard's frame: pages, the filter bar above them, and what stands in their place when there is nothing to show."""

from pathlib import Path

import streamlit as st

import data
import filters
import gate

HERE = Path(__file__).parent
# An icon of our own: the browser would fetch a ":material/...:" one from Google.
st.set_page_config(page_title="callkit", page_icon=HERE / "icon.svg", layout="wide", initial_sidebar_state="collapsed")
st.html(HERE / "page.css")

# In `views`, not `pages`: a folder of that name makes Streamlit run a page without this frame on a server's first visit.
PAGES = (
    ("overview", "Overview", ":material/monitoring:"),
    ("calls", "Calls", ":material/list_alt:"),
    ("call", "Call", ":material/graphic_eq:"),
    ("agents", "Agents", ":material/support_agent:"),
    ("topics", "Topics", ":material/forum:"),
    ("compliance", "Compliance", ":material/verified_user:"),
    ("run", "Run", ":material/play_circle:"),
    ("sql", "SQL", ":material/database:"),
)
page = st.navigation(
    [
        st.Page(f"views/{name}.py", title=title, icon=icon, url_path=name, default=name == "overview")
        for name, title, icon in PAGES
    ],
    position="top",
)
gate.sign_in()
try:
    with data.reading():
        problem = data.problem()
        if problem is None:
            filters.bar()
            page.run()
except data.StoreError as error:  # the store went away, or another took its place, while the page was drawn
    problem = data.problem_of(error)
if problem is not None:
    gate.explain(problem)
    if problem.may_run and page.title == "Run":
        page.run()
