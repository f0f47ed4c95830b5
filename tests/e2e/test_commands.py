from __future__ import annotations

import json
import re
import signal
from pathlib import Path
from typing import Any

import pytest

from qctui.actions.spec import ACTION_SPECS
from tests.e2e.api import Api
from tests.e2e.console import QCTUI, Console, run_command
from tests.e2e.desk import events, journal
from tests.e2e.line import Line

LIQUIDATE = "live/update/liquidate"


def rungs(out: str) -> list[str]:
    """The ladder's words of the lines printed."""
    words = (
        "SENDING",
        "SENT",
        "ACCEPTED",
        "STOPPED",
        "FLAT",
        "VERIFIED",
        "REJECTED",
        "NOT SENT",
        "UNKNOWN",
        "UNVERIFIED",
    )
    return [next(word for word in words if line.split(" ", 1)[1].startswith(word + " ")) for line in out.splitlines()]


def one_line(text: str) -> bool:
    return re.match(r"qctui( \w+)?: ", text) is not None and text.count("\n") == 1 and "Traceback" not in text


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "needs a terminal"),
        (["status"], "no credentials"),
        (["doctor", "--nonsense"], "there is no option --nonsense"),
        (["--base-url", "http://example.org/api", "status"], "http is allowed for this machine only"),
        (["--base-url", "ftp://localhost", "status"], "not a URL"),
        (["--config", "/nowhere/config.toml", "status"], "no such file"),
        (["--profile", "nobody", "status"], "there is no profile 'nobody'"),
        (["liquidate", "1"], "--yes is needed"),
        (["--read-only", "liquidate", "1", "--yes"], "read-only"),
    ],
)
def test_what_can_not_work_is_one_clear_line_and_exit_2(env: dict[str, str], arguments: list[str], words: str) -> None:
    done = run_command(*arguments, env=env)
    assert done.returncode == 2
    assert done.stdout == ""
    assert words in done.stderr
    assert one_line(done.stderr)


def test_a_broken_configuration_is_one_line_for_every_command(env: dict[str, str], home: Path) -> None:
    folder = home / "config" / "qctui"
    folder.mkdir()
    (folder / "config.toml").write_text("colour = 1\n")
    for command in (["status"], ["liquidate", "1", "--yes"]):
        done = run_command(*command, env=env)
        assert (done.returncode, one_line(done.stderr)) == (2, True)
        assert "unknown key `colour`" in done.stderr


def test_status_tells_what_runs(api: Api, signed_in: dict[str, str]) -> None:
    done = run_command("--base-url", api.base_url, "status", env=signed_in)
    assert done.returncode == 0
    project_id, name, deploy_id = api.running("live")
    (line,) = [line for line in done.stdout.splitlines() if deploy_id in line]
    assert line.startswith("LIVE ")
    assert name in line
    assert str(project_id) in line
    assert any(line.startswith("PAPER ") for line in done.stdout.splitlines())
    assert "Stopped" not in done.stdout


def test_status_as_json(api: Api, signed_in: dict[str, str]) -> None:
    project_id, name, deploy_id = api.running("live")
    done = run_command("status", "--json", "--base-url", api.base_url, "--project", str(project_id), env=signed_in)
    status = json.loads(done.stdout)
    (deployment,) = status["deployments"]
    assert (deployment["project_id"], deployment["name"], deployment["deploy_id"]) == (project_id, name, deploy_id)
    assert (deployment["environment"], deployment["alive"], deployment["stopped_at"]) == ("LIVE", True, None)
    assert isinstance(deployment["equity"], float)
    assert {each["status"] for each in status["optimizations"]} == {"running"}
    assert status["base_url"] == api.base_url


@pytest.mark.parametrize(
    ("fault", "code", "words"),
    [("http-401", 1, "credentials"), ("http-502", 4, "HTML"), ("truncated-json", 4, "live/list")],
)
def test_status_fails_in_words(api: Api, signed_in: dict[str, str], fault: str, code: int, words: str) -> None:
    api.fault(fault)
    done = run_command("--base-url", api.base_url, "status", env=signed_in)
    assert done.returncode == code
    assert done.stdout == ""
    assert one_line(done.stderr)


