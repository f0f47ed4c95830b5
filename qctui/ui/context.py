"""What every screen of the console is given: the engine, how the interface looks, and how one thing is opened."""

from __future__ import annotations

import logging
from collections.abc import Callable, Hashable, Iterable, Mapping
from datetime import tzinfo
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Protocol
from weakref import WeakKeyDictionary

from qctui.alerts.rules import Delivery
from qctui.clock import Clock
from qctui.engine.engine_port import Engine, Subscription
from qctui.model.chart import ChartWindow
from qctui.model.insight import Insight
from qctui.model.order import Order
from qctui.ui.selection_owner import SelectionOwner
from qctui.ui.theme.glyph_set import Glyphs
from qctui.ui.theme.themes import DEFAULT_THEME
from qctui.ui.wording.format import format_time
from qctui.value import Value, field

if TYPE_CHECKING:
    from qctui.sweep.judging import Sweep  # most starts never need it

_log = logging.getLogger(__name__)


class UiOptions(Value):
    """How one run of the interface looks and what it may do."""

    profile: str = "default"
    """Whose account this is, as the person named it."""
    demo: bool = False
    """The API is the simulator."""
    replay: bool = False
    """What is shown is a tape."""
    read_only: bool = False
    """Keys that act are gone from footer, help and palette."""
    theme: str = DEFAULT_THEME
    """A shipped theme's name, or one of the user's folder."""
    themes_dir: Path | None = None
    """The user's theme files; they win by name."""
    keymap: Mapping[str, str] = field(default_factory=dict)
    """Command id to keys, as the user wrote them. Checked with `keymap.check_keymap` before they come here."""
    ascii: bool = False
    """7-bit characters only."""
    project_id: int | None = None
    """The project to begin with."""
    pinned: tuple[int, ...] = ()
    """Projects whose optimizations are shown together, instead of the current project's."""
    zone: tzinfo | None = None
    """What times are shown in; None is the machine's zone."""
    delivery: Delivery = field(default_factory=Delivery)
    """Whether an alert rings the bell, and asks the terminal for a desktop notification."""
    terminal: Mapping[str, str] = field(default_factory=dict)
    """The part of the environment that says which terminal this is, as `terminal_variables` picks it out. Empty: not
    known, and no notification is asked for."""


class DetailKind(Enum):
    """What can be opened in full."""

    DEPLOYMENT = "deployment"
    ORDER = "order"
    OPTIMIZATION = "optimization"
    RUN = "run"
    """One run of an optimization."""
    COMPARE = "compare"
    """Several runs of an optimization, side by side."""
    INSIGHT = "insight"
    CHART = "chart"
    CHARTS = "charts"
    """All charts of a deployment, side by side."""
    EQUITIES = "equities"
    """The equity of all deployments, side by side."""
    OVERLAY = "overlay"
    """A deployment's equity against another's, or the benchmark."""


class Detail(Value):
    """One thing to be shown in full, as it was on screen when it was opened."""

    kind: DetailKind
    project_id: int
    deploy_id: str = ""
    optimization_id: str = ""
    runs: tuple[str, ...] = ()
    """Keys of runs in the ranking: of the one to be shown, or of those to be compared."""
    sweep: Sweep | None = None
    """What was judged of the optimization, for a run and for runs."""
    insight: Insight | None = None
    """The insight itself: the log it stands in may move on."""
    order: Order | None = None
    """The order itself: it may leave the list."""
    order_key: Hashable = None
    """What names the order in the list."""
    name: str = ""
    """The project's name, or the optimization's, as it was on screen."""
    chart: str = ""
    """The chart's name, for a chart."""
    window: ChartWindow | None = None
    """The part of time that was on screen, for a chart."""


class Drawn(Protocol):
    """A widget that can say that it could not be drawn. What it shows is then older than it looks."""

    @property
    def is_attached(self) -> bool:
        """Whether it is a part of a screen: one that was closed is drawn no more."""
        ...

    def show_defect(self, words: str) -> None:
        """Say so in these words, over what is there, until they are empty again."""
        ...


class SafeDraw:
    """Calls what draws. A defect in that is logged, said once, and shown by the widget: it must not end a program that
    a person may need to liquidate with."""

    def __init__(self, clock: Clock, zone: tzinfo | None, glyphs: Glyphs, say: Callable[[str], None]) -> None:
        """`say` shows a message in passing."""
        self._clock, self._zone, self._glyphs = clock, zone, glyphs
        self._say = say
        self._said: set[str] = set()
        self._drawn_at: WeakKeyDictionary[Drawn, float] = WeakKeyDictionary()
        """Unix seconds at which a widget was last drawn whole."""
        self._defects: WeakKeyDictionary[Drawn, dict[str, str]] = WeakKeyDictionary()
        """What of a widget cannot be drawn, in words."""

    def __call__(self, what: str, work: Callable[[], None], *drawn: Drawn) -> None:
        """Call `work`, which draws these widgets. They show its failure until the same work succeeds."""
        if drawn and not any(each.is_attached for each in drawn):
            return  # news and ticks still reach a screen while it is being taken away
        try:
            work()
        except Exception as error:  # whatever it is, the other panes and the emergency keys must live on
            _log.exception("%s could not be shown", what)
            name = type(error).__name__
            for each in drawn:
                self._fail(each, what, name)
            if (defect := f"{what}: {name}") not in self._said:
                self._said.add(defect)
                self._say(f"{what} could not be shown ({name}). The log has the details.")
        else:
            for each in drawn:
                self._succeed(each, what)

    def _fail(self, drawn: Drawn, what: str, name: str) -> None:
        at = self._drawn_at.get(drawn)
        since = "" if at is None else f" since {format_time(at, self._clock.now(), self._zone, self._glyphs)}"
        words = f"not drawn{since} ({name})"
        self._defects.setdefault(drawn, {})[what] = words
        self._show_defect(drawn, words)

    def _succeed(self, drawn: Drawn, what: str) -> None:
        defects = self._defects.get(drawn)
        if defects and defects.pop(what, None) is not None:
            self._show_defect(drawn, next(iter(defects.values()), ""))
        if not defects:
            self._drawn_at[drawn] = self._clock.now()

    def _show_defect(self, drawn: Drawn, words: str) -> None:
        try:
            drawn.show_defect(words)
        except Exception:  # it cannot even say so: the message in passing and the log have to do
            _log.exception("a failure to draw could not be shown")


class AppContext(Value):
    """What a screen needs of the program around it."""

    engine: Engine
    options: UiOptions
    glyphs: Glyphs
    draw: SafeDraw
    """Calls what draws; what fails is said where it would stand."""
    selected: SelectionOwner
    """What is selected: what is shown in full, and what the keys act on there."""
    subscribe: Callable[[object, Iterable[Subscription]], None]
    """`subscribe(screen, subscriptions)`: what the engine keeps current for this screen from now on, instead of what it
    asked for before; nothing once it closes."""
    open: Callable[[Detail], None]
    """Shows one thing in full. Its screen is on top when this returns."""
    real_s: Callable[[float], float] = float
    """How long it really takes until so many seconds of the engine's clock have passed."""
