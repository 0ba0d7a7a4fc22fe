"""Muted audio: nothing redacted or unheard can be heard on any channel, and all else is as it was."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callkit.audio import SAMPLE_RATE, open_audio, samples_sha256, to_int16
from callkit.config import InspectSettings, MuteSettings
from callkit.model import Call, MutedAudio, Redaction, Turn, Word
from callkit.stages.inspect import inspect
from callkit.stages.mute import Mute, level_curves, merged, redacted_spans, unworded_spans
from tests.audio_files import Samples, music, noise, sound_file, speechlike

CALL = Call("abc123", "call.wav", "0" * 64)


def burst(length_s: float, seed: int = 0) -> Samples:
    """Loud noise without a pause."""
    return noise(length_s, -20, seed=seed)


def recording(duration_s: float, *channels: list[tuple[float, float]]) -> bytes:
    """A file with faint noise and bursts of loud noise at the given times of each channel."""
    out = np.stack([noise(duration_s, -75, seed=index) for index in range(len(channels))], axis=1)
    for index, spoken in enumerate(channels):
        for start, end in spoken:
            part = burst(end - start, seed=index + 5)
            out[round(start * SAMPLE_RATE) :][: len(part), index] += part
    return sound_file(out, SAMPLE_RATE, "WAV", "PCM_16")


def turn(words: list[tuple[float, float]], *, channel: int = 0, index: int = 0) -> Turn:
    heard = tuple(Word(start, end, "x", channel) for start, end in words)
    return Turn(index, f"S{channel}", "customer", channel, heard[0].start, heard[-1].end, heard)


def redaction(of: Turn, first: int, last: int) -> Redaction:
    words = of.words[first : last + 1]
    return Redaction(of.index, first, last, first, words[0].start, words[-1].end, "CARD", 1.0, "test")


def muted(
    data: bytes, turns: list[Turn], redactions: list[Redaction], folder: Path | str = "", **options: object
) -> tuple[MutedAudio, np.ndarray, np.ndarray]:
    """What the stage says, and the samples (n, channels) before and after."""
    audio = open_audio(data)
    stage = Mute(settings=MuteSettings(folder=str(folder), **options))  # type: ignore[arg-type]
    inspection = inspect(audio, InspectSettings())
    result = stage.run(
        {"audio": audio, "inspection": inspection, "raw_turns": tuple(turns), "redactions": redactions, "call": CALL}
    )["muted"]
    before = to_int16(np.stack([audio.read(channel) for channel in range(audio.channels)], axis=1))
    if not folder:
        return result, before, before
    written = open_audio(Path(folder) / f".{CALL.call_id}.flac.tmp")
    after = to_int16(np.stack([written.read(channel) for channel in range(audio.channels)], axis=1))
    assert samples_sha256(written) == result.sha256
    return result, before, after


def inside(spans: tuple[tuple[float, float], ...], length: int) -> np.ndarray:
    mask = np.zeros(length, bool)
    for start, end in spans:
        mask[int(np.floor(start * SAMPLE_RATE + 1e-6)) : int(np.ceil(end * SAMPLE_RATE - 1e-6))] = True
    return mask


STEREO = recording(12, [(1, 4), (8, 9)], [(5, 7)])
TURNS = [turn([(1, 2), (2, 3), (3, 4)]), turn([(5, 6), (6, 7)], channel=1, index=1), turn([(8, 9)], index=2)]


def test_redacted_words_are_silent_on_every_channel_and_all_else_is_identical(tmp_path: Path) -> None:
    result, before, after = muted(STEREO, TURNS, [redaction(TURNS[0], 1, 1), redaction(TURNS[1], 0, 1)], tmp_path)
    mask = inside(result.spans, len(before))
    assert not after[mask].any()
    assert np.array_equal(after[~mask], before[~mask])
    for start, end in ((2, 3), (5, 7)):
        assert mask[start * SAMPLE_RATE : end * SAMPLE_RATE].all()
    assert result.file == "abc123.flac" and result.unworded_s == 0
    assert result.muted_s == pytest.approx(mask.sum() / SAMPLE_RATE, abs=0.01)


def test_a_span_widens_to_the_silence_around_it_but_not_into_its_neighbours() -> None:
    audio = open_audio(recording(10, [(1, 2), (3, 5), (6, 7)]))
    inspection = inspect(audio, InspectSettings())
    # The recogniser put the middle word 0.3 s too late and 0.3 s too short; its sound runs from 3 to 5.
    words = turn([(1, 2), (3.3, 4.7), (6, 7)])
    spans = redacted_spans([redaction(words, 1, 1)], [words], level_curves(audio), inspection, MuteSettings())
    assert spans == [(pytest.approx(3, abs=0.05), pytest.approx(5, abs=0.05))]
    close = turn([(1, 2), (3, 3.2), (3.3, 4.7), (4.8, 5), (6, 7)])
    spans = redacted_spans(
        [redaction(close, 2, 2)], [close], level_curves(audio), inspection, MuteSettings(padding_s=0)
    )
    assert spans == [(3.2, 4.8)]


def test_padding_is_always_there() -> None:
    audio = open_audio(recording(10, [(1, 9)]))
    words = turn([(1, 4), (4, 5), (5, 9)])
    spans = redacted_spans(
        [redaction(words, 1, 1)],
        [words],
        level_curves(audio),
        inspect(audio, InspectSettings()),
        MuteSettings(padding_s=0.15),
    )
    assert spans == [(pytest.approx(3.85), pytest.approx(5.15))]


def test_sound_that_got_no_words_is_muted_on_every_channel(tmp_path: Path) -> None:
    result, before, after = muted(STEREO, TURNS[:1], [], tmp_path)
    mask = inside(result.spans, len(before))
    assert not after[mask].any() and np.array_equal(after[~mask], before[~mask])
    assert not after[5 * SAMPLE_RATE : 7 * SAMPLE_RATE].any() and not after[8 * SAMPLE_RATE : 9 * SAMPLE_RATE].any()
    assert after[SAMPLE_RATE : 4 * SAMPLE_RATE].any()
    assert result.unworded_s == pytest.approx(3, abs=0.3)


def test_a_beep_sounds_in_redacted_stretches_only(tmp_path: Path) -> None:
    _, _, after = muted(STEREO, TURNS[:1], [redaction(TURNS[0], 1, 1)], tmp_path, fill="beep")
    beep = after[round(2.2 * SAMPLE_RATE) : round(2.8 * SAMPLE_RATE)].astype(float) / 32768
    spectrum = np.abs(np.fft.rfft(beep[:, 1]))
    assert spectrum.argmax() / 0.6 == pytest.approx(1000, abs=5)
    assert np.sqrt(np.mean(beep**2)) == pytest.approx(0.0707, rel=0.01)
    assert not after[5 * SAMPLE_RATE : 7 * SAMPLE_RATE].any()  # unheard speech is silenced, not beeped


def test_hold_music_is_silenced_and_is_no_unheard_speech() -> None:
    call = np.concatenate((speechlike(10, seed=1), music(20, seed=2), speechlike(10, seed=3))) + noise(40, -70)
    words = turn([(time / 4, time / 4 + 0.25) for time in [*range(40), *range(120, 160)]])
    result, _, _ = muted(sound_file(call.astype(np.float32), SAMPLE_RATE, "WAV", "PCM_16"), [words], [])
    assert result.muted_s > 18 and result.unworded_s < 1


def test_a_leak_of_worded_speech_is_not_unheard_speech() -> None:
    talk = [speechlike(40, seed=seed) for seed in (1, 2)]
    even = (np.arange(len(talk[0])) // (5 * SAMPLE_RATE)) % 2 == 0
    left, right = np.where(even, talk[0], 0), np.where(even, 0, talk[1])
    leaky = np.stack((left + 0.1 * right, right + 0.1 * left), axis=1) + noise(40, -75)[:, None]
    audio = open_audio(sound_file(leaky.astype(np.float32), SAMPLE_RATE, "WAV", "PCM_16"))
    inspection = inspect(audio, InspectSettings())
    assert inspection.bleed_share
    words = [Word(t / 4, t / 4 + 0.25, "x", 0 if t // 20 % 2 == 0 else 1) for t in range(160)]
    assert sum(end - start for start, end in unworded_spans(words, level_curves(audio), inspection)) < 1
    only_left = [word for word in words if word.channel == 0]
    unheard = unworded_spans(only_left, level_curves(audio), inspection)
    assert sum(end - start for start, end in unheard) > 6


def test_nothing_is_written_unless_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result, _, _ = muted(STEREO, TURNS, [redaction(TURNS[0], 0, 2)])
    assert result.file == "" and list(tmp_path.iterdir()) == []
    kept, _, _ = muted(STEREO, TURNS, [redaction(TURNS[0], 0, 2)], tmp_path / "calls.audio")
    assert (kept.sha256, kept.spans) == (result.sha256, result.spans)
    assert Mute(settings=MuteSettings(folder="/a")).identity() == Mute(settings=MuteSettings(folder="/b")).identity()
    assert Mute(settings=MuteSettings(folder="/a")).identity() != Mute(settings=MuteSettings()).identity()


@settings(max_examples=25, deadline=None)
@given(
    spans=st.lists(st.tuples(st.floats(0, 11.9), st.floats(0.01, 3)), max_size=6),
    block=st.sampled_from([0.37, 5.0, 30.0]),
)
def test_any_spans_are_exactly_silent_in_any_blocks(spans: list[tuple[float, float]], block: float) -> None:
    from callkit.stages.mute import muted_blocks

    class Blocks:
        """The recording, read in blocks of another size."""

        channels = 2

        def blocks(self, _: float):
            return open_audio(STEREO).blocks(block)

    wanted = merged((start, min(start + length, 12.0)) for start, length in spans)
    out = np.concatenate(list(muted_blocks(Blocks(), wanted, [])))  # type: ignore[arg-type]
    mask = inside(tuple(wanted), len(out))
    original = to_int16(np.stack([open_audio(STEREO).read(channel) for channel in (0, 1)], axis=1))
    beside = mask | np.roll(mask, 1) | np.roll(mask, -1)  # a border may round outward by one sample
    assert not out[mask].any() and np.array_equal(out[~beside], original[~beside])


def test_a_full_disk_is_an_error_with_a_hint(tmp_path: Path) -> None:
    from callkit.errors import StoreError

    (tmp_path / "calls.audio").write_text("a file where the folder should be")
    with pytest.raises(StoreError) as caught:
        muted(STEREO, TURNS, [], tmp_path / "calls.audio")
    assert caught.value.code == "store-write"


def test_planted_secrets_of_the_sample_calls_are_inaudible(sample_calls: Path, tmp_path: Path) -> None:
    """With word times that are off by up to 80 ms, as a recogniser's are, at most 2 % of the planted seconds are audible."""
    generator = np.random.default_rng(7)
    planted = audible = 0.0
    for truth_file in sorted(sample_calls.glob("*.json")):
        truth = json.loads(truth_file.read_text())
        if not any(spoken.get("words") for spoken in truth.get("turns", ())):
            continue
        file = next(path for path in sample_calls.glob(f"{truth_file.stem}.*") if path.suffix != ".json")
        turns, redactions, secrets = [], [], []
        for index, spoken in enumerate(truth["turns"]):
            shifted = [
                (max(0.0, word["start"] + generator.uniform(-0.08, 0.08)), word["end"] + generator.uniform(-0.08, 0.08))
                for word in spoken.get("words") or [spoken]
            ]
            times = [(start, max(start + 0.02, end)) for start, end in shifted]
            turns.append(turn(times, channel=spoken["channel"] or 0, index=index))
        for secret in truth["pii"]:
            words = truth["turns"][secret["turn"]].get("words") or []
            hit = [n for n, w in enumerate(words) if w["start"] < secret["end"] and w["end"] > secret["start"]]
            if hit:
                redactions.append(redaction(turns[secret["turn"]], hit[0], hit[-1]))
                secrets.append((secret["start"], secret["end"]))
        _, before, after = muted(file.read_bytes(), turns, redactions, tmp_path)
        for start, end in merged(secrets):
            part = slice(round(start * SAMPLE_RATE), round(end * SAMPLE_RATE))
            loud = np.abs(before[part].astype(int)).max(axis=1) > 300
            planted += loud.sum()
            audible += (loud & after[part].any(axis=1)).sum()
    assert planted > 15 * SAMPLE_RATE
    assert audible / planted < 0.02
