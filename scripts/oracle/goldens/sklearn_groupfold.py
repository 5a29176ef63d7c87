"""The folds of scikit-learn's StratifiedGroupKFold, for the tests of lib/images."""

import numpy as np
import testdata
from sklearn.model_selection import StratifiedGroupKFold

cases = []
for seed, images, groups, classes, k in ((1, 60, 20, 3, 5), (2, 200, 40, 6, 3), (3, 90, 30, 4, 5), (4, 150, 25, 2, 4)):
    rng = np.random.default_rng(seed)
    group = rng.permutation(np.concatenate([np.arange(groups), rng.integers(0, groups, images - groups) ** 2 // groups]))
    label = np.where(rng.random(images) < 0.8, group % classes, rng.integers(0, classes, images))  # most groups have one class
    counts = np.zeros((groups, classes), int)
    np.add.at(counts, (group, label), 1)
    folds = np.full(groups, -1)
    for fold, (_, validation) in enumerate(StratifiedGroupKFold(k).split(np.zeros(images), label, group)):
        folds[group[validation]] = fold
    cases.append(dict(counts=counts.tolist(), k=k, folds=folds.tolist()))
testdata.write("lib/images/testdata/groupfold.json", cases)
