"""kill -9 at the moments of an action that a process can die in: at most one request, and the next start tells."""

from __future__ import annotations

import signal
from pathlib import Path

from tests.e2e.api import Api
from tests.e2e.console import Console
from tests.e2e.desk import LIQUIDATE, ask_to_liquidate, await_event, await_tries, confirm, events, open_on
from tests.e2e.line import Line


def kill(console: Console) -> None:
    console.signal(signal.SIGKILL)
    console.wait_exit()


def test_killed_while_sending_nothing_more_is_sent_and_the_outcome_is_open(
    api: Api, line: Line, signed_in: dict[str, str], home: Path
) -> None:
    console, _, deploy_id = open_on(api, signed_in)
    with console:
        ask_to_liquidate(console, deploy_id)
        line.cut()
        confirm(console, deploy_id)
        console.wait_for("SENDING")
        await_tries(console)
        api.until(lambda: "sending" in events(home), "the journal telling of a try")
        kill(console)
    assert set(events(home)) == {"intent", "sending"}
    line.mend()
    with Console("--base-url", api.base_url, env=signed_in, columns=80, rows=24) as console:
        console.wait_for("from the last run", "UNKNOWN", "the program ended before the answer", "API ok")
        await_event(api, home, "unknown")
    assert api.requests(LIQUIDATE) == []


def test_killed_during_verification_the_next_start_goes_on_with_it(
    api: Api, signed_in: dict[str, str], home: Path
) -> None:
    console, project_id, deploy_id = open_on(api, signed_in)
    with console:
        api.control("POST", "behaviours", projectId=project_id, behaviour="never-stops")
        ask_to_liquidate(console, deploy_id)
        confirm(console, deploy_id)
        console.wait_for("ACCEPTED")
        api.until(lambda: events(home)[-1:] == ["accepted"], "the answer being in the journal")
        kill(console)
    api.control("POST", "behaviours", projectId=project_id, behaviour="")
    with Console("--base-url", api.base_url, env=signed_in) as console:
        console.wait_for("from the last run", "ACCEPTED", "(not seen")
        api.control("POST", "end", projectId=project_id, status="Liquidated")
        console.wait_for("STOPPED")
        api.until(lambda: "stopped" in events(home), "the journal telling of the stop")
    assert events(home)[:5] == ["intent", "sending", "sent", "accepted", "stopped"]
    assert len(api.requests(LIQUIDATE)) == 1


def test_killed_with_the_dialog_open_nothing_was_begun(api: Api, signed_in: dict[str, str], home: Path) -> None:
    console, _, deploy_id = open_on(api, signed_in)
    with console:
        ask_to_liquidate(console, deploy_id)
        console.send(deploy_id[-4:])
        kill(console)
    assert events(home) == []
    assert api.requests(LIQUIDATE) == []
