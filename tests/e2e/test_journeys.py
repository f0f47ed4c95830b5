"""Journeys: what a hand does from a glance to the one request that was meant, typed slowly and in one write."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.e2e.api import Api, simulator
from tests.e2e.console import Console
from tests.e2e.desk import LIQUIDATE

STOP, ABORT = "live/update/stop", "optimizations/abort"


@dataclass(frozen=True)
class Journey:
    """Steps of keys, each with what is then on the screen. `{NAME}` is the code of a project's deployment."""

    name: str
    steps: tuple[tuple[str, str], ...]
    target: str
    """The project that is acted on."""


def confirmed(project: str) -> tuple[tuple[str, str], ...]:
    return (("L", f"Type {{{project}}} to liquidate, then Enter."), (f"{{{project}}}\r", "VERIFIED"))


SORTED = "Book 00/Breakout 0023"
"""Above what is selected first, once the rows are sorted by name."""

GAP, CARRY, MACRO, BTC, LIVE = (
    "Book 00/Gap Fade 0016",
    "Book 00/Carry 0037",
    "Macro/FX Carry",
    "Crypto/BTC-ETH Trend",
    "Momentum/Crossover Live",
)

JOURNEYS = (
    Journey("filter, then act", (("/gap fade 0016\r", f"2 Optimizations {GAP[:9]}"), *confirmed(GAP)), GAP),
    Journey(
        "pick, filter, act",
        (("pbtc\r", "2 Optimizations Crypto"), ("/value tilt 0013\r", "1 of"), *confirmed("Book 00/Value Tilt 0013")),
        "Book 00/Value Tilt 0013",
    ),
    Journey(
        "filter, pick what the filter hides, act",
        (("/gap\r", " of "), ("pmacro\r", "is dropped"), *confirmed(MACRO)),
        MACRO,
    ),
    Journey(
        "no match, Escape, act",
        (("/macro\r", "1 of"), ("\x1b", "▸"), ("/zzz", "No row contains"), ("\x1b", "▸"), *confirmed(MACRO)),
        MACRO,
    ),
    Journey("sort, go up, stop", (("s", "▴"), ("kk", "Breakout 0017"), ("j", "▸"), *confirmed(SORTED)), SORTED),
    Journey("act from details", (("/gap fade 0016\r", "1 of"), ("\r", "Statistics"), *confirmed(GAP)), GAP),
    Journey(
        "act while an older one is looked at",
        (("/crossover\r", "1 of"), ("\r", "Statistics"), ("[[", "(3 of 3). Actions aim at"), *confirmed(LIVE)),
        LIVE,
    ),
    Journey(
        "in and out again, then act",
        (("/gap fade 0016\r", "1 of"), ("\r\x1b4\r\x1b3\r\x1b1", "2 Optimizations Book"), *confirmed(GAP)),
        GAP,
    ),
    Journey("act from the whole chart", (("/carry 0037\r", "1 of"), ("4\r", "series"), *confirmed(CARRY)), CARRY),
    Journey("act from the grid", (("/macro\r", "1 of"), ("4E", "equity of all"), *confirmed(MACRO)), MACRO),
    Journey("act after the picker", (("pbtc\r", "2 Optimizations Crypto"), *confirmed(BTC)), BTC),
    Journey(
        "pick another one in details",
        (("/gap\r", " of "), ("\r", "Statistics"), ("pmacro\r", "1 Deployments"), *confirmed(MACRO)),
        MACRO,
    ),
    Journey(
        "act from an insight",
        (("/crossover l\r", "1 of"), ("3", "Live · 240"), ("\r", "What is predicted"), *confirmed(LIVE)),
        LIVE,
    ),
    Journey("act from an order", (("/crossover l\r", "1 of"), ("\r4\r", "Filled"), *confirmed(LIVE)), LIVE),
)
"""Each ends in one request, however it is typed."""


def projects(api: Api) -> dict[str, tuple[int, str]]:
    """Project id and the code of what runs there, by name."""
    return {
        each["name"]: (
            each["projectId"],
            next((one["deployId"][-4:] for one in each["deployments"] if one["alive"]), ""),
        )
        for each in api.control("GET", "projects")["projects"]
    }


def filled(keys: str, codes: dict[str, tuple[int, str]]) -> str:
    for name, (_, code) in codes.items():
        keys = keys.replace(f"{{{name}}}", code)
    return keys


def posts(api: Api) -> list[tuple[str, object]]:
    """Every trigger that was sent, and what it names."""
    return [
        (endpoint, next(iter(each["body"].values())))
        for endpoint in (LIQUIDATE, STOP, ABORT)
        for each in api.requests(endpoint)
    ]


def start(api: Api, home: Path, size: tuple[int, int]) -> Console:
    command = os.environ.get("QCTUI_UNDER_TEST")
    return Console(
        "--base-url",
        api.base_url,
        env=api.environment(home),
        columns=size[0],
        rows=size[1],
        command=[command] if command else None,
    )


SLOWLY = (
    "filter, pick what the filter hides, act",
    "no match, Escape, act",
    "in and out again, then act",
    "act from the grid",
    "act from an insight",
)
"""Between them they pass every screen. Any keys typed slowly and at once are compared in `tests/journeys`."""


