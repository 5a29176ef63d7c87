"""Times a Jupyter kernel: from its start to the first figure, then warm cells.

usage: kernel.py KERNEL FOLDER < CELLS

CELLS is a JSON list of sources. The first cell shows a figure; each of the others is run in the same kernel
afterwards, after a pause as short as a person's can be. Prints a JSON list: seconds from the start of the kernel to that figure, then seconds per cell.
"""

import json
import sys
import time

from jupyter_client import KernelManager

LIMIT = 300  # seconds that a cell may take
PAUSE = 1  # second between cells


def execute(client, source):
    """Runs a cell until the kernel is idle again; returns when its first figure came, or None."""
    shown = None
    request = client.execute(source, store_history=True)
    while True:
        message = client.get_iopub_msg(timeout=LIMIT)
        if message["parent_header"].get("msg_id") != request:
            continue
        kind, content = message["msg_type"], message["content"]
        if kind in ("display_data", "update_display_data"):
            shown = shown or time.perf_counter()
        elif kind == "status" and content["execution_state"] == "idle":
            break
    reply = client.get_shell_msg(timeout=LIMIT)
    while reply["parent_header"].get("msg_id") != request:
        reply = client.get_shell_msg(timeout=LIMIT)
    if reply["content"]["status"] != "ok":
        sys.exit(f"the cell failed: {reply['content']}\n{source}")
    return shown


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    cells = json.load(sys.stdin)
    manager = KernelManager(kernel_name=sys.argv[1])
    start = time.perf_counter()
    manager.start_kernel(cwd=sys.argv[2], stdout=sys.stderr, stderr=sys.stderr)
    client = manager.client()
    try:
        client.start_channels()
        client.wait_for_ready(timeout=LIMIT)
        shown = execute(client, cells[0])
        if shown is None:
            sys.exit("the first cell showed no figure")
        seconds = [shown - start]
        for source in cells[1:]:
            time.sleep(PAUSE)
            began = time.perf_counter()
            execute(client, source)
            seconds.append(time.perf_counter() - began)
        print(json.dumps(seconds))
    finally:
        client.stop_channels()
        manager.shutdown_kernel()  # killed, its programs would count as those of others


if __name__ == "__main__":
    main()
