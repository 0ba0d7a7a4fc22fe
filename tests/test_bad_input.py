"""Recordings, paths, stores and disks as bad as they come, through the real command line."""

from __future__ import annotations

import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
import wave
from pathlib import Path

import numpy as np
import pytest
import soundfile

from callkit.store.reader import Snapshot
from tests.scripted import callkit, obey_permissions, start, write_config

pytestmark = pytest.mark.model  # redaction is real

ODD_NAMES = ("two\nlines.wav", "quotes\"'`.wav", "emoji-🙂-日本.wav", " spaces .wav", "-dash.wav", "back\\slash.wav")


def _copy(source: Path, to: Path, *, salt: int = 0) -> Path:
    """A WAV copy whose bytes, and so its call, are its own: its last four samples become `salt`."""
    to.write_bytes(source.read_bytes())
    if salt:
        with to.open("r+b") as file:
            file.seek(-4, os.SEEK_END)
            file.write(bytes([salt]) * 4)
    return to


def _samples(path: Path, samples: np.ndarray, *, rate: int = 8000, subtype: str = "PCM_16") -> Path:
    soundfile.write(path, samples, rate, subtype=subtype)
    return path


def _tone(seconds: float, channels: int = 1) -> np.ndarray:
    one = 0.1 * np.sin(np.arange(int(8000 * seconds)) * 0.3)
    return np.stack([one] * channels, axis=1)


@pytest.fixture(scope="module")
def world(tmp_path_factory, sample_calls) -> Path:
    """A folder of good and bad recordings, each call of its own bytes."""
    folder = tmp_path_factory.mktemp("world")
    recordings = folder / "recordings"
    recordings.mkdir()
    good = sample_calls / "lost-card.wav"
    _copy(good, recordings / "good-support.wav")
    _copy(sample_calls / "silent-line.wav", recordings / "silent-line.wav")
    _copy(good, recordings / "good-again.wav")
    for number, name in enumerate(ODD_NAMES, start=1):
        _copy(good, recordings / name, salt=number)
    (recordings / "empty.wav").write_bytes(b"")
    (recordings / "text-call.wav").write_text("dear diary, my card is 4111 1111 1111 1111\n" * 50)
    (recordings / "half.wav").write_bytes(good.read_bytes()[: good.stat().st_size // 2])
    _samples(recordings / "short.wav", _tone(0.1))
    _samples(recordings / "six-channels.wav", _tone(3, channels=6))
    not_a_number = _tone(3)
    not_a_number[100:200] = np.nan
    _samples(recordings / "nan-audio.wav", not_a_number, subtype="FLOAT")
    (recordings / "loop.wav").symlink_to(recordings / "loop.wav")
    (recordings / "inside").symlink_to(recordings)
    denied = _copy(good, recordings / "denied.wav", salt=99)
    denied.chmod(0)
    (folder / "nothing-here").mkdir()
    (folder / "nothing-here" / "notes.txt").write_text("no audio")
    write_config(folder, sample_calls / "lost-card.json")
    return folder


def _callkit(world: Path, *arguments: object, **options):
    config = ("--config", world / "scripted.toml")
    return callkit(*arguments, *config, cwd=world, preexec_fn=obey_permissions, **options)


@pytest.fixture(scope="module")
def ran(world):
    """The run itself: a folder, a path that is missing, a folder without audio."""
    return _callkit(world, "run", "recordings", "missing.wav", "nothing-here")


@pytest.fixture(scope="module")
def failures(world, ran) -> list[dict]:
    with Snapshot(world / "calls.duckdb") as snapshot:
        rows = snapshot.rows("from failures")
    assert len({row["call_id"] for row in rows}) == len(rows), "a row for each"
    return rows


def test_the_run_goes_on_and_says_that_some_failed(ran):
    assert ran.returncode == 3, ran.stderr
    assert "failed" in ran.stdout
    assert "Traceback" not in ran.stderr


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("empty.wav", "audio-empty"),
        ("text-call.wav", "audio-unreadable"),
        ("half.wav", "audio-truncated"),
        ("short.wav", "audio-too-short"),
        ("six-channels.wav", "audio-too-many-channels"),
        ("nan-audio.wav", "audio-not-finite"),
        ("loop.wav", "path-loop"),
        ("denied.wav", "path-denied"),
        ("missing.wav", "path-missing"),
        ("nothing-here", "no-recordings"),
    ],
)
def test_each_bad_recording_is_one_line_and_one_row_with_a_code_and_a_hint(ran, failures, name, code):
    from callkit.text.filenames import safe_name

    shown = safe_name(name)
    found = [row for row in failures if row["code"] == code]
    assert len(found) == 1, sorted((row["source_name"], row["code"]) for row in failures)
    assert found[0]["hint"] and found[0]["what"]
    lines = [line for line in ran.stderr.splitlines() if f"error[{code}]" in line]
    assert len(lines) == 1 and shown in lines[0] and "hint:" in lines[0]


