"""The link bar: whose account, real or not, how the API is doing, and the oldest data on screen."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from qctui.model.link import SKEW_LIMIT_S, Link, LinkState
from qctui.model.resource import Resource
from qctui.ui.context import UiOptions
from qctui.ui.kit.bar import Bar
from qctui.ui.kit.render_context import RenderContext
from qctui.ui.kit.spans import Span
from qctui.ui.theme.glyph_set import Glyphs
from qctui.ui.wording.format import format_latency, format_skew

SKEW_S = 10.0
"""A clock this far from the API's is said; the Date header alone is good to a second or two."""

REASON = 24
"""Characters of the reason why there is no journal: the rest of the line is for the API."""

_STATES = {
    LinkState.CONNECTING: ("connecting", "muted"),
    LinkState.OK: ("ok", "ok"),
    LinkState.DEGRADED: ("some reads fail", "stale bold"),
    LinkState.DOWN: ("DOWN", "danger bold"),
    LinkState.AUTH: ("CREDENTIALS NOT ACCEPTED", "danger bold"),
}


class LinkBar(Bar):
    """The screen's first line."""

    def __init__(self, options: UiOptions, glyphs: Glyphs) -> None:
        super().__init__(glyphs, id="link")
        self._options = options

    def show(self, link: Link, on_screen: Iterable[Resource[Any]], context: RenderContext, journal: str = "") -> None:
        """Show the link's state.

        `on_screen` are the resources whose data the other panes show; `journal` is why actions can't be written down,
        empty while they can.
        """
        dot = (f" {context.glyphs.dot} ", "rule")
        left: list[Span] = [(" ", ""), *_badges(self._options), (f" {self._options.profile}", "title bold"), dot]
        word, role = _STATES[link.state]
        if _refused_for_its_time(link):
            word = f"NOT ACCEPTED: CLOCK {format_skew(-(link.skew_s or 0.0))} OFF"
        left += [("API ", "muted"), (word, role)]
        latency = format_latency(link.latency_s)
        if link.state in {LinkState.OK, LinkState.DEGRADED} and latency and not journal:
            left.append((f" {latency}", "muted"))
        if link.state is not LinkState.OK and link.failure is not None:
            left += [dot, (link.failure.message, role)]
        waiting = [*_advice(link), *_next_try(link, context)]
        right = [
            *_journal(journal, context),
            *_skew(link),
            *_budget(link),
            *waiting,
            *_oldest(link, on_screen, context),
        ]
        self.show_line(left, [(" ", ""), *_joined(right, dot), (" ", "")])


def refresh_words(link: Link) -> str:
    """What reading again on a person's word comes to, as the link is now."""
    if link.state in {LinkState.DOWN, LinkState.AUTH}:
        return "Asking the API again; everything on screen is read once it answers"
    reading = "Reading everything on screen again"
    if not link.waiting and link.budget_used < link.budget:
        return reading
    return f"{reading}, some of it perhaps later: {link.budget_used} of {link.budget} reads a minute are used"


def _badges(options: UiOptions) -> list[Span]:
    badges: list[Span] = [(" DEMO ", "demo badge")] if options.demo else [(" LIVE ", "live badge")]
    if options.read_only:
        badges += [(" ", ""), (" READ-ONLY ", "read-only badge")]
    return badges


def _journal(failure: str, context: RenderContext) -> list[list[Span]]:
    if len(failure) > REASON:
        failure = f"{failure[: REASON - 1]}{context.glyphs.ellipsis}"
    return [[(f"NO JOURNAL: {failure}", "danger bold")]] if failure else []


def _refused_for_its_time(link: Link) -> bool:
    """Whether the credentials can't be accepted as long as this machine's clock is what it is."""
    return link.state is LinkState.AUTH and link.skew_s is not None and abs(link.skew_s) >= SKEW_LIMIT_S


def _skew(link: Link) -> list[list[Span]]:
    if link.skew_s is None or abs(link.skew_s) < SKEW_S or _refused_for_its_time(link):
        return []
    return [[("this clock is ", "muted"), (f"{format_skew(-link.skew_s)} off", "stale bold")]]


def _budget(link: Link) -> list[list[Span]]:
    if not link.waiting:
        return []
    return [[(f"reads {link.budget_used}/{link.budget} a minute, {link.waiting} waiting", "stale")]]


def _advice(link: Link) -> list[list[Span]]:
    if link.failure is None or not link.failure.kind.advice:
        return []
    return [[(link.failure.kind.advice, "title bold")]]


def _next_try(link: Link, context: RenderContext) -> list[list[Span]]:
    if link.next_try_mono is None:
        return []
    return [[("next try ", "muted"), (context.wait(link.next_try_mono), "title bold")]]


def _oldest(link: Link, on_screen: Iterable[Resource[Any]], context: RenderContext) -> list[list[Span]]:
    fetched = [each.fetched_mono for each in on_screen if each.fetched_mono is not None]
    if not fetched:
        return []
    well = link.state is LinkState.OK
    word = context.age(min(fetched)) if well else context.late(min(fetched))
    return [[("oldest data ", "muted"), (word, "" if well else "stale")]]


def _joined(groups: list[list[Span]], dot: Span) -> list[Span]:
    line: list[Span] = []
    for group in groups:
        line += ([dot] if line else []) + group
    return line
