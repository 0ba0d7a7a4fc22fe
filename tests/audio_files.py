"""Recordings for the tests: signals like speech, and files of every format made from them."""

from __future__ import annotations

import io

import av
import numpy as np
import soundfile
from numpy.typing import NDArray

Samples = NDArray[np.float32]


def speechlike(duration_s: float, *, rate: int = 16_000, seed: int = 0, level_dbfs: float = -20.0) -> Samples:
    """Noise shaped like talk: syllables four a second, pauses between phrases; half of full scale at the most."""
    generator = np.random.default_rng(seed)
    length = round(duration_s * rate)
    noise = generator.standard_normal(length + 8)
    voice = np.convolve(noise, [1, 1.6, 1.2, 0.4, -0.2, -0.4, -0.2, 0.1, 0.05], mode="valid")
    time = np.arange(length) / rate
    syllables = np.clip(np.sin(2 * np.pi * 4 * time + generator.uniform(0, 6)), 0, 1) ** 0.5
    phrases = (np.floor(time / 1.3 + generator.uniform(0, 1)) % 3 != 0).astype(float)
    out = voice[:length] * syllables * phrases
    loud = np.sqrt(np.mean(out[out != 0] ** 2)) if np.any(out) else 1.0
    return np.clip(out / loud * 10 ** (level_dbfs / 20), -0.99, 0.99).astype(np.float32)


def sound_file(samples: Samples, rate: int, kind: str, subtype: str | None = None) -> bytes:
    """A file as libsndfile writes it. `samples` (n,) or (n, channels)."""
    file = io.BytesIO()
    soundfile.write(file, samples, rate, format=kind, subtype=subtype)
    return file.getvalue()


def encoded(samples: Samples, rate: int, *, codec: str, container: str) -> bytes:
    """A file as FFmpeg writes it. `samples` (n, channels)."""
    file = io.BytesIO()
    layout = {1: "mono", 2: "stereo"}[samples.shape[1]]
    with av.open(file, "w", format=container) as output:
        stream = output.add_stream(codec, rate=rate, layout=layout)
        stream.codec_context.open()
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples.reshape(1, -1)), format="flt", layout=layout)
        frame.sample_rate = rate
        resampler = av.AudioResampler(
            format=stream.codec_context.format, layout=layout, rate=rate, frame_size=stream.codec_context.frame_size
        )
        for part in [*resampler.resample(frame), *resampler.resample(None)]:
            output.mux(stream.encode(part))
        output.mux(stream.encode(None))
    return file.getvalue()


def music(duration_s: float, *, rate: int = 16_000, seed: int = 0, level_dbfs: float = -22.0) -> Samples:
    """Hold music: chords of notes with harmonics, a new one every second, plucked and ringing on."""
    generator = np.random.default_rng(seed)
    length = round(duration_s * rate)
    out = np.zeros(length + 3 * rate)
    time = np.arange(3 * rate) / rate
    for beat in range(int(duration_s) + 1):
        for note in generator.choice([0, 4, 7, 12, 16], 3, replace=False):
            pitch = 261.63 * 2 ** ((note + [0, 5, 7, 0][beat % 4]) / 12)
            tone = sum(np.sin(2 * np.pi * pitch * k * time) / k for k in range(1, 6))
            out[beat * rate :][: len(time)] += tone * np.exp(-time) * (1 - np.exp(-time * 200))
    out = out[:length]
    return (out / np.sqrt(np.mean(out**2)) * 10 ** (level_dbfs / 20)).astype(np.float32)


def tone(pattern: list[tuple[float, float]], *hertz: float, rate: int = 16_000, amplitude: float = 0.1) -> Samples:
    """Bursts of a sum of tones: (seconds on, seconds off) each."""
    parts = []
    for on, off in pattern:
        time = np.arange(round(on * rate)) / rate
        parts += [amplitude * sum(np.sin(2 * np.pi * pitch * time) for pitch in hertz), np.zeros(round(off * rate))]
    return np.concatenate(parts).astype(np.float32)


def noise(duration_s: float, level_dbfs: float, *, rate: int = 16_000, seed: int = 9) -> Samples:
    """White noise."""
    generator = np.random.default_rng(seed)
    return (generator.standard_normal(round(duration_s * rate)) * 10 ** (level_dbfs / 20)).astype(np.float32)
