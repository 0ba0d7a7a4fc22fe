"""How loud each turn is."""

from __future__ import annotations

import numpy as np
import pytest

from callkit.audio import SAMPLE_RATE, open_audio
from callkit.config import InspectSettings
from callkit.model import Loudness, SafeTurn, SafeWord
from callkit.stages.acoustics import Acoustics, loudness
from callkit.stages.inspect import inspect
from tests.audio_files import noise, sound_file


def turn(index: int, speaker: str, channel: int | None, *words: tuple[float, float]) -> SafeTurn:
    said = tuple(SafeWord(start, end, "x", channel or 0) for start, end in words)
    start, end = (words[0][0], words[-1][1]) if words else (0.0, 0.0)
    return SafeTurn(index, speaker, "agent", channel, start, end, said)


def steps(*levels_dbfs: float) -> np.ndarray:
    """Two seconds of noise at each level, silence at every odd second."""
    sound = np.concatenate([noise(2, level, seed=index) for index, level in enumerate(levels_dbfs)])
    odd = (np.arange(len(sound)) // SAMPLE_RATE) % 2 == 1
    return np.where(odd, 0, sound).astype(np.float32)


def measured(sound: np.ndarray, turns: list[SafeTurn]) -> tuple[Loudness, ...]:
    audio = open_audio(sound_file(sound, SAMPLE_RATE, "WAV", "PCM_16"))
    return loudness(audio, turns, inspect(audio, InspectSettings()))


def test_levels_are_those_of_the_words_and_relative_to_the_speakers_own() -> None:
    sound = np.stack((steps(-30, -20, -30, -24), steps(-40, -40, -28, -40)), axis=1)
    turns = [
        turn(0, "S0", 0, (0, 1)),
        turn(1, "S0", 0, (2, 2.5), (2.5, 3)),
        turn(2, "S1", 1, (4, 5)),
        turn(3, "S0", 0, (4, 4.4), (4.6, 5)),
        turn(4, "S0", 0, (6, 7)),
    ]
    found = measured(sound, turns)
    assert [one.turn for one in found] == [0, 1, 2, 3, 4]
    assert [one.dbfs for one in found] == pytest.approx([-30, -20, -28, -30, -24], abs=0.2)
    assert [one.relative_db for one in found] == pytest.approx([-3, 7, 0, -3, 3], abs=0.3)


def test_pauses_within_a_turn_do_not_count() -> None:
    found = measured(steps(-25, -25, -25), [turn(0, "S0", None, (0, 1), (2, 3), (4, 5))])
    assert found[0].dbfs == pytest.approx(-25, abs=0.2)


def test_a_turn_without_words_and_a_word_without_length() -> None:
    found = measured(
        steps(-25, -25), [turn(0, "S0", None), turn(1, "S0", None, (0.5, 0.5)), turn(2, "S1", None, (0, 1))]
    )
    assert [one.dbfs for one in found[:2]] == [-120, -120]


def test_the_stage_gives_what_it_says() -> None:
    audio = open_audio(sound_file(steps(-25, -25), SAMPLE_RATE, "WAV", "PCM_16"))
    given = {"audio": audio, "inspection": inspect(audio, InspectSettings()), "turns": ()}
    assert Acoustics().run(given) == {"loudness": ()}
