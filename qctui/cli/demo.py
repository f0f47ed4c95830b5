"""The simulator behind `--demo`: a process of its own, reached over real HTTP, gone when we are."""

from __future__ import annotations

import contextlib
import os
import selectors
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Self

START_S = 15.0
"""How long it may take to listen, on a machine that is busy."""


class DemoError(Exception):
    """The simulator did not start; the text is one line."""


@dataclass(frozen=True, slots=True)
class DemoApi:
    """How to reach it. The token is a constant of the simulator and worth nothing."""

    base_url: str
    user_id: str
    token: str


class Demo:
    """One simulator. Starting it returns at once; `wait` tells where it listens."""

    def __init__(self) -> None:
        """Start the process.

        It ends when its standard input closes or its parent dies: whatever kills this process leaves no orphan.

        Raises:
            DemoError: it can't be started.
        """
        package = Path(__file__).resolve().parents[2]
        search = os.pathsep.join(filter(None, (str(package), os.environ.get("PYTHONPATH"))))
        # -P: nothing in the folder the person happens to be in is imported. A session of its own: Ctrl+C and a closed
        # terminal are for us to handle, and a confirmed action may still need the API a moment longer.
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
        self._api: DemoApi | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def wait(self) -> DemoApi:
        """Where it listens; blocks until it does.

        Raises:
            DemoError: it ended, or did not listen in time.
        """
        if self._api is None:
            lines = self._read_lines(3)
            if len(lines) < 3:
                raise DemoError("the simulator did not start")
            values = dict(line.partition("=")[::2] for line in lines[1:])
            self._api = DemoApi(lines[0], values["QUANTCONNECT_USER_ID"], values["QUANTCONNECT_API_TOKEN"])
        return self._api

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

    def _read_lines(self, count: int) -> list[str]:
        """The first lines it prints; fewer if it ends or takes too long."""
        pipe = self._process.stdout
        if pipe is None:
            return []
        data, give_up = b"", time.monotonic() + START_S
        with selectors.DefaultSelector() as selector:
            selector.register(pipe, selectors.EVENT_READ)
            while data.count(b"\n") < count and selector.select(give_up - time.monotonic()):
                chunk = _read(pipe)
                if not chunk:
                    break
                data += chunk
        return data.decode("utf-8", "replace").splitlines()[:count]


def _read(pipe: IO[bytes]) -> bytes:
    return os.read(pipe.fileno(), 4096)
