"""Who we are to the API, and how a request is signed (REFERENCE.md 1.2)."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from qctui.api.library_patches import httpx
from qctui.clock import Clock

if TYPE_CHECKING:
    from pydantic import SecretStr


NOT_ACCEPTED = "not accepted"
REFUSED = f"credentials {NOT_ACCEPTED}"


@dataclass(frozen=True, slots=True)
class Credentials:
    """A QuantConnect user. Printing it shows no token."""

    user_id: str
    """Decimal, from the account settings page."""
    token: SecretStr
    source: str = ""
    """Where they were found, in words; empty if that is not known."""

    @property
    def refused(self) -> str:
        """What is said when the API does not accept them: which ones, before what the API says of them."""
        return f"credentials from {self.source} {NOT_ACCEPTED}" if self.source else REFUSED


def signed_headers(user_id: str, token: str, timestamp: int) -> dict[str, str]:
    """The two headers that authenticate one request made at `timestamp`, Unix seconds."""
    digest = hashlib.sha256(f"{token}:{timestamp}".encode()).hexdigest()
    value = base64.b64encode(f"{user_id}:{digest}".encode()).decode("ascii")
    return {"Authorization": f"Basic {value}", "Timestamp": str(timestamp)}


class QuantConnectAuth(httpx.Auth):
    """Signs each request afresh, so that a clock that jumps spoils the one request made meanwhile and no other.

    The only place where the token is unwrapped for use. It never answers a 401 with a second request.
    """

    def __init__(self, credentials: Credentials, clock: Clock) -> None:
        self._credentials = credentials
        self._clock = clock

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Add the headers and send once."""
        token = self._credentials.token.get_secret_value()
        request.headers.update(signed_headers(self._credentials.user_id, token, int(self._clock.now())))
        yield request
