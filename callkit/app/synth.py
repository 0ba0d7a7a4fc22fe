"""Build labelled calls from scripts, and labelled conversations without sound."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from callkit import registry
from callkit.config import Config
from callkit.errors import CallkitError
from callkit.synth.build import build
from callkit.synth.conversations import Half, conversations
from callkit.synth.script import read_script
from callkit.synth.speech import Voices


@dataclass(frozen=True, slots=True)
class Made:
    """A call that was built: its recording, its labels, its length in seconds."""

    audio: Path
    labels: Path
    duration_s: float


def build_calls(
    scripts: Sequence[Path], *, out: Path, config: Config | None = None, cache: Path | None = None
) -> Iterator[Made]:
    """Build one call a script into `out`, named as the script is; yields each as it is ready.

    `cache` keeps spoken turns between runs, for working on a script. Every script is read before the first is spoken.
    Raises `CallkitError` "script-invalid", "path-missing" or "extra-missing".
    """
    settings = config or Config()
    read = [(path.stem, read_script(path)) for path in scripts]
    out.mkdir(parents=True, exist_ok=True)
    voices = Voices([registry.build_engine("speak", name, settings) for name in ("kokoro", "piper")], cache=cache)
    try:
        for stem, script in read:
            audio, labels, duration_s = build(script, stem, out, voices)
            yield Made(audio, labels, duration_s)
    finally:
        voices.close()


def write_conversations(count: int, *, out: Path, seed: int = 0, half: Half = "all") -> int:
    """Write `count` conversations with planted personal data as JSON lines to `out`; returns how many pieces of it.

    A line is `{"id", "turns": [{"role", "text", "pii": [{"type", "start", "end"}]}]}`, offsets in code points. `half`
    keeps to one half of the wording ("dev" or "test"), so that the other can be kept for judging.
    Raises `CallkitError` "store-write" where `out` cannot be written.
    """
    planted = 0
    try:
        with out.open("w", encoding="utf-8") as file:
            for conversation in conversations(count, seed=seed, half=half):
                planted += sum(len(turn["pii"]) for turn in conversation["turns"])
                file.write(json.dumps(conversation, ensure_ascii=False) + "\n")
    except OSError as error:
        raise CallkitError(
            "store-write", f"{out.name} cannot be written ({type(error).__name__})", "check --out"
        ) from None
    return planted
