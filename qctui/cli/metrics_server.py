"""Serves metrics over HTTP, on threads of its own: a slow scraper never touches the engine's loop."""

from __future__ import annotations

import logging
import socket
import socketserver
import threading
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from prometheus_client import CollectorRegistry, make_wsgi_app
from prometheus_client.exposition import ThreadingWSGIServer
from prometheus_client.registry import Collector

MOST_SCRAPERS = 4
"""Connections at once. More are closed unanswered."""

SCRAPE_S = 5.0
"""How long a connection may be silent."""

_log = logging.getLogger(__name__)


def serve_metrics(host: str, port: int, collector: Collector) -> WSGIServer:
    """Serve until the process ends.

    Raises:
        OSError: there is no such address, or it is taken.
    """
    registry = CollectorRegistry()
    registry.register(collector)
    family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]

    class Server(_BoundedServer):
        address_family = family

    server = make_server(str(address[0]), port, make_wsgi_app(registry), Server, handler_class=_Handler)
    threading.Thread(target=server.serve_forever, name="metrics", daemon=True).start()
    return server


class _Handler(WSGIRequestHandler):
    timeout = SCRAPE_S

    def log_message(self, format: str, *args: Any) -> None:
        _log.debug(format, *args)


class _BoundedServer(ThreadingWSGIServer):
    """A few threads at most, each for one connection that may not be silent for long."""

    def __init__(self, *arguments: Any) -> None:
        self._free = threading.BoundedSemaphore(MOST_SCRAPERS)
        super().__init__(*arguments)

    def server_bind(self) -> None:
        """Bind without asking a name server who we are, as http.server does."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])
        self.setup_environ()

    def process_request(self, request: Any, client_address: Any) -> None:
        """On a thread, if one is free."""
        if not self._free.acquire(blocking=False):
            self.shutdown_request(request)
            return
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """As the base, and free the place."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._free.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A scraper that went away, or was too slow. The base would print it."""
        _log.debug("a scrape failed", exc_info=True)
