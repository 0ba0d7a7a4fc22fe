"""Open a recording of any format, or say clearly why it is not one."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import BinaryIO

import av
import soundfile

from callkit.audio import containers
from callkit.audio.recording import SAMPLE_RATE, Recording
from callkit.audio.sources import (
    DEMUXERS,
    SEEKABLE,
    Collector,
    FileSource,
    cut_off,
    decoded_blocks,
    sound_blocks,
)
from callkit.errors import AudioError

#: Rates outside this are a damaged header, not a recording.
RATES = range(4_000, 384_001)
SNDFILE = frozenset({"wav", "flac", "aiff", "au", "caf", "nist", "w64"})


def open_audio(
    source: str | os.PathLike[str] | bytes | BinaryIO, *, min_duration_s: float = 0.5, max_channels: int = 2
) -> Recording:
    """A recording from a path, its bytes or a binary stream, checked from start to end; nothing is written to disk.

    WAV (PCM, float, mu-law, A-law, GSM, ADPCM), FLAC, MP3, Ogg (Opus, Vorbis), M4A and what else libsndfile and FFmpeg
    decode, at any rate. Raises `AudioError` with code audio-empty, audio-unreadable, audio-truncated, audio-too-short,
    audio-too-many-channels, audio-not-finite, path-missing or path-denied; no message names the file.
    """
    file = _open_file(source)
    try:
        recording = _open_recording(file, max_channels)
        if recording.duration_s < min_duration_s:
            raise AudioError(
                "audio-too-short",
                f"the recording lasts {recording.duration_s:.2f} s, less than {min_duration_s:g} s",
                "leave it out, or lower [audio] min_duration_s",
            )
    except BaseException:
        file.close()
        raise
    return recording


def _open_file(source: str | os.PathLike[str] | bytes | BinaryIO) -> BinaryIO:
    if isinstance(source, bytes):
        return io.BytesIO(source)
    if not isinstance(source, (str, os.PathLike)):
        return io.BytesIO(source.read())
    try:
        return Path(source).open("rb")
    except PermissionError:
        raise AudioError(
            "path-denied", "the recording may not be read", "give yourself permission to read it"
        ) from None
    except (OSError, ValueError):
        raise AudioError("path-missing", "there is no recording at that path", "check the path") from None


def _open_recording(file: BinaryIO, max_channels: int) -> Recording:
    head = file.read(12)
    if not head:
        raise AudioError("audio-empty", "the recording has no bytes", "fetch it again from where it was recorded")
    kind = containers.family(head)
    if containers.is_cut_off(file, kind):
        raise cut_off()
    file.seek(0)
    sound = _sound(file) if kind == "wav" else None
    if sound is not None:
        return _from_sound(file, sound, max_channels)
    file.seek(0)
    return _from_ffmpeg(file, max_channels)


def _sound(file: BinaryIO) -> soundfile.SoundFile | None:
    """The file as libsndfile sees it, or None where it does not know the format."""
    try:
        return soundfile.SoundFile(file)
    except (OSError, soundfile.SoundFileError):
        return None


def _from_sound(file: BinaryIO, sound: soundfile.SoundFile, max_channels: int) -> Recording:
    rate, channels, codec = int(sound.samplerate), int(sound.channels), SEEKABLE.get(sound.subtype)
    _check_shape(channels, rate, max_channels)
    if sound.frames <= 0:
        raise _no_samples()
    if codec and rate <= SAMPLE_RATE:
        if codec in ("pcm_f32", "pcm_f64"):  # integers are always numbers
            for _ in sound_blocks(sound):
                pass
        return Recording(FileSource(file, sound), source_rate=rate, codec=codec)
    collector = Collector(rate=rate, channels=channels)
    for block in sound_blocks(sound):
        collector.add(block)
    sound.close()
    file.close()
    return Recording(collector.source(), source_rate=rate, codec=codec or sound.subtype.lower())


def _from_ffmpeg(file: BinaryIO, max_channels: int) -> Recording:
    try:
        container = av.open(file, "r", container_options={"format_whitelist": DEMUXERS})
    except (av.FFmpegError, OSError, ValueError):
        raise _unreadable() from None
    with container:
        if not container.streams.audio:
            raise _unreadable()
        stream = container.streams.audio[0]
        if stream.codec_context is None:  # FFmpeg knows the codec's name and has no decoder for it
            raise _unreadable()
        rate, channels = int(stream.rate or 0), int(stream.channels or 0)
        _check_shape(channels, rate, max_channels)
        collector: Collector | None = None
        for block in decoded_blocks(container, stream):
            # What the decoder says once it has decoded: HE-AAC's header gives half its rate.
            collector = collector or Collector(rate=int(stream.rate), channels=block.shape[1])
            collector.add(block)
        codec = stream.codec_context.name.removesuffix("float")
    file.close()
    kept = collector.source() if collector else None
    if kept is None or not kept.frames:
        raise _no_samples()
    return Recording(kept, source_rate=rate, codec=codec)


def _check_shape(channels: int, rate: int, max_channels: int) -> None:
    if channels < 1 or rate not in RATES:
        raise _unreadable()
    if channels > max_channels:
        raise AudioError(
            "audio-too-many-channels",
            f"the recording has {channels} channels, more than {max_channels}",
            "export the two channels of the call, or a mono mix",
        )


def _unreadable() -> AudioError:
    return AudioError(
        "audio-unreadable",
        "this is not audio, or in a format that cannot be decoded",
        "give WAV, FLAC, MP3, Ogg/Opus or M4A",
    )


def _no_samples() -> AudioError:
    return AudioError("audio-empty", "the recording has no samples", "fetch it again from where it was recorded")
