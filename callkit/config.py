"""Every setting of callkit, with its default, its meaning and its bounds.

One frozen pydantic model a section. A setting's description is its only documentation: `config/callkit.toml` and the
README's table are written from it, and a test compares. Read in this order, later wins: the defaults here, a profile,
the file (`--config`, `$CALLKIT_CONFIG`, or `callkit.toml` in the working folder), then `--set section.key=value`.
"""

from __future__ import annotations

import difflib
import os
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from callkit.errors import ConfigError


class Section(BaseModel):
    """A section of the configuration: frozen, strict about types, no unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class PipelineSettings(Section):
    stages: tuple[str, ...] = Field(
        default=(
            "inspect",
            "transcribe",
            "diarize",
            "turns",
            "redact",
            "mute",
            "acoustics",
            "embed",
            "sentiment",
            "summarize",
            "metrics",
        ),
        description="Stages to run, in order. A third party's stage is named as its entry point is.",
    )
    cores: int = Field(
        default=0, ge=0, description="Processor cores all libraries together may use; 0: as many as there are."
    )
    jobs: int = Field(
        default=1,
        ge=1,
        description="Calls processed at once, each in a process of its own with its share of the cores.",
    )
    runner: str = Field(
        default="local",
        description="How calls are spread: local (processes), inline (none, for debugging) or ray (extra `ray`).",
    )


class ModelsSettings(Section):
    folder: str = Field(
        default="",
        description="A folder to look for models in before anywhere else; empty: only $CALLKIT_MODELS, packages and the hub's cache.",
    )
    allow_hub: bool = Field(
        default=False, description="May a model that is not found here be fetched from the Hugging Face hub?"
    )
    paths: dict[str, str] = Field(
        default_factory=dict,
        description='Explicit paths by model name, such as {whisper-base = "/models/whisper-base"}.',
    )


class AudioSettings(Section):
    keep_muted: bool = Field(
        default=False,
        description="Keep the muted audio of each call as FLAC beside the store, for the dashboard's player.",
    )
    min_duration_s: float = Field(
        default=0.5, gt=0, description="Recordings shorter than this (seconds) are refused as too short."
    )
    max_channels: int = Field(default=2, ge=1, le=2, description="Recordings with more channels than this are refused.")


class IngestSettings(Section):
    filename_pattern: str = Field(
        default="",
        description="A regular expression with named groups (started_at, agent_id, customer, queue, direction) searched for in a file's name.",
    )
    time_format: str = Field(
        default="", description="How started_at is written, as for strptime, such as %Y%m%d-%H%M%S; empty: ISO 8601."
    )
    use_file_time: bool = Field(
        default=False, description="Take a file's own modification time where nothing else says when the call began."
    )
    follow_links: bool = Field(default=True, description="Follow symbolic links inside folders.")


class InspectSettings(Section):
    silence_dbfs: float = Field(default=-60.0, description="Level below which a channel is silent (dBFS).")
    min_silence_s: float = Field(
        default=2.0, gt=0, description="A stretch without any sound longer than this (seconds) is a silence segment."
    )
    min_music_s: float = Field(
        default=4.0, ge=2.0, description="Music shorter than this (seconds) is not marked as hold music."
    )
    channel_roles: tuple[str, ...] = Field(
        default=(),
        description='Who is on which channel where the installation fixes it, such as ["agent", "customer"]; empty: found from what is said.',
    )


class TranscribeSettings(Section):
    engine: str = Field(default="faster-whisper", description="Speech-to-text engine.")
    model: str = Field(default="whisper-base", description="Model name (`callkit models`), hub name or local folder.")
    language: str = Field(default="", description="Language spoken (ISO 639-1); empty: identified from the recording.")
    beam_size: int = Field(default=5, ge=1, description="Hypotheses kept while decoding; 1 is fastest.")
    vocabulary: tuple[str, ...] = Field(default=(), description="Names and terms to listen for.")
    vocabulary_file: str = Field(default="", description="A file with one such name or term a line.")
    translate: bool = Field(default=False, description="Also give an English translation beside the original.")
    find_speech: bool = Field(
        default=True,
        description="Look for speech first and transcribe only that; off: listen to everything that sounds, as `callkit verify` does.",
    )
    script: str = Field(default="", description="For engine scripted: a truth JSON, or a folder of them, to play back.")


class DiarizeSettings(Section):
    engine: str = Field(default="pyannote", description="Diarization engine for mono recordings.")
    model: str = Field(
        default="", description="A hub pipeline or local folder; empty: segmentation-3.0 and CAM++ from packages."
    )
    min_speakers: int = Field(default=1, ge=1, description="Fewest speakers on a recording.")
    max_speakers: int = Field(default=4, ge=1, description="Most speakers on a recording.")
    script: str = Field(default="", description="For engine scripted: a truth JSON, or a folder of them, to play back.")


class TurnsSettings(Section):
    max_pause_s: float = Field(
        default=2.0, gt=0, description="A pause longer than this (seconds) by one speaker begins a new turn."
    )
    company_names: tuple[str, ...] = Field(default=(), description="Names an agent says when greeting.")


class RedactSettings(Section):
    engine: str = Field(default="presidio", description="Recogniser of named entities in written text.")
    threshold: float = Field(
        default=0.4, ge=0, le=1, description="Findings less sure than this (0 to 1) are left as they are."
    )
    thresholds: dict[str, float] = Field(
        default_factory=dict,
        description="Other thresholds by type, such as {PERSON = 0.6}. CVV, PIN and PASSWORD are always replaced.",
    )
    actions: dict[str, Literal["replace", "keep_last_four", "keep"]] = Field(
        default_factory=dict,
        description='What to do with a type other than replace it, such as {CARD = "keep_last_four", PERSON = "keep"}. CVV, PIN and PASSWORD are always replaced.',
    )
    language: str = Field(
        default="",
        description="Language of text that `callkit redact` reads (ISO 639-1); empty: told from its words, turn by turn. Recordings say their own.",
    )
    look_back: int = Field(
        default=24, ge=1, le=1000, description="`callkit redact` on a stream: turns of context behind a turn."
    )
    look_ahead: int = Field(
        default=16,
        ge=0,
        le=1000,
        description="`callkit redact` on a stream: turns of context ahead, by which output lags.",
    )


class MuteSettings(Section):
    padding_s: float = Field(default=0.2, ge=0, description="Muted before and after each redacted stretch (seconds).")
    widen_s: float = Field(
        default=0.4,
        ge=0,
        description="How far (seconds) a redacted stretch may widen to the silence around it; never into a neighbouring word.",
    )
    fill: Literal["silence", "beep"] = Field(default="silence", description="What a muted stretch of audio becomes.")
    folder: str = Field(
        default="",
        description="Where kept muted audio is written; empty: the folder beside the store. Only used with `[audio] keep_muted`.",
    )


class VerifySettings(Section):
    engine: str = Field(
        default="faster-whisper", description="Speech-to-text engine by which `callkit verify` listens again."
    )
    model: str = Field(
        default="whisper-tiny",
        description="Its model: another than `[transcribe] model`, for it hears with other ears.",
    )
    beam_size: int = Field(default=1, ge=1, description="Hypotheses kept while decoding.")
    unproven_s: float = Field(
        default=1.0, ge=0, description="Audible speech without words beyond this (seconds) leaves a call unproven."
    )


class EmbedSettings(Section):
    engine: str = Field(default="minilm", description="Sentence-embedding engine.")
    model: str = Field(default="all-minilm-l6-v2", description="Model name, hub name or local folder.")


class SentimentSettings(Section):
    engine: str = Field(
        default="minilm", description="Sentiment engine: minilm, or transformers for any text-classification model."
    )
    model: str = Field(default="", description="For engine transformers: hub name or local folder.")
    languages: tuple[str, ...] = Field(
        default=("en",),
        description="Languages the model understands (ISO 639-1); turns in others count by their translation, if any.",
    )


class SummarizeSettings(Section):
    engine: str = Field(
        default="extractive",
        description="Summary engine: extractive, transformers, or openai for an OpenAI-compatible endpoint.",
    )
    model: str = Field(default="", description="For engines transformers and openai: the model.")
    base_url: str = Field(
        default="", description="For engine openai: the endpoint's base URL. Its key is read from $CALLKIT_OPENAI_KEY."
    )
    timeout_s: float = Field(default=60.0, gt=0, description="For engine openai: longest wait for an answer (seconds).")
    retries: int = Field(default=2, ge=0, description="For engine openai: attempts after a failed one.")


class MetricsSettings(Section):
    silence_s: float = Field(
        default=3.0, gt=0, description="A gap between turns longer than this (seconds) is a silence."
    )


class StoreSettings(Section):
    retention_days: int = Field(
        default=0, ge=0, le=36500, description="`callkit purge` erases calls older than this many days; 0: keep."
    )


class VaultSettings(Section):
    keep_private: bool = Field(
        default=False,
        description="Keep raw words and turns encrypted beside the store. Key from $CALLKIT_VAULT_KEY. CVV and PIN are never kept.",
    )


class DashboardSettings(Section):
    port: int = Field(default=8501, ge=0, le=65535, description="Port the dashboard listens on; 0: any free one.")
    address: str = Field(
        default="127.0.0.1", description="Address it binds to. Any other than loopback demands sign-in."
    )
    auth: bool = Field(
        default=False,
        description="Demand sign-in by OpenID Connect, as [auth] in Streamlit's secrets.toml describes it.",
    )
    trusted_proxy: bool = Field(
        default=False,
        description="A reverse proxy in front signs people in, so that an address other than loopback needs no `auth`.",
    )
    allow_run: bool = Field(default=True, description="Show the Run page, from which recordings are processed.")
    inbox: tuple[str, ...] = Field(
        default=(), description='Folders whose recordings the Run page offers, such as ["/srv/recordings"].'
    )
    query_rows: int = Field(default=10_000, ge=1, description="Most rows the SQL page shows of a query's answer.")
    query_timeout_s: float = Field(
        default=20.0, gt=0, description="A query on the SQL page is stopped after this (seconds)."
    )


class Config(Section):
    """The whole configuration. `Config()` is the default; `load` reads files and overrides."""

    pipeline: PipelineSettings = PipelineSettings()
    models: ModelsSettings = ModelsSettings()
    audio: AudioSettings = AudioSettings()
    ingest: IngestSettings = IngestSettings()
    inspect: InspectSettings = InspectSettings()
    transcribe: TranscribeSettings = TranscribeSettings()
    diarize: DiarizeSettings = DiarizeSettings()
    turns: TurnsSettings = TurnsSettings()
    redact: RedactSettings = RedactSettings()
    mute: MuteSettings = MuteSettings()
    verify: VerifySettings = VerifySettings()
    embed: EmbedSettings = EmbedSettings()
    sentiment: SentimentSettings = SentimentSettings()
    summarize: SummarizeSettings = SummarizeSettings()
    metrics: MetricsSettings = MetricsSettings()
    store: StoreSettings = StoreSettings()
    vault: VaultSettings = VaultSettings()
    dashboard: DashboardSettings = DashboardSettings()


def load(
    path: str | os.PathLike[str] | None = None, *, profile: str | None = None, overrides: Sequence[str] = ()
) -> Config:
    """Read the configuration; see the module for the order. `overrides` are `section.key=value` with TOML values.

    A bare word stands for itself: `--set transcribe.model=whisper-tiny` needs no quotes. Raises `ConfigError`.
    """
    data: dict[str, Any] = {}
    if profile:
        _merge(data, _read(_profile_path(profile)))
    chosen = Path(path) if path else _default_path()
    if chosen:
        _merge(data, _read(chosen))
    for override in overrides:
        _merge(data, _parse_override(override))
    return from_dict(data)


def changed(config: Config, overrides: Sequence[str]) -> Config:
    """Another configuration with some settings changed, each as `section.key=value`. Raises `ConfigError`."""
    data = config.model_dump()
    for override in overrides:
        _merge(data, _parse_override(override))
    return from_dict(data)


def from_dict(data: Mapping[str, Any]) -> Config:
    """A configuration from nested plain data. Raises `ConfigError` naming the setting, never its value."""
    try:
        return Config.model_validate(_lists_to_tuples(data))
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        name = ".".join(str(part) for part in first["loc"])
        if first["type"] == "extra_forbidden":
            near = difflib.get_close_matches(name, setting_names() + list(Config.model_fields), n=1)
            hint = f"did you mean {near[0]}?" if near else "`callkit config` lists every setting"
            raise ConfigError("config-unknown", f"there is no setting {name}", hint) from None
        raise ConfigError(
            "config-invalid", f"{name}: {first['msg']}", "`callkit config` shows types and defaults"
        ) from None


def setting_names() -> list[str]:
    """Every setting as `section.key`."""
    return [f"{section}.{key}" for section, fields in sections().items() for key in fields]


def sections() -> dict[str, dict[str, Any]]:
    """Section name -> {key: pydantic FieldInfo}."""
    return {name: dict(type(getattr(Config(), name)).model_fields) for name in Config.model_fields}


def cores(config: Config) -> int:
    """Cores one worker may use: the setting (or what the process is allowed), shared among the jobs."""
    allowed = (
        config.pipeline.cores or len(os.sched_getaffinity(0))
        if hasattr(os, "sched_getaffinity")
        else os.cpu_count() or 1
    )
    return max(1, allowed // config.pipeline.jobs)


def _merge(into: dict[str, Any], more: Mapping[str, Any]) -> None:
    for key, value in more.items():
        if isinstance(value, Mapping) and isinstance(into.get(key), dict):
            _merge(into[key], value)
        else:
            into[key] = dict(value) if isinstance(value, Mapping) else value


def _read(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            return tomllib.load(file)
    except tomllib.TOMLDecodeError as error:
        place = str(error).rpartition("(at ")[2].rstrip(")")
        raise ConfigError("config-invalid", f"{path.name} is not valid TOML (at {place})", "mend that line") from None
    except (OSError, UnicodeDecodeError):
        raise ConfigError(
            "config-missing", f"the configuration file {path.name} cannot be read", "check --config"
        ) from None


def _parse_override(text: str) -> dict[str, Any]:
    name, equals, value = text.partition("=")
    section, dot, key = name.strip().partition(".")
    if not (equals and dot and section and key):
        raise ConfigError("config-invalid", "--set wants section.key=value", "for example --set transcribe.beam_size=1")
    try:
        parsed = tomllib.loads(f"value = {value}")["value"]
    except tomllib.TOMLDecodeError:
        parsed = value.strip()
    return {section: {key: parsed}}


def _lists_to_tuples(value: Any) -> Any:
    """TOML has arrays, settings have tuples; strict pydantic tells them apart."""
    if isinstance(value, Mapping):
        return {key: _lists_to_tuples(item) for key, item in value.items()}
    return tuple(_lists_to_tuples(item) for item in value) if isinstance(value, list) else value


def _default_path() -> Path | None:
    named = os.environ.get("CALLKIT_CONFIG")
    if named:
        return Path(named)
    here = Path("callkit.toml")
    return here if here.is_file() else None


def _profile_path(profile: str) -> Path:
    from callkit.resources import resource

    path = resource("config") / "profiles" / f"{profile}.toml"
    if not path.is_file():
        known = ", ".join(sorted(other.stem for other in path.parent.glob("*.toml"))) or "none"
        raise ConfigError("config-missing", f"there is no profile {profile}", f"profiles: {known}")
    return path


__all__ = ["Config", "Section", "cores", "from_dict", "load", "sections", "setting_names"]
