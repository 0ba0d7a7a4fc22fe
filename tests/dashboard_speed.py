"""How fast the dashboard is in a real Chromium: `python -m tests.dashboard_speed [STORE] [--calls 10000] [--rounds 5]`.

Without a store it makes one of synthetic calls. A first view is a new browser session with an empty cache, from the
address to the page with every chart and table drawn; a filter change is from the click on an agent's name to the same,
another agent each time, so that no answer is remembered. Seconds, the median and the slowest of the rounds.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
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


def first_view(browser: Any, address: str) -> tuple[Any, float]:
    """A tab that has just opened the page, and how many seconds it took."""
    tab = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
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


def measure(store: Path, rounds: int) -> dict[str, Any]:
    """{page: {"first_view": [seconds], "filter_change": [seconds]}}, and the very first view of a fresh server."""
    figures: dict[str, Any] = {name or "overview": {"first_view": [], "filter_change": []} for name in PAGES}
    with sync_playwright() as driver, serving(store) as place:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        browser.new_page().goto("about:blank")
        time.sleep(3)  # a server that has just started is still loading its libraries
        tab, fresh = first_view(browser, place)
        tab.context.close()
        for number in range(rounds):
            for name in PAGES:
                tab, taken = first_view(browser, f"{place}/{name}")
                figures[name or "overview"]["first_view"].append(taken)
                figures[name or "overview"]["filter_change"].append(filter_change(tab, f"agent-{number + 1:02d}"))
                tab.context.close()
        browser.close()
    return {"fresh_server": fresh, "pages": figures}


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
        found = measure(store.absolute(), given.rounds)
    if given.json:
        print(json.dumps(found))
    else:
        print(f"first view of a fresh server: {found['fresh_server']:.2f} s")
        print("| Page | First view (s), slowest | Filter change (s), slowest |\n|---|---|---|")
        for name, figures in found["pages"].items():
            cells = (f"{statistics.median(times):.2f}, {max(times):.2f}" for times in figures.values())
            print(f"| {name} | {' | '.join(cells)} |")
    limits = {"first_view": FIRST_VIEW_S, "filter_change": CHANGE_S}
    slow = [
        kind
        for figures in found["pages"].values()
        for kind, times in figures.items()
        if statistics.median(times) > limits[kind]
    ]
    return 1 if slow else 0


if __name__ == "__main__":
    raise SystemExit(main())
