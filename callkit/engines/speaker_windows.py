"""From windows of local speakers to one timeline: stitching, stretches to embed, aggregation, spans. Pure numpy.

segmentation-3.0 looks at ten seconds at a time and tells up to three *local* speakers apart in each window; who they
are over the whole call is what clustering says. A *track* is one local speaker of one window; a *stretch* is a piece of
time in which exactly one person talks.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise, permutations
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Windows:
    """What the segmentation model said: `activity` (windows, frames, local speakers), probabilities 0 to 1.

    Window w begins at frame `first[w]` of a common grid of `total` frames, `frame_s` seconds each.
    """

    activity: NDArray[np.float32]
    first: NDArray[np.int64]
    frame_s: float
    total: int

    @property
    def active(self) -> NDArray[np.bool_]:
        """The same, decided."""
        return self.activity > 0.5


@dataclass(frozen=True, slots=True)
class Stretch:
    """Frames [first, last) of the grid in which one person talks."""

    first: int
    last: int


def runs(mask: NDArray[np.bool_]) -> Iterator[tuple[int, int]]:
    """Half-open (first, last) of each run of True."""
    edges = np.flatnonzero(np.diff(np.concatenate(([0], mask.astype(np.int8), [0]))))
    for first, last in zip(edges[::2], edges[1::2], strict=True):
        yield int(first), int(last)


def stitch(windows: Windows) -> NDArray[np.int64]:
    """(windows, local speakers) chain numbers: the same chain where neighbouring windows agree it is one person.

    Each window's local speakers come in an order of their own; the order that agrees best with the window before, over
    the frames they share, links them. A speaker silent in the shared frames begins a new chain.
    """
    count, frames, speakers = windows.activity.shape
    chains = np.zeros((count, speakers), dtype=np.int64)
    chains[0] = np.arange(speakers)
    following = speakers
    for w in range(1, count):
        shift = int(windows.first[w] - windows.first[w - 1])
        before = windows.activity[w - 1, shift:]
        after = windows.activity[w, : frames - shift]
        shared = before.T @ after
        best = max(permutations(range(speakers)), key=lambda order: sum(shared[order[k], k] for k in range(speakers)))
        for k in range(speakers):
            both = shared[best[k], k]
            either = before[:, best[k]].sum() + after[:, k].sum() - both
            if both > 0.5 * either and either > 0:
                chains[w, k] = chains[w - 1, best[k]]
            else:
                chains[w, k] = following
                following += 1
    return chains


def stretches(windows: Windows, *, longest_s: float = 6.0, shortest_s: float = 0.25) -> list[Stretch]:
    """Single-speaker stretches of the whole timeline, each cut to at most `longest_s`."""
    chains = stitch(windows)
    frames = windows.activity.shape[1]
    # Only neighbouring windows share frames, so few chains are alive at once: a label a frame is enough.
    weight = np.zeros(windows.total, dtype=np.float32)
    label = np.full(windows.total, -1, dtype=np.int64)
    centre = 1.0 - np.abs(np.linspace(-1, 1, frames, dtype=np.float32)) * 0.9
    active = windows.active
    for w in range(len(chains)):
        first = int(windows.first[w])
        room = slice(first, min(first + frames, windows.total))
        size = room.stop - room.start
        one = active[w, :size].sum(axis=1) == 1
        who = np.where(one, chains[w][active[w, :size].argmax(axis=1)], -1)
        better = centre[:size] > weight[room]
        label[room] = np.where(better, who, label[room])
        weight[room] = np.maximum(weight[room], centre[:size])
    longest, shortest = round(longest_s / windows.frame_s), round(shortest_s / windows.frame_s)
    found = []
    changes = np.flatnonzero(np.diff(label)) + 1
    for first, last in zip(np.concatenate(([0], changes)), np.concatenate((changes, [len(label)])), strict=True):
        if label[first] < 0 or last - first < shortest:
            continue
        parts = -(-int(last - first) // longest)
        cuts = np.linspace(first, last, parts + 1).round().astype(int)
        found += [Stretch(int(a), int(b)) for a, b in pairwise(cuts)]
    return found


def speaker_votes(
    windows: Windows, pieces: list[Stretch], owners: NDArray[np.int64], speakers: int
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Overlap-add the windows: (frames, speakers) how likely each talks, and (frames,) how many talk at once.

    `owners` says whose each stretch is. Inside a stretch a window's speech is its owner's; where nobody was embedded
    (two talk at once, or too briefly) it belongs to whoever owns most of that local speaker's stretches, two local
    speakers of a window to two people. The middle of a window counts most: the model knows least at its edges.
    """
    count, frames, local = windows.activity.shape
    owner = np.full(windows.total + frames, -1, dtype=np.int64)
    for piece, who in zip(pieces, owners, strict=True):
        owner[piece.first : piece.last] = who
    taper = np.hamming(frames).astype(np.float32)[:, None]
    scores = np.zeros((windows.total, speakers), dtype=np.float32)
    talking = np.zeros((windows.total, 1), dtype=np.float32)
    weights = np.zeros((windows.total, 1), dtype=np.float32)
    active = windows.active
    for w in range(count):
        first = int(windows.first[w])
        room = slice(first, min(first + frames, windows.total))
        size = room.stop - room.start
        here = owner[room]
        inside = here >= 0
        shares = np.stack([active[w, :size][here == who].sum(axis=0) for who in range(speakers)], axis=1)
        tracks = _match(shares)
        part = np.zeros((size, speakers), dtype=np.float32)
        heard = windows.activity[w, :size]
        for k in range(local):
            if tracks[k] >= 0:
                part[~inside, tracks[k]] = np.maximum(part[~inside, tracks[k]], heard[~inside, k])
        part[inside, here[inside]] = heard[inside].max(axis=1)
        scores[room] += part * taper[:size]
        talking[room] += heard.sum(axis=1, keepdims=True) * taper[:size]
        weights[room] += taper[:size]
    weights = np.maximum(weights, 1e-6)
    return scores / weights, (talking / weights)[:, 0]


