"""pyannote/segmentation-3.0 as a plain torch network: who of up to three local speakers talks when in ten seconds.

The published checkpoint, read as data; the same figures come out as of `pyannote.audio.Model`. Importing pyannote.audio for
it would cost 290 MB and several seconds (lightning, torchmetrics, matplotlib and optuna come along).

Source: Bredin 2023 (powerset segmentation), Ravanelli & Bengio 2018, arXiv 1808.00158 (SincNet), Pariente et al. 2020,
arXiv 1910.10400 (its filters in pairs of cosine and sine).
"""

from __future__ import annotations

from itertools import combinations
from math import pi
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

SAMPLE_RATE = 16_000
#: Local speakers that a window tells apart, and how many of them may talk at once.
SPEAKERS, AT_ONCE = 3, 2
#: Samples between two frames: the filters' stride and three poolings by three.
FRAME = 10 * 3 * 3 * 3
_STRIDE = 10
_TAPS = 251
_LEAST_HZ = 50.0


class Segmentation:
    """The network with its weights. Calling it gives the activity of each local speaker."""

    frame_s = FRAME / SAMPLE_RATE

    def __init__(self, checkpoint: Path) -> None:
        import torch
        from torch import nn

        weights = _weights(checkpoint)
        self._weights = {name: value for name, value in weights.items() if name.startswith("sincnet")}
        self._filters = sinc_filters(
            weights["sincnet.conv1d.0.filterbank.low_hz_"], weights["sincnet.conv1d.0.filterbank.band_hz_"]
        )
        self._lstm = nn.LSTM(60, 128, num_layers=4, bidirectional=True, batch_first=True)
        self._lstm.load_state_dict({name[5:]: value for name, value in weights.items() if name.startswith("lstm.")})
        self._lstm.eval()
        self._linear = [
            (weights[f"{name}.weight"], weights[f"{name}.bias"]) for name in ("linear.0", "linear.1", "classifier")
        ]
        self._members = torch.tensor(members(SPEAKERS, AT_ONCE))

    def __call__(self, windows: NDArray[np.float32]) -> NDArray[np.float32]:
        """(windows, samples) at 16 kHz to (windows, frames, `SPEAKERS`) probabilities of talking."""
        import torch

        with torch.inference_mode():
            sets = self._sets(torch.from_numpy(windows))
            activity: NDArray[np.float32] = (torch.softmax(sets, dim=-1) @ self._members).numpy()
        return activity

    def _sets(self, waves: Any) -> Any:
        """(windows, samples) to (windows, frames, sets of speakers), before the softmax."""
        from torch.nn import functional

        found = self._normed(waves[:, None], "sincnet.wav_norm1d")
        for layer in range(3):
            if layer:
                name = f"sincnet.conv1d.{layer}"
                found = functional.conv1d(found, self._weights[f"{name}.weight"], self._weights[f"{name}.bias"])
            else:
                found = functional.conv1d(found, self._filters, stride=_STRIDE).abs_()
            found = self._normed(functional.max_pool1d(found, 3), f"sincnet.norm1d.{layer}")
            found = functional.leaky_relu_(found)
        found, _ = self._lstm(found.transpose(1, 2))
        for place, (weight, bias) in enumerate(self._linear):
            found = functional.linear(found, weight, bias)
            if place < len(self._linear) - 1:
                found = functional.leaky_relu_(found)
        return found

    def _normed(self, signal: Any, name: str) -> Any:
        from torch.nn import functional

        weight, bias = self._weights[f"{name}.weight"], self._weights[f"{name}.bias"]
        return functional.instance_norm(signal, weight=weight, bias=bias)


def sinc_filters(low: Any, band: Any) -> Any:
    """(2 n, 1, taps) band-pass filters, cosines then sines, from the parameters (n, 1) of their edges in Hz."""
    import torch

    low = _LEAST_HZ + low.abs()
    high = torch.clamp(low + _LEAST_HZ + band.abs(), _LEAST_HZ, SAMPLE_RATE / 2)
    width = 2 * (high - low)
    half = _TAPS // 2
    window = torch.from_numpy(np.hamming(_TAPS)[:half]).float()
    time = 2 * pi * torch.arange(-half, 0.0)[None] / SAMPLE_RATE
    left = (torch.sin(high * time) - torch.sin(low * time)) / (time / 2) * window
    cosines = torch.cat((left, width, left.flip(1)), dim=1) / width
    left = (torch.cos(low * time) - torch.cos(high * time)) / (time / 2) * window
    sines = torch.cat((left, torch.zeros_like(low), -left.flip(1)), dim=1) / width
    return torch.cat((cosines, sines))[:, None]


def members(speakers: int, at_once: int) -> NDArray[np.float32]:
    """(sets, speakers): which local speakers are in each of the sets the model scores, in its order."""
    sets = [chosen for size in range(at_once + 1) for chosen in combinations(range(speakers), size)]
    return np.array([[float(who in chosen) for who in range(speakers)] for chosen in sets], np.float32)


def _weights(checkpoint: Path) -> Mapping[str, Any]:
    """The checkpoint's tensors. What else it holds are pyannote.audio's objects: stood in for, not imported."""
    import torch

    kept = [(_Unread, f"pyannote.audio.core.task.{name}") for name in ("Specifications", "Problem", "Resolution")]
    with torch.serialization.safe_globals([*kept, torch.torch_version.TorchVersion]):
        loaded = torch.load(str(checkpoint), map_location="cpu", weights_only=True)
    found: Mapping[str, Any] = loaded["state_dict"]
    return found


class _Unread:
    """Stands where the checkpoint describes how it was trained."""

    def __init__(self, *arguments: object) -> None: ...

    def __setstate__(self, state: object) -> None: ...
