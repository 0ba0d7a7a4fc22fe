"""What a recording truly is: channels, their relation, levels, and stretches that are no talk."""

from __future__ import annotations

import json

import numpy as np
import pytest

from callkit.audio import SAMPLE_RATE, open_audio
from callkit.audio.meter import Meter, quiet_runs
from callkit.config import InspectSettings
from callkit.model import Inspection
from callkit.stages.inspect import Inspect, inspect
from tests.audio_files import Samples, encoded, music, noise, sound_file, speechlike, tone

SETTINGS = InspectSettings()
LONG = 40.0


def of(*channels: Samples, subtype: str = "PCM_16", rate: int = SAMPLE_RATE) -> Inspection:
    return inspect(open_audio(sound_file(np.stack(channels, axis=1), rate, "WAV", subtype)), SETTINGS)


def turns_of(seed: int, *, mine: bool, level_dbfs: float = -20.0) -> Samples:
    """One side of a conversation: talk in its own five seconds of every ten, silence in the other's."""
    talk = speechlike(LONG, seed=seed, level_dbfs=level_dbfs)
    own = (np.arange(len(talk)) // (5 * SAMPLE_RATE)) % 2 == (0 if mine else 1)
    return np.where(own, talk, 0).astype(np.float32)


AGENT, CUSTOMER = turns_of(1, mine=True), turns_of(2, mine=False)
MIX = AGENT + CUSTOMER


def delayed(samples: Samples, seconds: float) -> Samples:
    return np.roll(samples, round(seconds * SAMPLE_RATE))


def kinds(inspection: Inspection) -> set[str]:
    return {segment.kind for segment in inspection.segments}


# --- Layout -----------------------------------------------------------------------------------------------------------


def test_two_people_on_two_channels_are_stereo() -> None:
    found = of(AGENT, CUSTOMER)
    assert (found.layout, found.path, found.channels_used) == ("stereo", "channels", (0, 1))
    assert found.bleed_share == 0 and found.correlation is not None and found.correlation < 0.4
    assert "each channel is a speaker" in found.reason


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (MIX, MIX),
        (MIX, 0.3 * MIX),
        (2 * MIX, 0.5 * MIX),
        (MIX, -MIX),
        (MIX, delayed(MIX, 0.02)),
        (0.5 * MIX, delayed(MIX, -0.08)),
        (MIX + noise(LONG, -45, seed=3), MIX + noise(LONG, -45, seed=4)),
    ],
    ids=["same", "-10 dB", "-12 dB", "inverted", "20 ms later", "80 ms earlier", "noise of their own"],
)
def test_the_same_mono_twice_is_recognised(left: Samples, right: Samples) -> None:
    found = of(left, right)
    assert (found.layout, found.path, len(found.channels_used)) == ("dual_mono", "diarization", 1)


@pytest.mark.parametrize("subtype", ["ULAW", "IMA_ADPCM"])
def test_the_same_mono_through_different_codecs_is_recognised(subtype: str) -> None:
    once = open_audio(sound_file(MIX, SAMPLE_RATE, "WAV", subtype)).read(0)
    other = open_audio(encoded(MIX[:, None], SAMPLE_RATE, codec="libmp3lame", container="mp3")).read(0)
    length = min(len(once), len(other))
    assert of(once[:length], other[:length]).layout == "dual_mono"


def test_lag_and_gain_of_the_same_mono_are_measured() -> None:
    found = of(MIX, 0.5 * delayed(MIX, 0.03))
    assert found.lag_s == pytest.approx(0.03, abs=0.0005)
    assert "6 dB apart" in found.reason and "30 ms apart" in found.reason
    assert found.channels_used == (0,)  # the louder one


@pytest.mark.parametrize("bleed_db", [-15, -20, -26])
@pytest.mark.parametrize("delay_s", [0.0, 0.04, 0.2])
def test_bleed_is_recognised_and_stays_stereo(bleed_db: float, delay_s: float) -> None:
    gain = 10 ** (bleed_db / 20)
    found = of(AGENT + gain * delayed(CUSTOMER, delay_s), CUSTOMER + gain * delayed(AGENT, delay_s))
    assert (found.layout, found.path) == ("stereo", "channels")
    assert found.bleed_share is not None and found.bleed_share > 0.7
    heard_db = int(found.reason.split("about ")[1].split(" dB")[0])
    assert heard_db == pytest.approx(-bleed_db, abs=2.5)


