"""The emergency path, end to end: keys on a pty, requests at the API, lines in the journal."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from tests.e2e.api import Api, simulator
from tests.e2e.console import Console
from tests.e2e.desk import LIQUIDATE, ask_to_liquidate, await_event, events, journal, of_project, open_on


def test_l_four_characters_enter_is_one_request_and_the_ladder_to_verified(
    api: Api, signed_in: dict[str, str], home: Path
) -> None:
    console, project_id, deploy_id = open_on(api, signed_in)
    with console:
        ask_to_liquidate(console, deploy_id)
        console.send(deploy_id[-4:] + "\r")
        console.wait_for("VERIFIED")
        await_event(api, home, "verified")
        (request,) = api.requests(LIQUIDATE)
        assert (request["method"], request["body"]) == ("POST", {"projectId": project_id})
        assert events(home) == ["intent", "sending", "sent", "accepted", "stopped", "flat", "verified"]
        assert {entry["deploy_id"] for entry in journal(home)} == {deploy_id}
        assert {(entry["via"], entry["action"]) for entry in journal(home)} == {("console", "liquidate")}
        console.send("q")
        assert console.wait_exit() == 0


@pytest.mark.parametrize("keys", ["\r\r y\r1234\rL\r", "nL\r"], ids=repr)
def test_nothing_else_confirms(api: Api, signed_in: dict[str, str], home: Path, keys: str) -> None:
    console, _, deploy_id = open_on(api, signed_in)
    with console:
        ask_to_liquidate(console, deploy_id)
        console.send(keys)
        console.signal(signal.SIGTERM)  # which lets keys that were typed count: see the tests below
        assert console.wait_exit() == 143
    assert api.requests(LIQUIDATE) == []
    assert events(home) == []


def test_the_api_says_no(api: Api, signed_in: dict[str, str], home: Path) -> None:
    console, project_id, deploy_id = open_on(api, signed_in)
    with console:
        api.control("POST", "behaviours", projectId=project_id, behaviour="rejected")
        ask_to_liquidate(console, deploy_id)
        console.send(deploy_id[-4:] + "\r")
        console.wait_for("REJECTED")
        await_event(api, home, "rejected")
    assert len(api.requests(LIQUIDATE)) == 1
    assert events(home) == ["intent", "sending", "sent", "rejected"]


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGTERM], ids=lambda each: str(each))
def test_a_signal_right_after_the_confirming_key_changes_nothing_for_the_action(
    api: Api, signed_in: dict[str, str], home: Path, number: signal.Signals
) -> None:
    console, project_id, deploy_id = open_on(api, signed_in)
    with console:
        ask_to_liquidate(console, deploy_id)
        console.send(deploy_id[-4:] + "\r")
        console.signal(number)
        assert console.wait_exit() == 128 + number
        assert console.terminal.left_behind == []
    (request,) = api.requests(LIQUIDATE)
    assert request["body"] == {"projectId": project_id}
    assert events(home)[:4] == ["intent", "sending", "sent", "accepted"]


def test_the_answer_is_awaited_after_the_screen_is_gone(api: Api, signed_in: dict[str, str], home: Path) -> None:
    console, project_id, deploy_id = open_on(api, signed_in)
    with console:
        # It must not be verified by the time the answer comes: then there would be nothing left to say.
        api.control("POST", "behaviours", projectId=project_id, behaviour="never-stops")
        api.fault("held", LIQUIDATE)
        ask_to_liquidate(console, deploy_id)
        console.send(deploy_id[-4:] + "\r")
        console.wait_for("SENT")
        console.send("q")
        console.wait_for("waiting up to 25 s")
        api.no_faults()
        assert console.wait_exit() == 0
        assert "1 action is not verified yet" in console.text
    assert len(api.requests(LIQUIDATE)) == 1
    assert events(home)[:4] == ["intent", "sending", "sent", "accepted"]


def test_a_terminal_that_closes_while_the_answer_is_awaited(api: Api, signed_in: dict[str, str], home: Path) -> None:
    console, _, deploy_id = open_on(api, signed_in)
    with console:
        api.fault("held", LIQUIDATE)
        ask_to_liquidate(console, deploy_id)
        console.send(deploy_id[-4:] + "\r")
        console.wait_for("SENT")
        console.hang_up()
        api.until(lambda: bool(api.requests(LIQUIDATE)), "the request having arrived")
        api.no_faults()
        assert console.wait_exit() == 129
    assert len(api.requests(LIQUIDATE)) == 1
    assert events(home)[:4] == ["intent", "sending", "sent", "accepted"]


def test_a_terminal_nobody_reads_while_the_action_runs(api: Api, signed_in: dict[str, str], home: Path) -> None:
    console, _, deploy_id = open_on(api, signed_in)
    with console:
        ask_to_liquidate(console, deploy_id)
        console.send(deploy_id[-4:] + "\r")
        # From here on nobody reads, and it is made to draw more than its terminal takes.
        for _ in range(60):
            console.send("?\x1b")
        api.until(lambda: events(home)[-1:] == ["verified"], "the journal telling that it is verified")
        console.signal(signal.SIGHUP)
        assert console.wait_exit_unread() == 129
    assert len(api.requests(LIQUIDATE)) == 1


def test_killed_right_after_confirming_it_is_told_and_looked_after_at_the_next_start(
    api: Api, signed_in: dict[str, str], home: Path
) -> None:
    console, _, deploy_id = open_on(api, signed_in)
    with console:
        api.fault("hang-after", LIQUIDATE, times=1)
        ask_to_liquidate(console, deploy_id)
        console.send(deploy_id[-4:] + "\r")
        console.wait_for("SENT")
        console.signal(signal.SIGKILL)
        console.wait_exit()
    assert len(api.requests(LIQUIDATE)) == 1
    told = events(home)
    assert told[:2] == ["intent", "sending"]
    assert "accepted" not in told
    with Console("--base-url", api.base_url, env=signed_in) as console:
        console.wait_for("VERIFIED")
        await_event(api, home, "verified")
    assert len(api.requests(LIQUIDATE)) == 1, "what was open is verified, never sent again"


def test_panic_hits_everything_that_runs_and_one_that_hangs_holds_up_none(home: Path) -> None:
    with simulator("--calm", "--deployments", "14", "--stop-lag", "0.2", "--flat-lag", "0.2") as api:
        projects = api.control("GET", "projects")["projects"]
        running = {each["projectId"] for each in projects if any(one["alive"] for one in each["deployments"])}
        refused, hanging, *others = sorted(running)
        api.fault("bare-false", LIQUIDATE, projectId=refused)
        api.fault("hang-before", LIQUIDATE, projectId=hanging)
        with Console("--base-url", api.base_url, env=api.environment(home)) as console:
            console.wait_for(f"{len(running)} running")
            console.send("X")
            console.wait_for(f"Type {len(running)} to liquidate {len(running)} deployments, then Enter.")
            console.send(f"{len(running)}\r")
            accepted = {"intent", "sending", "sent", "accepted"}
            api.until(lambda: all(accepted <= of_project(home, each) for each in others), "the others being accepted")
            api.until(lambda: "rejected" in of_project(home, refused), "one being rejected")
            assert "accepted" not in of_project(home, hanging)
        requests = api.requests(LIQUIDATE)
    assert sorted(request["body"]["projectId"] for request in requests) == sorted(running)


def test_read_only_sends_nothing(api: Api, signed_in: dict[str, str], home: Path) -> None:
    console, _, deploy_id = open_on(api, signed_in, "--read-only")
    with console:
        console.send("LX" + deploy_id[-4:] + "\r")
        console.send("?")
        console.wait_for("Everywhere")
    assert api.requests(LIQUIDATE) == []
    assert events(home) == []
