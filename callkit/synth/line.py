"""A telephone line: band, bleed, lost packets, noise, level."""

from __future__ import annotations

import numpy as np
import soxr
from numpy.typing import NDArray
from scipy.signal import butter, sosfilt

from callkit.synth.script import Line

RATE = 16_000
PHONE_RATE = 8_000
#: The telephone's band in Hz (ITU-T G.712).
_BAND = (300, 3400)
_PACKET_S = 0.02


def through_line(tracks: NDArray[np.float32], line: Line, rng: np.random.Generator) -> tuple[NDArray[np.float32], int]:
    """Tracks (channels, n) at 16 kHz as they come out of the line, and their rate: 8 kHz in the telephone band."""
    if line.bleed_db is not None and len(tracks) == 2:
        tracks = tracks + np.float32(10 ** (line.bleed_db / 20)) * tracks[::-1]
    rate = RATE
    if line.telephone_band:
        tracks = np.stack([soxr.resample(track, RATE, PHONE_RATE) for track in tracks])
        band = butter(4, _BAND, "bandpass", fs=PHONE_RATE, output="sos")
        tracks = sosfilt(band, tracks, axis=-1).astype(np.float32)
        rate = PHONE_RATE
    if line.packet_loss:
        tracks = np.stack([_lose_packets(track, line.packet_loss, round(_PACKET_S * rate), rng) for track in tracks])
    heard = tracks * 10 ** (line.gain_db / 20)
    if line.noise_dbfs is not None:
        heard = heard + rng.normal(0, 10 ** (line.noise_dbfs / 20), tracks.shape)
    return np.clip(heard, -0.999, 0.999).astype(np.float32), rate


def _lose_packets(
    track: NDArray[np.float32], share: float, packet: int, rng: np.random.Generator
) -> NDArray[np.float32]:
    """Each packet is lost with this chance; the one before is played once more at half level, as receivers do."""
    track = track.copy()
    for number in np.flatnonzero(rng.random(len(track) // packet) < share):
        at = number * packet
        before = track[at - packet : at] if at else np.zeros(packet, np.float32)
        track[at : at + packet] = before * np.float32(0.5)
    return track
