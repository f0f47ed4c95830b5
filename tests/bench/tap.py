"""A wire tap: forwards TCP to the API and tells when a trigger's first byte came by.

A process of its own, because the simulator's clock would also count the time it is busy with a large answer.
`python -m tests.bench.tap PORT LISTEN` prints its own port, then a line `MONOTONIC_S PATH` for every POST of a trigger.
"""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import threading
import time
from types import TracebackType
from typing import IO, Self

_TRIGGER = re.compile(rb"POST (\S*/(?:live/update/\w+|optimizations/abort)) ")


class Tap:
    """The process as a benchmark uses it."""

    def __init__(self, port: int, listen: int = 0) -> None:
        """Forward to `port` on this machine, from the port `listen` or from any that is free."""
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.bench.tap", str(port), str(listen)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self.lines: IO[bytes] = self._out()
        self.port = int(self.lines.readline())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._process.terminate()
        self._process.wait()

    def next_at(self) -> float:
        """When the next trigger came by, CLOCK_MONOTONIC; blocks until one has."""
        return float(self.lines.readline().split()[0])

    def _out(self) -> IO[bytes]:
        assert self._process.stdout is not None
        return self._process.stdout


def _forward(source: socket.socket, sink: socket.socket, *, tell: bool) -> None:
    try:
        while data := source.recv(262_144):
            at = time.monotonic()
            sink.sendall(data)
            if tell and (found := _TRIGGER.match(data)):
                os.write(1, f"{at:.6f} {found[1].decode()}\n".encode())  # whole lines, whichever thread tells
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        source.close()
        sink.close()


def _join(client: socket.socket, server: socket.socket) -> None:
    """Forward both ways until both have ended: sockets that stay open would soon be too many."""
    back = threading.Thread(target=_forward, args=(server, client), kwargs={"tell": False}, daemon=True)
    back.start()
    _forward(client, server, tell=True)
    back.join()
    client.close()
    server.close()


def main() -> None:
    """Forward for ever."""
    listener = socket.create_server(("127.0.0.1", int(sys.argv[2])), backlog=128)
    print(listener.getsockname()[1], flush=True)
    while True:
        client, _ = listener.accept()
        try:
            server = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
            for one in (client, server):
                one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except OSError:
            client.close()
            continue
        threading.Thread(target=_join, args=(client, server), daemon=True).start()


if __name__ == "__main__":
    main()
