"""What the process was given to begin with: its three standard streams, and room for the files it opens."""

from __future__ import annotations

import errno
import os
import resource
import sys

ENOUGH_FILES = 256
"""Files the program may have open if it can choose: a panic over a hundred deployments has a connection for each."""

_NEEDED = {"journal": 1, "liquidate": 6, "stop": 6, "abort": 6, "status": 7, "doctor": 7}
"""Files that a command needs at the same time: the loop's three, the log, a connection, and what is read or written."""

_NEEDED_BY_CONSOLE = 20
"""The loops of engine and interface, the pipes of the demo, and a few connections."""

_NO_ROOM = (errno.EMFILE, errno.ENFILE)


def hold_standard_streams() -> None:
    """Put /dev/null in the place of every standard stream that is closed (`>&-`).

    Python has None for it then, and the next file to be opened gets its number: a line printed there would go into the
    API's socket or into the journal. To be called before anything is opened.
    """
    for number, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        if getattr(sys, name) is not None:
            continue
        # The lowest number that is free: the stream's own. If something has it already, the stream gets another one.
        opened = os.open(os.devnull, os.O_RDWR)
        os.set_inheritable(opened, opened == number)
        stream = os.fdopen(opened, mode, encoding="utf-8", errors="backslashreplace", closefd=False)
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)


def too_few_files(command: str | None) -> str:
    """Why `command` (None: the console) can't do its work for want of open files; empty if it can.

    Takes what the system lets it have: the limit a person meets (`ulimit -n`) is usually not the highest allowed.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < ENOUGH_FILES:
        soft = ENOUGH_FILES if hard == resource.RLIM_INFINITY else min(hard, ENOUGH_FILES)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    opened: list[int] = []
    try:
        for _ in range(_NEEDED.get(command, 0) if command else _NEEDED_BY_CONSOLE):
            opened.append(os.dup(0))
    except OSError:
        return f"too few files may be open (ulimit -n is {soft}): raise the limit, e.g. ulimit -n {ENOUGH_FILES}"
    finally:
        for number in opened:
            os.close(number)
    return ""


def is_for_want_of_files(error: OSError) -> bool:
    """Whether no more files could be opened, by this process or by the whole system."""
    return error.errno in _NO_ROOM
