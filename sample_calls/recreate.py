"""Make the sample calls again from their scripts: `python sample_calls/recreate.py [FOLDER]`.

Needs the extra `synth`. The same scripts and models give the same recordings and labels.
"""

from __future__ import annotations

import sys
from pathlib import Path

from callkit.app import synth

HERE = Path(__file__).resolve().parent

if __name__ == "__main__":
    out = Path(sys.argv[1]) if len(sys.argv) > 1 else HERE
    for made in synth.build_calls(sorted((HERE / "scripts").glob("*.yaml")), out=out):
        print(f"{made.audio.name}  {made.duration_s:.1f} s")