def test_wrong_credentials_are_named_by_their_source_with_what_to_do(api: Api, signed_in: dict[str, str]) -> None:
    wrong = signed_in | {"QUANTCONNECT_API_TOKEN": "wrong"}
    done = run_command("--base-url", api.base_url, "status", env=wrong)
    words = "credentials from the environment not accepted; run: qctui doctor"
    assert (done.returncode, done.stderr) == (1, f"qctui: deployment list: {words}\n")
    code, _, err = trigger(api, wrong, "liquidate", "23456789", "--yes")
    assert code == 1
    assert words in err
    code, out, _ = trigger(api, wrong, "liquidate", "Momentum/Crossover Live", "--yes")
    assert code == 3
    assert words in out
    done = run_command("--base-url", api.base_url, "doctor", env=wrong)
    assert "run: qctui doctor" not in done.stdout


def test_the_console_names_the_source_of_wrong_credentials_and_does_not_hammer(
    api: Api, signed_in: dict[str, str]
) -> None:
    wrong = signed_in | {"QUANTCONNECT_API_TOKEN": "wrong"}
    with Console("--base-url", api.base_url, env=wrong, columns=80, rows=24) as console:
        console.wait_for("credentials from the environment not accepted", "run: qctui doctor", "next try")
        assert "run: qctui doctor" in console.text.splitlines()[0]
        assert api.control("GET", "requests")["total"] <= 10
        console.send("q")
        assert console.wait_exit() == 0


def test_status_without_an_api(env: dict[str, str]) -> None:
    nobody = env | {"QUANTCONNECT_USER_ID": "1", "QUANTCONNECT_API_TOKEN": "x"}
    done = run_command("--base-url", "http://127.0.0.1:1/api/v2", "status", env=nobody)
    assert (done.returncode, one_line(done.stderr)) == (3, True)


def test_status_of_the_demo(env: dict[str, str]) -> None:
    assert "Momentum/Crossover Live" in run_command("--demo", "status", env=env).stdout


def test_status_into_a_pipe_that_closes(api: Api, signed_in: dict[str, str]) -> None:
    with Console("-c", f"{QCTUI} status --base-url {api.base_url} | head -1", env=signed_in, command=["bash"]) as shell:
        assert shell.wait_exit() == 0
        assert "Traceback" not in shell.text


def test_a_pipe_that_closes_leaves_a_failure_its_exit_code(signed_in: dict[str, str]) -> None:
    line = f"({QCTUI} doctor --base-url http://127.0.0.1:9/api/v2; echo ended $? >&2) | true"
    with Console("-c", line, env=signed_in, command=["bash"]) as shell:
        shell.wait_for("ended 3")


@pytest.mark.parametrize(
    "command",
    [
        "{qctui} completion bash > /dev/full",
        "{qctui} --help > /dev/full",
        "{qctui} status --base-url {api} > /dev/full 2>&1",
        "PYTHONUNBUFFERED=1 {qctui} status --base-url {api} > /dev/full",
    ],
)
def test_output_that_does_not_fit_ends_with_2_however_it_is_written(
    api: Api, signed_in: dict[str, str], command: str
) -> None:
    line = f"{command.format(qctui=QCTUI, api=api.base_url)}; echo ended $?"
    with Console("-c", line, env=signed_in, command=["bash"]) as shell:
        shell.wait_for("ended 2")
        assert "unexpected" not in shell.text


@pytest.mark.parametrize("command", ["status", "journal", "doctor"])
def test_output_that_does_not_fit_on_the_disk_is_said(api: Api, signed_in: dict[str, str], command: str) -> None:
    words = "qctui: the output could not be written: No space left on device"
    line = f"{QCTUI} {command} --base-url {api.base_url} > /dev/full; echo ended $?"
    with Console("-c", line, env=signed_in, command=["bash"]) as shell:
        shell.wait_for(words, "ended 2")


STILL = re.compile(r"qctui: still .*; nothing has been sent yet\n")


def trigger(api: Api, env: dict[str, str], *arguments: str) -> tuple[int, str, str]:
    """Its exit code and what it printed; without the line that only a slow machine sees."""
    done = run_command("--base-url", api.base_url, *arguments, env=env)
    assert "Traceback" not in done.stderr
    lines = [line for line in done.stderr.splitlines(keepends=True) if not STILL.fullmatch(line)]
    return done.returncode, done.stdout, "".join(lines)


