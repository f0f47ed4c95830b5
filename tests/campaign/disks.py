"""The disk under the state folder of a session, and the ways in which it takes no more."""

from __future__ import annotations

import contextlib
import os
import resource
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SIZE = "24m"


class Disk:
    """A state folder whose disk can be full or read-only: a small tmpfs where it may be mounted."""

    def __init__(self, folder: Path, *, own: bool) -> None:
        """`own`: the folder is a disk of its own."""
        self.folder = folder
        self.own = own
        self._filler = folder / "filler"
        self._read_only = False

    def possible(self, kind: str) -> str:
        """The nearest to `kind` that can be done here: `limit` needs no disk of its own."""
        return kind if self.own else "limit"

    def fill(self) -> None:
        """Leave no byte."""
        with self._filler.open("ab", buffering=0) as filler, contextlib.suppress(OSError):
            for size in (1 << 20, 4096, 1):
                with contextlib.suppress(OSError):
                    while True:
                        filler.write(b"\0" * size)

    def make_read_only(self) -> bool:
        """False if somebody has a file open there for writing."""
        self._read_only = self._remount("ro")
        return self._read_only

    def mend(self) -> None:
        """Take everything again."""
        if self._read_only:
            self._remount("rw")
            self._read_only = False
        self._filler.unlink(missing_ok=True)

    def _remount(self, mode: str) -> bool:
        words = ["mount", "-o", f"remount,{mode}", str(self.folder)]
        return subprocess.run(words, capture_output=True, check=False).returncode == 0


def limit_files(pid: int, *, limited: bool) -> None:
    """Let a process write no byte into any file, or let it again: for it the disk is full, for the others it is not."""
    with contextlib.suppress(ProcessLookupError):
        _, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (0 if limited else hard, hard))


@contextmanager
def state_disk(folder: Path) -> Iterator[Disk]:
    """A disk at `folder` for the length of a `with`."""
    folder.mkdir(parents=True, exist_ok=True)
    words = ["mount", "-t", "tmpfs", "-o", f"size={SIZE},mode=700", "tmpfs", str(folder)]
    own = os.geteuid() == 0 and subprocess.run(words, capture_output=True, check=False).returncode == 0
    try:
        yield Disk(folder, own=own)
    finally:
        if own:
            # Whoever still has a file open there keeps it; the name is free.
            subprocess.run(["umount", "--lazy", str(folder)], capture_output=True, check=False)
