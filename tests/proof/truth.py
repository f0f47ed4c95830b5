"""The API of a simulated world: the simulator's own state behind a network and replicas that do everything wrong.

What is true is what `Simulation` holds. What an answer says of it may be old, half, somebody else's or a lie; a lie
never comes twice within three answers of one endpoint to one process, because nobody can see through an API that lies
all the time.
"""

from __future__ import annotations

import base64
import json
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import Any

from qctui.simulator.cast import Holding, ProjectPlan, Run
from qctui.simulator.config import Lags, SimConfig
from qctui.simulator.deployments import Deployment
from qctui.simulator.request import Fields, answer_denial, check_credentials
from qctui.simulator.simulation import Simulation
from qctui.simulator.world import World
from qctui.simulator.world_clock import WorldClock
from tests.proof.loop import SimulatedLoop
from tests.proof.wire import EOF, RESET, Connecting, Reply, Server, Stream, answer, headers_of

BEGIN = 1_795_188_600.0
"""The API's time when the monotonic clock was 0: a Friday, an hour into New York's session."""

USER_ID = 271828
TOKEN = "5eaf00d5ca1ab1e0ddba11c0ffee5eed5eaf00d5ca1ab1e0ddba11c0ffee5eed"
TRIGGERS = {"live/update/liquidate": "liquidate", "live/update/stop": "stop"}
MOST_LIES = 3
"""From one answer of an endpoint that lies to a process to the next, those that arrive plainly counted."""

PAGE = b"<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>"
BROKEN = ("refused", "hang", "reset-request", "reset-answer", "eof-answer", "never")
WRONG = ("429", "429-retry", "500", "502", "page", "empty", "half", "no", "echo", "401")
ODD = ("drip", "late", "twice", "twice-late", "stale", "swapped", "early", "errors", "silent", "nameless", "unreadable")
KINDS = (*BROKEN, *WRONG, *ODD)
NO_WORD = ("reset-answer", "eof-answer", "never", "500", "502", "page", "empty", "half")
"""What is no answer of the API's own, and so neither a yes nor a no."""
PLAIN = ("", "drip")
"""What becomes of a request whose answer surely arrives as it was meant."""


@dataclass
class Weather:
    """How much goes wrong, each as the share of the requests it happens to."""

    reads: float = 0.0
    triggers: float = 0.0
    lies: float = 0.0
    lag_s: float = 0.0
    """How far one of the two replicas is behind."""
    kinds: tuple[str, ...] = KINDS


@dataclass
class Post:
    """One trigger, from the first byte that left."""

    process: Any
    action: str
    at: float
    on_disk: int
    """Bytes of the journal that were safely on the disk when its first byte left."""
    troubled: bool
    """The disk could not be relied on then."""
    project_id: int = 0
    """0 as long as its body has not arrived."""
    did_nothing: bool = False
    """Provably: it was answered with 429, and that answer is not cut."""
    acted: bool = False
    """The API did what it asks for."""
    hit: str = ""
    """The deployment that was live when it arrived."""
    kind: str = ""
    """What became of its answer."""


