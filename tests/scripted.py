"""The real command line over the real stages, with scripted ears: what is "heard" is a truth JSON, so that it is fast."""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
from pathlib import Path

from callkit.app.configuration import to_toml

#: Everything that touches raw speech, and what hangs on it. Sentiment and summaries have tests of their own.
STAGES = ("inspect", "transcribe", "diarize", "turns", "redact", "mute", "acoustics")


def write_config(folder: Path, script: Path, *, stages: tuple[str, ...] = STAGES) -> Path:
    """A configuration file whose transcriber and diarizer play back `script` (a truth JSON or a folder of them)."""
    file = folder / "scripted.toml"
    file.write_text(
        f"[pipeline]\nstages = {to_toml(stages)}\n"
        f'[transcribe]\nengine = "scripted"\nscript = {to_toml(str(script))}\n'
        f'[diarize]\nengine = "scripted"\nscript = {to_toml(str(script))}\n'
    )
    return file


def callkit(*arguments: object, timeout: float = 120, **options) -> subprocess.CompletedProcess:
    """Run a real `callkit` process to its end."""
    command = [sys.executable, "-m", "callkit", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=timeout, **options)


def start(*arguments: object, **options) -> subprocess.Popen:
    """Start a real `callkit` process, its standard error a pipe."""
    command = [sys.executable, "-m", "callkit", *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, **options)


def obey_permissions() -> None:
    """For `preexec_fn`: root, too, is refused what file permissions refuse (CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH)."""
    if os.geteuid() == 0:
        drop_from_bounding_set = 24  # PR_CAPBSET_DROP, see prctl(2)
        for capability in (1, 2):
            if ctypes.CDLL(None, use_errno=True).prctl(drop_from_bounding_set, capability, 0, 0, 0):
                raise OSError(ctypes.get_errno(), "cannot give up root's rights")