def test_liquidate_takes_the_name_of_what_runs(api: Api, signed_in: dict[str, str], home: Path) -> None:
    project_id, name, deploy_id = api.running("live")
    code, out, err = trigger(api, signed_in, "liquidate", name, "--yes", "--deploy-id", deploy_id)
    assert (code, err) == (0, f"qctui: {name!r} is project {project_id}\n")
    assert rungs(out)[-1] == "VERIFIED"
    paths = [request["path"] for request in api.control("GET", "requests")["requests"]]
    asked = [path for path in paths if path != "authenticate"]
    assert {"projects/read", "live/list"} == set(asked[:2])
    assert asked[2:4] == ["live/read", LIQUIDATE]
    (request,) = api.requests(LIQUIDATE)
    assert request["body"]["projectId"] == project_id
    assert "intent" in events(home)


def test_a_name_that_is_no_ones_lists_what_runs_and_sends_nothing(api: Api, signed_in: dict[str, str]) -> None:
    project_id, name, _ = api.running("live")
    code, out, err = trigger(api, signed_in, "stop", name.upper(), "--yes")
    assert (code, out) == (2, "")
    assert err.startswith(f"qctui: no project that runs is named {name.upper()!r}")
    assert any(name in line and str(project_id) in line for line in err.splitlines())
    assert not api.requests("live/update/stop")


def test_a_name_is_not_looked_up_where_the_lists_can_not_be_read(api: Api, signed_in: dict[str, str]) -> None:
    _, name, _ = api.running("live")
    api.fault("http-401", "projects/read")
    code, out, _ = trigger(api, signed_in, "liquidate", name, "--yes", "--json")
    assert code == 3
    step = json.loads(out)
    assert (step["event"], step["name"]) == ("not_sent", name)
    assert "could not be listed" in step["detail"]
    assert not api.requests(LIQUIDATE)


def test_finding_a_name_is_said_while_it_lasts(api: Api, signed_in: dict[str, str]) -> None:
    _, name, _ = api.running("live")
    api.fault("hang-before", "live/list")
    with Console("--base-url", api.base_url, "liquidate", name, "--yes", env=signed_in) as shell:
        shell.wait_for("qctui: still looking for the project of that name; nothing has been sent yet")
        shell.send("\x03")
        assert shell.wait_exit() == 130
    assert not api.requests(LIQUIDATE)


def test_liquidate_goes_up_the_ladder_and_reads_no_list(api: Api, signed_in: dict[str, str], home: Path) -> None:
    project_id, _, deploy_id = api.running("live")
    code, out, err = trigger(api, signed_in, "liquidate", str(project_id), "--yes", "--deploy-id", deploy_id)
    assert (code, err) == (0, "")
    assert rungs(out) == ["SENDING", "SENT", "ACCEPTED", "STOPPED", "FLAT", "VERIFIED"]
    asked = [request["path"] for request in api.control("GET", "requests")["requests"]]
    # The credential check opens the trigger's connection, beside the read of the target.
    assert [path for path in asked if path != "authenticate"][:2] == ["live/read", LIQUIDATE]
    assert asked.count("authenticate") == 1
    assert not {"projects/read", "live/list"} & set(asked)
    assert asked.count(LIQUIDATE) == 1
    assert events(home) == ["intent", "sending", "sent", "accepted", "stopped", "flat", "verified"]
    table = run_command("journal", env=signed_in).stdout
    assert all(word in table for word in ("liquidate", "VERIFIED", "LIVE", deploy_id, "command", "ACCEPTED +"))
    lines = run_command("journal", "--json", env=signed_in).stdout
    assert lines == (home / "state" / "qctui" / "journal.jsonl").read_text()


def test_stop_is_verified_when_it_has_stopped_and_told_as_json(api: Api, signed_in: dict[str, str], home: Path) -> None:
    project_id, _, _ = api.running("live")
    code, out, _ = trigger(api, signed_in, "stop", str(project_id), "--yes", "--json")
    lines: list[dict[str, Any]] = [json.loads(line) for line in out.splitlines()]
    assert (code, [line["event"] for line in lines]) == (0, ["sending", "sent", "accepted", "stopped", "verified"])
    assert events(home) == ["intent", *(line["event"] for line in lines)]
    assert {(line["via"], line["action"], line["project_id"]) for line in lines} == {("command", "stop", project_id)}


