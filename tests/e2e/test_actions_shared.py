"""Two consoles and a command on one machine: one journal, and nobody acts blindly beside another."""

from __future__ import annotations

import signal
from pathlib import Path
from subprocess import DEVNULL, PIPE, Popen

from tests.e2e.api import Api
from tests.e2e.console import QCTUI, Console, run_command
from tests.e2e.desk import LIQUIDATE, ask_to_liquidate, confirm, events, journal, open_on


def test_what_one_console_does_the_others_see_heed_and_take_over(
    api: Api, signed_in: dict[str, str], home: Path
) -> None:
    first, project_id, deploy_id = open_on(api, signed_in)
    with first:
        second, _, _ = open_on(api, signed_in)
        with second:
            api.control("POST", "behaviours", projectId=project_id, behaviour="never-stops")
            ask_to_liquidate(first, deploy_id)
            confirm(first, deploy_id)
            first.wait_for("ACCEPTED")

            second.wait_for("by another console", "ACCEPTED")
            second.send("S")
            second.wait_for("Can't stop", "a stop could")
            second.send("L")
            second.wait_for("Earlier", f"Type {deploy_id[-4:]} to liquidate, then Enter.")
            second.send("\x1b")
            second.wait_gone("Earlier")

            stop = run_command("--base-url", api.base_url, "stop", str(project_id), "--yes", env=signed_in)
            assert (stop.returncode, api.requests("live/update/stop")) == (1, [])
            assert "REJECTED a liquidation of this deployment is not verified (ACCEPTED)" in stop.stdout
            asking = ("--base-url", api.base_url, "liquidate", str(project_id))
            with Console(*asking, env=signed_in) as command:
                command.wait_for("earlier liquidate, confirmed at", "ACCEPTED", f"Type {deploy_id[-4:]} to liquidate")

            first.signal(signal.SIGKILL)
            first.wait_exit()
            api.control("POST", "behaviours", projectId=project_id, behaviour="")
            api.control("POST", "end", projectId=project_id, status="Liquidated")
            api.until(lambda: events(home)[-1:] == ["stopped"], "the second console seeing the stop")
            # Taken over by one that ran all the time, it is still what another console did.
            second.wait_for("by another console", "STOPPED")
    assert len(api.requests(LIQUIDATE)) == 1
    assert events(home) == ["intent", "sending", "sent", "accepted", "rejected", "stopped"]
    assert [entry["action"] for entry in journal(home) if entry["event"] == "rejected"] == ["stop"]


def test_what_a_command_did_and_left_is_said_to_be_a_commands(api: Api, signed_in: dict[str, str], home: Path) -> None:
    console, project_id, _ = open_on(api, signed_in)
    with console:
        api.control("POST", "behaviours", projectId=project_id, behaviour="never-stops")
        command = ("--base-url", api.base_url, "liquidate", str(project_id), "--yes", "--no-wait")
        assert run_command(*command, env=signed_in).returncode == 4
        console.wait_for("by a command", "ACCEPTED")
        api.control("POST", "behaviours", projectId=project_id, behaviour="")
        api.control("POST", "end", projectId=project_id, status="Liquidated")
        console.wait_for("by a command", "STOPPED")
        api.until(lambda: "stopped" in events(home), "the console that took it over seeing the stop")
        assert "from the last run" not in console.text


def test_a_stop_that_was_asked_for_first_does_not_overtake_a_liquidation(api: Api, signed_in: dict[str, str]) -> None:
    project_id, _, _ = api.running("live")
    api.control("POST", "behaviours", projectId=project_id, behaviour="never-stops")
    # Both witnesses let the stop wait, and only it: the next ones answer at once.
    for endpoint in ("live/read", "live/list"):
        api.fault("held", endpoint, times=1)
    stopping = ["--base-url", api.base_url, "stop", str(project_id), "--yes", "--no-wait"]
    with Popen([QCTUI, *stopping], env=signed_in, stdout=PIPE, stderr=DEVNULL, text=True) as stop:
        api.until(lambda: len(api.requests("live/list")) == 1, "the stop waiting for both witnesses")
        liquidating = ("--base-url", api.base_url, "liquidate", str(project_id), "--yes", "--no-wait")
        assert "ACCEPTED" in run_command(*liquidating, env=signed_in).stdout
        api.no_faults()
        told, _ = stop.communicate()
    assert (stop.returncode, api.requests("live/update/stop")) == (1, [])
    assert "REJECTED a liquidation of this deployment is not verified (ACCEPTED)" in told
    assert len(api.requests(LIQUIDATE)) == 1