@pytest.mark.parametrize(
    ("journey", "slowly"),
    [*((each, False) for each in JOURNEYS), *((each, True) for each in JOURNEYS if each.name in SLOWLY)],
    ids=lambda each: each.name if isinstance(each, Journey) else "slowly" if each else "at once",
)
def test_the_one_request_that_was_meant(journey: Journey, slowly: bool, home: Path) -> None:
    with simulator("--calm", "--deployments", "40", "--stop-lag", "0.2", "--flat-lag", "0.2") as api:
        codes = projects(api)
        with start(api, home, (120, 40) if slowly else (80, 24)) as console:
            console.wait_for("API ok", "33 running", "Book 00/Carry 0020", " Equity $")
            if slowly:
                for keys, seen in journey.steps:
                    console.send(filled(keys, codes))
                    words = filled(seen, codes)
                    console.wait_for(words)
            else:
                console.send("".join(filled(keys, codes) for keys, _ in journey.steps))
            console.wait_for("ACCEPTED")
        assert posts(api) == [(LIQUIDATE, codes[journey.target][0])]


def ready(api: Api, home: Path, *, slowly: bool = False) -> Console:
    console = start(api, home, (120, 40) if slowly else (80, 24))
    console.wait_for("API ok", "33 running", "Book 00/Carry 0020", " Equity $")
    return console


@pytest.fixture
def forty() -> Iterator[Api]:
    with simulator("--calm", "--deployments", "40", "--stop-lag", "0.2", "--flat-lag", "0.2") as api:
        yield api


def test_marks_made_under_two_filters_are_all_named_and_all_sent(forty: Api, home: Path) -> None:
    codes = projects(forty)
    with ready(forty, home) as console:
        console.send("/gap fade 0016\r \x1b/carry 0037\r ")
        console.wait_for("2 marked, 1 hidden by the filter")
        console.send("\x1b/macro\r")
        console.wait_for("2 marked, 2 hidden by the filter")
        console.send("L")
        console.wait_for("Type 2 to liquidate 2 deployments, then Enter.", "Gap Fade 0016", "Carry 0037")
        console.send("2\r")
        console.wait_until(lambda: len(forty.requests(LIQUIDATE)) == 2, "both being sent")
    assert sorted(posts(forty)) == sorted((LIQUIDATE, codes[each][0]) for each in (GAP, CARRY))


def test_an_optimization_in_full_is_aborted_and_offers_nothing_else(forty: Api, home: Path) -> None:
    with ready(forty, home) as console:
        console.send("/crossover live\r2")
        console.wait_for("2 Optimizations Momentum")
        console.wait_for("0/24")
        console.send("\rL")
        console.wait_for("Can't liquidate: an", "A abort")
        assert "L liquidate" not in console.text
        console.send("A")
        console.wait_for("Press y to abort.")
        console.send("y")
        console.wait_until(lambda: bool(forty.requests(ABORT)), "the request being sent")
    assert [endpoint for endpoint, _ in posts(forty)] == [ABORT]


def test_the_list_changes_underneath_and_the_selection_stays(forty: Api, home: Path) -> None:
    codes = projects(forty)
    with ready(forty, home) as console:
        console.send("/macro\r\x1b")
        console.wait_for("2 Optimizations Macro")
        # Another one above it, which is new; and one that ends.
        forty.control("POST", "redeploy", projectId=codes["Options/Wheel"][0])
        forty.control("POST", "end", projectId=codes[BTC][0])
        console.send("r")
        console.wait_for("33 running", "1 ended", "! 4 failed")
        console.send("L" + codes[MACRO][1] + "\r")
        console.wait_for("VERIFIED")
    assert posts(forty) == [(LIQUIDATE, codes[MACRO][0])]


def test_what_ended_is_refused_and_what_was_deployed_again_asks_for_its_new_code(forty: Api, home: Path) -> None:
    codes = projects(forty)
    with ready(forty, home) as console:
        console.send("/macro\r")
        console.wait_for("2 Optimizations Macro")
        forty.control("POST", "end", projectId=codes[MACRO][0])
        console.send("r")
        console.wait_for("Stopped")
        console.send("L" + codes[MACRO][1] + "\r")
        console.wait_for("Can't liquidate: Macro/FX Carry")
        deploy_id = forty.control("POST", "redeploy", projectId=codes[MACRO][0])["deployId"]
        console.wait_for("1 Deployments", "Stopped")
        console.send("r")
        console.wait_gone("Stopped")
        console.send("L" + deploy_id[-4:] + "\r")
        console.wait_for("VERIFIED")
    assert posts(forty) == [(LIQUIDATE, codes[MACRO][0])]


def test_a_mark_whose_project_was_deployed_again_is_said_and_takes_nothing_else(forty: Api, home: Path) -> None:
    codes = projects(forty)
    with ready(forty, home, slowly=True) as console:
        console.send("/macro\r \x1b")
        console.wait_for("1 marked")
        console.send("\x1b[H")
        forty.control("POST", "redeploy", projectId=codes[MACRO][0])
        console.send("r")
        console.wait_for("1 marked, 1 deployed again since")
        console.send("L")
        console.wait_for("Can't liquidate: Macro/FX Carry")
        console.send("L")
        console.wait_for("Type f17c to liquidate")
        console.send("\x1b")
        console.wait_gone("Type f17c")
    assert posts(forty) == []


def test_one_burst_confirms_once(forty: Api, home: Path) -> None:
    project_id, code = projects(forty)["Book 00/Carry 0020"]
    forty.control("POST", "behaviours", projectId=project_id, behaviour="never-stops")  # or a slow one finds it ended
    with ready(forty, home) as console:
        console.send(f"L{code}\rL{code}\r")
        console.wait_for("A second time: type it again")
        console.send(f"{code}\r")
        console.wait_until(lambda: len(forty.requests(LIQUIDATE)) == 2, "the second one being meant")


def test_what_is_typed_behind_a_slash_where_there_is_nothing_to_search_is_no_command(forty: Api, home: Path) -> None:
    with ready(forty, home) as console:
        console.send("4/Sy")
        console.wait_for("Nothing to search in Chart", "Sy")
        console.send("\rL")
        console.wait_for("Type f17c to liquidate")
    assert posts(forty) == []
