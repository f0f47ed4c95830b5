from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qctui.alert_settings import AlertRule, DeliverySection, PulseSection
from qctui.settings import (
    DEFAULT_BASE_URL,
    Config,
    Polling,
    Profile,
    Settings,
    SettingsError,
    TapeSection,
    load_config,
    load_settings,
)
from qctui.urls import check_base_url


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    path = tmp_path / "qctui" / "config.toml"
    path.parent.mkdir()
    return path


def problem(config: Path, text: str) -> str:
    config.write_text(text)
    with pytest.raises(SettingsError) as caught:
        load_settings()
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("https://www.quantconnect.com/api/v2/", "https://www.quantconnect.com/api/v2"),
        ("https://beta.quantconnect.com/api/v2", "https://beta.quantconnect.com/api/v2"),
        ("http://localhost:5612/api/v2", "http://localhost:5612/api/v2"),
        ("http://127.0.0.1:1/api/v2", "http://127.0.0.1:1/api/v2"),
        ("http://127.9.9.9/api/v2", "http://127.9.9.9/api/v2"),
        ("http://[::1]:8000/api/v2", "http://[::1]:8000/api/v2"),
        ("HTTP://LocalHost:8000", "http://LocalHost:8000"),
    ],
)
def test_https_goes_anywhere_and_http_stays_on_this_machine(given: str, kept: str) -> None:
    assert check_base_url(given) == kept


@pytest.mark.parametrize(
    "url",
    [
        "http://www.quantconnect.com/api/v2",
        "http://10.0.0.1/api/v2",
        "http://127.0.0.1.example.org/api/v2",
        "http://localhost.example.org/",
        "http://[fe80::1]/",
        "http://0.0.0.0/",
        "http://127.0.0.1@example.org/",
        "https://me:hunter2@www.quantconnect.com/api/v2",
        "https://www.quantconnect.com/api/v2?x=1",
        "https://www.quantconnect.com/api/v2#x",
        "ftp://localhost/",
        "localhost:8000",
        "https://",
        "https://host:port/",
        "",
    ],
)
def test_other_urls_are_refused_without_repeating_what_may_be_secret(url: str) -> None:
    with pytest.raises(ValueError, match=r"\w") as caught:
        check_base_url(url)
    assert "hunter2" not in str(caught.value)


def test_without_a_file_everything_has_its_default(config: Path) -> None:
    settings = load_settings()
    assert settings.base_url == DEFAULT_BASE_URL
    assert settings.profile_name == "default"
    assert (settings.read_only, settings.demo, settings.mouse, settings.ascii, settings.theme) == (
        False,
        False,
        False,
        False,
        None,
    )
    assert settings.config_path == config
    assert not settings.config_exists


def test_a_whole_file_is_understood(config: Path) -> None:
    config.write_text(
        """
        profile = "main"
        theme = "light"
        pinned = [1, 2]
        [polling]
        budget = 30
        [keys]
        liquidate = "F9"
        [profiles.main]
        user-id = 12345
        token-command = "pass show 'quant connect'"
        base-url = "https://example.org/api/v2/"
        theme = "dark"
        [profiles.watch]
        user-id = "12345"
        token = "abc"
        read-only = true
        pinned = [3]
        """
    )
    config.chmod(0o600)
    main = load_settings()
    assert (main.profile_name, main.base_url, main.theme, main.pinned, main.read_only) == (
        "main",
        "https://example.org/api/v2",
        "dark",
        (1, 2),
        False,
    )
    assert main.profile.token_command == ("pass", "show", "quant connect")
    assert main.profile.user_id == "12345"
    assert main.config.keys == {"liquidate": "F9"}
    assert main.config.polling.budget == 30
    watch = load_settings(profile="watch")
    assert (watch.profile_name, watch.read_only, watch.pinned, watch.theme) == ("watch", True, (3,), "light")


def test_the_command_line_wins(config: Path) -> None:
    config.write_text('theme = "light"\n[profiles.default]\nbase-url = "https://example.org"\n')
    settings = load_settings(
        theme="dark", base_url="http://localhost:1/", read_only=True, mouse=True, ascii_only=True, project_id=7
    )
    assert (settings.theme, settings.base_url) == ("dark", "http://localhost:1")
    assert (settings.read_only, settings.mouse, settings.ascii, settings.project_id) == (True, True, True, 7)