def test_nothing_else_failed(failures):
    assert len(failures) == 10


def test_the_others_are_there(world, ran):
    with Snapshot(world / "calls.duckdb") as snapshot:
        calls = snapshot.rows(
            "select call_id, layout, (select count(*) from turns t where t.call_id = c.call_id) as turns from calls c"
        )
    assert len(calls) == 2 + len(ODD_NAMES)
    silent = [call for call in calls if call["layout"] == "silent"]
    assert [call["turns"] for call in silent] == [0], "no words on silence"
    assert all(call["turns"] > 5 for call in calls if call["layout"] != "silent")


def test_the_same_recording_twice_is_one_call_and_a_notice(ran):
    assert ran.stderr.count("the same recording as call") == 1
    assert "1 the same recording again" in ran.stdout


def test_no_message_shows_a_name_or_a_line_break_of_a_name(ran):
    for word in ("emoji", "🙂", "diary", "4111"):
        assert word not in ran.stderr + ran.stdout
    assert all(line.startswith("[") for line in ran.stderr.splitlines() if "error[" in line)


def test_running_again_does_nothing_but_try_the_bad_ones(world, ran):
    again = _callkit(world, "run", "recordings", "missing.wav", "nothing-here", "--json")
    report = json.loads(again.stdout)
    assert again.returncode == 3
    assert report["processed"] == [] and len(report["failed"]) == 10


# --- Nothing to run ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("path", "code"), [("missing.wav", "path-missing"), ("nothing-here", "no-recordings")])
def test_nothing_at_all_is_exit_code_1(world, path, code):
    done = _callkit(world, "run", path, "--store", "other.duckdb")
    assert done.returncode == 1
    error, hint = done.stderr.splitlines()
    assert error.startswith(f"error[{code}]") and hint.startswith("hint: ")


def test_one_recording_on_standard_input(world, sample_calls):
    with (sample_calls / "lost-card.wav").open("rb") as file:
        done = _callkit(world, "run", "-", "--store", "stdin.duckdb", "--json", stdin=file)
    assert done.returncode == 0, done.stderr
    assert len(json.loads(done.stdout)["processed"]) == 1


def test_nothing_on_standard_input_is_one_failed_call(world):
    done = _callkit(world, "run", "-", "--store", "empty-stdin.duckdb", input="")
    assert done.returncode == 3
    assert "error[audio-empty]" in done.stderr and "Traceback" not in done.stderr


# --- Stores and disks -------------------------------------------------------------------------------------------------


def test_a_store_of_a_newer_schema_is_refused_and_left_alone(world, ran, tmp_path):
    import duckdb

    for name in ("calls.duckdb", "calls.ledger.duckdb"):
        shutil.copy(world / name, tmp_path / name)
        with duckdb.connect(str(tmp_path / name)) as connection:
            connection.execute("update meta set value = '999' where key = 'schema_version'")
    before = {path.name: path.read_bytes() for path in tmp_path.glob("*.duckdb")}
    for arguments in (["run", str(world / "recordings")], ["show", "x"], ["purge"], ["query", "select 1"]):
        done = callkit(*arguments, "--store", tmp_path / "calls.duckdb")
        assert done.returncode == 1 and done.stderr.startswith("error[store-newer]"), done.stderr
        assert "hint:" in done.stderr
    assert {path.name: path.read_bytes() for path in tmp_path.glob("*.duckdb")} == before


@pytest.mark.parametrize("content", [b"", b"not a database" * 100], ids=["empty", "text"])
def test_a_file_that_is_no_store_is_refused_and_left_alone(world, tmp_path, content):
    store = tmp_path / "calls.duckdb"
    store.write_bytes(content)
    for arguments in (["run", str(world / "recordings")], ["show", "x"], ["status"]):
        done = callkit(*arguments, "--store", store)
        assert done.returncode == 1 and done.stderr.startswith("error[store-invalid]"), done.stderr
    assert store.read_bytes() == content


def test_a_read_only_folder_is_one_clear_error(world):
    locked = world / "locked"
    locked.mkdir()
    locked.chmod(0o555)
    done = _callkit(world, "run", "recordings", "--store", "locked/calls.duckdb")
    assert done.returncode == 1
    error, hint = done.stderr.splitlines()
    assert error.startswith("error[store-write]") and hint.startswith("hint: ")


