"""What earlier actions mean for a new one: the same one before, or a liquidation that a stop must not overtake."""

from __future__ import annotations

from collections.abc import Sequence

from qctui.actions.spec import LIQUIDATE
from qctui.model.action import ActionRecord, Rung, Target

WITHOUT_EFFECT = (Rung.REJECTED, Rung.NOT_SENT)
"""The ends of an action that did nothing."""


def is_same_object(one: Target, other: Target) -> bool:
    """Whether two targets are, or may be, the same deployment or optimization."""
    if one.optimization_id or other.optimization_id:
        return one.optimization_id == other.optimization_id
    known = one.deploy_id and other.deploy_id
    return one.project_id == other.project_id and (not known or one.deploy_id == other.deploy_id)


def earlier_action(records: Sequence[ActionRecord], target: Target) -> ActionRecord | None:
    """The newest earlier action of the same kind on the same target that may have had an effect.

    A command names it before it asks: a second liquidation is a person's right, with the first one's state in view
    (REFERENCE.md 7.5).
    """
    for record in reversed(records):
        same = record.target.action == target.action and is_same_object(record.target, target)
        if same and record.rung not in WITHOUT_EFFECT:
            return record
    return None


def retried(records: Sequence[ActionRecord]) -> frozenset[str]:
    """Ids of the actions (of `records`, oldest first) after which the same was asked for again, of the same target:
    the newest shows how things stand."""
    newer: dict[tuple[str, int, str], list[Target]] = {}
    found: set[str] = set()
    for record in reversed(records):
        target = record.target
        others = newer.setdefault((target.action, target.project_id, target.optimization_id), [])
        if any(is_same_object(target, other) for other in others):
            found.add(record.action_id)
        others.append(target)
    return frozenset(found)


def without_effect(records: Sequence[ActionRecord]) -> tuple[ActionRecord, ...]:
    """What was rejected or not sent, not seen by a person yet and not asked for again since, of this console's own."""
    again = retried(records)
    return tuple(
        record
        for record in records
        if record.rung in WITHOUT_EFFECT and not (record.acknowledged or record.foreign or record.action_id in again)
    )


def stop_lock(records: Sequence[ActionRecord], target: Target, mono: float) -> str | None:
    """Why a stop would endanger a liquidation of the same project; None if there is none to endanger.

    The request names the project alone and hits whatever is live there: one that was captured before a redeploy would
    hit the newer deployment. A liquidation of another deployment matters no more once it has come to its last word.

    A stop that overtakes a liquidation cancels it (REFERENCE.md 7.1). So Stop is locked until the liquidation is
    verified or certainly did nothing. Two ways out: an UNVERIFIED one that a person has acknowledged locks no longer,
    because stopping may be all that is left; and so does one of another console that fell silent beyond its time.
    """
    for record in reversed(records):
        same = is_same_object(record.target, target)
        if record.target.action != LIQUIDATE.id or record.target.project_id != target.project_id:
            continue
        if record.done and not same:
            continue
        if record.rung in (*WITHOUT_EFFECT, Rung.VERIFIED):
            continue
        if record.rung is Rung.UNVERIFIED and record.acknowledged:
            continue
        if record.foreign and not record.done and record.goal_by_mono is not None and mono > record.goal_by_mono:
            continue
        state = record.rung.value if record.rung is not None else "confirmed"
        remedy = "; acknowledge it to unlock" if record.rung is Rung.UNVERIFIED else ""
        which = "this deployment" if same else "this project's other deployment"
        return f"a liquidation of {which} is not verified ({state}): a stop could cancel it{remedy}"
    return None
