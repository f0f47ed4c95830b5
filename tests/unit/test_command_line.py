from __future__ import annotations

import argparse
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from qctui import __version__
from qctui.cli import main
from qctui.cli.parser import build_parser, parse
from qctui.cli.tables import align
from qctui.cli.trigger import exit_of_rung
from qctui.model.action import Rung
from qctui.settings import SettingsError, load_settings


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path


def test_common_options_are_taken_before_and_after_the_command() -> None:
    before = parse(["--profile", "main", "--read-only", "--ascii", "status", "--json"])
    after = parse(["status", "--json", "--ascii", "--profile", "main", "--read-only"])
    mixed = parse(["--profile", "main", "status", "--ascii", "--read-only", "--json"])
    assert before == after == mixed
    assert (before.command, before.profile, before.read_only, before.ascii, before.json) == (
        "status",
        "main",
        True,
        True,
        True,
    )


def test_what_is_not_given_has_its_default() -> None:
    options = parse([])
    assert options.command is None
    assert (options.demo, options.profile, options.read_only, options.project, options.theme) == (
        False,
        None,
        False,
        None,
        None,
    )
    assert (options.base_url, options.config, options.mouse, options.ascii) == (None, None, False, False)


def test_replay() -> None:
    options = parse(["replay", "incident.sqlite", "--at", "03:12", "--speed", "x10"])
    assert (options.command, options.file, options.at, options.speed) == ("replay", "incident.sqlite", "03:12", 10.0)
    options = parse(["--ascii", "replay", "--at=-2h"])
    assert (options.file, options.at, options.speed, options.ascii) == (None, "-2h", None, True)


