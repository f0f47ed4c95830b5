"""One pool of connections to the API: a POST goes out, an `Answer` comes back, everything else is an `ApiError`."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Callable
from enum import Enum, auto
from functools import cache
from typing import TYPE_CHECKING, Any

from qctui.api.answer import Answer
from qctui.api.auth import Credentials, Scrubber, signer
from qctui.api.endpoints import Endpoint
from qctui.api.library_patches import (
    SENDING_BEGINS,
    TCP_CONNECTED,
    TLS_ESTABLISHED,
    has_idle,
    has_unread,
    httpx,
    resolve_in_daemon_threads,
)
from qctui.api.ports import ApiError, Gate, RequestReport
from qctui.api.response import blame_clock, failure_of, http_date, judge, read_body
from qctui.clock import Clock
from qctui.model.recording import NO_ANSWER, Exchange
from qctui.model.resource import FailureKind
from qctui.urls import check_base_url, is_loopback
from qctui.value import Value

if TYPE_CHECKING:
    import ssl

USER_AGENT = "qctui"

MOST_UNUSABLE = 3
"""New connections in a row that brought an answer before anything was asked: the next would do so too."""


class Timeouts(Value):
    """Seconds. Every wait has an end."""

    connect_s: float
    """Name, TCP; then TLS again."""
    read_s: float
    """Between two pieces of the answer."""
    total_s: float
    """The whole exchange: a server that drips must not hold a reader for ever."""


class Pool(Value):
    """How many connections, and how long an idle one is trusted."""

    connections: int
    idle_s: float


class Place(Enum):
    """Which of a connection's requests one is.

    HTTP/1.1 has no numbers on its answers. If the one to the first request comes twice, the second request is given it
    again, the third is given the second's, and so on. Where that must not happen a connection carries two requests at
    most: a `FIRST` with a good answer, whose repetition says nothing bad, and a `LAST`.
    """

    ANY = auto()
    FIRST = auto()
    """On a new connection, which is kept only for a good answer."""
    LAST = auto()
    """On a new connection or after a `FIRST`; the connection is closed."""


@cache
def tls_context() -> ssl.SSLContext:
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
        observer: Callable[[RequestReport], None] | None = None,
        record: Callable[[Exchange], None] | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self.base_url = check_base_url(base_url)
        self.user_id = credentials.user_id
        """Who is signed in."""
        self._sign = signer(credentials, clock)
        self.clock = clock
        """The clock of the timeouts, the signatures and the reports."""
        self.pool = pool
        """How many connections may stand at once."""
        self._observer = observer
        self._record = record
        self._transport = transport
        self._opened: httpx.AsyncClient | None = None
        self.scrub = Scrubber(credentials)
        """Makes outside text fit for messages."""

    def __repr__(self) -> str:
        return f"Channel({self.base_url!r})"

    async def aclose(self) -> None:
        """Close every connection; what is under way ends with a failure."""
        if self._opened is not None:
            await self._opened.aclose()

    async def post(
        self,
        endpoint: Endpoint,
        body: dict[str, object],
        *,
        timeouts: Timeouts,
        gate: Gate | None = None,
        place: Place = Place.ANY,
    ) -> Answer:
        """Send one POST, once, and give its successful answer.

        `gate` is awaited right before the first byte leaves; an ApiError it raises keeps everything from being
        written and comes out of here.
        """
        call = _Call(self, endpoint, body, gate, place)
        try:
            async with asyncio.timeout(timeouts.total_s):
                answer = await call.run(timeouts)
        except ApiError as error:
            if not call.stopped_by_gate:
                call.report(error)
            raise blame_clock(error, call.skew_s) from None
        except Exception as error:
            # Everything: nothing but ApiError may come out, and a transport may raise what it likes.
            failure = failure_of(endpoint, error, may_have_acted=call.may_have_acted, scrub=self.scrub)
            call.report(failure)
            raise failure from None
        finally:
            await call.close_half_open()
        call.report(None)
        return answer

    def open(self) -> httpx.AsyncClient:
        """The client under all this.

        Proxies of the environment are used, as a company's network may need, except towards this machine: a proxy would
        reach its own loopback, and few people exempt theirs. On loopback there is no TLS, so no certificates are read.
        """
        if self._opened is None:
            local = is_loopback(self.base_url)
            resolve_in_daemon_threads(asyncio.get_running_loop())
            try:
                self._opened = httpx.AsyncClient(
                    auth=self._sign,
                    headers={"User-Agent": USER_AGENT, "Accept": "application/json", "Accept-Encoding": "gzip"},
                    verify=False if self.base_url.startswith("http:") else tls_context(),
                    trust_env=not local,
                    limits=httpx.Limits(
                        max_connections=self.pool.connections,
                        max_keepalive_connections=self.pool.connections,
                        keepalive_expiry=self.pool.idle_s,
                    ),
                    follow_redirects=False,
                    transport=self._transport,
                )
            except (ValueError, ImportError) as error:
                # The environment names a proxy of a kind that cannot be used; its address may hold a password.
                text = f"the proxy named by the environment cannot be used ({type(error).__name__})"
                raise ApiError(FailureKind.CONNECT, text, may_have_acted=False) from None
            except OSError as error:
                text = f"the trusted certificates cannot be read ({self.scrub(error.strerror)})"
                raise ApiError(FailureKind.CONNECT, text, may_have_acted=False) from None
        return self._opened

    def has_idle(self) -> bool:
        """Whether a connection stands that nothing is using."""
        return self._opened is not None and has_idle(self._opened)

    @property
    def traced(self) -> bool:
        """Whether the transport reports when a request's first byte leaves."""
        return self._transport is None or isinstance(self._transport, httpx.AsyncHTTPTransport)

    def report(self, report: RequestReport, exchange: Exchange) -> None:
        """Hand a finished request to the observer and to whoever records, if there are any."""
        if self._record is not None:
            self._record(exchange)
        if self._observer is not None:
            self._observer(report)


