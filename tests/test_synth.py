"""Scripts, timelines, lines and files of made calls; a voice of tones stands in for speech where speech is not tested."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import jsonschema
import numpy as np
import pytest
import soundfile

from callkit.audio import open_audio
from callkit.errors import CallkitError
from callkit.protocols import JSON, Spoken
from callkit.resources import resource
from callkit.synth.build import build
from callkit.synth.line import through_line
from callkit.synth.music import hold_music
from callkit.synth.script import Line, Script, read_script, unmark
from callkit.synth.speech import RATE, Voices, utter

SCHEMA = json.loads((Path(__file__).parent.parent / "callkit" / "bench" / "truth.schema.json").read_text())
SCRIPTS = sorted((resource("sample_calls") / "scripts").glob("*.yaml"))
WORD_S = 0.2


class Tones:
    """A word is 0.2 s of a tone, with a known start and end; `tone2` does not know its word times."""

    name = "tones"

    def __init__(self, timed: bool) -> None:
        self.timed = timed
        self.voices = ("tone",) if timed else ("tone2",)

    def identity(self) -> Mapping[str, JSON]:
        return {}

    def describe(self) -> tuple[str, str]:
        return "tones", ""

    def open(self) -> None: ...
    def close(self) -> None: ...

    def say(self, text: str, *, voice: str, speed: float = 1.0) -> Spoken:
        length = WORD_S / speed
        count = len(text.split())
        time = np.arange(round(count * length * RATE)) / RATE
        times = tuple((n * length, (n + 1) * length) for n in range(count)) if self.timed else None
        return Spoken((0.5 * np.sin(2 * np.pi * 700 * time)).astype(np.float32), RATE, times)


@pytest.fixture
def voices() -> Voices:
    return Voices([Tones(True), Tones(False)])


def script(turns: str, line: str = "{}", extra: str = "") -> str:
    return (
        f"title: t\nseed: 3\nline: {line}\nspeakers:\n  agent: {{role: agent, voice: tone, channel: 0}}\n"
        f"  customer: {{role: customer, voice: tone2, channel: 1}}\nturns:\n{turns}{extra}"
    )


def read(tmp_path: Path, text: str) -> Script:
    path = tmp_path / "call.yaml"
    path.write_text(text)
    return read_script(path)


def test_marks_become_spans() -> None:
    assert unmark("It is [four two](CVV), [Ann](PERSON).") == (
        "It is four two, Ann.",
        [(6, 14, "CVV"), (16, 19, "PERSON")],
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("title: [", "not valid YAML at line"),
        ("just words", "is not a script"),
        (script("  - boss: hi\n"), "turns.0.boss: Extra inputs are not permitted"),
        (script("  - agent: hi\n", "{codec: tape}"), "line.codec"),
        (script("  - agent: hi\n", extra="sed: 1\n"), "sed: Extra inputs"),
    ],
)
def test_a_script_is_read_strictly(text: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(CallkitError, match="script-invalid") as caught:
        read(tmp_path, text)
    assert said in str(caught.value)


def test_words_and_personal_data_have_exact_times(voices: Voices) -> None:
    timed = utter("my code is [four two](CVV) ok", voices, voice="tone")
    assert timed.words is not None and timed.words[3] == ("four", pytest.approx(0.6), pytest.approx(0.8))
    assert timed.pii == ((11, 19, "CVV", pytest.approx(0.6), pytest.approx(1.0)),)
    pieces = utter("my code is [four two](CVV) ok", voices, voice="tone2")
    (start, end) = pieces.pii[0][3:]
    assert pieces.words is None and end - start == pytest.approx(0.4, abs=0.02)
    assert len(pieces.samples) / RATE == pytest.approx(6 * WORD_S + 2 * 0.09, abs=0.03)


def test_pitch_leaves_the_pace_alone(voices: Voices) -> None:
    high = utter("one two three", voices, voice="tone", pitch=1.25)
    assert len(high.samples) / RATE == pytest.approx(0.6, abs=0.01)
    assert np.abs(np.fft.rfft(high.samples)).argmax() * RATE / len(high.samples) == pytest.approx(875, abs=5)


def test_turns_overlap_as_the_script_says(tmp_path: Path, voices: Voices) -> None:
    turns = (
        "  - agent: one two three four five\n  - customer: mhm\n    after: 0.3\n"
        "  - customer: no wait\n    gap: -0.2\n  - hold: 2\n    gap: 1\n  - agent: back again\n    gap: 0.5\n"
    )
    audio, labels, duration_s = build(
        read(tmp_path, script(turns, "{layout: stereo, codec: mulaw}")), "x", tmp_path, voices
    )
    truth = json.loads(labels.read_text())
    jsonschema.validate(truth, SCHEMA)
    start = [turn["start"] for turn in truth["turns"]]
    assert start[1] - start[0] == pytest.approx(0.3)
    assert start[2] == pytest.approx(truth["turns"][0]["end"] - 0.2, abs=0.002)
    hold = truth["segments"][0]
    assert (hold["kind"], hold["end"] - hold["start"]) == ("hold", pytest.approx(2.0))
    assert start[3] == pytest.approx(hold["end"] + 0.5, abs=0.002)
    with open_audio(audio) as heard:
        assert heard.channels == 2 and heard.duration_s == pytest.approx(duration_s, abs=0.01)


def test_nobody_talks_over_themselves(tmp_path: Path, voices: Voices) -> None:
    turns = "  - agent: one two three\n  - agent: four\n    gap: -0.5\n"
    with pytest.raises(CallkitError, match="agent would talk over themselves"):
        build(read(tmp_path, script(turns)), "x", tmp_path, voices)


@pytest.mark.parametrize("codec", ["pcm16", "mulaw", "alaw", "gsm", "flac", "mp3", "opus"])
def test_every_codec_is_written_and_read_and_the_same_twice(codec: str, tmp_path: Path, voices: Voices) -> None:
    made = read(tmp_path, script("  - agent: hello there\n", f"{{codec: {codec}, packet_loss: 0.1, noise_dbfs: -50}}"))
    audio, _, duration_s = build(made, "x", tmp_path, voices)
    first = audio.read_bytes()
    assert build(made, "x", tmp_path, voices)[0].read_bytes() == first
    with open_audio(audio) as heard:
        assert heard.duration_s == pytest.approx(duration_s, abs=0.1)


def test_the_same_mono_twice(tmp_path: Path, voices: Voices) -> None:
    made = read(tmp_path, script("  - agent: hello there\n", "{layout: dual_mono, codec: pcm16}"))
    samples, _ = soundfile.read(build(made, "x", tmp_path, voices)[0])
    assert samples.shape[1] == 2 and (samples[:, 0] == samples[:, 1]).all()


def test_the_line_keeps_only_the_telephone_band() -> None:
    time = np.arange(RATE) / RATE
    hum = np.sin(2 * np.pi * 60 * time)[None].astype(np.float32)
    talk = np.sin(2 * np.pi * 1000 * time)[None].astype(np.float32)
    quiet = Line(noise_dbfs=None)
    rng = np.random.default_rng(0)
    (low, rate), (mid, _) = through_line(0.5 * hum, quiet, rng), through_line(0.5 * talk, quiet, rng)
    assert rate == 8000
    assert low[0, 2000:].std() < 0.02 < 0.3 < mid[0, 2000:].std()


def test_hold_music_is_music_and_seeded() -> None:
    music = hold_music(4.0, np.random.default_rng(1))
    assert (music == hold_music(4.0, np.random.default_rng(1))).all()
    assert len(music) == 4 * RATE and 0.01 < music.std() < 0.1
    spectrum = np.abs(np.fft.rfft(music))
    assert (spectrum > spectrum.max() / 4).sum() > 8  # many tones, not one


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)
def test_sample_calls_are_what_their_scripts_say(path: Path) -> None:
    made, truth = read_script(path), json.loads(path.parents[1].joinpath(f"{path.stem}.json").read_text())
    jsonschema.validate(truth, SCHEMA)
    assert sorted(turn["text"] for turn in truth["turns"]) == sorted(unmark(t.text)[0] for t in made.turns if t.speaker)
    assert len(truth["pii"]) == sum(len(unmark(turn.text)[1]) for turn in made.turns)
    for item in truth["pii"]:
        turn = truth["turns"][item["turn"]]
        assert turn["text"][item["start_char"] : item["end_char"]] == item["text"]
        assert turn["start"] <= item["start"] < item["end"] <= turn["end"] + 0.002


def test_sample_calls_are_small_and_enough() -> None:
    folder = resource("sample_calls")
    recordings = [p for p in folder.iterdir() if p.suffix in (".wav", ".mp3", ".flac", ".opus")]
    assert len(recordings) == len(SCRIPTS) >= 8
    assert sum(path.stat().st_size for path in recordings) < 12e6
    assert all(30 <= json.loads(path.with_suffix(".json").read_text())["duration"] <= 120 for path in recordings)


@pytest.mark.model
def test_real_voices_speak_a_call(tmp_path: Path) -> None:
    from callkit.app.synth import build_calls

    text = script("  - agent: hello, this is [Ann](PERSON)\n  - customer: hi\n", "{codec: pcm16}")
    (tmp_path / "tiny.yaml").write_text(text.replace("tone2", "jm_kumo").replace("tone", "joe"))
    (made,) = build_calls([tmp_path / "tiny.yaml"], out=tmp_path / "out")
    truth = json.loads(made.labels.read_text())
    words = truth["turns"][0]["words"]
    assert [word["text"] for word in words] == ["hello,", "this", "is", "Ann"]
    assert words[-1]["start"] == truth["pii"][0]["start"]
    samples, rate = soundfile.read(made.audio)
    inside = samples[round(words[0]["start"] * rate) : round(words[-1]["end"] * rate)]
    assert inside.std() > 10 * samples[: rate // 4].std()
