"""The console over a tape: the same screens, each under a bar that can't be mistaken for the present, and its keys."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from concurrent.futures import Future
from datetime import tzinfo
from functools import partial
from typing import Any, ClassVar, Protocol
from weakref import WeakSet

from textual import on
from textual.binding import Binding
from textual.screen import Screen
from textual.timer import Timer
from textual.widget import Widget

from qctui.engine.engine_port import Engine, PlayerPort
from qctui.model.playback import NOTHING_SENT, PLAYBACK, Playback
from qctui.plot.times import on_calendar
from qctui.ui.app import QctuiApp
from qctui.ui.context import UiOptions
from qctui.ui.keys.keymap import BY_ID, Scope, bindings, format_key, keys_of
from qctui.ui.kit.cell_diff import SpanLines
from qctui.ui.kit.chooser import BoxScreen
from qctui.ui.kit.pane import Field
from qctui.ui.kit.spans import Span, fit, seven_bit, width_of
from qctui.ui.sync.presenter import StoreChanged
from qctui.ui.theme.glyph_set import Glyphs

TICK_S = 0.5
"""How often the time in the bar moves while the tape plays, and how soon an age may change its word."""

WHOLE = "%a %Y-%m-%d %H:%M:%S %Z"
"""Day, date, time and zone: nobody is to guess which morning this was."""

LEAST_SCALE = 20
"""Cells of the scale, before keys have a place beside it."""

_SIGNS = {"action": ("A", "title bold"), "alert": ("!", "stale bold"), "ended": ("x", "danger bold")}
"""How what there is to seek for stands on the scale."""

_KEYS = (
    (("play",), ""),
    (("previous_change", "next_change"), "change"),
    (("previous_event", "next_event"), "event"),
    (("minute_back", "minute_on"), "minute"),
    (("go_to_time",), ""),
)
"""The keys of the bar, the most important first, with the word for two together."""


class ReplayEngine(Engine, PlayerPort, Protocol):
    """An engine whose answers come from a tape."""


class ReplayBar(SpanLines):
    """Two lines at the top of every screen: what this is, the tape's time and what is to be said of it; the place on
    the tape and the main keys."""

    DEFAULT_CSS = """
    ReplayBar { dock: top; height: 2; width: 1fr; background: $panel; }
    """
    can_focus = False

    def __init__(self, glyphs: Glyphs, options: UiOptions) -> None:
        super().__init__(glyphs)
        self._options = options
        self._shown: tuple[Playback, float] | None = None

    def show(self, playback: Playback, now: float) -> None:
        """Show where the replay is; `now` is the tape's time."""
        self._shown = playback, now
        self._draw()

    def on_resize(self) -> None:
        """Lay it out for its new width."""
        self._draw()

    def _draw(self) -> None:
        if self._shown is None or not self.size.width:
            return
        width, glyphs = self.size.width, self._glyphs
        lines = [tuple(self._time(*self._shown)), tuple(self._place(*self._shown))]
        self.draw([fit(seven_bit(line) if glyphs.ascii else line, width, glyphs) for line in lines])

    def _time(self, playback: Playback, now: float) -> list[Span]:
        zone, dot = self._options.zone, self._glyphs.between
        state = (f"playing x{playback.speed:g}", "ok") if playback.playing else ("paused", "title bold")
        line: list[Span] = [(" REPLAY ", "demo badge"), (f" {self._options.profile} ", "title bold")]
        line += [(_formatted(now, zone, WHOLE), "title bold"), (" ", ""), state]
        if playback.gap is not None:
            line += [dot, (_gap_words(playback.gap, zone), "stale bold")]
        if playback.note:
            line += [dot, (playback.note, "")]
        if playback.outage:
            line += [dot, (f"API then: {playback.outage}", "danger")]
        return line

    def _place(self, playback: Playback, now: float) -> list[Span]:
        glyphs, keys = self._glyphs, self._keys(playback)
        share = Playback(now, playback.first_at, playback.last_at).place
        percent = f" {share * 100:3.0f}% "
        while keys and self.size.width - len(percent) - width_of(keys) < LEAST_SCALE:
            keys = keys[:-2]
        cells = max(1, self.size.width - len(percent) - width_of(keys) - 1)
        head = min(cells - 1, int(share * cells))
        scale: list[Span] = [(glyphs.bar_full, "title")] * head + [(glyphs.bar_rest, "rule")] * (cells - head)
        for at, kind in playback.marks:
            place = Playback(at, playback.first_at, playback.last_at).place
            scale[min(cells - 1, int(place * cells))] = _SIGNS[kind]
        scale[head] = (glyphs.mark, "title bold")
        return [(percent, "title bold"), *scale, (" ", ""), *keys]

    def _keys(self, playback: Playback) -> list[Span]:
        spans: list[Span] = []
        for ids, word in _KEYS:
            key = "".join(format_key(keys_of(BY_ID[each], self._options.keymap)[0]) for each in ids)
            word = word or ("pause" if ids == ("play",) and playback.playing else BY_ID[ids[0]].label)
            spans += [(f" {key}", "key bold"), (f" {word} ", "muted")]
        return spans


