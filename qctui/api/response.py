"""One HTTP response, read within limits and made an `Answer`; or the failure to get one, made an `ApiError`."""

from __future__ import annotations

import email.utils
import re
import socket
import ssl
import zlib
from collections.abc import Iterator
from typing import Any

from qctui.api.answer import Answer, check, error_text
from qctui.api.auth import NOT_ACCEPTED, REFUSED, Scrubber
from qctui.api.decode import DecodeError, Document, TooLargeError, decode
from qctui.api.endpoints import Endpoint
from qctui.api.library_patches import httpx
from qctui.api.ports import ApiError
from qctui.api.tolerant import number
from qctui.model.link import SKEW_LIMIT_S
from qctui.model.resource import FailureKind

MAX_BYTES = 64 * 1024 * 1024
"""Largest answer, decompressed. A chart of 100,000 candles is about 10 MB."""

MAX_ERROR_BYTES = 64 * 1024
"""What is read of an answer outside 2xx: enough for an envelope; an HTML page is of no interest."""

INFLATE_STEP = 1024 * 1024
"""Most bytes decompressed at once, however small the compressed piece is."""

_GZIP_OR_ZLIB = 47
_EMPTY = "it is empty"

_LEFT = ("Server disconnected", "peer closed connection", "peer unexpectedly closed")

_REFUSED_WORDS = re.compile(f"credentials (?:from [^:;]*? )?{NOT_ACCEPTED}")

MAX_RETRY_AFTER_S = 86_400.0
"""The longest wait that a header may ask for."""


async def read_body(endpoint: Endpoint, response: httpx.Response, scrub: Scrubber) -> bytes:
    """The body, decompressed; of a response outside 2xx as much as can be read, since its status says the most.

    Raises ApiError if it is larger than `MAX_BYTES` or its compression is broken.
    """
    fine = response.is_success
    limit = MAX_BYTES if fine else MAX_ERROR_BYTES
    announced = response.headers.get("content-length", "")
    if fine and announced.isdigit() and len(announced) < 20 and int(announced) > limit:
        raise too_large(endpoint)
    if response.is_stream_consumed:
        return response.content  # a transport in memory made it whole, and httpx has decompressed it
    coding = response.headers.get("content-encoding", "identity").strip().lower()
    stream: Any = None if coding in ("", "identity") else zlib.decompressobj(_GZIP_OR_ZLIB)
    pieces: list[bytes] = []
    size = 0
    try:
        async for piece in response.aiter_raw():
            for part in (piece,) if stream is None else _inflate(stream, piece):
                size += len(part)
                if size > limit and fine:
                    raise too_large(endpoint)
                if size > limit:
                    return b"".join(pieces)
                pieces.append(part)
        if stream is not None and not stream.eof:
            raise zlib.error("incomplete")
    except httpx.TransportError:
        if fine:
            raise
        return b"".join(pieces)  # the status is known, and with 401 or 429 it is all that matters
    except zlib.error:
        if fine:
            raise _unreadable(endpoint, f"its compression ({scrub(coding)}) is broken") from None
        return b""
    return b"".join(pieces)


def _inflate(stream: Any, piece: bytes) -> Iterator[bytes]:
    """What `piece` decompresses to, in parts of at most `INFLATE_STEP` bytes, so that it can be stopped in time.

    Raises `zlib.error` for data that is not compressed.
    """
    while piece:
        part = stream.decompress(piece, INFLATE_STEP)
        piece = stream.unconsumed_tail
        if part:
            yield part
        elif stream.eof:
            return


async def judge(endpoint: Endpoint, response: httpx.Response, raw: bytes, scrub: Scrubber, now: float) -> Answer:
    """The answer in the body `raw`, if it is a successful one. Raises ApiError for everything else."""
    status = response.status_code
    try:
        document = await decode(raw)
    except TooLargeError:
        raise too_large(endpoint) from None
    except DecodeError as error:
        page = _page(response, raw)
        if response.is_success:
            raise _unreadable(endpoint, page or str(error)) from None
        document, words = Document(None), "" if page == _EMPTY else page
    else:
        words = scrub(error_text(document.tree))
    # A refusal in the API's own words; 401, 429 and 5xx mean more than their text.
    speaks = 400 <= status < 500 and status not in (401, 429) and isinstance(document.tree, dict)
    if response.is_success or speaks:
        try:
            return Answer(endpoint, check(endpoint, status, document.tree, scrub), document)
        except ApiError as refusal:
            # A no with a list so long that it was cut out unread may be no JSON at all: no certain one.
            refusal.answered = refusal.answered and not document.cuts
            raise
    raise of_status(endpoint, status, response.headers, now, words, scrub.refused)


def _page(response: httpx.Response, raw: bytes) -> str:
    """What stands in place of JSON, in words; empty if nothing can be said."""
    if not raw.strip():
        return _EMPTY
    if "html" in response.headers.get("content-type", "").lower() or raw.lstrip()[:1] == b"<":
        return "an HTML page, as a proxy in between would send"
    return ""


def _unreadable(endpoint: Endpoint, words: str) -> ApiError:
    return endpoint.failure(FailureKind.MALFORMED, f"the answer cannot be read ({words})")


def too_large(endpoint: Endpoint) -> ApiError:
    """The failure of an answer that has more bytes or entries than are read."""
    return endpoint.failure(FailureKind.TOO_LARGE, "the answer is larger than a real one can be")


def failure_of(endpoint: Endpoint, error: BaseException, *, may_have_acted: bool, scrub: Scrubber) -> ApiError:
    """The failure of a request that got no answer.

    `may_have_acted` is what the caller knows of the wire; a failure to connect proves False by itself.
    """
    kind, words = _describe(error, scrub)
    if kind in (FailureKind.TIMEOUT, FailureKind.RESET) and not may_have_acted:
        kind, words = FailureKind.CONNECT, "no connection to the API before the request could be sent"
    return endpoint.failure(kind, words, may_have_acted=may_have_acted and kind is not FailureKind.CONNECT)


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
    if status == 401:
        return endpoint.failure(FailureKind.AUTH, f"{refused}{said}", answered=True, status_code=status)
    wait = retry_after_s(headers, now)
    if status == 429:
        words = f"too many requests{'' if wait is None else f'; it asks to wait {wait:.0f} s'}{said}"
        return endpoint.failure(
            FailureKind.RATE_LIMITED, words, may_have_acted=False, retry_after_s=wait, status_code=status
        )
    if status == 500:
        words = f"server error (could also be rejected credentials){said}"
        return endpoint.failure(FailureKind.SERVER, words, status_code=status)
    if status > 500:
        words = f"HTTP {status}, server error{said}"
        return endpoint.failure(FailureKind.SERVER, words, retry_after_s=wait, status_code=status)
    if 300 <= status < 400:
        words = f"HTTP {status}, a redirect, which the API never answers; is the base URL right?"
        return endpoint.failure(FailureKind.MALFORMED, words, status_code=status)
    # Not the API's own no: something in between, or another service. For all we know the API is out of reach.
    return endpoint.failure(FailureKind.MALFORMED, f"HTTP {status}{said}", status_code=status)


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
