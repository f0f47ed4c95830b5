"""Each check of the campaign can fail: something is planted where there is nothing to be said, and it is found."""

from __future__ import annotations

import signal
from collections.abc import Callable
from typing import Any

import pytest

from qctui.actions.journal import journal_time
from tests.campaign.checks import violations
from tests.campaign.evidence import Confirmed, Evidence, Json, Program
from tests.e2e.desk import LIQUIDATE

AT = 1_700_000_000.0
TOKEN = "c0ffee" * 10
LADDER = ("intent", "sending", "sent", "accepted", "stopped", "flat", "verified")


def line(event: str, seconds: float, **more: Any) -> Json:
    known = {"id": "a-1", "action": "liquidate", "project_id": 7, "deploy_id": "L-7", "via": "console", "detail": ""}
    return {**known, "at": journal_time(AT + seconds), "event": event, **more}


def post(number: int, **more: Any) -> Json:
    known = {"path": LIQUIDATE, "body": {"projectId": 7}, "fault": "", "acted": True, "success": True}
    return {**known, "number": number, "arrived_at": AT + 0.01 * number, **more}


def evidence(way: str = "console", **more: Any) -> Evidence:
    """One liquidation that went well, from a console that goes on or from a command that has ended."""
    one = Confirmed(way=way, action="liquidate", project_id=7, identity="L-7", at=AT)
    program = Program(way=way, confirmed=[one])
    if way == "command":
        program.code, program.raw = 0, b"ACCEPTED\r\nVERIFIED stopped and flat\r\n"
    deployment = {"deployId": "L-7", "alive": False, "stoppedAt": AT + 4, "flatAt": AT + 5}
    lines = [line(event, number, via=one.via) for number, event in enumerate(LADDER)]
    known: dict[str, Any] = {
        "confirmed": [one],
        "programs": [program],
        "posts": [post(1)],
        "journal": lines,
        "truth": [{"projectId": 7, "deployments": [deployment], "optimizations": {}}],
        "token": TOKEN,
    }
    return Evidence(**known | more)


Plant = Callable[[Evidence], None]


def given(**changes: Any) -> Plant:
    """Other evidence in place of what was found."""

    def plant(found: Evidence) -> None:
        for name, value in changes.items():
            setattr(found, name, value)

    return plant


def ended(**changes: Any) -> Plant:
    """The process ended otherwise."""

    def plant(found: Evidence) -> None:
        for name, value in changes.items():
            setattr(found.programs[0], name, value)

    return plant


def true(**changes: Any) -> Plant:
    """The deployment is otherwise."""
    return lambda found: found.truth[0]["deployments"][0].update(changes)


def until(last: str, *more: Json) -> Plant:
    """The journal has no line after this one, but `more`."""

    def plant(found: Evidence) -> None:
        found.journal = [*found.journal[: LADDER.index(last) + 1], *more]

    return plant


def twice(found: Evidence) -> None:
    """Each line once more, of another action."""
    found.journal = [*found.journal, *(each | {"id": "a-2"} for each in found.journal)]


def unwritten(said: bytes) -> Plant:
    """Nothing could be written."""

    def plant(found: Evidence) -> None:
        given(disk="full", journal=[])(found)
        ended(code=143, signals=[signal.SIGTERM], raw=said)(found)

    return plant


def in_trouble(found: Evidence) -> None:
    """That something was to go wrong is known."""
    found.confirmed[0].troubles = ("full",)


def overtaken(found: Evidence) -> None:
    """A stop was sent while the liquidation was still being verified."""
    stop = Confirmed(way="console", action="stop", project_id=7, identity="L-7", at=AT, troubles=("at once",))
    found.confirmed[0].troubles = stop.troubles
    found.confirmed = [*found.confirmed, stop]
    found.posts = [*found.posts, post(2, path="live/update/stop")]
    found.journal = [*found.journal, *(line(each, 0.0, id="a-2", action="stop") for each in ("intent", "sending"))]
    found.journal = [*found.journal, line("verified", 9.0, id="a-2", action="stop")]


def still_running(found: Evidence) -> None:
    """It was an abort, and the optimization runs."""
    one = Confirmed(way="console", action="abort", project_id=7, identity="O-1", at=AT)
    found.confirmed, found.posts = [one], [post(1, path="optimizations/abort", body={"optimizationId": "O-1"})]
    found.truth = [{"projectId": 7, "deployments": [], "optimizations": {"O-1": "running"}}]
    lines = [line(each, 0.0, action="abort", optimization_id="O-1") for each in LADDER]
    found.journal = [each for each in lines if each["event"] not in ("stopped", "flat")]


def test_of_what_went_well_nothing_is_said() -> None:
    assert violations(evidence()) == []
    assert violations(evidence("command")) == []


