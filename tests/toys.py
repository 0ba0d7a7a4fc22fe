"""A small world for the tests of store, runners and runs: short recordings and the plug-in of toy stages."""

from __future__ import annotations

import os
import random
import wave
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from callkit.app.process import RunReport, run
from callkit.config import Config, from_dict

PLUGIN = Path(__file__).parent / "toy_plugin"
STAGES = ("toy_hear", "toy_redact", "toy_mood")


def write_wav(path: Path, seed: int = 0, seconds: float = 1.0) -> Path:
    """A mono 8 kHz recording of faint noise, different for each seed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    noise = random.Random(seed).randbytes(int(seconds * 8000))
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", ""))
        file.writeframes(bytes(part for byte in noise for part in (byte, 0)))
    return path


@dataclass
class Toys:
    """A folder with recordings, a store and the toy stages' log."""

    folder: Path

    @property
    def recordings(self) -> Path:
        return self.folder / "recordings"

    @property
    def store(self) -> Path:
        return self.folder / "store" / "calls.duckdb"

    @property
    def log(self) -> Path:
        return self.folder / "toy.log"

    def config(self, *, stages: tuple[str, ...] = STAGES, **sections: dict[str, Any]) -> Config:
        pipeline = {"stages": stages, "runner": "inline"} | sections.pop("pipeline", {})
        return from_dict({"pipeline": pipeline, **sections})

    def make(self, count: int, **options: Any) -> list[Path]:
        return [write_wav(self.recordings / f"call-{one:02}.wav", one, **options) for one in range(count)]

    def run(self, *paths: Path | str, **options: Any) -> RunReport:
        config = options.pop("config", None) or self.config()
        return run(paths or [self.recordings], store=self.store, config=config, **options)

    def ran(self) -> list[str]:
        """What the stages noted since last asked: "stage call_id", "open stage", "together n"."""
        lines = self.log.read_text().splitlines() if self.log.exists() else []
        self.log.unlink(missing_ok=True)
        return lines

    def stage_runs(self) -> dict[str, int]:
        """How often each stage ran since last asked."""
        counts: dict[str, int] = {}
        for line in self.ran():
            stage = line.split()[0]
            counts[stage] = counts.get(stage, 0) + 1
        return {stage: count for stage, count in counts.items() if stage.startswith("toy_")}

    def environment(self) -> dict[str, str]:
        """For processes of their own."""
        search = os.pathsep.join(filter(None, (str(PLUGIN), os.environ.get("PYTHONPATH"))))
        return os.environ | {"TOY_LOG": str(self.log), "PYTHONPATH": search}


def bytes_below(folder: Path) -> bytes:
    """All that lies in a folder, and every name in it."""
    found = b""
    for path in sorted(folder.rglob("*")):
        found += str(path).encode("utf-8", "surrogateescape") + (path.read_bytes() if path.is_file() else b"")
    return found


def dump(path: Path) -> str:
    """Every value of every column of every table of a DuckDB file, decompressed."""
    import duckdb

    with duckdb.connect(str(path), read_only=True) as connection:
        tables = connection.execute("select schema_name, table_name from duckdb_tables()").fetchall()
        return "\n".join(
            repr(connection.execute(f'select * from "{schema}"."{table}"').fetchall()) for schema, table in tables
        )
