"""What there is to judge a round by: who confirmed what, how each program ended and what it showed, the requests that
arrived, the journal's lines, and the simulator's truth."""

from __future__ import annotations

import re
import signal
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from qctui.actions.journal import parse_journal_time
from qctui.model.action import Rung
from tests.e2e.desk import LIQUIDATE

Json = dict[str, Any]

STOP, ABORT = "live/update/stop", "optimizations/abort"
ENDPOINT = {"liquidate": LIQUIDATE, "stop": STOP, "abort": ABORT}
"""Of an action."""

NO_JOURNAL = re.compile(r"NO JOURNAL|journal could not be written|sent without the journal")
"""How the program says that there is no line of an action."""

_WORDS = {rung.value: rung.event for rung in Rung}
_RUNGS = "|".join(sorted(_WORDS, key=len, reverse=True))
_PRINTED = re.compile(rf'^(?:\S+ )?({_RUNGS})\b|"event": "([a-z_]+)"', re.M)
_ESCAPE = re.compile(rb"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[()][A-Z0-9]|[ -OQ-WYZ\\`-~])")


@dataclass(kw_only=True)
class Confirmed:
    """One target of one confirmation, as the one who confirmed it knows it."""

    way: str
    """`console`, `other console` or `command`."""
    action: str
    project_id: int
    identity: str
    """The deploy id or optimization id that was meant."""
    at: float
    """Unix seconds, right before it."""
    troubles: tuple[str, ...] = ()
    """What was to go wrong, the nearest first."""
    sure: bool = True
    """Nothing came between the hand and the program: it has to have been taken."""

    @property
    def via(self) -> str:
        """The journal's word for the way."""
        return "command" if self.way == "command" else "console"

    @property
    def aim(self) -> tuple[str, int | str]:
        """Endpoint and target, as a request has them."""
        return ENDPOINT[self.action], self.identity if self.action == "abort" else self.project_id


@dataclass(kw_only=True)
class Program:
    """One process: how it was treated, how it ended, what it showed."""

    way: str
    confirmed: list[Confirmed] = field(default_factory=list)
    signals: list[int] = field(default_factory=list)
    """That were sent to it, and could end it."""
    disturbed_at: float = float("inf")
    """Unix seconds of the first of them, or of the closing of its terminal."""
    closed: bool = False
    """Its terminal was closed."""
    quit: bool = False
    """It was asked to end by its key."""
    held: bool = False
    """Its terminal took nothing for a while."""
    ended_at: float = float("inf")
    """Unix seconds when it was seen to have ended."""
    code: int | None = None
    """None while it runs."""
    raw: bytes = b""
    said_no_journal: bool = False
    """Its screen said that no line is written."""
    left_behind: Sequence[str] = ()
    """Modes of its terminal that are not those of a fresh one."""
    as_found: bool = True
    """The line settings of its terminal are those from before it."""

    @property
    def killed(self) -> bool:
        """By SIGKILL."""
        return self.code == -signal.SIGKILL

    @property
    def owns_up(self) -> bool:
        """It said that there is no line of what it did."""
        return self.said_no_journal or NO_JOURNAL.search(self.said) is not None

    @cached_property
    def said(self) -> str:
        """All that it wrote, without what moves and colours it."""
        return _ESCAPE.sub(b"", self.raw).decode("utf-8", "replace").replace("\r", "")

    @property
    def last_word(self) -> str:
        """Of a command: the last rung that it printed, as the journal spells it; empty if none."""
        found = _PRINTED.findall(self.said)
        word, event = found[-1] if found else ("", "")
        return event or _WORDS.get(word, "")


@dataclass(kw_only=True)
class Evidence:
    """What there is to judge after a round."""

    confirmed: Sequence[Confirmed]
    programs: Sequence[Program]
    """All that confirmed something or ended in this round."""
    posts: Sequence[Json]
    """The triggers of the simulator's log, in the order of their arrival."""
    journal: Sequence[Json]
    """The lines of this round."""
    truth: Sequence[Json]
    """The simulator's projects, as they really are."""
    earlier: frozenset[str] = frozenset()
    """Ids of the actions that were begun before this round."""
    damaged: Sequence[str] = ()
    """Lines of the journal that are none."""
    disk: str = ""
    """What kept the disk from taking lines in this round; empty if nothing did."""
    files: dict[str, bytes] = field(default_factory=dict)
    """Journal and logs by name."""
    token: str = ""

    @cached_property
    def actions(self) -> dict[str, list[Json]]:
        """The lines of each action that was begun in this round."""
        found: dict[str, list[Json]] = defaultdict(list)
        for line in self.journal:
            if line["id"] not in self.earlier:
                found[line["id"]].append(line)
        return found

    def of(self, one: Confirmed) -> list[list[Json]]:
        """The lines of the actions that this confirmation can have become."""
        return [each for each in self.actions.values() if aim_of(each[0]) == one.aim and each[0]["via"] == one.via]

    def untold(self, one: Confirmed) -> bool:
        """Whether there is no line of it, and a request that can be its and nobody else's."""
        told = sum(aim_of(lines[0]) == one.aim for lines in self.actions.values())
        sent = [each for each in self.posts_at(one.aim) if not each["fault"].startswith("http-429")]
        return len(sent) > told and not self.of(one)

    def posts_at(self, aim: tuple[str, int | str]) -> list[Json]:
        """The requests to one endpoint about one target."""
        return [each for each in self.posts if post_aim(each) == aim]


def aim_of(line: Json) -> tuple[str, int | str]:
    """Endpoint and target of an action, by one of its lines."""
    return ENDPOINT[line["action"]], line["optimization_id"] if line["action"] == "abort" else line["project_id"]


def post_aim(post: Json) -> tuple[str, int | str]:
    """Endpoint and target of a request."""
    body = post["body"] if isinstance(post["body"], dict) else {}
    return post["path"], body.get("optimizationId") or int(body.get("projectId", 0))


def last_word(lines: Sequence[Json]) -> str:
    """How an action stands; empty if there are no lines of it."""
    return lines[-1]["event"] if lines else ""


def time_of(line: Json) -> float:
    """When it was written, Unix seconds."""
    at = parse_journal_time(line["at"])
    assert at is not None, line
    return at
