"""Chapters of a long call: where the talk turns to something else.

Source: TextTiling (Hearst 1997) with sentence embeddings in place of word counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from callkit.model import Chapter, SafeTurn

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

WINDOW = 6
SHORTEST_S = 60.0
LONG_CALL_S = 300.0


def chapters_of(turns: Sequence[SafeTurn], vectors: NDArray[np.float32], titles: Sequence[str]) -> tuple[Chapter, ...]:
    """Chapters of a call longer than five minutes, none for a shorter one. `titles`: what to call each turn, "" to skip it.

    A chapter is titled by the turn nearest to its middle in meaning. `vectors` is (turns, dim), unit length.
    """
    if not turns or turns[-1].end - turns[0].start <= LONG_CALL_S:
        return ()
    starts = [0, *boundaries(turns, vectors)]
    ends = [*starts[1:], len(turns)]
    return tuple(
        Chapter(
            number,
            turns[start].start,
            turns[end].start if end < len(turns) else max(turn.end for turn in turns),
            _title(range(start, end), vectors, titles),
            turns[start].index,
            turns[end - 1].index,
        )
        for number, (start, end) in enumerate(zip(starts, ends, strict=True))
    )


def boundaries(turns: Sequence[SafeTurn], vectors: NDArray[np.float32]) -> list[int]:
    """Turns that begin a new chapter: the deepest valleys of likeness, at least a minute apart.

    Likeness at a gap is the cosine of the means of the six turns on each side, weighted by their words; depth is how far it
    lies below the peaks on both sides. Kept are depths above mean plus half a standard deviation.
    """
    import numpy as np

    weights = np.sqrt([max(1, len(turn.words)) for turn in turns])[:, None]
    weighted = vectors * weights
    gaps = range(2, len(turns) - 1)
    if not gaps:
        return []
    likeness = np.array(
        [_cosine(weighted[max(0, g - WINDOW) : g].sum(0), weighted[g : g + WINDOW].sum(0)) for g in gaps]
    )
    depths = np.array(
        [_peak(likeness[: i + 1][::-1]) + _peak(likeness[i:]) - 2 * likeness[i] for i in range(len(likeness))]
    )
    chosen: list[int] = []
    begin, end = turns[0].start, turns[-1].end
    for place in np.argsort(-depths, kind="stable"):
        if depths[place] < depths.mean() + 0.5 * depths.std():
            break
        gap = gaps[int(place)]
        edges = [begin, end, *(turns[other].start for other in chosen)]
        if all(abs(turns[gap].start - edge) >= SHORTEST_S for edge in edges):
            chosen.append(gap)
    return sorted(chosen)


def _peak(values: NDArray[np.float32]) -> float:
    """The first peak, climbing from the first value."""
    top = float(values[0])
    for value in values[1:]:
        if value < top:
            break
        top = float(value)
    return top


def _cosine(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    import numpy as np

    return float(one @ other / (np.linalg.norm(one) * np.linalg.norm(other) + 1e-9))


def _title(turns: range, vectors: NDArray[np.float32], titles: Sequence[str]) -> str:
    middle = vectors[turns.start : turns.stop].mean(0)
    named = [turn for turn in turns if titles[turn]] or list(turns)
    best = max(named, key=lambda turn: float(vectors[turn] @ middle))
    return titles[best] or f"Turns {turns.start} to {turns.stop - 1}"
