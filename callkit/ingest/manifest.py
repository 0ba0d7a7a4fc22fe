"""Manifests: a CSV file with one recording a line and what is known of it."""

from __future__ import annotations

import csv
from pathlib import Path

from callkit.errors import CallkitError
from callkit.ingest.metadata import FIELDS

#: Columns that may name the recording, relative to the manifest's folder.
PATH_COLUMNS = ("path", "file", "filename", "recording")


def read_manifest(path: Path) -> list[tuple[Path, dict[str, str]]]:
    """The recordings of a manifest with their metadata, in order. Empty cells count as given but unknown.

    The header names `path` (or file, filename, recording) and any of call_id, started_at, agent_id, customer, queue,
    direction; other columns are ignored. Raises `CallkitError("manifest-invalid")` with the line's number.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            return _read(csv.DictReader(file, strict=True), path.parent)
    except (UnicodeDecodeError, csv.Error):
        raise _invalid("the manifest is not a CSV file in UTF-8") from None
    except PermissionError:
        raise CallkitError(
            "path-denied", "the manifest may not be read", "give yourself permission to read it"
        ) from None


def _read(lines: csv.DictReader[str], folder: Path) -> list[tuple[Path, dict[str, str]]]:
    header = {name.strip().lower(): name for name in lines.fieldnames or () if name}
    column = next((header[name] for name in PATH_COLUMNS if name in header), None)
    if column is None:
        raise _invalid(f"the manifest's first line names none of the columns {', '.join(PATH_COLUMNS)}")
    fields = {name: header[name] for name in ("call_id", *FIELDS) if name in header}
    found = []
    for line in lines:
        recording = (line[column] or "").strip()
        if not recording or None in line:
            raise _invalid(f"line {lines.line_num} of the manifest does not fit its first line")
        found.append((folder / recording, {name: (line[given] or "").strip() for name, given in fields.items()}))
    return found


def _invalid(what: str) -> CallkitError:
    return CallkitError("manifest-invalid", what, "see `Metadata` in the README for what a manifest looks like")
