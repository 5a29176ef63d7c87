"""The files that the tests of Go read. Paths are those in the repository; `python scripts/oracle goldens` runs each
maker in an empty folder that stands for it."""

import gzip
import json
from pathlib import Path


def place(path):
    """Where a file is written to; makes its folder."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def write(path, value):
    """Stores JSON, gzipped if the name says so, the same bytes for the same value."""
    text = json.dumps(value, separators=(",", ":"))
    data = gzip.compress(text.encode(), 9, mtime=0) if path.endswith(".gz") else (text + "\n").encode()
    place(path).write_bytes(data)