def _match(shares: NDArray[np.float32]) -> list[int]:
    """The speaker of each local speaker, by frames shared, each speaker once while they last; -1 for a silent one."""
    local, speakers = shares.shape
    free = list(range(speakers))
    matched = [-1] * local
    for k in sorted(range(local), key=lambda k: -float(shares[k].max())):
        pool = free or list(range(speakers))
        matched[k] = max(pool, key=lambda who: shares[k, who])
        if matched[k] in free:
            free.remove(matched[k])
    return matched


def decide(scores: NDArray[np.float32], talking: NDArray[np.float32], *, least: float = 0.5) -> NDArray[np.bool_]:
    """(frames, speakers): who talks. As many as the windows count, the likeliest first."""
    frames, speakers = scores.shape
    how_many = np.minimum(np.floor(talking + 1.0 - least).astype(int), speakers)
    order = np.argsort(-scores, axis=1, kind="stable")
    rank = np.empty_like(order)
    np.put_along_axis(rank, order, np.arange(speakers)[None, :].repeat(frames, axis=0), axis=1)
    talk: NDArray[np.bool_] = (rank < how_many[:, None]) & (scores > 0.05)
    return talk


def spans(
    talk: NDArray[np.bool_], frame_s: float, *, bridge_s: float, shortest_s: float
) -> list[tuple[int, float, float]]:
    """(speaker, start, end) in seconds, by start: pauses under `bridge_s` filled, then bits under `shortest_s` dropped."""
    found = []
    for speaker in range(talk.shape[1]):
        merged: list[list[float]] = []
        for first, last in runs(talk[:, speaker]):
            start, end = first * frame_s, last * frame_s
            if merged and start - merged[-1][1] < bridge_s:
                merged[-1][1] = end
            else:
                merged.append([start, end])
        found += [(speaker, start, end) for start, end in merged if end - start >= shortest_s]
    return sorted(found, key=lambda span: (span[1], span[2], span[0]))
