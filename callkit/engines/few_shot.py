"""Labels from a few examples: what `callkit topics --examples` gives calls, and `callkit bench` measures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def few_shot(examples: NDArray[np.float32], labels: Sequence[int], vectors: NDArray[np.float32]) -> list[int]:
    """The label of each vector by logistic regression on a few labelled unit vectors of the same embeddings."""
    from sklearn.linear_model import LogisticRegression

    if not len(vectors):
        return []
    model = LogisticRegression(C=20.0, max_iter=2000, class_weight="balanced").fit(examples, list(labels))
    return [int(label) for label in model.predict(vectors)]
