"""Where the program keeps its files: XDG folders, private to the user."""

import errno
import fcntl
import os
from collections.abc import Callable
from pathlib import Path

import platformdirs

_APP = "qctui"


NO_HOME = Path("/dev/null/no-home")
"""Stands for a folder of a user without a home directory: nothing can be found or made there."""

NO_HOME_WORDS = "no home directory: set HOME"


def config_dir() -> Path:
    """`$XDG_CONFIG_HOME/qctui`: config.toml and themes/. Not created here; `NO_HOME` where there can be none."""
    return _folder(platformdirs.user_config_dir)


def state_dir() -> Path:
    """`$XDG_STATE_HOME/qctui`: journal.jsonl and qctui.log. Not created here; `NO_HOME` where there can be none."""
    return _folder(platformdirs.user_state_dir)


def journal_path() -> Path:
    """Where every action is written down."""
    return state_dir() / "journal.jsonl"


def home_dir() -> Path:
    """The user's home directory; `NO_HOME` where there is none."""
    home = expand_home("~")
    return home if home.is_absolute() else NO_HOME


def expand_home(name: str) -> Path:
    """The path `name`, a leading `~` replaced if that is possible."""
    try:
        return Path(name).expanduser()
    except RuntimeError:  # the system knows no home of that user
        return Path(name)


def describe_path(path: Path) -> str:
    """`path` for a message; of one that can't be for want of a home, its name and the reason."""
    return f"{path.name} ({NO_HOME_WORDS})" if _is_nowhere(path) else str(path)


def _folder(find: Callable[[str], str]) -> Path:
    try:
        path = Path(find(_APP))
    except RuntimeError:  # no XDG variable, no HOME, and the system knows no home of this user
        return NO_HOME
    return path if path.is_absolute() else NO_HOME


def _is_nowhere(path: Path) -> bool:
    return path == NO_HOME or NO_HOME in path.parents


def private_dir(path: Path) -> Path:
    """Create `path` (and parents) readable by the user only, and return it.

    Raises:
        OSError: it can't be made.
    """
    if _is_nowhere(path):
        raise OSError(errno.ENOTDIR, NO_HOME_WORDS)
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def open_private(path: Path, flags: int) -> int:
    """Open `path` with `flags`, mode 0600 from its first moment (no instant at which another user could read it).

    Raises:
        OSError: it can't be opened.
    """
    return os.open(path, flags | os.O_CLOEXEC, 0o600)


def hold_lock(path: Path) -> int | None:
    """Lock the file `path`, made if it is not there, for as long as the returned descriptor is open: it dies with the
    process. None while another process holds it.

    Raises:
        OSError: it can't be opened or locked.
    """
    fd = open_private(path, os.O_RDWR | os.O_CREAT)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(fd)
        return None
    except OSError:
        os.close(fd)
        raise
    return fd


def is_locked(path: Path) -> bool:
    """Whether the lock of `hold_lock` is held. Whoever tries to get it while this looks does not.

    Raises:
        OSError: it can't be opened or looked at.
    """
    try:
        fd = open_private(path, os.O_RDONLY)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)  # those that only look are not in each other's way
    except BlockingIOError:
        return True
    finally:
        os.close(fd)
    return False
