"""Names of stages and engines, and the door by which third parties add their own.

One table of strings: nothing is imported until it is built. A third party registers the same way, by entry point, in
the groups `callkit.stages` and `callkit.engines` (there as `task.name`), for example in its pyproject.toml::

    [project.entry-points."callkit.engines"]
    "transcribe.parakeet" = "my_package:Parakeet"
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from importlib.metadata import entry_points
from typing import Any

from callkit import config as configuration
from callkit.config import Config
from callkit.errors import CallkitError, ConfigError
from callkit.models import Models
from callkit.pipeline import Plan
from callkit.protocols import Stage

#: Stage name -> class. Built as `Class(settings=config.<section>, engine=...)`, engine only where the stage has a task.
STAGES: dict[str, str] = {
    "inspect": "callkit.stages.inspect:Inspect",
    "transcribe": "callkit.stages.transcribe:Transcribe",
    "diarize": "callkit.stages.diarize:Diarize",
    "turns": "callkit.stages.turns:Turns",
    "redact": "callkit.stages.redact:Redact",
    "mute": "callkit.stages.mute:Mute",
    "acoustics": "callkit.stages.acoustics:Acoustics",
    "embed": "callkit.stages.embed:Embed",
    "sentiment": "callkit.stages.sentiment:SentimentStage",
    "summarize": "callkit.stages.summarize:Summarize",
    "metrics": "callkit.stages.metrics:MetricsStage",
}

#: "task.name" -> class. Built as `Class(settings=config.<task>, models=Models, cores=int)`.
ENGINES: dict[str, str] = {
    "transcribe.faster-whisper": "callkit.engines.faster_whisper:FasterWhisper",
    "transcribe.scripted": "callkit.engines.scripted:ScriptedTranscriber",
    "diarize.pyannote": "callkit.engines.pyannote:PyannoteDiarizer",
    "diarize.senko": "callkit.engines.senko:SenkoDiarizer",
    "diarize.scripted": "callkit.engines.scripted:ScriptedDiarizer",
    "redact.presidio": "callkit.engines.presidio:PresidioRecognizer",
    "embed.minilm": "callkit.engines.minilm:MiniLM",
    "sentiment.minilm": "callkit.engines.minilm_sentiment:MiniLMSentiment",
    "sentiment.transformers": "callkit.engines.transformers_sentiment:TransformersSentiment",
    "summarize.extractive": "callkit.engines.extractive:ExtractiveSummarizer",
    "summarize.transformers": "callkit.engines.transformers_summary:TransformersSummarizer",
    "summarize.openai": "callkit.engines.openai_summary:OpenAISummarizer",
    "speak.kokoro": "callkit.engines.tts_kokoro:Kokoro",
    "speak.piper": "callkit.engines.tts_piper:Piper",
    "peer.faster-whisper": "callkit.engines.peers.faster_whisper:PlainFasterWhisper",
    "peer.pyannote": "callkit.engines.peers.pyannote:PlainPyannote",
    "peer.senko": "callkit.engines.peers.senko:PlainSenko",
    "peer.presidio": "callkit.engines.peers.presidio:StockPresidio",
    "peer.vader": "callkit.engines.peers.vader:Vader",
    "peer.textrank": "callkit.engines.peers.extracts:TextRank",
    "peer.lead-3": "callkit.engines.peers.extracts:Lead",
}


def build_plan(config: Config) -> Plan:
    """The plan a configuration asks for. Loads no model. Raises `ConfigError` or `CallkitError("plan-invalid")`."""
    return Plan([build_stage(name, config) for name in config.pipeline.stages])


def build_stage(name: str, config: Config) -> Stage:
    """One stage with its settings (the section of its name, if any) and its engine (`engine` in that section)."""
    make = _find(name, STAGES, "callkit.stages", "stage")
    arguments: dict[str, Any] = {}
    settings = getattr(config, name, None)
    if settings is not None:
        arguments["settings"] = settings
        if getattr(settings, "engine", ""):
            arguments["engine"] = build_engine(name, settings.engine, config)
    stage: Stage = make(**arguments)
    return stage


def build_engine(task: str, name: str, config: Config) -> Any:
    """An engine of a task, by name."""
    make = _find(f"{task}.{name}", ENGINES, "callkit.engines", "engine")
    return make(settings=getattr(config, task, None), models=models(config), cores=configuration.cores(config))


def models(config: Config) -> Models:
    """Where the configuration looks for models."""
    settings = config.models
    return Models(folder=settings.folder, allow_hub=settings.allow_hub, paths=settings.paths)


def _find(name: str, table: Mapping[str, str], group: str, kind: str) -> Callable[..., Any]:
    if name in table:
        module, _, attribute = table[name].partition(":")
        found: Callable[..., Any] = getattr(importlib.import_module(module), attribute)
        return found
    plugins = {point.name: point for point in entry_points(group=group)}
    if name in plugins:
        try:
            loaded: Callable[..., Any] = plugins[name].load()
        except Exception as error:  # noqa: BLE001 - a plug-in may raise anything
            what = f"the {kind} {name} of another package cannot be imported ({type(error).__name__})"
            raise CallkitError("plan-invalid", what, f"mend or remove the package {plugins[name].value}") from None
        return loaded
    known = ", ".join(sorted({*table, *plugins}))
    raise ConfigError("config-invalid", f"there is no {kind} {name}", f"known: {known}")
