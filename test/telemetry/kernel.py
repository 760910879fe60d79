"""Runs the cells of a notebook in a real kernel, as a front end does: ``kernel.py NOTEBOOK``."""

import json
import os
import sys

from jupyter_client import KernelManager

with open(sys.argv[1], encoding="utf-8") as stream:
    cells = ["".join(cell["source"]) for cell in json.load(stream)["cells"] if cell["cell_type"] == "code"]
os.environ["JPY_SESSION_NAME"] = os.path.abspath(sys.argv[1])
manager = KernelManager()
manager.start_kernel(cwd=os.path.dirname(sys.argv[1]))
try:
    client = manager.blocking_client()
    client.start_channels()
    client.wait_for_ready(timeout=120)
    for cell in cells:
        reply = client.execute_interactive(cell, timeout=120)
        if reply["content"]["status"] != "ok":
            sys.exit(1)
finally:
    manager.shutdown_kernel()
