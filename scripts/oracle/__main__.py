"""Makes the golden files that the tests compare with, and compares this project with other libraries on real input.

    python scripts/oracle                                      lists what there is, and what it needs
    python scripts/oracle goldens                              makes all golden files of lib/*/testdata again
    python scripts/oracle goldens --only keras_fit vit_torch   makes those of some programs
    python scripts/oracle compare NAME --help                  tells what a comparison takes

It runs from any folder. The packages are those of requirements.txt, and of requirements-torch.txt where PyTorch is
needed; the two lie beside this file.

Golden files stay as they are where the new ones say the same up to rounding: other machines round otherwise. To have
them written nevertheless, delete one first. Where the tool writes files and only the machine is another, look at what
differs before taking them over: gradients through batch statistics differ by more than rounding (keras_training), half
precision by one of its last digits (keras_files).
"""

import argparse
import ast
import importlib.util
import math
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import same

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
ROUNDING = 1e-5  # difference of numbers, relative to the largest beside them, up to which a golden file stays
# Names of packages where modules have others.
PACKAGES = {"PIL": "pillow", "sklearn": "scikit-learn", "keras_hub": "keras-hub", "huggingface_hub": "huggingface-hub"}


def programs(folder):
    return {path.stem: path for path in sorted((HERE / folder).glob("*.py"))}


def needs(path, seen=()):
    """The modules from elsewhere that a program imports, or what it imports of common."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else (
            [node.module] if isinstance(node, ast.ImportFrom) else [])
        for name in (n.partition(".")[0] for n in names):
            ours = HERE / "common" / f"{name}.py"
            if ours.exists() and name not in seen:
                found |= needs(ours, (*seen, name))
            elif not ours.exists() and name not in sys.stdlib_module_names:
                found.add(name)
    return found | {"tensorflow"} if "keras" in found else found


def packages(modules):
    return ", ".join(sorted(PACKAGES.get(m, m) for m in modules))


def describe(folder):
    for name, path in programs(folder).items():
        print(f"  {name}\n      {ast.get_docstring(ast.parse(path.read_text(encoding='utf-8'))).splitlines()[0]}\n"
              f"      needs {packages(needs(path))}")


def run(path, *args, **options):
    """Runs a program with what is in common, in a process of its own: layers get their names and seeds by count."""
    environment = {"TF_CPP_MIN_LOG_LEVEL": "3", **os.environ, "PYTHONPATH": str(HERE / "common"),
                   "KERAS_BACKEND": "tensorflow"}
    return subprocess.run([sys.executable, str(path), *args], env=environment, **options).returncode


def keep_or_place(folder):
    """Puts new files to their places unless all there say the same: some hold what others are compared with."""
    made = sorted(f.relative_to(folder) for f in folder.rglob("*") if f.is_file())
    differences = {}
    for file in made:
        new, kept = (folder / file).read_bytes(), (ROOT / file).read_bytes() if (ROOT / file).exists() else None
        if kept is None:
            differences[file] = math.inf
        elif new != kept:
            differences[file] = same.difference(same.content(file.name, new), same.content(file.name, kept))
    keep = all(d <= ROUNDING for d in differences.values())
    for file in made:
        what = "same bytes"
        if file in differences:
            what = ("kept" if keep else "WRITTEN") + f", other bytes, numbers within {differences[file]:.0e}"
            if not keep:
                (ROOT / file).parent.mkdir(parents=True, exist_ok=True)
                (ROOT / file).write_bytes((folder / file).read_bytes())
        print(f"    {what:<44} {file.as_posix()}", flush=True)


def make(name, path):
    """Makes the files of one program; reports whether it could."""
    missing = {m for m in needs(path) if importlib.util.find_spec(m) is None}
    if missing:
        print(f"{name}: NOT RUN, {sys.executable} lacks {packages(missing)}", flush=True)
        return False
    with tempfile.TemporaryDirectory() as folder:
        folder, start = Path(folder), time.monotonic()
        messages = folder / "messages"  # TensorFlow warns a lot: shown if the program fails
        with open(messages, "w") as stderr:
            code = run(path, cwd=folder, stderr=stderr)
        if code:
            print(messages.read_text(), f"{name}: FAILED with exit code {code}", sep="", flush=True)
            return False
        messages.unlink()
        print(f"{name}: {time.monotonic() - start:.0f} s", flush=True)
        keep_or_place(folder)
    return True


def main():
    parser = argparse.ArgumentParser(prog="python scripts/oracle", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command")
    goldens = commands.add_parser("goldens", help="make the golden files again")
    goldens.add_argument("--only", nargs="+", metavar="NAME", choices=programs("goldens"), help="of these programs")
    compare = commands.add_parser("compare", help="run a comparison")
    compare.add_argument("name", choices=programs("comparisons"))
    compare.add_argument("args", nargs=argparse.REMAINDER)
    ask = parser.parse_args()
    if ask.command == "goldens":
        right = [make(name, path) for name, path in programs("goldens").items() if name in (ask.only or [name])]
        return 0 if all(right) else 1
    if ask.command == "compare":
        return run(programs("comparisons")[ask.name], *ask.args)
    for folder in ("goldens", "comparisons"):
        print(f"{folder}:")
        describe(folder)
    return 0


sys.exit(main())