@pytest.mark.parametrize("speed", ["0", "-1", "nan", "inf", "3601", "fast", ""])
def test_a_speed_that_can_not_be_names_the_option(speed: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parse(["replay", f"--speed={speed}"])
    assert "argument --speed" in capsys.readouterr().err


def test_triggers() -> None:
    options = parse(["liquidate", "23456789", "--yes", "--deploy-id", "L-1", "--no-wait", "--json"])
    assert (options.target, options.yes, options.deploy_id, options.no_wait, options.json) == (
        23456789,
        True,
        "L-1",
        True,
        True,
    )
    assert parse(["abort", "O-1"]).target == "O-1"


@pytest.mark.parametrize(
    ("given", "target"),
    [
        ("23456789", 23_456_789),
        ("007", 7),
        ("Momentum/Crossover Live", "Momentum/Crossover Live"),
        ("12.5", "12.5"),
        ("1 ", "1 "),
        ("٣", "٣"),
    ],
)
def test_a_project_is_an_id_where_it_can_be_one_and_else_a_name(given: str, target: int | str) -> None:
    assert parse(["stop", given]).target == target


@pytest.mark.parametrize(
    "arguments",
    [
        ["--nonsense"],
        ["nonsense"],
        ["--project", "x"],
        ["--project", "-1"],
        ["--project", "0"],
        ["--project", "9" * 5000],
        ["--prof", "main"],
        ["liquidate"],
        ["liquidate", "0"],
        ["liquidate", "9" * 5000],
        ["liquidate", " "],
        ["liquidate", "1", "2"],
        ["abort"],
        ["abort", "O-1", "--deploy-id", "L-1"],
        ["status", "--yes"],
        ["simulate", "--port", "x"],
    ],
)
def test_a_wrong_command_line_is_one_line_and_exit_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1
    assert captured.err.startswith("qctui")


def options_with_a_value() -> Iterator[tuple[str, str]]:
    """Every option that takes a value, with the command that it belongs to; without one: before any command."""
    whole = build_parser("simulate")
    (commands,) = (each.choices for each in whole._actions if isinstance(each, argparse._SubParsersAction))
    for command, parser in {"": whole, **commands}.items():
        yield from (
            (command, each.option_strings[0]) for each in parser._actions if each.option_strings and each.nargs != 0
        )


@pytest.mark.parametrize(("command", "option"), options_with_a_value())
def test_a_blank_value_is_never_taken_for_an_option_that_was_not_given(
    command: str, option: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for words in ([option, ""], [f"{option}="], [option, " \t"]):
        with pytest.raises(SystemExit) as end:
            parse([command, *words] if command else words)
        err = capsys.readouterr().err
        assert (end.value.code, err.count("\n")) == (2, 1)
        assert f"argument {option}: " in err


@pytest.mark.parametrize("blank", ["", " "])
@pytest.mark.parametrize(
    ("words", "argument"),
    [
        (["liquidate"], "PROJECT"),
        (["stop"], "PROJECT"),
        (["abort"], "OPTIMIZATION_ID"),
        (["rename"], "OPTIMIZATION_ID"),
        (["rename", "O-1"], "NAME"),
        (["delete"], "OPTIMIZATION_ID"),
        (["rerun"], "OPTIMIZATION_ID"),
        (["rerun", "O-1"], "NAME"),
        (["optimization"], "ID"),
        (["replay"], "FILE"),
        (["bundle"], "FILE"),
    ],
)
def test_a_blank_argument_names_nothing(
    words: list[str], argument: str, blank: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*words, blank]) == 2
    assert f"qctui {words[0]}: argument {argument}: " in capsys.readouterr().err


def test_no_profile_is_another_than_the_one_that_was_named(home: Path) -> None:
    folder = home / "config" / "qctui"
    folder.mkdir(parents=True)
    (folder / "config.toml").write_text('profile = "look"\n[profiles.look]\nread-only = true\n')
    with pytest.raises(SettingsError, match="--profile: there is no profile ''"):
        load_settings(profile="")


@pytest.mark.parametrize(
    "command", ["status", "liquidate", "stop", "abort", "journal", "doctor", "simulate", "completion"]
)
def test_every_command_explains_itself(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([command, "--help"]) == 0
    assert f"qctui {command}" in capsys.readouterr().out


def test_help_names_the_exit_codes_and_the_credentials(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    out = capsys.readouterr().out
    for word in ("exit codes:", "QUANTCONNECT_USER_ID", "token-command", "~/.lean/credentials", "--demo"):
        assert word in out


@pytest.mark.parametrize(
    "line",
    [
        "--profile stop lquidate",
        "liquidate",
        "liquidate -h",
        "-h",
        "--nonsense",
        "completion x",
        "--version",
    ],
)
def test_what_ends_it_is_said_with_every_command_in_view(line: str, capsys: pytest.CaptureFixture[str]) -> None:
    def whole_parser() -> None:
        parser = build_parser()
        parser.check_words(line.split())
        parser.parse_args(line.split())

    with pytest.raises(SystemExit) as whole:
        whole_parser()
    said = capsys.readouterr()
    with pytest.raises(SystemExit) as end:
        parse(line.split())
    assert (end.value.code, capsys.readouterr()) == (whole.value.code, said)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("--proect 3", "qctui: there is no option --proect: did you mean --project? (see `qctui --help`)"),
        ("--zzz=a-secret status", "qctui: there is no option --zzz (see `qctui --help`)"),
        ("-z", "qctui: there is no option -z (see `qctui --help`)"),
        ("liquidat 1", "qctui: there is no command 'liquidat': did you mean liquidate? (see `qctui --help`)"),
        ("--profile stop lquidate", "qctui: there is no command 'lquidate': did you mean liquidate?"),
        ("3", "qctui: there is no command '3' (see `qctui --help`)"),
        ("status --jsno", "qctui status: there is no option --jsno: did you mean --json? (see `qctui status --help`)"),
        ("stop 1 --deploy-id -1 --jes", "qctui stop: there is no option --jes: did you mean --yes?"),
        ("simulate --prot 1", "qctui simulate: there is no option --prot: did you mean --port?"),
        ("replay --at -2h", "argument --at: expected one argument"),
    ],
)
def test_what_is_misspelt_is_named_with_what_is_near(line: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(line.split()) == 2
    err = capsys.readouterr().err
    assert said in err
    assert err.count("\n") == 1
    assert "a-secret" not in err


@pytest.mark.parametrize("line", ["journal -- --json", "liquidate -1", "--at 1 replay"])
def test_what_may_be_a_value_is_not_called_a_misspelt_command(line: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(line.split()) == 2
    assert "no command" not in capsys.readouterr().err


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"qctui {__version__}\n"


def test_a_defect_is_one_line_and_its_traceback_is_in_the_log(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(options: object) -> int:
        secret = "in-a-local-variable"
        raise RuntimeError(str(len(secret)))

    monkeypatch.setattr("qctui.cli.run", fail)
    handlers: list[logging.Handler] = []
    monkeypatch.setattr(logging.getLogger(), "handlers", handlers)
    assert main(["status"]) == 70
    err = capsys.readouterr().err
    log = home / "state" / "qctui" / "qctui.log"
    assert err == f"qctui: unexpected error (RuntimeError); details are in {log}\n"
    assert "RuntimeError" in log.read_text()
    assert "= 'in-a-local" not in log.read_text()
    for handler in handlers:
        handler.close()


def test_ctrl_c_is_130(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def interrupt(options: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr("qctui.cli.run", interrupt)
    assert main(["status"]) == 130
    assert capsys.readouterr().err == "qctui: interrupted\n"


def test_columns_count_what_a_terminal_shows() -> None:
    lines = align([("名前", "1"), ("x", "22"), ("é", "333")], right=frozenset({1}))
    assert lines == ["名前    1", "x      22", "é     333"]
    # Vowels that stand above or below their letter take no column, whatever class of sign they are.
    assert align([("\u078b\u07a8", "1"), ("x", "2")]) == ["\u078b\u07a8  1", "x  2"]


def test_an_empty_table_is_no_lines() -> None:
    assert align([]) == []


@pytest.mark.parametrize("rung", [None, *Rung])
def test_only_a_goal_that_was_seen_is_0(rung: Rung | None) -> None:
    certain = {Rung.VERIFIED: 0, Rung.REJECTED: 1, Rung.NOT_SENT: 3}
    assert exit_of_rung(rung) == (4 if rung is None else certain.get(rung, 4))
