"""Spans of talk without the pauses in them."""

import numpy as np
import pytest

from callkit.model import SpeakerSpan
from callkit.stages.sound import sounding, without_pauses
from tests.test_speakers import TwoChannels

RATE = 16_000


def line(*parts: tuple[float, float]) -> TwoChannels:
    """(seconds, level) of noise, one after another, on both channels."""
    random = np.random.default_rng(0)
    one = np.concatenate([level * random.standard_normal(round(length * RATE)) for length, level in parts])
    return TwoChannels(np.stack((one, one)))


def test_a_span_ends_where_the_sound_does() -> None:
    sound = sounding(line((1, 0.001), (2, 0.1), (0.2, 0.001), (1, 0.1), (1, 0.001), (0.5, 0.1), (1, 0.001)), 0)
    found = without_pauses([SpeakerSpan("S0", 0.5, 6.0), SpeakerSpan("S1", 6.0, 6.5)], sound)
    assert [(span.start, span.end) for span in found] == [
        (pytest.approx(1.0, abs=0.03), pytest.approx(4.2, abs=0.03)),
        (pytest.approx(5.2, abs=0.03), pytest.approx(5.7, abs=0.03)),
    ]


def test_digital_silence_and_a_dead_channel() -> None:
    assert not sounding(line((3, 0.0)), 0).any()
    sound = sounding(line((1, 0.0), (2, 0.1), (1, 0.0)), None)
    assert without_pauses([SpeakerSpan("S0", 0.0, 4.0)], sound)[0].start == pytest.approx(1.0, abs=0.03)
    assert without_pauses([SpeakerSpan("S0", 3.2, 3.9)], sound) == []


def test_a_span_is_never_widened() -> None:
    sound = np.ones(500, dtype=bool)
    assert without_pauses([SpeakerSpan("S0", 1.003, 2.507)], sound) == [SpeakerSpan("S0", 1.003, 2.507)]
