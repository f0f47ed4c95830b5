"""The lock beside the journal: processes of one machine decide one after the other whether a request may leave."""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path

from qctui.paths import open_private, private_dir

SEND_LOCK_WAIT_S = 0.2
"""How long a request waits for the lock beside the journal. A process that was stopped may hold it for ever, and no
emergency waits for that."""


class SendLock:
    """The lock beside the journal, in which processes decide one after the other whether a request may leave.

    A stop that overtakes a liquidation cancels it (REFERENCE.md 7.1). A liquidation writes its intent under this lock;
    a stop reads the journal and lets its first byte go under it. So a stop that leaves has seen every liquidation whose
    intent came before, and any later one is sent after it.

    Blocks: used on the journal's own thread only.
    """

    def __init__(self, journal: Path) -> None:
        """The lock of this journal: a file named after it, made when first needed."""
        self._path = journal.with_suffix(".lock")
        self._fd: int | None = None

    @property
    def held(self) -> bool:
        """This process holds it. What its own actions may do is put in order by its loop."""
        return self._fd is not None

    def acquire(self, wait_s: float = SEND_LOCK_WAIT_S) -> str:
        """Hold the lock, waiting at most `wait_s`. Empty once it is held; else why it is not."""
        if self.held:
            return ""
        try:
            private_dir(self._path.parent)
            fd = open_private(self._path, os.O_RDWR | os.O_CREAT)
        except OSError as error:
            return f"the lock beside the journal can't be opened ({error.strerror})"
        if lock_within(fd, wait_s):
            self._fd = fd
            return ""
        os.close(fd)
        return f"another process holds the lock beside the journal for more than {wait_s:g} s"

    def release(self) -> None:
        """Let the next one decide."""
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None


def lock_within(fd: int, wait_s: float) -> bool:
    """Lock an open file, waiting at most `wait_s`. False as well on a file system without locks."""
    give_up = time.monotonic() + wait_s
    while True:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= give_up:
                return False
            time.sleep(0.005)  # the journal's own thread; bounded by `wait_s`
        except OSError:
            return False
        else:
            return True
