"""Levels, and where there is sound and where there is none."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]

#: One frame of a level curve: 10 ms.
FRAME_S = 0.01
#: The level given to digital silence.
FLOOR_DBFS = -120.0


def dbfs(power: NDArray[np.floating] | np.floating | float) -> Array:
    """Mean squares to dB below full scale (a full-scale square wave is 0), -120 at the least."""
    return np.asarray(10 * np.log10(np.maximum(power, 10 ** (FLOOR_DBFS / 10))), np.float32)


def frame_power(samples: Array, frame: int) -> Array:
    """Mean square (channels, n // frame) of whole frames of samples (channels, n), each frame's mean taken off first."""
    channels, length = samples.shape
    frames = samples[:, : length - length % frame].reshape(channels, -1, frame)
    mean = frames.mean(axis=2)
    return np.asarray(np.einsum("cfs,cfs->cf", frames, frames) / frame - mean * mean, np.float32).clip(0)


def smooth(values: Array, frames: int) -> Array:
    """Running mean over `frames` frames along the last axis, same length."""
    if values.shape[-1] == 0 or frames <= 1:
        return values
    width = [(0, 0)] * (values.ndim - 1) + [(frames // 2 + 1, frames - frames // 2 - 1)]
    total = np.cumsum(np.pad(values.astype(np.float64), width, mode="edge"), axis=-1)
    return np.asarray((total[..., frames:] - total[..., :-frames]) / frames, np.float32)


def runs(mask: NDArray[np.bool_], *, min_frames: int = 1, bridge_frames: int = 0) -> list[tuple[int, int]]:
    """Half-open runs of True, gaps of at most `bridge_frames` closed, then those of at least `min_frames`."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], mask, [False])).astype(np.int8)))
    found: list[tuple[int, int]] = []
    for start, end in edges.reshape(-1, 2).tolist():
        if found and start - found[-1][1] <= bridge_frames:
            found[-1] = (found[-1][0], end)
        else:
            found.append((start, end))
    return [(start, end) for start, end in found if end - start >= min_frames]
