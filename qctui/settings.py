"""Settings: the configuration file, and what the command line overrides.

Every problem is a `SettingsError`: one message with the file, the key, and what is allowed. The token is a `SecretStr`
from the moment it is read and never appears in a message.
"""

from __future__ import annotations

import re
import shlex
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qctui.config_section import Key, Section, Unfit, bounded, checked, command, exact, list_of, table_of
from qctui.paths import config_dir, expand_home
from qctui.secret import SecretStr
from qctui.text import clean
from qctui.urls import check_base_url
from qctui.usage import UsageError
from qctui.value import Value, field

if TYPE_CHECKING:
    from qctui.alerts.rules import AlertSettings

DEFAULT_BASE_URL = "https://www.quantconnect.com/api/v2"
"""QuantConnect's own service (REFERENCE.md 1.1)."""

DEMO_PROFILE = "demo"
"""The profile of actions in the journal whose API was the simulator's."""


class SettingsError(UsageError):
    """The configuration or the credentials can't be used. The text is one message fit for stderr."""


def check_user_id(value: Any) -> str:
    """A user id as text of digits; ValueError if it is none."""
    text = str(value).strip() if isinstance(value, int | str) else ""
    if not (text.isascii() and text.isdigit()):  # True is an int, and its text has no digits
        raise ValueError("a QuantConnect user id is expected: a whole number")
    return text


def check_token(value: Any) -> SecretStr:
    """A text that can be a token: not empty, one word. ValueError if not, without repeating it."""
    text = value if isinstance(value, str) else ""
    if not text or any(character.isspace() or not character.isprintable() for character in text):
        raise ValueError("a token is expected: one word without spaces")
    return SecretStr(text)


class Profile(Section):
    """One account, or one way to look at it: `[profiles.NAME]`."""

    user_id = Key(check_user_id, None)
    """QuantConnect user id, from the account page."""
    token = Key(lambda value: check_token(exact(str, value)), None)
    """API token. The file must then be readable by its owner only."""
    token_command = Key(command, None)
    """Command that prints the token, run without a shell, for example `["pass", "show", "quantconnect"]`."""
    base_url = Key(lambda value: check_base_url(exact(str, value)), None)
    """Another API; https, or http on this machine."""
    read_only = Key(bool, False)
    """Take away everything that can act."""
    theme = Key(str, None)
    """Colour theme while this profile is in use."""
    pinned: Key[tuple[int, ...]] = Key(list_of(int), ())
    """Project ids whose optimizations are watched together."""

    def check_whole(self) -> None:
        """A token, from one place, and whose it is belong together."""
        ways = sum(way is not None for way in (self.token, self.token_command))
        if ways == 2:
            raise ValueError("token and token-command exclude each other")
        if ways and self.user_id is None:
            raise ValueError("user-id is missing beside the token")
        if self.user_id is not None and not ways:
            raise ValueError("token or token-command is missing beside user-id")


class Polling(Section):
    """How much is read: `[polling]`."""

    budget = Key(lambda value: bounded(exact(int, value), 6, 600), 60)
    """Reads a minute, all together. Triggers and their verification are outside it."""


def _kept_s(value: Any) -> float:
    """Seconds of a duration that a tape can be kept."""
    found = re.fullmatch(r"(\d{1,4}) ?(hours?|days?|weeks?)", value.strip()) if isinstance(value, str) else None
    seconds = int(found[1]) * {"h": 3_600.0, "d": 86_400.0, "w": 604_800.0}[found[2][0]] if found else 0.0
    if not 3_600.0 <= seconds <= 366 * 86_400.0:
        raise ValueError('a duration from "1 hour" to "52 weeks" is expected, for example "7 days"')
    return seconds


def _bytes(value: Any) -> int:
    """Bytes of a size that a tape can have."""
    found = re.fullmatch(r"(\d{1,6}) ?(MB|GB)", value.strip()) if isinstance(value, str) else None
    size = int(found[1]) * {"MB": 1_000_000, "GB": 1_000_000_000}[found[2]] if found else 0
    if not 10_000_000 <= size <= 1_000_000_000_000:
        raise ValueError('a size from "10 MB" to "1000 GB" is expected, for example "500 MB"')
    return size