class GoToTime(BoxScreen[str | None]):
    """A field for a time."""

    AUTO_FOCUS = "Field"
    TITLE = "Go to a time on the tape"
    KEYS = "Enter goes, Esc cancels"
    BINDINGS = [  # noqa: RUF012  # as its base declares it
        Binding("ctrl+c", "app.quit", "quit", show=False, id="go_to_quit", tooltip="Leave the program"),
    ]
    DEFAULT_CSS = """
    GoToTime { align: center top; }
    GoToTime > .box { width: 72; margin-top: 3; }
    """

    def compose_box(self) -> Iterable[Widget]:
        """The field."""
        self._field = Field(
            placeholder="03:12, yesterday, 2026-11-20 14:00, +10m, -2h, end, action id",
            typed=lambda _text: None,
            entered=lambda: self.dismiss(self._field.value or None),
        )
        yield self._field

    def action_move(self, by: int) -> None:
        """There is one line."""


class ReplayApp(QctuiApp):
    """One run of a replay."""

    BINDINGS = bindings(Scope.REPLAY)
    WHY_READ_ONLY = NOTHING_SENT
    TOOLTIPS: ClassVar[Mapping[str, str]] = {
        "refresh": "",
        "acknowledge_all": "",
        "shelve": "",
        "acknowledge": "Clear every action that is over from the action bar, for this replay",
        "journal": "Show the actions that had been taken from this machine",
        "quit": "Leave the replay",
    }
    AGE_WORDS: ClassVar[Mapping[str, str]] = {
        "reading newer": "",
        "stale 2m": "",
        "oldest data 2m": "",
        "2m old": "The tape has nothing newer of it: it was read 2 minutes before the time in the bar",
        "not on the tape": "It had not been read by then, or is not kept any more",
    }

    def __init__(self, engine: ReplayEngine, options: UiOptions) -> None:
        """As in `QctuiApp`."""
        self._tape_player = engine
        self._jumps = -1
        self._ticks: Timer | None = None
        self._bars: WeakSet[ReplayBar] = WeakSet()
        super().__init__(engine, options)
        engine.refused = lambda words: self.say(f"Can't: {words}")

    def real_s(self, seconds: float) -> float:
        """As in `QctuiApp`: at the speed of the tape."""
        playback = self._playback
        return max(TICK_S, seconds / playback.speed) if playback.playing else 86_400.0

    @property
    def _playback(self) -> Playback:
        return self.engine.store.get(PLAYBACK).value or Playback(0.0, 0.0, 0.0)

    def get_default_screen(self) -> Screen[Any]:
        """As in `QctuiApp`, under the bar."""
        screen = super().get_default_screen()
        self._put_bar(screen)
        return screen

    def push_screen(self, screen: Screen[Any] | str, *more: Any, **named: Any) -> Any:
        """As in Textual, under the bar."""
        if isinstance(screen, Screen):
            self._put_bar(screen)
        return super().push_screen(screen, *more, **named)

    def _put_bar(self, screen: Screen[Any]) -> None:
        bar = ReplayBar(self.glyphs, self.options)
        bar.show(self._playback, self.engine.clock.now())
        self._bars.add(bar)
        screen.compose_add_child(bar)

    def on_ready(self) -> None:
        """The time in the bar moves while the tape plays. Not overriding: Textual calls the base's handler too."""
        self._ticks = self.set_interval(TICK_S, self._show_bars, pause=True)
        self.show_playback()

    def _show_bars(self) -> None:
        playback, now = self._playback, self.engine.clock.now()
        for bar in self._bars:
            if bar.is_attached:
                self.draw("The bar of the replay", partial(bar.show, playback, now))

    @on(StoreChanged)
    def show_playback(self) -> None:
        """Draw the bar, and every age anew if time did anything but pass."""
        playback = self._playback
        if self._ticks is not None:
            (self._ticks.resume if playback.playing else self._ticks.pause)()
        self._show_bars()
        if playback.jumps != self._jumps:
            self._jumps = playback.jumps
            for screen in self.screen_stack:
                ages = getattr(screen, "ages", None)
                if ages is not None and screen.is_mounted:
                    ages.restart()

    async def _move(self, moved: Future[str]) -> None:
        """Wait until the place is on screen: the next key acts on what is seen there."""
        words = await asyncio.wrap_future(moved)
        self.show_playback()
        if words:
            self.say(words[:1].upper() + words[1:])

    async def action_play(self) -> None:
        """Play, or stand still."""
        await self._move(self._tape_player.play())

    async def action_step(self, by: int) -> None:
        """To a change beside this place."""
        await self._move(self._tape_player.step(by))

    async def action_seek(self, seconds: float) -> None:
        """So far on, or back."""
        await self._move(self._tape_player.seek(seconds))

    async def action_seek_event(self, by: int) -> None:
        """To an event beside this place."""
        await self._move(self._tape_player.seek_event(by))

    async def action_change_speed(self, by: int) -> None:
        """Faster or slower."""
        await self._move(self._tape_player.change_speed(by))

    def action_go_to_time(self) -> None:
        """Ask for a time."""

        async def chosen(text: str | None) -> None:
            if text is not None:
                await self._move(self._tape_player.go_to(text))

        self.push_screen(GoToTime(self.glyphs), chosen)

    def action_refresh_now(self) -> None:
        """Nothing is asked of the API here."""
        self.say("A replay asks the API for nothing: this is what the tape has")


def _formatted(at: float, zone: tzinfo | None, form: str) -> str:
    moment = on_calendar(at, zone)
    return "?" if moment is None else moment.strftime(form)


def _gap_words(gap: tuple[float, float | None], zone: tzinfo | None) -> str:
    begin, end = (None if at is None else _formatted(at, zone, "%H:%M") for at in gap)
    return f"no recording since {begin}" if end is None else f"no recording {begin}-{end}"
