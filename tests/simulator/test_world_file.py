"""A world of one's own: what a file says is what is served, and what makes no sense in it is said with its place."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import pytest

from qctui.simulator.cast import organization_id
from qctui.simulator.command_line import add_arguments, run
from qctui.simulator.config import SimConfig
from qctui.simulator.simulation import open_simulation
from qctui.simulator.world_file import WorldFileError, read_demo, read_world
from tests.simulator.support import NOW, Json, Sim

DESK = """
[[projects]]
id = 7
name = "Desk/Book"
symbols = ["SPY", "BTCUSD"]
brokerage = "TradierBrokerage"
capital = 50_000
organization = "Desk"
commands = ["Rebalance"]
charts = ["Signals"]
insights-every = "10m"

[[projects.deployments]]
launched = "3d"
ended = "30h"
ends-as = "RuntimeError"
message = "Runtime Error: first line\\nsecond line"

[[projects.deployments]]
launched = "26h"
positions = [{symbol = "SPY", quantity = -20, average-price = 500.5}, {symbol = "BTCUSD", quantity = 0.25}]

[[projects.optimizations]]
name = "Lookback"
requested = "20m"
target = "Drawdown"
node = "O4-12"
nodes = 3
parameters = [{name = "lookback", min = 5, max = 25, step = 5}, {name = "universe", value = "large"}]

[[projects.optimizations]]
name = "Given up"
requested = "1d"
aborted-after = "2m"
parameters = [{name = "lookback", min = 5, max = 25, step = 5}]

[[projects]]
id = 8
name = "Desk/Never deployed"
symbols = ["TLT"]

[[incidents]]
at = "10m"
do = "log"
projectId = 7
text = "reconnecting"

[[incidents]]
at = "11m"
do = "equity"
projectId = 7
percent = -20

[[incidents]]
at = "12m"
do = "faults"
kind = "http-502"
endpoint = "live/list"
times = 1

[[incidents]]
at = "13m"
do = "brokerage"
projectId = 8
gone = true

[[incidents]]
at = "20m"
do = "end"
projectId = 7
status = "RuntimeError"
message = "Runtime Error: gone"
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "desk.toml"
    path.write_text(text, encoding="utf-8")
    return path


def sim_of(path: Path, **config: Any) -> Sim:
    return Sim(world=str(path), events=False, **config)


def logged(sim: Sim, deploy_id: str) -> str:
    window = {"startLine": 0, "endLine": 200, "format": "json"}
    return "\n".join(sim.post("live/logs/read", projectId=7, algorithmId=deploy_id, **window)["logs"])


def test_projects_deployments_positions_and_optimizations(tmp_path: Path) -> None:
    sim = sim_of(written(tmp_path, DESK))
    projects = sim.post("projects/read")["projects"]
    assert [(one["projectId"], one["name"]) for one in projects] == [(7, "Desk/Book"), (8, "Desk/Never deployed")]
    assert projects[0]["organizationId"] == organization_id("Desk")
    running, ended = sim.post("live/list")["live"]
    assert (running["status"], running["brokerage"]) == ("Running", "TradierBrokerage")
    assert (ended["status"], ended["error"]) == ("RuntimeError", "Runtime Error: first line")
    assert list(sim.post("live/read", projectId=7)["charts"])[-1] == "Signals"

    holdings = sim.post("live/portfolio/read", projectId=7)["portfolio"]["holdings"]
    short, coin = holdings["SPY R735QTJ8XC9X"], holdings["BTCUSD 2XR"]
    assert (short["q"], short["a"], coin["q"]) == (-20, 500.5, 0.25)
    # They are kept, whatever comes, and their worth and the cash make the equity.
    sim.clock.advance(5 * 86_400)
    portfolio = sim.post("live/portfolio/read", projectId=7)["portfolio"]
    assert {each["q"] for each in portfolio["holdings"].values()} == {-20, 0.25}

    sweeps = {
        one["name"]: one
        for one in sim_of(tmp_path / "desk.toml").post("optimizations/list", projectId=7)["optimizations"]
    }
    assert {name: one["status"] for name, one in sweeps.items()} == {"Lookback": "completed", "Given up": "aborted"}
    read = sim.post("optimizations/read", optimizationId=sweeps["Lookback"]["optimizationId"])["optimization"]
    assert (read["nodeType"], read["parallelNodes"], len(read["backtests"])) == ("O4-12", 3, 5)
    assert read["criterion"] == {
        "target": "TotalPerformance.PortfolioStatistics.Drawdown",
        "extremum": "min",
        "targetValue": None,
    }


