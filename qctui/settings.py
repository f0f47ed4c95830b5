"""Settings: the configuration file, and what the command line overrides.

Every problem is a `SettingsError`: one message with the file, the key, and what is allowed. The token is a `SecretStr`
from the moment it is read and never appears in a message.
"""

from __future__ import annotations

import re
import shlex
import stat
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationError, model_validator

from qctui.config_section import Command, Section, kebab
from qctui.paths import config_dir, expand_home
from qctui.text import clean
from qctui.urls import check_base_url
from qctui.value import Value, field

if TYPE_CHECKING:
    from qctui.alert_settings import Alerting

DEFAULT_BASE_URL = "https://www.quantconnect.com/api/v2"
"""QuantConnect's own service (REFERENCE.md 1.1)."""

DEMO_PROFILE = "demo"
"""The profile of actions in the journal whose API was the simulator's."""


class SettingsError(Exception):
    """The configuration or the credentials can't be used. The text is one message fit for stderr."""


def check_user_id(value: Any) -> str:
    """A user id as text of digits; ValueError if it is none."""
    text = str(value).strip() if isinstance(value, int | str) else ""
    if not (text.isascii() and text.isdigit()):  # True is an int, and its text has no digits
        raise ValueError("a QuantConnect user id is expected: a whole number")
    return text


def check_token(value: SecretStr) -> SecretStr:
    """A token that can be one: not empty, one word. ValueError if not, without repeating it."""
    text = value.get_secret_value()
    if not text or any(character.isspace() or not character.isprintable() for character in text):
        raise ValueError("a token is expected: one word without spaces")
    return value


UserId = Annotated[str, BeforeValidator(check_user_id)]
Token = Annotated[SecretStr, AfterValidator(check_token)]
Url = Annotated[str, AfterValidator(check_base_url)]


class Profile(Section):
    """One account, or one way to look at it: `[profiles.NAME]`."""

    user_id: UserId | None = None
    """QuantConnect user id, from the account page."""
    token: Token | None = None
    """API token. The file must then be readable by its owner only."""
    token_command: Command | None = None
    """Command that prints the token, run without a shell, for example `["pass", "show", "quantconnect"]`."""
    base_url: Url | None = None
    """Another API; https, or http on this machine."""
    read_only: bool = False
    """Take away everything that can act."""
    theme: str | None = None
    """Colour theme while this profile is in use."""
    pinned: list[int] = Field(default_factory=list)
    """Project ids whose optimizations are watched together."""

    @model_validator(mode="after")
    def _one_token(self) -> Profile:
        ways = sum(way is not None for way in (self.token, self.token_command))
        if ways == 2:
            raise ValueError("token and token-command exclude each other")
        if ways and self.user_id is None:
            raise ValueError("user-id is missing beside the token")
        if self.user_id is not None and not ways:
            raise ValueError("token or token-command is missing beside user-id")
        return self


class Polling(Section):
    """How much is read: `[polling]`."""

    budget: Annotated[int, Field(ge=6, le=600)] = 60
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


def _folder(value: str) -> str:
    if not expand_home(value).is_absolute():
        raise ValueError("a folder is expected, as an absolute path or with ~")
    return value


class TapeSection(Section):
    """What is remembered, and where: `[tape]`."""

    record: bool = True
    """Record the API's answers in the console and in `qctui watch`."""
    path: Annotated[str, AfterValidator(_folder)] | None = None
    """Folder of the tapes, one file an account. Without it, the one of the journal."""
    keep: Annotated[float, BeforeValidator(_kept_s)] = 7 * 86_400.0
    """What is older goes."""
    limit: Annotated[int, BeforeValidator(_bytes)] = 500_000_000
    """Beyond this size the oldest goes."""


