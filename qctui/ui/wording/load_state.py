"""The load state of a resource (loading, data, empty, failed, stale), and the words for it."""

from __future__ import annotations

from collections.abc import Sequence, Sized
from enum import Enum
from typing import Any, TypeVar

from qctui.model.resource import FailureKind, Resource
from qctui.ui.kit.render_context import RenderContext
from qctui.ui.kit.spans import Spans
from qctui.ui.wording.format import format_percent
from qctui.value import Value, replace

T = TypeVar("T")

SNAPSHOT_LAG_S = 90.0
"""A server's snapshot is only worth a second age when it is clearly older than our reading of it."""


STALE_AFTER_S = 240.0
"""Of what is read every 60 s, at a third of that pace while it is covered."""


class LoadState(Enum):
    """What a pane shows."""

    LOADING = "loading"
    """Nothing has come yet, nothing failed."""
    DATA = "data"
    EMPTY = "empty"
    """The answer says there is nothing."""
    FAILED = "failed"
    """The last read failed; the last good data stay, with their age."""
    STALE = "stale"
    """Nothing failed, and yet the data are older than they should be."""


class LoadStateWords(Value):
    """A load state in words."""

    state: LoadState
    age: Spans
    """For the pane's title: the age of the data, or what is wrong with them."""
    note: Spans = ()
    """For the line under the data: why. Empty when all is well."""
    note_right: Spans = ()
    """When the next try is."""
    body: str = ""
    """Said where rows would be, while there are none."""


def describe(
    resource: Resource[Any],
    context: RenderContext,
    *,
    what: str,
    nothing: str,
    stale_after_s: float = STALE_AFTER_S,
    size: int | None = None,
) -> LoadStateWords:
    """The words for a resource's load state.

    `what` is being read, in lower case; `nothing` is said when there is none of it. `size` is how many there are where
    that is not the length of its value.
    """
    if resource.error is not None:
        if context.replay and resource.error.kind is FailureKind.REFUSED:
            # Said under it too: there may be rows of something else.
            absent: Spans = (("not on the tape", "muted"),)
            note: Spans = ((f"{what}: not read then", "muted"),)
            return LoadStateWords(LoadState.EMPTY, absent, note, body=resource.error.message)
        return _failed(resource, context, what)
    if resource.value is None:
        return _loading(resource, context, what)
    count = size if size is not None else len(resource.value) if isinstance(resource.value, Sized) else 1
    body = nothing if count == 0 else ""
    age_s = resource.age_s(context.mono) or 0.0
    if age_s >= stale_after_s:
        word = context.late(resource.fetched_mono)
        label, age, why = "stale", f"stale {word}", f" no newer {what} for {word}, and nothing failed"
        if context.replay:
            label = age = f"{word} old"
            why = f": the tape has no newer {what} at this time"
        note = ((f"{context.glyphs.alert} {label}", "stale bold"), (why, "muted"))
        return LoadStateWords(LoadState.STALE, ((age, "stale bold"),), note, body=body)
    # Asked for so that the pane is drawn again when it turns stale.
    context.note(context.mono + stale_after_s - age_s)
    state = LoadState.EMPTY if count == 0 else LoadState.DATA
    preparing: Spans = () if resource.progress is None else (("QuantConnect is preparing a newer answer", "muted"),)
    return LoadStateWords(state, _age(resource, context), preparing, body=body)


def _loading(resource: Resource[Any], context: RenderContext, what: str) -> LoadStateWords:
    age, body = "reading", f"Reading {what}{context.glyphs.ellipsis}"
    if resource.progress is not None:
        share = resource.progress.fraction
        done = "" if share is None else f" ({format_percent(share, context.glyphs)})"
        age, body = f"preparing{done}", f"QuantConnect is preparing the {what}{done}."
    return LoadStateWords(LoadState.LOADING, ((age, "muted"),), body=body)


def _failed(resource: Resource[Any], context: RenderContext, what: str) -> LoadStateWords:
    error = resource.error
    assert error is not None
    alert = context.glyphs.alert
    # At the right, where it is not cut: a message can be longer than the screen is wide.
    retry: Spans = ((f" {error.kind.advice}", "title bold"),) if error.kind.advice else ()
    if error.next_try_mono is not None:
        retry += ((f" next try {context.wait(error.next_try_mono)}", "muted"),)
    age: Spans = ((f"{alert} failed", "danger bold"),)
    if resource.value is not None:
        age += ((f" data {context.late(resource.fetched_mono)} old", "stale"),)
    # The reason here too: the line below is cut where it is longer than that.
    body = f"No {what} received yet: {error.message}" if resource.value is None else ""
    return LoadStateWords(LoadState.FAILED, age, ((f"{alert} {error.message}", "danger"),), retry, body)


def _age(resource: Resource[Any], context: RenderContext) -> Spans:
    word = context.age(resource.fetched_mono)
    as_of, fetched = resource.as_of, resource.fetched_at
    if as_of is None or fetched is None or fetched - as_of < SNAPSHOT_LAG_S or resource.fetched_mono is None:
        return ((word, "muted"),)
    # By the monotonic clock: what the server's snapshot was old when it came, plus the time since.
    snapshot = context.age(resource.fetched_mono - (fetched - as_of))
    return ((f"{word}, of {snapshot} ago", "muted"),)


def merged(resources: Sequence[Resource[tuple[T, ...]]]) -> Resource[tuple[T, ...]]:
    """Several lists as one: as old as the oldest, failed if any failed, loading until one has come."""
    valued = [each for each in resources if each.value is not None]
    if not valued:
        return next((each for each in resources if each.error is not None), Resource())
    oldest = min(valued, key=lambda each: each.fetched_mono or 0.0)
    error = next((each.error for each in resources if each.error is not None), None)
    return replace(oldest, value=tuple(item for each in valued for item in each.value or ()), error=error)
