"""The statistical views of a sweep as panes: what each is about, and how that is turned and chosen."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence

from qctui.plot.export import Color
from qctui.plot.grid import CellGrid
from qctui.sweep import views
from qctui.sweep.judging import Sweep
from qctui.sweep.views import View
from qctui.sweep.words import yet
from qctui.ui.console_screen import choose_one
from qctui.ui.kit.pane import Pane
from qctui.ui.kit.spans import Spans
from qctui.ui.optimizations.run_plot import RunPlot
from qctui.ui.theme.glyph_set import Glyphs
from qctui.ui.wording.load_state import LoadStateWords


class ViewPane(Pane):
    """A view of the sweep: what it is about can be turned to the next one, or chosen."""

    def choices(self) -> Sequence[Sequence[str]]:
        """What can be chosen: one list of labels for each question."""
        return ()

    def chosen(self) -> Sequence[int]:
        """The place in each list of what is shown."""
        return ()

    def take(self, places: Sequence[int]) -> None:
        """Be about these."""

    @abstractmethod
    def picture(self) -> tuple[CellGrid, Color]:
        """What is on screen, and the colours of its inks: for a file."""

    def turn(self, by: int) -> bool:
        """Be about the next of the last question's answers. False where there is no other one."""
        lists, now = self.choices(), list(self.chosen())
        if not lists or len(lists[-1]) < 2:
            return False
        now[-1] = (now[-1] + by) % len(lists[-1])
        self.take(now)
        return True

    def ask(self) -> bool:
        """Ask what it is to be about. False where there is nothing to choose."""
        lists, now = self.choices(), list(self.chosen())
        if all(len(each) < 2 for each in lists):
            return False
        self._ask(0, lists, now)
        return True

    def _ask(self, number: int, lists: Sequence[Sequence[str]], places: list[int]) -> None:
        def answered(place: int) -> None:
            taken = [*places[:number], place, *places[number + 1 :]]
            if number + 1 < len(lists):
                self._ask(number + 1, lists, taken)
            else:
                self.take(taken)

        title = f"{self.title_text}: {number + 1} of {len(lists)}" if len(lists) > 1 else self.title_text
        choose_one(self, title, lists[number], self._glyphs, answered, places[number])


class PlotPane(ViewPane):
    """A view that is a plot."""

    def __init__(self, number: int, title: str, glyphs: Glyphs, make: Callable[[Sweep, int], View]) -> None:
        self.plot = RunPlot(glyphs, make)
        super().__init__(number, title, self.plot, glyphs)
        self.plot.looked = self._show_title
        self.sweep: Sweep | None = None

    def show(self, sweep: Sweep | None, key: str, compared: frozenset[str], words: LoadStateWords) -> None:
        """Show the view of a reading; `key` is the selected run, `compared` those that are marked."""
        self.sweep, self._words = sweep, words
        self.plot.show(sweep if sweep is not None and sweep.ranking.runs else None, words.body, key, compared)
        self._show_title()

    def picture(self) -> tuple[CellGrid, Color]:
        """As in `ViewPane`."""
        return self.plot.shown, self.plot.inks.hexes

    def _show_title(self) -> None:
        title = self.plot.view.title if self.plot.view is not None else ""
        facts: Spans = ((f"{title} ", "muted"),) if title else ()
        if self.plot.behind:
            facts += (("of the reading before ", "stale"),)
        self.show_frame(facts, self._words)


class SlicesPane(PlotPane):
    """The target by the values of one parameter."""

    def __init__(self, number: int, glyphs: Glyphs) -> None:
        super().__init__(number, "Slices", glyphs, self._make)
        self._name = ""

    def show_parameter(self, name: str) -> None:
        """Be about a parameter."""
        self._name = name
        self.plot.turn()

    def choices(self) -> Sequence[Sequence[str]]:
        """The parameters that vary."""
        return (self.sweep.ranking.varying if self.sweep is not None else (),)

    def chosen(self) -> Sequence[int]:
        """As in `ViewPane`."""
        (names,) = self.choices()
        return (names.index(self._name) if self._name in names else 0,)

    def take(self, places: Sequence[int]) -> None:
        """As in `ViewPane`."""
        self.show_parameter(self.choices()[0][places[0]])

    def _make(self, sweep: Sweep, width: int) -> View:
        names = sweep.ranking.varying
        if not names:
            return View("", "No parameter varies.")
        return views.slices(sweep, self._name if self._name in names else names[0], width, self._glyphs.mark)


class ParetoPane(PlotPane):
    """Two statistics against each other: at first the target, and what is looked at beside it."""

    def __init__(self, number: int, glyphs: Glyphs) -> None:
        super().__init__(number, "Pareto", glyphs, self._make)
        self._words_of: tuple[str, str] = ("", "")

    def choices(self) -> Sequence[Sequence[str]]:
        """The statistics, each with the way that is better."""
        words = [each.words for each in self.sweep.objectives] if self.sweep is not None else []
        return words, words

    def chosen(self) -> Sequence[int]:
        """As in `ViewPane`."""
        words = self.choices()[0]
        return tuple(
            words.index(each) if each in words else min(place, max(0, len(words) - 1))
            for place, each in enumerate(self._words_of)
        )

    def take(self, places: Sequence[int]) -> None:
        """As in `ViewPane`."""
        words = self.choices()[0]
        self._words_of = words[places[0]], words[places[1]]
        self.plot.turn()

    def _make(self, sweep: Sweep, width: int) -> View:
        known = {each.words: each for each in sweep.objectives}
        if not known:
            return View("", f"No run has ended with a statistic{yet(over=sweep.over)}.")
        if len({each.name for each in known.values()}) < 2:
            return View("", f"A trade-off is between two statistics; the runs have one: {sweep.objectives[0].name}.")
        usual = [*known.values()][:2]
        one, other = (known.get(words, each) for words, each in zip(self._words_of, (usual[0], usual[-1]), strict=True))
        return views.pareto(sweep, one, other, self._glyphs.mark)
