"""Two scikit-learn baselines for a folder in NEU-DET's layout.

A linear model on raw pixels, and a linear model on hand-made texture features
(local binary patterns, grey-level co-occurrence, Gabor energies, grey-level
histogram). Both are fitted on the training split and scored on validation.

    python scripts/oracle compare surfaces_baselines DIR/NEU-DET
"""

import sys
from pathlib import Path

import numpy as np
from PIL import Image
from scipy.stats import binomtest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import confusion_matrix
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler


def load(root, split):
    folder = root / split / "images"
    classes = sorted(p.name for p in folder.iterdir() if p.is_dir())
    images, labels = [], []
    for label, name in enumerate(classes):
        for path in sorted((folder / name).glob("*.jpg")):
            images.append(np.asarray(Image.open(path).convert("L"), np.float32))
            labels.append(label)
    return np.stack(images), np.array(labels), classes


def pooled(images, size):
    """Mean over size×size blocks."""
    n, h, w = images.shape
    return images.reshape(n, h // size, size, w // size, size).mean((2, 4))


def local_binary_patterns(image, radius):
    """Rotation-invariant uniform patterns of 8 neighbours (Ojala et al. 2002)."""
    r = radius
    centre = image[r:-r, r:-r]
    h, w = centre.shape
    ring = [(-r, -r), (-r, 0), (-r, r), (0, r), (r, r), (r, 0), (r, -r), (0, -r)]
    bits = np.stack([image[r + dy : r + dy + h, r + dx : r + dx + w] >= centre for dy, dx in ring])
    changes = (bits != np.roll(bits, 1, axis=0)).sum(0)
    pattern = np.where(changes <= 2, bits.sum(0), 9)
    return np.bincount(pattern.ravel(), minlength=10) / pattern.size


def cooccurrence(image, dy, dx, levels=16):
    """Haralick's contrast, homogeneity, energy, correlation at one offset."""
    low, high = np.percentile(image, [1, 99])
    q = np.clip((image - low) / max(high - low, 1) * levels, 0, levels - 1).astype(int)
    h, w = q.shape
    a = q[max(0, -dy) : h - max(0, dy), max(0, -dx) : w - max(0, dx)]
    b = q[max(0, dy) : h - max(0, -dy), max(0, dx) : w - max(0, -dx)]
    p = np.bincount((a * levels + b).ravel(), minlength=levels**2).reshape(levels, levels)
    p = (p + p.T) / (2 * p.sum())
    i, j = np.mgrid[:levels, :levels]
    mean = (i * p).sum()
    deviation = np.sqrt(((i - mean) ** 2 * p).sum()) + 1e-6
    correlation = ((i - mean) * (j - mean) * p).sum() / deviation**2
    return [((i - j) ** 2 * p).sum(), (p / (1 + (i - j) ** 2)).sum(), (p**2).sum(), correlation]


def gabor_bank(size, scales=5, orientations=6):
    """Filters in the frequency domain: one octave wide, 30 degrees apart."""
    f = np.fft.fftfreq(size)
    fy, fx = np.meshgrid(f, f, indexing="ij")
    radius, angle = np.hypot(fx, fy) + 1e-9, np.arctan2(fy, fx)
    bank = []
    for s in range(scales):
        band = np.exp(-((np.log2(radius) - np.log2(0.35 / 2**s)) ** 2) / (2 * 0.5**2))
        for o in range(orientations):
            d = angle - np.pi * o / orientations
            d = np.arctan2(np.sin(d), np.cos(d))
            bank.append(band * np.exp(-(d**2) / (2 * 0.3**2)))
    return np.stack(bank)


def texture_features(image, bank):
    features = [local_binary_patterns(image, r) for r in (1, 2, 4)]
    features.append(cooccurrence(image, 0, 2) + cooccurrence(image, 2, 0) + cooccurrence(image, 3, 3))
    # Energies and peakedness of each band; a mark makes few large responses,
    # grain makes many small ones.
    response = np.abs(np.fft.ifft2(np.fft.fft2(image - image.mean()) * bank))
    energy = response.mean((1, 2))
    features.append(np.log(energy + 1e-3))
    features.append(np.log((response**4).mean((1, 2)) / (response**2).mean((1, 2)) ** 2))
    # Signed peakedness: dark marks against bright ones.
    standard = (image - image.mean()) / (image.std() + 1e-6)
    features.append(np.histogram(standard, bins=12, range=(-4, 4))[0] / image.size)
    for scale in (1, 2, 4, 8):
        small = pooled(image[None], scale)[0] if image.shape[0] % scale == 0 else image
        dx, dy = np.diff(small, 2, axis=1), np.diff(small, 2, axis=0)
        for d in (dx, dy):
            features.append([(d**3).mean() / ((d**2).mean() ** 1.5 + 1e-6)])
    return np.concatenate([np.ravel(f) for f in features])


def score(name, model, train, train_labels, test, test_labels, classes):
    model.fit(train, train_labels)
    predicted = model.predict(test)
    correct, total = int((predicted == test_labels).sum()), len(test_labels)
    interval = binomtest(correct, total).proportion_ci(0.95, method="wilson")
    print(f"{name}: {100 * correct / total:.1f} % ({correct}/{total}), "
          f"95 % interval {100 * interval.low:.1f}–{100 * interval.high:.1f} %")
    print("rows actual, columns predicted:", ", ".join(classes))
    print(confusion_matrix(test_labels, predicted))


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    root = Path(sys.argv[1])
    train, train_labels, classes = load(root, "train")
    test, test_labels, _ = load(root, "validation")
    print(f"{len(train)} training, {len(test)} validation images of {root}")
    for size in (4, 8):  # 50×50 and 25×25 pixels
        a, b = (pooled(x, size).reshape(len(x), -1) for x in (train, test))
        model = make_pipeline(StandardScaler(), LogisticRegression(C=0.001, max_iter=500))
        score(f"linear on pixels ({200 // size}×{200 // size})", model, a, train_labels, b, test_labels, classes)
    bank = gabor_bank(train.shape[1])
    a, b = (np.stack([texture_features(i, bank) for i in x]) for x in (train, test))
    model = make_pipeline(StandardScaler(), LogisticRegression(C=0.3, max_iter=2000))
    score("linear on texture features", model, a, train_labels, b, test_labels, classes)


if __name__ == "__main__":
    main()
