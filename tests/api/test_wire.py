from __future__ import annotations

import asyncio
import gzip
import socket
import ssl
import threading
import zlib
from collections.abc import Callable

import pytest

from qctui.api import response
from qctui.api.client import READ_TIMEOUTS
from qctui.api.library_patches import httpx
from qctui.api.ports import ApiError, RequestReport
from qctui.api.transport import Timeouts
from qctui.model.resource import FailureKind
from tests.api.support import (
    Handler,
    Requests,
    abort,
    client_for,
    failure_of,
    http,
    loopback_client,
    raw_server,
    reply,
    run,
)

BODY = b'{"success": true, "status": "Running"}'
BRIEF = Timeouts(connect_s=1.0, read_s=0.05, total_s=5.0)
PATIENT = Timeouts(connect_s=1.0, read_s=60.0, total_s=0.1)

READ = "deployment: "
STOP = "stop: "
BROKEN = "the connection broke before the answer was complete"


def sends(*pieces: bytes, then: Callable[[asyncio.StreamWriter], None] | None = None) -> Handler:
    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, received: Requests) -> None:
        await received.read(reader)
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
        if then is not None:
            then(writer)

    return handler


def ends_with(handler: Handler, timeouts: Timeouts | None = None) -> tuple[ApiError, int, list[RequestReport]]:
    """The failure of one check on the trigger's connections, how many requests it cost, and what was observed."""
    exchanges: list[RequestReport] = []

    async def go() -> tuple[ApiError, int]:
        async with raw_server(handler) as (url, received):
            client = loopback_client(url, exchanges=exchanges, timeouts=timeouts or READ_TIMEOUTS)
            error = await failure_of(client.triggers.fetch_detail(1))
            await client.aclose()
            return error, received.posts

    error, posts = run(go())
    return error, posts, exchanges


async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, received: Requests) -> None:
    await received.read(reader)
    await asyncio.Event().wait()


async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, received: Requests) -> None:
    await received.read(reader)


async def begin_and_hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, received: Requests) -> None:
    await received.read(reader)
    writer.write(http(BODY)[:-5])
    await asyncio.Event().wait()


@pytest.mark.parametrize(
    ("handler", "timeouts", "kind", "message"),
    [
        (hang, BRIEF, FailureKind.TIMEOUT, "deployment: no answer in time"),
        (begin_and_hang, BRIEF, FailureKind.TIMEOUT, "deployment: no answer in time"),
        (begin_and_hang, PATIENT, FailureKind.TIMEOUT, "deployment: no answer in time"),
        (hang_up, None, FailureKind.RESET, READ + BROKEN),
        (sends(then=abort), None, FailureKind.RESET, READ + BROKEN),
        (sends(http(BODY)[:-5]), None, FailureKind.RESET, READ + BROKEN),
        (sends(http(BODY)[:20]), None, FailureKind.RESET, READ + BROKEN),
        (sends(http(BODY)[:-5], then=abort), None, FailureKind.RESET,
         READ + BROKEN),
        (sends(b"SSH-2.0-OpenSSH\r\n\r\n"), None, FailureKind.MALFORMED, "deployment: the answer is not HTTP"),
        (sends(http(BODY, "200 OK", "Content-Encoding: gzip")), None, FailureKind.MALFORMED,
         "deployment: the answer cannot be read (its compression (gzip) is broken)"),
        (sends(http(gzip.compress(BODY)[:-12], "200 OK", "Content-Encoding: gzip")), None, FailureKind.MALFORMED,
         "deployment: the answer cannot be read (its compression (gzip) is broken)"),
        (sends(http(BODY, "200 OK", "Content-Encoding: br")), None, FailureKind.MALFORMED,
         "deployment: the answer cannot be read (its compression (br) is broken)"),
        (sends(b"HTTP/1.1 200 OK\r\nContent-Length: 999999999999\r\n\r\n"), None, FailureKind.TOO_LARGE,
         "deployment: the answer is larger than a real one can be"),
        (sends(http(b"<html>" + b"x" * 300_000, "502 Bad Gateway")), None, FailureKind.SERVER,
         "deployment: HTTP 502, server error: an HTML page, as a proxy in between would send"),
        (sends(b"HTTP/1.1 500 Oh\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc"), None, FailureKind.SERVER,
         "deployment: server error (could also be rejected credentials)"),
    ],
)  # fmt: skip
def test_each_way_to_fail(handler: Handler, timeouts: Timeouts | None, kind: FailureKind, message: str) -> None:
    error, posts, exchanges = ends_with(handler, timeouts)
    assert (error.kind, error.message) == (kind, message)
    assert error.may_have_acted
    assert not error.answered
    assert posts == 1
    assert [exchange.failure for exchange in exchanges] == [kind]