class _UnusableConnection(Exception):
    """Nothing was written to the connection: it brought something before that, or has carried another request."""


class _Call:
    """One request under way."""

    def __init__(
        self, channel: Channel, endpoint: Endpoint, body: dict[str, object], gate: Gate | None, place: Place
    ) -> None:
        self._channel = channel
        self._endpoint = endpoint
        self._body = body
        self._status: int | None = None
        self._raw = b""
        """What was answered, as far as it was."""
        self._gate = gate
        self._place = place
        self._began_mono = channel.clock.monotonic()
        self._headers: tuple[float, float] | None = None
        """When the answer's headers came, by both clocks: Unix seconds and monotonic."""
        self._server_at: float | None = None
        self.may_have_acted = False
        self._half_open: Any = None
        self._unusable = 0
        """New connections that could not be used."""
        self._is_new = False
        """The connection was made for this request."""
        self.stopped_by_gate = False
        """Nothing was sent, which says nothing of the connection: there is no report."""

    async def run(self, timeouts: Timeouts) -> Answer:
        """Write the request to one connection, which has brought nothing but the answers it was asked for."""
        # As many as were idle may be unusable. Should nothing tell any longer which are new, this ends too.
        for _ in range(self._channel.pool.connections + MOST_UNUSABLE):
            try:
                return await self._attempt(timeouts)
            except _UnusableConnection:  # the pool has closed it and gives another
                self._unusable += self._is_new
            if self._unusable >= MOST_UNUSABLE:
                break
        words = "the API's side answers before it is asked"
        raise self._endpoint.failure(FailureKind.CONNECT, words, may_have_acted=False)

    async def _attempt(self, timeouts: Timeouts) -> Answer:
        channel, endpoint = self._channel, self._endpoint
        self._is_new = False
        client = channel.open()
        # A full pool is waited for as long as an answer is.
        timeout = httpx.Timeout(timeouts.read_s, connect=timeouts.connect_s)
        # Escaped throughout: half a surrogate pair, which the name of a chart may have, can't be sent otherwise.
        content = json.dumps(self._body, separators=(",", ":"), allow_nan=False).encode()
        address, headers = f"{channel.base_url}/{endpoint.path}", {"Content-Type": "application/json"}
        if self._place is Place.LAST:
            headers["Connection"] = "close"
        request = client.build_request("POST", address, content=content, headers=headers, timeout=timeout)
        if channel.traced:
            request.extensions["trace"] = self._trace
        else:
            await self._pass_gate()
        response = await client.send(request, stream=True)
        try:
            self._note_headers(response)
            self._raw = await read_body(endpoint, response, channel.scrub)
            return await judge(endpoint, response, self._raw, channel.scrub, channel.clock.now())
        except ApiError:
            if self._place is Place.FIRST and "network_stream" in response.extensions:
                await response.extensions["network_stream"].aclose()
            raise
        finally:
            await response.aclose()

    @property
    def skew_s(self) -> float | None:
        """The API's clock minus ours, by the answer's Date header; None without one."""
        return None if self._server_at is None or self._headers is None else self._server_at - self._headers[0]

    async def close_half_open(self) -> None:
        """Close a connection that was given up between TCP and TLS: httpcore forgets one that is cancelled there."""
        if self._half_open is not None:
            with contextlib.suppress(OSError):
                await self._half_open.aclose()

    async def _trace(self, event: str, info: dict[str, Any]) -> None:
        if event.endswith(TCP_CONNECTED):
            self._half_open = info.get("return_value")
            self._is_new = True
        elif event in (TLS_ESTABLISHED, SENDING_BEGINS):
            self._half_open = None
        # Through a proxy the CONNECT that opens the tunnel has the same event: nothing of ours is in it.
        request = info.get("request")
        if event == SENDING_BEGINS and getattr(request, "method", b"POST") == b"POST":
            if self._place is Place.FIRST and not self._is_new:
                raise _UnusableConnection
            self._refuse_unread(request)
            await self._pass_gate(request)

    async def _pass_gate(self, request: Any = None) -> None:
        """Await the gate right before the first byte. `request` is httpcore's, if it goes over a network."""
        if self._gate is not None:
            try:
                await self._gate()
            except ApiError:
                self.stopped_by_gate = True
                raise
            if request is not None:
                # The gate may have taken its time.
                self._refuse_unread(request)
        self.may_have_acted = True

    def _refuse_unread(self, request: Any) -> None:
        if has_unread(self._channel.open(), request):
            raise _UnusableConnection

    def _note_headers(self, response: httpx.Response) -> None:
        self.may_have_acted = True  # an answer proves that the request went out
        self._status = response.status_code
        self._headers = self._channel.clock.now(), self._channel.clock.monotonic()
        self._server_at = http_date(response.headers.get("date", ""))

    def report(self, failure: ApiError | None) -> None:
        """Report that the request has ended, with which failure or none. Where no whole answer came, the recording has
        the reason in its place."""
        kind = None if failure is None else failure.kind
        body = failure.message.encode() if failure is not None and kind in NO_ANSWER else self._raw
        clock = self._channel.clock
        at, ended_mono = self._headers or (clock.now(), clock.monotonic())
        latency = max(0.0, ended_mono - self._began_mono)
        path = self._endpoint.path
        self._channel.report(
            RequestReport(path, latency, self._server_at, kind, at),
            Exchange(path, self._body, self._status, body, kind, latency),
        )