def test_abort_is_verified_when_it_is_aborted(api: Api, signed_in: dict[str, str]) -> None:
    project_id, _, _ = api.running("live")
    projects = api.control("GET", "projects")["projects"]
    optimizations = next(each["optimizations"] for each in projects if each["projectId"] == project_id)
    running = next(name for name, status in optimizations.items() if status == "running")
    code, out, _ = trigger(api, signed_in, "abort", running, "--yes")
    assert (code, rungs(out)) == (0, ["SENDING", "SENT", "ACCEPTED", "VERIFIED"])
    (request,) = api.requests("optimizations/abort")
    assert request["body"] == {"optimizationId": running}


@pytest.mark.parametrize("command", [("abort", "O-nothing"), ("rename", "O-nothing", "Another")])
def test_an_optimization_that_does_not_exist_is_said_not_to(
    api: Api, signed_in: dict[str, str], command: tuple[str, ...]
) -> None:
    code, out, _ = trigger(api, signed_in, *command, "--yes")
    assert (code, rungs(out)) == (1, ["SENDING", "SENT", "REJECTED"])
    said = f"there is no such optimization; the API said: {command[0]}: Optimization not found"
    assert out.splitlines()[-1].endswith(f" REJECTED {said}")


def test_an_optimization_is_renamed_and_deleted_once_it_is_over(
    api: Api, signed_in: dict[str, str], home: Path
) -> None:
    projects = api.control("GET", "projects")["projects"]
    status = {name: status for each in projects for name, status in each["optimizations"].items()}
    over = next(name for name, one in status.items() if one == "completed")
    code, out, _ = trigger(api, signed_in, "rename", over, "Walk-forward, 2nd try", "--yes")
    assert (code, rungs(out)) == (0, ["SENDING", "SENT", "ACCEPTED", "VERIFIED"])
    (request,) = api.requests("optimizations/update")
    assert request["body"] == {"optimizationId": over, "name": "Walk-forward, 2nd try"}
    code, out, _ = trigger(api, signed_in, "delete", over, "--yes")
    assert (code, rungs(out)) == (0, ["SENDING", "SENT", "ACCEPTED", "VERIFIED"])
    assert [request["body"] for request in api.requests("optimizations/delete")] == [{"optimizationId": over}]
    assert {line["name"] for line in journal(home) if line["action"] == "delete"} == {"Walk-forward, 2nd try"}
    running = next(name for name, one in status.items() if one == "running")
    code, out, _ = trigger(api, signed_in, "delete", running, "--yes")
    assert (code, rungs(out)) == (1, ["REJECTED"])
    assert "abort it first" in out
    assert len(api.requests("optimizations/delete")) == 1
    assert trigger(api, signed_in, "rename", running, "--yes")[0] == 2


def test_an_optimization_is_run_again_once(api: Api, signed_in: dict[str, str]) -> None:
    projects = api.control("GET", "projects")["projects"]
    known = {name: status for each in projects for name, status in each["optimizations"].items()}
    over = next(name for name, status in known.items() if status == "completed")
    code, out, err = trigger(api, signed_in, "rerun", over, "Once more", "--yes")
    assert (code, rungs(out)) == (0, ["SENDING", "SENT", "ACCEPTED", "VERIFIED"])
    assert err.splitlines()[:3] == [
        "qctui: Compiling the project as it is now.",
        "qctui: Built. Asking what it will take.",
        "qctui: Built.",
    ]
    (request,) = api.requests("optimizations/create")
    (build,) = api.requests("compile/create")
    assert (request["body"]["name"], request["body"]["projectId"]) == ("Once more", build["body"]["projectId"])
    projects = api.control("GET", "projects")["projects"]
    (made,) = {name for each in projects for name in each["optimizations"]} - set(known)
    assert f"ACCEPTED as {made}" in out


def test_without_waiting_it_ends_after_the_answer_and_promises_nothing(api: Api, signed_in: dict[str, str]) -> None:
    project_id, _, _ = api.running("live")
    code, out, _ = trigger(api, signed_in, "liquidate", str(project_id), "--yes", "--no-wait")
    assert (code, rungs(out)) == (4, ["SENDING", "SENT", "ACCEPTED"])


