"""`qctui watch` as a process, against the simulator."""

from __future__ import annotations

import contextlib
import fcntl
import http.server
import json
import os
import pty
import queue
import re
import signal
import socket
import subprocess
import termios
import threading
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

import pytest

from tests.e2e.api import Api, simulator
from tests.e2e.console import DEADLINE_S, QCTUI, Console, run_command


class Watcher:
    """A watcher, the lines it prints, and the datagrams it sends to its service manager."""

    def __init__(self, *arguments: str, env: Mapping[str, str], home: Path, stdout: int = subprocess.PIPE) -> None:
        self._manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._manager.bind(str(home / "notify"))
        self._told: queue.Queue[str] = queue.Queue()
        """Taken off the socket at once: it holds ten, and what comes then is lost."""
        threading.Thread(target=self._listen, daemon=True).start()
        self.process = subprocess.Popen(
            [str(QCTUI), "watch", *arguments],
            env={**env, "NOTIFY_SOCKET": str(home / "notify")},
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=subprocess.PIPE,
            text=True,
        )

    def line(self, words: str) -> str:
        """The next line that says this."""
        assert self.process.stdout is not None
        give_up = threading.Timer(DEADLINE_S, self.process.kill)
        give_up.start()
        try:
            found = next((line for line in self.process.stdout if words in line), None)
        finally:
            give_up.cancel()
        assert found is not None, f"{words!r} was not printed within {DEADLINE_S:.0f} s"
        return found

    def event(self, kind: str) -> dict[str, Any]:
        """The next event of this kind."""
        told: dict[str, Any] = json.loads(self.line(f'"event": "{kind}"'))
        return told

    def until_told(self, words: str) -> None:
        """Until the service manager was told this."""
        while words not in self._told.get(timeout=DEADLINE_S):
            pass

    def _listen(self) -> None:
        while told := self._manager.recv(4_096):
            self._told.put(told.decode())

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Ask it to end as supervisors do: more than once."""
        for _ in range(3):
            self.process.send_signal(number)
        return self.process.wait(DEADLINE_S)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.communicate()
        self._manager.shutdown(socket.SHUT_RD)  # ends the thread that listens
        self._manager.close()


def test_it_tells_what_ends_and_leaves_in_order(api: Api, signed_in: dict[str, str], home: Path) -> None:
    project_id, name, deploy_id = api.running("paper")
    with Watcher("--json", "--base-url", api.base_url, env=signed_in, home=home) as watcher:
        watching = watcher.event("watching")
        assert deploy_id in [each["deploy_id"] for each in watching["deployments"]]
        watcher.until_told("READY=1")
        assert run_command(
            "--base-url", api.base_url, "stop", str(project_id), "--yes", "--no-wait", env=signed_in
        ).returncode in (0, 4)
        ended = watcher.event("deployment_ended")
        assert (ended["project"], ended["deploy_id"], ended["mode"]) == (name, deploy_id, "paper")
        assert watcher.end() == 0
        watcher.until_told("STOPPING=1")
    assert len(api.requests("live/update/stop")) == 1


def test_ctrl_c_is_an_interruption_and_sighup_is_none(api: Api, signed_in: dict[str, str], home: Path) -> None:
    (home / "config" / "qctui").mkdir()
    config = home / "config" / "qctui" / "config.toml"
    with Watcher("--plain", "--base-url", api.base_url, env=signed_in, home=home) as watcher:
        watcher.line(" of them LIVE.")
        config.write_text('[[alerts]]\nname = "blind"\nwithin = "1h"\n')
        watcher.process.send_signal(signal.SIGHUP)
        watcher.line("rule blind of `alerts`: `within` is not used by `blind`")
        config.write_text('[[alerts]]\nname = "blind"\nenabled = false\n')
        watcher.process.send_signal(signal.SIGHUP)
        watcher.line(f"The configuration {config} was read again.")
        assert watcher.end(signal.SIGINT) == 130


def test_credentials_that_are_refused_end_it_in_words(api: Api, signed_in: dict[str, str], home: Path) -> None:
    env = {**signed_in, "QUANTCONNECT_API_TOKEN": "wrong"}
    with Watcher("--base-url", api.base_url, env=env, home=home) as watcher:
        out, err = watcher.process.communicate(timeout=DEADLINE_S)
    assert watcher.process.returncode == 1
    assert "watching" not in out
    assert err.startswith("qctui: ")
    assert err.endswith("run: qctui doctor\n")


def test_a_reader_that_goes_away_ends_nothing(api: Api, signed_in: dict[str, str], home: Path) -> None:
    project_id, _, _ = api.running("paper")
    with Watcher("--base-url", api.base_url, env=signed_in, home=home) as watcher:
        watcher.line("watching: ")
        assert watcher.process.stdout is not None
        watcher.process.stdout.close()
        watcher.until_told("running")
        run_command("--base-url", api.base_url, "stop", str(project_id), "--yes", "--no-wait", env=signed_in)
        watcher.until_told("STATUS=5 running")
        assert watcher.process.poll() is None
        watcher.process.stdout = None
        assert watcher.end() == 0


def test_a_configuration_that_can_not_be_used_is_one_line_and_exit_2(env: dict[str, str], home: Path) -> None:
    (home / "config" / "qctui").mkdir()
    (home / "config" / "qctui" / "config.toml").write_text('[[alerts]]\nname = "x"\n')
    for command in ("watch", "alerts"):
        done = run_command(command, env=env)
        assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
        assert "rule x of `alerts`: `when` is missing" in done.stderr


def test_a_brokerage_that_is_gone_is_told_by_both_and_by_the_dialog(home: Path) -> None:
    with simulator("--calm", "--deployments", "3") as api:
        project_id, _, deploy_id = api.running("live")
        api.control("POST", "brokerage", projectId=project_id, gone=True)
        api.control("POST", "clock", advance=100)
        env = api.environment(home)
        at = ("--base-url", api.base_url, "--project", str(project_id))  # what is opened is read before the others
        with Console(*at, env=env, columns=80, rows=24) as console:
            console.wait_for(f"{deploy_id[-4:]}: BLIND", "BLIND")
            console.send("/momentum\rL")
            console.wait_for(f"Type {deploy_id[-4:]} to liquidate", "BLIND: 1 order refused", "Go to the broker")
            shown = run_command("alerts", "--base-url", api.base_url, env=env)
            assert (shown.returncode, shown.stderr) == (0, "")
            assert "BLIND" in shown.stdout
        left = run_command("alerts", "--base-url", api.base_url, env=env)
        assert (left.returncode, left.stdout.count("BLIND")) == (4, shown.stdout.count("BLIND"))
        assert re.search(r"no console or `qctui watch` writes to .*; last written \d+s ago by a console", left.stderr)
        api.control("POST", "brokerage", projectId=project_id, gone=False)


def test_alerts_reads_nothing_from_the_api(env: dict[str, str]) -> None:
    whose = run_command("alerts", env=env)
    assert (whose.returncode, whose.stdout, whose.stderr.count("\n")) == (2, "", 1)
    env = {**env, "QUANTCONNECT_USER_ID": "12345"}
    done = run_command("alerts", env=env)
    assert (done.returncode, done.stdout) == (4, "")  # nobody watches: that nothing fires is not known
    assert "no console or `qctui watch` writes to " in done.stderr
    assert run_command("alerts", "--json", env=env).stdout == ""


@contextmanager
def beats() -> Iterator[tuple[str, queue.Queue[str]]]:
    """A service that counts signs of life."""
    asked: queue.Queue[str] = queue.Queue()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.put(self.path)
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/ping/key", asked
        finally:
            server.shutdown()
            thread.join()


def test_the_heartbeat_begins_with_the_first_list(api: Api, signed_in: dict[str, str], home: Path) -> None:
    with beats() as (url, asked), Watcher("--base-url", api.base_url, "--heartbeat", url, env=signed_in, home=home):
        assert asked.get(timeout=DEADLINE_S) == "/ping/key"


def test_metrics_are_served_on_this_machine(api: Api, signed_in: dict[str, str], home: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    _, name, deploy_id = api.running("live")
    with Watcher("--base-url", api.base_url, "--metrics", str(port), env=signed_in, home=home) as watcher:
        watcher.line("watching: ")  # the names are known
        watcher.until_told("API ok")
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=DEADLINE_S) as answer:
            text = answer.read().decode()
        again = run_command("watch", "--base-url", api.base_url, "--metrics", str(port), env=signed_in)
    assert 'qctui_up{profile="default"} 1.0' in text
    (alive,) = [line for line in text.splitlines() if line.startswith("qctui_deployment_alive{") and deploy_id in line]
    assert alive.endswith(" 1.0")
    assert f'mode="live",profile="default",project="{name}"' in alive
    assert 'qctui_api_requests_total{endpoint="live/list",profile="default"} ' in text
    assert (again.returncode, again.stderr.count("\n")) == (2, 1)
    assert f"--metrics: 127.0.0.1:{port} can't be used" in again.stderr


@pytest.mark.parametrize("arguments", [["--heartbeat", "http://example.org/s3cret"], ["--metrics", "70000"]])
def test_an_address_that_can_not_be_used_is_one_line(env: dict[str, str], arguments: list[str]) -> None:
    done = run_command("watch", *arguments, env=env)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "s3cret" not in done.stderr


def test_a_reader_that_takes_nothing_holds_nothing_up(api: Api, signed_in: dict[str, str], home: Path) -> None:
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    with contextlib.suppress(BlockingIOError):
        while True:
            os.write(writer, b"x" * 4_096)
    os.set_blocking(writer, True)
    project_id, _, _ = api.running("paper")
    with Watcher("--base-url", api.base_url, env=signed_in, home=home, stdout=writer) as watcher:
        os.close(writer)
        watcher.until_told("READY=1")
        run_command("--base-url", api.base_url, "stop", str(project_id), "--yes", "--no-wait", env=signed_in)
        watcher.until_told("STATUS=5 running")
        began = time.monotonic()
        assert watcher.end() == 0
        print(f"ended after {time.monotonic() - began:.2f} s")
    os.close(reader)


def test_a_terminal_that_is_closed_ends_it(api: Api, signed_in: dict[str, str]) -> None:
    screen, terminal = pty.openpty()
    process = subprocess.Popen(
        [str(QCTUI), "watch", "--base-url", api.base_url],
        env=signed_in,
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
    )
    try:
        os.close(terminal)
        shown = b""
        while b"watching: " not in shown:
            shown += os.read(screen, 4_096)
        os.close(screen)
        assert process.wait(DEADLINE_S) == 128 + signal.SIGHUP
    finally:
        process.kill()
        process.wait()
