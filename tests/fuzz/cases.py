"""What is answered to one question: everything about it follows from its number."""

from __future__ import annotations

import itertools
import json
import random
import zlib
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass, field
from functools import cache

import httpcore

from qctui.api.library_patches import httpx
from tests.api.samples import CALLS, DEPLOY_ID
from tests.fuzz.mutations import GOOD, ODD_TEXTS, PLAIN, body_for, broken, compressed, place

QUESTIONS = {kind: ask for kind, ask in CALLS.items() if kind not in PLAIN} | {
    "compile": lambda c: c.triggers.compile(7),
    "compile of an id": lambda c: c.triggers.fetch_compile(7, "c1"),
    "live_logs_read with words": lambda c: c.reads.fetch_logs(31000017, DEPLOY_ID, 0, 200, "error"),
    "live_read of an id": lambda c: c.reads.fetch_detail(31000017, DEPLOY_ID),
    "live_list of a project": lambda c: c.triggers.fetch_deployments(31000017),
    "live_read for a trigger": lambda c: c.triggers.fetch_detail(31000017),
    "live_portfolio_read for a trigger": lambda c: c.triggers.fetch_portfolio(31000017),
}
"""Every question that the client has; the first word of each is the kind of its answers."""

LARGE_EVERY = 5_000
"""How many bodies there are to one of megabytes."""
ON_THE_WIRE = 0.1
"""The part that comes as bytes of HTTP, read by httpcore and h11; the others begin where those have ended."""

STATUSES = (
    *(201, 202, 203, 204, 206, 299, 300, 301, 302, 304, 307, 400, 400, 401, 403, 404, 405, 408, 409, 413, 418, 422),
    *(429, 429, 451, 499, 500, 500, 501, 502, 503, 503, 504, 520, 599),
)
TYPES = (
    *(
        "application/json",
        "application/json; charset=utf-8",
        "application/json; charset=utf-16",
        "text/html",
        "text/plain",
    ),
    *("application/json; charset=latin-1", "application/json; charset=nothing-at-all", "text/html; charset=\x7f", ""),
    *("application/octet-stream", "multipart/form-data", "application/json" * 100),
)
WAITS = (
    *("1", "0", "-5", "1e9", "1e999", "NaN", "inf", "99999999999999999999", "soon", "", "1_0", "٣"),
    *(
        "Fri, 20 Nov 2026 15:00:00 GMT",
        "Fri, 31 Feb 2026 25:61:61 GMT",
        "Fri, 20 Nov 99999 15:00:00 GMT",
        "20 Nov",
        ",",
    ),
)
ENDS = (
    httpx.ReadError("broke"),
    httpx.RemoteProtocolError("peer closed connection without sending complete message body"),
    httpx.RemoteProtocolError("illegal chunk header"),
    httpx.ReadTimeout("late"),
    ConnectionResetError(104, "reset"),
)


@dataclass
class Case:
    """One answer."""

    question: str
    status: int
    headers: list[tuple[str, str]] = field(default_factory=list)
    pieces: Iterable[bytes] = ()
    end: Exception | None = None
    """What the answer breaks off with."""
    wire: list[bytes] | None = None
    """The bytes of HTTP, if it comes as such."""

    def __str__(self) -> str:
        whole = self.wire if self.wire is not None else self.pieces
        begin = b"".join(itertools.islice(whole, 4))[:600]
        return f"{self.question!r} answered with {self.status} {self.headers} {begin!r}, {self.end!r} at its end"


def case_of(number: int) -> Case:
    """The case of a number."""
    rng = random.Random(number)
    if number % LARGE_EVERY == LARGE_EVERY - 1:
        return rng.choice(LARGE)(rng)
    question = rng.choice(list(QUESTIONS))
    raw = body_for(rng, question.partition(" ")[0])
    status = 200 if rng.random() < 0.82 else rng.choice(STATUSES)
    headers = _headers(rng, raw)
    if rng.random() < 0.08:
        raw, coding = compressed(rng, raw)
        headers.append(("Content-Encoding", coding))
    case = Case(question, status, headers)
    if rng.random() < ON_THE_WIRE:
        case.wire = _cut_up(rng, _http(rng, status, headers, raw))
    else:
        case.pieces = _cut_up(rng, raw)
        case.end = rng.choice(ENDS) if rng.random() < 0.02 else None
    return case


