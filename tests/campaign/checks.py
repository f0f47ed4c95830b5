"""What has to hold after confirmations, judged from outside: by the simulator's truth and its log of requests, the
journal's lines, exit codes, and what came out of the terminals.

What only a SIGKILL, a terminal that is gone or a disk that takes nothing may excuse is excused where it is, by name.
"""

from __future__ import annotations

import re
import signal
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from qctui.actions.journal import FINAL_EVENTS, parse_journal_time
from qctui.model.action import Rung
from tests.e2e.desk import LIQUIDATE

Json = dict[str, Any]

STOP, ABORT = "live/update/stop", "optimizations/abort"
ENDPOINT = {"liquidate": LIQUIDATE, "stop": STOP, "abort": ABORT}
"""Of an action."""

WITHOUT_EFFECT = frozenset(("rejected", "not_sent"))
NO_JOURNAL = re.compile(r"NO JOURNAL|journal could not be written|sent without the journal|no log is kept")
"""How the program says that there is no line of an action."""
BLIND_STOP = "not known whether another process is liquidating"

CODE_OF = {"verified": 0, "rejected": 1, "not_sent": 3}
"""Exit code of a command by its last word; 4 for the others."""

CLOCK_S = 0.05
"""How far two readings of the machine's clock may be apart: a line has milliseconds, and a decision is older than its
line."""

_WORDS = {rung.value: rung.event for rung in Rung}
_RUNGS = "|".join(sorted(_WORDS, key=len, reverse=True))
_PRINTED = re.compile(rf'^(?:\S+ )?({_RUNGS})\b|"event": "([a-z_]+)"', re.M)
_ESCAPE = re.compile(rb"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[()][A-Z0-9]|[ -OQ-WYZ\\`-~])")
_SIGNING = re.compile(rb"\b[0-9a-f]{64}\b|(?i:basic) [A-Za-z0-9+/]{40}")
"""What signs a request: a SHA-256, and the header that has it."""


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


def violations(found: Evidence) -> list[str]:
    """Everything that does not hold, in words."""
    every = (_one_request, _intent_first, _truth, _answers, _words, _overtaken, _ends, _terminals, _secrets)
    return [words for check in every for words in check(found)]


def _one_request(found: Evidence) -> Iterator[str]:
    """At most one request for each confirmation, unless the ones before provably did nothing: 429 was the answer."""
    for aim in dict.fromkeys(map(post_aim, found.posts)):
        sent = [each for each in found.posts_at(aim) if not each["fault"].startswith("http-429")]
        meant = sum(one.aim == aim for one in found.confirmed)
        if len(sent) > meant:
            told = [(each["number"], each["fault"], each["acted"]) for each in sent]
            yield f"{len(sent)} requests for {meant} confirmations of {aim}: {told}"


def _intent_first(found: Evidence) -> Iterator[str]:
    """Each request has its intent in the journal, from before it. A disk that took none is said, and holds up none."""
    for aim in dict.fromkeys(map(post_aim, found.posts)):
        posts = found.posts_at(aim)
        actions = [lines for lines in found.actions.values() if aim_of(lines[0]) == aim]
        intents = sorted(_at(line) for lines in actions for line in lines if line["event"] == "intent")
        arrived = [each["arrived_at"] for each in posts if not each["fault"].startswith("http-429")]
        written = [at for at in intents if not arrived or at <= arrived[-1] + CLOCK_S]
        if len(written) < len(arrived) and not found.disk:
            yield f"a request without an intent before it: {aim}, {len(arrived)} requests, {len(written)} intents"
    for program in found.programs:
        for one in program.confirmed:
            if found.disk and program.code is None and found.posts_at(one.aim) and not found.of(one):
                yield f"{_named(one)}: its lines were not written once the disk took them again"
            missing = found.disk and found.posts_at(one.aim) and not found.of(one)
            # What was killed had no time to say it.
            if missing and not program.owns_up and not program.killed:
                yield f"{_named(one)} was sent without a line in the journal, and that was not said"
            unsent = found.disk and one.sure and len(one.troubles) == 1 and not found.posts_at(one.aim)
            if unsent and not found.of(one):
                yield f"{_named(one)} was not sent because the journal could not be written"


