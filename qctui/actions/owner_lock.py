"""Which console looks after an action: the one that holds the lock of the console that sent it.

Every process locks a file of its own as long as it lives; the kernel lets go of it however the process ends, kill -9
included. Whoever can take that lock afterwards owns the actions the dead process left open, and nobody else does. So
two consoles never verify the same action, and a live one's actions are never taken from it.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
from pathlib import Path

from qctui.paths import open_private, private_dir

_OWN_ID = re.compile(r"([0-9a-f]{12})-\d+")
_NOBODY = "nobody"


def owner_of(action_id: str) -> str:
    """The process an action id names. Ids in another form share one owner that is never alive."""
    match = _OWN_ID.fullmatch(action_id)
    return match[1] if match else _NOBODY


class OwnerLock:
    """Locks held by this process. Blocks on the disk: used on the journal's thread only."""

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
                fd = open_private(self._folder / owner, os.O_RDWR | os.O_CREAT)
                try:
                    fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    current = os.fstat(fd).st_ino == (self._folder / owner).stat().st_ino
                except BlockingIOError:
                    os.close(fd)
                    return False
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
        """Let go of everything: what is still open is anybody's now."""
        for owner in list(self._held):
            self._drop(owner)

    def _drop(self, owner: str) -> None:
        fd = self._held.pop(owner, None)
        if fd is not None:
            with contextlib.suppress(OSError):
                (self._folder / owner).unlink()
            os.close(fd)
