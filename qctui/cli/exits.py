"""How the program ends: the exit codes scripts rely on, and the errors that mean one clear line."""

from enum import IntEnum


class Exit(IntEnum):
    """Exit codes. They are an interface (README, "Exit codes")."""

    DONE = 0
    """Done; for a trigger: verified."""
    REJECTED = 1
    """The API said no, or the target had already ended."""
    USAGE = 2
    """Wrong usage or configuration; nothing was sent."""
    NOT_SENT = 3
    """A trigger did not leave this machine: the API could not be reached, the person declined, or the deployment
    was another."""
    UNCONFIRMED = 4
    """Sent, and not verified or the outcome is unknown. Also: a read that got no usable answer."""
    INTERNAL = 70
    """A defect of the program (EX_SOFTWARE). The log has it."""
    INTERRUPTED = 130
    """Ctrl+C."""


class UsageError(Exception):
    """The command line, the configuration or the credentials are wrong: one line for stderr, exit 2."""