NOT_ANSWERED = post(1, acted=False, success=None)
SIGNED = "what signs a request is in qctui.log"
PLANTED: dict[str, tuple[str, tuple[Plant, ...]]] = {
    "a second request": ("2 requests for 1", (given(posts=[post(1), post(2)]),)),
    "another one behind a lost answer": (
        "2 requests for 1 confirmations",
        (given(posts=[post(1, fault="close-after"), post(2)]),),
    ),
    "a request that nobody confirmed": (
        "1 requests for 0 confirmations",
        (given(posts=[post(1), post(2, body={"projectId": 8})]),),
    ),
    "a request before its intent": ("without an intent before it", (given(posts=[post(1, arrived_at=AT - 1)]),)),
    "a request without an intent": ("without an intent before it", (given(journal=[]),)),
    "STOPPED too early": ("STOPPED against the truth", (true(stoppedAt=AT + 4.5),)),
    "FLAT of what never is": ("FLAT against the truth", (true(flatAt=None),)),
    "VERIFIED too early": ("VERIFIED against the truth", (true(flatAt=AT + 7),)),
    "VERIFIED of another one": ("of a deployment that does not exist", (true(deployId="L-8"),)),
    "VERIFIED of what runs": ("VERIFIED against the truth: abort", (still_running,)),
    "REJECTED that had effect": ("REJECTED of a request that had effect", (until("sent", line("rejected", 2)),)),
    "NOT SENT that arrived": (
        "NOT SENT of a request that arrived",
        (until("sending", line("not_sent", 2)), given(posts=[NOT_ANSWERED])),
    ),
    "ACCEPTED without an answer": ("ACCEPTED without a request that was", (given(posts=[NOT_ANSWERED]),)),
    "not verified": ("though nothing went wrong", (until("flat", line("unverified", 6)),)),
    "no last word": ("no last word", (until("accepted"),)),
    "no last word of an earlier one": (
        "no last word",
        (until("verified", line("unknown", 0, id="a-0")), given(earlier=frozenset(["a-0"]))),
    ),
    "a torn line": ("a line of the journal that is none", (given(damaged=['{"id": "a-1", "ev']),)),
    "two actions of one confirmation": ("2 actions for 1 confirmations", (twice,)),
    "a confirmation that vanished": ("a confirmation vanished", (given(journal=[], posts=[]),)),
    "a stop that overtakes": ("a stop overtook a liquidation", (until("flat"), overtaken)),
    "a full disk that is not said": ("that was not said", (unwritten(b""),)),
    "a full disk that holds up": (
        "was not sent because the journal could not be written",
        (unwritten(b"NO JOURNAL"), given(posts=[]), in_trouble),
    ),
    "a disk that takes lines again": (
        "its lines were not written once the disk took them again",
        (unwritten(b"NO JOURNAL"), ended(code=None)),
    ),
    "an exit code of another word": ("a console exited with 1", (ended(code=1),)),
    "an end by a signal that it handles": ("a console exited with -15", (ended(code=-15, signals=[15]),)),
    "a traceback": ("ended with a traceback", (ended(code=143, signals=[15], raw=b"Traceback (most"),)),
    "an open end that is not said": (
        "stood at accepted when its console ended, and that was not said",
        (ended(code=0, quit=True, ended_at=AT + 3.5),),
    ),
    "a start that is promised in vain": (
        "the next start was promised to verify 1",
        (unwritten(b"NO JOURNAL ... 1 action is not verified yet; verification goes on at the next start"),),
    ),
    "modes left behind": ("left its terminal changed: 1049", (ended(code=0, quit=True, left_behind=["1049"]),)),
    "settings left behind": ("changed: line settings", (ended(code=0, quit=True, as_found=False),)),
    "the token in the journal": ("the token is in journal", (given(files={"journal": TOKEN.encode()}),)),
    "the token on the terminal": ("the token is in terminal of a console", (ended(raw=TOKEN.encode()),)),
    "a hash in the log": (SIGNED, (given(files={"qctui.log": b"refused " + b"0a" * 32}),)),
    "the header in the log": (SIGNED, (given(files={"qctui.log": b"Basic " + b"QUJD" * 12}),)),
}


@pytest.mark.parametrize("planted", PLANTED, ids=str)
def test_what_is_planted_is_found(planted: str) -> None:
    words, plants = PLANTED[planted]
    found = evidence()
    for plant in plants:
        plant(found)
    assert any(words in each for each in violations(found)), violations(found)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"code": 4}, "exited with 4"),
        ({"code": 0, "raw": b"UNVERIFIED still open\r\n"}, "exited with 0"),
        ({"code": 1, "raw": b"REJECTED no\r\n"}, "printed rejected, and the journal has"),
        ({"code": 0, "raw": b'{"event": "rejected"}\r\n'}, "exited with 0"),
    ],
)
def test_an_exit_code_of_a_command_agrees_with_its_words_and_the_journal(changes: dict[str, Any], words: str) -> None:
    found = evidence("command")
    ended(**changes)(found)
    assert any(words in each for each in violations(found)), violations(found)


def test_a_command_that_is_not_verified_in_the_journal_does_not_exit_0() -> None:
    found = evidence("command")
    until("flat")(found)
    assert any("exited 0 and is not verified" in each for each in violations(found))


def excused(found: Evidence) -> list[str]:
    return [each for each in violations(found) if "no last word" not in each]


def test_what_a_kill_a_disk_or_a_closed_terminal_excuses_is_excused() -> None:
    killed = evidence()
    ended(code=-signal.SIGKILL, signals=[signal.SIGKILL], left_behind=["1049"], as_found=False)(killed)
    assert excused(killed) == []

    closed = evidence()
    ended(code=129, closed=True, left_behind=["1049"])(closed)
    assert excused(closed) == []

    full = evidence()
    unwritten(b"NO JOURNAL: No space left on device")(full)
    assert excused(full) == []

    gone = evidence()
    unwritten(b"")(gone)
    ended(closed=True)(gone)
    assert excused(gone) == []

    told_to_wait = evidence(posts=[post(1, fault="http-429", acted=False, success=False), post(2)])
    assert excused(told_to_wait) == []

    blind = evidence()
    until("flat")(blind)
    overtaken(blind)
    ended(raw=b"not known whether another process is liquidating: no answer of the disk")(blind)
    assert excused(blind) == []
