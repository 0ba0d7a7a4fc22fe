"""Telling speakers apart: stretches, clustering, the timeline; and silencing the other side's bleed."""

import numpy as np
import pytest

from callkit.engines.pyannote import like_lengths
from callkit.engines.speaker_clustering import cluster
from callkit.engines.speaker_windows import Windows, decide, runs, spans, speaker_votes, stitch, stretches
from callkit.stages.bleed import without_bleed
from callkit.stages.regions import outside, talk_regions, two_sided
from tests.test_turns import inspection

FRAME_S = 0.02
FRAMES = 500
STEP = 125


def windows(talk: np.ndarray, *, shuffle: bool = True) -> Windows:
    """Segmentation of a timeline (frames, people), each window naming its people in an order of its own."""
    total = len(talk)
    starts = np.arange(0, max(1, total - FRAMES + 1), STEP)
    activity = np.zeros((len(starts), FRAMES, 3), np.float32)
    for w, start in enumerate(starts):
        part = talk[start : start + FRAMES]
        order = np.roll(np.arange(talk.shape[1]), w if shuffle else 0)
        activity[w, : len(part), : talk.shape[1]] = part[:, order]
    return Windows(activity, starts.astype(np.int64), FRAME_S, total)


def conversation() -> np.ndarray:
    """Forty seconds: A 0-4, B 4-8, A 8-12, ... with B beginning half a second early each time."""
    talk = np.zeros((2000, 2), np.float32)
    for start in range(0, 2000, 400):
        talk[start : start + 200, 0] = 1
        talk[start + 175 : start + 395, 1] = 1
    return talk


def voices(count: int, *, seed: int = 0, like: float = 0.0) -> np.ndarray:
    """Directions of `count` voices, any two of them with cosine `like`."""
    random = np.random.default_rng(seed)
    own = np.linalg.qr(random.standard_normal((192, count + 1)))[0].T
    mixed: np.ndarray = np.sqrt(1 - like) * own[1:] + np.sqrt(like) * own[0]
    return mixed.astype(np.float32)


def heard(labels: list[int], directions: np.ndarray, *, noise: float, seed: int = 1) -> np.ndarray:
    random = np.random.default_rng(seed)
    scatter = random.standard_normal((len(labels), directions.shape[1])) * noise / np.sqrt(directions.shape[1])
    return (directions[labels] + scatter).astype(np.float32)


def test_windows_that_name_people_in_any_order_are_stitched() -> None:
    talk = conversation()
    chains = stitch(windows(talk))
    assert len(np.unique(chains[:, :2])) == 2


def test_stretches_hold_one_person_each() -> None:
    talk = conversation()
    found = stretches(windows(talk))
    assert sum(piece.last - piece.first for piece in found) > 0.75 * talk.any(axis=1).sum()
    for piece in found:
        assert (talk[piece.first : piece.last].sum(axis=1) == 1).mean() > 0.95