def test_equity_is_cash_and_positions(tmp_path: Path) -> None:
    sim = sim_of(written(tmp_path, DESK))
    portfolio = sim.post("live/portfolio/read", projectId=7)["portfolio"]
    worth = sum(each["v"] for each in portfolio["holdings"].values()) + portfolio["cash"]["USD"]["amount"]
    assert worth == pytest.approx(sim.post("live/list")["live"][0]["equity"], abs=0.02)


def test_incidents_happen_at_their_times_however_late_somebody_asks(tmp_path: Path) -> None:
    sim = sim_of(written(tmp_path, DESK))
    (running, _) = sim.post("live/list")["live"]
    deploy_id, before = running["deployId"], running["equity"]
    assert "reconnecting" not in logged(sim, deploy_id)
    sim.clock.advance(12 * 60.0)
    # The fault was due: this very request meets it, and it alone.
    assert sim.ask("live/list", {}).status == 502
    assert sim.post("live/list")["live"][0]["equity"] == pytest.approx(0.8 * before, rel=0.02)
    assert "reconnecting" in logged(sim, deploy_id)
    sim.clock.advance(60 * 60.0)
    (ended, _) = sim.post("live/list")["live"]
    # As of when it was due, and what is about a project in which nothing is live does not happen.
    assert (ended["status"], ended["error"]) == ("RuntimeError", "Runtime Error: gone")
    late = sim_of(tmp_path / "desk.toml")
    late.clock.advance(72 * 60.0)
    late.ask("live/list", {})
    assert late.post("live/list")["live"][0]["stopped"] == ended["stopped"]


def test_equal_seed_equal_world_and_more_projects_on_top(tmp_path: Path) -> None:
    path = written(tmp_path, DESK)
    assert sim_of(path).post("live/list") == sim_of(path).post("live/list")
    assert sim_of(path, seed=8).post("live/list") != sim_of(path).post("live/list")
    assert len(sim_of(path, deployments=5).post("projects/read")["projects"]) == 5
    assert any("[bold red]" in one["name"] for one in sim_of(path, hostile_text=True).post("projects/read")["projects"])


def test_the_demo_is_such_a_file() -> None:
    assert [plan.name for plan in read_demo().projects] == [
        one["name"] for one in Sim().post("projects/read")["projects"]
    ]
    assert read_demo().incidents == ()


def test_an_empty_file_is_an_empty_world(tmp_path: Path) -> None:
    sim = sim_of(written(tmp_path, ""))
    assert sim.post("live/list")["live"] == []
    assert sim.post("projects/read")["projects"] == []


