"""The dashboard in a real Chromium: started by `callkit dashboard`, used as a person uses it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest
import soundfile

from callkit.app.report import call_report
from tests.chromium import CHROMIUM, FLAGS, PAGES, ready, serving, wait_until
from tests.stores import make_store

playwright = pytest.importorskip("playwright.sync_api")
pytestmark = pytest.mark.browser

EVIL = "<script>document.title='stolen'</script> <img src=x onerror=document.title='stolen'>"
#: Where screenshots go, to be looked at; unset: nowhere.
SHOTS = os.environ.get("CALLKIT_SHOTS", "")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """1,500 synthetic calls; the latest has a muted recording, tones where somebody talks, and a turn made of markup."""
    path = make_store(tmp_path_factory.mktemp("browser") / "calls.duckdb", calls=1500)
    folder = path.with_name("calls.audio")
    folder.mkdir()
    with duckdb.connect(str(path)) as calls:
        call_id, seconds = calls.execute(
            "select call_id, duration_s from calls order by started_at desc, call_id"
        ).fetchone()
        turns = calls.execute("select channel, start_s, end_s from turns where call_id = ?", [call_id]).fetchall()
        calls.execute("update calls set audio_file = ? where call_id = ?", [f"{call_id}.flac", call_id])
        calls.execute("update turns set text = ? where call_id = ? and turn = 2", [EVIL, call_id])
        calls.execute("update words set text = ? where call_id = ? and turn = 2 and word = 0", [EVIL, call_id])
    sound = np.zeros((int(seconds * 16000), 2), np.float32)
    for channel, start, end in turns:
        spoken = np.arange(int(start * 16000), int(min(end, seconds) * 16000))
        sound[spoken[spoken < len(sound)], channel] = 0.1 * np.sin(spoken[spoken < len(sound)] * 0.1)
    soundfile.write(folder / f"{call_id}.flac", sound, 16000, subtype="PCM_16")
    return path


@pytest.fixture(scope="module")
def address(store: Path) -> Iterator[str]:
    """Where the synthetic store is shown."""
    with serving(store) as place:
        yield place


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    if not Path(CHROMIUM).exists():
        pytest.skip("needs Debian's chromium: apt-get install chromium")
    with playwright.sync_playwright() as driver:
        opened = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield opened
        opened.close()


@pytest.fixture
def page(browser: Any, request: pytest.FixtureRequest) -> Iterator[Any]:
    """A tab that fails the test where the page asks another machine for anything, or a script of it fails."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, accept_downloads=True)
    tab = context.new_page()
    tab.set_default_timeout(15_000)
    strangers: list[str] = []
    broken: list[str] = []
    tab.on("request", lambda asked: None if local(asked.url) else strangers.append(asked.url))
    tab.on("pageerror", lambda error: broken.append(str(error)))
    tab.on("console", lambda said: broken.append(said.text) if is_error(said) else None)
    yield tab
    if SHOTS:
        tab.screenshot(path=Path(SHOTS) / f"{request.node.name}.png")
    context.close()
    assert not strangers
    assert not broken


def local(url: str) -> bool:
    return url.startswith(("http://127.0.0.1:", "data:", "blob:", "file:"))


def is_error(said: Any) -> bool:
    """Charts that cannot be drawn say so on the console. (Streamlit asks for its health below the page's path first: 404.)"""
    return said.type == "error" and "Failed to load resource" not in said.text


def go(tab: Any, place: str) -> None:
    tab.goto(place)
    ready(tab)


def url(tab: Any) -> str:
    """Where the tab is now; `page.url` stands still between calls."""
    return str(tab.evaluate("() => location.href"))


def player(tab: Any) -> Any:
    return tab.locator(".player")


def position(tab: Any) -> float:
    """Where the player stands, in seconds."""
    return float(tab.locator(".lanes").get_attribute("aria-valuenow"))


def test_every_page_opens_in_both_lights_and_widths(browser: Any, address: str) -> None:
    for width, scheme in ((1280, "light"), (1920, "dark")):
        context = browser.new_context(viewport={"width": width, "height": 1080}, color_scheme=scheme)
        tab = context.new_page()
        broken: list[str] = []
        tab.on("console", lambda said, broken=broken: broken.append(said.text) if is_error(said) else None)
        for name in PAGES:
            go(tab, f"{address}/{name}")
            assert not broken, name
            assert tab.locator("[data-testid=stException]").count() == 0, name
            too_wide = tab.evaluate(
                "() => document.querySelector('[data-testid=stMain]').scrollWidth > window.innerWidth + 1"
            )
            assert not too_wide, f"{name} scrolls sideways at {width}"
            if SHOTS:
                tab.wait_for_timeout(1500)
                tab.screenshot(path=Path(SHOTS) / f"{name or 'overview'}-{width}-{scheme}.png")
        context.close()


