"""Runs: what is processed, reused and refused, and what is left when a run is cut short."""

from __future__ import annotations

import io
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from callkit.app.events import CallFinished, CallStarted, Duplicate, Published, RunStarted, StageProgress
from callkit.app.process import run
from callkit.errors import CallkitError, ModelError, StoreError
from callkit.store.files import StoreFiles
from callkit.store.invariants import broken_invariants
from callkit.store.ledger import Ledger
from callkit.store.reader import Snapshot
from tests.toy_plugin.toy_stages import CVV, SECRET
from tests.toys import Toys, bytes_below, dump, write_wav

# --- freshness ---------------------------------------------------------------------------------------------------------


def test_recordings_come_out_as_a_snapshot(toys: Toys) -> None:
    toys.make(3)
    report = toys.run()
    assert (len(report.processed), report.failed, report.exit_code) == (3, (), 0)
    with Snapshot(toys.store) as snapshot:
        assert snapshot.rows("select count(*) as n from calls") == [{"n": 3}]
        assert snapshot.rows("select distinct text from words where entity = 'CARD'") == [{"text": "[CARD]"}]
        assert snapshot.rows("select start_s, end_s from segments where kind = 'overlap'")[0] == {
            "start_s": 0.4,
            "end_s": 0.5,
        }
        assert broken_invariants(snapshot) == []


def test_running_again_runs_and_opens_nothing(toys: Toys) -> None:
    toys.make(3)
    first = toys.run()
    toys.ran()
    with Snapshot(toys.store) as snapshot:
        before = snapshot.snapshot_id
    again = toys.run()
    assert toys.ran() == []
    assert (again.processed, set(again.reused)) == ((), set(first.processed))
    with Snapshot(toys.store) as snapshot:
        assert snapshot.snapshot_id == before


def test_a_changed_setting_runs_only_what_depends_on_it(toys: Toys, monkeypatch: pytest.MonkeyPatch) -> None:
    toys.make(3)
    toys.run()
    toys.ran()
    shutil.move(toys.recordings, toys.folder / "elsewhere")  # no recording is opened
    monkeypatch.setenv("TOY_MOOD", "positive")
    report = toys.run(toys.folder / "elsewhere")
    assert toys.stage_runs() == {"toy_mood": 3}
    assert len(report.processed) == 3
    with Snapshot(toys.store) as snapshot:
        assert snapshot.rows("select distinct label from sentiment") == [{"label": "positive"}]


def test_a_changed_recording_is_another_call_and_a_moved_one_is_not(toys: Toys) -> None:
    (path,) = toys.make(1)
    toys.run()
    path = path.rename(path.with_name("renamed-support.wav"))
    toys.ran()
    assert len(toys.run().reused) == 1
    with Snapshot(toys.store) as snapshot:
        assert snapshot.rows("select source_name from calls union select source_name from stage_runs") == [
            {"source_name": "support.wav"}
        ]
    write_wav(path, seed=77)
    assert len(toys.run().processed) == 1
    with Snapshot(toys.store) as snapshot:
        assert snapshot.rows("select count(*) as n from calls") == [{"n": 2}]


def test_stored_calls_are_brought_up_to_date_together_without_recordings(
    toys: Toys, monkeypatch: pytest.MonkeyPatch
) -> None:
    toys.make(5)
    config = toys.config(stages=("toy_hear", "toy_redact", "toy_mood_of_many"))
    toys.run(config=config)
    shutil.rmtree(toys.recordings)
    toys.ran()
    monkeypatch.setenv("TOY_MOOD", "negative")
    report = run([], store=toys.store, config=config, stored=True)
    assert len(report.processed) == 5
    assert "together 5" in toys.ran()
    with Snapshot(toys.store) as snapshot:
        assert snapshot.rows("select label, count(*) as n from sentiment group by all") == [
            {"label": "negative", "n": 5}
        ]


def test_a_stored_call_that_needs_its_recording_says_so_and_keeps_its_results(
    toys: Toys, monkeypatch: pytest.MonkeyPatch
) -> None:
    toys.make(1)
    toys.run()
    monkeypatch.setattr("toy_stages.Redact.version", 2)
    report = run([], store=toys.store, config=toys.config(), stored=True)
    assert [one.code for one in report.failed] == ["path-missing"]
    with Snapshot(toys.store) as snapshot:
        assert snapshot.rows("select count(*) as n from turns") == [{"n": 1}]


