"""What live/read and live/list together show of one deployment: the second is asked where the first can't be trusted.

One answer may come from a replica that lags, or be half readable. This decides what one observation shows; how many
must agree is decided where the conclusion is drawn (`verify_deployment.py`, `contradictions.py`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from enum import Enum, auto

from qctui.actions.wording import format_clock_time
from qctui.api.ports import ApiError, TriggerApi
from qctui.clock import Clock, first_of
from qctui.model.deployment import Deployment, DeploymentDetail, is_alive
from qctui.value import Value, replace

SILENT_S = 2.0
"""How long live/read may be silent before live/list is asked beside it."""

SILENT = "live/read tells no status"


class Observed(Enum):
    """What one observation shows of the deployment that an action aims at."""

    ALIVE = auto()
    """It may still trade."""
    ENDED = auto()
    """It has a stop time or a terminal status."""
    REPLACED = auto()
    """The project has another one, which live/read and the portfolio are about, and nothing says that ours lives on."""
    UNKNOWN = auto()
    """Nothing could be read, or the witnesses contradict each other."""


class Observation(Value):
    """One observation of a project, by live/read and, where that leaves doubt, by live/list."""

    state: Observed
    source: str = "live/read"
    """The endpoint that says so."""
    deploy_id: str = ""
    """Of the deployment that was observed, where it is known; of the other one if ours was replaced."""
    status: str = ""
    launched_at: float | None = None
    """Unix seconds, as `stopped_at`."""
    stopped_at: float | None = None
    newer: bool = False
    """The other one was launched after ours: no replica that lags shows that."""
    ours_ended: bool = False
    """Beside the other one live/list shows that ours has ended."""
    note: str = ""
    """What to know of this observation, for the screen: a read that failed, errors beside the fields, a contradiction.
    Empty if all was clear."""

    def ended_words(self, clock: Clock) -> str:
        """How it is known to have ended, as in `Liquidated at 14:33 UTC`."""
        status = self.status or "stopped"
        when = f" at {format_clock_time(self.stopped_at, clock.now())}" if self.stopped_at else ""
        return f"{status}{when}{'' if self.source == 'live/read' else f' by {self.source}'}"

    def already_ended_words(self, clock: Clock) -> str:
        """That there was nothing to act upon any more, as in `already stopped at 14:33 UTC`."""
        word = self.status.casefold()
        known = word if word in ("stopped", "liquidated", "completed", "deleted") else "stopped"
        when = f" at {format_clock_time(self.stopped_at, clock.now())}" if self.stopped_at else ""
        status = f" ({self.status})" if known != word and word != "running" and self.status else ""
        return f"already {known}{when}{status}"

    @property
    def alive(self) -> bool:
        """The deployment it names may still trade."""
        return is_alive(self.status, self.stopped_at)

    def is_before(self, launched_at: float | None) -> bool:
        """Whether the other one was launched before ours, which was launched then, and nothing shows that ours has
        ended: a replica that lags."""
        if launched_at is None or self.launched_at is None:
            return False
        return self.launched_at < launched_at and not self.ours_ended

    @property
    def other_words(self) -> str:
        """The deployment that replaced ours."""
        return f"{self.deploy_id or 'another deployment'} ({self.status or 'status unknown'})"


async def observe(api: TriggerApi, project_id: int, deploy_id: str, there_at: float | None = None) -> Observation:
    """Observe the deployment `deploy_id` of a project; with an empty id, the project's most recent one.

    `there_at` is when it is known to have been launched already, Unix seconds: another one launched later is newer.
    Never raises for a failing API: the observation then shows nothing, with the reason in its note.
    """
    detail, failure = await _read(api, project_id)
    if detail is not None and not _doubt_about(detail, deploy_id) and _is_same(deploy_id, detail.deploy_id):
        return _observation_of(detail, "live/read")
    rows, list_failure = await _list(api, project_id)
    if list_failure:
        return _without_list(detail, deploy_id, there_at, failure, list_failure)
    return _weigh(detail, rows, deploy_id, there_at, failure)


class CurrentDeployment(Value):
    """What a project holds now, read before anything is sent."""

    known: Deployment | DeploymentDetail | None
    """The deployment that an action would hit; None if nothing could be read."""
    detail: DeploymentDetail | None
    """What live/read said, whatever it is worth."""
    notes: tuple[str, ...] = ()
    """What was in doubt, for the screen."""


async def find_current(api: TriggerApi, clock: Clock, project_id: int) -> CurrentDeployment:
    """The deployment of a project that an action would hit: the one alive, by live/read.

    Live/list is asked too where that fails, carries errors, has no id or an ended one (another may live in the
    project), or has not answered within `SILENT_S`. Never raises for a failing API.
    """
    reading = asyncio.ensure_future(_read(api, project_id))
    try:
        if await first_of(clock, SILENT_S, reading):
            detail, failure = reading.result()
            if detail is not None and detail.alive and detail.deploy_id and not _doubt_about(detail, ""):
                return CurrentDeployment(detail, detail)
        rows, list_failure = await _list(api, project_id)
        # One that has not answered by now is waited for only if the other witness has nothing to say.
        if not reading.done() and not any(row.alive for row in rows):
            await asyncio.wait({reading})
        late = f"live/read has not answered within {SILENT_S:g} s"
        detail, failure = reading.result() if reading.done() else (None, late)
    finally:
        reading.cancel()
    row = _newest(rows)
    notes = tuple(filter(None, (failure or _doubt_about(detail, "any"), list_failure)))
    if row is not None and row.alive and (detail is None or detail.deploy_id != row.deploy_id or not detail.alive):
        return CurrentDeployment(row, detail, notes)
    return CurrentDeployment(detail or row, detail, notes)


async def _read(api: TriggerApi, project_id: int) -> tuple[DeploymentDetail | None, str]:
    try:
        return await api.fetch_detail(project_id), ""
    except ApiError as error:
        return None, f"live/read fails: {error.advised}"


async def _list(api: TriggerApi, project_id: int) -> tuple[tuple[Deployment, ...], str]:
    try:
        listed = await api.fetch_deployments(project_id)
    except ApiError as error:
        return (), f"live/list fails: {error.advised}"
    return tuple(row for row in listed.deployments if row.project_id == project_id), ""


def _weigh(
    detail: DeploymentDetail | None,
    rows: tuple[Deployment, ...],
    deploy_id: str,
    there_at: float | None,
    failure: str,
) -> Observation:
    """What both witnesses show, live/read being in doubt: failed, with errors, silent, or about another deployment.

    Whatever else is alive in the project matters too, or was launched later: the portfolio is then that one's.
    """
    note = failure or _doubt_about(detail, deploy_id)
    row = _newest(row for row in rows if deploy_id in ("", row.deploy_id))
    ours = row if row is not None and (row.status or row.stopped_at is not None) else None
    other: Deployment | DeploymentDetail | None = _newest(
        row
        for row in rows
        if row is not ours and (row.alive or (ours is not None and _is_newer(row, ours.launched_at)))
    )
    if detail is not None and not _is_same(deploy_id, detail.deploy_id):
        other = detail
    if other is not None and (ours is None or not ours.alive):
        launched_at = row.launched_at if row is not None and row is not other else None
        known_at = there_at if launched_at is None else launched_at
        return _replaced(other, known_at, note, ours_ended=ours is not None)
    if other is detail and detail is not None and ours is not None:
        words = f"live/read shows {detail.deploy_id}, live/list that {deploy_id} is {ours.status or 'alive'}"
        return Observation(Observed.UNKNOWN, note="; ".join(filter(None, (words, note))))
    if detail is None or not detail.has_status:
        return (
            _observation_of(ours, "live/list", note) if ours is not None else Observation(Observed.UNKNOWN, note=note)
        )
    if ours is None:
        return _observation_of(detail, "live/read", note)
    if ours.alive is not detail.alive:
        words = f"live/read says {detail.status or 'stopped'}, live/list {ours.status or 'stopped'}"
        return Observation(Observed.UNKNOWN, status=ours.status, note="; ".join(filter(None, (words, note))))
    return _observation_of(detail, "live/read", note)


def _without_list(
    detail: DeploymentDetail | None, deploy_id: str, there_at: float | None, failure: str, list_failure: str
) -> Observation:
    """Live/read in doubt and no second witness: what is readable counts, with the doubt beside it."""
    note = "; ".join(filter(None, (failure or _doubt_about(detail, deploy_id), list_failure)))
    if detail is None or not detail.has_status:
        return Observation(Observed.UNKNOWN, note=note)
    if not _is_same(deploy_id, detail.deploy_id):
        return _replaced(detail, there_at, note)
    return _observation_of(detail, "live/read", note)


def _newest(rows: Iterable[Deployment]) -> Deployment | None:
    """The one alive, else the one launched last."""
    return max(rows, key=lambda row: (row.alive, row.launched_at or 0.0), default=None)


def _is_newer(other: Deployment | DeploymentDetail, there_at: float | None) -> bool:
    """Whether it is known to have been launched later."""
    return other.launched_at is not None and there_at is not None and other.launched_at > there_at


def _observation_of(known: Deployment | DeploymentDetail, source: str, note: str = "") -> Observation:
    seen = Observed.ALIVE if known.alive else Observed.ENDED
    return _of(known, seen, source, note)


def _replaced(
    other: Deployment | DeploymentDetail, there_at: float | None, note: str, *, ours_ended: bool = False
) -> Observation:
    source = "live/read" if isinstance(other, DeploymentDetail) else "live/list"
    seen = _of(other, Observed.REPLACED, source, note)
    return replace(seen, newer=_is_newer(other, there_at), ours_ended=ours_ended)


def _of(known: Deployment | DeploymentDetail, seen: Observed, source: str, note: str) -> Observation:
    return Observation(seen, source, known.deploy_id, known.status, known.launched_at, known.stopped_at, note=note)


def _doubt_about(detail: DeploymentDetail | None, deploy_id: str) -> str:
    """Why an answer of live/read wants a second witness; empty if it does not."""
    if detail is None:
        return ""
    if detail.errors:
        return f"live/read carries errors: {detail.errors}"
    if not detail.has_status:
        return SILENT
    return "live/read tells no deploy id" if deploy_id and not detail.deploy_id else ""


def _is_same(deploy_id: str, answered: str) -> bool:
    """Whether an answer may be about that deployment. One without an id is no evidence of another: every field of
    live/read may be missing (REFERENCE.md 6.2)."""
    return not deploy_id or not answered or answered == deploy_id