def _folder(value: Any) -> str:
    folder = exact(str, value)
    if not expand_home(folder).is_absolute():
        raise ValueError("a folder is expected, as an absolute path or with ~")
    return folder


class TapeSection(Section):
    """What is remembered, and where: `[tape]`."""

    record = Key(bool, True)
    """Record the API's answers in the console and in `qctui watch`."""
    path = Key(_folder, None)
    """Folder of the tapes, one file an account. Without it, the one of the journal."""
    keep = Key(_kept_s, 7 * 86_400.0)
    """What is older goes."""
    limit = Key(_bytes, 500_000_000)
    """Beyond this size the oldest goes."""


def _as_it_is(value: Any) -> Any:
    return value


class Config(Section):
    """The whole of config.toml."""

    profile = Key(str, None)
    """Profile to use when none is named on the command line."""
    theme = Key(str, None)
    """Colour theme."""
    read_only = Key(bool, False)
    """Take away everything that can act, whatever the profile."""
    mouse = Key(bool, False)
    """Let the mouse select and scroll. Off, the terminal's own selection works as usual."""
    ascii = Key(bool, False)
    """Draw with 7-bit characters only."""
    pinned: Key[tuple[int, ...]] = Key(list_of(int), ())
    """Project ids whose optimizations are watched together, for profiles that have no list of their own."""
    polling = Key(Polling, Polling())
    """Budget of the reads."""
    alerts = Key(_as_it_is, None)
    """Rules that change, silence or join those that are on from the start. This and the next two tables are checked
    apart: a mistake in a rule must not keep a person from flattening a position."""
    delivery = Key(_as_it_is, None)
    """How what fires is told."""
    pulse = Key(_as_it_is, None)
    """What the pulse goes by."""
    tape = Key(_as_it_is, None)
    """What is remembered. Checked apart, for the same reason."""
    keys: Key[dict[str, str]] = Key(table_of(str), {})
    """Key of a binding by its id; `?` in the console shows the ids' names."""
    profiles: Key[dict[str, Profile]] = Key(table_of(Profile), {})
    """Accounts by name."""

    @property
    def alerting(self) -> AlertSettings:
        """The rules, how they are told, and what means that a brokerage refuses.

        Raises:
            Unfit: they can't be used. Not after `load_config` has checked them.
        """
        from qctui.alert_settings import AlertTables

        tables = {name: self.values[name] for name in AlertTables.keys_by_name}
        return AlertTables({name: table for name, table in tables.items() if table is not None}).alerting

    @property
    def taping(self) -> TapeSection:
        """What is remembered.

        Raises:
            Unfit: it can't be used. Not after `load_config` has checked it.
        """
        return checked([("tape", TapeSection, self.tape)])["tape"]


class Settings(Value):
    """The file, the chosen profile and the command line, put together."""

    config: Config
    config_path: Path
    config_exists: bool
    profile_name: str
    """The chosen profile, `default` when there is none, `demo` for the simulator."""
    profile: Profile
    base_url: str
    read_only: bool
    theme: str | None
    theme_source: str
    """What named the theme, as a message begins: the option, or the file and its key."""
    mouse: bool
    ascii: bool
    demo: bool
    project_id: int | None
    pinned: tuple[int, ...]
    warnings: tuple[str, ...] = field(default=())
    """Things that work and should still be changed."""


