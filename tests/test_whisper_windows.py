"""Packing speech into windows and mapping times back."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from callkit.engines.faster_whisper import unheard
from callkit.engines.whisper_windows import SAMPLE_RATE, WINDOW_S, Piece, pack
from callkit.engines.word_times import LEAD_START_S, levels, loud_frames, replaced, settle
from callkit.model import Word


def piece(start: float, length: float, channel: int = 0) -> Piece:
    return Piece(channel, start, np.ones(round(length * SAMPLE_RATE), np.float32))


@given(st.lists(st.tuples(st.floats(0.1, 29.0), st.floats(0.0, 20.0)), max_size=30))
def test_packing_loses_nothing_and_overfills_no_window(stretches: list[tuple[float, float]]) -> None:
    pieces, start = [], 0.0
    for length, gap in stretches:
        start += gap
        pieces.append(piece(start, length))
        start += length
    windows = list(pack(pieces))
    assert [found for window in windows for found in window.pieces] == pieces
    assert all(window.duration <= WINDOW_S + 1e-6 for window in windows)


def test_every_moment_of_a_window_maps_to_where_it_was_said() -> None:
    (window,) = pack([piece(10.0, 2.0), piece(50.0, 3.0)])
    assert window.to_recording(0.5, 1.0) == pytest.approx((10.5, 11.0))
    second = window.offsets[1]
    assert window.to_recording(second + 1.0, second + 1.5) == pytest.approx((51.0, 51.5))


def test_a_word_stays_in_the_piece_that_holds_its_middle() -> None:
    (window,) = pack([piece(10.0, 2.0), piece(50.0, 3.0)])
    assert window.to_recording(1.5, 2.2) == pytest.approx((11.5, 12.0))


def test_a_number_said_with_a_pause_reaches_over_the_pause() -> None:
    (window,) = pack([piece(10.0, 2.0), piece(50.0, 3.0)])
    start, end = window.to_recording(1.0, 3.1, across=True)
    assert start == pytest.approx(11.0)
    assert end == pytest.approx(51.0, abs=0.01)


def test_channels_never_share_a_window() -> None:
    windows = list(pack([piece(0.0, 1.0, 0), piece(2.0, 1.0, 0), piece(0.0, 1.0, 1)]))
    assert [[found.channel for found in window.pieces] for window in windows] == [[0, 0], [1]]


def test_the_samples_of_a_window_lie_at_their_offsets() -> None:
    (window,) = pack([piece(0.0, 1.0), piece(5.0, 1.0)])
    samples = window.samples()
    gap = samples[SAMPLE_RATE : round(window.offsets[1] * SAMPLE_RATE)]
    assert samples[:SAMPLE_RATE].all()
    assert not gap.any()


def test_a_word_settles_on_the_sound() -> None:
    samples = np.zeros(3 * SAMPLE_RATE, np.float32)
    samples[SAMPLE_RATE : 2 * SAMPLE_RATE] = np.sin(np.arange(SAMPLE_RATE) * 0.3)
    loud = loud_frames(samples)
    assert settle(0.6, 2.4, loud) == pytest.approx((1.0, 2.0), abs=0.03)
    # A start inside the sound is only moved by the lead of Whisper's attention.
    assert settle(1.2, 1.5, loud)[0] == pytest.approx(1.2 + LEAD_START_S)


def test_a_word_on_silence_keeps_its_times() -> None:
    start, end = settle(0.5, 0.9, loud_frames(np.zeros(SAMPLE_RATE, np.float32)))
    assert 0.5 < start < end < 1.0


def test_pieces_without_a_word_are_heard_again() -> None:
    windows = list(pack([piece(0.0, 2.0), piece(5.0, 2.0), piece(9.0, 0.4)]))
    assert [found.start for found in unheard(windows, [Word(0.5, 0.9, "yes")])] == [5.0]
    assert [found.start for found in unheard(windows, [Word(0.5, 0.9, "yes", channel=1)])] == [0.0, 5.0]


def test_a_word_taken_for_a_click_moves_to_the_speech_beside_it() -> None:
    stretches = [(0.0, 0.6), (0.7, 1.6), (1.7, 4.0)]
    times = [(0.1, 0.5), (1.8, 2.2), (2.3, 3.0)]
    assert replaced(times, stretches, [-43.0, -14.0, -15.0]) == [(0.7, 1.6), *times[1:]]
    assert replaced(times, stretches, [-20.0, -14.0, -15.0]) == times
    both = [(0.1, 0.2), (0.3, 0.5), *times[1:]]
    assert replaced(both, stretches, [-43.0, -14.0, -15.0])[:2] == [
        (0.7, pytest.approx(1.15)),
        (pytest.approx(1.15), 1.6),
    ]


def test_how_loud_stretches_are() -> None:
    samples = np.concatenate((np.full(SAMPLE_RATE, 0.1), np.full(SAMPLE_RATE, 0.001))).astype(np.float32)
    assert levels([(0.0, 1.0), (1.0, 2.0), (2.0, 2.0)], samples) == [
        pytest.approx(-20, abs=0.1),
        pytest.approx(-60, abs=0.1),
        pytest.approx(-100, abs=0.1),
    ]