def _truth(found: Evidence) -> Iterator[str]:
    """STOPPED, FLAT and VERIFIED are never said before they are true."""
    deployments = {one["deployId"]: one for each in found.truth for one in each["deployments"]}
    optimizations = {name: status for each in found.truth for name, status in each["optimizations"].items()}
    meant = {one.project_id: one.identity for one in found.confirmed if one.action != "abort"}
    for line in found.journal:
        if line["action"] == "abort":
            status = optimizations.get(line["optimization_id"])
            if line["event"] == "verified" and status != "aborted":
                yield f"VERIFIED against the truth: abort {line['optimization_id']} is {status}"
            continue
        needs = {"stopped": "stoppedAt", "flat": "flatAt"}.get(line["event"])
        if line["event"] == "verified":
            needs = "flatAt" if line["action"] == "liquidate" else "stoppedAt"
        if needs is None:
            continue
        deployment = deployments.get(line["deploy_id"] or meant.get(line["project_id"], ""))
        if deployment is None:
            yield f"{line['event'].upper()} of a deployment that does not exist: {line}"
            continue
        true_at = deployment[needs]
        if true_at is None or true_at > _at(line) + CLOCK_S:
            late = "never" if true_at is None else f"{true_at - _at(line):.2f} s later"
            yield f"{line['event'].upper()} against the truth: {line['action']} {line['project_id']}, {needs} {late}"


def _answers(found: Evidence) -> Iterator[str]:
    """REJECTED and NOT SENT are of what had no effect, ACCEPTED of what was accepted; what nothing disturbed ends
    VERIFIED."""
    for aim in dict.fromkeys(one.aim for one in found.confirmed):
        actions = [lines for lines in found.actions.values() if aim_of(lines[0]) == aim]
        posts = found.posts_at(aim)
        effective = [each for each in posts if each["acted"] and each["success"]]
        denied = [lines for lines in actions if last_word(lines) in WITHOUT_EFFECT]
        # Where the disk took no lines, an effective one may have none.
        if len(effective) > len(actions) - len(denied) and denied and not found.disk:
            yield f"{last_word(denied[0]).upper()} of a request that had effect: {aim}, {denied[0][-1]['detail']!r}"
        accepted = [lines for lines in actions if any(line["event"] == "accepted" for line in lines)]
        if len(accepted) > len(effective):
            yield f"ACCEPTED without a request that was: {aim}"
        unsent = [lines for lines in denied if last_word(lines) == "not_sent"]
        reached = [each for each in posts if not each["fault"].startswith("http-429")]
        if unsent and len(reached) > len(actions) - len(unsent) and not found.disk:
            yield f"NOT SENT of a request that arrived: {aim}, {unsent[0][-1]['detail']!r}"
    for one in found.confirmed:
        for lines in found.of(one):
            if not one.troubles and last_word(lines) != "verified":
                yield f"{_named(one)} ended {last_word(lines)} though nothing went wrong: {lines[-1]['detail']!r}"


def _words(found: Evidence) -> Iterator[str]:
    """Every confirmation ends in a word: in its process or, where that is gone, in one that took it up."""
    for damaged in found.damaged:
        yield f"a line of the journal that is none: {damaged[:80]!r}"
    last = {line["id"]: line for line in found.journal}
    for action_id, line in last.items():
        if line["event"] not in FINAL_EVENTS:
            yield f"no last word: {line['action']} {action_id} stays {line['event']}: {line['detail']!r}"
    for aim in dict.fromkeys(one.aim for one in found.confirmed):
        meant = [one for one in found.confirmed if one.aim == aim]
        taken = sum(aim_of(lines[0]) == aim for lines in found.actions.values())
        if taken > len(meant):
            yield f"{taken} actions for {len(meant)} confirmations of {aim}"
        if taken < sum(one.sure for one in meant) and not found.disk:
            said = [each.said[-300:] for each in found.programs for one in each.confirmed if one.aim == aim]
            named = ", ".join(map(_named, meant))
            yield f"a confirmation vanished: {named}, {taken} in the journal; {said}"


