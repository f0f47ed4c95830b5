"""What has to hold after confirmations, judged from outside: by the simulator's truth and its log of requests, the
journal's lines, exit codes, and what came out of the terminals.

What only a SIGKILL, a terminal that is gone or a disk that takes nothing may excuse is excused where it is, by name.
"""

from __future__ import annotations

import re
import signal
from collections.abc import Iterator

from qctui.actions.journal import FINAL_EVENTS
from tests.campaign.evidence import STOP, Confirmed, Evidence, aim_of, last_word, post_aim, time_of
from tests.e2e.desk import LIQUIDATE

WITHOUT_EFFECT = frozenset(("rejected", "not_sent"))
BLIND_STOP = "not known whether another process is liquidating"

OPEN = "not verified yet"
"""What is said of actions without a last word."""
_NEXT_START = re.compile(r"(\d+) actions? (?:is|are) not verified yet; verification goes on at the next start")

CODE_OF = {"verified": 0, "rejected": 1, "not_sent": 3}
"""Exit code of a command by its last word; 4 for the others."""

CLOCK_S = 0.05
"""How far two readings of the machine's clock may be apart: a line has milliseconds, and a decision is older than its
line."""

_SIGNING = re.compile(rb"\b[0-9a-f]{64}\b|(?i:basic) [A-Za-z0-9+/]{40}")
"""What signs a request: a SHA-256, and the header that has it."""


def violations(found: Evidence) -> list[str]:
    """Everything that does not hold, in words."""
    every = (_one_request, _intent_first, _truth, _answers, _words, _overtaken, _ends, _left_open, _terminals, _secrets)
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
        intents = sorted(time_of(line) for lines in actions for line in lines if line["event"] == "intent")
        arrived = [each["arrived_at"] for each in posts if not each["fault"].startswith("http-429")]
        written = [at for at in intents if not arrived or at <= arrived[-1] + CLOCK_S]
        if len(written) < len(arrived) and not found.disk:
            yield f"a request without an intent before it: {aim}, {len(arrived)} requests, {len(written)} intents"
    for program in found.programs:
        for one in program.confirmed:
            missing = found.disk and found.untold(one)
            if missing and program.code is None:
                yield f"{_named(one)}: its lines were not written once the disk took them again"
            # What was killed had no time to say it, and a terminal that was closed shows nothing.
            if missing and not program.owns_up and not (program.killed or program.closed):
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
        if true_at is None or true_at > time_of(line) + CLOCK_S:
            late = "never" if true_at is None else f"{true_at - time_of(line):.2f} s later"
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
            if aim_of(line) == aim and line["event"] == "verified" and time_of(line) <= stop["arrived_at"]
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
            by_then = {line["event"] for line in lines if time_of(line) <= each.disturbed_at}
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


def _left_open(found: Evidence) -> Iterator[str]:
    """A console that ends before an action of its own has a last word says so, and does not promise what the journal
    has not got."""
    for each in found.programs:
        if each.code is None or each.way == "command" or each.killed or each.closed or each.held:
            continue
        for one in each.confirmed:
            lines = [line for line in next(iter(found.of(one)), []) if time_of(line) <= each.ended_at]
            alone = sum(other.aim == one.aim for other in found.confirmed) == 1
            if alone and lines and last_word(lines) not in FINAL_EVENTS and OPEN not in each.said:
                yield f"{_named(one)} stood at {last_word(lines)} when its console ended, and that was not said"
        # Those of others that it had taken up count, too.
        by_then = {line["id"]: line["event"] for line in found.journal if time_of(line) <= each.ended_at}
        promised = sum(map(int, _NEXT_START.findall(each.said)))
        if promised > sum(event not in FINAL_EVENTS for event in by_then.values()):
            yield f"the next start was promised to verify {promised}, and of those in the journal fewer are open"


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


def _named(one: Confirmed) -> str:
    return f"{one.way} {one.action} {one.project_id} ({', '.join(one.troubles) or 'nothing went wrong'})"
