"""A terminal held with Ctrl+S takes no output: what was confirmed is sent, followed and journalled all the same."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from tests.e2e.api import Api
from tests.e2e.console import QCTUI, Console
from tests.e2e.desk import LIQUIDATE, events


def on_a_held_terminal(api: Api, env: dict[str, str]) -> Console:
    """A liquidation that begins with a warning, on a terminal that is held before its first line."""
    project_id, _, _ = api.running("live")
    api.fault("http-500", "live/read", times=1)
    command = f"read held; exec {QCTUI} --base-url {api.base_url} liquidate {project_id} --yes"
    console = Console("-c", f"echo ready; {command}", env=env, command=["bash"])
    console.wait_for("ready")
    return console


def hold(console: Console) -> None:
    console.send("\x13\n")


def test_it_is_sent_and_verified_and_told_once_the_terminal_goes_on(
    api: Api, signed_in: dict[str, str], home: Path
) -> None:
    with on_a_held_terminal(api, signed_in) as console:
        hold(console)
        api.until(lambda: events(home)[-1:] == ["verified"], "the journal telling that it is verified")
        assert len(api.requests(LIQUIDATE)) == 1
        assert "SENDING" not in console.text
        console.send("\x11")
        console.wait_for("live/read fails", "ACCEPTED", "VERIFIED")
        assert console.wait_exit() == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT], ids=lambda each: str(each))
def test_a_signal_still_ends_it(api: Api, signed_in: dict[str, str], home: Path, number: signal.Signals) -> None:
    project_id, _, _ = api.running("live")
    api.control("POST", "behaviours", projectId=project_id, behaviour="never-stops")
    with on_a_held_terminal(api, signed_in) as console:
        hold(console)
        api.until(lambda: events(home)[-1:] == ["accepted"], "the journal telling that it is accepted")
        console.signal(number)
        assert console.wait_exit_unread() == 128 + number
    assert len(api.requests(LIQUIDATE)) == 1