def load_config(path: Path, *, emergency: bool = False) -> Config:
    """Read config.toml; an absent file is an empty one. In an `emergency` what it says of alerts and tape is not looked
    at.

    Raises:
        SettingsError: it can't be read, is not TOML, has an unknown key or a bad value.
    """
    try:
        raw = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return Config()
    except OSError as error:
        raise SettingsError(f"{path}: can't be read ({error.strerror})") from error
    import tomllib  # only where there is something to read: an emergency command without a file does not wait for it

    try:
        content = tomllib.loads(raw.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise SettingsError(f"{path}: not UTF-8 text") from error
    except (ValueError, RecursionError) as error:  # also of a number of 5,000 digits, or of lists in lists
        raise SettingsError(f"{path}: not valid TOML: {clean(str(error), 200)}") from error
    try:
        config = Config(content)
        if not emergency:
            _ = config.alerting, config.taping
    except Unfit as error:
        raise SettingsError(f"{path}: {_explain(error, content)}") from error
    return config


def _explain(error: Unfit, content: dict[str, Any]) -> str:
    """The first problem in words (rule, key, what is allowed), and how many more there are."""
    place, words = error.problems[0]
    rule = ""
    if place[0] == "alerts" and len(place) > 1:
        number, given = int(place[1]), content["alerts"][int(place[1])]
        name = given.get("name") if isinstance(given, dict) else None
        rule = f"rule {clean(name, 40) if isinstance(name, str) else number + 1} of `alerts`"
        place = place[2:]
    key = f"`{clean('.'.join(place), 120)}`" if place else rule
    text = words.replace("{}", key, 1)
    if rule and place:
        text = f"{rule}: {text}"
    others = len(error.problems) - 1
    return text if not others else f"{text} (and {others} more problem{'s' if others > 1 else ''})"


def load_settings(
    *,
    config: str | None = None,
    profile: str | None = None,
    read_only: bool = False,
    theme: str | None = None,
    base_url: str | None = None,
    mouse: bool = False,
    ascii_only: bool = False,
    demo: bool = False,
    project_id: int | None = None,
    emergency: bool = False,
) -> Settings:
    """Put the command line over the profile over the file over the defaults.

    In an `emergency` a home that may not be entered is one without a configuration: it belongs to another user.

    Raises:
        SettingsError: something in it can't be used.
    """
    path = config_dir() / "config.toml" if config is None else expand_home(config)
    if config is not None and not _exists(path):
        raise SettingsError(f"{path}: no such file (named with --config)")
    closed = config is None and emergency and _exists(path) is None
    loaded = Config() if closed else load_config(path, emergency=emergency)
    name, chosen = _choose_profile(loaded, profile, path)
    if base_url is not None:
        if demo:
            raise SettingsError("--demo and --base-url exclude each other")
        try:
            base_url = check_base_url(base_url)
        except ValueError as error:
            raise SettingsError(f"--base-url: {error}") from error
    warnings = _permission_warnings(path, loaded)
    if closed:
        warnings.append(f"{path} can't be looked for (Permission denied); defaults are used")
    return Settings(
        config=loaded,
        config_path=path,
        config_exists=bool(_exists(path)),
        profile_name=DEMO_PROFILE if demo else name,
        profile=chosen,
        base_url=base_url or chosen.base_url or DEFAULT_BASE_URL,
        read_only=read_only or chosen.read_only or loaded.read_only,
        theme=theme or chosen.theme or loaded.theme,
        theme_source="--theme" if theme else f"{path}: `{f'profiles.{name}.' if chosen.theme else ''}theme`",
        mouse=mouse or loaded.mouse,
        ascii=ascii_only or loaded.ascii,
        demo=demo,
        project_id=project_id,
        pinned=tuple(chosen.pinned or loaded.pinned),
        warnings=tuple(warnings),
    )


def _exists(path: Path) -> bool | None:
    """Whether there is such a file; None where it may not even be looked for."""
    try:
        path.stat()
    except PermissionError:
        return None
    except (OSError, ValueError):
        return False
    return True


def _choose_profile(config: Config, wanted: str | None, path: Path) -> tuple[str, Profile]:
    if DEMO_PROFILE in config.profiles:
        raise SettingsError(f"{path}: `profiles.{DEMO_PROFILE}` is the simulator's name; call the profile otherwise")
    name = config.profile if wanted is None else wanted
    if name is None:
        return "default", config.profiles.get("default") or Profile()
    if name in config.profiles:
        return name, config.profiles[name]
    source = f"{path}: `profile`" if wanted is None else "--profile"
    known = ", ".join(clean(each, 40) for each in sorted(config.profiles)) or "none is defined"
    raise SettingsError(f"{source}: there is no profile {clean(name, 40)!r} in {path} (profiles: {known})")


def _permission_warnings(path: Path, config: Config) -> list[str]:
    if all(profile.token is None for profile in config.profiles.values()):
        return []
    try:
        mode = path.stat().st_mode
    except OSError:
        return []
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        return [f"{path} holds a token and others may read it: chmod 600 {shlex.quote(str(path))}"]
    return []
