"""The log file: rotating, private, and nothing in it that could sign a request.

Nothing is ever logged to the terminal: the console owns it, and a line from a logger would paint over the screen.
"""

from __future__ import annotations

import io
import logging
import os
import re
import time
from logging.handlers import RotatingFileHandler
from pathlib import Path

from qctui.paths import NO_HOME, NO_HOME_WORDS, config_dir, open_private, private_dir, state_dir
from qctui.secret import SecretStr

MAX_BYTES = 1_000_000
"""Size at which the log moves on to qctui.log.1, then .2 and .3."""

_HIDDEN = "***"
# What signs a request (REFERENCE.md 1.2): the header in any spelling, and any SHA-256 in hex, which is what a server
# echoes when it refuses one (REFERENCE.md 2.2).
_SIGNING = r"(?i)(authorization['\"]?\s*[:=,]\s*b?['\"]?)[^'\"\r\n]+|\bbasic\s+[a-z0-9+/=]{16,}|\b[0-9a-f]{64}\b"


def log_path() -> Path:
    """Where the log is."""
    return state_dir() / "qctui.log"


class RedactingFormatter(logging.Formatter):
    """Formats in UTC and hides secrets in the finished text: in messages, arguments and tracebacks alike."""

    def __init__(self) -> None:
        super().__init__(
            "%(asctime)s.%(msecs)03dZ %(levelname)s %(threadName)s %(name)s: %(message)s", "%Y-%m-%dT%H:%M:%S"
        )
        self.secrets: list[SecretStr] = []
        """Texts that are replaced wherever they would be written."""

    @staticmethod
    def converter(seconds: float | None) -> time.struct_time:
        """Log times are UTC, like the journal's."""
        return time.gmtime(seconds)

    def format(self, record: logging.LogRecord) -> str:
        """The line (or lines) of a record, without secrets."""
        text = super().format(record)
        for secret in self.secrets:
            text = text.replace(secret.get_secret_value(), _HIDDEN)
        return re.sub(_SIGNING, lambda match: (match[1] or "") + _HIDDEN, text)


class PrivateRotatingHandler(RotatingFileHandler):
    """A rotating file of mode 0600 that several consoles may share.

    When another console has rotated the file, this one notices and moves to the new one instead of growing the old.
    """

    def _open(self) -> io.TextIOWrapper:
        # Not blocking: a pipe without a reader is no log, and must not be waited for in an emergency.
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NONBLOCK
        descriptor = open_private(Path(self.baseFilename), flags)
        return os.fdopen(descriptor, "a", encoding="utf-8", errors="backslashreplace")

    def shouldRollover(self, record: logging.LogRecord) -> bool:
        """Whether the file is full; first makes sure it still is the file."""
        try:
            moved = self.stream is not None and not os.path.samestat(
                os.fstat(self.stream.fileno()), Path(self.baseFilename).stat()
            )
        except OSError:
            moved = True
        if moved and self.stream is not None:
            self.stream.close()
            self.stream = self._open()
        return bool(super().shouldRollover(record))


_formatter = RedactingFormatter()


def keep_out_of_logs(secret: SecretStr) -> None:
    """From now on, hide this text wherever it would be logged."""
    _formatter.secrets.append(secret)


def start_logging() -> str | None:
    """Open the log. Returns a warning for the terminal if it can't be opened: a full disk must not keep a person
    from flattening a position."""
    root = logging.getLogger()
    logging.raiseExceptions = False  # a failing log write would otherwise print to stderr, over the screen
    logging.captureWarnings(capture=True)
    for noisy in ("httpx", "httpcore", "asyncio", "markdown_it"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    if any(isinstance(handler, PrivateRotatingHandler) for handler in root.handlers):
        return None
    if state_dir() == NO_HOME:
        root.addHandler(logging.NullHandler())
        configured = "" if config_dir() != NO_HOME else "no configuration, "
        return f"{NO_HOME_WORDS}; until then there is {configured}no log, and NO JOURNAL of what is done"
    try:
        private_dir(log_path().parent)
        handler: logging.Handler = PrivateRotatingHandler(log_path(), maxBytes=MAX_BYTES, backupCount=3)
    except OSError as error:
        # Without any handler, logging falls back to stderr.
        root.addHandler(logging.NullHandler())
        return f"no log is kept: {log_path()} can't be opened ({error.strerror})"
    handler.setFormatter(_formatter)
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    return None
