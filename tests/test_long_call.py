"""Two hours of telephone talk through the whole pipeline: what memory it takes, and what a killed worker costs."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import psutil
import pytest
import soundfile
import soxr

from callkit.store.reader import Snapshot

pytestmark = [pytest.mark.slow, pytest.mark.timeout(5400)]

RATE = 8000
HOURS = 2
LIMIT_MB = 1600


def clips(shared_data: Path) -> Iterator[np.ndarray]:
    """The shared English recordings over and over, (samples, 2) at 8 kHz: true stereo as it is, mono on a side by turns."""
    audio = shared_data / "audio"
    files = [
        *sorted((audio / "aws-lca-auto-repairs").glob("*.wav")),
        *sorted((audio / "ljspeech").glob("*.wav")),
        *sorted((audio / "languages").glob("en-US*.wav")),
        *sorted((audio / "osr-harvard-8k").glob("*.wav")),
    ]
    while True:
        for number, file in enumerate(files):
            samples, rate = soundfile.read(file, dtype="float32", always_2d=True)
            samples = soxr.resample(samples, rate, RATE)
            if samples.shape[1] == 1:
                silent = np.zeros_like(samples)
                samples = np.hstack((samples, silent) if number % 2 else (silent, samples))
            yield np.vstack((samples, np.zeros((RATE // 2, 2), np.float32)))


def long_call(path: Path, shared_data: Path, *, stereo: bool, seconds: float = HOURS * 3600) -> Path:
    """A mu-law recording of that length, with the noise of a line."""
    random, left = np.random.default_rng(0), round(seconds * RATE)
    with soundfile.SoundFile(path, "w", RATE, 2 if stereo else 1, subtype="ULAW", format="WAV") as file:
        for clip in clips(shared_data):
            samples = clip[:left] if stereo else clip[:left].mean(axis=1, keepdims=True)
            file.write(samples + random.normal(0, 0.0005, samples.shape).astype(np.float32))
            left -= len(samples)
            if not left:
                return path
    raise AssertionError("the clips never end")


def start(*arguments: object) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "callkit", "run", *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def family(process: subprocess.Popen[bytes]) -> list[psutil.Process]:
    """The command and its workers."""
    try:
        parent = psutil.Process(process.pid)
        return [parent, *parent.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def memory_mb(process: subprocess.Popen[bytes]) -> float:
    """Resident memory of the command and its workers together."""
    total = 0.0
    for one in family(process):
        try:
            total += one.memory_info().rss / 2**20
        except psutil.NoSuchProcess:
            continue
    return total


@pytest.mark.parametrize("stereo", [False, True], ids=["mono", "stereo"])
def test_two_hours_fit_in_memory(shared_data: Path, tmp_path: Path, stereo: bool) -> None:
    store = tmp_path / "calls.duckdb"
    process = start(long_call(tmp_path / "long.wav", shared_data, stereo=stereo), "--store", store)
    peak, began = 0.0, time.monotonic()
    while process.poll() is None:
        peak = max(peak, memory_mb(process))
        time.sleep(0.2)
    print(f"peak {peak:.0f} MB, {time.monotonic() - began:.0f} s")
    assert process.returncode == 0
    with Snapshot(store) as snapshot:
        (call,) = snapshot.rows("select duration_s, layout, (select count(*) from words) as words from calls")
    assert call["duration_s"] == pytest.approx(HOURS * 3600, abs=1)
    assert call["layout"] == ("stereo" if stereo else "mono")
    assert call["words"] > 60 * HOURS * 60
    assert peak <= LIMIT_MB


def test_a_worker_killed_during_a_long_call_costs_that_call(
    shared_data: Path, sample_calls: Path, tmp_path: Path
) -> None:
    store = tmp_path / "calls.duckdb"
    long = long_call(tmp_path / "a-long.wav", shared_data, stereo=False)
    process = start(long, sample_calls / "clinic-appointment.wav", sample_calls / "lost-card.wav", "--store", store)
    while memory_mb(process) < 700:  # the models are open: it is listening to the long call
        assert process.poll() is None
        time.sleep(0.2)
    time.sleep(10)
    worker = max(family(process)[1:], key=lambda one: one.memory_info().rss)
    worker.kill()
    assert process.wait(600) == 3
    with Snapshot(store) as snapshot:
        assert len(snapshot.rows("from calls")) == 2
        (failure,) = snapshot.rows("from failures")
    assert failure["code"] == "worker-died"
