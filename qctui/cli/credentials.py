"""Finds the account: environment, profile, `~/.lean/credentials`, first found wins (DESIGN section 3)."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
from typing import Any

from qctui.paths import describe_path, home_dir
from qctui.secret import SecretStr
from qctui.settings import Settings, SettingsError, check_token, check_user_id
from qctui.text import clean
from qctui.value import Value

USER_ID_VARIABLE = "QUANTCONNECT_USER_ID"
TOKEN_VARIABLE = "QUANTCONNECT_API_TOKEN"

TOKEN_COMMAND_TIMEOUT_S = 60.0
"""A secret store may ask a person for a passphrase; one that hangs must still not hold up the start for ever."""


class Account(Value):
    """Which API, and who is signed in there."""

    base_url: str
    user_id: str
    token: SecretStr
    source: str
    """Where the credentials were found, in words."""


def find_account(settings: Settings) -> Account:
    """The account of the credentials, first found wins: environment, profile, `~/.lean/credentials` (DESIGN section 3).

    May run the profile's token command, which may ask a person.

    Raises:
        SettingsError: there are none, or those found can't be used.
    """
    found = _from_environment(settings) or _from_profile(settings) or _from_lean(settings)
    if found is not None:
        return found
    raise SettingsError(
        f"no credentials: set {USER_ID_VARIABLE} and {TOKEN_VARIABLE}, or put user-id and token (or token-command) "
        f"under [profiles.NAME] in {describe_path(settings.config_path)}, or run `lean login` (~/.lean/credentials); "
        "to look around without an account: qctui --demo"
    )


def find_user_id(settings: Settings) -> str | None:
    """Whose account it is, by the same sources in the same order, without asking anybody for the token; None if no
    source says.

    Raises:
        SettingsError: the source that is used can't be.
    """
    named = os.environ.get(USER_ID_VARIABLE, "").strip() or settings.profile.user_id
    if named:
        return named
    account = _from_lean(settings)
    return account.user_id if account is not None else None


def known_credentials(settings: Settings) -> tuple[list[str], list[SecretStr]]:
    """Every user id and token that lies open on this machine, whichever of them is used. Runs no command."""
    profiles = settings.config.profiles.values()
    ids = [os.environ.get(USER_ID_VARIABLE, "").strip(), *(each.user_id or "" for each in profiles)]
    tokens = [SecretStr(os.environ.get(TOKEN_VARIABLE, "").strip())]
    tokens += [each.token for each in profiles if each.token is not None]
    with contextlib.suppress(SettingsError):  # what can't be read is in nothing that is written here
        if (lean := _from_lean(settings)) is not None:
            ids.append(lean.user_id)
            tokens.append(lean.token)
    return [each for each in ids if each], [each for each in tokens if each.get_secret_value()]


def _from_environment(settings: Settings) -> Account | None:
    user_id, token = os.environ.get(USER_ID_VARIABLE, "").strip(), os.environ.get(TOKEN_VARIABLE, "").strip()
    if not user_id and not token:
        return None
    # Half a pair must not fall through: the next source may be another account, with other money in it.
    if not user_id or not token:
        present, missing = (USER_ID_VARIABLE, TOKEN_VARIABLE) if user_id else (TOKEN_VARIABLE, USER_ID_VARIABLE)
        raise SettingsError(f"{present} is set and {missing} is not: set both, or neither to use another source")
    return _account(settings, user_id, token, "the environment", f"{USER_ID_VARIABLE}/{TOKEN_VARIABLE}")


def _from_profile(settings: Settings) -> Account | None:
    profile = settings.profile
    if profile.user_id is None:
        return None
    name = f"profile {clean(settings.profile_name, 40)} in {settings.config_path}"
    if profile.token is not None:
        return Account(settings.base_url, profile.user_id, profile.token, name)
    where = f"{settings.config_path}: `token-command`"
    token = _run_token_command(profile.token_command or (), where)
    return _account(settings, profile.user_id, token, f"{name} (token-command)", where)


def _run_token_command(command: tuple[str, ...], where: str) -> str:
    """What the command prints, stripped. It may use the terminal to ask for a passphrase; its errors go there.

    Raises:
        SettingsError: it is missing, fails, prints nothing, or takes longer than `TOKEN_COMMAND_TIMEOUT_S`.
    """
    try:
        # A list, no shell: nothing in the file can be taken for more than one command.
        done = subprocess.run(command, stdout=subprocess.PIPE, timeout=TOKEN_COMMAND_TIMEOUT_S, check=False)
    except subprocess.TimeoutExpired as error:
        raise SettingsError(f"{where}: {command[0]} did not end within {TOKEN_COMMAND_TIMEOUT_S:.0f} s") from error
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it holds a null character"
        raise SettingsError(f"{where}: {clean(command[0], 80)} can't be run ({reason})") from error
    if done.returncode != 0:
        raise SettingsError(f"{where}: {clean(command[0], 80)} ended with exit code {done.returncode}")
    token = done.stdout.decode("utf-8", "replace").strip()
    if not token:
        raise SettingsError(f"{where}: {clean(command[0], 80)} printed nothing")
    return token


def _from_lean(settings: Settings) -> Account | None:
    path = home_dir() / ".lean" / "credentials"
    try:
        raw = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise SettingsError(f"{path}: can't be read ({error.strerror})") from error
    try:
        content = json.loads(raw)
    except ValueError as error:
        raise SettingsError(f"{path}: not JSON; run `lean login` again") from error
    if not isinstance(content, dict):
        raise SettingsError(f"{path}: a JSON object is expected; run `lean login` again")
    user_id, token = content.get("user-id"), content.get("api-token")
    if not user_id or not token:  # what `lean logout` leaves
        return None
    return _account(settings, user_id, token, str(path), str(path))


def _account(settings: Settings, user_id: Any, token: Any, source: str, where: str) -> Account:
    try:
        return Account(settings.base_url, check_user_id(user_id), check_token(token), source)
    except ValueError as error:
        raise SettingsError(f"{where}: {error}") from error
