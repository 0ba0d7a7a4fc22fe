"""A recording's identity: the hash of its bytes, and the `Call` made of it and its metadata."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from callkit.config import IngestSettings
from callkit.errors import CallkitError, ConfigError
from callkit.ingest.discover import Found, Problem, path_error
from callkit.ingest.metadata import gather, parse
from callkit.model import Call
from callkit.text.filenames import safe_name

_BLOCK = 1 << 20
_CALL_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
#: Seven digits and nothing but separators, or ten digits together: somebody's number rather than a call's.
_NUMBER = re.compile(r"^[\d._-]*(?:\d[._-]?){7}[\d._-]*$|(?<![0-9A-Za-z])\d{10,16}(?![0-9A-Za-z])")


@dataclass(frozen=True, slots=True)
class Recording:
    """A recording and its call. The source, a path or the bytes themselves, is private."""

    call: Call
    source: Path | bytes = field(repr=False)


def identify(found: Found, settings: IngestSettings, key: bytes) -> Recording | Problem:
    """Hash a file and gather its metadata; a `Problem` if it cannot be read or its metadata not understood."""
    try:
        with found.path.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        return Recording(_call(found.path, sha256, found.manifest, settings, key), found.path)
    except ConfigError:
        raise  # no recording's fault
    except CallkitError as error:
        return Problem(found.path, error)
    except OSError as error:
        return Problem(found.path, path_error(error))


def from_bytes(content: bytes, settings: IngestSettings, key: bytes) -> Recording:
    """A recording that came as bytes (standard input, an upload): it has no name, and never lies on disk."""
    return Recording(_call(None, hashlib.sha256(content).hexdigest(), {}, settings, key), content)


def nameless_id(path: Path, key: bytes) -> str:
    """A stand-in call id for a file that could not be read: a keyed pseudonym of its path."""
    return (
        "unread-"
        + hmac.new(key, str(path.absolute()).encode("utf-8", "surrogateescape"), hashlib.sha256).hexdigest()[:12]
    )


def _call(path: Path | None, sha256: str, manifest: Mapping[str, str], settings: IngestSettings, key: bytes) -> Call:
    found = gather(path, manifest, settings)
    fields, unmatched = parse(found, settings, key)
    name = safe_name(path.name) if path else "recording"
    return Call(_call_id(found.get("call_id"), sha256), name, sha256, unmatched=unmatched, **fields)


def _call_id(given: str | None, sha256: str) -> str:
    """The id that the manifest or sidecar gives, else the beginning of the hash. Raises for an id that says too much."""
    if given is None:
        return sha256[:16]
    if not _CALL_ID.fullmatch(given) or _NUMBER.search(given):
        raise CallkitError(
            "manifest-invalid",
            "a call_id has other signs than letters, digits, dots and hyphens, or could be a phone or card number",
            "give another, or none: then it is made from the recording's hash",
        )
    return given