def test_another_deployment_is_refused(api: Api, signed_in: dict[str, str], home: Path) -> None:
    project_id, _, deploy_id = api.running("live")
    code, out, _ = trigger(api, signed_in, "liquidate", str(project_id), "--yes", "--deploy-id", "L-other")
    assert (code, rungs(out)) == (3, ["NOT SENT"])
    assert deploy_id in out
    assert (api.requests(LIQUIDATE), events(home)) == ([], [])


@pytest.mark.parametrize("guard", [("--deploy-id", ""), ("--deploy-id=", "--no-wait"), ("--profile", " ")])
def test_an_empty_guard_is_no_guard_that_was_left_out(
    api: Api, signed_in: dict[str, str], home: Path, guard: tuple[str, str]
) -> None:
    project_id, _, _ = api.running("live")
    code, out, err = trigger(api, signed_in, "liquidate", str(project_id), "--yes", *guard)
    assert (code, out) == (2, "")
    assert "must not be empty" in err
    assert (api.control("GET", "requests")["total"], events(home)) == (0, [])


@pytest.mark.parametrize("command", [("abort", "", "--yes"), ("delete", " ", "--yes"), ("optimization", "")])
def test_an_optimization_without_an_id_is_asked_for_nowhere(
    api: Api, signed_in: dict[str, str], home: Path, command: tuple[str, ...]
) -> None:
    code, out, err = trigger(api, signed_in, *command)
    assert (code, out) == (2, "")
    assert "must not be empty" in err
    assert (api.control("GET", "requests")["total"], events(home)) == (0, [])


def test_a_deployment_that_can_not_be_compared_is_refused_too(api: Api, signed_in: dict[str, str]) -> None:
    project_id, _, deploy_id = api.running("live")
    for witness in ("live/read", "live/list"):
        api.fault("http-500", witness)
    code, out, err = trigger(api, signed_in, "liquidate", str(project_id), "--yes", "--deploy-id", deploy_id)
    assert (code, rungs(out)) == (3, ["NOT SENT"])
    assert "could not be read first" in err
    assert api.requests(LIQUIDATE) == []


def test_a_second_witness_stands_in_for_a_read_that_fails(api: Api, signed_in: dict[str, str]) -> None:
    project_id, _, deploy_id = api.running("live")
    api.fault("http-500", "live/read", times=1)
    code, out, err = trigger(api, signed_in, "liquidate", str(project_id), "--yes", "--deploy-id", deploy_id)
    assert (code, rungs(out)[-1]) == (0, "VERIFIED")
    assert "warning: live/read fails: " in err


def test_a_read_that_fails_does_not_block_an_emergency(api: Api, signed_in: dict[str, str]) -> None:
    project_id, _, _ = api.running("live")
    for witness in ("live/read", "live/list"):
        api.fault("http-500", witness, times=1)
    code, out, err = trigger(api, signed_in, "liquidate", str(project_id), "--yes", "--no-wait")
    assert (code, rungs(out)[-1]) == (4, "ACCEPTED")
    assert "could not be read first" in err
    assert "this hits whatever is live in the project" in err


@pytest.mark.parametrize(
    ("fault", "code", "last"),
    [
        ("bare-false", 1, "REJECTED"),
        ("http-502", 4, "UNKNOWN"),
        ("reset-before", 4, "UNKNOWN"),
        ("truncated", 4, "UNKNOWN"),
    ],
)
def test_every_answer_has_its_word_and_its_code_after_one_request(
    api: Api, signed_in: dict[str, str], fault: str, code: int, last: str
) -> None:
    project_id, _, _ = api.running("live")
    api.fault(fault, LIQUIDATE)
    ended, out, _ = trigger(api, signed_in, "liquidate", str(project_id), "--yes", "--no-wait")
    assert (ended, rungs(out)[-1]) == (code, last)
    assert len(api.requests(LIQUIDATE)) == 1


