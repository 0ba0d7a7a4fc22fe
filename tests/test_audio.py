"""Opening recordings: every format, exact reading by blocks, and each way of being no recording."""

from __future__ import annotations

import io
import struct

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from callkit.audio import SAMPLE_RATE, FlacWriter, open_audio, samples_sha256, to_int16
from callkit.audio.containers import mp3_frame_length
from callkit.errors import CODES, AudioError, StoreError
from tests.audio_files import encoded, sound_file, speechlike

RATE = 8000
STEREO = np.stack([speechlike(4, rate=RATE), speechlike(4, rate=RATE, seed=1)], axis=1)
WAVS = ("PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE", "ULAW", "ALAW", "IMA_ADPCM", "MS_ADPCM")
FILES = {
    **{f"wav {subtype}": sound_file(STEREO, RATE, "WAV", subtype) for subtype in WAVS},
    "wav extensible": sound_file(STEREO, RATE, "WAVEX", "PCM_16"),
    "wav rf64": sound_file(STEREO, RATE, "RF64", "PCM_16"),
    "flac": sound_file(STEREO, RATE, "FLAC", "PCM_16"),
    "ogg vorbis": sound_file(STEREO, RATE, "OGG", "VORBIS"),
    "ogg opus": sound_file(STEREO, RATE, "OGG", "OPUS"),
    "mp3": sound_file(STEREO, RATE, "MP3"),
    "mp3 lame": encoded(STEREO, RATE, codec="libmp3lame", container="mp3"),
    "m4a": encoded(STEREO, RATE, codec="aac", container="ipod"),
    "aac": encoded(STEREO, RATE, codec="aac", container="adts"),
    "webm": encoded(np.repeat(STEREO, 6, axis=0), 48_000, codec="libopus", container="webm"),
    "aiff": sound_file(STEREO, RATE, "AIFF", "PCM_16"),
    "au": sound_file(STEREO, RATE, "AU", "ULAW"),
}
GSM = sound_file(STEREO[:, :1], RATE, "WAV", "GSM610")
LOSSLESS = {name for name in FILES if name.startswith(("wav PCM", "wav FLOAT", "wav DOUBLE", "flac", "aiff"))}


def error_of(data: bytes, **options: object) -> AudioError:
    with pytest.raises(AudioError) as caught:
        open_audio(data, **options)  # type: ignore[arg-type]
    assert caught.value.code in CODES
    assert caught.value.what and caught.value.hint
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None or caught.value.__suppress_context__
    return caught.value


@pytest.mark.parametrize("name", FILES)
def test_every_format_is_read_at_16_khz(name: str) -> None:
    with open_audio(FILES[name]) as audio:
        assert (audio.sample_rate, audio.channels) == (SAMPLE_RATE, 2)
        assert audio.duration_s == pytest.approx(4, abs=0.25)  # AAC pads to whole frames of 128 ms
        for channel in (0, 1):
            heard = audio.read(channel)
            assert heard.dtype == np.float32 and len(heard) == audio.frames
            original = open_audio(FILES["wav FLOAT"]).read(channel)
            lag = (
                int(np.argmax(np.correlate(heard[: 3 * SAMPLE_RATE], original[4000 : 2 * SAMPLE_RATE], "valid"))) - 4000
            )
            aligned = heard[max(lag, 0) :][:60_000]
            likeness = np.corrcoef(aligned, original[max(-lag, 0) :][: len(aligned)])[0, 1]
            assert likeness > (0.999 if name in LOSSLESS - {"wav PCM_U8"} else 0.8)
            assert abs(lag) <= (
                0 if name.startswith("wav") or name in LOSSLESS else 0.13 * SAMPLE_RATE
            )  # a codec's own delay


def test_gsm_in_wav_is_read() -> None:
    audio = open_audio(GSM)
    assert (audio.codec, audio.source_rate, audio.duration_s) == ("gsm610", 8000, pytest.approx(4, abs=0.1))


