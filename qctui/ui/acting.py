"""The road from a key, a palette entry or a button to a confirm dialog. The only place of the interface that acts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any

from textual.app import App

from qctui.actions.capture import capture_deployment, capture_optimization, running_targets
from qctui.actions.facts import format_unreadable
from qctui.actions.spec import ABORT, ACTION_SPECS, LIQUIDATE, READ_ONLY
from qctui.engine.facade import Engine
from qctui.model.action import Target
from qctui.model.keys import DEPLOYMENTS, Key, detail_key, optimization_key, optimizations_key
from qctui.ui.format import format_age
from qctui.ui.glyphs import Glyphs
from qctui.ui.screens.confirm import ConfirmScreen
from qctui.ui.widgets.action_bar import ActionBar, uppermost_bar

PANIC = "panic"
"""Asked for like an action; it is a liquidation whose targets are all running deployments of the profile."""

REQUESTS = (*ACTION_SPECS, PANIC)
"""What `Acting.request` takes: the ids of the commands that reach for a trigger."""

LIST_LATE_S = 60.0
"""A list of deployments older than this (four reads missed) is said to be old before panic aims by it."""


@dataclass(frozen=True, slots=True)
class Selection:
    """What a person has pointed at, by id, at the instant of the key press."""

    project_ids: tuple[int, ...] = ()
    """The marked deployments; without marks the selected one."""
    optimization_id: str = ""
    optimization_project_id: int = 0


class Acting:
    """Captures targets, refuses in words, and opens at most one dialog at a time."""

    def __init__(
        self,
        app: App[Any],
        engine: Engine,
        *,
        selection: Callable[[], Selection],
        glyphs: Glyphs,
        zone: tzinfo | None = None,
        on_confirmed: Callable[[], None] | None = None,
    ) -> None:
        """`selection` is asked once for each request. `on_confirmed` is called after something was sent: marks have
        served then."""
        self._app, self._engine = app, engine
        self._selection = selection
        self._glyphs, self._zone = glyphs, zone
        self._on_confirmed = on_confirmed
        self._dialog: ConfirmScreen | None = None

    @property
    def dialog(self) -> ConfirmScreen | None:
        """The dialog that is open; None without one."""
        return self._dialog

    def request(self, request_id: str) -> None:
        """Ask for an action (an id of `REQUESTS`). Nothing is sent before its dialog has been answered. With a dialog
        open already this does nothing."""
        if self._dialog is not None or request_id not in REQUESTS:
            return
        if self._engine.actions.read_only:
            self._refuse(request_id, READ_ONLY)
            return
        targets = self._capture(request_id)
        if not targets:
            self._refuse(request_id, self._nothing_to_aim_at(request_id))
            return
        refused = [self._engine.actions.refusal(target) for target in targets]
        if all(refused):
            self._refuse(request_id, _told(targets, refused))
            return
        self._open(targets, refused, self._list_note() if request_id == PANIC else "")

    def acknowledge(self) -> None:
        """A person has seen the outcomes that are on screen in the action bar."""
        outcomes = self._bar().read_outcomes
        for action_id in outcomes:
            self._engine.actions.acknowledge(action_id)
        if not outcomes:
            self._say("Nothing to acknowledge: no action that has ended is on screen")

    def cancel_sending(self) -> None:
        """Give up every request that provably has not left yet."""
        waiting = self._bar().cancellable
        for action_id in waiting:
            self._engine.actions.cancel(action_id)
        if not waiting:
            self._say("Nothing to cancel: no request is waiting to be sent")

    def toggle_details(self) -> None:
        """Show or hide every fact of each target in the action bar."""
        if self._bar().empty:
            self._say("No action to show: the journal has the earlier ones")
        else:
            self._bar().toggle_details()

    def _capture(self, request_id: str) -> tuple[Target, ...]:
        store = self._engine.store
        if request_id == PANIC:
            return running_targets(store)
        selection = self._selection()
        if request_id == ABORT.id:
            if not selection.optimization_id:
                return ()
            return (capture_optimization(store, selection.optimization_id, selection.optimization_project_id),)
        # One target per project, whatever was marked: the request carries nothing but the project id.
        return tuple(
            capture_deployment(request_id, store, project_id) for project_id in dict.fromkeys(selection.project_ids)
        )

    def _nothing_to_aim_at(self, request_id: str) -> str:
        if request_id == ABORT.id:
            return "no optimization is selected"
        listed = self._engine.store.get(DEPLOYMENTS)
        if listed.value is None:
            why = f": {listed.error.message}" if listed.error is not None else ""
            return f"the list of deployments has not been read yet{why}"
        if request_id != PANIC:
            return "no deployment is selected"
        hole = format_unreadable(listed.unreadable)
        return f"no deployment that can be read is running; {hole}" if hole else "no deployment is running"

    def _list_note(self) -> str:
        """What to know of the list panic aims by: deployments it does not show."""
        listed = self._engine.store.get(DEPLOYMENTS)
        said = [f"{hole}."] if (hole := format_unreadable(listed.unreadable)) else []
        age_s = listed.age_s(self._engine.clock.monotonic())
        if age_s is not None and (listed.error is not None or age_s > LIST_LATE_S):
            why = f" ({listed.error.message})" if listed.error is not None else ""
            age, _ = format_age(age_s)
            said.append(f"The list of deployments was read {age} ago{why}: one started since is not in it.")
        return " ".join(said)

    def _open(self, targets: Sequence[Target], refused: Sequence[str | None], note: str) -> None:
        desk = self._engine.actions
        dialog = ConfirmScreen(
            targets,
            refused=refused,
            desk=desk,
            store=self._engine.store,
            clock=self._engine.clock,
            glyphs=self._glyphs,
            zone=self._zone,
            note=note,
        )
        # Before the dialog is drawn: the connection the trigger will use is warm by the time a person has read it.
        desk.open_rechecks([target for target, why in zip(targets, refused, strict=True) if not why])
        self._app.push_screen(dialog, self._closed)
        self._dialog = dialog
        # Even a priority binding for the palette, and its own action, must not open it above the dialog.
        self._app.use_command_palette = False

    def _closed(self, action_ids: tuple[str, ...] | None) -> None:
        disarmed = self._dialog.disarmed if self._dialog is not None else ()
        self._dialog = None
        self._app.use_command_palette = True
        self._engine.actions.close_rechecks()
        if disarmed:
            # The next key press captures from the lists, which do not know yet what the dialog has found.
            self._engine.refresh([key for target in disarmed for key in _told_by(target)])
        if action_ids and self._on_confirmed is not None:
            self._on_confirmed()

    def _refuse(self, request_id: str, why: str) -> None:
        verb = ACTION_SPECS[LIQUIDATE.id if request_id == PANIC else request_id].verb
        self._say(f"Can't {verb}: {why}")

    def _say(self, message: str) -> None:
        self._app.notify(message, severity="warning", markup=False)

    def _bar(self) -> ActionBar:
        return uppermost_bar(self._app)


def _told_by(target: Target) -> tuple[Key[Any], ...]:
    """The resources a target like this one is captured from."""
    if target.optimization_id:
        return (optimizations_key(target.project_id), optimization_key(target.optimization_id))
    return (DEPLOYMENTS, detail_key(target.project_id))


def _told(targets: Sequence[Target], refused: Sequence[str | None]) -> str:
    """Why each target was refused, shortest way: one reason for all is said once."""
    reasons = list(dict.fromkeys(reason for reason in refused if reason))
    if len(targets) == 1:
        return f"{targets[0].name}: {reasons[0]}"
    if len(reasons) == 1:
        return f"{len(targets)} marked, each: {reasons[0]}"
    return "; ".join(f"{target.name}: {reason}" for target, reason in zip(targets, refused, strict=True))
