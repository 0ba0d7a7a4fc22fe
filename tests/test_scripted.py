"""The scripted engines: a truth JSON played back."""

import json
from pathlib import Path

import numpy as np
import pytest

from callkit import registry
from callkit.config import from_dict
from callkit.errors import ConfigError
from callkit.protocols import Region
from tests.test_speakers import TwoChannels

TRUTH = {
    "language": "en",
    "duration": 4.0,
    "turns": [
        {"speaker": "agent", "role": "agent", "channel": 0, "start": 0.0, "end": 2.0, "text": "Hello there."},
        {
            "speaker": "customer",
            "role": "customer",
            "channel": 1,
            "start": 2.0,
            "end": 3.0,
            "text": "Hi.",
            "words": [{"text": "Hi.", "start": 2.2, "end": 2.5}],
        },
    ],
}
AUDIO = TwoChannels(np.zeros((2, 64_000)))


def engine(task: str, script: Path):  # type: ignore[no-untyped-def]
    built = registry.build_engine(task, "scripted", from_dict({task: {"engine": "scripted", "script": str(script)}}))
    built.open()
    return built


@pytest.fixture
def script(tmp_path: Path) -> Path:
    file = tmp_path / "call.json"
    file.write_text(json.dumps(TRUTH))
    return file


def test_words_have_the_scripts_times_or_share_their_turns(script: Path) -> None:
    heard = engine("transcribe", script).transcribe(AUDIO, [Region(0, 0.0, 4.0), Region(1, 0.0, 4.0)])
    assert [(word.text, word.channel) for word in heard.words] == [("Hello", 0), ("there.", 0), ("Hi.", 1)]
    assert (heard.words[2].start, heard.words[2].end) == (2.2, 2.5)
    assert heard.words[1].end == 2.0


def test_only_the_regions_asked_about_are_heard(script: Path) -> None:
    assert engine("transcribe", script).transcribe(AUDIO, [Region(1, 0.0, 2.0)]).words == ()


def test_spans_are_the_turns(script: Path) -> None:
    spans = engine("diarize", script).diarize(AUDIO, Region(None, 0.0, 4.0), speakers=(1, 2))
    assert [(span.speaker, span.start, span.end) for span in spans] == [("S0", 0.0, 2.0), ("S1", 2.0, 3.0)]


def test_of_a_folder_the_script_as_long_as_the_recording_is_taken(script: Path) -> None:
    (script.parent / "other.json").write_text(json.dumps({**TRUTH, "duration": 90.0, "turns": []}))
    assert len(engine("diarize", script.parent).diarize(AUDIO, Region(None, 0.0, 4.0), speakers=(1, 2))) == 2


def test_no_script_is_said_clearly(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="config-missing"):
        engine("transcribe", tmp_path / "nothing.json")
