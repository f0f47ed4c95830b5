"""The private parts of httpx, httpcore, anyio and asyncio that we use are there, and without them we would still send.

When one of these fails after an update, `qctui/api/library_patches.py` has to follow the library.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from qctui.api import library_patches
from qctui.api.library_patches import (
    SENDING_BEGINS,
    TCP_CONNECTED,
    TLS_ESTABLISHED,
    has_idle,
    has_unread,
    httpx,
    resolve_in_daemon_threads,
)
from tests.api.support import PAYLOADS, Requests, http, loopback_client, raw_server, run

CERTIFICATE = PAYLOADS / "loopback.pem"


async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, received: Requests) -> None:
    while await received.read(reader):
        writer.write(http(b'{"success": true}'))
        await writer.drain()


def verify(certificate: Path | None) -> ssl.SSLContext | bool:
    return False if certificate is None else ssl.create_default_context(cafile=certificate)


@pytest.mark.parametrize("certificate", [None, CERTIFICATE])
def test_a_connection_can_be_looked_into_before_it_is_written_to(certificate: Path | None) -> None:
    looks: list[object] = []

    async def go() -> None:
        async with (
            raw_server(answer, certificate=certificate) as (url, _),
            httpx.AsyncClient(verify=verify(certificate)) as client,
        ):

            async def look(event: str, info: dict[str, Any]) -> None:
                if event == SENDING_BEGINS:
                    # Not through `has_unread`, which forgives what is missing.
                    connection = library_patches._connection_of(client, info["request"])
                    looks.append(connection._h11_state.trailing_data)
                    looks.append(library_patches._take(connection._network_stream._stream))

            for _ in range(2):
                await client.post(url, extensions={"trace": look})

    run(go())
    assert looks == [(b"", False), b""] * 2


def test_an_idle_connection_can_be_found() -> None:
    async def go() -> tuple[bool, bool]:
        async with raw_server(answer) as (url, _), httpx.AsyncClient() as client:
            assert library_patches._pools(client)
            before = has_idle(client)
            await client.post(url)
            return before, has_idle(client)

    assert run(go()) == (False, True)


@pytest.mark.parametrize("certificate", [None, CERTIFICATE])
def test_the_steps_of_a_request_have_the_names_we_know(certificate: Path | None) -> None:
    events: list[str] = []
    keys: dict[str, set[str]] = {}

    async def note(event: str, info: dict[str, Any]) -> None:
        events.append(event)
        keys[event] = set(info)

    async def go() -> None:
        async with (
            raw_server(answer, certificate=certificate) as (url, _),
            httpx.AsyncClient(verify=verify(certificate)) as client,
        ):
            await client.post(url, extensions={"trace": note})

    run(go())
    known = [f"connection{TCP_CONNECTED}", *([TLS_ESTABLISHED] if certificate else []), SENDING_BEGINS]
    assert [event for event in events if event in known] == known
    assert "return_value" in keys[f"connection{TCP_CONNECTED}"]
    assert "request" in keys[SENDING_BEGINS]


def test_asyncio_looks_names_up_where_we_say(monkeypatch: pytest.MonkeyPatch) -> None:
    threads: list[threading.Thread] = []

    def getaddrinfo(*_: object) -> object:
        threads.append(threading.current_thread())
        raise socket.gaierror(socket.EAI_NONAME, "not a name")

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)

    async def go() -> None:
        loop = asyncio.get_running_loop()
        resolve_in_daemon_threads(loop)
        with pytest.raises(socket.gaierror):
            await loop.create_connection(asyncio.Protocol, "api.invalid", 443)

    run(go())
    assert [thread.daemon for thread in threads] == [True]


def test_httpx_keeps_its_own_command_line_for_others() -> None:
    code = "import sys, qctui.api.library_patches; assert 'httpx._main' not in sys.modules; import httpx._main"
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True)


def test_httpcore_finds_its_event_loop_without_sniffio() -> None:
    from httpcore._synchronization import current_async_library

    async def go() -> str:
        return current_async_library()

    assert run(go()) == "asyncio"


def test_without_the_private_parts_a_trigger_is_sent_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    class Slotted:
        """A client, a pool and a loop of another version: nothing that we know of them is there."""

        __slots__ = ()

    other: Any = Slotted()
    assert not has_unread(other, other)
    assert not has_idle(other)
    resolve_in_daemon_threads(other)
    monkeypatch.setattr(library_patches, "_pools", lambda _: [other])

    async def go() -> int:
        async with raw_server(answer) as (url, received):
            client = loopback_client(url)
            await client.triggers.warm()
            await client.triggers.liquidate(7)
            await client.aclose()
            return received.posts

    assert run(go()) == 2
