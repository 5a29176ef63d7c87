"""A class of students at once: logs them in to a hub of scripts/hub, and runs one notebook for all of them, cell by cell.

usage: sudo .venv/bin/python scripts/internal/hub/loadtest.py [--students 8] [--notebook 2-mobilenetv2] [--url http://127.0.0.1:8000]

Start scripts/hub (with --quick for quick mode) before. Accounts lesson-test-1 … are made for it, and removed with their
homes. It prints a line per student and the slowest cells, and exits with 1 if a server, a kernel or a cell failed, or if
a student could change what all run.
"""

import argparse
import concurrent.futures
import json
import os
import pwd
import secrets
import statistics
import subprocess
import sys
import time
import uuid
from pathlib import Path

LESSON = Path(__file__).resolve().parents[3]
CACHES = LESSON.with_name(LESSON.name + "-hub")


def skip(why):
    print("skipped:", why)
    sys.exit(0)


try:
    import requests
    import websocket
except ImportError:
    skip("this Python has no requests and websocket-client; use .venv/bin/python after scripts/hub --set-up")


class Failed(Exception):
    pass


class Student:
    """One browser, so to speak: cookies of the hub, then a token for the student's own server."""

    def __init__(self, url, name, password):
        self.url, self.name, self.password = url, name, password
        self.server = f"{url}/user/{name}"
        self.web = requests.Session()
        self.cells = []
        self.started = self.kernel_ready = None

    def checked(self, response):
        if not response.ok:
            raise Failed(f"{response.request.method} {response.request.url}: {response.status_code} {response.text[:200]}")
        return response

    def log_in(self):
        self.checked(self.web.get(f"{self.url}/hub/login"))
        form = {"username": self.name, "password": self.password, "_xsrf": self.web.cookies["_xsrf"]}
        page = self.checked(self.web.post(f"{self.url}/hub/login?next=/hub/home", data=form))
        if not page.url.endswith("/hub/home"):
            raise Failed("login was refused")
        own = {"X-XSRFToken": self.web.cookies.get("_xsrf", path="/hub/")}
        answer = self.web.post(f"{self.url}/hub/api/users/{self.name}/tokens", json={"note": "load test"}, headers=own)
        token = self.checked(answer).json()["token"]
        self.web = requests.Session()
        self.web.headers["Authorization"] = f"token {token}"

    def start_server(self):
        begin = time.monotonic()
        self.checked(self.web.post(f"{self.url}/hub/api/users/{self.name}/server"))
        while True:
            user = self.checked(self.web.get(f"{self.url}/hub/api/users/{self.name}")).json()
            if user["servers"].get("", {}).get("ready"):
                break
            if user["pending"] is None:
                raise Failed("the server did not start; see the hub's log")
            time.sleep(0.5)
        self.started = time.monotonic() - begin

    def stop_server(self):
        self.web.delete(f"{self.url}/hub/api/users/{self.name}/server")
        for _ in range(60):
            if not self.checked(self.web.get(f"{self.url}/hub/api/users/{self.name}")).json()["servers"]:
                return
            time.sleep(1)

    def run(self, notebook):
        """Runs the notebook's code cells in the student's clone, as JupyterLab does."""
        path = f"notebooks/{notebook}.ipynb"
        cells = self.checked(self.web.get(f"{self.server}/api/contents/{path}")).json()["content"]["cells"]
        cells = [cell["source"] for cell in cells if cell["cell_type"] == "code" and cell["source"].strip()]
        begin = time.monotonic()
        body = {"path": path, "name": notebook, "type": "notebook", "kernel": {"name": "gonb-defects"}}
        session = self.checked(self.web.post(f"{self.server}/api/sessions", json=body, timeout=600)).json()
        socket = websocket.create_connection(
            f"{self.server}/api/kernels/{session['kernel']['id']}/channels".replace("http", "ws", 1),
            header=[f"Authorization: {self.web.headers['Authorization']}"], timeout=3600,
        )  # fmt: skip
        try:
            for number, source in enumerate(cells, 1):
                seconds, figures = self.execute(socket, number, source)
                if number == 1:
                    self.kernel_ready = time.monotonic() - begin
                self.cells.append((number, seconds, figures))
        finally:
            socket.close()

    def execute(self, socket, number, source):
        begin, figures, said = time.monotonic(), 0, []
        request = uuid.uuid4().hex
        header = {"msg_id": request, "msg_type": "execute_request", "username": self.name, "session": request, "version": "5.3",
                  "date": ""}  # fmt: skip
        content = {"code": source, "silent": False, "store_history": True, "user_expressions": {}, "allow_stdin": False}
        message = {"header": header, "parent_header": {}, "metadata": {}, "content": content, "channel": "shell"}
        socket.send(json.dumps(message))
        replied = idle = False
        while not (replied and idle):
            answer = json.loads(socket.recv())
            kind, content = answer["msg_type"], answer["content"]
            if answer["parent_header"].get("msg_id") != request:
                if kind == "status" and content["execution_state"] in ("restarting", "dead"):
                    raise Failed(f"cell {number}: the kernel was lost")
                continue
            if kind == "status":
                idle = content["execution_state"] == "idle"
            elif kind == "execute_reply":
                replied = True
                if content["status"] != "ok":
                    raise Failed(f"cell {number}: {content.get('evalue')} {''.join(said)[-600:]}")
            elif kind in ("display_data", "update_display_data"):
                figures += kind == "display_data" and bool({"image/png", "image/svg+xml", "text/html"} & set(content["data"]))
            elif kind == "stream":
                said.append(content["text"])
        return time.monotonic() - begin, figures