@pytest.mark.parametrize("rate", [8000, 11_025, 16_000, 22_050, 44_100, 48_000, 96_000])
def test_any_rate_keeps_pitch_and_length(rate: int) -> None:
    tone = 0.5 * np.sin(2 * np.pi * 440 * np.arange(rate * 61) / rate).astype(np.float32)
    audio = open_audio(sound_file(tone, rate, "WAV", "PCM_16"))
    assert audio.frames == 61 * SAMPLE_RATE and audio.source_rate == rate
    expected = 0.5 * np.sin(2 * np.pi * 440 * np.arange(61 * SAMPLE_RATE) / SAMPLE_RATE)
    middle = slice(SAMPLE_RATE // 2, -SAMPLE_RATE // 2)  # over two seams of the chunk grid
    assert np.abs(audio.read(0)[middle] - expected[middle]).max() < 1e-3


@pytest.mark.parametrize("name", ["wav PCM_16", "wav ULAW", "flac", "mp3", "m4a", "ogg opus"])
@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_reading_in_parts_is_reading_the_whole(name: str, data: st.DataObject) -> None:
    audio = open_audio(FILES[name])
    whole = np.stack([audio.read(0), audio.read(1)])
    blocks = list(audio.blocks(data.draw(st.floats(0.05, 5))))
    assert np.array_equal(np.concatenate([block for _, block in blocks], axis=1), whole)
    assert [start for start, _ in blocks] == [
        sum(block.shape[1] for _, block in blocks[:index]) / SAMPLE_RATE for index in range(len(blocks))
    ]
    start, end = sorted(data.draw(st.tuples(st.floats(-1, 6), st.floats(-1, 6))))
    low, high = (min(max(round(time * SAMPLE_RATE), 0), audio.frames) for time in (start, end))
    assert np.array_equal(audio.read(1, start, end), whole[1, low:high])
    assert np.allclose(audio.read(None, start, end), whole[:, low:high].mean(axis=0), atol=1e-7)


def test_parts_equal_the_whole_over_the_seams_of_long_recordings() -> None:
    audio = open_audio(sound_file(speechlike(95, rate=RATE), RATE, "WAV", "PCM_16"))
    whole = audio.read(0)
    assert np.array_equal(np.concatenate([block[0] for _, block in audio.blocks(7.001)]), whole)
    assert np.array_equal(audio.read(0, 29.9, 60.1), whole[round(29.9 * SAMPLE_RATE) : round(60.1 * SAMPLE_RATE)])


def test_what_is_read_may_be_written_over() -> None:
    audio = open_audio(FILES["wav PCM_16"])
    before = audio.read(0).copy()
    audio.read(0)[:] = 0
    next(audio.blocks())[1][:] = 0
    assert np.array_equal(audio.read(0), before)


def test_path_bytes_and_stream_are_the_same(tmp_path) -> None:
    path = tmp_path / 'caller "007"\n\N{PILE OF POO}.wav'
    path.write_bytes(FILES["wav PCM_16"])
    expected = open_audio(FILES["wav PCM_16"]).read(0)
    assert np.array_equal(open_audio(path).read(0), expected)
    assert np.array_equal(open_audio(str(path)).read(0), expected)
    assert np.array_equal(open_audio(io.BytesIO(FILES["wav PCM_16"])).read(0), expected)


# --- What is no recording ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "data"),
    [
        ("audio-empty", b""),
        ("audio-empty", sound_file(STEREO[:0], RATE, "WAV", "PCM_16")),
        ("audio-unreadable", b"Dear Sir or Madam, this is a text file named call.wav.\n" * 50),
        ("audio-unreadable", b"\0" * 5000),
        ("audio-unreadable", b"#EXTM3U\n#EXTINF:10,\nfile:///etc/passwd\n"),
        ("audio-unreadable", b"ffconcat version 1.0\nfile /etc/passwd\n"),
        ("audio-truncated", b"RIFF"[:4] + b"\0\0\0\0WAVEfmt "),
        ("audio-too-short", sound_file(STEREO[: RATE // 10], RATE, "WAV", "PCM_16")),
        ("audio-too-short", sound_file(STEREO[: RATE // 10], RATE, "FLAC", "PCM_16")),
        ("audio-too-many-channels", sound_file(np.tile(STEREO, 3), RATE, "WAV", "PCM_16")),
        ("audio-too-many-channels", sound_file(np.tile(STEREO, 3), RATE, "FLAC", "PCM_16")),
    ],
)
def test_bad_recordings_are_named_for_what_they_are(code: str, data: bytes) -> None:
    assert error_of(data).code == code


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize(("subtype", "rate"), [("FLOAT", 8000), ("DOUBLE", 16_000), ("FLOAT", 48_000)])
def test_samples_that_are_no_numbers_are_refused(bad: float, subtype: str, rate: int) -> None:
    samples = np.repeat(STEREO, 2, axis=0)
    samples[-100, 1] = bad
    assert error_of(sound_file(samples, rate, "WAV", subtype)).code == "audio-not-finite"


@pytest.mark.parametrize("share", [0.5, 0.9])
@pytest.mark.parametrize("name", [*FILES, "gsm"])
def test_a_recording_that_was_cut_off_is_refused(name: str, share: float) -> None:
    data = FILES.get(name, GSM)
    assert error_of(data[: round(len(data) * share)]).code == "audio-truncated"


def test_a_damaged_middle_is_not_taken_for_a_cut() -> None:
    data = bytearray(FILES["flac"])
    data[len(data) // 2 : len(data) // 2 + 3000] = b"\x55" * 3000
    assert error_of(bytes(data)).code == "audio-unreadable"


@pytest.mark.parametrize("size", [0xFFFFFFFF, 0x7FFFF024])
def test_a_wav_written_to_a_pipe_knows_no_length_and_is_read_to_its_end(size: int) -> None:
    data = bytearray(FILES["wav PCM_16"])
    place = data.find(b"data")
    data[4:8] = data[place + 4 : place + 8] = struct.pack("<I", size)
    assert open_audio(bytes(data)).frames == 4 * SAMPLE_RATE


def test_a_codec_without_a_decoder_is_unreadable() -> None:
    data = bytearray(FILES["webm"])
    place = data.find(b"A_OPUS")
    data[place : place + 6] = b"A_OPUX"
    assert error_of(bytes(data)).code == "audio-unreadable"


def test_path_errors_do_not_name_the_file(tmp_path) -> None:
    for path in (tmp_path / "5551234567.wav", tmp_path, "nul\0byte"):
        with pytest.raises(AudioError) as caught:
            open_audio(path)
        assert caught.value.code == "path-missing"
        assert "555" not in str(caught.value) and str(tmp_path) not in str(caught.value)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_fuzzed_files_are_read_or_refused_and_nothing_else(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from([*FILES, "gsm"]))
    original = bytearray(FILES.get(name, GSM))
    for _ in range(data.draw(st.integers(1, 6))):
        place = data.draw(st.one_of(st.integers(0, 64), st.integers(0, len(original) - 1)))
        original[place : place + 4] = data.draw(st.binary(min_size=0, max_size=4))
    try:
        audio = open_audio(bytes(original))
        samples = np.concatenate([block for _, block in audio.blocks()], axis=1)
    except AudioError:
        return
    assert np.isfinite(samples).all() and samples.shape == (audio.channels, audio.frames)


def test_mpeg_frame_lengths() -> None:
    assert mp3_frame_length(bytes.fromhex("fffb9064")) == 417  # MPEG 1, 128 kbit/s, 44.1 kHz
    assert mp3_frame_length(bytes.fromhex("fffb9264")) == 418  # the same, padded
    assert mp3_frame_length(bytes.fromhex("fff34064")) == 104  # MPEG 2, 32 kbit/s, 22.05 kHz
    assert mp3_frame_length(b"RIFF") == 0


# --- Writing ----------------------------------------------------------------------------------------------------------


def test_flac_keeps_every_sample_and_only_its_owner_reads_it(tmp_path) -> None:
    audio = open_audio(FILES["wav PCM_16"])
    path = tmp_path / "calls.audio" / "x.flac"
    with FlacWriter(path, channels=2) as writer:
        for _, block in audio.blocks(0.7):
            writer.write(to_int16(block.T))
    again = open_audio(path)
    assert np.array_equal(to_int16(again.read(1)), to_int16(audio.read(1)))
    assert samples_sha256(again) == samples_sha256(audio)
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_failure_leaves_no_file_behind(tmp_path) -> None:
    with pytest.raises(RuntimeError), FlacWriter(tmp_path / "x.flac", channels=1) as writer:
        writer.write(np.zeros((100, 1), np.int16))
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(StoreError, match="store-write"):
        FlacWriter(tmp_path / "no" / "\0" / "x.flac", channels=1)
