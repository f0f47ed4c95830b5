"""Faults between confirming and verifying, on the running console: requests at the API, words, lines in the journal."""

from __future__ import annotations

from pathlib import Path

from tests.e2e.api import Api, simulator
from tests.e2e.console import Console
from tests.e2e.desk import LIQUIDATE, ask_to_liquidate, await_event, await_tries, confirm, events, of_project, open_on
from tests.e2e.line import Line


def test_refused_then_the_api_appears(api: Api, line: Line, signed_in: dict[str, str], home: Path) -> None:
    console, _, deploy_id = open_on(api, signed_in)
    with console:
        ask_to_liquidate(console, deploy_id)
        line.cut()
        confirm(console, deploy_id)
        console.wait_for("SENDING", " try", "connection refused")
        await_tries(console)
        line.mend()
        console.wait_for("VERIFIED")
        await_event(api, home, "verified")
    told = events(home)
    tries = told.count("sending")
    assert tries > 1
    assert told == ["intent", *["sending"] * tries, "sent", "accepted", "stopped", "flat", "verified"]
    assert len(api.requests(LIQUIDATE)) == 1


def test_given_up_while_sending_nothing_is_sent_once_the_api_is_back(
    api: Api, line: Line, signed_in: dict[str, str], home: Path
) -> None:
    console, _, deploy_id = open_on(api, signed_in)
    with console:
        ask_to_liquidate(console, deploy_id)
        line.cut()
        confirm(console, deploy_id)
        console.wait_for("cancel sending")
        await_tries(console)
        console.send("u")
        console.wait_for("NOT SENT", "cancelled before it was sent")
        reads = len(api.requests("live/list"))
        line.mend()
        console.send("r")
        api.until(lambda: len(api.requests("live/list")) > reads, "the console reading again")
    assert api.requests(LIQUIDATE) == []
    assert events(home)[-1] == "not_sent"


def test_bad_news_that_comes_after_quitting_is_said_on_the_terminal(
    api: Api, line: Line, signed_in: dict[str, str], home: Path
) -> None:
    console, _, deploy_id = open_on(api, signed_in)
    with console:
        api.fault("bare-false", LIQUIDATE)
        ask_to_liquidate(console, deploy_id)
        line.cut()
        confirm(console, deploy_id)
        await_tries(console)
        console.send("q")
        console.wait_until(lambda: not console.terminal.modes.get("1049"), "the screen being given back")
        line.mend()
        assert console.wait_exit() == 0
        assert f"qctui: REJECTED: liquidate Momentum/Crossover Live ({deploy_id})" in console.text, console.text
    assert events(home)[-1] == "rejected"
    assert len(api.requests(LIQUIDATE)) == 1


def test_redeployed_while_the_dialog_is_open_it_disarms_and_the_next_one_is_about_the_new_one(
    api: Api, signed_in: dict[str, str], home: Path
) -> None:
    console, project_id, deploy_id = open_on(api, signed_in)
    with console:
        ask_to_liquidate(console, deploy_id)
        new = api.control("POST", "redeploy", projectId=project_id)["deployId"]
        console.wait_for(f"DISARMED: redeployed since: now {new}")
        console.send(deploy_id[-4:])
        reads = len(api.requests("live/list"))
        console.send("\x1b")
        console.wait_gone("DISARMED")
        api.until(lambda: len(api.requests("live/list")) > reads, "the list being read at once")
        assert api.requests(LIQUIDATE) == []
        # Whichever of the two the screen knows at this key press: the one that is gone is not liquidated.
        while not asks_about(console, new):
            console.send("\x1b")
            console.wait_gone("DISARMED")
            console.send("r")
        confirm(console, new)
        console.wait_for("ACCEPTED")
        api.until(lambda: of_project(home, project_id) >= {"intent", "accepted"}, "the journal telling both")
    assert len(api.requests(LIQUIDATE)) == 1


def asks_about(console: Console, deploy_id: str) -> bool:
    """Press L, once; False if the dialog is about something else, which disarms it."""
    asked = f"Type {deploy_id[-4:]} to liquidate, then Enter."
    console.send("L")
    console.wait_until(lambda: asked in console.text or "DISARMED" in console.text, "a dialog")
    return asked in console.text