def command(*words, **more):
    return subprocess.run(words, check=True, capture_output=True, text=True, **more).stdout


def visit(student, notebook):
    """Everything that a student does; gives what went wrong, or None."""
    try:
        student.log_in()
        student.start_server()
        student.run(notebook)
    except (Failed, requests.RequestException, websocket.WebSocketException, OSError) as error:
        return f"{type(error).__name__}: {error}"
    return None


def changeable(name):
    """What a student could change of what others run or read."""
    shared = [str(path) for path in (CACHES, LESSON / "lib", LESSON / ".venv") if path.exists()]
    search = ["find", *shared, "!", "-type", "l", "-writable"]
    return subprocess.run(["runuser", "-u", name, "--", *search], capture_output=True, text=True).stdout.split()


def compiled(name):
    """How many entries of the build cache are a student's own, and not links to the server's."""
    entries = (Path(pwd.getpwnam(name).pw_dir) / ".cache/go-build").glob("[0-9a-f][0-9a-f]/*")
    own = [path.stat().st_size for path in entries if not path.is_symlink() and path.is_file()]
    return f"{len(own)} ({sum(own) / 1e6:.0f} MB)"


def load():
    return " ".join(Path("/proc/loadavg").read_text().split()[:3])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--students", type=int, default=8)
    parser.add_argument("--notebook", default="2-mobilenetv2")
    parser.add_argument("--url", default="http://127.0.0.1:8000")
    options = parser.parse_args()
    if os.geteuid() != 0:
        skip("accounts are made for it, which needs root")
    try:
        requests.get(f"{options.url}/hub/api/", timeout=60)
    except requests.RequestException:
        skip(f"there is no hub at {options.url}; start scripts/hub --quick")

    names = [f"lesson-test-{i}" for i in range(1, options.students + 1)]
    password = secrets.token_urlsafe(12)
    if taken := {user.pw_name for user in pwd.getpwall()} & set(names):
        sys.exit(f"accounts are there already, of another run? userdel -r each of: {' '.join(sorted(taken))}")
    made = []
    group_is_new = subprocess.run(["getent", "group", "students"], capture_output=True).returncode != 0
    try:
        command("groupadd", "-f", "students")
        for name in names:
            command("useradd", "-m", "-s", "/bin/bash", "-G", "students", name)
            made.append(name)
        command("chpasswd", input="".join(f"{name}:{password}\n" for name in names))
        students = [Student(options.url, name, password) for name in names]
        print(f"{len(students)} students, notebook {options.notebook}, {os.cpu_count()} processors, load before {load()}", flush=True)
        begin = time.monotonic()
        with concurrent.futures.ThreadPoolExecutor(len(students)) as pool:
            failures = list(pool.map(lambda s: visit(s, options.notebook), students))
        whole = time.monotonic() - begin
        print(f"all in {whole:.0f} s, load after {load()}\n\n| student | server ready, s | first cell, s | cells | figures | all cells, s | compiled files |")
        print("|---|--:|--:|--:|--:|--:|--:|")
        for s, failure in zip(students, failures):
            total, figures = sum(c[1] for c in s.cells), sum(c[2] for c in s.cells)
            print(f"| {s.name} | {s.started or -1:.1f} | {s.kernel_ready or -1:.1f} | {len(s.cells)} | {figures} | {total:.1f} | {compiled(s.name)} |"
                  + (f" FAILED: {failure}" if failure else ""))  # fmt: skip
        by_cell = {}
        for s in students:
            for number, seconds, _ in s.cells:
                by_cell.setdefault(number, []).append(seconds)
        print("\n| cell | median, s | slowest, s |\n|--:|--:|--:|")
        for number, seconds in by_cell.items():
            print(f"| {number} | {statistics.median(seconds):.1f} | {max(seconds):.1f} |")
        open_to_all = [path for name in names[:2] for path in changeable(name)]
        homes = [p for p in (Path(pwd.getpwnam(n).pw_dir) / "lesson/lib/doc.go" for n in names) if not p.exists()]
        if open_to_all:
            print("a student can change:", *open_to_all[:5])
        if homes:
            print("no clone:", *homes)
        figures = {sum(c[2] for c in s.cells) for s in students}
        if len(figures) > 1:
            print("students saw different numbers of figures:", sorted(figures))
        with concurrent.futures.ThreadPoolExecutor(len(students)) as pool:
            list(pool.map(lambda s: s.started and s.stop_server(), students))
        return int(any(failures) or bool(open_to_all) or bool(homes) or len(figures) > 1)
    finally:
        for name in made:
            subprocess.run(["pkill", "-KILL", "-u", name])  # a test that was interrupted leaves servers
            removed = subprocess.run(["userdel", "-r", "-f", name], capture_output=True, text=True)
            if Path("/home", name).exists():
                print("not removed:", name, removed.stderr.strip(), file=sys.stderr)
        if group_is_new:
            subprocess.run(["groupdel", "students"])


if __name__ == "__main__":
    sys.exit(main())
