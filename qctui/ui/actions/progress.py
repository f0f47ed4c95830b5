"""An action's progress in words: how far up the ladder it is, when each rung was reached, and what is awaited."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence

from rich.text import Text

from qctui.actions.wording import format_fine_span, format_holding
from qctui.model.action import ActionRecord, Rung, Step, Target
from qctui.model.deployment import Environment
from qctui.model.portfolio import Holding
from qctui.ui.kit.lines import pieces
from qctui.ui.kit.render_context import RenderContext
from qctui.ui.kit.spans import cut_name
from qctui.ui.theme.glyph_set import Glyphs
from qctui.ui.wording.format import format_end
from qctui.value import replace

LOUD = frozenset({Rung.REJECTED, Rung.NOT_SENT, Rung.UNKNOWN, Rung.UNVERIFIED})
"""Rungs that must not be overlooked: the action did not do, or can't be said to have done, what was asked."""

NOUNS = {
    "liquidate": "liquidation",
    "stop": "stop",
    "abort": "abort",
    "rename": "renaming",
    "delete": "deletion",
    "rerun": "rerun",
}
"""What one of each action is called when they are counted."""

NAMED_BESIDE = 2
"""Deployments that run beside panic, named; the rest is counted."""

RETRIED = "retried"
"""Said of an action after which the same was asked for again."""

_AWAITED = {
    Rung.SENDING: "trying to reach the API",
    Rung.SENT: "no answer yet",
    Rung.STOPPED: "not seen flat yet",
    Rung.UNKNOWN: "checking what happened",
}

_GOALS = {"abort": "aborted", "rename": "under its new name", "delete": "gone", "rerun": "there"}

_SAID_IN_TURN = [
    *(rung for rung in reversed(Rung) if rung not in LOUD),
    None,
    *(rung for rung in Rung if rung in LOUD),
]
"""VERIFIED is said first and the loud ones last, where the eye stops."""

LIVE_IN_DOUBT = f"{Environment.LIVE.value}?"
"""Treated as LIVE, though its account says that it is for practice."""


def format_badge(environment: Environment, *, aligned: bool = False, claims_paper: bool = False) -> Text:
    """LIVE or PAPER as a block that is read without its colour; as wide as each other if `aligned`. `claims_paper`: its
    account says that it is not LIVE."""
    word = LIVE_IN_DOUBT if claims_paper else f"{environment.value:<5}" if aligned else environment.value
    return pieces((f" {word} ", "live badge" if environment is Environment.LIVE else "paper bold"))


def format_identity(target: Target, glyphs: Glyphs) -> str:
    """The end of the id a person confirmed: `…430e`."""
    return format_end(target.identity, glyphs) if target.identity else ""


def format_position(holding: Holding) -> str:
    """Signed quantity and ticker, or that there may be one and that it could not be read."""
    return format_holding(holding) if holding.unreadable_quantity else f"{holding.quantity:+,.10g} {holding.ticker}"


def target_name(target: Target) -> str:
    """What a target is called; its project's number where that has no name."""
    return target.name or f"project {target.project_id}"


def format_list(items: Sequence[str], most: int, glyphs: Glyphs) -> str:
    """The first of these, and how many more there are."""
    more = [f"{len(items) - most} more"] if len(items) > most else []
    return f" {glyphs.dot} ".join([*items[:most], *more])


def format_aim(target: Target, glyphs: Glyphs, name_cells: int = 48, *, aligned: bool = False) -> Text:
    """Badge, name and the end of the id. An abort has no badge: an optimization trades nothing."""
    name = cut_name(target_name(target), name_cells, glyphs)
    badge = pieces() if target.optimization_id else pieces(format_badge(target.environment, aligned=aligned), " ")
    return pieces(badge, (name, "title bold"), " ", (format_identity(target, glyphs), "muted"))


def format_beside(running: Sequence[Target], glyphs: Glyphs) -> Text:
    """What panic does not hit though it runs: `Not part of it, and running:  LIVE  Momentum …430e · 2 more`."""
    text = pieces(("Not part of it, and running: ", "danger bold"))
    dot = f" {glyphs.dot} "
    named = [format_aim(each, glyphs, name_cells=24) for each in running[:NAMED_BESIDE]]
    text.append_text(Text(dot, end="").join(named))
    if len(running) > NAMED_BESIDE:
        text.append(f"{dot}{len(running) - NAMED_BESIDE} more")
    return text


def rung_role(rung: Rung | None) -> str:
    """How a rung is said when it is the newest."""
    if rung in LOUD:
        return "danger badge"
    return "ok bold" if rung is Rung.VERIFIED else "title bold"


