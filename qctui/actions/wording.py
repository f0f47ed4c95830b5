"""The ladder in words: one line a step, for the command line and the action bar, as text or as JSON."""

from __future__ import annotations

from collections.abc import Sequence

from qctui.actions.action_store import Context, entry_of
from qctui.actions.facts import format_span
from qctui.actions.journal import encode_entry
from qctui.model.action import ActionRecord, Rung, Step

EXIT_VERIFIED = 0
EXIT_REJECTED = 1
EXIT_NOT_SENT = 3
EXIT_OPEN = 4
EXIT_INTERRUPTED = 130

WORDS = {
    Rung.SENDING: "trying to reach the API",
    Rung.SENT: "the request is out, no answer yet",
    Rung.ACCEPTED: "the API answered success; nothing has been seen to happen yet",
    Rung.STOPPED: "it has stopped",
    Rung.FLAT: "no holding with a quantity",
    Rung.VERIFIED: "everything it is meant to do has been seen",
    Rung.REJECTED: "the API said no",
    Rung.NOT_SENT: "the API could not be reached",
    Rung.UNKNOWN: "sent, and no answer can be trusted; looking",
    Rung.UNVERIFIED: "accepted, and the goal was not seen",
}
"""What each rung means, where a step has no words of its own."""


def describe_step(step: Step) -> str:
    """What a step says beside its rung. UNKNOWN always says that it is being looked into."""
    if not step.detail:
        return WORDS[step.rung]
    return f"{step.detail}; looking" if step.rung is Rung.UNKNOWN else step.detail


def format_step(record: ActionRecord, step: Step) -> str:
    """One line of the ladder, as in `+0.3s ACCEPTED the API answered success`; times count from confirming."""
    return f"+{format_span(step.mono - record.confirmed_mono)} {step.rung.value} {describe_step(step)}"


def format_step_json(record: ActionRecord, step: Step, context: Context) -> str:
    """The same step as one line of JSON with the journal's fields: who reads the journal can read this."""
    return encode_entry(entry_of(record, step.rung.event, step.at, step.detail, context)).decode().rstrip("\n")


def exit_code(records: Sequence[ActionRecord]) -> int:
    """The command's exit code by DESIGN section 3, the least certain of several actions deciding.

    4 for whatever was or may have been sent and is not verified: `--no-wait` ends there after ACCEPTED, because 0
    promises a goal that was seen.
    """
    codes = [_exit_code_of(record) for record in records]
    for code in (EXIT_OPEN, EXIT_NOT_SENT, EXIT_REJECTED):
        if code in codes:
            return code
    return EXIT_VERIFIED if codes else EXIT_OPEN


def _exit_code_of(record: ActionRecord) -> int:
    if record.rung is Rung.VERIFIED:
        return EXIT_VERIFIED
    if record.rung is Rung.REJECTED:
        return EXIT_REJECTED
    if record.rung is Rung.NOT_SENT:
        return EXIT_NOT_SENT
    return EXIT_OPEN