class Config(Section):
    """The whole of config.toml."""

    profile: str | None = None
    """Profile to use when none is named on the command line."""
    theme: str | None = None
    """Colour theme."""
    read_only: bool = False
    """Take away everything that can act, whatever the profile."""
    mouse: bool = False
    """Let the mouse select and scroll. Off, the terminal's own selection works as usual."""
    ascii: bool = False
    """Draw with 7-bit characters only."""
    pinned: list[int] = Field(default_factory=list)
    """Project ids whose optimizations are watched together, for profiles that have no list of their own."""
    polling: Polling = Field(default_factory=Polling.model_construct)
    """Budget of the reads."""
    alerts: Any = None
    """Rules that change, silence or join those that are on from the start. This and the next two tables are checked
    apart: a mistake in a rule must not keep a person from flattening a position."""
    delivery: Any = None
    """How what fires is told."""
    pulse: Any = None
    """What the pulse goes by."""
    tape: Any = None
    """What is remembered. Checked apart, for the same reason."""
    keys: dict[str, str] = Field(default_factory=dict)
    """Key of a binding by its id; `?` in the console shows the ids' names."""
    profiles: dict[str, Profile] = Field(default_factory=dict)
    """Accounts by name."""

    @property
    def alerting(self) -> Alerting:
        """The rules, how they are told, and what means that a brokerage refuses.

        Raises:
            ValidationError: they can't be used. Not after `load_config` has checked them.
        """
        from qctui.alert_settings import AlertTables

        given = {name: getattr(self, name) for name in ("alerts", "delivery", "pulse") if name in self.model_fields_set}
        return AlertTables.model_validate(given).alerting

    @property
    def taping(self) -> TapeSection:
        """What is remembered.

        Raises:
            ValidationError: it can't be used. Not after `load_config` has checked it.
        """
        return _TapeTable.model_validate({"tape": self.tape} if "tape" in self.model_fields_set else {}).tape


class _TapeTable(Section):
    tape: TapeSection = Field(default_factory=TapeSection)


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
        return Config.model_construct()
    except OSError as error:
        raise SettingsError(f"{path}: can't be read ({error.strerror})") from error
    try:
        content = tomllib.loads(raw.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise SettingsError(f"{path}: not UTF-8 text") from error
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{path}: not valid TOML: {clean(str(error), 200)}") from error
    try:
        config = Config.model_validate(content)
        if not emergency:
            _ = config.alerting, config.taping
    except ValidationError as error:
        raise SettingsError(f"{path}: {_explain(error, content)}") from error
    return config


def _explain(error: ValidationError, content: dict[str, Any]) -> str:
    """The first problem in words (rule, key, what is allowed), and how many more there are. Never the value: it may
    be the token."""
    problems = error.errors(include_input=False, include_url=False, include_context=True)
    first = problems[0]
    location = [str(part) for part in first["loc"]]
    tables, rule = location[:-1], ""
    if location[:1] == ["alerts"] and len(location) > 1:
        number = int(location[1])
        given = content["alerts"][number]
        name = given.get("name") if isinstance(given, dict) else None
        rule = f"rule {clean(name, 40) if isinstance(name, str) else number + 1} of `alerts`: "
        location = location[2:]
    key = clean(".".join(location), 120)
    if first["type"] == "extra_forbidden":
        text = f"unknown key `{key}`; allowed here: {', '.join(_allowed(tables))}"
    elif first["type"] == "missing":
        text = f"`{key}` is missing"
    elif first["type"] == "value_error":
        text = f"{f'`{key}`: ' if key else ''}{first['ctx']['error']}"
    else:
        message = first["msg"].replace("Input should be", "should be").replace("a valid ", "a ")
        text = f"`{key}` {message[0].lower() + message[1:]}"
    others = len(problems) - 1
    return f"{rule}{text}" if not others else f"{rule}{text} (and {others} more problem{'s' if others > 1 else ''})"


def _allowed(table: list[str]) -> list[str]:
    from qctui.alert_settings import AlertRule, DeliverySection, PulseSection

    tables: dict[str, type[Section]] = {
        "polling": Polling,
        "profiles": Profile,
        "alerts": AlertRule,
        "delivery": DeliverySection,
        "pulse": PulseSection,
        "tape": TapeSection,
    }
    model = tables[table[0]] if table else Config
    return sorted(info.alias or kebab(name) for name, info in model.model_fields.items())


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
    loaded = Config.model_construct() if closed else load_config(path, emergency=emergency)
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
    name = wanted or config.profile
    if name is None:
        return "default", config.profiles.get("default") or Profile.model_construct()
    if name in config.profiles:
        return name, config.profiles[name]
    source = "--profile" if wanted else f"{path}: `profile`"
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
