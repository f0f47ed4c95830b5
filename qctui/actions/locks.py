"""The file locks between the processes of one machine: whether a request may leave, and which process looks after an
action.

Both are taken on the journal's own thread, because a lock may block.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import time
from pathlib import Path

from qctui.paths import hold_lock, open_private, private_dir

SEND_LOCK_WAIT_S = 0.2
"""How long a request waits for the lock beside the journal. A process that was stopped may hold it for ever, and no
emergency waits for that."""

_OWN_ID = re.compile(r"([0-9a-f]{12})-\d+")
_NO_OWNER = "nobody"
"""The file name that stands for the owner of an id in another form."""


class SendLock:
    """The lock beside the journal, under which processes decide one after the other whether a request may leave.

    A stop that overtakes a liquidation cancels it (REFERENCE.md 7.1). A liquidation writes its intent under this lock;
    a stop reads the journal and lets its first byte go under it. So a stop that leaves has seen every liquidation whose
    intent came before, and any later one is sent after it.
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


def owner_of(action_id: str) -> str:
    """The process an action id names. Ids in another form share one owner that is never alive."""
    match = _OWN_ID.fullmatch(action_id)
    return match[1] if match else _NO_OWNER


class OwnerLock:
    """Which console looks after an action: the one that holds the lock of the console that sent it.

    Every process locks a file of its own as long as it lives; the kernel lets go of it however the process ends, kill
    -9 included. Whichever process can take that lock afterwards owns the actions that the dead one left open. So two
    consoles never verify the same action, and a live one's actions are never taken from it.
    """

    def __init__(self, folder: Path) -> None:
        """Keep the lock files in `folder`, which is made when first needed."""
        self._folder = folder
        self._held: dict[str, int] = {}

    def claim(self, owner: str) -> bool:
        """Whether this process now owns what `owner` left: it is ourselves, or it is no longer alive.

        Where locks can't be had at all the answer is True: verifying twice is harmless, not verifying is not.
        """
        if owner in self._held:
            return True
        try:
            private_dir(self._folder)
            while True:
                fd = hold_lock(self._folder / owner)
                if fd is None:
                    return False
                try:
                    current = os.fstat(fd).st_ino == (self._folder / owner).stat().st_ino
                except FileNotFoundError:
                    current = False
                except OSError:
                    os.close(fd)
                    raise
                if current:
                    self._held[owner] = fd
                    return True
                os.close(fd)  # its last owner removed the file between open and lock: a lock on nothing
        except OSError:
            return True

    def sweep(self, keep: frozenset[str]) -> None:
        """Remove the files of dead processes that left nothing open; `keep` names those that did."""
        with contextlib.suppress(OSError):
            for file in list(self._folder.iterdir())[:200]:
                if file.name not in keep and file.name not in self._held and self.claim(file.name):
                    self._drop(file.name)

    def close(self) -> None:
        """Let go of everything: any other process may take over what is still open."""
        for owner in list(self._held):
            self._drop(owner)

    def _drop(self, owner: str) -> None:
        fd = self._held.pop(owner, None)
        if fd is not None:
            with contextlib.suppress(OSError):
                (self._folder / owner).unlink()
            os.close(fd)


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
