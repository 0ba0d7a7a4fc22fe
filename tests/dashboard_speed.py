"""How fast the dashboard is in a real Chromium: `python -m tests.dashboard_speed [STORE] [--calls 10000] [--rounds 5]`.

Without a store it makes one of synthetic calls. A first view is a new session, from the address to the page with every
chart and table drawn; each asks for another period, so that no answer is remembered. It is measured in a browser that has
never been there (empty cache: Streamlit's own scripts come first) and in one that has. A filter change is from the click
on an agent's name to the same. Seconds, the median and the slowest of the rounds, and how busy the machine was.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import statistics
import tempfile
import time
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

from tests.chromium import CHROMIUM, FLAGS, PAGES, STANDS, ready, serving
from tests.stores import make_store

FIRST_VIEW_S, CHANGE_S = 1.5, 0.7
#: Notes each end of the page's script after `window.asked`.
WATCH = """() => {
  const app = document.querySelector('[data-testid=stApp]');
  window.asked = Infinity; window.ended = 0;
  let before = app.dataset.testScriptState;
  new MutationObserver(() => {
    const now = app.dataset.testScriptState;
    if (now === 'notRunning' && before !== now) window.ended = performance.now();
    before = now;
  }).observe(app, { attributes: true });
  document.addEventListener('click', (event) => { if (event.target.closest('[role=option]')) window.asked = performance.now(); }, true);
}"""
CHANGED = f"() => window.ended > window.asked && ({STANDS})() ? performance.now() - window.asked : null"


def first_view(context: Any, address: str) -> tuple[Any, float]:
    """A tab that has just opened the page, and how many seconds it took."""
    tab = context.new_page()
    started = time.perf_counter()
    tab.goto(address, wait_until="commit")
    ready(tab)
    return tab, time.perf_counter() - started


def filter_change(tab: Any, agent: str) -> float:
    """Choose an agent in the filter bar; how many seconds until the page shows their calls."""
    box = tab.locator("[data-testid=stMultiSelect]").first
    box.locator("input").click()
    tab.keyboard.type(agent)
    option = tab.get_by_role("option", name=agent).first
    option.wait_for()
    tab.evaluate(WATCH)
    option.click()
    taken = tab.wait_for_function(CHANGED, timeout=30_000, polling="raf").json_value()
    tab.keyboard.press("Escape")
    box.get_by_role("button", name="Clear all").click()
    tab.wait_for_timeout(300)
    ready(tab)
    return float(taken) / 1000


def measure(store: Path, rounds: int) -> dict[str, dict[str, list[float]]]:
    """{page: {"empty_browser": [seconds], "first_view": [seconds], "filter_change": [seconds]}}."""
    figures: dict[str, dict[str, list[float]]] = {
        name or "overview": {"empty_browser": [], "first_view": [], "filter_change": []} for name in PAGES
    }
    with sync_playwright() as driver, serving(store) as place:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        browser.new_page().goto("about:blank")
        starts = (date(2026, 4, 3) + timedelta(days=number) for number in itertools.cycle(range(80)))
        for number in range(rounds):
            for name in PAGES:
                context = browser.new_context(viewport={"width": 1280, "height": 900})
                times = figures[name or "overview"]
                for kind in ("empty_browser", "first_view"):
                    tab, taken = first_view(
                        context, f"{place}/{name}?period=Custom+dates&dates={next(starts)}&dates=2026-06-30"
                    )
                    times[kind].append(taken)
                times["filter_change"].append(filter_change(tab, f"agent-{number + 1:02d}"))
                context.close()
        browser.close()
    return figures


def main() -> int:
    """Print the figures; 1 where a page's median is over its limit."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("store", nargs="?", type=Path)
    parser.add_argument("--calls", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        store = given.store or make_store(Path(folder) / "calls.duckdb", calls=given.calls)
        before, found, after = os.getloadavg()[0], measure(store.absolute(), given.rounds), os.getloadavg()[0]
    if given.json:
        print(json.dumps({"load": [before, after], "pages": found}))
    else:
        print("| Page | First visit, empty browser (s) | First view (s) | Filter change (s) |\n|---|---|---|---|")
        for name, figures in found.items():
            cells = (f"{statistics.median(times):.2f} (slowest {max(times):.2f})" for times in figures.values())
            print(f"| {name} | {' | '.join(cells)} |")
        print(f"Load of the machine before and after: {before:.1f}, {after:.1f} on {os.cpu_count()} cores")
    limits = {"first_view": FIRST_VIEW_S, "filter_change": CHANGE_S}
    slow = [
        name
        for name, figures in found.items()
        for kind, most in limits.items()
        if statistics.median(figures[kind]) > most
    ]
    return 1 if slow else 0


if __name__ == "__main__":
    raise SystemExit(main())