def test_a_full_disk_is_one_clear_error_and_what_was_stored_stays(world, ran):
    """No file may grow beyond what the snapshot has: DuckDB meets the same error as on a disk without room."""
    shutil.copytree(
        world, copy := world.with_name(world.name + "-full"), symlinks=True, ignore=lambda *_: ["denied.wav"]
    )
    try:
        limit = (copy / "calls.ledger.duckdb").stat().st_size // 2

        def no_room() -> None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

        store, config = copy / "calls.duckdb", copy / "scripted.toml"
        extra = _copy(copy / "recordings" / "good-support.wav", copy / "extra.wav", salt=55)
        done = callkit("run", extra, "--store", store, "--config", config, preexec_fn=no_room)
        assert done.returncode == 1
        assert "error[store-write]" in done.stderr and "Traceback" not in done.stderr
        with Snapshot(store) as snapshot:
            assert snapshot.rows("select count(*) as n from calls")[0]["n"] == 2 + len(ODD_NAMES)
        assert callkit("run", extra, "--store", store, "--config", config).returncode == 0, "with room again"
    finally:
        shutil.rmtree(copy)


# --- Cut short --------------------------------------------------------------------------------------------------------


@pytest.fixture
def ten(tmp_path, sample_calls) -> Path:
    """Ten recordings of the same call, each a call of its own, and the configuration to hear them by."""
    recordings = tmp_path / "recordings"
    recordings.mkdir()
    for number in range(10):
        _copy(sample_calls / "lost-card.wav", recordings / f"support-{number}.wav", salt=number + 1)
    write_config(tmp_path, sample_calls / "lost-card.json")
    return tmp_path


def _run_until(ten: Path, finished: int, sign: signal.Signals) -> int:
    """Start the run, send `sign` when so many calls are finished, and return the exit code."""
    process = start("run", "recordings", "--config", "scripted.toml", cwd=ten)
    assert process.stderr is not None
    for line in process.stderr:
        if line.startswith(f"[{finished}/"):
            break
    process.send_signal(sign)
    return process.wait(timeout=60)


def _is_whole(ten: Path) -> None:
    done = callkit("run", "recordings", "--config", "scripted.toml", "--json", cwd=ten)
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert len(report["processed"]) + len(report["reused"]) == 10
    with Snapshot(ten / "calls.duckdb") as snapshot:
        assert snapshot.rows("select count(*) as n, count(distinct call_id) as ids from calls") == [
            {"n": 10, "ids": 10}
        ]
        turns = snapshot.rows("select call_id, count(*) as n, count(distinct turn) as turns from turns group by 1")
        assert len(turns) == 10 and all(row["n"] == row["turns"] for row in turns)
    assert callkit("doctor", "--quick", cwd=ten).returncode == 0


def test_interrupted_then_killed_then_the_same_again(ten):
    assert _run_until(ten, 2, signal.SIGINT) == 130
    with Snapshot(ten / "calls.duckdb") as snapshot:
        assert 2 <= snapshot.rows("select count(*) as n from calls")[0]["n"] < 10
    assert callkit("doctor", "--quick", cwd=ten).returncode == 0
    assert _run_until(ten, 5, signal.SIGKILL) == -signal.SIGKILL
    time.sleep(1.0)  # the worker notices that its parent is gone
    _is_whole(ten)


def test_a_reader_of_events_that_goes_away_does_not_stop_the_run(ten, sample_calls):
    write_config(ten, sample_calls / "lost-card.json", stages=("inspect",))
    command = f"{sys.executable} -m callkit run recordings --config scripted.toml --events | head -1"
    first = subprocess.run(["bash", "-c", command], cwd=ten, capture_output=True, text=True, timeout=120)
    assert json.loads(first.stdout) == {"event": "run_started", "calls": 10}
    with Snapshot(ten / "calls.duckdb") as snapshot:
        assert snapshot.rows("select count(*) as n from calls")[0]["n"] == 10


def test_a_wav_that_says_it_is_longer_than_it_is_stays_a_failure_when_seen_again(tmp_path, sample_calls):
    write_config(tmp_path, sample_calls / "lost-card.json", stages=("inspect",))
    half = tmp_path / "half.wav"
    half.write_bytes((sample_calls / "lost-card.wav").read_bytes()[:100_000])
    for _ in range(2):
        done = callkit("run", half, "--config", "scripted.toml", cwd=tmp_path)
        assert done.returncode == 3 and "error[audio-truncated]" in done.stderr
    with wave.open(str(half), "wb") as file:  # mended
        file.setparams((1, 2, 8000, 0, "NONE", ""))
        file.writeframes(bytes(160_000))
    done = callkit("run", half, "--config", "scripted.toml", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