def test_an_unknown_answer_is_looked_into_and_found_done(api: Api, signed_in: dict[str, str]) -> None:
    project_id, _, _ = api.running("live")
    api.fault("reset-after", LIQUIDATE)
    code, out, _ = trigger(api, signed_in, "liquidate", str(project_id), "--yes")
    assert (code, rungs(out)) == (0, ["SENDING", "SENT", "UNKNOWN", "STOPPED", "FLAT", "VERIFIED"])
    assert len(api.requests(LIQUIDATE)) == 1


def test_what_has_ended_is_not_sent_anything(api: Api, signed_in: dict[str, str]) -> None:
    project_id, _, _ = api.running("live")
    api.control("POST", "end", projectId=project_id)
    code, out, _ = trigger(api, signed_in, "liquidate", str(project_id), "--yes")
    assert (code, rungs(out)) == (1, ["REJECTED"])
    assert "no longer running" in out
    assert api.requests(LIQUIDATE) == []


def asked_on_a_terminal(api: Api, env: dict[str, str], *arguments: str) -> tuple[Console, str]:
    project_id, name, deploy_id = api.running("live")
    console = Console("--base-url", api.base_url, "liquidate", str(project_id), *arguments, env=env)
    console.wait_for(name, deploy_id, "LIVE", "Holdings", f"Type {deploy_id[-4:]} to liquidate, then Enter.")
    return console, deploy_id


def test_on_a_terminal_it_asks_the_same_question(api: Api, signed_in: dict[str, str], home: Path) -> None:
    console, deploy_id = asked_on_a_terminal(api, signed_in, "--no-wait")
    with console:
        console.send(deploy_id[-4:] + "\n")
        assert console.wait_exit() == 4
        assert "ACCEPTED" in console.text
    assert len(api.requests(LIQUIDATE)) == 1
    assert events(home)[:4] == ["intent", "sending", "sent", "accepted"]


def test_the_question_tells_what_the_dialog_does_and_breaks_between_words(api: Api, signed_in: dict[str, str]) -> None:
    """Of an account whose coins are cash: that there are no holdings is not all that there is."""
    projects = api.control("GET", "projects")["projects"]
    (crypto,) = (each["projectId"] for each in projects if each["name"] == "Crypto/BTC-ETH Trend")
    with Console("--base-url", api.base_url, "liquidate", str(crypto), env=signed_in, columns=80, rows=24) as console:
        console.wait_for("to liquidate, then Enter.")
        lines = console.text.splitlines()
        console.send("\n")
        assert console.wait_exit() == 3
    told = {line.split(":")[0]: line for line in lines}
    assert re.fullmatch(r"Equity: \$[\d,.]+", told["Equity"])
    assert told["Holdings (a snapshot, up to 10 minutes old)"].endswith(": none")
    assert re.fullmatch(r"Cash \(the same snapshot\): .*BTC 0\.\d+, .*", told["Cash (the same snapshot)"])
    words = set(" ".join(lines).split())
    assert words > {*ACTION_SPECS["liquidate"].consequence.split(), *ACTION_SPECS["liquidate"].leftovers.split()}


@pytest.mark.parametrize("answer", ["\n", "y\n", "\x04"], ids=repr)
def test_any_other_answer_sends_nothing(api: Api, signed_in: dict[str, str], home: Path, answer: str) -> None:
    console, _ = asked_on_a_terminal(api, signed_in)
    with console:
        console.send(answer)
        assert console.wait_exit() == 3
        assert "NOT SENT" in console.text
    assert (api.requests(LIQUIDATE), events(home)) == ([], [])


def test_ctrl_c_at_the_question_sends_nothing(api: Api, signed_in: dict[str, str]) -> None:
    console, _ = asked_on_a_terminal(api, signed_in)
    with console:
        console.send("\x03")
        assert console.wait_exit() == 130
    assert api.requests(LIQUIDATE) == []


def test_a_redeployment_closes_the_question(api: Api, signed_in: dict[str, str]) -> None:
    console, _ = asked_on_a_terminal(api, signed_in)
    with console:
        api.control("POST", "redeploy", projectId=api.running("live")[0])
        assert console.wait_exit() == 3
        assert "redeployed" in console.text
    assert api.requests(LIQUIDATE) == []


