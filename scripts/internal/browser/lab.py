"""Goes through the lesson's first notebooks in JupyterLab, as a student does, and fails where something is missing.

usage: lab.py ROOT CHROMIUM OUT

ROOT is the clone, in which set-up has been; CHROMIUM the browser; OUT the folder for copies of the notebooks and for
screenshots. One line per thing that was seen, with how long it took; exit code 1 at the first that was not.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

from playwright.sync_api import sync_playwright

# A slow machine is no failure: these are limits for what hangs.
CELL, NOTEBOOK, START = 300, 900, 300  # s
SHOWS = re.compile(r"notebook\.Show\(|notebook\.Watch\(|lesson\.Figure\(")

NOTEBOOKS = {"1-data.ipynb": 3, "2-mobilenetv2.ipynb": 5}  # and how many cells have a figure, at least

TRAINING = """%%
d := lesson.Data()
b := must.M1(backbone.MobileNetV2(backbone.Config{Weights: "best"}))
b.Layers.Freeze()
model := must.M1(classifier.New(classifier.Config{
	Base: b, ImageSize: 255, Classes: d.Classes, Seed: 100, Head: classifier.Head(b, len(d.Classes))}))
must.M1(model.Fit(context.Background(), d.Train, d.Validation, classifier.FitConfig{
	Epochs: 5000, LearningRate: 1e-4, Run: lesson.Run("browser-interrupted"), Watch: notebook.Watch()}))"""

# What the page is asked. Cells are counted from 0; w is a cell's widget.
SCRIPT = """
window.lesson = {
  cells: () => window.jupyterapp.shell.currentWidget.content.widgets,
  ready: path => {
    const panel = window.jupyterapp?.shell?.currentWidget;
    return panel?.context?.path === path && panel.context.isReady && panel.sessionContext.isReady &&
      panel.sessionContext.session?.kernel?.connectionStatus === "connected";
  },
  code: () => lesson.cells().map(w => w.model.type === "code" ? w.model.sharedModel.source : null),
  busy: w => w.inputArea.promptNode.textContent.includes("*"),
  ran: i => { const w = lesson.cells()[i]; return !lesson.busy(w) && w.model.executionCount !== null; },
  text: i => lesson.cells()[i].outputArea.node.innerText,
  failed: i => lesson.cells()[i].model.outputs.toJSON().some(o => o.output_type === "error"),
  allRan: () => lesson.cells().every((w, i) => w.model.type !== "code" || !w.model.sharedModel.source || lesson.ran(i)),
  anyFailed: () => lesson.cells().findIndex((w, i) => w.model.type === "code" && lesson.failed(i)),
  // figures are the pictures below a cell: width and number of colours of each. A blank one has few.
  pictures: i => lesson.cells()[i].outputArea.node.querySelectorAll(".jp-OutputArea-output img, .jp-OutputArea-output svg"),
  figures: i => [...lesson.pictures(i)].map(picture => {
    const box = picture.getBoundingClientRect();
    if (picture.tagName !== "IMG") return { width: box.width, colours: picture.querySelectorAll("*").length };
    if (!picture.complete || !picture.naturalWidth) return { width: 0, colours: 0 };
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = 100;
    const context = canvas.getContext("2d");
    context.drawImage(picture, 0, 0, 100, 100);
    const pixels = new Uint32Array(context.getImageData(0, 0, 100, 100).data.buffer);
    return { width: box.width, colours: new Set(pixels).size };
  }),
  // watch counts the different pictures that a cell shows while it runs.
  watch: i => {
    const seen = new Set();
    const look = () => lesson.pictures(i).forEach(
      picture => seen.add(picture.tagName === "IMG" ? picture.src : picture.outerHTML));
    new MutationObserver(look).observe(lesson.cells()[i].outputArea.node,
      { childList: true, subtree: true, attributes: true, characterData: true });
    lesson.seen = seen;
  },
};
"""


class Missing(Exception):
    """What a student would have missed."""


class Lab:
    def __init__(self, root, out, page, url):
        self.root, self.out, self.page, self.url = root, out, page, url
        self.since = time.monotonic()

    def saw(self, what):
        now = time.monotonic()
        print(f"  {now - self.since:6.1f} s  {what}", flush=True)
        self.since = now

    def picture(self, name):
        self.page.screenshot(path=self.out / f"{name}.png")

    def ask(self, call):
        return self.page.evaluate(f"() => lesson.{call}")

    def wait(self, call, seconds, what):
        try:
            self.page.wait_for_function(f"() => {call}", timeout=seconds * 1000, polling=50)
        except Exception as error:
            self.picture("missing")
            raise Missing(f"{what}: not within {seconds} s") from error

    def command(self, name, arguments="{}"):
        self.page.evaluate(f"() => window.jupyterapp.commands.execute({json.dumps(name)}, {arguments})")

    def open(self, name):
        self.page.goto(f"{self.url}lab/tree/{name}?token=lesson&reset")
        self.page.evaluate(SCRIPT)
        self.wait(f"lesson.ready({json.dumps(name)})", START, f"{name} with its kernel")
        self.saw(f"{name} is open, its kernel connected")

    def run(self, index, seconds=CELL):
        """Runs one cell by Shift-Enter."""
        self.focus(index)
        self.page.keyboard.press("Shift+Enter")
        self.wait(f"lesson.busy(lesson.cells()[{index}]) || lesson.ran({index})", seconds, f"cell {index} starts")

    def focus(self, index):
        editor = self.page.locator(".jp-Notebook:visible .jp-Cell").nth(index).locator(".cm-content")
        editor.click()
        self.page.keyboard.press("Control+End")

    def add(self, source):
        """Appends a cell with this text and gives its number."""
        self.page.evaluate(
            """source => window.jupyterapp.shell.currentWidget.content.model.sharedModel.insertCell(
              lesson.cells().length, { cell_type: "code", source, metadata: {} })""",
            source,
        )
        return len(self.ask("code()")) - 1

    def interrupt(self):
        self.page.keyboard.press("Escape")
        self.page.keyboard.press("i")
        self.page.keyboard.press("i")


def notebook(lab, name, least):
    """Runs all cells and looks at every figure."""
    lab.open(name)
    code = lab.ask("code()")
    watching = [i for i, source in enumerate(code) if source and "notebook.Watch(" in source]
    if watching:
        lab.ask(f"watch({watching[0]})")
    lab.page.evaluate("() => { window.jupyterapp.commands.execute('notebook:run-all-cells'); }")
    if watching:
        first = watching[0]
        lab.wait(f"lesson.figures({first}).some(f => f.width > 150) || lesson.anyFailed() >= 0", NOTEBOOK, "the first curves")
        lab.page.locator(".jp-Notebook:visible .jp-Cell").nth(first).scroll_into_view_if_needed()
        lab.picture(f"{name[0]}-training")
    lab.wait("lesson.allRan() || lesson.anyFailed() >= 0", NOTEBOOK, f"the end of {name}")
    if (failed := lab.ask("anyFailed()")) >= 0:
        lab.picture("missing")
        raise Missing(f"{name}: the cell failed that begins with {code[failed][:80]!r}:\n{lab.ask(f'text({failed})')}")
    shows = [i for i, source in enumerate(code) if source and SHOWS.search(source)]
    if len(shows) < least:
        raise Missing(f"{name} has {len(shows)} cells that show a figure; {least} were known")
    for i in shows:
        cell = lab.page.locator(".jp-Notebook:visible .jp-Cell").nth(i)
        cell.scroll_into_view_if_needed()
        # A model without mistakes has none to show, and its cell says so.
        if "Mistakes()" in code[i] and lab.ask(f"text({i})").startswith("0 mistakes"):
            continue
        try:
            lab.wait(f"lesson.figures({i}).some(f => f.width > 150 && f.colours > 5)", 20, "a figure")
        except Missing as error:
            raise Missing(f"{name}: no figure below the cell that begins with {code[i][:80]!r}") from error
        cell.locator(".jp-Cell-outputWrapper").screenshot(path=lab.out / f"{name[0]}-figure-{i}.png")
    if watching and (frames := lab.page.evaluate("() => lesson.seen.size")) < 3:
        raise Missing(f"{name}: the curve did not move: {frames} pictures while it trained")
    lab.saw(f"{name} ran, with {len(shows)} cells of figures" + (f" and a curve of {frames} pictures" if watching else ""))
    lab.command("docmanager:save")
    lab.wait("!window.jupyterapp.shell.currentWidget.context.model.dirty", CELL, "saved")


def completion(lab):
    """Tab and Shift-Tab, as in the middle of writing a cell."""
    for source, key, wanted in (
        ("%%\nfigure.", "Tab", ["Bars", "Grid"]),
        ("%%\nd := lesson.Data()\nd.", "Tab", ["Train", "Classes"]),
        ('%%\nmodel, _ := must.M2(classifier.Load(lesson.Run("browser")))\nmodel.', "Tab", ["Predict", "Save"]),
        ("%%\nfigure.Bars(", "Shift+Tab", ["func figure.Bars(labels []string", "draws horizontal bars"]),
    ):
        index = lab.add(source)
        shown = ".jp-Completer .jp-Completer-item" if key == "Tab" else ".jp-Tooltip"
        until = time.monotonic() + CELL
        while True:  # gopls may still be reading the library, and says so
            lab.focus(index)
            started = time.monotonic()
            lab.page.keyboard.press(key)
            try:
                lab.page.locator(shown).first.wait_for(timeout=4000)
                took = time.monotonic() - started
                text = lab.page.locator(shown).all_inner_texts()
            except Exception:  # nothing was shown
                text = []
            if all(any(want in line for line in text) for want in wanted):
                break
            lab.page.keyboard.press("Escape")
            if time.monotonic() > until:
                lab.picture("missing")
                raise Missing(f"{key} after {source!r}: {wanted} wanted, {text} shown")
        name = re.sub(r"\W+", "-", source.splitlines()[-1]).strip("-")
        lab.picture(f"{key.lower()}-{name}")
        lab.saw(f"{key} after {source.splitlines()[-1]!r}: {took:.2f} s")
        lab.page.keyboard.press("Escape")


def mistakes(lab):
    for source, wanted in (
        ('%%\nfmt.Prinln("sum")', r"undefined: fmt"),
        ("%%\nd := lesson.Data()\nfmt.Println(d.Trian)", r"d\.Trian undefined"),
    ):
        index = lab.add(source)
        lab.run(index)
        lab.wait(f"lesson.ran({index}) && lesson.failed({index})", CELL, f"the error of {source!r}")
        if not re.search(wanted, text := lab.ask(f"text({index})")):
            lab.picture("missing")
            raise Missing(f"{source!r}: {wanted!r} wanted, shown is\n{text}")
        lab.picture(f"mistake-{index}")
        lab.saw(f"the mistake {source.splitlines()[-1]!r} is named")


def interrupts(lab):
    """A program that is being built must not start, and a training must stop; then cells run as before."""
    sleeper = lab.add('%%\nfmt.Println("it", "started")\ntime.Sleep(2 * time.Minute)\nfmt.Println("it", "ended")')
    lab.run(sleeper)
    lab.interrupt()
    lab.wait(f"lesson.ran({sleeper})", 60, "the end of an interrupted build")
    if "it ended" in lab.ask(f"text({sleeper})"):
        raise Missing("the cell ran to its end, though it was interrupted while it was built")
    lab.picture("interrupted-build")
    lab.saw("a build was interrupted")
    training = lab.add(TRAINING)
    lab.run(training)
    lab.wait(rf"/epoch [2-9]\d* of/.test(lesson.text({training})) || lesson.failed({training})", NOTEBOOK, "a second epoch")
    lab.focus(training)
    lab.interrupt()
    lab.wait(f"lesson.ran({training})", 60, "the end of an interrupted training")
    lab.picture("interrupted-training")
    lab.saw("a training was interrupted")
    after = lab.add('%%\nfmt.Println("goes", "on")')
    lab.run(after)
    lab.wait(f"lesson.ran({after})", CELL, "the cell after an interrupt")
    if "goes on" not in (text := lab.ask(f"text({after})")):
        raise Missing(f"after an interrupt a cell shows {text!r}")
    lab.saw("and the next cell ran")


def serve(root, out):
    """Starts JupyterLab with its own files and settings, and gives its process and address."""
    settings = out / "jupyter" / "settings" / "@jupyterlab" / "notebook-extension"
    settings.mkdir(parents=True)
    # All cells are in the page, not those in sight alone.
    (settings / "tracker.jupyterlab-settings").write_text('{"windowingMode": "none"}')
    runtime = out / "jupyter" / "runtime"
    environment = dict(os.environ, LESSON_QUICK="1", PYTHONNOUSERSITE="1", JUPYTER_RUNTIME_DIR=str(runtime),
                       JUPYTER_CONFIG_DIR=str(out / "jupyter" / "config"), JUPYTER_DATA_DIR=str(out / "jupyter" / "data"),
                       IPYTHONDIR=str(out / "jupyter" / "ipython"), JUPYTERLAB_SETTINGS_DIR=str(settings.parent.parent),
                       JUPYTERLAB_WORKSPACES_DIR=str(out / "jupyter" / "workspaces"))
    server = subprocess.Popen(
        [root / ".venv" / "bin" / "jupyter-lab", f"--ServerApp.root_dir={out / 'notebooks'}", "--ServerApp.port=0",
         "--no-browser", "--allow-root", "--IdentityProvider.token=lesson", "--LabApp.expose_app_in_browser=True",
         "--LabApp.news_url=None"],
        env=environment, stdout=open(out / "server.txt", "w"), stderr=subprocess.STDOUT)
    end = time.monotonic() + START
    while time.monotonic() < end and server.poll() is None:
        for file in runtime.glob("jpserver-*.json"):
            try:
                return server, json.loads(file.read_text())["url"]
            except ValueError:  # being written
                pass
        time.sleep(0.1)
    server.kill()
    raise Missing(f"JupyterLab did not start: see {out / 'server.txt'}")


def left_behind(out):
    """Processes of kernels that this server started, as far as the system tells."""
    mark = f"JUPYTER_RUNTIME_DIR={out / 'jupyter' / 'runtime'}".encode()
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if mark in (process / "environ").read_bytes().split(b"\0"):
                found.append((process / "cmdline").read_bytes().replace(b"\0", b" ").decode().strip())
        except OSError:
            pass
    return [command for command in found if command]


def main():
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    root, chromium, out = Path(sys.argv[1]).resolve(), sys.argv[2], Path(sys.argv[3]).resolve()
    shutil.rmtree(out, ignore_errors=True)
    (out / "notebooks").mkdir(parents=True)
    for name in NOTEBOOKS:
        text = (root / "notebooks" / name).read_text(encoding="utf-8")
        # A run of its own, trained here and now.
        (out / "notebooks" / name).write_text(text.replace(r'lesson.Run(\"mobilenetv2\")', r'lesson.Run(\"browser\")'), encoding="utf-8")
    kernel = json.loads((root / "notebooks" / "1-data.ipynb").read_text(encoding="utf-8"))["metadata"]["kernelspec"]
    empty = {"cells": [], "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}
    (out / "notebooks" / "own.ipynb").write_text(json.dumps(empty))
    for run in root.glob("runs/browser*"):
        shutil.rmtree(run)
    server, url = serve(root, out)
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=chromium, args=["--no-sandbox", "--disable-dev-shm-usage"],
                env=dict(os.environ, HOME=str(out / "home")))
            page = browser.new_page(viewport={"width": 1280, "height": 900})
            page.set_default_timeout(START * 1000)
            lab = Lab(root, out, page, url)
            for name, least in NOTEBOOKS.items():
                notebook(lab, name, least)
            lab.open("own.ipynb")
            completion(lab)
            mistakes(lab)
            interrupts(lab)
            browser.close()
    except Missing as error:
        sys.exit(f"MISSING: {error}")
    finally:
        server.terminate()
        try:
            server.wait(60)
        except subprocess.TimeoutExpired:
            server.kill()
    end = time.monotonic() + 20
    while (left := left_behind(out)) and time.monotonic() < end:
        time.sleep(0.2)
    if left:
        sys.exit("MISSING: an end of these processes, after JupyterLab ended: " + "; ".join(left))


if __name__ == "__main__":
    main()