def _overtaken(found: Evidence) -> Iterator[str]:
    """No stop takes effect behind a liquidation that is not verified, unless the disk kept it from knowing, and it said
    so."""
    effective = [each for each in found.posts if each["acted"] and each["success"]]
    for stop in (each for each in effective if each["path"] == STOP):
        aim = (LIQUIDATE, post_aim(stop)[1])
        before = [each for each in effective if post_aim(each) == aim and each["number"] < stop["number"]]
        verified = [
            line
            for lines in found.actions.values()
            for line in lines
            if aim_of(line) == aim and line["event"] == "verified" and _at(line) <= stop["arrived_at"]
        ]
        blind = any(BLIND_STOP in each.said for each in found.programs)
        if len(before) > len(verified) and not blind:
            yield f"a stop overtook a liquidation: request {stop['number']} of project {aim[1]}"


def _ends(found: Evidence) -> Iterator[str]:
    """Exit codes agree with the last words, and these with the journal."""
    for each in found.programs:
        if each.code is None:
            continue
        # Before the program's first line a Ctrl+C is Python's own.
        starting = signal.SIGINT in each.signals and each.said.rstrip().endswith("KeyboardInterrupt")
        if "Traceback" in each.said and not starting:
            yield f"a {each.way} ended with a traceback: {each.said[-800:]!r}"
        if signal.SIGKILL in each.signals and each.killed:
            continue  # it could not say anything
        # A terminal that closes sends one, too.
        signals = [*each.signals, *([signal.SIGHUP] if each.closed else [])]
        allowed = {128 + number for number in signals}
        if each.way == "command":
            (one,) = each.confirmed
            lines = next(iter(found.of(one)), [])
            if starting and lines:
                yield f"{_named(one)} was interrupted by a traceback after it had begun"
            allowed.add(CODE_OF.get(each.last_word, 4))
            by_then = {line["event"] for line in lines if _at(line) <= each.disturbed_at}
            ended = not lines or by_then & {*FINAL_EVENTS, "accepted", "unknown"}
            # Before it has taken over the signals, and after it has given them back, there is nothing to lose.
            allowed |= {-number for number in signals} if ended else set()
            journalled = {line["event"] for line in lines}
            if each.last_word not in ("", *journalled) and lines and not found.disk:
                yield f"{_named(one)} printed {each.last_word}, and the journal has {sorted(journalled)}"
            if each.code == 0 and not found.disk and "verified" not in journalled:
                yield f"{_named(one)} exited 0 and is not verified in the journal"
        else:
            allowed |= {0} if each.quit else set()
        if each.code not in allowed:
            words = f"last word {each.last_word or 'none'}, signals {each.signals}, closed {each.closed}"
            yield f"a {each.way} exited with {each.code}, not one of {sorted(allowed)}: {words}; {each.said[-300:]!r}"


def _terminals(found: Evidence) -> Iterator[str]:
    """A terminal is left as it was found by every end but SIGKILL; one that was closed is no more."""
    for each in found.programs:
        if each.code is None or each.killed or each.closed:
            continue
        if each.left_behind or not each.as_found:
            what = ", ".join(each.left_behind) or "line settings"
            yield f"a {each.way} that ended with {each.code} left its terminal changed: {what}"


def _secrets(found: Evidence) -> Iterator[str]:
    """Neither the token nor what signs a request is in any file or on any terminal."""
    places = {**found.files, **{f"terminal of a {each.way}": each.raw for each in found.programs}}
    for name, data in places.items():
        if found.token and found.token.encode() in data:
            yield f"the token is in {name}"
        if match := _SIGNING.search(data):
            yield f"what signs a request is in {name}: {match[0][:12]!r}..."


def _at(line: Json) -> float:
    at = parse_journal_time(line["at"])
    assert at is not None, line
    return at


def _named(one: Confirmed) -> str:
    return f"{one.way} {one.action} {one.project_id} ({', '.join(one.troubles) or 'nothing went wrong'})"
