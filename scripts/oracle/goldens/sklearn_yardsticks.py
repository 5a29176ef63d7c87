"""Calibration, temperature, coverage, AUROC, folds and bootstraps of scikit-learn and SciPy, for tests of lib/metrics."""

import numpy as np
import scipy
import sklearn
import testdata
from scipy import optimize, stats
from sklearn.calibration import calibration_curve
from sklearn.metrics import brier_score_loss, log_loss, precision_recall_curve, roc_auc_score

rng = np.random.default_rng(14)
SMALLEST = float(np.finfo(np.float32).tiny)


def softmax(z):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def classifier(images, classes, skill, sharpness):
    """Probabilities in float32 that are as sure as sharpness says, whatever the skill."""
    actual = rng.integers(0, classes, images)
    z = rng.normal(size=(images, classes))
    z[np.arange(images), actual] += skill
    return softmax(sharpness * z).astype(np.float32), actual


def on_edges():
    """Confidences at the ends of bins, and probabilities of exactly 0 and 1."""
    rows = [[0.5, 0.5], [0.75, 0.25], [0.25, 0.75], [1, 0], [0, 1], [0.625, 0.375], [0.125, 0.875]]
    actual = [0, 0, 1, 0, 1, 1, 1, 0, 1, 1, 0, 1, 0, 1, 1, 0, 1, 0, 1, 0, 0, 0, 0, 1, 0, 1, 0, 1]
    return np.array(rows * 4, np.float32), np.array(actual)


CASES = {
    "too sure": (15, *classifier(180, 6, 3, 2.5)),
    "not sure enough": (15, *classifier(120, 6, 4, 0.5)),
    "two classes": (10, *classifier(90, 2, 1, 1)),
    "one bin": (1, *classifier(40, 3, 2, 3)),
    "a few certain mistakes": (15, *classifier(100, 4, 3, 30)),
    "on edges": (8, *on_edges()),
}


def nll(log_p, actual, t):
    z = log_p / t
    return (scipy.special.logsumexp(z, axis=1) - z[np.arange(len(actual)), actual]).mean()


def calibration(name, bins, p32, actual):
    p = p32.astype(np.float64)
    right, confidence = p.argmax(axis=1) == actual, p.max(axis=1)
    accuracies, confidences = calibration_curve(right, confidence, n_bins=bins, strategy="uniform")
    counts = np.bincount(np.searchsorted(np.linspace(0, 1, bins + 1)[1:-1], confidence), minlength=bins)
    labels = list(range(p.shape[1]))
    log_p = np.log(np.maximum(p, SMALLEST))
    best = optimize.minimize_scalar(lambda u: nll(log_p, actual, np.exp(u)), bracket=(-0.5, 0.5),
                                    options={"xtol": 1e-12})
    t = float(np.exp(best.x))
    # log_loss clips at 2e-16 in float64.
    loss = log_loss(actual, p, labels=labels) if p.min() > 1e-15 else -log_p[np.arange(len(p)), actual].mean()
    precision, _, thresholds = precision_recall_curve(right, confidence)
    return {
        "name": name, "bins": bins, "probabilities": p32.astype(float).tolist(), "actual": actual.tolist(),
        "counts": counts.tolist(), "accuracies": accuracies.tolist(), "confidences": confidences.tolist(),
        "ece": float((counts[counts > 0] / len(p) * abs(accuracies - confidences)).sum()),
        "nll": float(loss), "brier": float(brier_score_loss(actual, p, labels=labels, scale_by_half=False)),
        "temperature": t, "tempered_nll": float(best.fun), "tempered": softmax(log_p / t)[:10].tolist(),
        "thresholds": thresholds[::-1].tolist(), "selective_accuracies": precision[:-1][::-1].tolist(),
        # Each image's risk is that of all that are at least as sure.
        "aurc": float(np.mean([1 - right[confidence >= c].mean() for c in confidence])),
    }


def auroc(known, unknown):
    truth = np.r_[np.ones(len(known)), np.zeros(len(unknown))]
    area = roc_auc_score(truth, np.r_[known, unknown])
    return {"known": known.tolist(), "unknown": unknown.tolist(), "auroc": float(area)}


def folds(a, b, k):
    """As compute_corrected_ttest of scikit-learn's example on the statistical comparison of models, two-sided."""
    def corrected(values):
        return np.std(values, ddof=1) * np.sqrt(1 / len(values) + 1 / (k - 1))

    df, d = len(a) - 1, b - a
    mean = stats.t.interval(0.95, df, a.mean(), corrected(a))
    difference = stats.t.interval(0.95, df, d.mean(), corrected(d))
    return {
        "a": a.tolist(), "b": b.tolist(), "k": k,
        "mean": a.mean(), "mean_low": max(0, mean[0]), "mean_high": min(1, mean[1]),
        "difference": d.mean(), "low": difference[0], "high": difference[1],
        "p": 2 * stats.t.sf(abs(d.mean()) / corrected(d), df),
    }


def bits(right):
    return ["".join("01"[int(v)] for v in row) for row in right]


def bootstrap(seeds, images, wrong_a, wrong_b):
    """Images differ in how hard they are, for both; seeds in how lucky they are, for both."""
    hard = rng.normal(size=images) + 0.5 * rng.normal(size=(seeds, 1))
    def right(wrong):
        z = hard + 0.7 * rng.normal(size=(seeds, images))
        return z < np.quantile(z, 1 - wrong)

    a, b = right(wrong_a), right(wrong_b)
    d = b.astype(float) - a
    if seeds == 1:
        result = stats.bootstrap((d[0],), np.mean, method="percentile", n_resamples=100_000, batch=2_000, rng=rng)
        drawn = result.bootstrap_distribution
    else:
        of_seeds = rng.multinomial(seeds, [1 / seeds] * seeds, 100_000)
        drawn = np.concatenate([
            np.einsum("rs,si,ri->r", w, d, rng.multinomial(images, [1 / images] * images, len(w)), optimize=True)
            for w in np.array_split(of_seeds, 100)
        ]) / (seeds * images)
    low, high = np.quantile(drawn, [0.025, 0.975])
    return {
        "a": bits(a), "b": bits(b), "mean": d.mean(), "low": low, "high": high, "deviation": drawn.std(),
        "p": min(1, 2 * min((drawn <= 1e-12).mean(), (drawn >= -1e-12).mean())),
    }


testdata.write("lib/metrics/testdata/yardsticks.json.gz", {
    "made_with": f"scikit-learn {sklearn.__version__}, SciPy {scipy.__version__}",
    "calibration": [calibration(name, *case) for name, case in CASES.items()],
    "auroc": [
        auroc(rng.normal(1, 1, 60).round(1), rng.normal(0, 1, 40).round(1)),  # with ties
        auroc(rng.normal(0, 1, 30), rng.normal(1, 1, 50)),
        auroc(np.array([0.9, 0.8]), np.array([0.1])),
        auroc(np.full(5, 0.5), np.full(3, 0.5)),
    ],
    "folds": [
        folds(rng.normal(0.985, 0.006, 25).clip(0, 1), rng.normal(0.991, 0.004, 25).clip(0, 1), 5),
        folds(rng.normal(0.6, 0.05, 10), rng.normal(0.65, 0.05, 10), 10),
        folds(rng.normal(0.6, 0.02, 2), rng.normal(0.65, 0.02, 2), 2),
    ],
    "bootstrap": [bootstrap(1, 200, 0.1, 0.05), bootstrap(5, 120, 0.15, 0.1), bootstrap(20, 90, 0.1, 0.09)],
})
