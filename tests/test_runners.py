"""How calls are spread: the runner that is asked for, workers that die or print, Ray."""

from __future__ import annotations

import pytest

from callkit.config import from_dict
from callkit.errors import CallkitError
from callkit.runners import RUNNERS, Setup, build_runner
from callkit.runners.jobs import environment
from callkit.store.reader import Snapshot
from tests.toys import Toys, dump, write_wav


def test_a_runner_is_built_by_name_and_starts_nothing() -> None:
    for name in RUNNERS:
        build_runner(Setup(from_dict({"pipeline": {"runner": name}})), lambda *news: None)
    with pytest.raises(CallkitError) as caught:
        build_runner(Setup(from_dict({"pipeline": {"runner": "cloud"}})), lambda *news: None)
    assert caught.value.code == "config-invalid"


def test_workers_share_the_cores_and_phone_nobody() -> None:
    variables = environment(from_dict({"pipeline": {"cores": 8, "jobs": 3}}))
    assert variables["OMP_NUM_THREADS"] == "2"
    assert (variables["HF_HUB_OFFLINE"], variables["PYANNOTE_METRICS_ENABLED"]) == ("1", "0")
    assert environment(from_dict({"models": {"allow_hub": True}}))["HF_HUB_OFFLINE"] == "0"


@pytest.mark.parametrize("jobs", [1, 3])
def test_every_runner_stores_the_same(toys: Toys, jobs: int) -> None:
    toys.make(4)
    toys.run()
    tables = ("turns", "words", "redactions", "sentiment", "segments")
    with Snapshot(toys.store) as snapshot:
        inline = {table: snapshot.rows(f"from {table} order by all") for table in tables}
    for path in toys.store.parent.iterdir():
        path.unlink()
    toys.run(config=toys.config(pipeline={"runner": "local", "jobs": jobs}))
    with Snapshot(toys.store) as snapshot:
        assert inline == {table: snapshot.rows(f"from {table} order by all") for table in tables}


def test_what_stages_print_goes_nowhere(
    toys: Toys, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    toys.make(1)
    monkeypatch.setenv("TOY_PRINT", "yes")
    toys.run(config=toys.config(pipeline={"runner": "local"}))
    assert capfd.readouterr() == ("", "")


def test_a_batch_whose_worker_dies_is_done_one_by_one(toys: Toys, monkeypatch: pytest.MonkeyPatch) -> None:
    toys.make(4)
    config = toys.config(stages=("toy_hear", "toy_redact", "toy_mood_of_many"), pipeline={"runner": "local"})
    doomed = toys.run(config=config).processed[2]
    monkeypatch.setenv("TOY_MOOD", "positive")
    monkeypatch.setenv("TOY_KILL_MOOD", doomed)
    report = toys.run(config=config)
    assert len(report.processed) == 3
    assert [(one.call_id, one.code) for one in report.failed] == [(doomed, "worker-died")]


def test_ray_without_the_package_says_what_to_install(toys: Toys, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "ray", None)
    toys.make(1)
    with pytest.raises(CallkitError) as caught:
        toys.run(config=toys.config(pipeline={"runner": "ray"}))
    assert (caught.value.code, "callkit[ray]" in caught.value.hint) == ("extra-missing", True)


def test_ray_runs_calls_and_outlives_an_actor(toys: Toys, monkeypatch: pytest.MonkeyPatch) -> None:
    ray = pytest.importorskip("ray", reason="needs the extra `ray`: pip install 'callkit[ray]'")
    toys.make(3)
    monkeypatch.setenv("TOY_MOOD", "positive")
    doomed = toys.run().processed[1]
    monkeypatch.setenv("TOY_KILL_MOOD", doomed)
    monkeypatch.setenv("TOY_MOOD", "negative")
    try:
        report = toys.run(config=toys.config(pipeline={"runner": "ray", "jobs": 2}))
        assert len(report.processed) == 2
        assert [(one.call_id, one.code) for one in report.failed] == [(doomed, "worker-died")]
        assert "negative" in dump(toys.store)
        recording = write_wav(toys.folder / "other.wav", 99).open("rb")
        with recording, pytest.raises(CallkitError) as caught:
            toys.run("-", stdin=recording, config=toys.config(pipeline={"runner": "ray"}))
        assert caught.value.code == "usage"
    finally:
        ray.shutdown()
