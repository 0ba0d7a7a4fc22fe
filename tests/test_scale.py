"""Many calls: bounded time a call, memory that does not grow, re-runs from the store in bulk. By hand: pytest -m slow."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Mapping

import psutil
import pytest

from callkit import model
from callkit.app.process import run
from callkit.pipeline import Plan
from callkit.pipeline.facets import facet_digest
from callkit.pipeline.keys import digest, stage_key
from callkit.registry import build_plan
from callkit.store.ledger import Ledger
from callkit.store.reader import Snapshot
from tests.toys import Toys

pytestmark = pytest.mark.slow


def test_a_thousand_recordings_take_no_more_memory_than_a_hundred(toys: Toys) -> None:
    toys.make(1000, seconds=0.6)
    peaks: list[int] = []

    def watch(event: object) -> None:
        if type(event).__name__ == "CallFinished":
            peaks.append(psutil.Process().memory_info().rss)

    report = toys.run(config=toys.config(pipeline={"runner": "local"}), on_event=watch)
    assert len(report.processed) == 1000
    assert max(peaks) - peaks[100] < 150 << 20  # DuckDB's own cache fills up to its limit


def test_ten_thousand_stored_calls_are_re_scored_together(toys: Toys, monkeypatch: pytest.MonkeyPatch) -> None:
    """The toy mood costs nothing: what is measured is callkit's own cost a call."""
    config = toys.config(stages=("toy_hear", "toy_redact", "toy_mood_of_many"))
    toys.make(1)
    (source,) = toys.run(config=config).processed
    with Ledger(toys.store) as ledger:
        call, cached = ledger.calls()[source], ledger.cached(source)
        facets = {name: cached.load(name) for name in cached.digests}
        digests = {name: facet_digest(name, value) for name, value in facets.items()}
        plan = build_plan(config)
        for first in range(0, 10_000, 500):
            clones = [_clone(call, digest(number)) for number in range(first, first + 500)]
            ledger.commit(*(model.Outcome(one, facets, _runs(one, plan, digests)) for one in clones))
    monkeypatch.setenv("TOY_MOOD", "positive")
    toys.ran()
    started = time.monotonic()
    report = run([], store=toys.store, config=config, stored=True)
    took = time.monotonic() - started
    assert len(report.processed) == 10_001
    assert toys.stage_runs() == {"toy_mood": 10_001}
    with Snapshot(toys.store) as snapshot:
        assert snapshot.rows("select label, count(*) as n from sentiment group by all") == [
            {"label": "positive", "n": 10_001}
        ]
    assert took < 120, f"{took:.0f} s"


def _clone(call: model.Call, sha256: str) -> model.Call:
    return dataclasses.replace(call, call_id=sha256[:16], audio_sha256=sha256)


def _runs(call: model.Call, plan: Plan, digests: Mapping[str, str]) -> tuple[model.StageRun, ...]:
    """The stage runs of a call that is up to date, with the keys that it would have had."""
    keys: dict[str, str] = {}
    for stage in plan:
        stands_by = {
            name: call.audio_sha256 if name == "audio" else digests.get(name) or keys[plan.producer[name].name]
            for name in stage.requires
        }
        keys[stage.name] = stage_key(stage, stands_by)
    return tuple(model.StageRun(name, 1, "toy", "toy-1", key, 0.0, "ran") for name, key in keys.items())
