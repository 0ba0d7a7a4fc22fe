"""Who is who over a whole call: cluster the voices of its stretches of speech. Numpy and scipy only.

Two similar voices are often one local speaker to the segmentation model, so stretches are clustered by their
embeddings alone; what segmentation knows is used for the timeline, not for who is who.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Cosine distance at which agglomeration of many speakers stops (average linkage).
MERGE_DISTANCE = 0.45
#: Two voices whose mean embeddings are closer than this (cosine) are one. On telephone calls two people, heard through
#: the same codec, reach 0.75; one person's speech cut in two stays above 0.81.
SAME_VOICE = 0.79
#: A third person on a call must be this unlike the others (cosine) and say this much (seconds).
THIRD_VOICE = 0.70
THIRD_SPEECH_S = 5.0
#: Stretches at least this long (seconds) are trusted to found a speaker, and a speaker has at least so much of the
#: speech (seconds, share of all of it).
TRUSTED_S = 0.8
LEAST_SPEECH_S = 1.0
LEAST_SHARE = 0.02
#: With at least so many stretches, what agglomeration calls one voice is looked at as a call of two is.
MANY_STRETCHES = 8


def unit(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Rows scaled to length one."""
    scaled: NDArray[np.float32] = vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-9)
    return scaled


def cluster(vectors: NDArray[np.float32], lengths: NDArray[np.float32], least: int, most: int) -> NDArray[np.int64]:
    """The speaker, 0 to n - 1, of each stretch; n between `least` and `most` where the speech allows.

    `vectors` (stretches, dim) are embeddings, `lengths` their seconds.
    """
    if not len(vectors):
        return np.zeros(0, dtype=np.int64)
    vectors = unit(vectors)
    trusted = np.flatnonzero(lengths >= TRUSTED_S)
    if len(trusted) < 2:
        trusted = np.arange(len(vectors))
    if len(trusted) < 2 or most == 1:
        return np.zeros(len(vectors), dtype=np.int64)
    gather = _few if most <= 3 else _many
    labels = gather(vectors[trusted], lengths[trusted], least, most)
    centroids = _centroids(vectors[trusted], lengths[trusted], labels)
    assigned: NDArray[np.int64] = (vectors @ centroids.T).argmax(axis=1)
    return assigned


def enough(lengths: NDArray[np.float32]) -> float:
    """Seconds of speech that make a speaker of somebody heard on a recording."""
    return max(LEAST_SPEECH_S, LEAST_SHARE * float(lengths.sum()))


def _few(vectors: NDArray[np.float32], lengths: NDArray[np.float32], least: int, most: int) -> NDArray[np.int64]:
    """A call of two people, unless what is heard says one, or three where `most` allows it."""
    labels = _split(vectors, lengths)
    weights = np.bincount(labels, weights=lengths, minlength=2)
    if least < 2 and (weights.min() < enough(lengths) or _likeness(vectors, lengths, labels) > SAME_VOICE):
        return np.zeros(len(vectors), dtype=np.int64)
    if most > 2:
        for side in (0, 1):
            own = np.flatnonzero(labels == side)
            if len(own) < 2:
                continue
            parts = _split(vectors[own], lengths[own])
            little = np.bincount(parts, weights=lengths[own], minlength=2).min()
            if least > 2 or (little >= THIRD_SPEECH_S and _likeness(vectors[own], lengths[own], parts) < THIRD_VOICE):
                labels[own[parts == 1]] = 2
                break
    return _numbered(labels)


def _split(vectors: NDArray[np.float32], lengths: NDArray[np.float32]) -> NDArray[np.int64]:
    """Two groups: agglomeration of the centred vectors, then weighted two-means from it and from the main direction."""
    from scipy.cluster.hierarchy import fcluster, linkage

    mean = (vectors * lengths[:, None]).sum(axis=0) / lengths.sum()
    centred = unit(vectors - mean)
    starts = [
        fcluster(linkage(centred, method=method, metric="euclidean"), 2, criterion="maxclust") - 1
        for method in ("average", "ward")
    ]
    direction = np.linalg.svd((vectors - mean) * np.sqrt(lengths)[:, None], full_matrices=False)[2][0]
    starts.append((centred @ direction > 0).astype(np.int64))
    found = [_two_means(vectors, lengths, start) for start in starts]
    return max(found, key=lambda labels: _tightness(vectors, lengths, labels))


def _two_means(
    vectors: NDArray[np.float32], lengths: NDArray[np.float32], labels: NDArray[np.int64]
) -> NDArray[np.int64]:
    for _ in range(20):
        if labels.min() == labels.max():
            return labels
        again = (vectors @ _centroids(vectors, lengths, labels).T).argmax(axis=1)
        if (again == labels).all():
            break
        labels = again
    return labels


def _tightness(vectors: NDArray[np.float32], lengths: NDArray[np.float32], labels: NDArray[np.int64]) -> float:
    """Mean cosine of each second of speech to its own centroid."""
    own = (vectors * _centroids(vectors, lengths, labels)[labels]).sum(axis=1)
    return float((own * lengths).sum() / lengths.sum())


def _likeness(vectors: NDArray[np.float32], lengths: NDArray[np.float32], labels: NDArray[np.int64]) -> float:
    """Cosine between the two centroids."""
    centroids = _centroids(vectors, lengths, labels)
    return float(centroids[0] @ centroids[1]) if len(centroids) == 2 else 1.0


def _many(vectors: NDArray[np.float32], lengths: NDArray[np.float32], least: int, most: int) -> NDArray[np.int64]:
    """Any number of speakers: agglomeration down to a distance; speakers with too little speech join the nearest."""
    from scipy.cluster.hierarchy import fcluster, linkage

    tree = linkage(vectors, method="average", metric="cosine")
    labels = fcluster(tree, MERGE_DISTANCE, criterion="distance") - 1
    weights = np.bincount(labels, weights=lengths)
    big = [int(label) for label in np.argsort(-weights) if weights[label] >= enough(lengths)][:most]
    if len(big) < least:
        wanted = min(max(least, 1), len(vectors))
        return _numbered(fcluster(tree, wanted, criterion="maxclust") - 1)
    if len(big) == 1 and len(vectors) >= MANY_STRETCHES:
        return _few(vectors, lengths, least, 2)
    centroids = unit(np.stack([(vectors[labels == k] * lengths[labels == k, None]).sum(axis=0) for k in big]))
    return _numbered((vectors @ centroids.T).argmax(axis=1))


def _numbered(labels: NDArray[np.int64]) -> NDArray[np.int64]:
    numbered: NDArray[np.int64] = np.unique(labels, return_inverse=True)[1]
    return numbered


def _centroids(
    vectors: NDArray[np.float32], lengths: NDArray[np.float32], labels: NDArray[np.int64]
) -> NDArray[np.float32]:
    """Length-weighted mean direction of each label, 0 to the highest."""
    sums = np.zeros((int(labels.max()) + 1, vectors.shape[1]), dtype=np.float32)
    np.add.at(sums, labels, vectors * lengths[:, None])
    return unit(sums)
