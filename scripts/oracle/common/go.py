"""The programs in Go that lie beside the comparisons, and what passes between them and Python: raw float32."""

import functools
import subprocess
import tempfile
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[3]
built = tempfile.TemporaryDirectory()


@functools.cache
def program(package):
    """Builds a command of this module, once per process."""
    path = Path(built.name) / Path(package).name
    subprocess.run(["go", "build", "-o", path, f"./{package}"], cwd=ROOT, check=True)
    return path


def run(name, *args):
    """What the program prints that lies in comparisons/name."""
    command = [program(f"scripts/oracle/comparisons/{name}"), *map(str, args)]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout


def defects(*args):
    return subprocess.run([program("scripts/defects"), *map(str, args)], check=True, stdout=subprocess.PIPE).stdout


def write(path, pixels):
    np.asarray(pixels, "<f4").tofile(path)
    return path


def read(path):
    return np.fromfile(path, "<f4")


def activations(pixels, *args):
    """What a backbone gives for pixels [n, size, size, 3]: pooled features; with -every, the output of each layer."""
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        run("activations", *args, f"-size={pixels.shape[1]}", f"-pixels={write(folder / 'pixels', pixels)}",
            f"-out={folder}")
        return {f.stem: read(f) for f in folder.glob("*.f32")}