def test_the_timeline_keeps_overlap() -> None:
    talk = conversation()
    seen = windows(talk)
    pieces = stretches(seen)
    owners = np.array([int(talk[(piece.first + piece.last) // 2].argmax()) for piece in pieces])
    scores, talking = speaker_votes(seen, pieces, owners, 2)
    assert (decide(scores, talking) == (talk > 0)).mean() > 0.99


def test_spans_bridge_short_pauses_and_drop_clicks() -> None:
    talk = np.zeros((200, 1), bool)
    talk[10:50] = talk[55:90] = talk[150:152] = True
    assert spans(talk, 0.02, bridge_s=0.2, shortest_s=0.1) == [(0, pytest.approx(0.2), pytest.approx(1.8))]


def test_runs() -> None:
    assert list(runs(np.array([True, True, False, True]))) == [(0, 2), (3, 4)]


@pytest.mark.parametrize("like", [0.0, 0.5, 0.7])
def test_two_voices_are_told_apart_however_alike(like: float) -> None:
    labels = [0, 1, 0, 1, 1, 0, 0, 1, 0, 1, 0, 0]
    found = cluster(heard(labels, voices(2, like=like), noise=0.35), np.full(len(labels), 2.0, np.float32), 1, 2)
    assert len(set(zip(labels, found.tolist(), strict=True))) == 2
    assert found.max() == 1


def test_one_voice_stays_one() -> None:
    vectors = heard([0] * 20, voices(1), noise=0.5)
    assert cluster(vectors, np.full(20, 2.0, np.float32), 1, 2).max() == 0


def test_a_third_voice_is_found_only_where_it_may_be() -> None:
    labels = [0, 1, 2] * 6
    vectors = heard(labels, voices(3, like=0.3), noise=0.3)
    lengths = np.full(len(labels), 3.0, np.float32)
    assert cluster(vectors, lengths, 1, 2).max() == 1
    assert len(set(zip(labels, cluster(vectors, lengths, 1, 3).tolist(), strict=True))) == 3


@pytest.mark.parametrize("least", [1, 3])
def test_two_voices_stay_two_on_a_long_call_unless_more_are_asked_for(least: int) -> None:
    labels = [0, 1] * 20
    vectors = heard(labels, voices(2, like=0.5), noise=0.5)
    assert cluster(vectors, np.full(len(labels), 3.0, np.float32), least, 4).max() == max(least, 2) - 1


def test_batches_hold_every_stretch_once_and_have_few_shapes() -> None:
    lengths = [int(length) for length in np.random.default_rng(0).integers(20, 600, 200)]
    batches = list(like_lengths(lengths, most=800, step=50))
    assert sorted(place for group, _ in batches for place in group) == list(range(200))
    assert all(max(lengths[place] for place in group) <= common for group, common in batches)
    assert all(common % 50 == 0 and (len(group) * common <= 800 or len(group) == 1) for group, common in batches)
    assert len({common for _, common in batches}) <= 12


def test_more_than_three_by_distance() -> None:
    labels = [0, 1, 2, 3] * 4
    vectors = heard(labels, voices(4), noise=0.3)
    assert cluster(vectors, np.full(len(labels), 3.0, np.float32), 1, 20).max() == 3


def test_nothing_said_is_nobody() -> None:
    assert len(cluster(np.zeros((0, 192), np.float32), np.zeros(0, np.float32), 1, 2)) == 0


class TwoChannels:
    """An `Audio` in memory."""

    sample_rate, source_rate, codec, channels = 16_000, 16_000, "pcm", 2

    def __init__(self, samples: np.ndarray) -> None:
        self.samples = samples.astype(np.float32)
        self.frames = samples.shape[1]
        self.duration_s = self.frames / 16_000

    def read(self, channel, start_s=0.0, end_s=None):  # type: ignore[no-untyped-def]
        part = self.samples[:, round(start_s * 16_000) : None if end_s is None else round(end_s * 16_000)]
        return part.mean(axis=0) if channel is None else part[channel]

    def blocks(self, block_s=30.0):  # type: ignore[no-untyped-def]
        size = round(block_s * 16_000)
        for first in range(0, self.frames, size):
            yield first / 16_000, self.samples[:, first : first + size]


@pytest.mark.parametrize("bleed_db", [-20, -36])
def test_the_other_sides_bleed_is_silenced_and_nothing_else(bleed_db: int) -> None:
    random = np.random.default_rng(0)
    rate, turn = 16_000, 4 * 16_000
    talk = np.zeros((2, 10 * turn))
    for place in range(10):
        talk[place % 2, place * turn : (place + 1) * turn] = 0.1 * random.standard_normal(turn)
    talk[1, rate : rate + rate // 2] += 0.02 * random.standard_normal(rate // 2)  # a quiet back-channel over the other
    gain = 10 ** (bleed_db / 20)
    audio = TwoChannels(talk + gain * talk[::-1] + 0.0003 * random.standard_normal(talk.shape))
    clean = without_bleed(audio)
    assert np.abs(clean.read(1, 2.0, 3.9)).max() < 1e-3
    assert np.abs(audio.read(1, 2.0, 3.9)).max() > 1e-3
    assert np.allclose(clean.read(1, 4.2, 7.8), audio.read(1, 4.2, 7.8))
    assert np.allclose(clean.read(0, 0.2, 3.8), audio.read(0, 0.2, 3.8))
    assert np.square(clean.read(1, 1.1, 1.4)).mean() > 0.8 * np.square(audio.read(1, 1.1, 1.4)).mean()


def test_reading_without_bleed_in_blocks_is_reading_at_once() -> None:
    random = np.random.default_rng(0)
    clean = without_bleed(TwoChannels(0.1 * random.standard_normal((2, 16_000 * 20))))
    blocks = np.concatenate([block for _, block in clean.blocks(3.7)], axis=1)
    assert np.allclose(blocks[0], clean.read(0), atol=1e-6)


def test_hold_music_and_silence_are_not_listened_to() -> None:
    from callkit.model import Segment

    seen = inspection("channels", (Segment("hold", 10.0, 20.0), Segment("silence", 30.0, 40.0, 1)))
    assert [(region.channel, region.start, region.end) for region in talk_regions(seen)] == [
        (0, 0.0, 10.0),
        (0, 20.0, 60.0),
        (1, 0.0, 10.0),
        (1, 20.0, 30.0),
        (1, 40.0, 60.0),
    ]
    assert two_sided(seen)
    assert not two_sided(inspection())


def test_outside() -> None:
    assert outside([(1.0, 2.0), (1.5, 3.0)], 0.0, 4.0) == [(0.0, 1.0), (3.0, 4.0)]
