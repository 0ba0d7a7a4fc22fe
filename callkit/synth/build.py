"""From a script to a recording and its truth."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from callkit.synth.files import write_recording
from callkit.synth.line import through_line
from callkit.synth.script import Script
from callkit.synth.speech import Voices
from callkit.synth.timeline import mix, place, truth


def build(script: Script, stem: str, out: Path, voices: Voices) -> tuple[Path, Path, float]:
    """Write `out/stem.<suffix>` and `out/stem.json`; returns both paths and the length in seconds. The same script gives the same bytes.

    Raises `CallkitError` "script-invalid" where the script cannot be spoken as written.
    """
    rng = np.random.default_rng(script.seed)
    placed, segments, duration_s = place(script, voices, rng)
    tracks = mix(script, placed, segments, duration_s, rng)
    if script.line.layout == "dual_mono":
        heard, rate = through_line(tracks[:1], script.line, rng)
        heard = np.repeat(heard, 2, axis=0)
    else:
        heard, rate = through_line(tracks, script.line, rng)
    audio = write_recording(out, stem, heard, rate, script.line)
    labels = out / f"{stem}.json"
    text = json.dumps(truth(script, placed, segments, duration_s), indent=1, ensure_ascii=False)
    labels.write_text(text + "\n", encoding="utf-8")
    return audio, labels, duration_s
