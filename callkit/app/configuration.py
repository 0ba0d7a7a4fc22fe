"""Show the settings: as rows with default, type and meaning, and as a TOML file with comments."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin

from callkit import config as configuration
from callkit.config import Config
from callkit.resources import resource

HEADER = """\
# Every setting of callkit at its default. Written by `callkit config --defaults --toml`; a test keeps it true.
# Copy what you change into a callkit.toml of your own; what is not there stays at its default.
"""


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting: its name as `section.key`, what may be put there, its default and its present value as TOML."""

    name: str
    type: str
    default: str
    value: str
    about: str


def settings(config: Config | None = None) -> list[Setting]:
    """Every setting in order, with the value `config` gives it."""
    config = config or Config()
    defaults = Config()
    rows = []
    for section, fields in configuration.sections().items():
        for key, info in fields.items():
            value, default = (to_toml(getattr(getattr(source, section), key)) for source in (config, defaults))
            kind = _type_in_words(info.annotation) + _bounds(info.metadata)
            rows.append(Setting(f"{section}.{key}", kind, default, value, info.description or ""))
    return rows


def as_toml(config: Config) -> str:
    """The configuration as a TOML file, each setting under its meaning."""
    rows = {setting.name: setting for setting in settings(config)}
    lines = [HEADER]
    for section, fields in configuration.sections().items():
        lines.append(f"[{section}]")
        for key in fields:
            setting = rows[f"{section}.{key}"]
            lines += textwrap.wrap(
                f"{setting.about} ({setting.type})", 110, initial_indent="# ", subsequent_indent="# "
            )
            lines.append(f"{key} = {_wrapped(getattr(getattr(config, section), key))}")
        lines.append("")
    return "\n".join(lines)


def profiles() -> list[dict[str, str]]:
    """The profiles that come with callkit: name and what they are for (the first comment line of the file)."""
    return [{"profile": path.stem, "about": _first_comment(path)} for path in sorted(_profiles().glob("*.toml"))]


def to_toml(value: Any) -> str:
    """A setting's value as TOML writes it."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{json.dumps(str(key))} = {to_toml(item)}" for key, item in value.items()) + "}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "[" + ", ".join(to_toml(item) for item in value) + "]"
    return json.dumps(value, ensure_ascii=False)  # TOML's strings, numbers and booleans are JSON's


def _wrapped(value: Any) -> str:
    """The value in the file: a long list has an item a line."""
    one_line = to_toml(value)
    if len(one_line) <= 100 or not isinstance(value, tuple):
        return one_line
    return "[\n" + "".join(f"  {to_toml(item)},\n" for item in value) + "]"


def _type_in_words(annotation: Any) -> str:
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return " | ".join(str(choice) for choice in inner)
    if origin is tuple:
        return f"list of {_type_in_words(inner[0])}"
    if origin is dict:
        return f"table of {_type_in_words(inner[1])}"
    if origin in (Union, UnionType):
        return " or ".join(_type_in_words(choice) for choice in inner)
    return {str: "text", int: "whole number", float: "number", bool: "true | false", type(None): "nothing"}.get(
        annotation, getattr(annotation, "__name__", str(annotation))
    )


def _bounds(metadata: Sequence[Any]) -> str:
    signs = {"ge": ">=", "gt": ">", "le": "<=", "lt": "<"}
    found = [
        f"{sign} {getattr(bound, name)}"
        for bound in metadata
        for name, sign in signs.items()
        if getattr(bound, name, None) is not None
    ]
    return (" " + ", ".join(found)) if found else ""


def _profiles() -> Path:
    return resource("config") / "profiles"


def _first_comment(path: Path) -> str:
    first = path.read_text("utf-8").partition("\n")[0]
    return first.removeprefix("#").strip()