def _headers(rng: random.Random, raw: bytes) -> list[tuple[str, str]]:
    headers = [("Content-Type", "application/json" if rng.random() < 0.9 else rng.choice(TYPES))]
    if rng.random() < 0.1:
        length = rng.choice((str(len(raw)), "0", "-1", str(2**40), "9" * 30, "1e3", "٣", "", f"{len(raw)}, 7"))
        headers.append(("Content-Length", length))
    if rng.random() < 0.1:
        headers.append(("Date", rng.choice(WAITS)))
    if rng.random() < 0.1:
        headers.append(("Retry-After", rng.choice(WAITS)))
    return headers


def _cut_up(rng: random.Random, raw: bytes) -> list[bytes]:
    """The bytes in as many pieces as a network may make of them."""
    if rng.random() < 0.7 or not raw:
        return [raw]
    step = rng.choice((len(raw) // 2 + 1, len(raw) // 7 + 1, 1 + len(raw) // 200))
    return [raw[at : at + step] for at in range(0, len(raw), step)]


def _http(rng: random.Random, status: int, headers: list[tuple[str, str]], raw: bytes) -> bytes:
    """The answer as it is on a connection, right or wrong."""
    lines = [f"HTTP/1.{rng.choice('1110')} {status} {rng.choice(('OK', '', 'Oh no', rng.choice(ODD_TEXTS)[:80]))}"]
    lines += [f"{name}: {value}" for name, value in headers]
    if rng.random() < 0.3:
        lines.append("Transfer-Encoding: chunked")
        middle = len(raw) // 2
        raw = (
            b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in (raw[:middle], raw[middle:]) if part)
            + b"0\r\n\r\n"
        )
    elif all(name != "Content-Length" for name, _ in headers):
        lines.append(f"Content-Length: {len(raw) + rng.choice((0, 0, 0, 0, -1, 1, 1000))}")
    if rng.random() < 0.05:
        lines.append(rng.choice(("X: " + "y" * 200_000, "no colon", ": no name", "A\x00: b", " folded", "X: \x1b[31m")))
    head = "\r\n".join(lines).encode("utf-8", "surrogatepass") + b"\r\n\r\n"
    if rng.random() < 0.05:
        head = (
            rng.choice((b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 103 Early Hints\r\n\r\n", b"\r\n", b"SSH-2.0\r\n"))
            + head
        )
    return (broken(rng, head) if rng.random() < 0.15 else head) + raw


@cache
def _bomb() -> bytes:
    """A quarter of a megabyte that decompresses to four times what is read at most."""
    coder = zlib.compressobj(9, wbits=31)
    return b"".join(coder.compress(bytes(1 << 20)) for _ in range(256)) + coder.flush()


def _many(prefix: bytes, one: bytes, suffix: bytes, megabytes: int) -> Iterable[bytes]:
    """A body in which one element stands so often that it has this size, in pieces of a megabyte."""
    block = one * ((1 << 20) // len(one))
    return [prefix, *[block] * megabytes, one.rstrip(b", ") + suffix]


def _points(rng: random.Random) -> Case:
    one = rng.choice(
        (b"[1795185000,100.5],", b"[1795185000,1,2,3,4],", b'{"x":1795185000,"y":1.25},', b"null,", b"[],")
    )
    series = b'{"success":true,"chart":{"name":"A","series":{"a":{"name":"a","seriesType":0,"values":['
    body = _many(series, one, b"]}}}}", rng.choice((1, 1, 4, 8, 70)))
    return Case("live_chart_read", 200, pieces=body)


def _anywhere(rng: random.Random) -> Case:
    """Megabytes of small things in some place of a good answer."""
    question = rng.choice(list(QUESTIONS))
    body = json.loads(rng.choice(GOOD[question.partition(" ")[0]]))
    holder, key = place(rng, body)
    was, holder[key] = holder[key], "\0"
    before, _, after = json.dumps(body).encode().partition(b'"\\u0000"')
    first = (
        was[0] if isinstance(was, list) and was else next(iter(was.values())) if isinstance(was, dict) and was else was
    )
    one = rng.choice(
        (json.dumps(first).encode(), b"{}", b"[]", b"1", b'"a"', b"null", b'{"id":1}', b'{"name":"a","value":1}')
    )
    megabytes = rng.choice((1, 1, 4, 7, 70))
    if rng.random() < 0.5:
        return Case(question, 200, pieces=_many(before + b"[", one + b",", b"]" + after, megabytes))
    count = min(megabytes, 7) * 2**20 // (len(one) + 9)
    return Case(
        question, 200, pieces=[before, b"{", b",".join(b'"%d":%b' % (n, one) for n in range(count)), b"}", after]
    )


def _endless(rng: random.Random) -> Case:
    block = rng.choice((b" ", b"a", b"[", b'{"a":', b'"', b"\x00", b"1", b"\\")) * (1 << 18)
    return Case(rng.choice(list(QUESTIONS)), rng.choice((200, 200, 500, 404)), pieces=itertools.repeat(block, 1_024))


def _compressed_bomb(rng: random.Random) -> Case:
    coding = [("Content-Encoding", rng.choice(("gzip", "deflate")))]
    return Case(rng.choice(list(QUESTIONS)), rng.choice((200, 200, 500)), coding, [_bomb()])


def _long_text(rng: random.Random) -> Case:
    letter = rng.choice((b"a", b"\\u202e", b"\\ud800", b"\xf0\x9f\x98\x80", b"\\n", b"[", b"9"))
    question = rng.choice(list(QUESTIONS))
    name = rng.choice((b"message", b"errors", b"deployId", b"status", b"success"))
    body = _many(b'{"success":true,"%b":"' % name, letter, b'"}', rng.choice((1, 6)))
    return Case(question, rng.choice((200, 400)), pieces=body)


LARGE: tuple[Callable[[random.Random], Case], ...] = (
    *(_anywhere, _anywhere, _anywhere, _anywhere, _points, _endless, _compressed_bomb, _long_text),
)


class Body(httpx.AsyncByteStream):
    """The body of a case, as it comes."""

    def __init__(self, case: Case) -> None:
        self._case = case

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self._case.pieces:
            yield piece
        if self._case.end is not None:
            raise self._case.end


class Wire(httpcore.AsyncNetworkBackend):
    """A network on which every connection brings the bytes of the present case, and then ends."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []

    async def connect_tcp(self, *_: object, **__: object) -> httpcore.AsyncNetworkStream:
        return _Stream(list(self.pieces))


class _Stream(httpcore.AsyncNetworkStream):
    def __init__(self, pieces: list[bytes]) -> None:
        self._pieces = pieces[::-1]

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        if not self._pieces:
            return b""
        piece = self._pieces.pop()
        if len(piece) > max_bytes:
            self._pieces.append(piece[max_bytes:])
        return piece[:max_bytes]

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        return None

    async def aclose(self) -> None:
        self._pieces = []

    def get_extra_info(self, info: str) -> object:
        return None


class Answers(httpx.AsyncBaseTransport):
    """The network of the client: answers every request with the case that is set."""

    def __init__(self) -> None:
        self.case = Case("error", 200)
        self.requests = 0
        self._wire = Wire()
        self._http = httpx.AsyncHTTPTransport()
        self._http._pool = httpcore.AsyncConnectionPool(network_backend=self._wire, max_keepalive_connections=0)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.requests += 1
        case = self.case
        if case.wire is None:
            # As latin-1, which is what a header is: httpx itself would refuse other letters.
            headers = [(name.encode(), value.encode("utf-8", "surrogatepass")) for name, value in case.headers]
            return httpx.Response(case.status, headers=headers, stream=Body(case))
        self._wire.pieces = case.wire
        return await self._http.handle_async_request(request)
