"""Nearest neighbours and logistic regression of scikit-learn, for the tests of lib/neighbours and lib/probe."""

import numpy as np
import seeded
import testdata
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import NearestNeighbors
from sklearn.preprocessing import normalize

TRAIN, OTHERS, DIM, CLASSES = 60, 20, 5 * 5 * 3, 3  # more features than images, as with few labels


def rows(name, n):
    """Features such as those after a ReLU: not negative, and not centred; each class has some larger ones."""
    labels = np.arange(n) % CLASSES
    values = seeded.uniform(f"neighbours {name}", (n, DIM), 0, 1).astype(np.float64)
    values[np.arange(DIM)[None, :] % CLASSES == labels[:, None]] += 0.1
    return values.astype(np.float32), labels


train, labels = rows("train", TRAIN)
others, _ = rows("others", OTHERS)
distances, nearest = NearestNeighbors(n_neighbors=5, algorithm="brute").fit(
    normalize(train.astype(np.float64))).kneighbors(normalize(others.astype(np.float64)))
testdata.write("lib/neighbours/testdata/sklearn.json", dict(distances=distances.tolist(), nearest=nearest.tolist()))

probes = []
for c in (0.01, 1.0, 100.0):
    fitted = LogisticRegression(C=c, solver="newton-cholesky", tol=1e-12, max_iter=1000).fit(train.astype(np.float64), labels)
    probes.append(dict(c=c, probabilities=fitted.predict_proba(others.astype(np.float64)).tolist()))
testdata.write("lib/probe/testdata/sklearn.json", probes)
