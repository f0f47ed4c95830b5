"""What the client hands to the tape, and whether the tape records."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

from qctui.model.keys import Key
from qctui.model.resource import FailureKind
from qctui.value import Value

NO_ANSWER = frozenset({FailureKind.CONNECT, FailureKind.TIMEOUT, FailureKind.RESET, FailureKind.TOO_LARGE})
"""Failures that leave no whole answer to record."""


class Exchange(Value):
    """One finished request to the API, as it came and before anything was made of it."""

    endpoint: str
    """Its path below the base URL."""
    request: Mapping[str, object]
    """The JSON that was sent; no header is in it."""
    status: int | None
    """HTTP status; None where no answer came."""
    body: bytes
    """Decompressed, and not scrubbed yet. Of a failure in `NO_ANSWER` its message."""
    failure: FailureKind | None
    """Why it has no usable answer; None for a good one."""
    latency_s: float

    def __repr__(self) -> str:
        return f"Exchange({self.endpoint!r}, status={self.status!r})"  # the body may be a megabyte, and has secrets


class Recording(Enum):
    """What the tape does."""

    OFF = "off"
    """Switched off."""
    ON = "recording"
    STANDBY = "standby"
    """Another process of this account records; this one takes over when that ends."""
    STOPPED = "not recording"
    """It can't, for the reason given, and tries again by itself."""


class TapeState(Value):
    """Whether the tape records, and what it holds."""

    recording: Recording = Recording.OFF
    since: float | None = None
    """The first instant on it, Unix seconds; None while that is not known."""
    size: int = 0
    """Bytes on the disk."""
    reason: str = ""
    """Why it does not record; while it records, what happened to the tape before it."""
    missed: int = 0
    """Answers of this run that are not on it: they came faster than the disk took them, or while it did not record."""


TAPE: Key[TapeState] = Key("tape")
