"""The images of NEU-DET, from its folder or from Kaggle's zip."""

import zipfile
from pathlib import Path


def images(data, split, n, folder):
    """n images of a split, or all if they are fewer, spread evenly over the classes, as files; those of a zip are unpacked
    into the folder."""
    if data.is_file():
        with zipfile.ZipFile(data) as z:
            names = sorted(name for name in z.namelist() if f"/{split}/images/" in name and name.endswith(".jpg"))
            return [Path(z.extract(name, folder)) for name in spread(names, n)]
    return spread(sorted(data.glob(f"**/{split}/images/*/*.jpg")), n)


def spread(names, n):
    n = min(n, len(names))
    return [names[i * len(names) // n] for i in range(n)]
