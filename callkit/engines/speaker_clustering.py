"""Who is who over a whole call: cluster the voices of its stretches of speech. Numpy and scipy only.

Two similar voices are often one local speaker to the segmentation model, so stretches are clustered by their
embeddings alone; what segmentation knows is used for the timeline, not for who is who.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Two groups are two voices where a second of speech is, on average, nearer (cosine) to the rest of its own group than to
#: the other by this much; or where the groups' mean embeddings are less alike than that. One person's speech cut in two
#: stays below the first and above the second, two people's do not, except where they sound the same.
MARGIN = 0.12
UNLIKE = 0.70
#: A call has two speakers: for one more the margin must be this large, this many times its own spread, and hold for
#: this much speech (seconds).
MORE_MARGIN = 0.15
MORE_RATIO = 2.5
MORE_SPEECH_S = 5.0
#: Stretches at least this long (seconds) are trusted to found a speaker, and a speaker has at least so much of the
#: speech (seconds, share of all of it).
TRUSTED_S = 0.8
LEAST_SPEECH_S = 1.0
LEAST_SHARE = 0.02
#: With fewer stretches there is no telling how voices scatter: then they are joined up to a cosine distance (average
#: linkage).
FEW_STRETCHES = 8
MERGE_DISTANCE = 0.45


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
    gather = _join if len(trusted) < FEW_STRETCHES else _divide
    labels = gather(vectors[trusted], lengths[trusted], least, most)
    centroids = _centroids(vectors[trusted], lengths[trusted], labels)
    assigned: NDArray[np.int64] = (vectors @ centroids.T).argmax(axis=1)
    return assigned


def enough(lengths: NDArray[np.float32]) -> float:
    """Seconds of speech that make a speaker of somebody heard on a recording."""
    return max(LEAST_SPEECH_S, LEAST_SHARE * float(lengths.sum()))


def _divide(vectors: NDArray[np.float32], lengths: NDArray[np.float32], least: int, most: int) -> NDArray[np.int64]:
    """A call of two people, unless what is heard says one, or more: then the group most clearly of two is divided again."""
    labels = _split(vectors, lengths)
    weights = np.bincount(labels, weights=lengths, minlength=2)
    alike = separation(vectors, lengths, labels)[0] < MARGIN and _likeness(vectors, lengths, labels) > UNLIKE
    if least < 2 and (weights.min() < enough(lengths) or alike):
        return np.zeros(len(vectors), dtype=np.int64)
    for count in range(2, most):
        divided = _divided(vectors, lengths, labels, anyway=count < least)
        if divided is None:
            break
        labels = _numbered(_two_means(vectors, lengths, divided))
    return _numbered(labels)


def _divided(
    vectors: NDArray[np.float32], lengths: NDArray[np.float32], labels: NDArray[np.int64], *, anyway: bool
) -> NDArray[np.int64] | None:
    """The labels with the group that is most clearly of two people divided; None where none is, unless `anyway`."""
    best, found = 0.0 if not anyway else -np.inf, None
    for group in range(int(labels.max()) + 1):
        own = np.flatnonzero(labels == group)
        if len(own) < 2:
            continue
        parts = _split(vectors[own], lengths[own])
        margin, ratio = separation(vectors[own], lengths[own], parts)
        little = np.bincount(parts, weights=lengths[own], minlength=2).min()
        clear = margin >= MORE_MARGIN and ratio >= MORE_RATIO and little >= max(MORE_SPEECH_S, enough(lengths))
        if (clear or anyway) and margin > best:
            best, found = margin, labels.copy()
            found[own[parts == 1]] = int(labels.max()) + 1
    return found


def separation(
    vectors: NDArray[np.float32], lengths: NDArray[np.float32], labels: NDArray[np.int64]
) -> tuple[float, float]:
    """How much nearer (cosine) a second of speech is to the rest of its own group than to the other, and that over its
    standard deviation. A stretch alone in its group is no nearer.
    """
    sums = np.zeros((2, vectors.shape[1]), dtype=np.float32)
    np.add.at(sums, labels, vectors * lengths[:, None])
    rest = unit(sums[labels] - vectors * lengths[:, None])
    nearer = (vectors * rest).sum(axis=1) - (vectors * unit(sums)[1 - labels]).sum(axis=1)
    nearer[np.bincount(labels, minlength=2)[labels] == 1] = 0.0
    mean = float((nearer * lengths).sum() / lengths.sum())
    spread = float(np.sqrt((np.square(nearer - mean) * lengths).sum() / lengths.sum()))
    return mean, mean / max(spread, 1e-6)


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


def _join(vectors: NDArray[np.float32], lengths: NDArray[np.float32], least: int, most: int) -> NDArray[np.int64]:
    """Agglomeration up to a distance; speakers with too little speech join the nearest."""
    from scipy.cluster.hierarchy import fcluster, linkage

    tree = linkage(vectors, method="average", metric="cosine")
    labels = fcluster(tree, MERGE_DISTANCE, criterion="distance") - 1
    weights = np.bincount(labels, weights=lengths)
    big = [int(label) for label in np.argsort(-weights) if weights[label] >= enough(lengths)][:most]
    if len(big) < least:
        wanted = min(max(least, 1), len(vectors))
        return _numbered(fcluster(tree, wanted, criterion="maxclust") - 1)
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
