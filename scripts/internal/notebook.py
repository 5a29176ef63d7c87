"""Runs one notebook through Jupyter, shows its progress, and renders it as one HTML file.

usage: notebook.py NOTEBOOK HTML EXECUTED KERNEL_LOG

HTML is the report, which needs no network and, but for links to other reports, no other file; EXECUTED is the notebook with its outputs, which
is also written when a cell fails. Exit code 1, with the cell's number and its error on stderr, if one does.
"""

import atexit
import datetime
import html
import json
import os
import platform
import re
import sys
import tempfile
import threading
import time
from pathlib import Path

import nbconvert
import nbformat
from bs4 import BeautifulSoup
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, DeadKernelError
from nbconvert import HTMLExporter
from traitlets.config.loader import PyFileConfigLoader

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
NOTEBOOKS = ROOT / "notebooks"
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
    except RuntimeError as error:  # of jupyter_client, before the first cell
        atexit.unregister(client._cleanup_kernel)  # it has run already, and fails a second time
        sys.exit(f"notebook {path.stem}: the kernel did not start: {error}. Its log is {kernel_log}. "
                 "Kernels answer at 127.0.0.1: is there such an address, and no firewall before it?")
    finally:
        progress.stop()


def failure(cell, error):
    """The failing cell's first lines, what it has written to stderr, and its error."""
    lines = cell.source.strip().splitlines()
    source = ["    | " + line for line in lines[:3] + ["…"] * (len(lines) > 3)]
    streams = [output.text for output in cell.outputs if output.output_type == "stream" and output.name == "stderr"]
    return "\n".join(source + ANSI.sub("", "".join(streams)).splitlines() + [error.evalue])


def render(notebook, path, facts):
    """The page. scripts/internal/runner fills in its links to other pages, as far as those exist."""
    config = PyFileConfigLoader("config.py", str(HERE / "nbconvert")).load_config()
    lesson = {
        "facts": json.dumps(facts, ensure_ascii=False).replace("<", "\\u003c"),
        "note": f'{path.name}, run on {facts["made"]} in {facts["seconds"]:.0f} s',
        "quick": facts["quick"],
    }
    resources = {"metadata": {"name": facts["title"], "path": str(path.parent)}, "lesson": lesson}
    body, _ = HTMLExporter(config=config).from_notebook_node(notebook, resources=resources)
    soup = BeautifulSoup(body, "html.parser")
    for number, image in enumerate(soup.select(".output img"), 1):
        image["id"] = f"figure-{number}"
    for link in soup.select("main a[href]"):
        if not re.match(r"[a-z]+:|#", link["href"]):
            link.attrs = page_link((path.parent / link["href"]).resolve())
    return str(soup)


def page_link(target):
    """A link to the report of a notebook of this lesson; all else does not lie beside the reports, and loses its link."""
    if target == NOTEBOOKS / "solutions":
        return {"href": "index.html"}
    if target.suffix != ".ipynb" or NOTEBOOKS not in target.parents:
        return {}
    return {"data-page": ("solution-" if target.parent != NOTEBOOKS else "") + target.stem}


def notices(notebook):
    """What the notebook says of images and weights that are not the real ones, each once."""
    found = {}
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            shown = output.get("data", {}).get("text/html", "")
            for text in re.findall(r'<div role="note"[^>]*>([^<]*)</div>', shown):
                found.update(dict.fromkeys(html.unescape(text).split("; ")))
    return list(found)


def records(since):
    """The tables that the notebook has kept: see lib/record."""
    found = []
    for path in sorted((ROOT / "runs" / "results").glob("*.json"), key=lambda path: path.stat().st_mtime):
        if path.stat().st_mtime >= since:
            found.append(json.loads(path.read_text(encoding="utf-8")))
    return found


def versions(notebook):
    """What the numbers depend on, name by name."""
    modules = dict(re.findall(r"^\s*(github\.com/\S+) (v\S+)", (ROOT / "go.mod").read_text(), re.MULTILINE))
    return {
        "Go": notebook.metadata.get("language_info", {}).get("version", "").removeprefix("go"),
        "GoMLX": modules.get("github.com/gomlx/gomlx", ""),
        "go-xla": modules.get("github.com/gomlx/go-xla", ""),
        "GoNB": modules.get("github.com/janpfeifer/gonb", ""),
        "Python": platform.python_version(),
        "nbconvert": nbconvert.__version__,
    }


def machine():
    """As lib/record names it."""
    cpu, memory = platform.machine(), ""
    try:
        cpu = re.search(r"^model name\s*: (.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE).group(1)
        kilobytes = re.search(r"^MemTotal:\s*(\d+)", Path("/proc/meminfo").read_text(), re.MULTILINE).group(1)
        memory = f", {int(kilobytes) / (1 << 20):.0f} GiB memory"
    except (OSError, AttributeError):
        pass  # not Linux
    return f"{cpu}, {os.cpu_count()} cores{memory}, {platform.system()} {platform.machine()}"


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
    began, started = time.time(), time.monotonic()
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
        "records": records(began),
        "machine": machine(),
        "versions": versions(notebook),
        "quick": os.environ.get("LESSON_QUICK", "") not in ("", "0"),
    }
    write(report, render(notebook, path, facts))


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