def test_a_filter_is_kept_by_the_url_and_by_the_other_pages(page: Any, address: str) -> None:
    go(page, f"{address}/?period=All+time")
    everybody = page.locator("[data-testid=stMetricValue]").first.inner_text()
    assert everybody == "1,500"
    page.get_by_role("combobox", name="All agents").click()
    page.keyboard.type("agent-03")
    page.get_by_role("option", name="agent-03").first.click()
    wait_until(lambda: page.locator("[data-testid=stMetricValue]").first.inner_text() != "1,500")
    assert "agents=agent-03" in url(page)
    page.keyboard.press("Escape")
    page.get_by_role("link", name="Calls").click()
    wait_until(lambda: page.locator("h1").inner_text() == "Calls")
    ready(page)
    assert "agents=agent-03" in url(page)
    assert page.get_by_text("agent-03").first.is_visible()


def test_a_call_is_found_by_words_and_opened(page: Any, address: str) -> None:
    go(page, f"{address}/calls?period=All+time")
    box = page.get_by_label("Search what was said")
    box.fill("internet down")
    box.press("Enter")
    wait_until(lambda: "with these words" in page.locator("[data-testid=stMain]").inner_text())
    ready(page)
    grid = page.locator("[data-testid=stDataFrame]").first
    grid.locator("canvas").first.wait_for()
    box = grid.bounding_box()
    page.mouse.click(box["x"] + 190, box["y"] + 55, delay=50)  # the first row's reason
    wait_until(lambda: "/call?" in url(page))
    player(page).wait_for()
    assert page.locator("h1").inner_text() == "Internet outage"
    assert "turn=1" in url(page)
    assert page.locator(".turn[aria-current=true]").get_attribute("data-turn") == "1"


def test_the_player_plays_and_follows_words_turns_and_keys(page: Any, address: str) -> None:
    go(page, f"{address}/call")
    player(page).wait_for()
    words = page.locator(".turn[data-turn='4'] .word")
    start = float(words.nth(2).get_attribute("data-start"))
    words.nth(2).click()
    wait_until(lambda: abs(position(page) - start) < 3)
    wait_until(lambda: page.locator(".bar .play").get_attribute("aria-label") == "Pause")  # it plays from there
    wait_until(lambda: position(page) >= start + 1)
    assert page.locator(".word.now").count() == 1
    assert page.locator(".turn[aria-current=true]").get_attribute("data-turn") == "4"

    page.locator(".transcript").focus()
    page.keyboard.press("Space")
    wait_until(lambda: page.locator(".bar .play").get_attribute("aria-label") == "Play")
    here = position(page)
    page.keyboard.press("ArrowRight")
    wait_until(lambda: abs(position(page) - here - 5) <= 1)
    page.keyboard.press("ArrowDown")
    wait_until(lambda: page.locator(".turn[aria-current=true]").get_attribute("data-turn") == "5")

    page.locator(".notes .link").first.click()  # evidence of the summary: the turn it rests on
    wait_until(lambda: page.locator(".turn[aria-current=true]").get_attribute("data-turn") == "1")


def test_what_was_said_is_text_and_never_markup(page: Any, address: str) -> None:
    go(page, f"{address}/call")
    player(page).wait_for()
    assert "<script>" in page.locator(".turn[data-turn='2'] .text").inner_text()
    assert page.locator(".turn script, .turn img").count() == 0
    assert page.title() != "stolen"


def test_the_report_works_offline_and_as_text(page: Any, address: str, store: Path, tmp_path: Path) -> None:
    go(page, f"{address}/call")
    call_id = player(page).get_attribute("data-call")
    with page.expect_download() as download:
        page.get_by_role("button", name="Report").click()
    saved = tmp_path / "call.html"
    download.value.save_as(saved)
    assert saved.read_text("utf-8") == call_report(store, call_id)
    assert "<script>document.title" not in saved.read_text("utf-8")

    page.context.set_offline(True)
    page.goto(saved.as_uri())
    player(page).wait_for()
    assert page.locator(".turn").count() == 15
    assert "<script>" in page.locator(".turn[data-turn='2'] .text").inner_text()
    assert page.title() != "stolen"
    page.locator(".turn[data-turn='6'] .when").click()
    wait_until(lambda: page.locator(".turn[aria-current=true]").get_attribute("data-turn") == "6")
    wait_until(lambda: page.locator(".bar .play").get_attribute("aria-label") == "Pause")


def test_a_call_without_audio_says_how_to_keep_it(page: Any, address: str, store: Path) -> None:
    with duckdb.connect(str(store), read_only=True) as calls:
        call_id = calls.execute("select call_id from calls where audio_file is null limit 1").fetchone()[0]
    go(page, f"{address}/call?call={call_id}")
    assert "audio.keep_muted=true" in player(page).inner_text()
    page.locator(".turn[data-turn='3'] .word").first.click()
    wait_until(lambda: page.locator(".turn[aria-current=true]").get_attribute("data-turn") == "3")


def test_what_is_shown_is_downloaded(page: Any, address: str, tmp_path: Path) -> None:
    go(page, f"{address}/calls?period=All+time&agents=agent-03&q=refund")
    frames = []
    for name, read in (("CSV", pd.read_csv), ("Parquet", pd.read_parquet)):
        with page.expect_download() as download:
            page.get_by_role("button", name=name, exact=True).click()
        download.value.save_as(tmp_path / name)
        frames.append(read(tmp_path / name))
    shown = page.get_by_text("calls, with these words").inner_text()
    for frame in frames:
        assert shown.startswith(f"{len(frame):,} ")
        assert set(frame.agent_id) == {"agent-03"}
        assert frame.said.str.contains("refund").all()
    assert list(frames[0].columns) == list(frames[1].columns)


