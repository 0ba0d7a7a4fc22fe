"""The dashboard's only door to callkit: questions to the snapshot, a call, search, queries and runs.

Every answer is kept by the snapshot's identity: the same question to the same snapshot is asked once, and when a new
snapshot takes its place (another file under the same name) everything kept is dropped. A connection is open only while
a page is drawn, so nothing holds on to a snapshot that was replaced, and what was forgotten is gone from here too.
"""

from __future__ import annotations

import contextlib
import re
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from callkit.app import agents, background, dashboard, intervals, report, search
from callkit.config import Config, DashboardSettings
from callkit.errors import CallkitError as CallkitError
from callkit.errors import ModelError as ModelError
from callkit.errors import StoreError
from callkit.store.reader import Snapshot

QUERIES = Path(__file__).parent / "queries"
#: Queries that start from the calls of the filter; the others stand alone.
FILTERED = {
    *("tiles", "trend", "heat", "reasons", "worse", "calls", "topics", "topic_trend", "picked", "agent_trend"),
    *("redactions", "proofs", "neighbours", "found_words"),
}

#: Calls that a search by meaning lists: it has no end of its own, every turn is more or less near.
NEAREST = 100

Params = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Problem:
    """Why there is nothing to show, and what to do, in words for the person at the screen."""

    title: str
    what: str
    do: str
    may_run: bool = True


# --- What the dashboard was started with ------------------------------------------------------------------------------


@st.cache_resource(show_spinner=False)
def session() -> dashboard.Session:
    return dashboard.session()


def settings() -> DashboardSettings:
    return session().config.dashboard


def config() -> Config:
    return session().config


# --- The snapshot -----------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Reading:
    """One drawing of a page: it asks one snapshot, opened at its first question, whatever is swapped in meanwhile."""

    version: str
    snapshot: Snapshot | None = None


_drawing = threading.local()


@contextlib.contextmanager
def reading() -> Iterator[None]:
    """While a page is drawn: the same snapshot for all its questions, closed at the end."""
    # The version before the file is opened: what is kept may be newer than its version says, never older.
    _drawing.reading = reading = Reading(version())
    try:
        yield
    finally:
        _drawing.reading = None
        if reading.snapshot is not None:
            reading.snapshot.close()


def version() -> str:
    """The identity of the snapshot that is there now; "" where there is none. A changed one empties what was kept."""
    current = getattr(_drawing, "reading", None)
    if current is not None:
        return str(current.version)
    try:
        found = session().store.stat()
    except OSError:
        return ""
    now = f"{found.st_ino}-{found.st_mtime_ns}-{found.st_size}"
    if _seen().get("version") not in (None, now):
        st.cache_data.clear()
    _seen()["version"] = now
    return now


@st.cache_resource(show_spinner=False)
def _seen() -> dict[str, str]:
    return {}


def problem() -> Problem | None:
    """What keeps the pages from showing calls, or None."""
    if not version():
        return Problem(
            "There is no store here yet",
            f"`{session().store.name}` does not exist in `{session().store.parent}`.",
            "Try `callkit demo`, or process recordings of your own: `callkit run FOLDER`.",
        )
    try:
        known = bounds()
    except StoreError as error:
        return problem_of(error)
    if not known["calls"]:
        failed = f" {known['failures']} recordings failed: `callkit status` says why." if known["failures"] else ""
        return Problem(
            "No calls yet", f"The store is there, and empty.{failed}", "Try `callkit demo`, or `callkit run FOLDER`."
        )
    return None


def warm() -> None:
    """Open the store once, so that the first visitor finds the libraries loaded."""
    with contextlib.suppress(StoreError), Snapshot(dashboard.session().store) as snapshot:
        snapshot.df("select 1 as one")


