"""Play back a call's truth instead of listening: what fast tests of the whole pipeline run on.

The script is the JSON that lies beside a sample call (`callkit/bench/truth.schema.json`), or a folder of such files, of
which the one whose recording is as long as the one asked about is taken.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

from callkit.config import DiarizeSettings, TranscribeSettings
from callkit.errors import ConfigError
from callkit.model import Language, SpeakerSpan, Word, seconds
from callkit.models import Models
from callkit.protocols import JSON, Audio, Progress, Region, Transcript

#: A script's recording may differ from the one asked about by this much (seconds): lossy formats pad.
LENGTH_TOLERANCE_S = 0.25


class _Scripts:
    """The scripts at a path, read when opened."""

    name = "scripted"

    def __init__(self, *, settings: TranscribeSettings | DiarizeSettings, models: Models, cores: int) -> None:
        self.settings = settings
        self._scripts: list[dict[str, Any]] = []

    def identity(self) -> Mapping[str, JSON]:
        files = _files(self.settings.script)
        return {"engine": self.name, "scripts": [sha256(file.read_bytes()).hexdigest() for file in files]}

    def describe(self) -> tuple[str, str]:
        return self.name, ""

    def open(self) -> None:
        self._scripts = [json.loads(file.read_text(encoding="utf-8")) for file in _files(self.settings.script)]

    def close(self) -> None:
        self._scripts = []

    def script(self, audio: Audio) -> dict[str, Any]:
        """The script of a recording. Raises `ConfigError` when none is as long."""
        if len(self._scripts) == 1:
            return self._scripts[0]
        nearest = min(self._scripts, key=lambda script: abs(script["duration"] - audio.duration_s), default=None)
        if nearest is None or abs(nearest["duration"] - audio.duration_s) > LENGTH_TOLERANCE_S:
            raise ConfigError("config-invalid", "no script is as long as the recording", "add its truth JSON")
        return nearest


class ScriptedTranscriber(_Scripts):
    """Words as the script says; where it has no word times, they share their turn's time by their length."""

    def transcribe(self, audio: Audio, regions: Sequence[Region], *, progress: Progress | None = None) -> Transcript:
        script = self.script(audio)
        code = script.get("language", "en")
        words = [
            word
            for turn in script["turns"]
            for word in _words(turn, code)
            if any(
                region.start <= (word.start + word.end) / 2 < region.end
                and region.channel in (None, turn.get("channel", 0))
                for region in regions
            )
        ]
        return Transcript(tuple(sorted(words, key=lambda word: (word.start, word.end))), Language(code, 1.0))


class ScriptedDiarizer(_Scripts):
    """Spans as the script's turns are."""

    def diarize(self, audio: Audio, region: Region, *, speakers: tuple[int, int]) -> tuple[SpeakerSpan, ...]:
        names: dict[str, str] = {}
        spans = []
        for turn in self.script(audio)["turns"]:
            if region.channel in (None, turn.get("channel", 0)):
                label = names.setdefault(turn["speaker"], f"S{len(names)}")
                spans.append(SpeakerSpan(label, seconds(turn["start"]), seconds(turn["end"]), region.channel))
        return tuple(sorted(spans, key=lambda span: span.start))


def _files(script: str) -> list[Path]:
    path = Path(script)
    files = sorted(path.glob("*.json")) if path.is_dir() else [path]
    if not script or not files or not all(file.is_file() for file in files):
        raise ConfigError(
            "config-missing", "engine scripted finds no script", "set `script` to a truth JSON or a folder"
        )
    return files


def _words(turn: Mapping[str, Any], language: str) -> list[Word]:
    timed = turn.get("words") or _shared_out(turn)
    return [
        Word(seconds(item["start"]), seconds(item["end"]), item["text"], turn.get("channel", 0), 1.0, language)
        for item in timed
    ]


def _shared_out(turn: Mapping[str, Any]) -> list[dict[str, Any]]:
    """A turn's words laid over its time, each with a share by its letters."""
    texts = turn["text"].split()
    letters = sum(len(text) + 1 for text in texts)
    start, step, done, items = turn["start"], turn["end"] - turn["start"], 0, []
    for text in texts:
        end = done + len(text) + 1
        items.append({"text": text, "start": start + step * done / letters, "end": start + step * end / letters})
        done = end
    return items
