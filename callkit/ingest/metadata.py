"""What is known of a call beside its sound: from a manifest, a sidecar, or its file's name. Never guessed."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import unicodedata
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from callkit.config import IngestSettings
from callkit.errors import CallkitError, ConfigError

FIELDS = ("started_at", "agent_id", "customer", "queue", "direction")
_DIRECTIONS = {"inbound": "inbound", "in": "inbound", "outbound": "outbound", "out": "outbound"}


def gather(path: Path | None, manifest: Mapping[str, str], settings: IngestSettings) -> dict[str, str | None]:
    """Each metadata field that some source was to give, with its text or None where it did not.

    The manifest's word goes before the sidecar's, the sidecar's before the file name's; the file's own time is used
    last, and only where `[ingest] use_file_time` says so.
    """
    found: dict[str, str | None] = {}
    sources: list[Mapping[str, str | None]] = [manifest]
    if path:
        sources = [_from_name(path, settings), _from_sidecar(path), manifest]
    for source in sources:
        for name, value in source.items():
            if value or name not in found:
                found[name] = value or None
    if settings.use_file_time and path and not found.get("started_at"):
        found["started_at"] = datetime.fromtimestamp(path.stat().st_mtime).isoformat()
    return found


def parse(
    found: Mapping[str, str | None], settings: IngestSettings, key: bytes
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The fields of a `Call` that these texts give, and the names of those that were looked for and not found."""
    fields: dict[str, Any] = {}
    for name in FIELDS:
        text = found.get(name)
        if text is None:
            continue
        if name == "started_at":
            fields[name] = _time(text, settings.time_format)
        elif name == "direction":
            fields[name] = _DIRECTIONS.get(text.casefold())
        else:
            fields[name] = pseudonym(key, text) if name == "customer" else text
    unmatched = tuple(name for name in FIELDS if name in found and fields.get(name) is None)
    return {name: value for name, value in fields.items() if value is not None}, unmatched


def pseudonym(key: bytes, customer: str) -> str:
    """A customer reference as it is stored: keyed, so that nobody without the store's key can try names or numbers.

    Case, outer spaces and Unicode spelling don't count: the reference is found again by `forget --customer`.
    """
    spelled = unicodedata.normalize("NFKC", customer).strip().casefold()
    return "c-" + hmac.new(key, spelled.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()[:20]


def _from_name(path: Path, settings: IngestSettings) -> dict[str, str | None]:
    if not settings.filename_pattern:
        return {}
    try:
        pattern = re.compile(settings.filename_pattern)
    except re.error:
        raise ConfigError(
            "config-invalid", "ingest.filename_pattern is not a regular expression", "mend it in the configuration"
        ) from None
    groups = [name for name in pattern.groupindex if name in FIELDS]
    match = pattern.search(path.name)
    return {name: match[name] if match else None for name in groups}


def _from_sidecar(path: Path) -> dict[str, str | None]:
    """The object "call" of `X.meta.json` or `X.json` beside the recording `X.wav`. Without one, nothing."""
    for ending in (".meta.json", ".json"):
        sidecar = path.with_name(path.stem + ending)
        if not sidecar.is_file():
            continue
        try:
            content = json.loads(sidecar.read_text("utf-8"))
        except (ValueError, OSError):
            raise _sidecar_invalid("the JSON file beside the recording cannot be read as JSON") from None
        call = content.get("call") if isinstance(content, dict) else None
        if call is None and ending == ".json":
            return {}  # some other program's file
        if not isinstance(call, dict):
            raise _sidecar_invalid('the file beside the recording has no object "call"')
        return {name: None if call[name] is None else str(call[name]) for name in ("call_id", *FIELDS) if name in call}
    return {}


def _sidecar_invalid(what: str) -> CallkitError:
    return CallkitError("manifest-invalid", what, "see `Metadata` in the README for what a sidecar looks like")


def _time(text: str, time_format: str) -> datetime | None:
    try:
        when = datetime.strptime(text, time_format) if time_format else datetime.fromisoformat(text)
    except ValueError:
        return None
    return when.replace(tzinfo=None)