def problem_of(error: StoreError) -> Problem:
    """A store that could not be read, in words."""

    def sentence(text: str) -> str:
        return f"{text[:1].upper()}{text[1:]}."

    do = sentence(error.hint)
    if error.code in ("store-missing", "store-invalid"):
        do = f"If it is being copied or replaced just now, look again in a moment. Otherwise: {error.hint}."
    may_run = error.code in ("store-missing", "store-older")
    return Problem("This store cannot be read", sentence(f"{error.what} ({error.code})"), do, may_run=may_run)


def ask(name: str, params: Params | None = None) -> pd.DataFrame:
    """The answer to the query of that name in `queries/`; lists stand for themselves."""
    return _ask(version(), name, dict(params or {})).copy(deep=False)


@st.cache_data(show_spinner=False, max_entries=500)
def _ask(version: str, name: str, params: dict[str, Any]) -> pd.DataFrame:
    text = (QUERIES / f"{name}.sql").read_text("utf-8")
    if name in FILTERED:
        text = (QUERIES / "facts.sql").read_text("utf-8") + text
    return _open_and(lambda snapshot: snapshot.df(text, params))


def _open_and(question: Any) -> Any:
    """Ask the snapshot of the page being drawn; else one that is opened for this and closed after."""
    current = getattr(_drawing, "reading", None)
    if current is None:
        with _opened() as snapshot:
            return question(snapshot)
    if current.snapshot is None:
        current.snapshot = _opened()
    return question(current.snapshot)


def _opened() -> Snapshot:
    """The snapshot, open; tried once more where it was being replaced just then."""
    try:
        return Snapshot(session().store).__enter__()
    except StoreError as error:
        if error.code not in ("store-missing", "store-invalid"):
            raise
    time.sleep(0.1)
    return Snapshot(session().store).__enter__()


def bounds() -> dict[str, Any]:
    """How many calls there are, and when the first and the last was."""
    return dict(ask("bounds").iloc[0])


def options() -> dict[str, list[str]]:
    """What each filter offers."""
    found = ask("options")
    return {str(name): rows["value"].to_list() for name, rows in found.groupby("filter", sort=False)}


def compare_agents(params: Params) -> pd.DataFrame:
    """Agents compared fairly over the calls of the filter: see `callkit.app.agents.compare`."""
    return _compare_agents(version(), dict(params)).copy(deep=False)


@st.cache_data(show_spinner=False, max_entries=50)
def _compare_agents(version: str, params: dict[str, Any]) -> pd.DataFrame:
    call_ids = ask("picked", params).call_id.to_list()
    compared: pd.DataFrame = _open_and(lambda snapshot: agents.compare(snapshot, call_ids))
    return compared


def least_calls() -> int:
    """Calls below which an agent is not ranked."""
    return agents.LEAST_CALLS


def share_interval(hits: int, n: int) -> tuple[float, float] | None:
    """95 % interval of a share, or None without cases."""
    found = intervals.share(int(hits), int(n))
    return None if found.low is None or found.high is None else (found.low, found.high)


# --- One call ---------------------------------------------------------------------------------------------------------


def call(call_id: str) -> dict[str, Any]:
    """Everything the Call page shows of a call. Raises `StoreError` "call-missing"."""
    return _call(version(), call_id)


@st.cache_data(show_spinner=False, max_entries=30)
def _call(version: str, call_id: str) -> dict[str, Any]:
    view: dict[str, Any] = _open_and(lambda snapshot: report.call_view(snapshot, call_id))
    return view


def muted_audio(audio_file: str | None) -> bytes | None:
    """The muted recording's FLAC, or None where none was kept. There is no way to the raw one: nothing keeps it."""
    return report.muted_audio(session().store, audio_file)


def call_facts(call: Params) -> list[str]:
    """When, who, how long, which file."""
    return report.facts(call)


def figure_table(view: Params) -> pd.DataFrame:
    """Each figure of the call, how sure it is, and the agent's usual, written for people."""
    return pd.DataFrame(report.figure_rows(view), columns=list(report.figure_head(view)))