def test_a_recording_that_failed_is_not_tried_without_its_file(toys: Toys) -> None:
    toys.make(1)
    (toys.recordings / "bad.wav").write_text("no recording")
    toys.run()
    report = run([], store=toys.store, config=toys.config(), stored=True)
    assert (len(report.reused), report.failed) == (1, ())
    with Snapshot(toys.store) as snapshot:
        assert snapshot.rows("select code from failures") == [{"code": "audio-unreadable"}]


def test_new_metadata_reach_the_call_without_running_anything(toys: Toys) -> None:
    (path,) = toys.make(1)
    toys.run()
    toys.ran()
    manifest = toys.recordings / "calls.csv"
    manifest.write_text(f"path,agent_id,customer,started_at\n{path.name},A-7,Ines Ortega,2024-05-01T10:00:00\n")
    assert len(toys.run(manifest).reused) == 1
    assert toys.ran() == []
    with Snapshot(toys.store) as snapshot:
        call = snapshot.rows("select agent_id, customer, hour(started_at) as hour from calls")[0]
    assert (call["agent_id"], call["hour"]) == ("A-7", 10)
    assert call["customer"].startswith("c-")


# --- trouble with one recording ----------------------------------------------------------------------------------------


def test_one_bad_file_never_stops_the_others(toys: Toys) -> None:
    toys.make(2)
    (toys.recordings / "empty.wav").touch()
    (toys.recordings / "text.wav").write_text("this is no recording")
    cut = write_wav(toys.recordings / "cut.wav", 9)
    cut.write_bytes(cut.read_bytes()[:5000])
    write_wav(toys.recordings / "short.wav", 10, seconds=0.1)
    loop = toys.recordings / "loop.wav"
    loop.symlink_to(loop)
    report = toys.run(toys.recordings, toys.folder / "missing.wav")
    assert len(report.processed) == 2
    assert report.exit_code == 3
    with Snapshot(toys.store) as snapshot:
        failures = snapshot.rows("from failures order by code")
    assert all(row["hint"] and row["what"] for row in failures)
    assert [row["code"] for row in failures] == [
        "audio-empty", "audio-too-short", "audio-truncated", "audio-unreadable", "path-loop", "path-missing"
    ]  # fmt: skip


def test_a_failure_is_over_once_the_recording_is_mended(toys: Toys) -> None:
    toys.make(1)
    missing = toys.recordings / "later.wav"
    toys.run(toys.recordings, missing)
    write_wav(missing, 5)
    assert toys.run(toys.recordings, missing).exit_code == 0
    with Snapshot(toys.store) as snapshot:
        assert snapshot.rows("from failures") == []


