"""Reports, Wilson intervals and McNemar tests of scikit-learn, SciPy and statsmodels, for the tests of lib/metrics."""

import json

import numpy as np
import scipy
import sklearn
import statsmodels
import testdata
from scipy.stats import binomtest
from sklearn.metrics import classification_report, confusion_matrix
from statsmodels.stats.contingency_tables import mcnemar

STEEL = ["crazing", "inclusion", "patches", "pitted_surface", "rolled-in_scale", "scratches"]
rng = np.random.default_rng(7)


def noisy(supports, error):
    actual = np.repeat(np.arange(len(supports)), supports)
    wrong = rng.random(len(actual)) < error
    return actual, np.where(wrong, rng.integers(0, len(supports), len(actual)), actual)


def never(label, instead, supports, error):
    actual, predicted = noisy(supports, error)
    predicted[predicted == label] = instead
    return actual, predicted


CASES = {
    "equal supports": (STEEL, *noisy([60] * 6, 0.05)),
    "all right": (STEEL, *noisy([60] * 6, 0.0)),
    "unequal supports": (STEEL, *noisy([3, 250, 17, 1, 90, 41], 0.3)),
    "a class never predicted": (STEEL, *never(3, 0, [60] * 6, 0.1)),
    "a class without images": (STEEL, *noisy([10, 0, 12, 5, 8, 9], 0.2)),
    "a class without images and never predicted": (STEEL, *never(1, 2, [10, 0, 12, 5, 8, 9], 0.2)),
    "long and non-ASCII names": (
        ["a class with a very long name, longer than any heading", "Walzzunder eingedrückt", "ß"],
        *noisy([7, 8, 9], 0.4),
    ),
    "short names, a tie in the last digit": (
        ["a", "b"],
        np.repeat([0, 1], 16),
        np.array([0] * 15 + [1] + [1] * 14 + [0] * 2),  # accuracy 29/32 = 0.90625
    ),
    "twelve classes": ([f"class {i}" for i in range(12)], *noisy(rng.integers(1, 40, 12), 0.5)),
    "large counts": (["left", "right"], *noisy([123456, 1234567], 0.01)),
}

reports = []
for name, (classes, actual, predicted) in CASES.items():
    labels = list(range(len(classes)))
    options = dict(labels=labels, target_names=classes, zero_division=0)
    reports.append(
        {
            "name": name,
            "classes": classes,
            "counts": confusion_matrix(actual, predicted, labels=labels).tolist(),
            "text": classification_report(actual, predicted, digits=4, **options),
            "dict": classification_report(actual, predicted, output_dict=True, **options),
        }
    )

wilson = []
for correct, total in [(0, 1), (1, 1), (0, 360), (357, 360), (360, 360), (59, 60), (30, 60), (1, 2), (99999, 100000)]:
    interval = binomtest(correct, total).proportion_ci(0.95, method="wilson")
    wilson.append({"correct": correct, "total": total, "low": interval.low, "high": interval.high})

coin = []
for a, b in [(0, 0), (0, 1), (1, 0), (0, 5), (0, 6), (3, 9), (9, 3), (7, 7), (7, 8), (20, 50), (500, 620), (3, 90)]:
    p = float(mcnemar([[5, a], [b, 7]], exact=True).pvalue)
    assert a + b == 0 or np.isclose(p, binomtest(a, a + b, 0.5).pvalue, rtol=1e-9)
    coin.append({"a": a, "b": b, "p": p})

golden = {
    "made_with": f"scikit-learn {sklearn.__version__}, SciPy {scipy.__version__}, statsmodels {statsmodels.__version__}",
    "reports": reports,
    "wilson": wilson,
    "mcnemar": coin,
}
testdata.place("lib/metrics/testdata/golden.json").write_text(
    json.dumps(golden, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
