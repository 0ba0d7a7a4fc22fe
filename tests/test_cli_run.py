"""run, demo, status, forget, purge and doctor as a user meets them, with scripted ears."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from callkit.app import doctor
from callkit.cli import main
from callkit.config import Config, from_dict
from callkit.store.files import StoreFiles
from tests.scripted import write_config
from tests.stores import make_store

QUICK = ("inspect", "transcribe", "diarize")


@pytest.fixture
def place(tmp_path, sample_calls, monkeypatch) -> Path:
    """A working folder with two recordings, a manifest of them, and a configuration that runs no model."""
    for name in ("lost-card.wav", "silent-line.wav"):
        shutil.copy(sample_calls / name, tmp_path / name)
    (tmp_path / "calls.csv").write_text("path,customer,queue\nlost-card.wav,C-1,cards\nsilent-line.wav,C-2,\n")
    config = write_config(tmp_path, sample_calls, stages=QUICK)
    (tmp_path / "callkit.toml").write_text(config.read_text().replace("[pipeline]", '[pipeline]\nrunner = "inline"'))
    monkeypatch.chdir(tmp_path)
    return tmp_path


class Done(NamedTuple):
    returncode: int
    stdout: str
    stderr: str


@pytest.fixture
def callkit(capsys) -> Callable[..., Done]:
    """Run a command line in this process."""

    def call(*arguments: object) -> Done:
        return Done(main.run([str(argument) for argument in arguments]), *capsys.readouterr())

    return call


@pytest.fixture
def as_json(callkit) -> Callable[..., Any]:
    """The JSON that a command prints."""

    def call(*arguments: object) -> Any:
        done = callkit(*arguments, "--json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return call


def test_run_says_what_it_did_and_then_that_there_is_nothing_to_do(place, callkit):
    first = callkit("run", "calls.csv")
    assert first.returncode == 0, first.stderr
    assert "2 processed" in first.stdout and "calls.duckdb" in first.stdout
    assert "1 call without queue: left empty" in first.stdout, "missing metadata is reported"
    assert re.search(r"^\[1/2\] .*: processed, call \w+$", first.stderr, re.M)
    again = callkit("run", "calls.csv")
    assert "2 unchanged" in again.stdout and "nothing to do" in again.stdout
    assert again.stderr == ""


def test_quiet_prints_only_the_result(place, callkit):
    done = callkit("run", "lost-card.wav", "-q")
    assert done.stderr == "" and "1 processed" in done.stdout


def test_events_are_a_json_object_a_line(place, callkit):
    lines = [json.loads(line) for line in callkit("run", "calls.csv", "--events").stdout.splitlines()]
    kinds = [line["event"] for line in lines]
    assert kinds[0] == "run_started" and kinds[-1] == "run_finished"
    assert kinds.count("call_finished") == 2
    assert lines[-1] == {"event": "run_finished", "processed": 2, "reused": 0, "duplicates": 0, "failed": 0}
    lengths = [line["duration_s"] for line in lines if line["event"] == "stage_progress" and line["duration_s"]]
    assert lengths and all(30 < length < 80 for length in lengths)


def test_stored_brings_calls_up_to_date_without_paths(place, callkit, as_json):
    callkit("run", "calls.csv")
    report = as_json("run", "--stored")
    assert len(report["reused"]) == 2
    assert callkit("run").returncode == 2


def test_jobs_in_parallel_give_the_same(place, callkit):
    assert "2 processed" in callkit("run", "calls.csv", "--jobs", "2", "--store", "two.duckdb").stdout


def test_status_counts_and_finds_a_file_whatever_it_is_called(place, callkit, as_json):
    callkit("run", "calls.csv")
    assert as_json("status")["calls"] == 2
    Path("lost-card.wav").rename("renamed.wav")
    (found,) = as_json("status", "renamed.wav")
    assert found["state"] == "processed"
    text = callkit("status", "renamed.wav", "callkit.toml", "gone.wav").stdout
    assert "processed" in text and "new" in text and "path-missing" in text


def test_forget_by_id_and_by_customer(place, callkit, as_json):
    callkit("run", "calls.csv")
    calls = as_json("query", "select call_id, customer from calls where queue = 'cards'")
    assert calls[0]["customer"] not in (None, "C-1"), "kept as a pseudonym"
    done = callkit("forget", "--customer", "C-1")
    assert "1 call erased" in done.stdout and calls[0]["call_id"] in done.stdout
    (left,) = as_json("query", "select call_id from calls")
    assert as_json("forget", left["call_id"][:8]) == {"call_ids": [left["call_id"]]}
    assert callkit("forget", left["call_id"]).returncode == 1
    assert callkit("forget", "--customer", "C-1").stdout.startswith("0 calls erased")
    assert callkit("forget").returncode == 2
    assert callkit("forget", "x", "--customer", "C-1").returncode == 2


def test_purge_applies_the_retention(place, callkit, as_json):
    callkit("run", "calls.csv")
    assert "every call is kept" in callkit("purge").stdout
    assert as_json("purge", "--set", "store.retention_days=36500") == {"call_ids": []}
    shutil.copy("calls.csv", "dated.csv")
    Path("dated.csv").write_text("path,started_at\nlost-card.wav,2001-02-03T04:05:06\n")
    callkit("run", "dated.csv")
    assert len(as_json("purge", "--set", "store.retention_days=365")["call_ids"]) == 1


def test_demo_prints_what_it_found_and_what_to_do_next(place, callkit):
    done = callkit("demo")
    assert done.returncode == 0, done.stderr
    assert "lost-card.wav" in done.stdout and "Nobody speaks on silent-line.wav" in done.stdout
    for step in ("callkit show", "callkit search", "callkit query", "callkit dashboard", "callkit run"):
        assert step in done.stdout
    shown = re.search(r"callkit show (\w+)", done.stdout)
    assert shown and callkit("show", shown.group(1)).returncode == 0


# --- doctor -----------------------------------------------------------------------------------------------------------


def _checks(store: Path, **config: dict) -> dict[str, doctor.Check]:
    return {check.name: check for check in doctor.examine(store, config=from_dict(config), load=False)}


def test_doctor_finds_a_well_installation_and_store(place, callkit):
    callkit("run", "calls.csv")
    checks = _checks(place / "calls.duckdb")
    assert {check.state for check in checks.values()} == {"ok"}, checks
    assert checks["store"].found == "2 calls, 0 failures"


def test_doctor_on_no_store_at_all(tmp_path):
    assert _checks(tmp_path / "calls.duckdb")["store"].state == "ok"


def test_doctor_finds_what_is_wrong_with_a_store(tmp_path):
    import duckdb

    store = make_store(tmp_path / "calls.duckdb", calls=5)
    files = StoreFiles.at(store)
    files.key.write_bytes(b"key")
    files.key.chmod(0o644)
    files.audio.mkdir()
    (files.audio / "nobody.flac").write_bytes(b"")
    with duckdb.connect(str(store)) as connection:
        connection.execute("delete from turns where turn = 0 and call_id = (select min(call_id) from calls)")
    checks = _checks(store)
    wrong = {name for name, check in checks.items() if check.state == "problem"}
    assert wrong == {"ledger", "key of the pseudonyms", "rules of the store", "muted audio"}
    assert all(checks[name].hint for name in wrong)


def test_doctor_reads_turns_by_the_models_own_rules(tmp_path):
    import duckdb

    store = make_store(tmp_path / "calls.duckdb", calls=3)
    with duckdb.connect(str(store)) as connection:
        connection.execute("update turns set turn = turn + 100")
        for table in ("words", "redactions", "sentiment", "interactions"):
            connection.execute(f"update {table} set turn = turn + 100")
    with doctor.Snapshot(store) as snapshot:
        assert "has index 100" in doctor._broken_turns(snapshot)[0]


def test_doctor_exits_with_1_for_a_problem(tmp_path, capsys):
    (tmp_path / "calls.duckdb").write_text("no store")
    assert main.run(["doctor", "--quick", "--store", str(tmp_path / "calls.duckdb")]) == 1
    assert "problem store" in capsys.readouterr().out


def test_doctor_opens_every_stage(tmp_path, sample_calls):
    settings = {"pipeline": {"stages": list(QUICK)}, "transcribe": {"engine": "scripted", "script": str(sample_calls)}}
    config = from_dict({**settings, "diarize": {"engine": "scripted", "script": "/nowhere"}})
    checks = {check.name: check for check in doctor._stages(config)}
    assert checks["stage transcribe"].state == "ok" and "opens in" in checks["stage transcribe"].found
    assert checks["stage diarize"].state == "problem" and checks["stage diarize"].hint


def test_doctor_says_when_a_plan_does_not_fit(tmp_path):
    config = Config().model_copy(update={"pipeline": Config().pipeline.model_copy(update={"stages": ("turns",)})})
    checks = {check.name: check for check in doctor._stages(config)}
    assert checks["plan"].state == "problem"
