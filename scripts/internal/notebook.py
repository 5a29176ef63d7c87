"""Runs one notebook through Jupyter, shows its progress, and renders it as one HTML file.

usage: notebook.py NOTEBOOK HTML EXECUTED KERNEL_LOG

HTML is the report, which needs no other file and no network; EXECUTED is the notebook with its outputs, which
is also written when a cell fails. Exit code 1, with the cell's number and its error on stderr, if one does.
"""

import datetime
import html
import json
import os
import re
import sys
import tempfile
import threading
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, DeadKernelError
from nbconvert import HTMLExporter
from nbconvert.preprocessors import CoalesceStreamsPreprocessor

KERNEL = "gonb-defects"
ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


class Progress:
    """One line that changes in place on a terminal; elsewhere a line per cell, and one each 30 s in a long one."""

    def __init__(self, name, cells):
        self.name, self.cells = name, cells
        self.terminal = sys.stderr.isatty() and os.environ.get("TERM") != "dumb"
        self.number, self.started, self.told = 0, time.monotonic(), 0.0
        self.lock, self.done = threading.Lock(), threading.Event()
        threading.Thread(target=self._tick, daemon=True).start()

    def cell(self, number):
        with self.lock:
            self.number, self.started, self.told = number, time.monotonic(), 0.0

    def executed(self):
        with self.lock:
            if not self.terminal:
                self._print("\n")

    def stop(self):
        self.done.set()
        with self.lock:
            if self.terminal:
                print("\r\x1b[K", end="", file=sys.stderr, flush=True)

    def elapsed(self):
        return time.monotonic() - self.started

    def _tick(self):
        while not self.done.wait(0.5):
            with self.lock:
                if self.terminal:
                    self._print("")
                elif self.number and self.elapsed() - self.told > 30:
                    self.told = self.elapsed()
                    self._print(" so far\n")

    def _print(self, end):
        where = f"cell {self.number} of {self.cells}" if self.number else "starting"
        start = "\r\x1b[K" if self.terminal else ""
        print(f"{start}  notebook {self.name}: {where}, {self.elapsed():.0f} s", end=end, file=sys.stderr, flush=True)


def execute(notebook, path, kernel_log):
    """Runs all cells in place. Cells are counted as Jupyter does: code cells only, from 1."""
    code = [i for i, cell in enumerate(notebook.cells) if cell.cell_type == "code" and cell.source.strip()]
    numbers = {index: number for number, index in enumerate(code, 1)}
    progress = Progress(path.stem, len(code))
    client = NotebookClient(
        notebook,
        kernel_name=KERNEL,
        timeout=None,
        startup_timeout=120,
        resources={"metadata": {"path": str(path.parent)}},
        on_cell_start=lambda cell, cell_index: cell_index in numbers and progress.cell(numbers[cell_index]),
        on_cell_executed=lambda cell, cell_index, execute_reply: progress.executed(),
    )
    try:
        with open(kernel_log, "w") as log:
            client.execute(stdout=log, stderr=log)
    except (CellExecutionError, DeadKernelError) as error:
        progress.stop()
        if isinstance(error, DeadKernelError):
            detail = f"The kernel died. Its log is {kernel_log}"
        else:
            detail = failure(notebook.cells[code[progress.number - 1]], error)
        sys.exit(f"notebook {path.stem}: cell {progress.number} of {len(code)} failed after {progress.elapsed():.1f} s\n{detail}")
    finally:
        progress.stop()


def failure(cell, error):
    """The failing cell's first lines, what it has written to stderr, and its error."""
    lines = cell.source.strip().splitlines()
    source = ["    | " + line for line in lines[:3] + ["…"] * (len(lines) > 3)]
    streams = [output.text for output in cell.outputs if output.output_type == "stream" and output.name == "stderr"]
    return "\n".join(source + ANSI.sub("", "".join(streams)).splitlines() + [error.evalue])


def render(notebook, path, facts):
    no_network = dict.fromkeys(("require_js_url", "mathjax_url", "mermaid_js_url", "mermaid_layout_elk_js_url"), "")
    # A raw cell of a solution is what the exercise starts with: see scripts/exercises.
    exporter = HTMLExporter(embed_images=True, exclude_raw=True, **no_network)
    exporter.register_preprocessor(CoalesceStreamsPreprocessor(enabled=True), enabled=True)
    notebook.metadata.setdefault("language_info", {})["pygments_lexer"] = "go"  # the kernel names none
    body, _ = exporter.from_notebook_node(notebook, resources={"metadata": {"name": facts["title"], "path": str(path.parent)}})
    meta = f'<meta name="lesson-report" content="{html.escape(json.dumps(facts), quote=True)}">'
    note = f'{path.name}, run on {facts["made"]} in {facts["seconds"]:.0f} s'
    if facts["quick"]:
        note += ". <b>Quick run: a small share of the images; its numbers are no results.</b>"
    banner = (
        '<nav style="font:14px sans-serif;background:#eef1f5;color:#222;padding:.6em 1em">'
        f'<a href="index.html">All reports</a> · {note}</nav>'
    )
    body = body.replace("<head>", "<head>" + meta, 1)
    return re.sub(r"(<body[^>]*>)", lambda match: match.group(1) + banner, body, count=1)


def notices(notebook):
    """What the notebook says of images and weights that are not the real ones, each once."""
    found = {}
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            shown = output.get("data", {}).get("text/html", "")
            for text in re.findall(r'<div role="note"[^>]*>([^<]*)</div>', shown):
                found.update(dict.fromkeys(html.unescape(text).split("; ")))
    return list(found)


def title(notebook, path):
    for cell in notebook.cells:
        heading = re.match(r"#\s+(.+)", cell.source) if cell.cell_type == "markdown" else None
        if heading:
            return heading.group(1).strip()
    return path.stem


def write(path, text):
    """Replaces a file whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=path.parent, prefix=".new-", delete=False) as file:
        try:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
            os.chmod(file.name, 0o644)
            os.replace(file.name, path)
        except BaseException:
            os.unlink(file.name)
            raise


def main():
    if len(sys.argv) != 5:
        print(__doc__, file=sys.stderr)
        sys.exit(2)
    path, report, executed, kernel_log = (Path(argument).resolve() for argument in sys.argv[1:])
    for folder in (executed.parent, kernel_log.parent):
        folder.mkdir(parents=True, exist_ok=True)
    notebook = nbformat.read(path, as_version=4)
    started = time.monotonic()
    try:
        execute(notebook, path, kernel_log)
    finally:
        write(executed, nbformat.writes(notebook))
    facts = {
        "notebook": path.name,
        "title": title(notebook, path),
        "made": datetime.datetime.now().strftime("%Y-%m-%d %H:%M"),
        "seconds": time.monotonic() - started,
        "notices": notices(notebook),
        "quick": os.environ.get("LESSON_QUICK", "") not in ("", "0"),
    }
    write(report, render(notebook, path, facts))


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
