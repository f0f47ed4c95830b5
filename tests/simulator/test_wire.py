"""What the wire shows, over real sockets: nothing here could be seen through an HTTP library alone."""

from __future__ import annotations

import asyncio
import errno
import http.client
import json
import socket
import threading
import time
from collections.abc import Coroutine, Iterator

import pytest

from qctui.simulator.config import SimConfig
from qctui.simulator.server import SimulatorServer
from tests.simulator.support import KELLY, PAIRS, Json, headers_for, requests_to

TRIGGER = "live/update/stop"


@pytest.fixture(scope="module")
def server() -> Iterator[SimulatorServer]:
    running = SimulatorServer(SimConfig(events=False))
    listening = threading.Event()
    thread = threading.Thread(target=running.run, args=(lambda url: listening.set(),), name="simulator", daemon=True)
    thread.start()
    assert listening.wait(10.0)
    yield running
    running.close()
    thread.join(5.0)


@pytest.fixture(autouse=True)
def nothing_left_over(server: SimulatorServer) -> Iterator[None]:
    yield
    server.simulation.faults.active.clear()
    server.simulation.log.records.clear()


def on_its_loop(server: SimulatorServer, act: Coroutine[None, None, None]) -> None:
    assert server.loop is not None
    asyncio.run_coroutine_threadsafe(act, server.loop).result()


def request_text(path: str, body: Json) -> bytes:
    text = json.dumps(body).encode()
    head = {**headers_for(time.time()), "Host": "127.0.0.1", "Content-Length": str(len(text))}
    lines = "".join(f"{name}: {value}\r\n" for name, value in head.items())
    return f"POST /api/v2/{path} HTTP/1.1\r\n{lines}\r\n".encode() + text


def connect(server: SimulatorServer) -> socket.socket:
    return socket.create_connection(("127.0.0.1", server.port), timeout=10)


def read_to_end(sock: socket.socket) -> tuple[bytes, str]:
    """Read until the peer ends the connection; say whether it did so in order or with a reset."""
    data = b""
    while True:
        try:
            part = sock.recv(65_536)
        except ConnectionResetError:
            return data, "reset"
        if not part:
            return data, "closed"
        data += part


def ask(server: SimulatorServer, path: str, body: Json | None = None) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    connection.request("POST", f"/api/v2/{path}", json.dumps(body or {}), headers_for(time.time()))
    answer = connection.getresponse()
    found = answer.status, answer.read()
    connection.close()
    return found


def fault(server: SimulatorServer, text: str) -> None:
    from qctui.simulator.faults import parse

    server.simulation.faults.active.append(parse(text))


def pending(server: SimulatorServer, project_id: int) -> bool:
    deployment = server.simulation.world.deployment(project_id)
    assert deployment is not None
    return deployment.stop_accepted_at is not None


def restart(server: SimulatorServer, project_id: int) -> None:
    server.simulation.world.redeploy(project_id)


def test_several_requests_share_a_connection(server: SimulatorServer) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    for path in ("authenticate", "live/list", "projects/read"):
        connection.request("POST", f"/api/v2/{path}", "{}", headers_for(time.time()))
        assert json.loads(connection.getresponse().read())["success"] is True
    connection.close()
    records = list(server.simulation.log.records)
    assert [record.path for record in records] == ["authenticate", "live/list", "projects/read"]
    assert len({record.connection for record in records}) == 1


@pytest.mark.parametrize(("kind", "acts"), [("reset-before", False), ("reset-after", True)])
def test_a_reset_is_a_reset(server: SimulatorServer, kind: str, acts: bool) -> None:
    restart(server, PAIRS)
    fault(server, f"{kind}:{TRIGGER}:1")
    with connect(server) as sock:
        sock.sendall(request_text(TRIGGER, {"projectId": PAIRS}))
        assert read_to_end(sock) == (b"", "reset")
    assert pending(server, PAIRS) is acts
    (record,) = requests_to(server.simulation, TRIGGER)
    assert (record.outcome, record.acted, record.status) == ("reset", acts, 0)


@pytest.mark.parametrize(("kind", "acts"), [("close-before", False), ("close-after", True)])
def test_a_close_is_an_end_without_an_answer(server: SimulatorServer, kind: str, acts: bool) -> None:
    restart(server, PAIRS)
    fault(server, f"{kind}:{TRIGGER}:1")
    with connect(server) as sock:
        sock.sendall(request_text(TRIGGER, {"projectId": PAIRS}))
        assert read_to_end(sock) == (b"", "closed")
    assert pending(server, PAIRS) is acts