@dataclass
class Truth(Server):
    """What is true, and what becomes of each request."""

    loop: SimulatedLoop
    luck: random.Random
    judge: Any
    projects: int = 1
    weather: Weather = field(default_factory=Weather)

    def __post_init__(self) -> None:
        luck = self.luck
        self._behind_s = 0.0
        self._asking: Any = None
        lags = Lags(
            order_s=luck.choice([0.5, 1.5, 3.0]),
            stop_s=luck.choice([0.3, 0.3, 2.0, 2.0, 4.0, 4.0, 15.0]),
            flat_s=luck.choice([0.5, 0.5, 3.0, 3.0, 6.0, 6.0, 20.0]),
            snapshot_s=luck.choice([1.0, 10.0]),
        )
        config = SimConfig(
            user_id=USER_ID, token=TOKEN, events=False, shapes=luck.choice(["modern", "ugly"]), lags=lags
        )
        plans = [
            ProjectPlan(
                number, f"Book {number}", ("SPY",), luck.choice(["PaperBrokerage", "InteractiveBrokersBrokerage"]),
                runs=(Run(90_000.0, starting=False, positions=(Holding("SPY", 70.0),)),), optimizations=0,
            )
            for number in range(1, self.projects + 1)
        ]  # fmt: skip
        clock = WorldClock(speed=1.0, real=self.now, monotonic=self.now)
        self.simulation = Simulation(World(config, clock, plans))
        self.world = self.simulation.world
        self.posts: list[Post] = []
        self.digests: set[str] = set()
        self.lied: dict[str, int] = {}
        """By endpoint: how many of its answers lied."""
        self._since: dict[tuple[Any, str], int] = {}
        """By who asks about what, and endpoint: how many true answers since the last that was not."""
        self._newest: dict[tuple[str, int], bytes] = {}
        """The newest true answer by endpoint and project."""

    def now(self) -> float:
        """The API's time: no clock of this machine moves it, and a replica that lags is behind it."""
        return BEGIN + self.loop.clock.monotonic() - self._behind_s

    def deployment(self, project_id: int, deploy_id: str) -> Deployment | None:
        return next((each for each in self.world.projects[project_id].deployments if each.deploy_id == deploy_id), None)

    def has_ended(self, deployment: Deployment) -> bool:
        return deployment.ended_at(self.now()) is not None

    def is_flat(self, deployment: Deployment) -> bool:
        return not deployment.open_positions(self.now())

    # The network.

    def connecting(self, process: Any) -> Connecting:
        kind = self._fate(self.weather.reads)
        if kind == "hang":
            return Connecting(after_s=100.0)
        return Connecting(self.luck.choice([0.001, 0.02, 0.3]), refused=kind == "refused")

    def first_byte(self, stream: Stream, head: bytes) -> int | None:
        endpoint = headers_of(head.partition(b"\r\n\r\n")[0])[0].removeprefix("/api/v2/")
        action = TRIGGERS.get(endpoint)
        kind = stream.memory["fate"] = self._fate(self.weather.triggers if action else self.weather.reads)
        if action:
            post = Post(stream.process, action, self.loop.clock.monotonic(), *self.judge.disk_now())
            stream.memory["post"] = post
            self.posts.append(post)
            self.judge.trigger_leaves(post)
        self.judge.note("leaves", stream.process.name, endpoint, kind)
        return self.luck.randrange(1, len(head) + 20) if kind == "reset-request" else None

    def request(self, stream: Stream, head: bytes, body: bytes) -> Reply:
        path, headers = headers_of(head)
        endpoint, kind = path.removeprefix("/api/v2/"), stream.memory["fate"]
        post: Post | None = stream.memory.pop("post", None)
        fields = json.loads(body or b"{}")
        self._asking = stream.process, fields.get("projectId", 0)
        if kind in PLAIN:
            self._since[self._asking, endpoint] = self._since.get((self._asking, endpoint), MOST_LIES) + 1
        if post is not None:
            post.project_id, post.kind = fields["projectId"], kind
            self.judge.trigger_arrives(post)
        signed = headers["authorization"].partition(" ")[2]
        self.digests |= {signed, base64.b64decode(signed).decode().partition(":")[2]}
        reply = self._reply(endpoint, kind, headers, fields, post)
        self.judge.note("answers", endpoint, kind, sum(len(each or b"") for _, each in reply))
        return Reply(reply)

    def _fate(self, share: float) -> str:
        return self.luck.choice(self.weather.kinds) if self.luck.random() < share else ""

    # What is answered.

    def _reply(
        self, endpoint: str, kind: str, headers: dict[str, str], fields: dict[str, Any], post: Post | None
    ) -> list[tuple[float, bytes | None]]:
        luck, after_s, project_id = self.luck, self.luck.choice([0.005, 0.05, 0.4]), fields.get("projectId", 0)
        stays_undone = kind in (*WRONG, "never") and luck.random() < 0.5
        if kind in ("429", "429-retry"):
            more = ("Retry-After: 2",) if kind == "429-retry" else ()
            if post is not None:
                self.loop.call_later(after_s, setattr, post, "did_nothing", True)
            return [(after_s, answer(429, b'{"success":false}', *more))]
        if kind == "401":
            return [(after_s, answer(401, b""))]
        status, text = (200, b"") if stays_undone else self._act(endpoint, kind, headers, fields, post)
        whole = self._page(kind, headers, status, text)
        if kind == "never":
            return []
        if kind in ("reset-answer", "eof-answer"):
            end = RESET if kind == "reset-answer" else EOF
            return [(after_s, whole[: luck.randrange(len(whole))] or end), (0.01, end)]
        if kind == "drip":
            cuts = sorted(luck.sample(range(1, len(whole)), min(6, len(whole) - 1)))
            ends = zip([0, *cuts], [*cuts, len(whole)], strict=True)
            return [(luck.choice([0.01, 0.5, 4.0]), whole[begin:end]) for begin, end in ends]
        if kind == "late":
            return [(luck.choice([5.0, 12.0, 19.0, 25.0]), whole)]
        if kind in ("twice", "twice-late") and self._may_lie(*_LIES):
            return [(after_s, whole), (0.0 if kind == "twice" else luck.choice([0.1, 2.9, 3.2]), whole)]
        if kind == "early":
            return [(after_s, whole), (luck.choice([0.05, 0.8, 2.7]), answer(200, b'{"success":true}'))]
        if kind == "stale":
            return [(after_s, self._newest.get((endpoint, project_id), whole))]
        if kind == "swapped" and self._newest and (endpoint, project_id) in self._newest and self._may_lie(*_LIES):
            return [(after_s, self._newest[luck.choice(list(self._newest))])]
        return [(after_s, whole)]

    def _page(self, kind: str, headers: dict[str, str], status: int, text: bytes) -> bytes:
        date = formatdate(self.now(), usegmt=True)
        digest = headers["authorization"].partition(" ")[2]
        pages: dict[str, tuple[int, bytes]] = {
            "500": (500, b""),
            "502": (502, PAGE),
            "page": (200, PAGE),
            "empty": (200, b""),
            "half": (200, text[: len(text) // 2]),
            "no": (200, b'{"success":false,"errors":["It is not possible now"]}'),
            "echo": (200, json.dumps({"success": False, "errors": [f"Bad call with {TOKEN} {digest}"]}).encode()),
        }
        status, text = pages.get(kind, (status, text))
        return answer(status, text, "Content-Type: application/json", at=date)

    def _act(
        self, endpoint: str, kind: str, headers: dict[str, str], fields: dict[str, Any], post: Post | None
    ) -> tuple[int, bytes]:
        """What the API does and says."""
        denial = check_credentials(headers, user_id=USER_ID, token=TOKEN, now=self.now(), window_s=7200.0)
        if denial is not None:
            status, words = answer_denial(denial, self.luck.choice(["401", "hash", "500"]))
            return status, json.dumps({"success": False, "errors": [words]}).encode() if words else b""
        if post is not None:
            live = self.world.projects[post.project_id].live(self.now())
            post.hit = live.deploy_id if live is not None else ""
        lying = (
            post is None and endpoint in _LIES and self.luck.random() < self.weather.lies and self._may_lie(endpoint)
        )
        behind_s = self.weather.lag_s if post is None and self.luck.random() < 0.5 else 0.0
        shapes = self.simulation.endpoints.shapes
        style, shapes.style = shapes.style, "modern" if lying or kind in _TOUCHES else shapes.style
        self._behind_s = behind_s
        try:
            made = self.simulation.endpoints.answer(endpoint, Fields(fields, textual=False))
        finally:
            self._behind_s, shapes.style = 0.0, style
        body: Any = json.loads(b"".join(made)) if isinstance(made, Iterator) else made
        if post is not None:
            post.acted = bool(post.hit) and body.get("success") is True
        if lying:
            _LIES[endpoint](body)
        if kind in _TOUCHES and endpoint in _LIES:
            _TOUCHES[kind](body)
        text = json.dumps(body).encode()
        if endpoint in _LIES and not lying:
            self._newest[endpoint, fields.get("projectId", 0)] = answer(200, text, "Content-Type: application/json")
        return 200, text

    def _may_lie(self, *endpoints: str) -> bool:
        """Whether answers of these may be false now; it is counted as if they were."""
        asking = self._asking
        if any(self._since.get((asking, each), MOST_LIES) < MOST_LIES for each in endpoints):
            return False
        for each in endpoints:
            self._since[asking, each] = 0
            self.lied[each] = self.lied.get(each, 0) + 1
        return True


def _deny_end(row: dict[str, Any]) -> None:
    row["status"], row["stopped"] = ("Running", None) if row.get("stopped") else ("Stopped", "2026-11-20 15:29:00")


def _deny_ends(body: dict[str, Any]) -> None:
    for row in body.get("live", []):
        _deny_end(row)


def _deny_holdings(body: dict[str, Any]) -> None:
    portfolio = body.get("portfolio", {})
    held = any(each.get("q") for each in (portfolio.get("holdings") or {}).values())
    portfolio["holdings"] = {} if held else {"SPY R735QTJ8XC9X": {"a": 1.0, "q": 7.0, "p": 1.0, "v": 7.0}}


_LIES: dict[str, Any] = {"live/read": _deny_end, "live/list": _deny_ends, "live/portfolio/read": _deny_holdings}


def _add_errors(body: dict[str, Any]) -> None:
    body["errors"] = ["the backend is busy"]


def _take_status(body: dict[str, Any]) -> None:
    body.pop("status", None)
    body.pop("stopped", None)


def _take_id(body: dict[str, Any]) -> None:
    body.pop("deployId", None)


def _take_quantities(body: dict[str, Any]) -> None:
    for each in (body.get("portfolio", {}).get("holdings") or {}).values():
        each["q"] = "many"


_TOUCHES: dict[str, Any] = {
    "errors": _add_errors,
    "silent": _take_status,
    "nameless": _take_id,
    "unreadable": _take_quantities,
}
