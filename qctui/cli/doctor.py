"""`qctui doctor`: what is wrong, and what to do about it. Every check is a line; none can stop the others."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, suppress
from enum import Enum
from pathlib import Path

from qctui.actions.journal import JournalTail, journal_time, try_journal
from qctui.alerts.commands import programs_of
from qctui.alerts.shared_alerts import HUNG_S, read_leader, shared_path
from qctui.api.ports import ApiError, RequestReport
from qctui.cli.credentials import Account
from qctui.cli.journal_command import open_actions
from qctui.cli.parser import Exit, Options
from qctui.cli.tables import align
from qctui.cli.terminal import given_locale, speaks_unicode
from qctui.cli.wiring import account_of, exit_of, open_client_of, read_settings, tape_path
from qctui.clock import SystemClock
from qctui.model.link import SKEW_LIMIT_S
from qctui.model.resource import FailureKind
from qctui.paths import config_dir, describe_path, journal_path
from qctui.settings import DEMO_PROFILE, Settings
from qctui.tape.tape import Tape, TapeEvent
from qctui.tape.tape_file import EMPTY, TapeError, size_of
from qctui.usage import UsageError
from qctui.value import Value, replace

TAPE_CHECK_S = 2.0
"""How long the tape is looked through, from its newest answers back."""

SKEW_WARN_S = 60.0
"""A clock off by this much makes ages and chart edges look wrong."""


class CheckResult(Enum):
    """How a check went."""

    OK = "ok"
    WARN = "warn"
    FAIL = "FAIL"


class Finding(Value):
    """One line of the report."""

    result: CheckResult
    what: str
    """What was looked at, a word."""
    found: str
    advice: str = ""
    """What to do; empty when nothing is."""
    exit: Exit = Exit.USAGE
    """How the program ends if this is the first to FAIL."""


def run_doctor(options: Options) -> int:
    """Check everything and print a line for each. Ends with the code of the first failure."""
    findings: list[Finding] = []
    with ExitStack() as stack:
        settings = _settings(options, findings)
        account = _account(stack, settings, findings) if settings is not None else None
        if settings is not None and account is not None:
            findings += asyncio.run(_api(account, settings))
            findings += check_tape(tape_path(account, settings), settings)
            findings += check_alerts(shared_path(account.base_url, account.user_id), settings, time.time())
    if settings is not None:
        findings += [*check_keys(settings), *check_themes(settings)]
    findings += [*check_terminal(os.environ), *check_journal(journal_path())]
    rows = [(each.result.value, each.what, each.found) for each in findings]
    for row, each in zip(align(rows), findings, strict=True):
        print(row)
        if each.advice:
            print(f"        -> {each.advice}")
    failed = [each for each in findings if each.result is CheckResult.FAIL]
    return failed[0].exit if failed else Exit.DONE


def _settings(options: Options, findings: list[Finding]) -> Settings | None:
    try:
        settings = read_settings(options)
    except UsageError as error:
        findings.append(Finding(CheckResult.FAIL, "configuration", str(error), "correct it; README, Configuration"))
        return None
    path = settings.config_path
    found = str(path) if settings.config_exists else f"none ({describe_path(path)}); defaults are used"
    profile = f"{found}, profile {settings.profile_name}{', read-only' if settings.read_only else ''}"
    findings.append(Finding(CheckResult.OK, "configuration", profile))
    findings.extend(Finding(CheckResult.WARN, "configuration", warning) for warning in settings.warnings)
    return settings


def _account(stack: ExitStack, settings: Settings, findings: list[Finding]) -> Account | None:
    try:
        account = stack.enter_context(account_of(settings))
    except UsageError as error:
        findings.append(Finding(CheckResult.FAIL, "credentials", str(error)))
        return None
    findings.append(Finding(CheckResult.OK, "credentials", f"user {account.user_id}, from {account.source}"))
    return account


async def _api(account: Account, settings: Settings) -> list[Finding]:
    clock = SystemClock()
    exchanges: list[RequestReport] = []
    client = open_client_of(account, settings, clock, exchanges.append)
    try:
        await client.reads.authenticate()
    except ApiError as error:
        advice = {
            FailureKind.AUTH: "check user id and token, and the clock below",
            FailureKind.CLOCK: "set this machine's clock",
            FailureKind.CONNECT: "check the network, a proxy, and --base-url",
            FailureKind.MALFORMED: "this is no QuantConnect API: check --base-url, and a proxy in between",
            FailureKind.REJECTED: "check --base-url, and a proxy in between; the log has more",
        }.get(error.kind, "try again in a minute; the log has more")
        found = f"{account.base_url}: {error.message}"
        findings = [Finding(CheckResult.FAIL, "API", found, advice, exit_of(error.kind))]
    else:
        latency = f"{exchanges[-1].latency_s * 1000:.0f} ms" if exchanges else "at once"
        findings = [Finding(CheckResult.OK, "API", f"{account.base_url}: credentials accepted in {latency}")]
    finally:
        await client.aclose()
    skews = [each.server_at - each.at for each in exchanges if each.server_at is not None]
    return [*findings, check_clock(skews[-1] if skews else None)]


def check_clock(skew_s: float | None) -> Finding:
    """Judge the API's clock minus ours."""
    if skew_s is None:
        return Finding(CheckResult.WARN, "clock", "can't be compared: the API told no time")
    # The Date header has whole seconds and is some milliseconds old: below two seconds there is nothing to see.
    if abs(skew_s) < 2:
        return Finding(CheckResult.OK, "clock", "agrees with the API's")
    found = f"{abs(skew_s):.0f} s {'behind' if skew_s > 0 else 'ahead of'} the API's"
    if abs(skew_s) >= SKEW_LIMIT_S:
        advice = "set it (timedatectl set-ntp true): QuantConnect refuses requests signed two hours off"
        return Finding(CheckResult.FAIL, "clock", found, advice)
    if abs(skew_s) >= SKEW_WARN_S:
        return Finding(CheckResult.WARN, "clock", found, "set it (timedatectl set-ntp true)")
    return Finding(CheckResult.OK, "clock", found)


