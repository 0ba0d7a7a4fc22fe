"""Two hours of stereo: memory stays flat, whatever the format."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.audio_files import speechlike

HOURS = 2
PROGRAM = """
import resource, sys
from callkit.audio import open_audio
from callkit.config import InspectSettings
from callkit.stages.inspect import inspect
from callkit.stages.mute import level_curves, unworded_spans, write_muted

def peak_mb():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

with open_audio(sys.argv[1]) as audio:
    opened = peak_mb()
    inspection = inspect(audio, InspectSettings())
    inspected = peak_mb()
    spans = unworded_spans([], level_curves(audio), inspection)
    write_muted(audio, spans, [], None)
    print(audio.duration_s, inspection.layout, opened, inspected, peak_mb())
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "subtype", "rate", "limit_mb"),
    [
        ("WAV", "ULAW", 8000, 450),
        ("WAV", "PCM_16", 16_000, 450),
        ("FLAC", "PCM_16", 16_000, 900),
        ("MP3", None, 8000, 700),
    ],
)
def test_two_hours_of_stereo(tmp_path: Path, kind: str, subtype: str | None, rate: int, limit_mb: float) -> None:
    """The whole process, numpy and scipy included; a 16 kHz compressed file is 460 MB of 16-bit samples."""
    path = tmp_path / "long.audio"
    minute = np.stack([speechlike(60, rate=rate, seed=seed) for seed in (1, 2)], axis=1)
    with soundfile.SoundFile(path, "w", rate, 2, format=kind, subtype=subtype) as file:
        for _ in range(60 * HOURS):
            file.write(minute)
    out = subprocess.run([sys.executable, "-c", PROGRAM, str(path)], capture_output=True, text=True, check=True).stdout
    duration_s, layout, *peaks = out.split()
    assert float(duration_s) == pytest.approx(3600 * HOURS, abs=0.5) and layout == "stereo"
    print(kind, subtype, rate, out)
    assert max(map(float, peaks)) < limit_mb, out
