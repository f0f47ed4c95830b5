"""The whole real app over a store that is filled by hand, driven slowly or in bursts, and what state it is in."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC
from typing import Any

from qctui.actions.spec import Ask
from qctui.model.action import ACTIONS, ActionRecord, Rung, Step, Target
from qctui.model.alert import ALERTS
from qctui.model.deployment import Deployment, Project
from qctui.model.keys import DEPLOYMENTS, PROJECTS, detail_key, orders_key, portfolio_key
from qctui.ui.actions.dialog import ConfirmScreen
from qctui.ui.app import QctuiApp
from qctui.ui.charts.chart_view import ChartView
from qctui.ui.console_screen import ConsoleScreen
from qctui.ui.context import UiOptions
from qctui.ui.kit.list_pane import ListPane
from qctui.ui.kit.pane import FilterField, Pane
from qctui.ui.selection import NO_ROW, Place
from qctui.value import replace
from tests.idle import until_idle
from tests.ui import scene
from tests.ui.alert_scene import alerts, put_pulses
from tests.ui.detail_scene import fill_details, orders, portfolio
from tests.ui.page import key_event


@dataclass
class JourneyDesk(scene.StillActions):
    """Sends nothing, publishes what it was asked, and sees to it that the dialog named it."""

    app: QctuiApp | None = None
    engine: scene.StillEngine | None = None
    unnamed: list[str] = field(default_factory=list)
    """What was confirmed without the dialog on top having named it."""
    records: tuple[ActionRecord, ...] = ()

    def confirm(self, targets: Sequence[Target], via: str) -> tuple[str, ...]:
        assert self.app is not None
        assert self.engine is not None
        dialog = self.app.screen
        said = dialog.text if isinstance(dialog, ConfirmScreen) else ""
        self.unnamed += [each.identity for each in targets if each.identity[-4:] not in said]
        made: list[ActionRecord] = []
        for target in targets:
            number = len(self.records) + len(made)
            step = Step(Rung.SENT, self.engine.clock.now(), self.engine.clock.monotonic())
            made.append(
                ActionRecord(f"a{number}", f"b{len(self.confirmed)}", target, via, step.at, step.mono, steps=(step,))
            )
        super().confirm(targets, via)
        self.records = (*self.records, *made)
        self.engine.put(ACTIONS, self.records)
        return tuple(each.action_id for each in made)


class World:
    """One console, and the world it looks at."""

    def __init__(self, size: tuple[int, int]) -> None:
        self.size = size
        self.engine = scene.StillEngine()
        self.desk = JourneyDesk(engine=self.engine)
        self.engine.still_actions = self.desk
        self.engine.actions = self.desk
        scene.fill(self.engine)
        fill_details(self.engine)
        put_pulses(self.engine)
        self.engine.put(ALERTS, alerts())
        for project in scene.projects():
            self.engine.put(portfolio_key(project.project_id), portfolio())
            self.engine.put(orders_key(project.project_id), orders())
        self.app = QctuiApp(self.engine, UiOptions(profile="main", zone=UTC))
        self.desk.app = self.app
        self._news = 0

    @asynccontextmanager
    async def open(self) -> AsyncIterator[World]:
        async with self.app.run_test(size=self.size, notifications=True):
            await self.settle()
            yield self

    async def press(self, keys: Sequence[str]) -> None:
        """All of these in one burst, then until nothing is left to be done."""
        for key in keys:
            self.app.post_message(key_event(key))
        await self.settle()

    async def settle(self) -> None:
        """Until nothing is left to be done, and all is painted."""
        with self.app._context():
            await until_idle()

    async def redraw(self) -> None:
        """As whenever the word of an age changes: everything is drawn again, and nothing else happens."""
        for screen in self.app.screen_stack:
            if isinstance(screen, ConsoleScreen):
                screen.ages._fire()
        await self.settle()

    @property
    def must_be_seen(self) -> bool:
        """A question is on top that is not answered by keys which were typed before it was on screen."""
        dialog = self.app.screen
        if not isinstance(dialog, ConfirmScreen) or dialog._answer is None:
            return False
        return dialog._answer.question.ask is not Ask.CODE or dialog._again

    @property
    def in_chart(self) -> bool:
        """A chart has the keys."""
        return isinstance(self.app.focused, ChartView)

    @property
    def answer(self) -> str:
        """What the dialog on top wants typed; some of its look when there is none."""
        dialog = self.app.screen
        if isinstance(dialog, ConfirmScreen) and dialog._answer is not None:
            return dialog._answer.question.expected
        return "430e"

    def happen(self, what: str, which: int) -> None:
        """Something happens in the world, and is read."""
        rows = list(self.engine.store.get(DEPLOYMENTS).value or ())
        number = which % len(rows)
        row, self._news = rows[number], self._news + 1
        if what == "ended":
            rows[number] = replace(row, status="Stopped", stopped_at=scene.NOW - 5)
        elif what == "redeployed":
            rows[number] = replace(row, status="Running", stopped_at=None, deploy_id=f"L-{self._news:028x}{which:04x}")
        elif what == "reordered":
            rows.reverse()
        elif what == "vanished":
            del rows[number]
        elif what == "new":
            rows.append(_new(row, self._news))
            known = self.engine.store.get(PROJECTS).value or ()
            self.engine.put(PROJECTS, (*known, Project(90_000_000 + self._news, f"Fresh/vol {self._news}")))
        self.engine.put(DEPLOYMENTS, tuple(rows))
        if what in {"ended", "redeployed"}:
            read = self.engine.store.get(detail_key(row.project_id)).value
            if read is not None:
                now = rows[number]
                self.engine.put(
                    detail_key(row.project_id),
                    replace(read, deploy_id=now.deploy_id, status=now.status, stopped_at=now.stopped_at),
                )

    def state(self) -> dict[str, object]:
        """Everything that decides what the next key does, and what was sent."""
        app = self.app
        screens = [type(screen).__name__ for screen in app.screen_stack]
        panes = {
            f"{type(screen).__name__}.{pane.id}": (
                pane.filter_text,
                len(pane.query(FilterField)),
                (pane._sort, pane.table.cursor_key) if isinstance(pane, ListPane) else None,
            )
            for screen in app.screen_stack
            for pane in screen.query(Pane)
        }
        dialog = app.screen
        asked = None
        if isinstance(dialog, ConfirmScreen):
            answer = dialog._answer
            asked = ([each.identity for each in dialog._targets], answer and (answer.question, answer.typed))
        return {
            "selection": app.selected.now,
            "screens": screens,
            "focus": _path(app.focused),
            "panes": panes,
            "dialog": asked,
            "older": app.main_screen.deployments.show_older,
            "chart": app.main_screen.presenter.data.chart_name,
            "sent": [[(each.action, each.identity) for each in targets] for targets in self.desk.confirmed],
            "acknowledged": list(self.desk.acknowledged),
            "alerts": (list(self.engine.still_alerts.acknowledged), list(self.engine.still_alerts.shelved)),
            "pointed": app._pointed(),
        }

    def broken(self) -> str:
        """What must never be, as far as one look can tell; empty if all is well."""
        app = self.app
        if any("does failed" in each.message for each in app._notifications):
            return "a key failed"
        dialogs = [screen for screen in app.screen_stack if isinstance(screen, ConfirmScreen)]
        if len(dialogs) > 1 or (dialogs and app.screen is not dialogs[0]):
            return "a dialog is buried, or there are two"
        if self.desk.unnamed:
            return f"sent to what no dialog named: {self.desk.unnamed}"
        pane, now = app.main_screen.deployments, app.selected.now
        row = pane.table.cursor_row
        if not now.held and row is not None and row.project_id != now.project_id:
            return "the highlighted row is not what is selected"
        if told := self._misplaced():
            return told
        if now.held is (len([screen for screen in app.screen_stack[1:] if not screen.is_modal]) == 0):
            return "what is shown in full is not held, or held without being shown"
        said = [each.message for each in app._notifications if "could not be" in each.message]
        return said[0] if said else ""

    def _misplaced(self) -> str:
        """The row number that is kept has to be where the row stands: the next move of the cursor starts there."""
        now, screen = self.app.selected.now, self.app.main_screen
        panes: list[tuple[ListPane[Any], Place]] = [
            (screen.deployments, now.project),
            (screen.optimizations, now.optimization),
            (screen.insights, now.insight),
        ]
        for pane, place in () if now.held else panes:
            keys = [pane.table._key_of(row) for row in pane.table._rows]
            at = keys.index(place.key) if place.key in keys else NO_ROW
            if place.key is not None and place.index != at:
                return f"{pane.id}: {place}, and its row is {at}"
        return ""


def _path(node: Any) -> str:
    if node is None:
        return "none"
    pane = next((each for each in node.ancestors_with_self if isinstance(each, Pane)), None)
    return f"{type(node).__name__} in {pane.id if pane is not None else type(node.screen).__name__}"


def _new(like: Deployment, number: int) -> Deployment:
    return replace(
        like,
        project_id=90_000_000 + number,
        deploy_id=f"L-{number:028x}{number + 0xA000:04x}",
        status="Running",
        stopped_at=None,
        launched_at=scene.NOW - 60,
    )
