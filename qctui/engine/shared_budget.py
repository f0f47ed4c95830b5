"""How many processes of this machine read the same account: they share one read budget (DESIGN section 8).

Each holds a lock on a file of its own, which dies with it. Whoever counts takes away the files of the dead.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import uuid
from pathlib import Path

from qctui.paths import open_private, private_dir

COUNT_EVERY_S = 15.0
"""How often the others are counted."""


class SharedBudget:
    """This process among the readers of one account. Used by one thread at a time."""

    def __init__(self, folder: Path, account: str) -> None:
        """`account` names the readers' files in `folder`. Nothing is made before the first count."""
        self._folder, self._prefix = folder, f"reader-{account}-"
        self._fd: int | None = None
        self._name = f"{self._prefix}{uuid.uuid4().hex}"

    def readers(self) -> int:
        """How many read now, this process included. One alone where the disk declines: reading must go on."""
        try:
            # One that counted while it was being made has taken it away.
            if self._fd is None or not (self._folder / self._name).exists():
                self.close()
                private_dir(self._folder)
                fd = open_private(self._folder / self._name, os.O_RDWR | os.O_CREAT)
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
                self._fd = fd
            others = [path for path in self._folder.glob(f"{self._prefix}*") if path.name != self._name]
        except OSError:
            return 1
        return 1 + sum(_is_held(path) for path in others)

    def close(self) -> None:
        """Read no longer."""
        if self._fd is not None:
            with contextlib.suppress(OSError):
                (self._folder / self._name).unlink()
            os.close(self._fd)
            self._fd = None


def _is_held(path: Path) -> bool:
    """Whether a living process holds this file; one that nobody holds is taken away."""
    try:
        fd = open_private(path, os.O_RDWR)
    except OSError:
        return False
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return True
    else:
        with contextlib.suppress(OSError):
            path.unlink()
        return False
    finally:
        os.close(fd)
