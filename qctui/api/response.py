"""Reads an HTTP response into an `Answer`: its body within limits, decompressed, decoded and judged."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import Any

from qctui.api.answer import Answer, check, error_text
from qctui.api.auth import Scrubber
from qctui.api.decode import DecodeError, Document, TooLargeError, decode
from qctui.api.endpoints import Endpoint
from qctui.api.errors import ApiError
from qctui.api.failures import of_status
from qctui.api.library_patches import httpx
from qctui.model.resource import FailureKind

MAX_BYTES = 64 * 1024 * 1024
"""Largest answer, decompressed. A chart of 100,000 candles is about 10 MB."""

MAX_ERROR_BYTES = 64 * 1024
"""What is read of an answer outside 2xx: enough for an envelope; an HTML page is of no interest."""

INFLATE_STEP = 1024 * 1024
"""Most bytes decompressed at once, however small the compressed piece is."""

_GZIP_OR_ZLIB = 47
_EMPTY = "it is empty"


async def read_body(endpoint: Endpoint, response: httpx.Response, scrub: Scrubber) -> bytes:
    """The body, decompressed; of a response outside 2xx as much as can be read, since its status says the most.

    Raises ApiError if it is larger than `MAX_BYTES` or its compression is broken.
    """
    fine = response.is_success
    limit = MAX_BYTES if fine else MAX_ERROR_BYTES
    announced = response.headers.get("content-length", "")
    if fine and announced.isdigit() and len(announced) < 20 and int(announced) > limit:
        raise _too_large(endpoint)
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
                    raise _too_large(endpoint)
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
        raise _too_large(endpoint) from None
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
        return Answer(endpoint, check(endpoint, status, document.tree, scrub), document)
    raise of_status(endpoint, status, response.headers, now, words, scrub.refused)


def _page(response: httpx.Response, raw: bytes) -> str:
    """What stands in place of JSON, in words; empty if nothing can be said."""
    if not raw.strip():
        return _EMPTY
    if "html" in response.headers.get("content-type", "").lower() or raw.lstrip()[:1] == b"<":
        return "an HTML page, as a proxy in between would send"
    return ""


def _unreadable(endpoint: Endpoint, words: str) -> ApiError:
    return ApiError(FailureKind.MALFORMED, f"{endpoint.words}: the answer cannot be read ({words})")


def _too_large(endpoint: Endpoint) -> ApiError:
    text = f"{endpoint.words}: the answer is larger than a real one can be"
    return ApiError(FailureKind.TOO_LARGE, text)
