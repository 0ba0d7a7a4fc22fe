"""Where models are: a name becomes a local path, checked by SHA-256 before use.

A name is looked for, in this order, at an explicit path (`[models] paths`), in `[models] folder`, in `$CALLKIT_MODELS`, in the
pip packages of the extra `offline`, in the local Hugging Face cache, and on the hub only where `[models] allow_hub` says
so. What the catalog (`catalog.toml`) does not know is a local folder or a hub name. Weights are read as data: no model
package is imported.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import re
import shutil
import tempfile
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from callkit.errors import ModelError

_BLOCK = 1 << 20
_HUB_NAME = re.compile(r"[\w.-]+/[\w.-]+")


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """One line of `callkit models`. `digest` is the SHA-256 expected of the weights, `place` where they were found."""

    name: str
    task: str
    about: str
    origin: str
    licence: str
    digest: str
    present: bool
    place: str
    size_mb: float


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a model's files are: file name -> the parts it is joined from (one part: the file itself)."""

    kind: str
    files: Mapping[str, tuple[Path, ...]]


class Models:
    """Finds models by name. Making one does no work.

    Raises `ModelError` "model-missing", listing what was tried and the command that mends it, or "model-corrupt", naming
    file, expected and found digest.
    """

    def __init__(self, *, folder: str = "", allow_hub: bool = False, paths: Mapping[str, str] | None = None) -> None:
        self.folder = folder
        self.allow_hub = allow_hub
        self.paths = dict(paths or {})

    def path(self, name: str) -> Path:
        """The folder of a model, or its file for a model that is one file. Every file of the catalog is checked."""
        if name in self.paths:
            return self._explicit(name, Path(self.paths[name]).expanduser())
        entry = catalog().get(name)
        if entry is None:
            return self._outside_catalog(name)
        place = self._locate(name, entry)
        if place is None:
            return self._from_hub(name, entry)
        files = {
            file: _assemble(name, file, parts, entry["files"][file]["sha256"]) for file, parts in place.files.items()
        }
        first = next(iter(files))
        return files[first] if entry.get("single") else files[first].parents[len(Path(first).parts) - 1]

    def digest(self, name: str) -> str:
        """What stands for the model in freshness keys: the catalog's SHA-256 of its weights; of a local file or folder,
        that of its content; of a hub model, its name."""
        local = self.paths.get(name) or (name if name not in catalog() and Path(name).expanduser().exists() else "")
        if local:
            return content_digest(Path(local).expanduser())
        entry = catalog().get(name)
        return str(_weights(entry)["sha256"]) if entry else name

    def inventory(self) -> list[ModelInfo]:
        """Every model of the catalog and whether it is here. Digests are not computed."""
        rows = []
        for name, entry in catalog().items():
            explicit = self.paths.get(name)
            place = None if explicit else self._locate(name, entry)
            present = bool(place) or bool(explicit and Path(explicit).expanduser().exists())
            size = sum(part.stat().st_size for parts in place.files.values() for part in parts) if place else 0
            where = "path" if explicit else place.kind if place else ""
            rows.append(
                ModelInfo(
                    name=name,
                    task=entry["task"],
                    about=entry["about"],
                    origin=entry["origin"],
                    licence=entry["licence"],
                    digest=_weights(entry)["sha256"],
                    present=present,
                    place=where,
                    size_mb=round(size / 1e6, 1),
                )
            )
        return rows

    def _explicit(self, name: str, path: Path) -> Path:
        if not path.exists():
            hint = f"mend [models] paths: nothing is there for {name}"
            raise ModelError("model-missing", f"model {name} is not at its explicit path", hint)
        return path

    def _outside_catalog(self, name: str) -> Path:
        local = Path(name).expanduser()
        if local.exists():
            return local
        for _, folder in self._folders():
            if (folder / name).exists():
                return folder / name
        if _HUB_NAME.fullmatch(name):
            return self._hub_snapshot(name, name, ["a local path", *(kind for kind, _ in self._folders())], "")
        known = ", ".join(catalog())
        raise ModelError("model-missing", f"there is no model or folder {name}", f"models known by name: {known}")

    def _folders(self) -> list[tuple[str, Path]]:
        found = [("[models] folder", self.folder), ("$CALLKIT_MODELS", os.environ.get("CALLKIT_MODELS", ""))]
        return [(kind, Path(folder).expanduser()) for kind, folder in found if folder]

    def _locate(self, name: str, entry: Mapping[str, Any]) -> _Place | None:
        files: Mapping[str, Any] = entry["files"]
        for kind, folder in self._folders():
            inside = {file: (folder / name / file,) for file in files}
            if all(path.is_file() for (path,) in inside.values()):
                return _Place(kind, inside)
        package = entry.get("package", "")
        parts: dict[str, tuple[Path, ...]] = {}
        for file, facts in files.items():
            names = facts.get("parts") or [f"{package}/{file}"]
            found = tuple(path for path in map(_in_package, names) if path)
            if len(found) < len(names):
                return None
            parts[file] = found
        return _Place("pip", parts)

    def _from_hub(self, name: str, entry: Mapping[str, Any]) -> Path:
        tried = [*(kind for kind, _ in self._folders()), f"the package ({entry['origin']})"]
        if not entry.get("hub"):
            raise ModelError("model-missing", f"model {name} was not found in {' or '.join(tried)}", entry["install"])
        folder = self._hub_snapshot(name, entry["hub"], tried, entry["install"])
        return folder / next(iter(entry["files"])) if entry.get("single") else folder

    def _hub_snapshot(self, name: str, hub: str, tried: list[str], install: str) -> Path:
        from huggingface_hub import snapshot_download

        tried = [*tried, "the local hub cache"]
        try:
            return Path(snapshot_download(hub, local_files_only=not self.allow_hub))
        except Exception as error:  # noqa: BLE001 - network, permission, absence: all end in "not to be had"
            cause = type(error).__name__
        if self.allow_hub:
            tried.append(f"the hub ({cause})")
        ways = [install, f"give its folder in [models] paths.{name}" if name in catalog() else ""]
        ways += [] if self.allow_hub else ["allow the hub: `--set models.allow_hub=true`"]
        hint = "; or ".join(way for way in ways if way)
        raise ModelError("model-missing", f"model {name} was not found in {', '.join(tried)}", hint)