@pytest.mark.parametrize("encode", [gzip.compress, zlib.compress])
def test_compressed_answers(encode: Callable[[bytes], bytes]) -> None:
    async def go() -> str:
        async with raw_server(sends(http(encode(BODY), "200 OK", "Content-Encoding: gzip"))) as (url, received):
            client = loopback_client(url)
            detail = await client.reads.fetch_detail(1)
            await client.aclose()
            assert b"accept-encoding: gzip" in received.heads[0].lower()
            return detail.status

    assert run(go()) == "Running"


def test_an_answer_that_swells_is_refused_early(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(response, "MAX_BYTES", 3 << 20)
    bomb = gzip.compress(b" " * (200 << 20), 1)
    error, _, _ = ends_with(sends(http(bomb, "200 OK", "Content-Encoding: gzip")))
    assert (error.kind, error.message) == (
        FailureKind.TOO_LARGE,
        "deployment: the answer is larger than a real one can be",
    )


def test_an_endless_answer_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(response, "MAX_BYTES", 3 << 20)

    async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, received: Requests) -> None:
        await received.read(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
        while True:
            writer.write(b" " * 65536)
            await writer.drain()

    assert ends_with(endless)[0].kind is FailureKind.TOO_LARGE


@pytest.mark.parametrize(
    ("error", "kind", "acted", "message"),
    [
        (httpx.ConnectTimeout("x"), FailureKind.CONNECT, False, "stop: no connection to the API in time"),
        (httpx.PoolTimeout("x"), FailureKind.CONNECT, False, "stop: no free connection to the API in time"),
        (httpx.ProxyError("403 Forbidden"), FailureKind.CONNECT, False,
         STOP + "the proxy made no connection (403 Forbidden)"),
        (httpx.ConnectError("x"), FailureKind.CONNECT, False, "stop: no connection to the API"),
        (httpx.ReadTimeout("x"), FailureKind.TIMEOUT, True, "stop: no answer in time"),
        (httpx.WriteTimeout("x"), FailureKind.TIMEOUT, True, "stop: the request could not be sent in time"),
        (httpx.WriteError("x"), FailureKind.RESET, True, STOP + BROKEN),
        (httpx.CloseError("x"), FailureKind.RESET, True, STOP + BROKEN),
        (ConnectionResetError("x"), FailureKind.RESET, True, STOP + BROKEN),
        (httpx.UnsupportedProtocol("x"), FailureKind.INTERNAL, True, "stop: the API's address cannot be used (x)"),
        (RuntimeError("odd\nthing"), FailureKind.INTERNAL, True, "stop: unexpected RuntimeError (odd thing)"),
    ],
)  # fmt: skip
def test_exceptions_of_a_transport(error: Exception, kind: FailureKind, acted: bool, message: str) -> None:
    client, _ = client_for(error)
    told = run(failure_of(client.triggers.stop(1)))
    assert (told.kind, told.may_have_acted, told.answered, told.message) == (kind, acted, False, message)


def caused(outer: Exception, *causes: BaseException) -> Exception:
    current: BaseException = outer
    for cause in causes:
        current.__cause__ = cause
        current = cause
    return outer


def test_name_and_certificate_failures_say_so() -> None:
    untrusted = ssl.SSLCertVerificationError(1, "certificate verify failed")
    untrusted.verify_message = "self-signed certificate"
    cases = {
        "the API's name cannot be resolved (DNS)": caused(httpx.ConnectError("x"), socket.gaierror(-2, "unknown")),
        "the API's certificate is not trusted (self-signed certificate)": caused(httpx.ConnectError("x"), untrusted),
        "no secure connection to the API (TLS failed)": caused(httpx.ConnectError("x"), ssl.SSLError()),
        "no connection to the API (Network is unreachable)": caused(
            httpx.ConnectError("x"), OSError("all failed"), ExceptionGroup("", [OSError(101, "Network is unreachable")])
        ),
    }
    for message, error in cases.items():
        client, _ = client_for(error)
        told = run(failure_of(client.triggers.stop(1)))
        assert told.message == f"stop: {message}"
        assert not told.may_have_acted


def test_tls_to_a_server_without_it_was_never_sent() -> None:
    async def go() -> ApiError:
        async def plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, received: Requests) -> None:
            writer.write(b"220 mail.invalid ready\r\n")
            await reader.read()

        async with raw_server(plain) as (url, _):
            client = loopback_client(url.replace("http://", "https://"))
            error = await failure_of(client.triggers.liquidate(1))
            await client.aclose()
            return error

    error = run(go())
    assert (error.kind, error.may_have_acted) == (FailureKind.CONNECT, False)
    assert error.message.startswith("liquidate: no secure connection to the API (")


