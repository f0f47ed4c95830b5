from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from qctui.cli.credentials import find_account
from qctui.settings import SettingsError, load_settings


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.delenv("QUANTCONNECT_USER_ID", raising=False)
    monkeypatch.delenv("QUANTCONNECT_API_TOKEN", raising=False)
    (tmp_path / "config" / "qctui").mkdir(parents=True)
    (tmp_path / ".lean").mkdir()
    return tmp_path


def write_profile(home: Path, text: str) -> None:
    path = home / "config" / "qctui" / "config.toml"
    path.write_text("[profiles.default]\n" + text)
    path.chmod(0o600)


def write_lean(home: Path, content: object) -> None:
    text = content if isinstance(content, str) else json.dumps(content)
    (home / ".lean" / "credentials").write_text(text)


def found() -> tuple[str, str, str]:
    account = find_account(load_settings())
    return account.user_id, account.token.get_secret_value(), account.source


def problem() -> str:
    with pytest.raises(SettingsError) as caught:
        find_account(load_settings())
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_the_environment_comes_before_the_profile_and_that_before_lean(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_lean(home, {"user-id": "3", "api-token": "c"})
    assert found()[:2] == ("3", "c")
    write_profile(home, 'user-id = 2\ntoken = "b"')
    assert found()[:2] == ("2", "b")
    monkeypatch.setenv("QUANTCONNECT_USER_ID", "1")
    monkeypatch.setenv("QUANTCONNECT_API_TOKEN", "a")
    assert found() == ("1", "a", "the environment")


def test_without_any_the_message_names_the_three_ways_and_the_demo() -> None:
    message = problem()
    for word in ("QUANTCONNECT_USER_ID", "QUANTCONNECT_API_TOKEN", "config.toml", "~/.lean/credentials", "--demo"):
        assert word in message


@pytest.mark.parametrize(
    ("present", "missing"),
    [
        ("QUANTCONNECT_USER_ID", "QUANTCONNECT_API_TOKEN"),
        ("QUANTCONNECT_API_TOKEN", "QUANTCONNECT_USER_ID"),
    ],
)
def test_half_a_pair_in_the_environment_is_not_passed_over(
    home: Path, monkeypatch: pytest.MonkeyPatch, present: str, missing: str
) -> None:
    write_lean(home, {"user-id": "3", "api-token": "c"})
    monkeypatch.setenv(present, "1")
    assert f"{missing} is not" in problem()


def test_a_wrong_pair_in_the_environment_is_said_without_the_token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QUANTCONNECT_USER_ID", "me")
    monkeypatch.setenv("QUANTCONNECT_API_TOKEN", "hunter2")
    assert "a whole number" in problem()
    monkeypatch.setenv("QUANTCONNECT_USER_ID", "1")
    monkeypatch.setenv("QUANTCONNECT_API_TOKEN", "hunter2 twice")
    assert "one word" in problem()
    assert "hunter2" not in problem()


def test_a_token_command_is_run_without_a_shell(home: Path) -> None:
    program = "import sys; print(sys.argv[1] + chr(10))"
    write_profile(home, f"user-id = 2\ntoken-command = {json.dumps([sys.executable, '-c', program, '$HOME;x'])}")
    user_id, token, source = found()
    assert (user_id, token) == ("2", "$HOME;x")
    assert "token-command" in source


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (["/nowhere/pass"], "can't be run"),
        ([sys.executable, "-c", "raise SystemExit(3)"], "exit code 3"),
        ([sys.executable, "-c", "print()"], "printed nothing"),
        ([sys.executable, "-c", "print('two words')"], "one word"),
    ],
)
def test_a_token_command_that_fails_is_named(home: Path, command: list[str], words: str) -> None:
    write_profile(home, f"user-id = 2\ntoken-command = {json.dumps(command)}")
    message = problem()
    assert words in message
    assert "config.toml: `token-command`" in message
    assert "two words" not in message


def test_a_token_command_that_hangs_is_given_up(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("qctui.cli.credentials.TOKEN_COMMAND_TIMEOUT_S", 0.05)
    hanging = [sys.executable, "-c", "import signal; signal.pause()"]
    write_profile(home, f"user-id = 2\ntoken-command = {json.dumps(hanging)}")
    assert "did not end within" in problem()


def test_a_token_in_a_profile_is_used_with_its_user(home: Path) -> None:
    write_profile(home, 'user-id = "42"\ntoken = "abc"')
    assert found()[:2] == ("42", "abc")


def test_what_lean_login_writes(home: Path) -> None:
    write_lean(home, {"user-id": 42, "api-token": "abc"})
    assert found() == ("42", "abc", str(home / ".lean" / "credentials"))


def test_what_lean_logout_leaves_is_no_credentials(home: Path) -> None:
    write_lean(home, {"user-id": None, "api-token": None})
    assert "no credentials" in problem()
    write_lean(home, {})
    assert "no credentials" in problem()


@pytest.mark.parametrize("content", ["{", "[]", '{"user-id": "x", "api-token": "a"}', '{"user-id": 1, "api-token": 2}'])
def test_a_broken_lean_file_is_named(home: Path, content: str) -> None:
    write_lean(home, content)
    assert str(home / ".lean" / "credentials") in problem()


def test_a_lean_file_that_can_not_be_read(home: Path) -> None:
    (home / ".lean" / "credentials").mkdir()
    assert "can't be read" in problem()
