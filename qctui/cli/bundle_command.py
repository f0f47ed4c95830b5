"""`qctui bundle`: what was recorded of an incident, redacted, in one file for somebody else."""

from __future__ import annotations

import errno
import json
import os
import sqlite3
import sys
import tempfile
import time
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from qctui.actions.actions_port import JournalEntry
from qctui.actions.journal import (
    JournalTail,
    journal_time,
    lines_by_action,
    parse_journal_time,
    public_url,
)
from qctui.cli.bundle_contents import Contents, counted_words, open_redactor, readme
from qctui.cli.parser import Exit, Options
from qctui.cli.wiring import own_tape, read_settings
from qctui.paths import describe_path, journal_path, open_private
from qctui.settings import Settings
from qctui.tape.bundle import TAPE, pack_bundle, tape_in
from qctui.tape.tape import Tape
from qctui.tape.tape_file import TapeError, error_words
from qctui.tape.tape_slice import TapeSlice
from qctui.text import clean
from qctui.usage import UsageError
from qctui.value import Value

AROUND_S = 600.0
"""How much before the first step of an action belongs to it, and after its last."""

_OTHERS = 5
"""How many candidates a message names."""


class Span(Value):
    """The time that a bundle is about."""

    since: float
    until: float
    words: str
    """Why this one."""

    def __str__(self) -> str:
        return f"{_moment(self.since)} to {_moment(self.until)} UTC"


def run_bundle(options: Options) -> int:
    """Write the bundle.

    Raises:
        UsageError: there is nothing to put into it, or the file can't be written.
    """
    settings = read_settings(options)
    path, now = own_tape(settings), time.time()
    journal = _read_journal(settings)
    span = (
        Span(now - options.last, now, "the time before this was written")
        if options.action is None
        else span_of_action(options.action, journal, path, now)
    )
    name = f"qctui-bundle-{datetime.fromtimestamp(now, UTC):%Y%m%d-%H%M%S}.zip"
    target = Path(options.file or name).absolute()
    if target.is_dir():
        target /= name
    if target.exists():
        raise UsageError(f"{target} is there already: name another file")
    try:
        with closing(TapeSlice(path, span.since, span.until)) as part:
            told = _write(target, part, span, settings, journal, path)
    except TapeError as error:
        raise UsageError(str(error) if str(path) in str(error) else f"{path}: {error} ({span})") from error
    except (sqlite3.Error, OSError) as error:
        words = error_words(error) if isinstance(error, sqlite3.Error) else error.strerror or type(error).__name__
        raise UsageError(f"{target} can't be written ({words})") from error
    if options.json:
        print(json.dumps(told))
    else:
        counted = (counted_words(told[f"{each}s"], each) for each in ("answer", "event", "action"))
        print(f"{told['file']}: {told['bytes'] / 1e6:.1f} MB, {span}: {', '.join(counted)}")
        print("README.txt inside says what was taken out; look through it before you send it.")
    return Exit.DONE


def span_of_action(wanted: str, journal: list[JournalEntry], tape: Path, now: float) -> Span:
    """The time around an action, from the journal, or from the tape where the journal does not have it.

    Raises:
        UsageError: there is no such action, or several.
    """
    steps = {
        number: [parse_journal_time(each.at) for each in lines] for number, lines in lines_by_action(journal).items()
    }
    if not any(each.endswith(wanted.lower()) for each in steps):
        try:
            with closing(Tape(tape)) as opened:
                for event in opened.events(frozenset({"action"})):
                    steps.setdefault(str(event.body.get("id")), []).append(event.at)
        except TapeError:
            pass  # it is said when the tape is opened for good
    found = [each for each in steps if each.endswith(wanted.lower())]
    if len(found) != 1:
        none = "there is no such action of this profile (`qctui journal --json` has their ids)"
        several = f"{len(found)} actions end so: {', '.join(found[:_OTHERS])}"
        raise UsageError(f"--action {clean(wanted, 40)}: {several if found else none}")
    times = [each for each in steps[found[0]] if each is not None]
    if not times:
        raise UsageError(f"--action {found[0]}: its lines in the journal have no time")
    return Span(min(times) - AROUND_S, min(now, max(times) + AROUND_S), f"around the action {found[0]}")


def _read_journal(settings: Settings) -> list[JournalEntry]:
    """The actions of this profile on its API: of another account nothing is told."""
    path = journal_path()
    try:
        entries = JournalTail(path).read()
    except OSError as error:
        print(f"qctui: warning: {describe_path(path)} can't be read ({error.strerror})", file=sys.stderr)
        return []
    here = public_url(settings.base_url)
    return [each for each in entries if each.profile == settings.profile_name and each.base_url == here]


def _write(
    target: Path, part: TapeSlice, span: Span, settings: Settings, journal: list[JournalEntry], tape: Path
) -> dict[str, Any]:
    """Make everything beside the file, and give it its name when it is whole. Returns what there is to say of it."""
    actions = {
        number: lines
        for number, lines in lines_by_action(journal).items()
        if any(span.since <= (parse_journal_time(each.at) or 0.0) <= span.until for each in lines)
    }
    contents = Contents(settings, [each for each in journal if each.id in actions], span.since, span.until)
    redactor, progress = open_redactor(settings, tape), _Progress(2 * part.held)
    with tempfile.TemporaryDirectory(prefix=".qctui-", dir=target.parent) as folder, progress:
        for text in part.texts(progress.step):
            redactor.learn(text)
        contents.show(redactor)
        redactor.seal()
        copy = Path(folder) / TAPE
        left_out = part.write(copy, redactor.body, progress.step)
        told: dict[str, Any] = {
            "file": str(target),
            "since": journal_time(max(span.since, part.start.at)),
            "until": journal_time(span.until),
            "answers": part.answers,
            "events": part.noted,
            "actions": len(actions),
            "log_lines": len(contents.log),
            "damaged": left_out,
            "redacted": redactor.found,
        }
        members: dict[str, bytes | Path] = {"README.txt": readme(told, str(span), span.words), TAPE: copy}
        members.update(contents.members(redactor))
        whole = Path(folder) / "bundle.zip"
        with os.fdopen(open_private(whole, os.O_RDWR | os.O_CREAT | os.O_EXCL), "w+b") as file:
            pack_bundle(file, members, span.until)
            file.flush()
            os.fsync(file.fileno())
        with tape_in(whole) as inside, closing(Tape(inside)) as tape_of_it:
            # What can't be opened is no evidence.
            tape_of_it.known(tape_of_it.seek(span.until))
        _give_name(whole, target)
    return {**told, "bytes": target.stat().st_size}


def _give_name(whole: Path, target: Path) -> None:
    """Rename it, but never over another file."""
    try:
        os.link(whole, target)
    except FileExistsError:
        raise
    except OSError as error:
        if error.errno not in (errno.EPERM, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK):
            raise
        # A disk without links: the rest of a chance that another file has come meanwhile.
        if target.exists():
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST)) from error
        whole.rename(target)


def _moment(at: float) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M:%S}"


class _Progress:
    """How far long work is, on a terminal."""

    def __init__(self, steps: int) -> None:
        self._steps, self._done, self._shown = max(1, steps), 0, -1
        self._on = sys.stderr.isatty()

    def step(self) -> None:
        """One more is done."""
        self._done += 1
        percent = 100 * self._done // self._steps
        if self._on and percent != self._shown:
            self._shown = percent
            print(f"\rqctui: {percent} %", end="", file=sys.stderr, flush=True)

    def __enter__(self) -> None:
        pass

    def __exit__(self, *_: object) -> None:
        if self._shown >= 0:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)
