"""Where samples come from: a file read where it lies, or one decoded once into 16-bit samples in memory.

PCM WAV up to 16 kHz, what most recorders write, can be read at any place exactly, so nothing of it is kept in memory.
Anything else is decoded once and kept as int16 at 16 kHz or its own lower rate: two hours of stereo are
460 MB at 16 kHz and 230 MB at 8 kHz.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

import av
import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from callkit.audio.recording import SAMPLE_RATE, Samples
from callkit.errors import AudioError

#: libsndfile seeks in these to the exact sample, at no cost; others carry a decoder's state along.
SEEKABLE = {
    "PCM_S8": "pcm_s8",
    "PCM_U8": "pcm_u8",
    "PCM_16": "pcm_s16",
    "PCM_24": "pcm_s24",
    "PCM_32": "pcm_s32",
    "FLOAT": "pcm_f32",
    "DOUBLE": "pcm_f64",
    "ULAW": "pcm_mulaw",
    "ALAW": "pcm_alaw",
}
#: Demuxers that FFmpeg may use: audio containers only. Playlists and the like would open other files.
DEMUXERS = "mp3,ogg,mov,matroska,aac,flac,wav,w64,aiff,au,caf,amr,amrnb,amrwb,asf,gsm,nistsphere"
#: Containers whose header says how long they are (in others FFmpeg estimates it from the file's size), and what a
#: codec's own delay may take off.
ANNOUNCED = frozenset({"flac", "aiff", "au", "nistsphere", "matroska,webm", "mov,mp4,m4a,3gp,3g2,mj2"})
ANNOUNCED_TOLERANCE_S = 0.3
SCAN_S = 30


class FileSource:
    """A PCM file, read at any place. Owns `file`."""

    def __init__(self, file: BinaryIO, sound: soundfile.SoundFile) -> None:
        self.rate = int(sound.samplerate)
        self.channels = int(sound.channels)
        self.frames = int(sound.frames)
        self._file = file
        self._sound = sound

    def read(self, start: int, stop: int) -> Samples:
        try:
            self._sound.seek(start)
            samples: Samples = self._sound.read(stop - start, dtype="float32", always_2d=True)
        except (OSError, soundfile.SoundFileError):
            raise damaged(start / self.rate) from None
        if len(samples) < stop - start:
            raise cut_off()
        return samples

    def close(self) -> None:
        self._sound.close()
        self._file.close()


class MemorySource:
    """Decoded samples, kept as interleaved 16-bit integers."""

    def __init__(self, samples: bytearray, *, rate: int, channels: int) -> None:
        self.rate = rate
        self.channels = channels
        self._samples: NDArray[np.int16] = np.frombuffer(samples, np.int16).reshape(-1, channels)
        self.frames = len(self._samples)

    def read(self, start: int, stop: int) -> Samples:
        return self._samples[start:stop].astype(np.float32) / np.float32(32768)

    def close(self) -> None:
        self._samples = self._samples[:0]


class Collector:
    """Takes decoded blocks, lowers the rate to 16 kHz where it is above, and keeps 16 bits of each sample."""

    def __init__(self, *, rate: int, channels: int) -> None:
        self.rate = min(rate, SAMPLE_RATE)
        self.channels = channels
        # Growing a bytearray moves pages, not samples: the peak is the result, not twice that.
        self._kept = bytearray()
        self._resampler = soxr.ResampleStream(rate, SAMPLE_RATE, channels) if rate > SAMPLE_RATE else None

    def add(self, block: Samples, *, last: bool = False) -> None:
        """Append (n, channels)."""
        if self._resampler:
            block = self._resampler.resample_chunk(np.ascontiguousarray(block), last=last)
        self._kept += np.clip(np.rint(block * 32768.0), -32768, 32767).astype(np.int16).tobytes()

    def source(self) -> MemorySource:
        """What was collected. Call once, at the end."""
        self.add(np.zeros((0, self.channels), np.float32), last=True)
        return MemorySource(self._kept, rate=self.rate, channels=self.channels)


def sound_blocks(sound: soundfile.SoundFile) -> Iterator[Samples]:
    """All of a newly opened sound file, (n, channels), half a minute at a time. Raises `AudioError`."""
    done = 0
    while done < sound.frames:
        try:
            block = sound.read(SCAN_S * sound.samplerate, dtype="float32", always_2d=True)
        except (OSError, soundfile.SoundFileError):
            raise damaged(done / sound.samplerate) from None
        if len(block) == 0:
            raise cut_off()
        check_finite(block, done / sound.samplerate)
        done += len(block)
        yield block


def decoded_blocks(container: av.container.InputContainer, stream: av.AudioStream) -> Iterator[Samples]:
    """All of a stream that FFmpeg decodes, (n, channels) a frame.

    Raises `AudioError`: audio-truncated where the end is bad or missing, audio-unreadable where something before it is.
    """
    resampler: av.AudioResampler | None = None
    done_s, reached_s, bad_at = 0.0, 0.0, -1.0
    for packet in _packets(container, stream):
        try:
            frames = packet.decode()
        except (av.FFmpegError, ValueError):
            bad_at = done_s
            continue
        for frame in frames:
            if bad_at >= 0:
                raise damaged(bad_at)
            resampler = resampler or av.AudioResampler(format="flt", layout=frame.layout, rate=frame.sample_rate)
            for block in _plain(resampler, frame, done_s):
                done_s += len(block) / frame.sample_rate
                yield block
            reached_s = max(reached_s, (frame.time or 0.0) + frame.samples / frame.sample_rate)
    announced_s = _announced_s(container, stream) - ANNOUNCED_TOLERANCE_S
    if done_s < announced_s <= reached_s:
        raise damaged(done_s)
    if bad_at >= 0 or done_s < announced_s:
        raise cut_off()


def _packets(container: av.container.InputContainer, stream: av.AudioStream) -> Iterator[av.Packet[av.AudioStream]]:
    """The stream's packets up to the end, or to where the container itself cannot be read on."""
    try:
        yield from container.demux(stream)
    except (av.FFmpegError, OSError, ValueError):
        raise damaged_container() from None