def test_bleed_in_one_part_of_a_call_counts_for_that_part() -> None:
    leak = 0.1 * AGENT.copy()
    leak[len(leak) // 2 :] = 0
    found = of(AGENT, CUSTOMER + leak)
    assert found.layout == "stereo" and found.bleed_share == pytest.approx(0.25, abs=0.1)
    first, second = found.bleed[: len(found.bleed) // 2], found.bleed[len(found.bleed) // 2 :]
    assert all(share and share > 0.2 for share in first) and not any(second)


def test_swapped_channels_give_swapped_figures() -> None:
    found, swapped = of(AGENT, 0.5 * CUSTOMER), of(0.5 * CUSTOMER, AGENT)
    assert [c.level_dbfs for c in found.channels] == [c.level_dbfs for c in swapped.channels][::-1]
    assert (found.layout, found.bleed_share) == (swapped.layout, swapped.bleed_share)


@pytest.mark.parametrize(
    "dead", [0 * MIX, noise(LONG, -75), noise(LONG, -50)], ids=["digital silence", "faint noise", "noise"]
)
def test_a_dead_channel_leaves_the_other_to_be_told_apart_by_voice(dead: Samples) -> None:
    found = of(dead, MIX)
    assert (found.layout, found.path, found.channels_used) == ("one_sided", "diarization", (1,))
    assert [channel.dead for channel in found.channels] == [True, False]
    assert found.channels[0].snr_db is None and "Channel 0 is silent" in found.reason


def test_a_channel_that_holds_only_a_leak_is_not_listened_to() -> None:
    found = of(MIX, 0.1 * MIX)
    assert (found.layout, found.channels_used) == ("one_sided", (0,))


def test_one_word_on_a_channel_keeps_it_alive() -> None:
    quiet = np.zeros_like(MIX)
    quiet[: SAMPLE_RATE // 2] = speechlike(2, seed=5)[SAMPLE_RATE // 2 : SAMPLE_RATE]
    quiet[: SAMPLE_RATE // 2] += noise(0.5, -25)
    assert of(MIX, quiet).layout == "stereo"


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("sound", [0 * MIX, noise(LONG, -70)], ids=["digital silence", "faint noise"])
def test_silence_has_nobody_to_tell_apart(channels: int, sound: Samples) -> None:
    found = of(*[sound] * channels)
    assert (found.layout, found.path, found.channels_used) == ("silent", "none", ())
    assert [(s.kind, s.start, s.end) for s in found.segments] == [("silence", 0, LONG)]


def test_one_channel_is_mono() -> None:
    found = of(MIX)
    assert (found.layout, found.path, found.channels_used) == ("mono", "diarization", (0,))
    assert found.correlation is None and found.bleed_share is None


# --- Figures ----------------------------------------------------------------------------------------------------------


def test_levels_dc_and_clipping() -> None:
    talk = MIX[: 10 * SAMPLE_RATE]
    found = of(0.5 * talk + 0.05, np.clip(5 * talk, -1, 1))
    assert found.channels[0].peak_dbfs == pytest.approx(20 * np.log10(np.abs(0.5 * talk + 0.05).max()), abs=0.1)
    assert found.channels[0].dc_offset == pytest.approx(0.05, abs=0.001)
    assert found.channels[0].clipping_share == 0 and found.channels[1].clipping_share > 0.001
    assert any("channel 1 is clipped" in warning for warning in found.warnings)
    assert any("channel 0 has a DC offset" in warning for warning in found.warnings)


@pytest.mark.parametrize("snr_db", [10, 20, 30])
def test_signal_to_noise_ratio(snr_db: float) -> None:
    found = of(turns_of(1, mine=True) + noise(LONG, -20 - snr_db))
    assert found.channels[0].snr_db == pytest.approx(snr_db, abs=3)
    assert any("noisy" in warning for warning in found.warnings) == (snr_db < 12)


def test_bandwidth_shows_what_was_a_telephone_once() -> None:
    wide = noise(5, -30)
    telephone = open_audio(sound_file(noise(5, -30, rate=8000), 8000, "WAV", "PCM_16")).read(0)
    assert of(wide).channels[0].bandwidth_hz > 7500
    assert of(telephone).channels[0].bandwidth_hz == pytest.approx(4000, abs=250)


def test_roles_are_those_of_the_configuration() -> None:
    settings = InspectSettings(channel_roles=("agent", "customer"))
    audio = open_audio(sound_file(np.stack((AGENT, CUSTOMER), axis=1), SAMPLE_RATE, "WAV", "PCM_16"))
    assert [channel.role for channel in inspect(audio, settings).channels] == ["agent", "customer"]


# --- Segments ---------------------------------------------------------------------------------------------------------


def test_silence_is_found_over_noise_to_a_tenth_of_a_second() -> None:
    talk = np.concatenate((speechlike(10, seed=1) + noise(10, -30), np.zeros(4 * SAMPLE_RATE), speechlike(10, seed=2)))
    talk[14 * SAMPLE_RATE :] += noise(10, -30)
    found = of((talk + noise(24, -55)).astype(np.float32))
    silence = [s for s in found.segments if s.kind == "silence"]
    assert [(s.start, s.end) for s in silence] == [(pytest.approx(10, abs=0.1), pytest.approx(14, abs=0.1))]


def test_a_quiet_speaker_is_not_silence() -> None:
    loud, quiet = speechlike(10, seed=1, level_dbfs=-15), speechlike(10, seed=2, level_dbfs=-42)
    steady = noise(10, -15)  # a talker who leaves no pause to tell the noise from
    meter = Meter(1)
    meter.add(np.concatenate((steady, loud, quiet))[None])
    found = quiet_runs(meter.figures(-60).levels, -60, 2.0)
    assert not [run for run in found if run[1] > 20]


@pytest.mark.parametrize("subtype", ["PCM_16", "ULAW"])
def test_hold_music_is_found_to_half_a_second(subtype: str) -> None:
    call = np.concatenate((speechlike(20, seed=1), music(30, seed=3), speechlike(20, seed=2)))
    found = of((call + noise(70, -60)).astype(np.float32), subtype=subtype)
    assert [(s.kind, s.channel) for s in found.segments if s.kind != "silence"] == [("hold", None)]
    hold = next(s for s in found.segments if s.kind == "hold")
    assert hold.start == pytest.approx(20, abs=0.5) and hold.end == pytest.approx(50, abs=0.5)


def test_hold_music_on_one_channel_of_two() -> None:
    silent = np.zeros(30 * SAMPLE_RATE, np.float32)
    agent = np.concatenate((turns_of(1, mine=True)[: 20 * SAMPLE_RATE], music(30, seed=4), speechlike(20, seed=2)))
    customer = np.concatenate((turns_of(2, mine=False)[: 20 * SAMPLE_RATE], silent, speechlike(20, seed=6)))
    found = of(agent, customer)
    assert [(s.kind, s.channel) for s in found.segments if s.kind in ("hold", "music")] == [("hold", 0)]
    busy = np.concatenate((turns_of(2, mine=False)[: 20 * SAMPLE_RATE], noise(30, -20) * (silent + 1), silent))
    assert "hold" not in kinds(of(agent, busy[: len(agent)]))  # music beside a conversation is no hold


@pytest.mark.parametrize("below_db", [12, 20])
def test_talk_over_music_is_not_cut(shared_data, below_db: float) -> None:
    talk = open_audio(shared_data / "audio" / "languages" / "es-ES.testing__audio.wav").read(0)
    level = 20 * np.log10(np.sqrt(np.mean(talk**2)))
    found = of(talk + music(len(talk) / SAMPLE_RATE, seed=3, level_dbfs=level - below_db)[: len(talk)])
    assert not kinds(found) & {"hold", "music"}


@pytest.mark.parametrize(
    ("pattern", "hertz"),
    [
        ([(2, 4)] * 3, (440, 480)),
        ([(0.4, 0.2), (0.4, 2)] * 3, (400, 450)),
        ([(1, 4)] * 3, (425,)),
        ([(0.5, 0.5)] * 8, (480, 620)),
        ([(6, 0)], (350, 440)),
    ],
    ids=["ringing, US", "ringing, UK", "ringing, Europe", "busy", "dial tone"],
)
def test_call_progress_tones_are_one_stretch(pattern: list[tuple[float, float]], hertz: tuple[float, ...]) -> None:
    signal = tone(pattern, *hertz)
    call = np.concatenate((np.zeros(SAMPLE_RATE, np.float32), signal, speechlike(20, seed=1)))
    found = [s for s in of(call, subtype="ULAW").segments if s.kind != "silence"]
    assert [s.kind for s in found] == ["ringback"]
    last = 1 + len(signal) / SAMPLE_RATE - pattern[-1][1]
    assert found[0].start == pytest.approx(1, abs=0.15) and found[0].end == pytest.approx(last, abs=0.15)


def test_a_voicemail_beep_is_found_and_keys_are_not() -> None:
    call = np.concatenate((speechlike(6, seed=1), tone([(0.5, 0.3)], 1000), speechlike(6, seed=2)))
    beeps = [s for s in of(call).segments if s.kind == "voicemail_beep"]
    assert (
        len(beeps) == 1 and beeps[0].start == pytest.approx(6, abs=0.1) and beeps[0].end == pytest.approx(6.5, abs=0.1)
    )
    keys = np.concatenate([tone([(0.3, 0.1)], low, high) for low, high in ((697, 1209), (770, 1336), (941, 1477))])
    assert not kinds(of(np.concatenate((speechlike(6, seed=1), keys, speechlike(6, seed=2))))) - {"silence"}


def test_hum_in_a_pause_is_not_music() -> None:
    time = np.arange(30 * SAMPLE_RATE) / SAMPLE_RATE
    hum = sum(0.001 * np.sin(2 * np.pi * 50 * k * time) / k for k in range(1, 12)).astype(np.float32)
    pause = np.zeros(10 * SAMPLE_RATE, np.float32)
    assert not kinds(of(np.concatenate((speechlike(10, seed=1), pause, speechlike(10, seed=2))) + hum)) & {
        "hold",
        "music",
    }


# --- Real recordings --------------------------------------------------------------------------------------------------


def test_no_real_speech_is_taken_for_music_or_tones(shared_data) -> None:
    recordings = sorted((shared_data / "audio").glob("*/*.wav")) + sorted((shared_data / "audio").glob("*/*.flac"))
    assert len(recordings) > 30
    wrong = {path.name: kinds(inspect(open_audio(path), SETTINGS)) - {"silence"} for path in recordings}
    assert {name: found for name, found in wrong.items() if found} == {}


def test_layouts_of_real_recordings(shared_data) -> None:
    layouts = {
        "stereo/jfk.flac": "dual_mono",
        "stereo/stereo_diarization.wav": "stereo",
        "aws-lca-auto-repairs/Auto_Repairs_40_stereo_agentL_callerR.wav": "stereo",
    }
    for name, layout in layouts.items():
        assert inspect(open_audio(shared_data / "audio" / name), SETTINGS).layout == layout


def test_silence_in_real_recordings_holds_no_labelled_speech(shared_data) -> None:
    for path in sorted((shared_data / "audio" / "ami").glob("*.wav")):
        spoken = [line.split()[3:5] for line in path.with_suffix(".rttm").read_text().splitlines()]
        for segment in inspect(open_audio(path), SETTINGS).segments:
            overlap = sum(
                max(0.0, min(segment.end, float(start) + float(lasts)) - max(segment.start, float(start)))
                for start, lasts in spoken
            )
            assert overlap < 0.15, path.name


def test_sample_calls_are_what_their_truth_says(sample_calls) -> None:
    for truth_file in sorted(sample_calls.glob("*.json")):
        truth = json.loads(truth_file.read_text())
        if "layout" not in truth:
            continue
        audio = next(path for path in sample_calls.glob(f"{truth_file.stem}.*") if path.suffix != ".json")
        found = inspect(open_audio(audio), SETTINGS)
        assert found.layout == truth["layout"], audio.name
        expected = [s for s in truth["segments"] if s["kind"] == "hold"]
        hold = [s for s in found.segments if s.kind in ("hold", "music")]
        assert [(s.start, s.end) for s in hold] == [
            (pytest.approx(s["start"], abs=0.5), pytest.approx(s["end"], abs=0.5)) for s in expected
        ], audio.name


# --- The stage --------------------------------------------------------------------------------------------------------


def test_the_stage_gives_what_it_says_twice_the_same() -> None:
    stage = Inspect(settings=SETTINGS)
    audio = open_audio(sound_file(np.stack((AGENT, CUSTOMER), axis=1), SAMPLE_RATE, "WAV", "PCM_16"))
    first, second = stage.run({"audio": audio}), stage.run({"audio": audio})
    assert set(first) == set(stage.provides) and first == second


def test_a_recording_of_a_fraction_of_a_second() -> None:
    found = of(speechlike(0.51), speechlike(0.51, seed=2))
    assert found.duration_s == pytest.approx(0.51)
