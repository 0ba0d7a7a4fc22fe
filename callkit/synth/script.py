"""A call's script: who says what, when and how, over which line.

Personal data is marked in the text as `[four four one seven](CARD)`. A script is read strictly: an unknown key, speaker or
codec is an error that names the file and the place.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from callkit.errors import CallkitError
from callkit.model import CallOutcome, Role, SentimentLabel

Codec = Literal["pcm16", "mulaw", "alaw", "gsm", "flac", "mp3", "opus"]
SUFFIX: Mapping[Codec, str] = {
    "pcm16": ".wav", "mulaw": ".wav", "alaw": ".wav", "gsm": ".wav", "flac": ".flac", "mp3": ".mp3", "opus": ".opus",
}  # fmt: skip

_MARKED = re.compile(r"\[([^\]]+)\]\(([A-Z_]+)\)")


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Speaker(_Part):
    """A person on the call. `pitch` 1.2 is a fifth of a voice higher; `channel` counts only in stereo."""

    role: Role
    voice: str
    channel: Literal[0, 1] = 0
    speed: float = Field(default=1.0, gt=0.5, lt=2)
    pitch: float = Field(default=1.0, gt=0.6, lt=1.6)
    gain_db: float = Field(default=0.0, ge=-30, le=12)


class Line(_Part):
    """What the telephone does to the sound. Levels in dBFS, `packet_loss` a share of 20 ms packets."""

    layout: Literal["mono", "stereo", "dual_mono"] = "mono"
    codec: Codec = "pcm16"
    bitrate_kbps: int = Field(default=24, ge=6, le=128)
    telephone_band: bool = True
    noise_dbfs: float | None = -52.0
    packet_loss: float = Field(default=0.0, ge=0, lt=0.5)
    bleed_db: float | None = None
    gain_db: float = 0.0


class Item(_Part):
    """One step: a turn (`speaker`: text), or hold music, or silence of so many seconds.

    `gap` is the pause before it, negative to talk over the end of what came before; None: an ordinary pause by chance.
    `after` places a back-channel instead: seconds after the start of the turn before, which keeps the floor.
    """

    speaker: str | None = None
    text: str = ""
    hold: float | None = Field(default=None, gt=0)
    silence: float | None = Field(default=None, gt=0)
    gap: float | None = None
    after: float | None = Field(default=None, ge=0)
    feeling: SentimentLabel | None = None
    speed: float | None = Field(default=None, gt=0.5, lt=2)
    gain_db: float = 0.0


class Action(_Part):
    who: Role
    text: str
    due: str | None = None


class Script(_Part):
    """A whole call. `seed` decides pauses, noise, losses and music."""

    title: str
    seed: int = 0
    call: dict[str, Any] = Field(default_factory=dict)
    language: str = "en"
    line: Line = Line()
    speakers: dict[str, Speaker] = Field(default_factory=dict)
    turns: tuple[Item, ...] = ()
    issue: str | None = None
    outcome: CallOutcome | None = None
    actions: tuple[Action, ...] = ()
    summary: str | None = None

    @model_validator(mode="after")
    def _speakers_are_known(self) -> Script:
        for number, item in enumerate(self.turns):
            if item.speaker is not None and item.speaker not in self.speakers:
                raise ValueError(f"turn {number + 1}: no speaker {item.speaker!r}")
            if item.after is not None and item.speaker is None:
                raise ValueError(f"turn {number + 1}: 'after' is for a speaker's back-channel")
        return self


def read_script(path: Path) -> Script:
    """Read a script. Raises `CallkitError` "script-invalid" or "extra-missing"."""
    try:
        import yaml
    except ImportError:
        raise CallkitError("extra-missing", "pyyaml is not installed", 'pip install "callkit[synth]"') from None
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
        if not isinstance(data, dict):
            raise CallkitError(
                "script-invalid", f"{path.name} is not a script", "see sample_calls/scripts for examples"
            )
        known = set(data.get("speakers") or {})
        turns = [_item(entry, known) for entry in data.pop("turns", None) or []]
        return Script.model_validate({**data, "turns": turns})
    except OSError:
        raise CallkitError("path-missing", f"the script {path.name} cannot be read", "check the path") from None
    except UnicodeDecodeError:
        raise CallkitError("script-invalid", f"{path.name} is not UTF-8 text", "save it as UTF-8") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f" at line {mark.line + 1}" if mark else ""
        raise CallkitError("script-invalid", f"{path.name} is not valid YAML{place}", "mend that line") from None
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or "script"
        raise CallkitError("script-invalid", f"{path.name}: {place}: {first['msg']}", "mend it") from None


def unmark(text: str) -> tuple[str, list[tuple[int, int, str]]]:
    """A text without its marks, and the (start, end, entity) of each in code points."""
    plain, spans, at = "", [], 0
    for mark in _MARKED.finditer(text):
        plain += text[at : mark.start()]
        spans.append((len(plain), len(plain) + len(mark[1]), mark[2]))
        plain += mark[1]
        at = mark.end()
    return plain + text[at:], spans


def _item(entry: Any, speakers: set[str]) -> Any:
    """`{customer: "text", gap: 1}` as written becomes the item's own fields."""
    if not isinstance(entry, dict):
        return entry
    spoken = [key for key in entry if key in speakers]
    if len(spoken) != 1:
        return entry
    rest = {key: value for key, value in entry.items() if key != spoken[0]}
    return {**rest, "speaker": spoken[0], "text": " ".join(str(entry[spoken[0]]).split())}