def test_a_stage_that_fails_keeps_earlier_results_and_quotes_nothing(
    toys: Toys, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    toys.make(2)
    first = toys.run()
    monkeypatch.setenv("TOY_FAIL", first.processed[0][:6])
    monkeypatch.setattr("toy_stages.Hear.version", 2)
    report = toys.run()
    assert [one.call_id for one in report.failed] == [first.processed[0]]
    assert report.failed[0].code == "stage-failed"
    assert "ValueError" in report.failed[0].what
    assert SECRET not in str(report) + caplog.text
    with Snapshot(toys.store) as snapshot:
        assert snapshot.rows("select count(*) as n from turns") == [{"n": 2}]
        assert snapshot.rows("select call_id, stage from failures") == [
            {"call_id": first.processed[0], "stage": "toy_hear"}
        ]
        assert SECRET not in dump(toys.store)
    monkeypatch.delenv("TOY_FAIL")
    toys.run()
    with Snapshot(toys.store) as snapshot:
        assert snapshot.rows("from failures") == []


def test_the_same_file_twice_is_one_call_and_a_notice(toys: Toys) -> None:
    (path,) = toys.make(1)
    shutil.copy(path, toys.recordings / "copy.wav")
    events: list[object] = []
    report = toys.run(on_event=events.append)
    assert (len(report.processed), len(report.duplicates), report.exit_code) == (1, 1, 0)
    assert any(isinstance(event, Duplicate) for event in events)
    again = toys.run(path, path)
    assert (len(again.reused), len(again.duplicates)) == (1, 1)


@pytest.mark.parametrize("name", ["new\nline.wav", "quote's \".wav", "📞 emoji.wav", "call {x} %s.wav", "-.wav"])
def test_odd_names_are_no_trouble(toys: Toys, name: str) -> None:
    write_wav(toys.recordings / name, 3)
    assert len(toys.run(toys.recordings).processed) == 1
    with Snapshot(toys.store) as snapshot:
        (row,) = snapshot.rows("select source_name from calls")
    assert "\n" not in row["source_name"]


def test_a_name_never_reaches_the_store(toys: Toys) -> None:
    write_wav(toys.recordings / "ines-ortega-5551234567.wav", 3)
    (toys.recordings / "peter-parker-4929721304586611.wav").write_text("no recording")
    toys.run()
    for word in ("ortega", "5551234567", "parker", "4929721304586611"):
        assert word.encode() not in bytes_below(toys.store.parent)
        assert word not in dump(toys.store) + dump(StoreFiles.at(toys.store).ledger)


def test_one_recording_comes_on_standard_input(toys: Toys, tmp_path: Path) -> None:
    content = write_wav(tmp_path / "x.wav", 4).read_bytes()
    report = toys.run("-", stdin=io.BytesIO(content))
    assert len(report.processed) == 1
    assert len(toys.run(tmp_path / "x.wav").reused) == 1


def test_nothing_at_all_is_an_error_and_makes_no_snapshot(toys: Toys) -> None:
    with pytest.raises(CallkitError) as caught:
        toys.run(toys.folder / "missing.wav")
    assert caught.value.code == "path-missing"
    with pytest.raises(CallkitError) as caught:
        toys.run(toys.recordings)
    assert caught.value.code == "no-recordings"
    assert not toys.store.parent.exists()


def test_two_recordings_with_one_id_are_not_mixed(toys: Toys) -> None:
    first, second = toys.make(2)
    manifest = toys.recordings / "calls.csv"
    manifest.write_text(f"file,call_id\n{first.name},ticket-1\n{second.name},ticket-1\n")
    report = toys.run(manifest)
    assert report.processed == ("ticket-1",)
    assert [one.code for one in report.failed] == ["manifest-invalid"]


def test_events_tell_the_story_in_order(toys: Toys) -> None:
    toys.make(1)
    events: list[object] = []
    toys.run(on_event=events.append)
    kinds = [type(event) for event in events]
    assert kinds[0] is RunStarted
    assert kinds.index(CallStarted) < kinds.index(StageProgress) < kinds.index(CallFinished) < kinds.index(Published)


def test_a_missing_model_ends_the_run(toys: Toys, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_model(self: object) -> None:
        raise ModelError("model-missing", "the model toy-1 was not found", "install it")

    toys.make(2)
    toys.config()
    monkeypatch.setattr("toy_stages.Mood.open", no_model, raising=False)
    with pytest.raises(CallkitError) as caught:
        toys.run()
    assert caught.value.code == "model-missing"


# --- worker processes --------------------------------------------------------------------------------------------------


def test_a_worker_that_dies_takes_one_call_with_it(toys: Toys, monkeypatch: pytest.MonkeyPatch) -> None:
    toys.make(4)
    doomed = run([toys.recordings / "call-02.wav"], store=toys.folder / "other.duckdb", config=toys.config()).processed[
        0
    ]
    monkeypatch.setenv("TOY_KILL", doomed)
    report = toys.run(config=toys.config(pipeline={"runner": "local", "jobs": 2}))
    assert len(report.processed) == 3
    assert [(one.call_id, one.code) for one in report.failed] == [(doomed, "worker-died")]
    assert "SIGKILL" in report.failed[0].what
    monkeypatch.delenv("TOY_KILL")
    again = toys.run(config=toys.config(pipeline={"runner": "local"}))
    assert (again.processed, len(again.reused)) == ((doomed,), 3)


SCRIPT = """
import sys
from callkit.app.process import run
from callkit.config import from_dict
config = from_dict({"pipeline": {"stages": ("toy_hear", "toy_redact", "toy_mood"), "jobs": 2}, "audio": {"keep_muted": True}})
try:
    run([sys.argv[1]], store=sys.argv[2], config=config, on_event=lambda event: print(type(event).__name__, flush=True))
except KeyboardInterrupt:
    sys.exit(130)
"""


def start(toys: Toys, slow: float) -> subprocess.Popen[str]:
    """A run of its own, in a process group of its own."""
    return subprocess.Popen(
        [sys.executable, "-c", SCRIPT, str(toys.recordings), str(toys.store)],
        env=toys.environment() | {"TOY_SLOW": str(slow)},
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def wait_for(process: subprocess.Popen[str], event: str, times: int = 1) -> None:
    assert process.stdout is not None
    while times:
        times -= process.stdout.readline().strip() == event


def test_sigkill_in_the_middle_then_the_same_again(toys: Toys) -> None:
    toys.make(10)
    process = start(toys, slow=0.2)
    wait_for(process, "CallFinished", 4)
    process.kill()
    process.wait()
    time.sleep(1.2)  # the workers notice that they are orphans
    before = toys.stage_runs()["toy_redact"]
    assert SECRET.split()[0].encode() not in bytes_below(toys.store.parent)
    report = toys.run()
    assert len(report.processed) + len(report.reused) == 10
    assert len(report.reused) >= 4
    after = toys.stage_runs()["toy_redact"]
    assert after == len(report.processed)
    assert before + after <= 10 + 2  # at most what two workers held is done twice
    with Snapshot(toys.store) as snapshot:
        assert snapshot.rows("select count(*) as n, count(distinct call_id) as calls from turns") == [
            {"n": 10, "calls": 10}
        ]
        assert broken_invariants(snapshot) == []
    assert not [path for path in toys.store.parent.rglob("*") if "partial" in path.name or path.name.endswith(".tmp")]
    assert SECRET not in dump(toys.store) + dump(StoreFiles.at(toys.store).ledger)


def test_ctrl_c_leaves_a_valid_snapshot(toys: Toys) -> None:
    toys.make(10)
    process = start(toys, slow=0.2)
    wait_for(process, "CallFinished", 3)
    os.killpg(process.pid, signal.SIGINT)
    assert process.wait(20) == 130
    with Snapshot(toys.store) as snapshot:
        stored = snapshot.rows("select count(*) as n from calls")[0]["n"]
        assert 3 <= stored < 10
        assert broken_invariants(snapshot) == []
    assert len(toys.run().reused) == stored


def test_a_second_run_at_the_same_time_is_told_to_wait(toys: Toys) -> None:
    toys.make(4)
    process = start(toys, slow=0.3)
    wait_for(process, "Published")
    with pytest.raises(StoreError) as caught:
        toys.run()
    assert caught.value.code == "store-locked"
    assert str(process.pid) in caught.value.what
    with Snapshot(toys.store):
        pass  # readers are never locked out
    assert process.wait(30) == 0
    assert len(toys.run().reused) == 4


# --- the disk ----------------------------------------------------------------------------------------------------------


def test_a_full_disk_is_one_clear_error_and_loses_nothing(toys: Toys) -> None:
    toys.make(6)
    toys.run(toys.recordings / "call-00.wav")
    limit = 50_000
    limited = f"import resource, signal; resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}))\n"
    limited += "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n" + SCRIPT
    done = subprocess.run(
        [sys.executable, "-c", limited, str(toys.recordings), str(toys.store)],
        env=toys.environment(),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert "store-write" in done.stderr
    assert "During handling" not in done.stderr
    report = toys.run()
    assert len(report.processed) + len(report.reused) == 6
    with Snapshot(toys.store) as snapshot:
        assert broken_invariants(snapshot) == []


@pytest.mark.parametrize("folder", ["/proc", "/proc/nowhere"])
def test_a_folder_that_cannot_be_written_is_one_clear_error(toys: Toys, folder: str) -> None:
    toys.make(1)
    with pytest.raises(StoreError) as caught:
        run([toys.recordings], store=f"{folder}/calls.duckdb", config=toys.config())
    assert caught.value.code == "store-write"


@pytest.mark.parametrize("runner", ["inline", "local"])
def test_a_stage_that_lets_raw_speech_out_stores_nothing(
    toys: Toys, monkeypatch: pytest.MonkeyPatch, runner: str
) -> None:
    toys.make(1)
    monkeypatch.setenv("TOY_LEAK", "all")
    report = toys.run(config=toys.config(pipeline={"runner": runner}))
    assert [one.code for one in report.failed] == ["private-data"]
    assert SECRET.split()[0].encode() not in bytes_below(toys.store.parent)
    assert SECRET.split()[0] not in dump(toys.store) + dump(StoreFiles.at(toys.store).ledger)


def test_cvv_and_card_are_nowhere(toys: Toys) -> None:
    toys.make(2)
    toys.run()
    everything = dump(toys.store) + dump(StoreFiles.at(toys.store).ledger)
    assert SECRET not in everything
    assert SECRET.replace(" ", "") not in everything
    assert f"'{CVV}'" not in everything
    with Ledger(toys.store) as ledger:
        assert ledger.facet(ledger.call_ids()[0], "turns")[0].text.count("[CVV]") == 1
