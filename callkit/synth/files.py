"""Writing a recording in the formats that telephone systems write. The same samples give the same bytes."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import numpy as np
import soundfile
from numpy.typing import NDArray

from callkit.synth.script import SUFFIX, Line

_SOUNDFILE = {
    "pcm16": ("WAV", "PCM_16"),
    "mulaw": ("WAV", "ULAW"),
    "alaw": ("WAV", "ALAW"),
    "gsm": ("WAV", "GSM610"),
    "flac": ("FLAC", "PCM_16"),
}
_AV = {"mp3": ("mp3", "libmp3lame"), "opus": ("ogg", "libopus")}


def write_recording(folder: Path, stem: str, tracks: NDArray[np.float32], rate: int, line: Line) -> Path:
    """Write tracks (channels, n) as `stem` plus the codec's suffix; returns the file's path."""
    path = folder / (stem + SUFFIX[line.codec])
    if line.codec in _SOUNDFILE:
        container, subtype = _SOUNDFILE[line.codec]
        soundfile.write(path, tracks.T, rate, format=container, subtype=subtype)
    else:
        _write_av(path, tracks, rate, line)
    return path


def _write_av(path: Path, tracks: NDArray[np.float32], rate: int, line: Line) -> None:
    import av

    container_name, codec = _AV[line.codec]
    # bitexact: no random serial number and no encoder's date, so that the file can be made again byte for byte.
    with av.open(path, "w", format=container_name, options={"fflags": "+bitexact"}) as container:
        layout = "stereo" if len(tracks) == 2 else "mono"
        stream = cast(av.AudioStream, container.add_stream(codec, rate=rate, layout=layout))
        stream.bit_rate = line.bitrate_kbps * 1000
        step = rate // 2
        for at in range(0, tracks.shape[1], step):
            part = np.ascontiguousarray(tracks[:, at : at + step])
            frame = av.AudioFrame.from_ndarray(part, format="fltp", layout=layout)
            frame.sample_rate = rate
            frame.pts = at
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
