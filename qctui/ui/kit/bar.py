"""Bars of one line: facts at the left and right, the footer with the keys that work now, and the state of the API."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from textual.events import Click

from qctui.model.link import SKEW_LIMIT_S, Link, LinkState
from qctui.model.recording import Recording, TapeState
from qctui.model.resource import Resource
from qctui.ui.context import UiOptions
from qctui.ui.keys.keymap import Command, format_key, keys_of
from qctui.ui.kit.cell_diff import SpanLines
from qctui.ui.kit.render_context import RenderContext
from qctui.ui.kit.spans import Span, Spans, cut, seven_bit, width_of
from qctui.ui.theme.glyph_set import Glyphs
from qctui.ui.wording.format import format_latency, format_skew


class Bar(SpanLines):
    """A line. What doesn't fit is left out from the end of `left`; `right` stays whole as long as it fits at all."""

    DEFAULT_CSS = """
    Bar { height: 1; width: 1fr; }
    """
    can_focus = False

    def __init__(self, glyphs: Glyphs, *, id: str | None = None) -> None:
        super().__init__(glyphs, id=id)
        self._fill: Span = (" ", "")
        """Drawn between left and right."""
        self._left: Sequence[Span] = ()
        self._right: Sequence[Span] = ()
        self._optional: Sequence[Span] = ()
        self._defect = ""

    def show_line(
        self,
        left: Sequence[Span],
        right: Sequence[Span] = (),
        *,
        optional: Sequence[Span] = (),
        fill: Span | None = None,
    ) -> None:
        """Replace what is shown. Equal content costs nothing. `optional` follows `left` as far as it fits in whole
        spans."""
        self._left, self._right, self._optional = left, right, optional
        self._fill = fill or self._fill
        if self.size.width:
            self._draw()

    def show_defect(self, words: str) -> None:
        """Say this at the right end, where ages stand, until it is empty again."""
        if words != self._defect:
            self._defect = words
            self._draw()

    def on_resize(self) -> None:
        """Lay the line out for its new width."""
        self._draw()

    def _draw(self) -> None:
        self.draw([self._compose_line(self.size.width)])

    def _compose_line(self, width: int) -> Spans:
        left, right, optional = tuple(self._left), tuple(self._right), tuple(self._optional)
        if self._defect:
            right = ((f" {self._glyphs.alert} {self._defect} ", "danger bold"),)
        if self._glyphs.ascii:
            left, right, optional = seven_bit(left), seven_bit(right), seven_bit(optional)
        if width_of(right) > width:
            right = cut(right, width, self._glyphs)
        room = width - width_of(right)
        if width_of(left) > room:
            left = cut(left, room, self._glyphs)
        for span in optional:
            if width_of((*left, span)) > room:
                break
            left = (*left, span)
        gap = room - width_of(left)
        glyph, role = self._fill
        return (*left, (glyph * gap, role), *right)


