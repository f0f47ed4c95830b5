"""The simulator on a real socket: uvicorn without its tick, quick to start, quick to end, silent when idle."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import gc
import itertools
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Coroutine
from typing import Any

import h11
from uvicorn.config import Config
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import Server

from qctui.simulator.config import SimConfig
from qctui.simulator.responder import CONNECTION, Connection
from qctui.simulator.simulation import open_simulation
from qctui.simulator.web_app import build_app

_HOST = "127.0.0.1"
_BACKLOG = 256
_WARMED = 100
_PR_SET_PDEATHSIG = 1
_numbers = itertools.count(1)
"""Of the connections."""


class SimulatorServer:
    """One running server. Create it, then `run` it; `close` may be called from other threads."""

    def __init__(self, config: SimConfig) -> None:
        """Raises OSError when the port is taken, UnreadableTapeError when there is a tape that can't be read."""
        self.config = config
        self.simulation = open_simulation(config)
        # After the answer to the very request that asks for it has left.
        self.simulation.refuse = lambda seconds: self._later(0.02, lambda: self.refuse(seconds))
        self._socket = _bound(config.port)
        self.port: int = self._socket.getsockname()[1]
        """The port, known before the server listens."""
        self._ended = asyncio.Event()
        self.loop: asyncio.AbstractEventLoop | None = None
        """What it runs on; None before."""
        self._server = _QuietServer(
            Config(
                build_app(self.simulation),
                http=_RecordingProtocol,
                ws="none",
                lifespan="off",
                interface="asgi3",
                log_config=None,
                access_log=False,
                proxy_headers=False,
                server_header=False,
                date_header=False,
                timeout_keep_alive=600,
            )
        )
        self._reopening: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[None] | None = None
        self._switching = asyncio.Lock()

    def run(self, ready: Callable[[str], None]) -> None:
        """Serve until SIGTERM, SIGINT, SIGHUP or `close`. Calls `ready` with the base URL once it listens."""
        with asyncio.Runner() as runner:
            runner.run(self._serve(ready))

    def close(self) -> None:
        """End the server; may be called from any thread, more than once."""
        if self.loop is not None:
            with contextlib.suppress(RuntimeError):
                # The loop may have ended by itself in the meantime.
                self.loop.call_soon_threadsafe(self._ended.set)

    def _later(self, seconds: float, act: Callable[[], Coroutine[None, None, None]]) -> asyncio.TimerHandle:
        def begin() -> None:
            self._task = loop.create_task(act())

        loop = asyncio.get_running_loop()
        return loop.call_later(seconds, begin)

    async def _serve(self, ready: Callable[[str], None]) -> None:
        loop = self.loop = asyncio.get_running_loop()
        self._server.config.load()
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
                loop.add_signal_handler(number, self._ended.set)
        if self.config.exit_with_parent:
            self._watch_parent()
        if self.config.refuse_s > 0:
            self._reopening = self._later(self.config.refuse_s, self.reopen)
        else:
            await self._server.listen(self._socket)
        # What exists now stays: collections need not look at it again.
        gc.freeze()
        ready(f"http://{_HOST}:{self.port}/api/v2")
        warming = loop.create_task(self._warm_up())
        try:
            await self._ended.wait()
        finally:
            warming.cancel()
            await self._server.end()
            self._socket.close()
            self.simulation.log.close()

    async def _warm_up(self) -> None:
        """Compute the ledgers while the client is still starting, so that its first answers are quick."""
        world = self.simulation.world
        now = world.clock.now()
        for project in list(world.projects.values())[:_WARMED]:
            for deployment in project.deployments:
                await asyncio.sleep(0)
                deployment.equity(now)

    def _watch_parent(self) -> None:
        if sys.platform == "linux":
            # The kernel does so even when the parent was killed and another process holds our standard input open.
            ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)

        def watch() -> None:
            with contextlib.suppress(OSError):
                while os.read(0, 4096):
                    pass
            self.close()

        threading.Thread(target=watch, name="parent watch", daemon=True).start()

    async def refuse(self, seconds: float) -> None:
        """Drop all connections and refuse new ones, for real seconds or until `reopen`."""
        async with self._switching:
            await self._server.end()
            self._socket.close()
            # Bound but not listening: connections are refused and no other process gets the port.
            self._socket = _bound(self.port)
            if self._reopening is not None:
                self._reopening.cancel()
            self._reopening = self._later(seconds, self.reopen)

    async def reopen(self) -> None:
        """Listen again after `refuse`."""
        async with self._switching:
            await self._server.listen(self._socket)


class _RecordingProtocol(H11Protocol):
    """uvicorn's HTTP/1.1 protocol, noting arrivals and handing a `Connection` to the application."""

    _arrived: tuple[float, float] | None = None
    _number = 0

    def connection_made(self, transport: Any) -> None:
        self._number = next(_numbers)
        super().connection_made(transport)

    def data_received(self, data: bytes) -> None:
        # Before anything else is done with it: this is when the request begins.
        if self._arrived is None and self.conn.their_state is h11.IDLE:
            self._arrived = (time.monotonic(), time.time())
        super().data_received(data)

    def handle_events(self) -> None:
        super().handle_events()
        # A request that has just been read; its task has not run yet.
        if self.scope is None or CONNECTION in self.scope.get("extensions", {}):
            return
        monotonic_s, at = self._arrived or (time.monotonic(), time.time())
        self._arrived = None
        self.scope["extensions"] = {CONNECTION: Connection(self.transport, self._number, monotonic_s, at)}  # type: ignore[dict-item]  # the type knows uvicorn's own extensions only


class _QuietServer(Server):
    """uvicorn's server without signals, tick and log: it wakes for requests only."""

    _listener: asyncio.Server | None = None

    async def listen(self, sock: socket.socket) -> None:
        if self._listener is None:
            loop = asyncio.get_running_loop()
            self._listener = await loop.create_server(self._protocol, sock=sock, backlog=_BACKLOG)

    def _protocol(self) -> asyncio.Protocol:
        return _RecordingProtocol(config=self.config, server_state=self.server_state, app_state={})

    async def end(self) -> None:
        if self._listener is not None:
            for sock in self._listener.sockets:
                asyncio.get_running_loop().remove_reader(sock.fileno())
            # What was accepted in this turn has to become a connection first, or its socket would leak.
            for _ in range(3):
                await asyncio.sleep(0)
            self._listener.close()
            self._listener = None
        for connection in list(self.server_state.connections):
            if connection.transport is not None:
                connection.transport.abort()
        # Requests learn that their client is gone and end by themselves; what is in the middle of a large body is cut.
        for _ in range(10):
            await asyncio.sleep(0)
        for task in list(self.server_state.tasks):
            task.cancel()


def _bound(port: int) -> socket.socket:
    # The protocol is named because asyncio switches Nagle's delay off only where it sees it.
    made = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        made.bind((_HOST, port))
    except OSError:
        made.close()
        raise
    return made
