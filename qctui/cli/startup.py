"""What every command does first: settings, credentials, the log. Their problems become one line and exit 2."""

from __future__ import annotations

import sys

from qctui.api.auth import Credentials
from qctui.cli.credentials import find_credentials
from qctui.cli.exits import UsageError
from qctui.cli.log_file import keep_out_of_logs, start_logging
from qctui.cli.parser import TRIGGERS, Options
from qctui.settings import Settings, SettingsError, load_settings


def read_settings(options: Options) -> Settings:
    """The settings of this run; the log is open when it returns, and warnings have been said on stderr.

    Raises:
        UsageError: the configuration or the command line can't be used.
    """
    try:
        settings = load_settings(
            config=options.config,
            profile=options.profile,
            read_only=options.read_only,
            theme=options.theme,
            base_url=options.base_url,
            mouse=options.mouse,
            ascii_only=options.ascii,
            demo=options.demo,
            project_id=options.project,
            emergency=options.command in TRIGGERS,
        )
    except SettingsError as error:
        raise UsageError(str(error)) from error
    problem = start_logging()
    for warning in (*settings.warnings, *([problem] if problem else [])):
        print(f"qctui: warning: {warning}", file=sys.stderr)
    return settings


def read_credentials(settings: Settings) -> Credentials:
    """The credentials of this run, kept out of the log from here on.

    Raises:
        UsageError: there are none, or they can't be used.
    """
    try:
        credentials = find_credentials(settings)
    except SettingsError as error:
        raise UsageError(str(error)) from error
    keep_out_of_logs(credentials.token)
    return credentials