def call_report(call_id: str) -> str:
    """The call as one HTML file that works offline."""
    return report.call_report(session().store, call_id)


# --- Search -----------------------------------------------------------------------------------------------------------


def find_words(text: str, params: Params) -> pd.DataFrame:
    """Calls with a turn that holds what `search_parts` makes of the text. Columns call_id, turn, text, hits."""
    parts = search_parts(text)
    if not parts:
        return pd.DataFrame(columns=["call_id", "turn", "text", "hits"])
    rarest = max((word for part in parts for word in part.split()), key=len)
    return ask("found_words", {**params, "parts": parts, "rarest": rarest})


def search_parts(text: str) -> list[str]:
    """What a turn must hold, spaces around whole words: ` card `, ` card` for `card*`, ` my card ` for `"my card"`."""
    parts = []
    for phrase, word in re.findall(r'"([^"]+)"|(\S+)', text.lower()):
        plain = " ".join(re.findall(r"\w+", phrase or word))
        if plain:
            parts.append(f" {plain}" if word.endswith("*") else f" {plain} ")
    return parts


def find_meaning(text: str, params: Params) -> pd.DataFrame:
    """Of the calls of the filter the `NEAREST` whose best turn is nearest in meaning. Columns call_id, turn, text, score."""
    found = _find_meaning(version(), text, dict(params))
    return pd.DataFrame(found, columns=["call_id", "turn", "text", "score"])


@st.cache_data(show_spinner=False, max_entries=50)
def _find_meaning(version: str, text: str, params: dict[str, Any]) -> list[Mapping[str, Any]]:
    return search.by_meaning(
        session().store, text, config=config(), limit=NEAREST, embedder=_embedder(), among=ask("picked", params).call_id.to_list(),
        one_a_call=True,
    )  # fmt: skip


@st.cache_resource(show_spinner="Loading the language model")
def _embedder() -> Any:
    return search.open_embedder(config())


# --- The SQL page -----------------------------------------------------------------------------------------------------


def query(text: str) -> tuple[pd.DataFrame, bool]:
    """The answer to a person's own SELECT, and whether rows were left out. Raises `StoreError` "query-invalid"."""
    return _query(version(), text)


@st.cache_data(show_spinner=False, max_entries=10)
def _query(version: str, text: str) -> tuple[pd.DataFrame, bool]:
    limits = settings()
    table = _open_and(
        lambda snapshot: snapshot.user_query(text, limit=limits.query_rows, timeout_s=limits.query_timeout_s)
    )
    return pd.DataFrame(table.rows, columns=unique(table.columns)), table.truncated


def unique(names: Sequence[str]) -> list[str]:
    """Column names, the second `n` as `n_2`: a query may repeat them, a table may not."""
    seen: dict[str, int] = {}
    made = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        made.append(name if seen[name] == 1 else f"{name}_{seen[name]}")
    return made


# --- The Run page -----------------------------------------------------------------------------------------------------


@st.cache_resource(show_spinner=False)
def runs() -> list[background.Run]:
    """The runs started from this dashboard, latest first; they belong to the server, not to a browser's tab."""
    return []


def start_run(
    *,
    folders: Sequence[str] = (),
    uploads: Sequence[tuple[str, bytes]] = (),
    profile: str | None = None,
    keep_audio: bool = False,
) -> None:
    """Start processing folders of the inbox or uploaded recordings (name, bytes). `PermissionError` where that is off."""
    if not settings().allow_run:
        raise PermissionError("[dashboard] allow_run is off")
    allowed = [Path(folder) for folder in folders if folder in settings().inbox]
    overrides = [f"audio.keep_muted={str(keep_audio).lower()}"]
    runs().insert(0, background.Run(session(), paths=allowed, uploads=uploads, profile=profile, overrides=overrides))
    del runs()[20:]


def profiles() -> list[str]:
    return background.profiles()


def stages() -> tuple[str, ...]:
    """The stages of a run, in order."""
    return config().pipeline.stages
