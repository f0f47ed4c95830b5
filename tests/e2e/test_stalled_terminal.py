from __future__ import annotations

import os
import select
import sys
from pathlib import Path

from qctui.cli.terminal import RESTORE
from tests.e2e.console import Console, clean_environment

WRITER = """
import os, sys, threading
from qctui.cli.terminal import Terminal
terminal = Terminal()
def write():
    while True:
        os.write(2, b"x" * 30_000)
threading.Thread(target=write, daemon=True).start()
while len(sys.stdin.readline()) == 0:
    pass
terminal.restore()
os._exit(7)
"""


def test_restoring_gets_through_to_a_terminal_that_stopped_reading(tmp_path: Path) -> None:
    environment = clean_environment(tmp_path, PYTHONPATH=str(Path(__file__).parents[2]))
    with Console(env=environment, command=[sys.executable, "-c", WRITER]) as console:
        console.wait_for("xxxx")  # and from here on nobody reads: its writer is stuck with the terminal's lock in hand
        console.send("now\n")
        assert console.wait_exit_unread() == 7
        tail = b""
        while select.select([console.master], [], [], 0)[0]:
            tail += os.read(console.master, 65536)
        assert tail.endswith(RESTORE.encode())
        assert console.terminal_as_found()
