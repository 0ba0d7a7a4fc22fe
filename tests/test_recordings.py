"""What a recording truly is, on calls made by `callkit synth`: recognised, and heard as it should be by the real models."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from callkit import registry
from callkit.app import synth
from callkit.audio import open_audio
from callkit.config import Config
from callkit.model import Call

pytestmark = pytest.mark.model

CALL = Call("c0", "call", "0" * 64)
STAGES = ("inspect", "transcribe", "diarize", "turns")
SPEAKERS = """speakers:
  agent: {role: agent, voice: joe, channel: %d, pitch: 1.12}
  customer: {role: customer, voice: jf_alpha, channel: %d}
"""
TURNS = [
    ("agent", "Thank you for calling Harbor Bank. How can I help you today?"),
    ("customer", "Good morning. I would like to know when my new card will arrive."),
    ("agent", "Let me check. May I have your order number, please?"),
    ("customer", "It is the order from last Tuesday. I do not have the number here."),
    ("agent", "No problem. I can see it in our system. The card was sent this morning."),
    ("customer", "Great, that is all I wanted to know. Thank you very much."),
    ("agent", "You are welcome. Is there anything else I can do for you?"),
    ("customer", "No, thank you. Goodbye."),
]


@dataclass(frozen=True)
class Heard:
    """A call and what the stages up to `turns` made of it."""

    facets: dict[str, Any]

    def __getattr__(self, name: str) -> Any:
        return self.facets[name]

    def words_of(self, role: str) -> set[str]:
        return {word for turn in self.raw_turns if turn.role == role for word in plain(turn.text)}


def plain(text: str) -> list[str]:
    return re.sub(r"[^a-z ]", "", text.lower()).split()


def said_by(who: str) -> set[str]:
    return {word for speaker, text in TURNS if speaker == who for word in plain(text)}


def make(folder: Path, name: str, line: str, *, channels: tuple[int, int] = (0, 1), hold: bool = False) -> Path:
    """The dialogue above over a line, as `callkit synth` makes it."""
    turns = [f'  - {who}: "{text}"' for who, text in TURNS]
    if hold:
        turns.insert(4, "  - hold: 30")
    script = f"title: {name}\nline: {line}\n{SPEAKERS % channels}turns:\n" + "\n".join(turns) + "\n"
    (folder / f"{name}.yaml").write_text(script, encoding="utf-8")
    (made,) = synth.build_calls([folder / f"{name}.yaml"], out=folder, cache=folder / "spoken")
    return made.audio


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("calls")


@pytest.fixture(scope="module")
def stages() -> Iterator[list[Any]]:
    built = [registry.build_stage(name, Config()) for name in STAGES]
    yield built
    for stage in built:
        stage.close()


def hear(stages: list[Any], path: Path) -> Heard:
    with open_audio(path) as audio:
        given: dict[str, Any] = {"audio": audio, "call": CALL}
        for stage in stages:
            stage.open()
            given.update(stage.run({name: given[name] for name in (*stage.requires, "call")}))
    return Heard(given)


def told_apart(heard: Heard) -> bool:
    """Nine tenths of the words under each role are that side's, and of that side's words are under it."""
    return all(
        len(heard.words_of(role) & said_by(role)) >= 0.85 * max(len(heard.words_of(role)), len(said_by(role)))
        for role in ("agent", "customer")
    )


def test_the_same_mono_twice_is_heard_once(stages: list[Any], folder: Path) -> None:
    heard = hear(stages, make(folder, "twice", "{layout: dual_mono, codec: mulaw}"))
    assert (heard.inspection.layout, heard.inspection.path) == ("dual_mono", "diarization")
    assert len(heard.words) <= 1.1 * sum(len(plain(text)) for _, text in TURNS)
    assert told_apart(heard)


def test_a_dead_channel_leaves_two_people_on_the_other(stages: list[Any], folder: Path) -> None:
    heard = hear(stages, make(folder, "dead", "{layout: stereo, codec: mulaw}", channels=(1, 1)))
    assert (heard.inspection.layout, heard.inspection.path) == ("one_sided", "diarization")
    assert heard.inspection.channels[0].dead and heard.inspection.channels_used == (1,)
    assert told_apart(heard)


def test_swapped_channels_swap_nobodys_words(stages: list[Any], folder: Path) -> None:
    for name, channels in (("straight", (0, 1)), ("swapped", (1, 0))):
        heard = hear(stages, make(folder, name, "{layout: stereo, codec: mulaw}", channels=channels))
        assert heard.inspection.layout == "stereo"
        assert {turn.role: turn.channel for turn in heard.raw_turns} == {"agent": channels[0], "customer": channels[1]}
        assert told_apart(heard)


def test_bleed_at_minus_20_db_is_seen_and_not_heard(stages: list[Any], folder: Path) -> None:
    heard = hear(stages, make(folder, "bleed", "{layout: stereo, codec: mulaw, bleed_db: -20}"))
    inspection = heard.inspection
    assert inspection.layout == "stereo" and inspection.bleed_share > 0.5
    assert len(inspection.bleed) == np.ceil(inspection.duration_s / 10)
    assert all(share is None or 0 <= share <= 1 for share in inspection.bleed)
    assert "bleed" in " ".join(inspection.warnings)
    assert len(heard.words) <= 1.1 * sum(len(plain(text)) for _, text in TURNS)
    assert told_apart(heard)


@pytest.mark.parametrize("layout", ["mono", "stereo"])
def test_thirty_seconds_of_hold_music_are_one_segment_without_a_word(
    stages: list[Any], folder: Path, layout: str
) -> None:
    heard = hear(stages, make(folder, f"hold-{layout}", f"{{layout: {layout}, codec: mulaw}}", hold=True))
    (hold,) = [segment for segment in heard.inspection.segments if segment.kind == "hold"]
    assert hold.end - hold.start == pytest.approx(30, abs=1.5)
    inside = [word for word in heard.words if hold.start + 0.5 < word.start and word.end < hold.end - 0.5]
    spoken = [span for span in heard.speaker_spans if span.start < hold.end - 0.5 and span.end > hold.start + 0.5]
    assert not inside and not [span for span in spoken if span.channel in (None, hold.channel)]
    assert told_apart(heard)


@pytest.mark.parametrize("kind", ["silence", "noise", "hold music"])
def test_ten_minutes_without_talk_have_no_word(stages: list[Any], folder: Path, kind: str) -> None:
    from callkit.synth.music import hold_music

    random, rate, length = np.random.default_rng(3), 8000, 600
    samples = {
        "silence": lambda: np.zeros(length * rate),
        "noise": lambda: random.normal(0, 0.02, length * rate),
        "hold music": lambda: np.concatenate([hold_music(length / 10, random)[::2] for _ in range(10)]),
    }[kind]()
    path = folder / f"{kind}.wav"
    soundfile.write(path, samples, rate, subtype="ULAW")
    heard = hear(stages, path)
    assert heard.words == () and heard.raw_turns == ()


def test_each_turn_is_in_its_own_language(stages: list[Any], folder: Path, shared_data: Path) -> None:
    """An English speaker and a German one, each on a channel."""
    languages = shared_data / "audio" / "languages"
    parts = []
    for name in ("en-US.general-testing__audio.wav", "de-DE.testing__audio.wav"):
        with open_audio(languages / name) as audio:
            parts.append(audio.read(0, 0.0, 25.0))
    track = np.zeros((2, sum(map(len, parts))), np.float32)
    track[0, : len(parts[0])], track[1, len(parts[0]) :] = parts
    soundfile.write(folder / "mixed.wav", track.T, 16_000)
    heard = hear(stages, folder / "mixed.wav")
    assert {turn.channel: turn.language for turn in heard.raw_turns} == {0: "en", 1: "de"}
