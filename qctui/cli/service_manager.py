"""What a service manager is told: systemd's notify protocol, datagrams of NAME=VALUE lines to a local socket."""

from __future__ import annotations

import logging
import os
import socket
import time
from collections.abc import Mapping

_log = logging.getLogger(__name__)


class ServiceManager:
    """The manager that started this process, or nobody: then everything here does nothing."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        """Find it by `NOTIFY_SOCKET`, and how often it wants a sign of life by `WATCHDOG_USEC` and `WATCHDOG_PID`."""
        address = environment.get("NOTIFY_SOCKET", "")
        # An abstract socket has a name that begins with a null, written as @.
        self._address = "\0" + address[1:] if address.startswith("@") else address if address.startswith("/") else ""
        self._failed = False
        wanted = environment.get("WATCHDOG_USEC", "")
        mine = environment.get("WATCHDOG_PID") in (None, "", str(os.getpid()))
        self.watchdog_s = int(wanted) / 1e6 if wanted.isdecimal() and int(wanted) > 0 and mine else None
        """Without a sign of life for this long the process is restarted; None where that is not asked for."""

    def ready(self) -> None:
        """The start, or re-reading the configuration, is over."""
        self._send("READY=1")

    def status(self, words: str) -> None:
        """One line for `systemctl status`."""
        self._send(f"STATUS={words}")

    def alive(self) -> None:
        """The sign of life."""
        self._send("WATCHDOG=1")

    def extend_start(self, seconds: float) -> None:
        """The start goes on for up to so much longer: an API that is down at boot is no failure to start."""
        self._send(f"EXTEND_TIMEOUT_USEC={seconds * 1e6:.0f}")

    def reloading(self) -> None:
        """The configuration is being read again."""
        self._send(f"RELOADING=1\nMONOTONIC_USEC={time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000}")

    def stopping(self) -> None:
        """The end has begun."""
        self._send("STOPPING=1")

    def _send(self, text: str) -> None:
        if not self._address:
            return
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
                sender.setblocking(False)  # a manager that does not read holds nothing up
                sender.sendto(text.encode("utf-8", "replace"), self._address)
        except OSError as error:
            if not self._failed:
                _log.warning("the service manager can't be told (%s)", error.strerror)
            self._failed = True
