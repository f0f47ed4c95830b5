"""A long log on the running program: searched by the server, read back to its first line."""

from __future__ import annotations

from tests.e2e.api import Api
from tests.e2e.console import Console

LOGS = "live/logs/read"
LONG = 23456950
"""A running deployment with hundreds of lines, the only one of its project."""


def bodies(api: Api) -> list[dict[str, object]]:
    return [request["body"] for request in api.requests(LOGS)]


def open_log(api: Api, env: dict[str, str], columns: int, rows: int) -> Console:
    arguments = ("--base-url", api.base_url, "--project", str(LONG))
    console = Console(*arguments, env=env, columns=columns, rows=rows)
    console.wait_for("API ok", "3 Insights Macro/FX")
    console.send("\r")
    console.wait_for("1 Statistics", "InteractiveBrokersBrokerage")
    console.send("5")
    console.wait_for("5 Logs following", "/ filter")
    return console


def test_a_search_asks_the_server_once_and_escape_shows_the_log_again(api: Api, signed_in: dict[str, str]) -> None:
    with open_log(api, signed_in, 80, 24) as console:
        # In one piece, as a slow line brings it: none of it is taken for a command.
        console.send("/algorithm INIT\r")
        console.wait_for("/algorithm INIT 1 match", "Algorithm Initialization: Launching")
        asked = [body for body in bodies(api) if "query" in body]
        assert [(each["query"], each["startLine"], each["endLine"]) for each in asked] == [("algorithm INIT", 0, 200)]
        console.send("/\x15nothing at all\r")
        console.wait_for("No line contains 'nothing at all'. Esc shows the log again.")
        console.send("\x1b")
        console.wait_for("5 Logs following", "rebalance: equity")
        assert not api.requests("live/update/stop")


def test_the_log_is_read_back_and_its_beginning_is_one_key_away(api: Api, signed_in: dict[str, str]) -> None:
    with open_log(api, signed_in, 120, 40) as console:
        console.send("\x1b[5~" * 60)
        console.wait_until(lambda: len({body["startLine"] for body in bodies(api)}) > 2, "older lines being read")
        console.send("g")
        console.wait_for("Algorithm Initialization: Launching")
        console.send("G")
        console.wait_for("5 Logs following")
        assert all(int(str(body["endLine"])) - int(str(body["startLine"])) <= 200 for body in bodies(api))