BOOK = '[[projects]]\nid = 7\nname = "Book"\nsymbols = ["SPY"]\n'
SWEEP = '[[projects.optimizations]]\nname = "A"\nrequested = "1h"\n'
RUN = '[[projects.deployments]]\nlaunched = "2h"\n'


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        ("projects = 3", "projects", "a list is expected"),
        ("projects = [3]", "projects[1]", "a table is expected"),
        ("[[project]]", "project", "is not known; known: projects, incidents"),
        ("[[projects]", "", "Expected"),
        (BOOK.replace("id = 7", ""), "projects[1]: id", "is missing"),
        (BOOK.replace("7", "true"), "projects[1]: id", "a whole number from 1"),
        (BOOK + BOOK, "projects[1] (Book): id", "7 stands twice"),
        (BOOK.replace('"SPY"', '"SPX"'), "projects[1] (Book): symbols", "is one of SPY, QQQ"),
        (BOOK.replace('"SPY"', ""), "projects[1] (Book): symbols", "at least one"),
        (BOOK + 'rebalance = "2 hours"', "projects[1] (Book): rebalance", "'2 hours' is no length of time such as 90s"),
        (BOOK + 'rebalance = "1s"', "projects[1] (Book): rebalance", "1s is too short"),
        (BOOK + "capital = nan", "projects[1] (Book): capital", "a number from 0.01"),
        (BOOK + "shorts = 1", "projects[1] (Book): shorts", "true or false"),
        (BOOK + "colour = 1", "projects[1] (Book): colour", "is not known; known: id, name"),
        (BOOK + RUN + 'ended = "3h"', "projects[1] (Book).deployments[1]: ended", "comes before its launch"),
        (BOOK + RUN + 'ends-as = "Dead"', "projects[1] (Book).deployments[1]: ends-as", "is one of Stopped"),
        (
            BOOK + RUN + 'positions = [{symbol = "TLT", quantity = 1}]',
            "projects[1] (Book).deployments[1].positions[1]: symbol",
            "is one of SPY",
        ),
        (BOOK + SWEEP, "projects[1] (Book).optimizations[1]: parameters", "1 to 3 that are varied"),
        (
            BOOK + SWEEP + 'parameters = [{name = "a", min = 5, max = 1, step = 1}]',
            "projects[1] (Book).optimizations[1].parameters[1]: step",
            "up to 1,000 steps",
        ),
        (BOOK + SWEEP + "nodes = 9", "projects[1] (Book).optimizations[1]: nodes", "from 1 to 4"),
        ('[[incidents]]\nat = "1m"\ndo = "rain"', "incidents[1]: do", "is one of brokerage, quiet"),
        ('[[incidents]]\nat = "1m"\ndo = "quiet"\nprojectId = 7', "incidents[1]: quiet", "is missing"),
        ('[[incidents]]\nat = "1m"\ndo = "redeploy"\nprojectId = 7', "incidents[1]: projectId", "no project 7"),
        ('[[incidents]]\nat = "1m"\ndo = "faults"\nkind = "rain"', "incidents[1]: kind", "is one of http-401"),
    ],
)
def test_what_makes_no_sense_is_said_with_file_table_and_key(tmp_path: Path, text: str, place: str, words: str) -> None:
    path = written(tmp_path, text)
    with pytest.raises(WorldFileError) as refused:
        open_simulation(SimConfig(world=str(path), start_at=NOW))
    said = str(refused.value)
    assert said.startswith(f"{path}: {place}")
    assert words in said
    assert "\n" not in said


def test_files_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(WorldFileError, match="No such file"):
        read_world(tmp_path / "none.toml")
    with pytest.raises(WorldFileError, match="Is a directory"):
        read_world(tmp_path)
    (tmp_path / "bytes").write_bytes(b"\xff\xfe")
    with pytest.raises(WorldFileError, match="utf-8"):
        read_world(tmp_path / "bytes")
    (tmp_path / "large").write_bytes(b"#" * 4_000_001)
    with pytest.raises(WorldFileError, match="larger than"):
        read_world(tmp_path / "large")


def test_what_happens_by_a_file_can_be_made_to_happen_by_hand(tmp_path: Path) -> None:
    sim = sim_of(written(tmp_path, DESK))
    routes: Json = sim.control("", "GET")["routes"]
    assert routes["POST /_sim/brokerage"] == "{projectId, gone}: its orders are refused from now on, or not"
    assert routes["POST /_sim/faults"].startswith("{kind, value?, endpoint?, projectId?, times?}")
    before = sim.post("live/list")["live"][0]["equity"]
    sim.control("equity", projectId=7, percent=10)
    sim.clock.advance(60)
    assert sim.post("live/list")["live"][0]["equity"] == pytest.approx(1.1 * before, rel=0.02)
    sim.control("faults", kind="http-500", endpoint=None, times=1)
    assert sim.ask("live/list", {}).status == 500
    assert sim.ask("live/list", {}).status == 200


def test_the_command_says_it_and_ends_with_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = written(tmp_path, BOOK + "colour = 1")
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    assert run(parser.parse_args(["--world", str(path)])) == 2
    assert capsys.readouterr().err.startswith(f"simulator: {path}: projects[1] (Book): colour: is not known")
    with pytest.raises(SystemExit):
        parser.parse_args(["--world", str(path), "--tape", "t"])