class KeyBar(Bar):
    """The screen's last line. Keys that do not fit are left out whole, the least important first."""

    def __init__(self, glyphs: Glyphs, keymap: Mapping[str, str]) -> None:
        super().__init__(glyphs, id="keys")
        self._keymap = keymap
        self._commands: tuple[Command, ...] = ()
        self._spots: list[tuple[int, int, Command]] = []

    def show(self, commands: Iterable[Command]) -> None:
        """Show these commands' keys."""
        self._commands = tuple(command for command in commands if command.footer is not None)
        self._lay_out()

    def on_resize(self) -> None:
        """Choose again what fits."""
        self._lay_out()

    def on_click(self, event: Click) -> None:
        """A key's word can be clicked: it is the key that is pressed then."""
        for start, end, command in self._spots:
            if start <= event.x < end:
                self.app.simulate_key(keys_of(command, self._keymap)[0])

    def _lay_out(self) -> None:
        if not self.size.width:
            return
        room = self.size.width - 1
        fitting: list[Command] = []
        for command in sorted(self._commands, key=lambda each: each.footer or 0):
            room -= width_of(self._spans(command))
            if room < 0:
                break
            fitting.append(command)
        line: list[Span] = [(" ", "")]
        self._spots = []
        for command in self._commands:
            if command in fitting:
                spans = self._spans(command)
                start = width_of(line)
                self._spots.append((start, start + width_of(spans), command))
                line += spans
        self.show_line(line)

    def _spans(self, command: Command) -> list[Span]:
        key = format_key(keys_of(command, self._keymap)[0])
        return [(key, "danger bold" if command.acts else "key bold"), (f" {command.label}  ", "muted")]


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

    def show(
        self,
        link: Link,
        on_screen: Iterable[Resource[Any]],
        context: RenderContext,
        journal: str = "",
        tape: TapeState | None = None,
    ) -> None:
        """Show the link's state.

        `on_screen` are the resources whose data the other panes show; `journal` is why actions can't be written down,
        empty while they can.
        """
        dot = context.glyphs.between
        left: list[Span] = [(" ", ""), *_badges(self._options), (f" {self._options.profile}", "title bold"), dot]
        word, role = _STATES[link.state]
        if _refused_for_its_time(link):
            word = f"NOT ACCEPTED: CLOCK {format_skew(-(link.skew_s or 0.0))} OFF"
        left += [("API ", "muted"), (word, role)]
        latency = format_latency(link.latency_s)
        if link.state in {LinkState.OK, LinkState.DEGRADED} and latency and not (journal or _of_tape(tape, context)):
            left.append((f" {latency}", "muted"))
        if link.state is not LinkState.OK and link.failure is not None:
            left += [dot, (link.failure.message, role)]
        right: list[Span] = []
        for group in _groups(link, on_screen, context, journal, tape):
            right += [*([dot] if right else []), *group]
        self.show_line(left, [(" ", ""), *right, (" ", "")])


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


def _refused_for_its_time(link: Link) -> bool:
    """Whether the credentials can't be accepted as long as this machine's clock is what it is."""
    return link.state is LinkState.AUTH and link.skew_s is not None and abs(link.skew_s) >= SKEW_LIMIT_S


def _of_tape(tape: TapeState | None, context: RenderContext) -> str:
    """What a person should know of the recording; empty while it goes well."""
    if tape is not None and tape.recording is Recording.STOPPED:
        return f"NO TAPE: {_short(tape.reason, context)}"
    return f"TAPE without {tape.missed} answer{'s' * (tape.missed > 1)}" if tape is not None and tape.missed else ""


def _short(reason: str, context: RenderContext) -> str:
    return reason if len(reason) <= REASON else f"{reason[: REASON - 1]}{context.glyphs.ellipsis}"


def _groups(
    link: Link, on_screen: Iterable[Resource[Any]], context: RenderContext, journal: str, tape: TapeState | None
) -> Iterator[list[Span]]:
    """What stands at the right: what is wrong with journal, clock and link, and the age of the oldest data."""
    # One of the two: what keeps the journal from being written keeps the tape too, and matters more there.
    if journal:
        yield [(f"NO JOURNAL: {_short(journal, context)}", "danger bold")]
    elif words := _of_tape(tape, context):
        yield [(words, "stale")]
    if link.skew_s is not None and abs(link.skew_s) >= SKEW_S and not _refused_for_its_time(link):
        yield [("this clock is ", "muted"), (f"{format_skew(-link.skew_s)} off", "stale bold")]
    if link.waiting:
        yield [(f"reads {link.budget_used}/{link.budget} a minute, {link.waiting} waiting", "stale")]
    if link.failure is not None and link.failure.kind.advice:
        yield [(link.failure.kind.advice, "title bold")]
    if link.next_try_mono is not None:
        yield [("next try ", "muted"), (context.wait(link.next_try_mono), "title bold")]
    if read := [(each.fetched_mono, each.error) for each in on_screen if each.fetched_mono is not None]:
        oldest, well = min(at for at, _ in read), link.state is LinkState.OK and all(error is None for _, error in read)
        word = context.age(oldest) if well else context.late(oldest)
        yield [("oldest data ", "muted"), (word, "" if well else "stale")]