def test_ctrl_c_while_it_verifies_says_that_the_request_stays_sent(
    api: Api, signed_in: dict[str, str], home: Path
) -> None:
    project_id, _, _ = api.running("live")
    api.control("POST", "behaviours", projectId=project_id, behaviour="never-stops")
    with Console("--base-url", api.base_url, "liquidate", str(project_id), "--yes", env=signed_in) as console:
        console.wait_for("ACCEPTED")
        console.send("\x03")
        assert console.wait_exit() == 130
        assert "the request stays sent" in console.text
    assert events(home) == ["intent", "sending", "sent", "accepted"]


def test_ctrl_c_while_the_target_is_read_sends_nothing(api: Api, signed_in: dict[str, str], home: Path) -> None:
    api.fault("hang-before", "live/read")
    with Console("--base-url", api.base_url, "liquidate", "23456789", "--yes", env=signed_in) as console:
        console.wait_for("still reading the target; nothing has been sent yet")
        console.send("\x03")
        assert console.wait_exit() == 130
        assert "before anything was sent" in console.text
    assert (api.requests(LIQUIDATE), events(home)) == ([], [])


def test_ctrl_c_before_it_is_out_takes_it_back(env: dict[str, str], home: Path) -> None:
    nobody = env | {"QUANTCONNECT_USER_ID": "1", "QUANTCONNECT_API_TOKEN": "x"}
    with Console("--base-url", "http://127.0.0.1:1/api/v2", "liquidate", "1", "--yes", env=nobody) as console:
        console.wait_for("2nd try")
        console.send("\x03")
        assert console.wait_exit() == 130
        assert "NOT SENT" in console.text
    assert events(home)[-1] == "not_sent"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP], ids=lambda each: str(each))
def test_a_signal_waits_for_the_answer(api: Api, signed_in: dict[str, str], home: Path, number: signal.Signals) -> None:
    project_id, _, _ = api.running("live")
    api.fault("held", LIQUIDATE)
    with Console("--base-url", api.base_url, "liquidate", str(project_id), "--yes", env=signed_in) as console:
        console.wait_for("SENT")
        console.signal(number)
        api.until(lambda: bool(api.requests(LIQUIDATE)), "the request having arrived")
        api.no_faults()
        assert console.wait_exit() == 128 + number
    assert events(home)[:4] == ["intent", "sending", "sent", "accepted"]
    assert len(api.requests(LIQUIDATE)) == 1


def test_the_api_comes_up_while_it_is_tried(api: Api, line: Line, signed_in: dict[str, str]) -> None:
    project_id, _, _ = api.running("live")
    line.cut()
    arguments = ("--base-url", api.base_url, "liquidate", str(project_id), "--yes", "--no-wait")
    with Console(*arguments, env=signed_in) as console:
        console.wait_for("2nd try")
        line.mend()
        assert console.wait_exit() == 4
        assert "ACCEPTED" in console.text
    assert len(api.requests(LIQUIDATE)) == 1


def test_doctor_tells_what_is_right(api: Api, signed_in: dict[str, str]) -> None:
    done = run_command("--base-url", api.base_url, "doctor", env=signed_in)
    assert done.returncode == 0, done.stdout
    for what in ("configuration", "credentials", "API", "clock", "keys", "theme", "terminal", "journal"):
        assert any(line.split()[1] == what for line in done.stdout.splitlines() if "->" not in line)
    assert api.token not in done.stdout


@pytest.mark.parametrize(("fault", "code"), [("http-401", 1), ("http-502", 4)])
def test_doctor_tells_what_is_wrong(api: Api, signed_in: dict[str, str], fault: str, code: int) -> None:
    api.fault(fault)
    done = run_command("--base-url", api.base_url, "doctor", env=signed_in)
    assert done.returncode == code
    assert any(line.startswith("FAIL  API") for line in done.stdout.splitlines())


def test_doctor_without_credentials(env: dict[str, str]) -> None:
    done = run_command("doctor", env=env)
    assert done.returncode == 2
    assert "FAIL  credentials" in done.stdout


def test_doctor_on_a_terminal(api: Api, signed_in: dict[str, str]) -> None:
    with Console("--base-url", api.base_url, "doctor", env=signed_in) as console:
        assert console.wait_exit() == 0
        for words in ("xterm-256color, 120x40", "UTF-8", "16 million", "local"):
            assert words in console.text
