"""A resource: the last good value that was read of one thing, its age, and the failure since."""

from __future__ import annotations

from enum import Enum
from typing import Generic, TypeVar

from qctui.value import Value, replace

T = TypeVar("T")


class FailureKind(Enum):
    """Why a read has no new value. The words a person sees are in `Failure.message`."""

    AUTH = "auth"
    """The API does not accept the credentials (every form of REFERENCE.md 1.3)."""
    CLOCK = "clock"
    """As AUTH, because this machine's clock is too far off for any signature to be accepted (REFERENCE.md 1.2)."""
    REJECTED = "rejected"
    """The API answered `success: false` for another reason."""
    RATE_LIMITED = "rate_limited"
    """HTTP 429, or the API's own words for it."""
    SERVER = "server"
    """HTTP 5xx; 500 may also be rejected credentials."""
    MALFORMED = "malformed"
    """The answer is not what the API speaks: HTML, truncated JSON, another top-level type, HTTP 4xx
    without `success: false`."""
    TOO_LARGE = "too_large"
    """The answer is larger than a real one can be and was not read to its end."""
    CONNECT = "connect"
    """No connection could be made: the request provably never reached the API."""
    TIMEOUT = "timeout"
    """Sent, and no answer came in time."""
    RESET = "reset"
    """The connection broke after the request began."""
    REFUSED = "refused"
    """The program itself declined to send (read-only)."""
    INTERNAL = "internal"
    """A defect of the program, kept from ending it."""

    @property
    def refuses_credentials(self) -> bool:
        """The API does not accept the credentials: every other read would meet the same."""
        return self in (FailureKind.AUTH, FailureKind.CLOCK)

    @property
    def advice(self) -> str:
        """What a person can do about it, where asking again will not help; else empty."""
        return "run: qctui doctor" if self is FailureKind.AUTH else ""


class Failure(Value):
    """A read that failed: in words fit for the screen (scrubbed of secrets and control characters)."""

    kind: FailureKind
    message: str
    at: float
    """Unix seconds."""
    mono: float
    """Monotonic seconds of the same instant: what the age of the failure is computed from."""
    attempts: int = 1
    """Failures in a row, this one included."""
    next_try_mono: float | None = None
    """Monotonic seconds of the next try; None while nothing is scheduled."""


class Progress(Value):
    """The service is still preparing the answer (REFERENCE.md 2.3). A state, not an error."""

    fraction: float | None
    """0..1 where the service says so, else None."""
    mono: float


# No slots: Python 3.11 can't make `Resource[X]()` of a generic that is both frozen and slotted.
class Resource(Value, Generic[T]):
    """The last good value and everything that happened since. Replaced whole, never edited; compared by identity.

    Fields:
        value: the last good value; stays when later reads fail.
        fetched_at: Unix seconds when the value was received; None before the first.
        fetched_mono: the same instant on the monotonic clock: what ages are computed from (the wall clock may jump).
        as_of: Unix seconds the server's own snapshot is from, where it says so (live reads are up to ten minutes old).
        error: the failure after the value, if the last read failed.
        progress: set while the service is still preparing the answer.
        unreadable: entries of the answer that could not be read and are missing from the value.
        version: grows by one with each replacement in the store.
    """

    value: T | None = None
    fetched_at: float | None = None
    fetched_mono: float | None = None
    as_of: float | None = None
    error: Failure | None = None
    progress: Progress | None = None
    unreadable: int = 0
    version: int = 0

    @property
    def loading(self) -> bool:
        """Nothing has been received yet and nothing failed."""
        return self.value is None and self.error is None

    def age_s(self, mono: float) -> float | None:
        """Seconds since the value was received, at monotonic time `mono`; None without a value."""
        return None if self.fetched_mono is None else max(0.0, mono - self.fetched_mono)

    def with_value(
        self, value: T, *, at: float, mono: float, as_of: float | None = None, unreadable: int = 0
    ) -> Resource[T]:
        """A newer good value: the failure and the progress beside the old one are over."""
        return Resource(value, at, mono, as_of, unreadable=unreadable, version=self.version)

    def with_error(self, error: Failure) -> Resource[T]:
        """A failed read: the last good value stays, with its age."""
        return replace(self, error=error, progress=None)

    def with_progress(self, progress: Progress) -> Resource[T]:
        """The service is preparing: what was there stays."""
        return replace(self, error=None, progress=progress)
