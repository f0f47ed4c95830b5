"""The simulator behind `--demo`: a process of its own, reached over real HTTP, gone when we are."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from qctui.secret import SecretStr
from qctui.usage import UsageError

if TYPE_CHECKING:
    from qctui.cli.credentials import Account

START_S = 15.0
"""How long it may take to listen, on a machine that is busy."""


class DemoError(UsageError):
    """The simulator did not start; the text is one line."""


class Demo:
    """One simulator. Starting it returns at once; `listen` returns its account."""

    def __init__(self) -> None:
        """Start the process.

        It ends when its standard input closes or its parent dies: whatever kills this process leaves no orphan.

        Raises:
            DemoError: it can't be started.
        """
        package = Path(__file__).resolve().parents[2]
        search = os.pathsep.join(filter(None, (str(package), os.environ.get("PYTHONPATH"))))
        # -P: nothing in the folder the person happens to be in is imported. A session of its own: Ctrl+C and a closed
        # terminal are for us to handle, and a confirmed action may still need the API for a while.
        command = [sys.executable, "-P", "-m", "qctui.simulator", "--exit-with-parent"]
        try:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={**os.environ, "PYTHONPATH": search},
                start_new_session=True,
            )
        except OSError as error:
            raise DemoError(f"the simulator can't be started ({error.strerror})") from error
        self._account: Account | None = None
        self._printed = b""

    async def listen(self) -> Account:
        """Wait until it listens. Cancelling is safe, and asking again too. The token is worth nothing: a constant.

        Raises:
            DemoError: it ended, or did not listen in time.
        """
        import asyncio  # here: starting the process comes before everything that is slow to import

        from qctui.cli.credentials import Account
        from qctui.cli.log_file import keep_out_of_logs

        if self._account is None:
            try:
                async with asyncio.timeout(START_S):
                    lines = await self._read_lines()
            except TimeoutError as error:
                raise DemoError(f"the simulator did not listen within {START_S:.0f} s") from error
            if len(lines) < 3:
                raise DemoError("the simulator ended before it listened; `qctui simulate` tells why")
            values = dict(line.partition("=")[::2] for line in lines[1:])
            token = SecretStr(values["QUANTCONNECT_API_TOKEN"])
            keep_out_of_logs(token)
            self._account = Account(lines[0], values["QUANTCONNECT_USER_ID"], token, "the simulator")
        return self._account

    def close(self) -> None:
        """End it. Safe to call twice."""
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()
        self._process.terminate()
        try:
            self._process.wait(1.0)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    async def _read_lines(self) -> list[str]:
        """The first three lines it prints; fewer if it ends before."""
        import asyncio

        pipe = self._process.stdout
        if pipe is None:
            return []
        loop, fd = asyncio.get_running_loop(), pipe.fileno()
        readable = asyncio.Event()
        loop.add_reader(fd, readable.set)
        try:
            while self._printed.count(b"\n") < 3:
                await readable.wait()
                readable.clear()
                chunk = os.read(fd, 4096)
                if not chunk:
                    break
                self._printed += chunk
        finally:
            loop.remove_reader(fd)
        return self._printed.decode("utf-8", "replace").splitlines()[:3]
