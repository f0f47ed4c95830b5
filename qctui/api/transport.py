"""One pool of connections to the API: a POST goes out, bytes come back, everything else is an `ApiError`."""

from __future__ import annotations

import asyncio
import contextlib
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from qctui.api import failures
from qctui.api.auth import Credentials, QuantConnectAuth
from qctui.api.decode import DecodeError, Document, TooLargeError, decode
from qctui.api.endpoints import Endpoint
from qctui.api.envelope import check, said_by
from qctui.api.errors import ApiError
from qctui.api.inflate import Inflate
from qctui.api.library_patches import (
    SENDING_BEGINS,
    TCP_STANDS,
    TLS_STANDS,
    has_idle,
    has_unread,
    httpx,
    resolve_in_daemon_threads,
)
from qctui.api.limits import MAX_BYTES, MAX_ERROR_BYTES, Pool, Timeouts
from qctui.api.ports import Exchange, Gate
from qctui.api.scrub import Scrubber
from qctui.clock import Clock
from qctui.model.resource import FailureKind
from qctui.urls import check_base_url, is_loopback

if TYPE_CHECKING:
    import ssl

USER_AGENT = "qctui"
EMPTY = "it is empty"

MOST_UNFIT = 3
"""New connections in a row that brought an answer before anything was asked: the next would do so too."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A successful answer: the envelope has been checked."""

    members: dict[str, object]
    """Top-level members under folded names."""
    document: Document


@cache
def _tls() -> ssl.SSLContext:
    """The trusted certificates, read once and when first needed: 15 ms."""
    return httpx.create_ssl_context()


