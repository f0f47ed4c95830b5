"""Turns what goes wrong below the answer (connections, TLS, HTTP statuses) into an `ApiError`."""

from __future__ import annotations

import email.utils
import re
import socket
import ssl

from qctui.api.auth import NOT_ACCEPTED, REFUSED, Scrubber
from qctui.api.endpoints import Endpoint
from qctui.api.errors import ApiError
from qctui.api.library_patches import httpx
from qctui.api.tolerant import number
from qctui.model.link import SKEW_LIMIT_S
from qctui.model.resource import FailureKind

_LEFT = ("Server disconnected", "peer closed connection", "peer unexpectedly closed")

_REFUSED_WORDS = re.compile(f"credentials (?:from [^:;]*? )?{NOT_ACCEPTED}")

MAX_RETRY_AFTER_S = 86_400.0
"""The longest wait that a header may ask for."""


def of_exception(endpoint: Endpoint, error: BaseException, *, may_have_acted: bool, scrub: Scrubber) -> ApiError:
    """The failure of a request that got no answer.

    `may_have_acted` is what the caller knows of the wire; a failure to connect proves False by itself.
    """
    kind, words = _describe(error, scrub)
    if kind in (FailureKind.TIMEOUT, FailureKind.RESET) and not may_have_acted:
        kind, words = FailureKind.CONNECT, "no connection to the API before the request could be sent"
    acted = may_have_acted and kind is not FailureKind.CONNECT
    return ApiError(kind, f"{endpoint.words}: {words}", may_have_acted=acted)


def _describe(error: BaseException, scrub: Scrubber) -> tuple[FailureKind, str]:
    match error:
        case httpx.ConnectTimeout():
            return FailureKind.CONNECT, "no connection to the API in time"
        case httpx.PoolTimeout():
            return FailureKind.CONNECT, "no free connection to the API in time"
        case httpx.ProxyError():
            return FailureKind.CONNECT, f"the proxy made no connection ({scrub(error)})"
        case httpx.ConnectError():
            return FailureKind.CONNECT, _connect_words(error, scrub)
        case httpx.UnsupportedProtocol() | httpx.InvalidURL():
            return FailureKind.INTERNAL, f"the API's address cannot be used ({scrub(error)})"
        case httpx.WriteTimeout():
            return FailureKind.TIMEOUT, "the request could not be sent in time"
        case httpx.TimeoutException() | TimeoutError():
            return FailureKind.TIMEOUT, "no answer in time"
        # By their words, for want of anything else: httpx has one class for a peer that left and for one that babbles.
        case httpx.RemoteProtocolError() if not any(words in str(error) for words in _LEFT):
            return FailureKind.MALFORMED, "the answer is not HTTP"
        case httpx.NetworkError() | httpx.RemoteProtocolError() | OSError():
            return FailureKind.RESET, "the connection broke before the answer was complete"
        case _:
            return FailureKind.INTERNAL, f"unexpected {type(error).__name__} ({scrub(error)})"


def _connect_words(error: BaseException, scrub: Scrubber) -> str:
    for cause in _causes(error):
        match cause:
            case ssl.SSLCertVerificationError():
                return f"the API's certificate is not trusted ({scrub(cause.verify_message)})"
            case ssl.SSLError():
                return f"no secure connection to the API ({scrub(getattr(cause, 'reason', None) or 'TLS failed')})"
            case socket.gaierror():
                return "the API's name cannot be resolved (DNS)"
            case ConnectionRefusedError():
                return "connection refused: nothing answers at the API's address"
            case OSError() if cause.errno is not None:
                return f"no connection to the API ({scrub(cause.strerror)})"
            case _:
                continue
    return "no connection to the API"


def _causes(error: BaseException) -> list[BaseException]:
    """The error, what it came from, and the members of groups among them (one a tried address), outermost first."""
    found: list[BaseException] = []
    waiting: list[BaseException | None] = [error]
    while waiting and len(found) < 50:
        current = waiting.pop(0)
        if current is None or current in found:
            continue
        found.append(current)
        waiting += [current.__cause__, current.__context__]
        if isinstance(current, BaseExceptionGroup):
            waiting += current.exceptions
    return found


def of_status(
    endpoint: Endpoint, status: int, headers: httpx.Headers, now: float, words: str = "", refused: str = REFUSED
) -> ApiError:
    """The failure of an HTTP status outside 2xx whose body is no envelope of the API.

    `now` dates a Retry-After that is a date and came without a Date header. `words` may hold the API's own text,
    scrubbed. `refused` is what is said of credentials that are not accepted.
    """
    said = f": {words}" if words else ""
    name = endpoint.words
    if status == 401:
        return ApiError(FailureKind.AUTH, f"{name}: {refused}{said}", answered=True, status_code=401)
    if status == 429:
        wait = retry_after_s(headers, now)
        asks = "" if wait is None else f"; it asks to wait {wait:.0f} s"
        return ApiError(
            FailureKind.RATE_LIMITED,
            f"{name}: too many requests{asks}{said}",
            may_have_acted=False,
            retry_after_s=wait,
            status_code=429,
        )
    if status == 500:
        text = f"{name}: server error (could also be rejected credentials){said}"
        return ApiError(FailureKind.SERVER, text, status_code=500)
    if status > 500:
        wait = retry_after_s(headers, now)
        text = f"{name}: HTTP {status}, server error{said}"
        return ApiError(FailureKind.SERVER, text, retry_after_s=wait, status_code=status)
    if 300 <= status < 400:
        text = f"{name}: HTTP {status}, a redirect, which the API never answers; is the base URL right?"
        return ApiError(FailureKind.MALFORMED, text, status_code=status)
    return ApiError(FailureKind.REJECTED, f"{name}: HTTP {status}{said}", status_code=status)


def blame_clock(error: ApiError, skew_s: float | None) -> ApiError:
    """The failure as it is; or, if credentials were refused while the clocks are too far apart for any to be accepted,
    with that reason. `skew_s` is the API's clock minus ours, None while unknown."""
    refused = error.kind is FailureKind.AUTH or error.status_code == 500
    if not refused or skew_s is None or abs(skew_s) < SKEW_LIMIT_S:
        return error
    away = f"{_span(abs(skew_s))} {'behind' if skew_s > 0 else 'ahead of'}"
    reason = f"this machine's clock is {away} the API's, and signatures are dated"
    # Whose credentials they are does not matter then: no others would be accepted.
    message, found = _REFUSED_WORDS.subn(f"{REFUSED}: {reason}", error.message, count=1)
    error.message = message if found else f"{error.message}: {reason}"
    if error.kind is FailureKind.AUTH:
        error.kind = FailureKind.CLOCK
    return error


def _span(seconds: float) -> str:
    hours = seconds / 3600
    return f"{hours:.0f} h" if hours < 48 else f"{hours / 24:.0f} days"


def retry_after_s(headers: httpx.Headers, now: float) -> float | None:
    """Seconds to wait by the Retry-After header, given as seconds or as a date; None without a readable one.

    A date is compared with the server's own Date, so that a wrong clock of ours does not change the wait.
    """
    value = headers.get("retry-after", "").strip()
    if not value:
        return None
    wait = number(value)
    if wait is None:
        until = http_date(value)
        if until is None:
            return None
        wait = until - (http_date(headers.get("date", "")) or now)
    return min(max(0.0, wait), MAX_RETRY_AFTER_S)


def http_date(value: str) -> float | None:
    """Unix seconds of an HTTP date header; None if it is none."""
    try:
        return email.utils.parsedate_to_datetime(value).timestamp()
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
