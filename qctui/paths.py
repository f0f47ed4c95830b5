"""Where the program keeps its files: XDG folders, private to the user."""

import os
from pathlib import Path

import platformdirs

_APP = "qctui"


def config_dir() -> Path:
    """`$XDG_CONFIG_HOME/qctui`: config.toml and themes/. Not created here."""
    return Path(platformdirs.user_config_dir(_APP))


def state_dir() -> Path:
    """`$XDG_STATE_HOME/qctui`: journal.jsonl and qctui.log. Not created here."""
    return Path(platformdirs.user_state_dir(_APP))


def private_dir(path: Path) -> Path:
    """Create `path` (and parents) readable by the user only, and return it.

    Raises:
        OSError: it can't be made.
    """
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def open_private(path: Path, flags: int) -> int:
    """Open `path` with `flags`, mode 0600 from its first moment (no instant at which another user could read it).

    Raises:
        OSError: it can't be opened.
    """
    return os.open(path, flags | os.O_CLOEXEC, 0o600)
