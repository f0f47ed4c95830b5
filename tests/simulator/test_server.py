"""The server as a process: what it prints, how it ends, what it leaves behind."""

from __future__ import annotations

import argparse
import http.client
import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from qctui.simulator.command_line import add_arguments, config_from, run
from qctui.simulator.config import DEMO_TOKEN, DEMO_USER_ID, SimConfig
from tests.simulator.support import PAIRS, headers_for


@contextmanager
def process(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], int]]:
    with subprocess.Popen(
        [sys.executable, "-m", "qctui.simulator", *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as child:
        try:
            assert child.stdout is not None
            base_url = child.stdout.readline().strip()
            assert base_url.startswith("http://127.0.0.1:")
            assert base_url.endswith("/api/v2")
            assert child.stdout.readline() == f"QUANTCONNECT_USER_ID={DEMO_USER_ID}\n"
            assert child.stdout.readline() == f"QUANTCONNECT_API_TOKEN={DEMO_TOKEN}\n"
            yield child, int(base_url.rsplit(":", 1)[1].partition("/")[0])
        finally:
            child.kill()


def ask(port: int, path: str) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("POST", f"/api/v2/{path}", "{}", headers_for(time.time()))
    answer = connection.getresponse()
    found = answer.status, answer.read()
    connection.close()
    return found


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_it_listens_answers_and_ends_on_a_signal(number: signal.Signals) -> None:
    with process("--fault", "hang-before:live/list") as (child, port):
        assert ask(port, "authenticate") == (200, b'{"success":true}')
        # A request that hangs does not hold the end up.
        hanging = socket.create_connection(("127.0.0.1", port), timeout=10)
        hanging.sendall(b"POST /api/v2/live/list HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")
        child.send_signal(number)
        assert child.wait(10) == 0
        assert child.stderr is not None
        assert child.stderr.read() == ""
        hanging.close()


def test_it_ends_with_its_standard_input() -> None:
    with process("--exit-with-parent") as (child, port):
        assert ask(port, "authenticate")[0] == 200
        assert child.stdin is not None
        child.stdin.close()
        assert child.wait(10) == 0


def test_it_ends_with_a_parent_that_was_killed() -> None:
    # The parent hands its own standard input on, so only its death can be what ends the child.
    program = (
        "import subprocess, sys\n"
        "child = subprocess.Popen([sys.executable, '-m', 'qctui.simulator', '--exit-with-parent'])\n"
        "child.wait()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline().startswith("http://")
        parent.kill()
        # End of file comes when the last process that holds the pipe is gone.
        parent.stdout.read()


def test_a_taken_port_is_one_line_and_exit_code_2() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        done = subprocess.run(
            [sys.executable, "-m", "qctui.simulator", "--port", str(taken.getsockname()[1])],
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
    assert done.returncode == 2
    assert done.stderr.startswith("simulator: ")
    assert done.stderr.count("\n") == 1


def test_the_request_log_has_a_line_each(tmp_path: Path) -> None:
    log = tmp_path / "requests.jsonl"
    with process("--request-log", str(log)) as (child, port):
        ask(port, "authenticate")
        ask(port, "live/list")
        child.terminate()
        child.wait(10)
    lines = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    assert [line["path"] for line in lines] == ["authenticate", "live/list"]
    assert all(line["outcome"] == "answered" for line in lines)


def parsed(*arguments: str) -> SimConfig:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    return config_from(parser.parse_args(arguments))


def test_no_arguments_are_the_defaults() -> None:
    assert parsed() == SimConfig()


def test_arguments_become_the_configuration() -> None:
    config = parsed(
        *("--seed", "3", "--speed", "60", "--now", "2026-11-20T15:30:00Z", "--deployments", "1000"),
        *("--insights", "5", "--points", "9", "--shapes", "ugly", "--shape", "live/read=capitalised", "--calm"),
        *("--fault", "http-500:live/read:2", "--behaviour", f"{PAIRS}=rejected", "--stop-lag", "0.5"),
        *("--snapshot", "0", "--latency", "0.1", "--refuse", "2", "--hostile-text", "--market-hours"),
    )
    assert (config.seed, config.speed, config.start_at) == (3, 60.0, 1_795_188_600.0)
    assert (config.deployments, config.insights, config.points) == (1000, 5, 9)
    assert (config.shapes, config.shape_of, config.loading) == ("ugly", {"live/read": "capitalised"}, 1)
    assert (config.faults, config.behaviours) == (["http-500:live/read:2"], {PAIRS: "rejected"})
    assert (config.lags.stop_s, config.lags.snapshot_s, config.latency_s) == (0.5, 0.0, 0.1)
    assert (config.events, config.hostile_text, config.market_hours, config.refuse_s) == (False, True, True, 2.0)


@pytest.mark.parametrize(
    "arguments",
    [
        ("--fault", "nonsense"),
        ("--behaviour", "1=nonsense"),
        ("--behaviour", "rejected"),
        ("--shape", "live/read=nonsense"),
        ("--now", "yesterday"),
        ("--port", "-1"),
        ("--port", "65536"),
        ("--speed", "fast"),
        ("--latency", "-1"),
        ("--points", "0"),
        ("--deployments", "0"),
    ],
)
def test_bad_arguments_are_usage_errors(arguments: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        parsed(*arguments)
    assert ended.value.code == 2
    assert arguments[0] in capsys.readouterr().err


def test_run_says_why_it_cannot(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        parser = argparse.ArgumentParser()
        add_arguments(parser)
        assert run(parser.parse_args(["--port", str(taken.getsockname()[1])])) == 2
    assert "in use" in capsys.readouterr().err


def test_nothing_of_the_client_is_imported() -> None:
    program = (
        "import sys, qctui.simulator.server, qctui.simulator.command_line\n"
        "print([name for name in sys.modules if name.startswith('qctui.') and not name.startswith('qctui.simulator')"
        " or name.partition('.')[0] in ('httpx', 'msgspec', 'textual', 'rich', 'plotext')])\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=30, check=True)
    assert done.stdout.strip() == "[]"