class Channel:
    """One pool of connections. Made at once; opened, with its certificates read, when first used."""

    def __init__(
        self,
        base_url: str,
        credentials: Credentials,
        *,
        clock: Clock,
        pool: Pool,
        timeouts: Timeouts,
        observer: Callable[[Exchange], None] | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._base_url = check_base_url(base_url)
        self._auth = QuantConnectAuth(credentials, clock)
        self._clock = clock
        self._pool = pool
        self._timeouts = timeouts
        self._observer = observer
        self._transport = transport
        self._opened: httpx.AsyncClient | None = None
        self.refused = credentials.refused
        """What is said when the API does not accept the credentials."""
        self.scrub = Scrubber(credentials)
        """Makes outside text fit for messages."""

    def __repr__(self) -> str:
        return f"Channel({self._base_url!r})"

    async def aclose(self) -> None:
        """Close every connection; what is under way ends with a failure."""
        if self._opened is not None:
            await self._opened.aclose()

    async def post(
        self,
        endpoint: Endpoint,
        body: dict[str, object],
        *,
        timeouts: Timeouts | None = None,
        gate: Gate | None = None,
    ) -> Answer:
        """Send one POST, once, and give its successful answer.

        `gate` is awaited right before the first byte leaves; an ApiError it raises keeps everything from being
        written and comes out of here.
        """
        limits = timeouts or self._timeouts
        call = _Call(self, endpoint, gate)
        try:
            async with asyncio.timeout(limits.total_s):
                answer = await call.run(body, limits)
        except ApiError as error:
            if not call.called_off:
                call.observe(error.kind)
            raise failures.blame_clock(error, call.skew_s) from None
        except Exception as error:
            # Everything: the promise is that nothing but ApiError comes out, and a transport may raise what it likes.
            failure = failures.of_exception(endpoint, error, may_have_acted=call.may_have_acted, scrub=self.scrub)
            call.observe(failure.kind)
            raise failure from None
        finally:
            await call.let_go()
        call.observe(None)
        return answer

    def open(self) -> httpx.AsyncClient:
        """The client under all this.

        Proxies of the environment are used, as a company's network may need, except towards this machine: a proxy would
        reach its own loopback, and few people exempt theirs. On loopback there is no TLS, so no certificates are read.
        """
        if self._opened is None:
            local = is_loopback(self._base_url)
            resolve_in_daemon_threads(asyncio.get_running_loop())
            try:
                self._opened = httpx.AsyncClient(
                    auth=self._auth,
                    headers={"User-Agent": USER_AGENT, "Accept": "application/json", "Accept-Encoding": "gzip"},
                    verify=False if self._base_url.startswith("http:") else _tls(),
                    trust_env=not local,
                    limits=httpx.Limits(
                        max_connections=self._pool.connections,
                        max_keepalive_connections=self._pool.connections,
                        keepalive_expiry=self._pool.idle_s,
                    ),
                    follow_redirects=False,
                    transport=self._transport,
                )
            except (ValueError, ImportError) as error:
                # The environment names a proxy of a kind that cannot be used; its address may hold a password.
                kind = type(error).__name__
                raise ApiError(
                    FailureKind.CONNECT,
                    f"the proxy named by the environment cannot be used ({kind})",
                    may_have_acted=False,
                ) from None
            except OSError as error:
                text = f"the trusted certificates cannot be read ({self.scrub(error.strerror)})"
                raise ApiError(FailureKind.CONNECT, text, may_have_acted=False) from None
        return self._opened

    def has_idle(self) -> bool:
        """Whether a connection stands that nothing is using."""
        return self._opened is not None and has_idle(self._opened)

    @property
    def traced(self) -> bool:
        """Whether the transport tells when a request's first byte leaves."""
        return self._transport is None or isinstance(self._transport, httpx.AsyncHTTPTransport)

    @property
    def clock(self) -> Clock:
        """The time of everything here."""
        return self._clock

    def url(self, endpoint: Endpoint) -> str:
        """The endpoint's address."""
        return f"{self._base_url}/{endpoint.path}"

    def observe(self, exchange: Exchange) -> None:
        """Tell whoever watches the connection."""
        if self._observer is not None:
            self._observer(exchange)


class _Unfit(Exception):
    """The connection brought something before the request was written, and nothing was written to it."""


class _Call:
    """One request under way."""

    def __init__(self, channel: Channel, endpoint: Endpoint, gate: Gate | None) -> None:
        self._channel = channel
        self._endpoint = endpoint
        self._gate = gate
        self._began_mono = channel.clock.monotonic()
        self._headers_mono: float | None = None
        self._headers_at: float | None = None
        self._server_at: float | None = None
        self.may_have_acted = False
        self._half_open: Any = None
        self._unfit = 0
        """New connections that could not be used."""
        self._is_new = False
        """The connection was made for this request."""
        self.called_off = False
        """By `gate`, which says nothing of the connection: nobody is told of such an exchange."""

    async def run(self, body: dict[str, object], limits: Timeouts) -> Answer:
        """Write the request to one connection, which has brought nothing but the answers it was asked for."""
        while True:
            try:
                return await self._attempt(body, limits)
            except _Unfit:
                # The pool has closed it and gives another. As many as were idle may be like it.
                self._unfit += self._is_new
            if self._unfit >= MOST_UNFIT:
                words = f"{self._endpoint.words}: the API's side answers before it is asked"
                raise ApiError(FailureKind.CONNECT, words, may_have_acted=False)

    async def _attempt(self, body: dict[str, object], limits: Timeouts) -> Answer:
        channel, endpoint = self._channel, self._endpoint
        self._is_new = False
        client = channel.open()
        request = client.build_request("POST", channel.url(endpoint), json=body, timeout=limits.as_httpx())
        if channel.traced:
            request.extensions["trace"] = self._trace
        else:
            await self._leaves()
        response = await client.send(request, stream=True)
        try:
            self._note_headers(response)
            raw = await self._body(response)
        finally:
            await response.aclose()
        return await self._judge(response, raw)

    @property
    def skew_s(self) -> float | None:
        """The API's clock minus ours, by the answer's Date header; None without one."""
        if self._server_at is None or self._headers_at is None:
            return None
        return self._server_at - self._headers_at

    async def let_go(self) -> None:
        """Close a connection that was given up between TCP and TLS: httpcore forgets it when it is cancelled there."""
        if self._half_open is not None:
            with contextlib.suppress(OSError):
                await self._half_open.aclose()

    async def _trace(self, event: str, info: dict[str, Any]) -> None:
        if event == TCP_STANDS:
            self._half_open = info["return_value"]
            self._is_new = True
        elif event in (TLS_STANDS, SENDING_BEGINS):
            self._half_open = None
        # Through a proxy the same event tells of the CONNECT that opens the tunnel: nothing of ours is in it.
        if event == SENDING_BEGINS and info["request"].method == b"POST":
            self._insist_on_silence(info["request"])
            await self._leaves(info["request"])

    async def _leaves(self, request: Any = None) -> None:
        """The last moment before the first byte: `request` is httpcore's, if it goes over a wire."""
        if self._gate is not None:
            try:
                await self._gate()
            except ApiError:
                self.called_off = True
                raise
            if request is not None:
                # The gate may have taken its time.
                self._insist_on_silence(request)
        self.may_have_acted = True

    def _insist_on_silence(self, request: Any) -> None:
        if has_unread(self._channel.open(), request):
            raise _Unfit

    def _note_headers(self, response: httpx.Response) -> None:
        clock = self._channel.clock
        self._headers_mono, self._headers_at = clock.monotonic(), clock.now()
        self._server_at = failures.http_date(response.headers.get("date", ""))

    async def _body(self, response: httpx.Response) -> bytes:
        fine = response.is_success
        limit = MAX_BYTES if fine else MAX_ERROR_BYTES
        told = response.headers.get("content-length", "")
        if fine and told.isdigit() and len(told) < 20 and int(told) > limit:
            raise self._too_large()
        if response.is_stream_consumed:
            return response.content  # a transport in memory made it whole, and httpx has decompressed it
        coding = response.headers.get("content-encoding", "identity").strip().lower()
        inflate = None if coding in ("", "identity") else Inflate()
        pieces: list[bytes] = []
        size = 0
        try:
            async for piece in response.aiter_raw():
                for part in inflate.parts(piece) if inflate else (piece,):
                    size += len(part)
                    if size > limit and fine:
                        raise self._too_large()
                    if size > limit:
                        return b"".join(pieces)
                    pieces.append(part)
            if inflate is not None:
                inflate.finish()
        except httpx.TransportError:
            if fine:
                raise
            return b"".join(pieces)  # the status is known, and with 401 or 429 it is all that matters
        except zlib.error:
            if fine:
                raise self._malformed(f"its compression ({self._channel.scrub(coding)}) is broken") from None
            return b""
        return b"".join(pieces)

    async def _judge(self, response: httpx.Response, raw: bytes) -> Answer:
        status, scrub = response.status_code, self._channel.scrub
        try:
            document = await decode(raw)
        except TooLargeError:
            raise self._too_large() from None
        except DecodeError as error:
            page = _page(response, raw)
            if response.is_success:
                raise self._malformed(page or str(error)) from None
            document, said = Document(None), "" if page == EMPTY else page
        else:
            said = scrub(said_by(document.tree))
        # A refusal in the API's own words; 401, 429 and 5xx mean more than their text.
        speaks = 400 <= status < 500 and status not in (401, 429) and isinstance(document.tree, dict)
        if response.is_success or speaks:
            return Answer(check(self._endpoint, status, document.tree, scrub, self._channel.refused), document)
        now = self._channel.clock.now()
        raise failures.of_status(self._endpoint, status, response.headers, now, said, self._channel.refused)

    def _malformed(self, words: str) -> ApiError:
        return ApiError(FailureKind.MALFORMED, f"{self._endpoint.words}: the answer cannot be read ({words})")

    def _too_large(self) -> ApiError:
        text = f"{self._endpoint.words}: the answer is larger than a real one can be"
        return ApiError(FailureKind.TOO_LARGE, text)

    def observe(self, kind: FailureKind | None) -> None:
        clock = self._channel.clock
        ended = self._headers_mono if self._headers_mono is not None else clock.monotonic()
        at = self._headers_at if self._headers_at is not None else clock.now()
        latency = max(0.0, ended - self._began_mono)
        self._channel.observe(Exchange(self._endpoint.path, latency, self._server_at, kind, at))


def _page(response: httpx.Response, raw: bytes) -> str:
    """What stands in place of JSON, in words; empty if nothing can be said."""
    if not raw.strip():
        return EMPTY
    if "html" in response.headers.get("content-type", "").lower() or raw.lstrip()[:1] == b"<":
        return "an HTML page, as a proxy in between would send"
    return ""
