"""`qctui optimizations` and `qctui optimization` against the simulated API."""

from __future__ import annotations

import csv
import json
from pathlib import Path

from tests.e2e.api import Api, simulator
from tests.e2e.console import run_command


def test_optimizations_are_listed_as_a_table_and_as_json_and_each_is_judged(tmp_path: Path) -> None:
    with simulator("--calm", "--now", "2026-11-20T15:00:00Z") as api:
        env = api.environment(tmp_path)
        done = run_command("--base-url", api.base_url, "optimizations", "--json", env=env)
        assert (done.returncode, done.stderr) == (0, "")
        rows = [json.loads(line) for line in done.stdout.splitlines()]
        told = {each["projectId"]: each["optimizations"] for each in api.control("GET", "projects")["projects"]}
        projects = {row["project_id"] for row in rows}
        assert {row["optimization_id"] for row in rows} == {each for project in projects for each in told[project]}
        hidden = [each for each in told.keys() - projects if told[each]]
        assert len(hidden) <= 1  # in the recycle bin
        assert all(row["project"] and row["target"] and row["extremum"] in ("max", "min") for row in rows)
        table = run_command("--base-url", api.base_url, "optimizations", env=env).stdout.splitlines()
        assert table[0].split() == ["STATUS", "CREATED", "TARGET", "SHARPE", "NAME", "PROJECT", "ID"]
        assert len(table) == len(rows) + 1
        project = next(iter(projects))
        one = run_command("--base-url", api.base_url, "optimizations", "--project", str(project), "--json", env=env)
        assert {json.loads(line)["optimization_id"] for line in one.stdout.splitlines()} == set(told[project])
        check_one(api, env, next(row for row in rows if row["status"] == "completed"))


def check_one(api: Api, env: dict[str, str], row: dict[str, str]) -> None:
    read = ("--base-url", api.base_url, "optimization", row["optimization_id"])
    text, as_json, as_csv = (run_command(*read, *more, env=env) for more in ((), ("--json",), ("--csv",)))
    assert [each.returncode for each in (text, as_json, as_csv)] == [0, 0, 0]
    assert text.stderr == as_json.stderr == as_csv.stderr == ""
    assert f"{row['name']}  completed  {row['extremum']} {row['target']}" in text.stdout
    assert "neighbours" in text.stdout
    made = json.loads(as_json.stdout)
    lines = list(csv.DictReader(as_csv.stdout.splitlines()))
    assert [each["backtest_id"] for each in made["runs"]] == [line["backtest_id"] for line in lines]
    assert made["with_value"] + made["failed"] + made["running"] + made["without_value"] == len(lines) == made["total"]
    assert (made["running"], made["cut_off"]) == (0, 0)
    best = made["runs"][0]
    assert best["rank"] == 1
    assert best["value"] == best["statistics"][row["target"]]
    assert float(lines[0]["neighbours_mean"]) == best["neighbours_mean"]


def test_what_can_not_be_read_is_one_line_and_the_usual_exit_code(tmp_path: Path) -> None:
    with simulator("--calm") as api:
        env, base = api.environment(tmp_path), ("--base-url", api.base_url)
        done = run_command(*base, "optimization", "O-nothing", env=env)
        assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
        assert run_command(*base, "optimization", "O-1", "--json", "--csv", env=env).returncode == 2
        assert run_command(*base, "optimization", env=env).returncode == 2
        config = tmp_path / "config.toml"
        config.write_text("[polling]\nbudget = 6\n")
        done = run_command(*base, "--config", str(config), "optimizations", env=env)
        assert (done.returncode, done.stdout) == (2, "")
        assert "name one with --project ID" in done.stderr
    for command in ("optimizations", "optimization"):
        assert "usage: qctui" in run_command(command, "--help", env=env).stdout
    assert run_command("optimizations", env=env | {"QUANTCONNECT_USER_ID": ""}).returncode == 2
