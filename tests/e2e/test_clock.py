"""An API whose clock is hours away refuses every request, because requests are signed with their time."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.e2e.console import Console, clean_environment, run_command
from tests.e2e.desk import journal

BEHIND_S = 5 * 3600
AHEAD = "credentials not accepted: this machine's clock is 5 h ahead of the API's, and signatures are dated"


class Refusal(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def date_time_string(self, timestamp: float | None = None) -> str:
        return formatdate(time.time() - BEHIND_S, usegmt=True)

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.send_response(401)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def base_url() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Refusal) as server:
        serving = threading.Thread(target=server.serve_forever, daemon=True)
        serving.start()
        yield f"http://127.0.0.1:{server.server_address[1]}/api/v2"
        server.shutdown()
        serving.join()


@pytest.fixture
def env(home: Path) -> dict[str, str]:
    return clean_environment(home, QUANTCONNECT_USER_ID="1", QUANTCONNECT_API_TOKEN="x")


def test_the_commands_say_that_it_is_the_clock(base_url: str, env: dict[str, str], home: Path) -> None:
    done = run_command("--base-url", base_url, "status", env=env)
    assert (done.returncode, done.stderr) == (1, f"qctui: deployment list: {AHEAD}\n")
    done = run_command("--base-url", base_url, "liquidate", "1", "--yes", env=env)
    assert done.returncode == 1
    assert f"REJECTED liquidate: {AHEAD}" in done.stdout
    assert journal(home)[-1]["detail"] == f"liquidate: {AHEAD}"
    done = run_command("--base-url", base_url, "doctor", env=env)
    assert done.returncode == 1
    assert AHEAD in done.stdout


def test_the_console_says_that_it_is_the_clock(base_url: str, env: dict[str, str]) -> None:
    with Console("--base-url", base_url, env=env, columns=80, rows=24) as console:
        console.wait_for("NOT ACCEPTED: CLOCK +5h 0m OFF", "credentials not accepted: this machine's clock is 5 h")
        console.send("q")
        assert console.wait_exit() == 0