def test_sql_is_asked_and_answered(page: Any, address: str) -> None:
    go(page, f"{address}/sql")
    box = page.get_by_label("Query")
    box.fill("select count(*) as calls from calls")
    box.press("Control+Enter")
    wait_until(lambda: "1 row" in page.locator("[data-testid=stMain]").inner_text())
    box.fill("drop table calls")
    page.get_by_role("button", name="Ask").click()
    wait_until(lambda: "query-invalid" in page.locator("[data-testid=stMain]").inner_text())


def test_uploads_are_run_and_the_call_is_heard(page: Any, sample_calls: Path, tmp_path: Path) -> None:
    """From nothing: a broken upload and a sample call (its words read from the truth beside it), then its muted audio."""
    broken = tmp_path / "call-from-415-555-0199.wav"
    broken.write_bytes(b"this is no recording" * 200)
    sample = sorted(path for path in sample_calls.glob("*.wav") if "silence" not in path.name)[0]
    scripts = [
        f"{task}.{key}" for task in ("transcribe", "diarize") for key in ("engine=scripted", f"script={sample_calls}")
    ]
    with serving(tmp_path / "calls.duckdb", *scripts) as place:
        page.goto(f"{place}/run")
        page.get_by_text("There is no store here yet").wait_for()
        page.locator("input[type=file]").set_input_files([broken, sample])
        start = page.get_by_role("button", name="Start")
        wait_until(start.is_enabled)
        start.click()
        page.get_by_text(re.compile("Running: . of 2 recordings")).wait_for(timeout=60_000)
        page.get_by_text("Done: 2 of 2 recordings, 1 failed").wait_for(timeout=120_000)
        wait_until(lambda: page.get_by_text("There is no store here yet").count() == 0)
        assert "0199" not in page.locator("[data-testid=stMain]").inner_text()

        go(page, f"{place}/call")
        page.locator(".turn[data-turn='1'] .word").first.click()
        wait_until(lambda: page.locator(".turn[aria-current=true]").get_attribute("data-turn") == "1")
        wait_until(lambda: page.locator(".bar .play").get_attribute("aria-label") == "Pause")


def test_a_proxy_that_is_not_trusted_is_refused(browser: Any, address: str) -> None:
    context = browser.new_context(extra_http_headers={"X-Forwarded-For": "203.0.113.7"})
    tab = context.new_page()
    tab.goto(address)
    tab.get_by_text("a proxy that callkit does not know").wait_for(timeout=30_000)
    assert tab.locator("[data-testid=stMetricValue]").count() == 0
    context.close()


def test_a_trusted_proxy_is_let_in(browser: Any, store: Path) -> None:
    context = browser.new_context(extra_http_headers={"X-Forwarded-For": "203.0.113.7"})
    tab = context.new_page()
    with serving(store, "dashboard.trusted_proxy=true") as place:
        go(tab, place)
        assert tab.locator("[data-testid=stMetricValue]").count() == 8
        context.close()


def press(tab: Any, x: float, row: int, height: int = 35) -> None:
    """Click into a row of the page's first table, `x` pixels from its left edge."""
    grid = tab.locator("[data-testid=stDataFrame]").first
    grid.locator("canvas").first.wait_for()
    box = grid.bounding_box()
    tab.mouse.click(box["x"] + x, box["y"] + 35 + height * (row + 0.5), delay=50)


def arrived(tab: Any, title: str) -> str:
    """Wait for the page of that title; what it says."""
    wait_until(lambda: tab.locator("h1").inner_text() == title)
    ready(tab)
    return str(tab.locator("[data-testid=stMain]").inner_text())


def test_links_keep_the_period_and_open_what_they_name(page: Any, address: str) -> None:
    go(page, f"{address}/?period=Custom+dates&dates=2026-05-01&dates=2026-06-30")
    page.get_by_role("link", name="Topics").click()
    assert "1 May 2026 – 30 Jun 2026" in arrived(page, "Topics")
    press(page, 60, row=0, height=44)
    assert "1 May 2026 – 30 Jun 2026" in arrived(page, "Calls")
    assert "topics=" in url(page)

    page.get_by_role("button", name="Clear").last.click()
    wait_until(lambda: "topics=" not in url(page))
    page.get_by_role("link", name="Agents").click()
    arrived(page, "Agents")
    press(page, 100, row=0)
    assert "agents=agent-" in (arrived(page, "Calls") and url(page))


def test_what_got_worse_leads_to_its_calls(page: Any, address: str) -> None:
    go(page, f"{address}/")
    page.get_by_role("button", name="Show these calls").first.click()
    said = arrived(page, "Calls")
    assert "24 Jun 2026 – 30 Jun 2026" in said
    assert "topics=" in url(page) or "agents=" in url(page) or "queues=" in url(page)