def test_a_truncated_answer_ends_before_its_declared_length(server: SimulatorServer) -> None:
    fault(server, "truncated:live/list:1")
    with connect(server) as sock:
        sock.sendall(request_text("live/list", {}))
        data, end = read_to_end(sock)
    head, _, body = data.partition(b"\r\n\r\n")
    declared = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
    assert end == "closed"
    assert 0 < len(body) < declared
    with pytest.raises(ValueError, match=r"Expecting|Unterminated|delimiter"):
        json.loads(body)


def test_an_answer_that_never_comes(server: SimulatorServer) -> None:
    restart(server, PAIRS)
    fault(server, f"hang-after:{TRIGGER}:1")
    with connect(server) as sock:
        sock.sendall(request_text(TRIGGER, {"projectId": PAIRS}))
        # Another client is served meanwhile, and nothing has come on this connection by then.
        assert ask(server, "authenticate")[0] == 200
        while not requests_to(server.simulation, TRIGGER)[0].acted:
            assert ask(server, "authenticate")[0] == 200
        sock.setblocking(False)
        with pytest.raises(BlockingIOError):
            sock.recv(1)
    assert pending(server, PAIRS)
    assert requests_to(server.simulation, TRIGGER)[0].outcome == "hung"


def test_a_dripping_body_arrives_whole(server: SimulatorServer) -> None:
    fault(server, "slow-body=0.05:live/list:1")
    status, body = ask(server, "live/list")
    assert status == 200
    assert json.loads(body)["success"] is True


def test_a_slow_answer_holds_nobody_else_up(server: SimulatorServer) -> None:
    fault(server, "slow=30:live/read:1")
    with connect(server) as sock:
        sock.sendall(request_text("live/read", {"projectId": KELLY}))
        assert ask(server, "live/list")[0] == 200
        (record,) = requests_to(server.simulation, "live/read")
        assert record.outcome == "open"


def test_a_flood_ends_when_the_client_has_enough(server: SimulatorServer) -> None:
    fault(server, "oversize=4096:live/list:1")
    with connect(server) as sock:
        sock.sendall(request_text("live/list", {}))
        assert sock.recv(1000).startswith(b"HTTP/1.1 200")
    while requests_to(server.simulation, "live/list")[0].outcome == "open":
        assert ask(server, "authenticate")[0] == 200
    assert requests_to(server.simulation, "live/list")[0].outcome == "gone"


def test_refused_connections_and_the_way_back(server: SimulatorServer) -> None:
    kept = connect(server)
    on_its_loop(server, server.refuse(3600.0))
    with pytest.raises(OSError, match=r".") as refused:
        connect(server)
    assert refused.value.errno == errno.ECONNREFUSED
    # Connections that were open are gone too, as those of a server that went away.
    assert read_to_end(kept)[0] == b""
    kept.close()
    on_its_loop(server, server.reopen())
    assert ask(server, "authenticate") == (200, b'{"success":true}')


def test_refusing_for_a_while_over_the_control_surface(server: SimulatorServer) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    connection.request("POST", "/_sim/refuse", json.dumps({"seconds": 3600}))
    answer = connection.getresponse()
    assert (answer.status, answer.read()) == (200, b"{}")
    # The end of this very connection is the sign.
    assert connection.sock.recv(1) == b""
    connection.close()
    with pytest.raises(ConnectionRefusedError):
        connect(server)
    on_its_loop(server, server.reopen())
    assert ask(server, "authenticate")[0] == 200


def test_arrival_is_the_first_byte_not_the_last(server: SimulatorServer) -> None:
    text = request_text("live/list", {})
    with connect(server) as sock:
        sock.sendall(text[:1])
        # A whole exchange on another connection lies between the first byte and the rest.
        assert ask(server, "authenticate")[0] == 200
        between_s = time.monotonic()
        sock.sendall(text[1:])
        assert sock.recv(100).startswith(b"HTTP/1.1 200")
    (record,) = requests_to(server.simulation, "live/list")
    assert record.arrived_monotonic_s < between_s


def test_half_a_request_asks_for_nothing(server: SimulatorServer) -> None:
    restart(server, PAIRS)
    with connect(server) as sock:
        sock.sendall(request_text(TRIGGER, {"projectId": PAIRS})[:-1])
        assert ask(server, "authenticate")[0] == 200
    assert ask(server, "authenticate")[0] == 200
    assert requests_to(server.simulation, TRIGGER) == []
    assert not pending(server, PAIRS)


def test_pipelined_requests_are_each_recorded(server: SimulatorServer) -> None:
    with connect(server) as sock:
        sock.sendall(request_text("authenticate", {}) + request_text("authenticate", {}))
        data = b""
        while data.count(b'{"success":true}') < 2:
            data += sock.recv(65_536)
    assert [record.connection > 0 for record in requests_to(server.simulation, "authenticate")] == [True, True]