def test_read_only_in_the_file_can_not_be_undone_by_the_profile(config: Path) -> None:
    config.write_text("read-only = true\n[profiles.default]\nread-only = false\n")
    assert load_settings().read_only


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("colour = 1", ["unknown key `colour`", "allowed here:", "theme", "profiles"]),
        ("[polling]\nlist = 3", ["unknown key `polling.list`", "budget"]),
        ("[profiles.main]\nuser = 3", ["unknown key `profiles.main.user`", "user-id", "token-command"]),
        ("[profiles.main]\nuser_id = 3\n", ["unknown key `profiles.main.user_id`"]),
        ("theme = 3", ["`theme`", "string"]),
        ('read-only = "yes"', ["`read-only`", "boolean"]),
        ("[polling]\nbudget = 0", ["`polling.budget`", "greater than or equal to 6"]),
        ('[profiles.main]\nuser-id = "me"\ntoken = "x"', ["`profiles.main.user-id`", "a whole number"]),
        ("[profiles.main]\nuser-id = true\ntoken = 'x'", ["`profiles.main.user-id`", "a whole number"]),
        ('[profiles.main]\nuser-id = 1\ntoken = "a b"', ["`profiles.main.token`", "one word"]),
        ('[profiles.main]\nuser-id = 1\ntoken-command = "pass \'x"', ["`profiles.main.token-command`", "a command"]),
        ("[profiles.main]\nuser-id = 1\ntoken-command = []", ["`profiles.main.token-command`", "at least 1"]),
        ("[profiles.main]\nuser-id = 1", ["token or token-command is missing"]),
        ('[profiles.main]\ntoken = "x"', ["user-id is missing"]),
        ('[profiles.main]\nuser-id = 1\ntoken = "x"\ntoken-command = "y"', ["exclude each other"]),
        ('[profiles.main]\nbase-url = "http://example.org"', ["`profiles.main.base-url`", "http is allowed for this"]),
        ('profile = "other"', ["`profile`", "no profile 'other'", "none is defined"]),
        ("theme = ", ["not valid TOML"]),
        (f"pinned = [{'9' * 5_000}]", ["not valid TOML", "4300 digits"]),
        (f"pinned = {'[' * 5_000}", ["not valid TOML", "recursion"]),
        ("pinned = [1, 2.0, true]", ["`pinned.1` should be a whole number (and 1 more problem)"]),
        ("pinned = 1", ["`pinned` should be a list"]),
        ("polling = 30", ["`polling` should be a table"]),
        ("[polling]\nbudget = 601", ["`polling.budget` should be less than or equal to 600"]),
        ("[profiles]\nmain = 1", ["`profiles.main` should be a table"]),
        ("[tape]\nrecord = 1", ["`tape.record` should be a boolean"]),
        ("[tape]\nfor = 1", ["unknown key `tape.for`; allowed here: keep, limit, path, record"]),
        ("[profiles.demo]", ["`profiles.demo`", "simulator"]),
        ("[keys]\nliquidate = 3", ["`keys.liquidate`", "string"]),
    ],
)
def test_a_wrong_file_is_one_message_with_file_key_and_what_is_allowed(
    config: Path, text: str, words: list[str]
) -> None:
    message = problem(config, text)
    assert str(config) in message
    for word in words:
        assert word in message


def toml(value: object) -> str:
    if isinstance(value, dict):
        return f"{{{', '.join(f'{json.dumps(key)} = {toml(each)}' for key, each in value.items())}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(toml, value))}]"
    return json.dumps(value) if isinstance(value, str | bool) else repr(value)


SCALARS = (
    st.sampled_from(["V4lue ({", "drawdown", "log", "10m", "7 days", "500 MB", "info", 0, 6, True, 10**400])
    | st.floats()
)
SECTIONS = (Config, Profile, Polling, TapeSection, AlertRule, DeliverySection, PulseSection)
KEYS = st.sampled_from(
    sorted({*(name for section in SECTIONS for name in section.keys_by_name), "main", "x"} - {"name"})
)
TABLES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(KEYS, TABLES, max_size=5), st.lists(st.dictionaries(KEYS, TABLES, max_size=5), max_size=2))
def test_whatever_is_in_it_can_be_used_or_is_one_message_without_the_value(
    config: Path, content: dict[str, object], rules: list[dict[str, object]]
) -> None:
    named = [{"name": "drawdown", **rule} for rule in rules]
    config.write_text("".join(f"{key} = {toml(each)}\n" for key, each in {**content, "alerts": named}.items()))
    try:
        found = load_config(config)
    except SettingsError as error:
        said = str(error)
    else:
        said = f"{config}: {len(found.alerting.rules)} rules, {found.taping.limit} bytes"
    assert said.startswith(f"{config}: ")
    assert not any(word in said for word in ("\n", "V4lue", "Error", "Unfit", "{}"))


