"""Hold music: a slow arpeggio over four chords with a soft pad, as on any help line."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

RATE = 16_000
#: I, vi, IV, V in C major, as MIDI notes.
_CHORDS = ((60, 64, 67), (57, 60, 64), (53, 57, 60), (55, 59, 62))
_BEAT_S = 0.42
_LEVEL = 0.12


def hold_music(duration_s: float, rng: np.random.Generator) -> NDArray[np.float32]:
    """Music of this length at 16 kHz, faded in and out; the order of the notes comes from `rng`."""
    total = round(duration_s * RATE)
    mix = np.zeros(total + RATE)
    beats = int(duration_s / _BEAT_S) + 1
    for beat in range(beats):
        chord = _CHORDS[beat // 8 % len(_CHORDS)]
        at = round(beat * _BEAT_S * RATE)
        _add(mix, at, _note(chord[int(rng.integers(3))] + 12, 0.9, decay_s=0.35))
        if beat % 8 == 0:
            for pitch in (*chord, chord[0] - 12):
                _add(mix, at, 0.5 * _note(pitch, 8 * _BEAT_S, decay_s=2.5, attack_s=0.25))
    mix = mix[:total]
    fade = np.minimum(1, np.minimum(np.arange(total), np.arange(total)[::-1]) / (0.3 * RATE))
    music: NDArray[np.float32] = (mix / np.abs(mix).max() * _LEVEL * fade).astype(np.float32)
    return music


def _note(midi: int, duration_s: float, *, decay_s: float, attack_s: float = 0.01) -> NDArray[np.float64]:
    """A plucked or bowed tone: five falling harmonics under an exponential decay."""
    time = np.arange(round(duration_s * RATE)) / RATE
    pitch = 440.0 * 2 ** ((midi - 69) / 12)
    tone = sum(np.sin(2 * np.pi * pitch * k * time) / k**1.6 for k in range(1, 6))
    return np.asarray(tone * np.exp(-time / decay_s) * np.minimum(1, time / attack_s))


def _add(mix: NDArray[np.float64], at: int, sound: NDArray[np.float64]) -> None:
    room = max(0, min(len(sound), len(mix) - at))
    mix[at : at + room] += sound[:room]