def _announced_s(container: av.container.InputContainer, stream: av.AudioStream) -> float:
    """The length that the header gives, 0 where it gives none."""
    if container.format.name not in ANNOUNCED:
        return 0.0
    if stream.duration and stream.time_base:
        return float(stream.duration * stream.time_base)
    return (container.duration or 0) / av.time_base


def _plain(resampler: av.AudioResampler, frame: av.AudioFrame, at_s: float) -> Iterator[Samples]:
    """A frame's samples (n, channels) as floats."""
    try:
        for plain in resampler.resample(frame):
            block = np.asarray(plain.to_ndarray(), np.float32).reshape(-1, plain.layout.nb_channels)
            check_finite(block, at_s)
            yield block
    except (av.FFmpegError, ValueError):  # the number of channels or the rate changes on the way
        raise damaged(at_s) from None


def check_finite(block: Samples, at_s: float) -> None:
    if not np.isfinite(block).all():
        raise AudioError(
            "audio-not-finite",
            f"the recording holds samples that are not numbers (in the half minute from second {at_s:.0f})",
            "export it again from the system that made it, as 16-bit PCM if it can",
        )


def damaged(at_s: float) -> AudioError:
    return AudioError(
        "audio-unreadable",
        f"the recording is damaged: it cannot be decoded past second {at_s:.1f}",
        "fetch it again from where it was recorded",
    )


def damaged_container() -> AudioError:
    return AudioError(
        "audio-unreadable",
        "the recording is damaged: its container cannot be read to the end",
        "fetch it again from where it was recorded",
    )


def cut_off() -> AudioError:
    return AudioError(
        "audio-truncated",
        "the recording ends before its header says it should",
        "fetch it again from where it was recorded: the copy was cut off",
    )