def test_several_problems_are_counted(config: Path) -> None:
    assert "(and 1 more problem)" in problem(config, "colour = 1\ntheme = 2")


def test_a_token_in_the_file_is_never_repeated(config: Path) -> None:
    secret = "s3cr3t-but with a space"
    assert "s3cr3t" not in problem(config, f'[profiles.main]\nuser-id = 1\ntoken = "{secret}"')
    config.write_text('[profiles.main]\nuser-id = 1\ntoken = "s3cr3t"\n')
    assert "s3cr3t" not in repr(load_settings(profile="main"))


def test_a_file_that_is_not_text(config: Path) -> None:
    config.write_bytes(b"theme = '\xff'")
    with pytest.raises(SettingsError, match="not UTF-8"):
        load_config(config)


def test_a_file_that_can_not_be_read(config: Path) -> None:
    config.mkdir()
    with pytest.raises(SettingsError, match="can't be read"):
        load_config(config)


def test_a_named_file_has_to_exist(config: Path, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="no such file"):
        load_settings(config=str(tmp_path / "other.toml"))


def test_an_unknown_profile_lists_those_there_are(config: Path) -> None:
    config.write_text("[profiles.main]\n[profiles.paper]\n")
    with pytest.raises(SettingsError, match=r"--profile: there is no profile 'x' .*main, paper"):
        load_settings(profile="x")


def test_what_named_the_theme_is_known(config: Path) -> None:
    config.write_text('theme = "a"\n[profiles.main]\ntheme = "b"\n')
    assert load_settings().theme_source == f"{config}: `theme`"
    assert load_settings(profile="main").theme_source == f"{config}: `profiles.main.theme`"
    assert load_settings(theme="c", profile="main").theme_source == "--theme"


def test_demo_takes_no_other_api(config: Path) -> None:
    assert load_settings(demo=True).profile_name == "demo"
    with pytest.raises(SettingsError, match="--demo and --base-url"):
        load_settings(demo=True, base_url="http://localhost:1")


def warnings(config: Path, mode: int, text: str) -> tuple[str, ...]:
    config.write_text(text)
    config.chmod(mode)
    loaded: Settings = load_settings()
    return loaded.warnings


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604])
def test_a_token_others_can_read_is_warned_about(config: Path, mode: int) -> None:
    (warning,) = warnings(config, mode, '[profiles.main]\nuser-id = 1\ntoken = "x"\n')
    assert f"chmod 600 {config}" in warning


def test_a_private_token_or_none_is_not_warned_about(config: Path) -> None:
    assert warnings(config, 0o600, '[profiles.main]\nuser-id = 1\ntoken = "x"\n') == ()
    assert warnings(config, 0o644, '[profiles.main]\nuser-id = 1\ntoken-command = "x"\n') == ()


@pytest.fixture
def closed(config: Path) -> Iterator[None]:
    """The configuration is in a folder that may not be entered, as in somebody else's home."""
    config.write_text("read-only = true\n")
    user = os.geteuid()
    config.parent.chmod(0)
    if user == 0:
        os.seteuid(65_534)  # whom permissions bind
    yield
    os.seteuid(user)
    config.parent.chmod(0o700)


@pytest.mark.usefixtures("closed")
def test_a_home_that_may_not_be_entered_holds_up_no_emergency_and_is_said(config: Path) -> None:
    with pytest.raises(SettingsError, match="can't be read"):
        load_settings()
    settings = load_settings(emergency=True)
    assert (settings.read_only, settings.config_exists) == (False, False)
    assert settings.warnings == (f"{config} can't be looked for (Permission denied); defaults are used",)


def test_in_an_emergency_a_configuration_that_can_be_read_counts(config: Path) -> None:
    config.write_text("read-only = true\n")
    assert load_settings(emergency=True).read_only
    config.write_text("colour = 1\n")
    with pytest.raises(SettingsError):
        load_settings(emergency=True)