@cache
def catalog() -> dict[str, dict[str, Any]]:
    """The catalog: model name -> its facts."""
    return tomllib.loads((Path(__file__).parent / "catalog.toml").read_text("utf-8"))


def cache_folder() -> Path:
    """Where joined models lie: `$CALLKIT_CACHE`, or callkit's folder under `$XDG_CACHE_HOME` (~/.cache)."""
    named = os.environ.get("CALLKIT_CACHE")
    return (
        Path(named)
        if named
        else Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "callkit" / "models"
    )


def content_digest(path: Path) -> str:
    """SHA-256 of a file, or of a folder's file names and contents. Remembered while sizes and times stay the same."""
    files = [path] if path.is_file() else sorted(item for item in path.rglob("*") if item.is_file())
    stamps = tuple((str(file), file.stat().st_size, file.stat().st_mtime_ns) for file in files)
    return _stamped_digest(str(path), stamps)


@lru_cache(maxsize=64)
def _stamped_digest(root: str, stamps: tuple[tuple[str, int, int], ...]) -> str:
    whole = hashlib.sha256()
    for file, _, _ in stamps:
        whole.update(str(Path(file).relative_to(root)).encode() + b"\0" + _sha256((Path(file),)).encode())
    return whole.hexdigest()


def _weights(entry: Mapping[str, Any]) -> Mapping[str, Any]:
    """The catalog lists a model's weights first."""
    first: Mapping[str, Any] = next(iter(entry["files"].values()))
    return first


@cache
def _in_package(name: str) -> Path | None:
    package, _, inside = name.partition("/")
    spec = importlib.util.find_spec(package)
    for folder in (spec.submodule_search_locations or []) if spec else []:
        if (Path(folder) / inside).is_file():
            return Path(folder) / inside
    return None


@cache
def _assemble(name: str, file: str, parts: tuple[Path, ...], expected: str) -> Path:
    """The checked file: in place, or brought together in the cache under the weights' digest (so never stale)."""
    if not _spread(name):
        _check(parts, file, expected)
        return parts[0]
    joined = cache_folder() / name / str(_weights(catalog()[name])["sha256"])[:16] / file
    if joined.is_file() and _sha256((joined,)) == expected:
        return joined
    _check(parts, file, expected)
    try:
        joined.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=joined.parent, delete=False) as out:
            for part in parts:
                with part.open("rb") as source:
                    shutil.copyfileobj(source, out, _BLOCK)
        Path(out.name).replace(joined)
    except OSError:
        hint = "free some disk, or point $CALLKIT_CACHE to a folder that can be written"
        raise ModelError("model-missing", f"model {name} could not be joined in the cache folder", hint) from None
    return joined


def _spread(name: str) -> bool:
    """Are a model's files in more than one folder, so that they must be brought together?"""
    return any(facts.get("parts") for facts in catalog()[name]["files"].values())


def _check(parts: tuple[Path, ...], file: str, expected: str) -> None:
    found = _sha256(parts)
    if found != expected:
        what = f"{file} is not the file expected: SHA-256 should be {expected}, found {found}"
        raise ModelError("model-corrupt", what, "reinstall the package that holds it (`callkit models` names it)")


def _sha256(parts: tuple[Path, ...]) -> str:
    digest = hashlib.sha256()
    for part in parts:
        with part.open("rb") as file:
            while block := file.read(_BLOCK):
                digest.update(block)
    return digest.hexdigest()
