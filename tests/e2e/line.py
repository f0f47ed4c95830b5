"""The way from a console to the API, which a test cuts and mends when it has seen what it waited for."""

from __future__ import annotations

import contextlib
import socket
import threading
from types import TracebackType
from typing import Self


class Line:
    """Hands on what comes to a port of its own. While it is cut, connections to that port are refused."""

    def __init__(self, to_port: int) -> None:
        self._to_port = to_port
        self._ends: list[socket.socket] = []
        self._lock = threading.Lock()
        self._listener = _bound(0)
        self.port: int = self._listener.getsockname()[1]
        self.mend()

    @property
    def base_url(self) -> str:
        """The API, over this line."""
        return f"http://127.0.0.1:{self.port}/api/v2"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.cut()
        self._listener.close()

    def cut(self) -> None:
        """End all connections and refuse new ones, until `mend`."""
        with contextlib.suppress(OSError):  # it may be cut already
            self._listener.shutdown(socket.SHUT_RDWR)  # wakes the thread that accepts
        self._thread.join()
        self._listener.close()
        self._listener = _bound(self.port)  # without listening: connections are refused, and the port stays ours
        with self._lock:
            ends, self._ends = self._ends, []
        for end in ends:
            with contextlib.suppress(OSError):  # the other side may have ended it
                end.shutdown(socket.SHUT_RDWR)

    def mend(self) -> None:
        """Let connections through again."""
        self._listener.listen()
        self._thread = threading.Thread(target=self._accept, name="line", daemon=True)
        self._thread.start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):  # it was cut
            while True:
                near, _ = self._listener.accept()
                far = socket.create_connection(("127.0.0.1", self._to_port))
                with self._lock:
                    self._ends += [near, far]
                for one, other in ((near, far), (far, near)):
                    threading.Thread(target=_hand_on, args=(one, other), name="line", daemon=True).start()


def _bound(port: int) -> socket.socket:
    made = socket.socket()
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    made.bind(("127.0.0.1", port))
    return made


def _hand_on(one: socket.socket, other: socket.socket) -> None:
    """Everything that comes from one end goes to the other. This thread owns `one`."""
    with one, contextlib.suppress(OSError):  # it was cut
        while data := one.recv(65_536):
            other.sendall(data)
    with contextlib.suppress(OSError):  # the other side may have ended it
        other.shutdown(socket.SHUT_RDWR)