def test_redeployed_during_verification_is_said_and_never_called_flat(
    api: Api, signed_in: dict[str, str], home: Path
) -> None:
    console, project_id, deploy_id = open_on(api, signed_in)
    with console:
        api.control("POST", "behaviours", projectId=project_id, behaviour="never-stops")
        ask_to_liquidate(console, deploy_id)
        confirm(console, deploy_id)
        console.wait_for("ACCEPTED")
        new = api.control("POST", "redeploy", projectId=project_id)["deployId"]
        console.wait_for("UNVERIFIED", f"the portfolio is now that of {new}", "Check the brokerage.")
        assert "FLAT" not in console.text
        await_event(api, home, "unverified")
    assert events(home) == ["intent", "sending", "sent", "accepted", "stopped", "unverified"]
    assert len(api.requests(LIQUIDATE)) == 1


def test_the_token_stops_working_while_the_dialog_is_open(api: Api, signed_in: dict[str, str], home: Path) -> None:
    console, _, deploy_id = open_on(api, signed_in)
    with console:
        ask_to_liquidate(console, deploy_id)
        api.control("POST", "credentials", token="0" * 64)
        console.wait_for("could not be re-checked", "credentials from the environment not accepted", "can still send")
        confirm(console, deploy_id)
        console.wait_for("REJECTED", "credentials from the environment not accepted")
        await_event(api, home, "rejected")
    assert events(home) == ["intent", "sending", "sent", "rejected"]
    assert len(api.requests(LIQUIDATE)) == 1


def test_the_token_stops_working_during_verification(api: Api, signed_in: dict[str, str], home: Path) -> None:
    console, project_id, deploy_id = open_on(api, signed_in)
    with console:
        api.control("POST", "behaviours", projectId=project_id, behaviour="never-stops")
        ask_to_liquidate(console, deploy_id)
        confirm(console, deploy_id)
        console.wait_for("ACCEPTED")
        api.control("POST", "credentials", token="0" * 64)
        console.wait_for("live/read fails: deployment: credentials from the environment not accepted", "(not seen")
    assert events(home) == ["intent", "sending", "sent", "accepted"]
    assert len(api.requests(LIQUIDATE)) == 1


def test_a_silent_read_is_never_told_as_a_look_at_the_target(api: Api, signed_in: dict[str, str]) -> None:
    console, _, deploy_id = open_on(api, signed_in)
    with console:
        api.fault("hang-before", "live/read")
        console.send("L")
        console.wait_for(f"Type {deploy_id[-4:]} to liquidate, then Enter.", "Checking the target again")
        reads = len(api.requests("live/portfolio/read"))
        api.until(lambda: len(api.requests("live/portfolio/read")) > reads + 1, "the portfolio being read again")
        assert "Checked again" not in console.text
        confirm(console, deploy_id)
        console.wait_for("ACCEPTED")
    assert len(api.requests(LIQUIDATE)) == 1


def test_in_a_panic_every_request_leaves_before_any_is_answered(home: Path) -> None:
    with simulator("--calm", "--deployments", "14") as api:
        projects = api.control("GET", "projects")["projects"]
        running = sorted(each["projectId"] for each in projects if any(one["alive"] for one in each["deployments"]))
        api.fault("hang-before", LIQUIDATE)
        with Console("--base-url", api.base_url, env=api.environment(home), columns=80, rows=24) as console:
            console.wait_for(f"{len(running)} running")
            console.send("X")
            console.wait_for(f"Type {len(running)} to liquidate {len(running)} deployments, then Enter.")
            console.send(f"{len(running)}\r")
            api.until(lambda: len(api.requests(LIQUIDATE)) == len(running), "all of them at the API")
            console.wait_for(f"{len(running)} SENT")
            told = {"intent", "sending", "sent"}
            api.until(lambda: all(of_project(home, each) == told for each in running), "the journal telling of each")
        assert sorted(request["body"]["projectId"] for request in api.requests(LIQUIDATE)) == running
