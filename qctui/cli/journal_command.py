"""`qctui journal`: the actions taken from this machine, oldest first."""

from __future__ import annotations

import sys
from collections.abc import Iterable

from qctui.actions.actions_port import JournalEntry
from qctui.actions.journal import (
    FINAL_EVENTS,
    READ_BYTES,
    JournalTail,
    encode_entry,
    lines_by_action,
    parse_journal_time,
)
from qctui.cli.parser import Exit, Options
from qctui.cli.tables import align
from qctui.paths import describe_path, journal_path
from qctui.usage import UsageError


def run_journal(options: Options) -> int:
    """Print the journal.

    Raises:
        UsageError: it is there and can't be read.
    """
    path = journal_path()
    tail = JournalTail(path)
    try:
        entries = tail.read()
    except OSError as error:
        raise UsageError(f"{describe_path(path)}: can't be read ({error.strerror})") from error
    if tail.skipped:
        print(f"qctui: warning: {path}: only the newest {READ_BYTES >> 20} MiB of it are read", file=sys.stderr)
    if options.json:
        for entry in entries:
            sys.stdout.write(encode_entry(entry).decode("utf-8"))
    elif not entries:
        none = "no action is told there" if tail.skipped else "no action has been taken from this machine"
        print(f"{none} ({path})")
    else:
        print(format_journal(entries))
    return Exit.DONE


def format_journal(entries: Iterable[JournalEntry]) -> str:
    """A table with a row an action; below what did not end well, the reason."""
    rows = [("WHEN (UTC)", "ACTION", "OUTCOME", "", "TARGET", "PROJECT", "ID", "PROFILE", "VIA")]
    notes: list[str] = [""]
    for steps in lines_by_action(entries).values():
        first, last = steps[0], steps[-1]
        rows.append(
            (
                first.at[:19].replace("T", " "),
                first.action,
                outcome(last),
                first.environment,
                first.name,
                str(first.project_id or ""),
                first.optimization_id or first.deploy_id,
                first.profile,
                first.via,
            )
        )
        notes.append(_note(steps))
    return "\n".join(f"{row}\n    {note}" if note else row for row, note in zip(align(rows), notes, strict=True))


def outcome(last: JournalEntry) -> str:
    """The word of the newest rung; `open` behind it while its end is not known."""
    if last.event == "intent":
        return "open: not sent when last heard of"
    word = last.event.upper().replace("_", " ")
    return word if last.event in FINAL_EVENTS else f"{word}, open"


def _note(steps: list[JournalEntry]) -> str:
    """The rungs with the seconds from confirming, and the last detail."""
    begun = parse_journal_time(steps[0].at)
    words: list[str] = []
    for step in steps[1:]:
        at = parse_journal_time(step.at)
        after = "" if begun is None or at is None else f" +{max(0.0, at - begun):.1f} s"
        words.append(step.event.upper().replace("_", " ") + after)
    detail = steps[-1].detail
    return "  ".join([*words, *([f"({detail})"] if detail else [])])


def open_actions(entries: Iterable[JournalEntry], but_for: str) -> int:
    """How many actions have no outcome, those of the profile `but_for` not counted."""
    last = {entry.id: entry.event for entry in entries if entry.profile != but_for}
    return sum(1 for event in last.values() if event not in FINAL_EVENTS)
