"""Looking for what can be measured: recordings with labels beside them, and text sets."""

from __future__ import annotations

import csv
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from callkit.bench.labels import read_labels
from callkit.bench.textsets import LABEL_COLUMNS, TextSet, read_text_set
from callkit.bench.truth import Problem, Truth
from callkit.config import IngestSettings
from callkit.ingest.discover import Problem as PathProblem
from callkit.ingest.discover import discover
from callkit.text.filenames import safe_name

#: Labels beside `X.wav`: these endings, and for the words of one channel `X.left.txt` and `X.right.txt`.
LABEL_ENDINGS = (".json", ".txt", ".left.txt", ".right.txt", ".rttm", ".srt", ".vtt")
TEXT_ENDINGS = (".jsonl", ".tsv", ".csv")


@dataclass(frozen=True, slots=True)
class Case:
    """A recording and its truth. `name` is the file's, redacted."""

    name: str
    path: Path = field(repr=False)
    truth: Truth = field(repr=False, default_factory=Truth)


@dataclass(frozen=True, slots=True)
class Material:
    """Everything found under the paths of a benchmark."""

    cases: list[Case]
    text_sets: list[TextSet]
    problems: list[Problem]


def find_material(paths: Sequence[str | os.PathLike[str]]) -> Material:
    """Recordings with labels, and text sets, under files, folders, globs and manifests."""
    cases: list[Case] = []
    text_sets: list[TextSet] = []
    problems: list[Problem] = []
    for given in map(Path, paths):
        texts = _text_files(given)
        for path in texts:
            text_set, found = read_text_set(path)
            problems += found
            if text_set is not None:
                text_sets.append(text_set)
        if given in texts:
            continue
        if given.is_file() and given.suffix.lower() == ".tsv":  # a .csv is a manifest
            problems.append(Problem(given.name, 1, "has no header with the columns text and label"))
            continue
        for one in discover([given], IngestSettings()):
            if isinstance(one, PathProblem):
                if not (texts and one.error.code == "no-recordings"):
                    problems.append(Problem(safe_name(one.path.name), None, one.error.what))
                continue
            case, found = _case(one.path)
            problems += found
            if case is not None:
                cases.append(case)
    return Material(cases, text_sets, problems)


def _case(path: Path) -> tuple[Case | None, list[Problem]]:
    name = safe_name(path.name)
    labels = [path.with_name(path.stem + ending) for ending in LABEL_ENDINGS]
    truth, problems = read_labels(path, [label for label in labels if label.is_file()])
    if truth == Truth():
        return None, [*problems, Problem(name, None, "has no labels beside it; left out")]
    return Case(name, path, truth), problems


def _text_files(given: Path) -> list[Path]:
    """Text sets among the given path: itself, or those directly inside a folder; a manifest is none."""
    if given.is_dir():
        return sorted(path for path in given.iterdir() if path.suffix.lower() in TEXT_ENDINGS and _is_text_set(path))
    return [given] if given.is_file() and given.suffix.lower() in TEXT_ENDINGS and _is_text_set(given) else []


def _is_text_set(path: Path) -> bool:
    if path.suffix.lower() == ".jsonl":
        return True
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            header = next(csv.reader(file, delimiter="\t" if path.suffix.lower() == ".tsv" else ","), [])
    except (OSError, UnicodeDecodeError, csv.Error):
        return False
    columns = {name.strip().lower() for name in header}
    return "text" in columns and not columns.isdisjoint(LABEL_COLUMNS)
