"""The simulated API as a process, and its control surface: what was asked of it, and faults on demand."""

from __future__ import annotations

import argparse
import http.client
import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, TextIO

from tests.e2e.console import COPIES, DEADLINE_S, clean_environment

Json = dict[str, Any]

LOOK_SOON_S = 0.02
"""After how long a test looks again at what the API was asked, or at the journal. Looking without a pause keeps a core
from the very programs that it waits for."""


class Api:
    """One running simulator."""

    def __init__(self, printed: TextIO, process_id: int) -> None:
        """`printed` is what it prints once it listens."""
        self.process_id = process_id
        self.base_url = printed.readline().strip()
        self.user_id = printed.readline().strip().partition("=")[2]
        self.token = printed.readline().strip().partition("=")[2]
        self.port = int(self.base_url.partition("//")[2].partition("/")[0].partition(":")[2])
        self.host = self.base_url.removeprefix("http://").partition("/")[0]

    def control(self, method: str, what: str, **fields: Any) -> Json:
        """Ask `/_sim`."""
        connection = http.client.HTTPConnection(self.host, timeout=DEADLINE_S)
        try:
            connection.request(method, f"/_sim/{what}", json.dumps(fields))
            answer = connection.getresponse()
            body: Json = json.loads(answer.read())
        finally:
            connection.close()
        assert answer.status == 200, body
        return body

    def requests(self, endpoint: str) -> list[Json]:
        """The requests to one endpoint so far, oldest first."""
        return [each for each in self.control("GET", "requests")["requests"] if each["path"] == endpoint]

    def fault(self, kind: str, endpoint: str | None = None, **more: Any) -> None:
        self.control("POST", "faults", kind=kind, endpoint=endpoint, **more)

    def no_faults(self) -> None:
        """Switch all faults off; answers that were held go out."""
        self.control("DELETE", "faults")

    def until(self, met: Callable[[], bool], what: str) -> None:
        """Look again and again until `met`: for what no screen tells."""
        give_up = time.monotonic() + DEADLINE_S
        while not met():
            assert time.monotonic() < give_up, f"{what}: not within {DEADLINE_S:.0f} s"
            time.sleep(LOOK_SOON_S)

    def running(self, environment: str) -> tuple[int, str, str]:
        """Project id, name and deploy id of something that runs, `live` or `paper` by its environment."""
        for project in self.control("GET", "projects")["projects"]:
            for deployment in project["deployments"]:
                if deployment["status"] == "Running" and environment in deployment["environment"]:
                    return project["projectId"], project["name"], deployment["deployId"]
        raise AssertionError(f"nothing {environment} runs in the simulator")

    def environment(self, home: Path, **more: str) -> dict[str, str]:
        """A clean environment with credentials for this server."""
        return clean_environment(home, QUANTCONNECT_USER_ID=self.user_id, QUANTCONNECT_API_TOKEN=self.token, **more)


@contextmanager
def simulator(*arguments: str) -> Iterator[Api]:
    """A simulator for the length of a `with`, in a process of its own that ends with this one."""
    theirs, alive = COPIES.Pipe(duplex=False)
    printed, out = COPIES.Pipe(duplex=False)
    process = COPIES.Process(target=_simulate, args=(("--exit-with-parent", *arguments), theirs, out), daemon=True)
    process.start()
    theirs.close()
    out.close()
    try:
        with open(printed.fileno(), closefd=False) as lines:
            assert process.pid is not None
            yield Api(lines, process.pid)
    finally:
        process.terminate()
        process.join()
        for end in (alive, printed):
            end.close()


def _simulate(arguments: tuple[str, ...], standard_input: Connection, out: Connection) -> None:
    from qctui.simulator.command_line import add_arguments, run

    os.dup2(standard_input.fileno(), 0)
    os.dup2(out.fileno(), 1)
    sys.stdout = os.fdopen(1, "w", closefd=False)
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    sys.exit(run(parser.parse_args(arguments)))