def shown_steps(record: ActionRecord) -> tuple[Step, ...]:
    """The steps worth showing: a SENDING that went out at the first try is not. One that did not began with the
    confirmation, whenever the last try was."""
    steps = record.steps
    if not steps or steps[0].rung is not Rung.SENDING:
        return steps
    if len(steps) > 1 and record.tries <= 1:
        return steps[1:]
    return (replace(steps[0], at=record.confirmed_at, mono=record.confirmed_mono), *steps[1:])


def format_ladder(record: ActionRecord, context: RenderContext) -> Text:
    """`SENT 14:03:07 → ACCEPTED +0.2s → STOPPED +6s`, and while it is under way what is awaited and for how long."""
    steps = shown_steps(record)
    ladder = pieces()
    last_delta = ""
    for number, step in enumerate(steps):
        if number:
            ladder.append(f" {context.glyphs.then} ", "muted")
        newest = number == len(steps) - 1
        role = rung_role(step.rung) if newest or step.rung in LOUD else ""
        ladder.append(rung_word(step.rung) if newest else step.rung.value, role)
        if number == 0:
            ladder.append(f" {context.time(step.at)}", "muted")
        elif (delta := format_fine_span(_between(record, steps[0], step))) != last_delta:
            # The goal is seen at the instant its last condition is: saying that time twice would suggest a wait.
            ladder.append(f" +{delta}", "muted")
            last_delta = delta
    if not record.done:
        ladder.append(" " if steps else "")
        ladder.append(format_awaited(record, context.mono), "muted")
    return ladder


def rung_word(rung: Rung) -> str:
    """The rung as a word; a loud one stands in a block, so that it is read without its colour."""
    return f" {rung.value} " if rung in LOUD else rung.value


def format_awaited(record: ActionRecord, mono: float) -> str:
    """What an action under way waits for, and for how long by now: `(no answer yet, 3s)`."""
    rung = record.rung
    if rung is None:
        words = "confirmed"
    elif rung is Rung.SENDING and record.tries > 1:
        words = record.steps[-1].detail or f"try {record.tries}"
    elif rung is Rung.ACCEPTED:
        words = f"not seen {_GOALS.get(record.target.action, 'stopped')} yet"
    else:
        words = _AWAITED.get(rung, "under way")
    if record.foreign or record.resumed:
        # Its monotonic times belong to another process, perhaps to another boot.
        return f"({words})"
    return f"({words}, {format_fine_span(_coarse(mono - record.confirmed_mono))})"


def format_reason(record: ActionRecord) -> str:
    """What the newest loud rung says: the API's words, or why nothing is known; empty for the others."""
    if not record.steps or record.steps[-1].rung not in LOUD:
        return ""
    return record.steps[-1].detail


def format_number(count: int, action: str) -> str:
    """So many of one action: `12 liquidations`."""
    return f"{count} {NOUNS.get(action, action)}{'' if count == 1 else 's'}"


def format_total(records: Sequence[ActionRecord], retried: Collection[str] = ()) -> Text:
    """`12 liquidations: 9 VERIFIED, 2 ACCEPTED, 1 retried`. Those `retried`, by id, count where they were."""
    counted = [record for record in records if record.action_id not in retried]
    total = pieces((format_number(len(records), records[0].target.action), "title bold"), ": ", format_counts(counted))
    if len(counted) < len(records):
        total.append(f"{', ' if counted else ''}{len(records) - len(counted)} {RETRIED}", "muted")
    return total


def format_counts(records: Sequence[ActionRecord]) -> Text:
    """How many are at which rung, furthest first: `9 VERIFIED, 2 ACCEPTED, 1 REJECTED`."""
    counts = Counter(record.rung for record in records)
    counted = pieces()
    for number, rung in enumerate(sorted(counts, key=_SAID_IN_TURN.index)):
        counted.append(", " if number else "")
        counted.append(f"{counts[rung]} {'CONFIRMED' if rung is None else rung.value}", rung_role(rung))
    return counted


def _between(record: ActionRecord, first: Step, step: Step) -> float:
    """Seconds between two steps: by the clock that can't jump where both were stamped by this process."""
    if record.foreign or record.resumed:
        return step.at - first.at
    return step.mono - first.mono


def _coarse(seconds: float) -> float:
    """Whole seconds for two minutes, then steps of ten: a line that ticks all day says nothing more."""
    seconds = max(0.0, seconds)
    return seconds // 1 if seconds < 120 else seconds // 10 * 10