def check_keys(settings: Settings) -> Iterator[Finding]:
    """The keys of the configuration file."""
    from qctui.ui.keys.keymap import KeymapError, check_keymap

    try:
        check_keymap(settings.config.keys)
    except KeymapError as error:
        yield Finding(CheckResult.FAIL, "keys", f"{settings.config_path}: {error}", "correct it; README, Keys")
    else:
        changed = len(settings.config.keys)
        yield Finding(CheckResult.OK, "keys", f"{changed} changed" if changed else "as shipped")


def check_themes(settings: Settings) -> Iterator[Finding]:
    """The user's theme files, and the one that is chosen."""
    from qctui.ui.theme.themes import DEFAULT_THEME, load_themes, shipped_folder

    themes, problems = load_themes([shipped_folder(), config_dir() / "themes"])
    for problem in problems:
        yield Finding(CheckResult.WARN, "theme", problem, "correct the file; it is passed over")
    name = settings.theme or DEFAULT_THEME
    if name in themes:
        yield Finding(CheckResult.OK, "theme", f"{name} (of {', '.join(sorted(themes))})")
    else:
        found = f"{settings.theme_source}: there is no theme {name!r}"
        yield Finding(CheckResult.FAIL, "theme", found, f"use one of {', '.join(sorted(themes))}")


