"""What a worker is handed, and how it does it: the same for every runner."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from callkit import config as configuration
from callkit.config import Config
from callkit.errors import CallkitError
from callkit.model import Call, Outcome, StageRun
from callkit.pipeline import Cached, Plan, Work, run_calls
from callkit.pipeline.facets import decode, facet_digest
from callkit.vault import Vault

#: Called with a call's id, a stage's name, the share of it that is done (0 to 1), and the recording's seconds once known.
CallProgress = Callable[[str, str, float, float | None], None]


@dataclass(frozen=True, slots=True)
class Setup:
    """What all jobs of a run share. `vault` is the vault's folder, "" for none."""

    config: Config
    vault: str = ""


@dataclass(frozen=True, slots=True)
class CallJob:
    """One call to bring up to date: where its recording is (None: gone) and what the ledger knows of it.

    `payloads` are the stored safe facets as JSON.
    """

    call: Call
    source: Path | bytes | None = field(repr=False)
    keys: Mapping[str, str] = field(default_factory=dict)
    digests: Mapping[str, str] = field(default_factory=dict)
    payloads: Mapping[str, str] = field(default_factory=dict, repr=False)


Job = tuple[CallJob, ...]
"""Calls to run together: one where audio is involved, many where everything is in the store."""


def execute(plan: Plan, setup: Setup, job: Job, progress: CallProgress) -> list[Outcome]:
    """Do a job in this process."""
    return run_calls(
        plan, [_work(setup, one, progress if len(job) == 1 else None) for one in job], facet_digest=facet_digest
    )


def environment(config: Config) -> dict[str, str]:
    """Environment of a process that runs stages: its share of the cores, no telemetry, no network unless allowed."""
    cores = str(configuration.cores(config))
    offline = "0" if config.models.allow_hub else "1"
    return {
        "OMP_NUM_THREADS": cores,
        "OPENBLAS_NUM_THREADS": cores,
        "MKL_NUM_THREADS": cores,
        # Threads that wait must sleep: spinning ones took the pipeline from seconds to minutes on a machine that is shared.
        "OMP_WAIT_POLICY": "passive",
        # glibc would give every thread a heap of its own, each with its own leftovers: 100 to 200 MB of them.
        "MALLOC_ARENA_MAX": "2",
        "TOKENIZERS_PARALLELISM": "false",
        "PYANNOTE_METRICS_ENABLED": "0",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "HF_HUB_DISABLE_PROGRESS_BARS": "1",
        "HF_HUB_OFFLINE": offline,
        "TRANSFORMERS_OFFLINE": offline,
    }


def _work(setup: Setup, job: CallJob, progress: CallProgress | None) -> Work:
    duration_s: float | None = None

    def open_audio() -> Any:
        nonlocal duration_s
        audio = _open_audio(job.source, setup.config)
        duration_s = audio.duration_s
        return audio

    def tell(stage: str, share: float) -> None:
        if progress:
            progress(job.call.call_id, stage, share, duration_s)

    return Work(
        job.call,
        open_audio,
        Cached(job.keys, job.digests, lambda name: decode(name, job.payloads[name])),
        tell if progress else None,
        partial(Vault.from_environment(Path(setup.vault)).keep, job.call.call_id) if setup.vault else None,
    )


def _open_audio(source: Path | bytes | None, config: Config) -> Any:
    from callkit.audio import open_audio

    if source is None:
        what = "this call's recording is needed again, and was not among the paths given"
        raise CallkitError("path-missing", what, "run again with the recording's path")
    return open_audio(source, min_duration_s=config.audio.min_duration_s, max_channels=config.audio.max_channels)


def apply_environment(config: Config) -> None:
    """Set the environment of this process, where the user has not."""
    for name, value in environment(config).items():
        os.environ.setdefault(name, value)


def died(call: Call, reason: str) -> Outcome:
    """The outcome of a call whose worker ended while it held it."""
    what = f"the worker process ended while it held this call: {reason}"
    hint = "run again; if it repeats, lower --jobs"
    return Outcome(call, {}, (), StageRun("worker", 0, "", "", "", 0.0, "failed", "worker-died", what, hint))