def test_a_deadline_that_passes_while_connecting_was_never_sent() -> None:
    async def mute(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, received: Requests) -> None:
        await reader.read()
        ended.set()

    ended = asyncio.Event()

    async def go() -> ApiError:
        async with raw_server(mute) as (url, _):
            slow = Timeouts(connect_s=60.0, read_s=60.0, total_s=0.1)
            client = loopback_client(url.replace("http://", "https://"), timeouts=slow)
            error = await failure_of(client.triggers.liquidate(1))
            await ended.wait()  # the server sees the connection closed although the client lives on
            await client.aclose()
            return error

    error = run(go())
    assert (error.kind, error.may_have_acted) == (FailureKind.CONNECT, False)
    assert error.message == "liquidate: no connection to the API before the request could be sent"


def test_a_429_whose_body_breaks_is_still_one() -> None:
    broken = http(b"x" * 100, "429 Too Many Requests", "Retry-After: 3")[:-50]
    error, _, _ = ends_with(sends(broken))
    assert (error.kind, error.may_have_acted, error.retry_after_s) == (FailureKind.RATE_LIMITED, False, 3.0)


def test_a_proxy_of_the_environment_is_not_used_towards_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)

    async def go() -> None:
        async with raw_server(sends(http(BODY))) as (url, received):
            client = loopback_client(url)
            await client.reads.authenticate()
            await client.aclose()
            assert received.posts == 1

    run(go())


def test_a_proxy_that_refuses_the_tunnel_was_sent_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    called: list[bool] = []

    async def gate() -> None:
        called.append(True)

    async def go() -> tuple[ApiError, Requests]:
        async with raw_server(sends(http(b"", "403 Forbidden"))) as (url, received):
            monkeypatch.setenv("HTTPS_PROXY", url.removesuffix("/api/v2"))
            client = loopback_client("https://api.invalid/api/v2")
            error = await failure_of(client.triggers.liquidate(1, gate))
            await client.aclose()
            return error, received

    error, received = run(go())
    assert (error.kind, error.may_have_acted) == (FailureKind.CONNECT, False)
    assert error.message == "liquidate: the proxy made no connection (403 Forbidden)"
    assert [head.split(b" ")[0] for head in received.heads] == [b"CONNECT"]
    assert called == []


def test_a_proxy_that_cannot_be_used_is_a_failure_without_its_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "gopher://user:hunter2@proxy.invalid")
    error = run(failure_of(loopback_client("https://api.invalid").triggers.liquidate(1)))
    assert (error.kind, error.may_have_acted) == (FailureKind.CONNECT, False)
    assert error.message == "the proxy named by the environment cannot be used (ValueError)"


def test_cancelling_a_read_leaves_the_client_usable() -> None:
    async def go() -> None:
        async with raw_server(hang) as (url, received):
            client = loopback_client(url)
            task = asyncio.ensure_future(client.reads.authenticate())
            await received.came(1)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            await client.aclose()

    run(go())


def test_repeated_use_of_one_connection() -> None:
    async def keep(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, received: Requests) -> None:
        while await received.read(reader):
            writer.write(http(BODY))
            await writer.drain()

    async def go() -> None:
        async with raw_server(keep) as (url, received):
            client = loopback_client(url)
            for _ in range(5):
                await client.reads.authenticate()
            await client.aclose()
            assert (received.posts, received.connections) == (5, 1)

    run(go())


def test_a_reply_in_memory_may_come_compressed() -> None:
    client, _ = client_for(reply(raw=BODY))
    run(client.reads.authenticate())


def test_a_name_look_up_that_hangs_holds_neither_the_request_nor_the_end_of_the_loop(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    end = threading.Event()
    hanging: list[threading.Thread] = []

    def getaddrinfo(*_: object) -> object:
        hanging.append(threading.current_thread())
        assert end.wait(60)
        raise socket.gaierror(socket.EAI_AGAIN, "no network")

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    client = loopback_client("https://api.invalid/api/v2", timeouts=Timeouts(connect_s=0.05, read_s=1.0, total_s=5.0))
    error = run(failure_of(client.triggers.liquidate(1)))
    assert (error.kind, error.may_have_acted) == (FailureKind.CONNECT, False)
    assert error.message == "liquidate: no connection to the API in time"
    assert all(thread.is_alive() and thread.daemon for thread in hanging)
    end.set()
    for thread in hanging:
        thread.join()


@pytest.mark.parametrize("name", ["no-such-host.invalid", "x" * 70 + ".invalid"])
def test_a_name_that_does_not_exist(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    look_up = socket.getaddrinfo

    def getaddrinfo(host: object, *others: object) -> object:
        if len(name) > 63:
            return look_up(name, None)  # refused before any network is asked
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    client = loopback_client("https://host.invalid/api/v2")
    error = run(failure_of(client.triggers.liquidate(1)))
    assert (error.kind, error.may_have_acted) == (FailureKind.CONNECT, False)
    assert error.message == "liquidate: the API's name cannot be resolved (DNS)"
