"""Recordings as 16 kHz samples, whatever their format: read in blocks, never two hours of float32 in memory."""

from callkit.audio.flac import FlacWriter, samples_sha256, to_int16
from callkit.audio.opening import open_audio
from callkit.audio.recording import SAMPLE_RATE, Recording

__all__ = ["SAMPLE_RATE", "FlacWriter", "Recording", "open_audio", "samples_sha256", "to_int16"]
