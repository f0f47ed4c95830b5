"""The heartbeat over real sockets."""

from __future__ import annotations

import asyncio
import contextlib

import pytest

from qctui.api import heartbeat
from qctui.urls import check_url

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


async def beat(answer: bytes | None) -> tuple[str, list[bytes]]:
    """What comes of a heartbeat to a server that gives this answer (None: never one), and what it was asked."""
    asked: list[bytes] = []
    served = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readuntil(b"\r\n\r\n"))
        if answer is None:
            await reader.read()
        else:
            writer.write(answer)
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()
        served.set()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        reason = await heartbeat.send_heartbeat(f"http://127.0.0.1:{port}/ping/s3cret/?create=1")
        await served.wait()
        return reason, asked


def test_it_fetches_the_very_url_and_is_content_with_any_success() -> None:
    reason, asked = asyncio.run(beat(OK))
    assert reason == ""
    assert asked[0].startswith(b"GET /ping/s3cret/?create=1 HTTP/1.1\r\n")
    assert b"authorization" not in asked[0].lower()


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", "HTTP 404"),
        (b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:9/\r\nContent-Length: 0\r\n\r\n", "HTTP 302"),
        (b"nonsense\r\n\r\n", "RemoteProtocolError"),
        (b"", "RemoteProtocolError"),
    ],
)
def test_what_fails_is_said_in_words_without_the_url(answer: bytes, reason: str) -> None:
    assert asyncio.run(beat(answer))[0] == reason


def test_silence_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heartbeat, "TIMEOUT_S", 0.05)
    assert asyncio.run(beat(None))[0].startswith("no answer within")


def test_nobody_there() -> None:
    async def main() -> str:
        server = await asyncio.start_server(lambda reader, writer: None, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        server.close()
        await server.wait_closed()
        return await heartbeat.send_heartbeat(f"http://127.0.0.1:{port}/")

    assert asyncio.run(main()) == "no connection"


def test_its_url_may_have_what_a_base_url_may_not() -> None:
    assert check_url("https://example.org/ping/1/?a=b") == "https://example.org/ping/1/?a=b"
    with pytest.raises(ValueError, match="this machine only"):
        check_url("http://example.org/ping")
    with pytest.raises(ValueError, match="user name"):
        check_url("https://a:b@example.org/ping")
