"""Which processes of this machine read the same account, and when: they share one read budget (DESIGN section 8).

Each holds a lock on a file of its own, which dies with it, and writes there when it read, and when it was answered with
the live list: one that failed to read it need not wait as long as it would alone. What the dead read in their
last minute still counts, so that one that is restarted again and again is no burden to the service; then whoever looks
takes their files away.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import uuid
from array import array
from collections.abc import Sequence
from pathlib import Path

from qctui.engine.rate_limiter import WINDOW_S
from qctui.paths import hold_lock, open_private, private_dir

EXCHANGE_EVERY_S = 2.0
"""How often each says when it read, and looks what the others did ..."""

ALONE_EVERY_S = 15.0
"""... and how often while there are none: so late do those that run know of one that starts. It knows of them with its
first read."""

MOST_READS = 1_000
"""Of one process, in a minute."""


class SharedBudget:
    """This process among the readers of one account. Used by one thread at a time."""

    def __init__(self, folder: Path, account: str) -> None:
        """`account` names the readers' files in `folder`. Nothing is made before the first exchange."""
        self._folder, self._prefix = folder, f"reader-{account}-"
        self._fd: int | None = None
        self._path = folder / f"{self._prefix}{uuid.uuid4().hex}"
        self._written: array[float] | None = None
        self.listed_elsewhere = float("-inf")
        """When another process last read the live list, by the machine's monotonic clock."""

    def exchange(self, reads: Sequence[float], mono: float, listed: float = float("-inf")) -> tuple[int, list[float]]:
        """Say when this process read in the last minute, and when it was last answered with the live list. Returns how
        many processes read, this one included, and when the others did. Alone where the disk declines: reading must go
        on. Times are of the machine's monotonic clock.
        """
        try:
            self._say(array("d", (listed, *reads)))
            others = [self._look(path, mono) for path in self._folder.glob(f"{self._prefix}*") if path != self._path]
        except OSError:
            return 1, []
        found = [each for each in others if each is not None]
        return 1 + len(found), [at for each in found for at in each]

    def close(self) -> None:
        """Read no longer."""
        if self._fd is not None:
            if not self._written or len(self._written) == 1:
                with contextlib.suppress(OSError):
                    self._path.unlink()
            os.close(self._fd)
            self._fd = None

    def _say(self, reads: array[float]) -> None:
        # One that looked while the file was being made has taken it away.
        if self._fd is None or not self._path.exists():
            if self._fd is not None:
                os.close(self._fd)
                self._fd = None
            private_dir(self._folder)
            self._fd, self._written = hold_lock(self._path), None
        if self._fd is not None and reads != self._written:
            os.ftruncate(self._fd, os.pwrite(self._fd, reads.tobytes(), 0))
            self._written = reads

    def _look(self, path: Path, mono: float) -> list[float] | None:
        """When another process read in the last minute; None if it neither lives nor read."""
        try:
            fd = open_private(path, os.O_RDWR)
        except OSError:
            return None
        try:
            written = os.pread(fd, (1 + MOST_READS) * 8, 0)
            # What is of another boot of this machine may lie in the future.
            times = array("d", written[: len(written) // 8 * 8])
            reads = [at for at in times[1:] if 0.0 <= mono - at < WINDOW_S]
            if times and times[0] <= mono:
                self.listed_elsewhere = max(self.listed_elsewhere, times[0])
            if reads:
                return reads
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return []
        else:
            with contextlib.suppress(OSError):
                path.unlink()
            return None
        finally:
            os.close(fd)