def check_terminal(environment: Mapping[str, str]) -> Iterator[Finding]:
    """The terminal the command runs in: whether the console would be at home there."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        yield Finding(CheckResult.WARN, "terminal", "none here", "the console needs one; the commands do not")
        return
    name = environment.get("TERM", "")
    size = os.get_terminal_size(sys.stderr.fileno())
    facts = Finding(CheckResult.OK, "terminal", f"{name or 'TERM is not set'}, {size.columns}x{size.lines}")
    if name in ("", "dumb"):
        facts = replace(facts, result=CheckResult.FAIL, advice="set TERM to what the terminal is, e.g. xterm-256color")
    elif size.columns < 80 or size.lines < 24:
        facts = replace(facts, result=CheckResult.WARN, advice="the console is designed for 80x24 and more")
    yield facts
    if speaks_unicode(given_locale(environment)):
        yield Finding(CheckResult.OK, "characters", "UTF-8")
    else:
        advice = "the console will use --ascii; set LANG to a UTF-8 locale (C.UTF-8) for lines and charts"
        yield Finding(CheckResult.WARN, "characters", "the locale is not UTF-8", advice)
    if environment.get("NO_COLOR"):
        yield Finding(CheckResult.WARN, "colours", "NO_COLOR is set", "everything is told without colour too")
    elif environment.get("COLORTERM") in ("truecolor", "24bit"):
        yield Finding(CheckResult.OK, "colours", "16 million")
    else:
        yield Finding(CheckResult.OK, "colours", "256" if "256" in name else "16; the theme qctui-ansi suits them")
    yield from _multiplexer(environment)


def _multiplexer(environment: Mapping[str, str]) -> Iterator[Finding]:
    if environment.get("TMUX") or environment.get("STY"):
        multiplexer = "tmux" if environment.get("TMUX") else "screen"
        yield Finding(CheckResult.OK, "session", f"in {multiplexer}: it survives a dropped connection")
    elif environment.get("SSH_CONNECTION"):
        advice = "start it in tmux: a dropped connection ends it otherwise"
        yield Finding(CheckResult.WARN, "session", "over SSH without tmux", advice)
    else:
        yield Finding(CheckResult.OK, "session", "local")


def check_journal(path: Path) -> Iterator[Finding]:
    """Whether actions can be written down, and whether some are open."""
    tail = JournalTail(path)
    try:
        try_journal(path)
        entries = tail.read()
    except OSError as error:
        advice = "make room, or make the folder writable; acting goes on without it"
        found = f"{describe_path(path)} can't be written ({error.strerror})"
        yield Finding(CheckResult.FAIL, "journal", found, advice)
        return
    count = len({entry.id for entry in entries})
    least = "at least " if tail.skipped else ""
    yield Finding(CheckResult.OK, "journal", f"{path}, {least}{count} action{'' if count == 1 else 's'}")
    # What was done to a simulator that is gone can't be verified.
    if unfinished := open_actions(entries, but_for=DEMO_PROFILE):
        found = f"{unfinished} without an outcome"
        yield Finding(CheckResult.WARN, "journal", found, "the console verifies them at its next start: qctui journal")


def check_alerts(path: Path, settings: Settings, now: float) -> Iterator[Finding]:
    """Which process tells the alerts of this account, and whether it runs the commands that are configured."""
    if settings.demo:
        return  # its alerts end with it
    ours = programs_of(settings.config.alerting)
    try:
        leader = read_leader(path)
    except OSError as error:
        yield Finding(CheckResult.WARN, "alerts", f"{describe_path(path)} can't be read ({error.strerror})")
        return
    if leader is None:
        yield Finding(CheckResult.OK, "alerts", "nobody tells them now: no console or `qctui watch` is open")
    elif now - leader.written_at > HUNG_S:
        found = f"{leader.who} is to tell them, and has done nothing since {journal_time(leader.written_at)}"
        yield Finding(CheckResult.WARN, "alerts", found, "end it: it hangs")
    else:
        found = f"{leader.who} tells them and runs {', '.join(leader.programs) or 'no command'}"
        if leader.programs == ours:
            yield Finding(CheckResult.OK, "alerts", found)
        else:
            advice = "it goes by the configuration it has read: start it again, or send SIGHUP to `qctui watch`"
            found += f", not {', '.join(ours)}" if ours else "; the configuration has none"
            yield Finding(CheckResult.WARN, "alerts", found, advice)


def check_tape(path: Path, settings: Settings) -> Iterator[Finding]:
    """How much is recorded of this account, since when, and whether it can be read."""
    if settings.demo or not settings.config.taping.record:
        yield Finding(CheckResult.OK, "tape", "a demo is not recorded" if settings.demo else "switched off")
        return
    try:
        tape = Tape(path)
    except TapeError as error:
        if path.exists() and str(error) != EMPTY:
            advice = "move it away, or install that version" if "version" in str(error) else "move it away"
            yield Finding(CheckResult.WARN, "tape", f"{path}: {error}; nothing is recorded", advice)
        else:
            yield Finding(CheckResult.OK, "tape", f"{describe_path(path)}: {EMPTY}")
        return
    with closing(tape):
        until = time.monotonic() + TAPE_CHECK_S
        try:
            since, damaged = tape.first_at, tape.damaged(lambda: time.monotonic() < until)
        except TapeError as error:
            since, damaged = None, 1
            found = f"{path}: {error}"
        else:
            begins = "nothing yet" if since is None else f"since {journal_time(since)}"
            found = f"{path}, {size_of(path) / 1e6:.1f} MB, {begins}"
        missed: list[TapeEvent] = []
        with suppress(TapeError):
            missed = tape.events(frozenset({"missed"}))
    if damaged:
        advice = "the rest of it is readable; to begin another one, move it away while qctui is not running"
        yield Finding(
            CheckResult.WARN, "tape", f"{found}; damaged in {damaged} place{'s' if damaged > 1 else ''}", advice
        )
    else:
        yield Finding(CheckResult.OK, "tape", found)
    if missed:
        count = sum(each.body.get("answers", 0) for each in missed)
        found = f"{count} answers are not on it: the disk was too slow or declined, last {journal_time(missed[-1].at)}"
        yield Finding(CheckResult.WARN, "tape", found, "see what else writes to that disk; `[tape]` can name another")
    if (beside := path.with_name(f"{path.name}.damaged")).exists():
        yield Finding(CheckResult.WARN, "tape", f"{beside} was set aside as damaged", "delete it once it is not needed")
