"""The action controller: from a key, the palette or a button to a confirm dialog. All acting begins here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from textual.app import App

from qctui.actions.capture import capture_deployment, capture_optimization, capture_rerun, newest_known, running_targets
from qctui.actions.earlier_actions import is_same_object, without_effect
from qctui.actions.spec import ACTION_SPECS, LIQUIDATE, OF_OPTIMIZATIONS, READ_ONLY, RENAME, RERUN
from qctui.actions.wording import format_unreadable
from qctui.model.action import ACTIONS, Preparation, Target
from qctui.model.deployment import Environment, is_recent, name_of, names_of
from qctui.model.keys import DEPLOYMENTS, PROJECTS, Key, detail_key, optimization_key, optimizations_key
from qctui.ui.actions.action_bar import ActionBar, uppermost_bar
from qctui.ui.actions.dialog import ConfirmScreen
from qctui.ui.actions.progress import format_list, format_number, target_name
from qctui.ui.actions.rerun_screen import RerunScreen
from qctui.ui.context import AppContext
from qctui.ui.kit.not_available import ANSWERS, NotAvailable
from qctui.ui.selection import Mark, Unmarked
from qctui.ui.wording.format import format_age
from qctui.value import Value, replace

PANIC = "panic"
"""Asked for like an action; it is a liquidation whose targets are all running deployments of the profile."""

RETRY = "retry"
"""Asked for like an action: again what was rejected or not sent."""

REQUESTS = (*ACTION_SPECS, PANIC, RETRY)
"""What `ActionController.request` takes: the ids of the commands that reach for a trigger."""

LIST_LATE_S = 60.0
"""A list of deployments older than this (four reads missed) is said to be old before panic aims by it."""


TYPED_INTO = frozenset({RENAME.id, RERUN.id})
"""Requests whose dialog takes whatever can be printed."""

NAMED_FAILED = 3
"""Deployments that panic does not reach, named; the rest is counted."""

DEPLOYMENT, OPTIMIZATION = "deployment", "optimization"
"""What a screen can show that is acted on."""


class Pointed(Value):
    """What the keys act on, by id: what is selected, as far as the screen on top shows it."""

    marks: tuple[Mark, ...] = ()
    """The marked deployments. Without marks it is the selected one."""
    project_id: int | None = None
    """The selected deployment's project."""
    optimization_id: str = ""
    optimization_project_id: int = 0
    why_not: str = ""
    """Why no deployment is pointed at, in terms of what is on screen."""


def acts_on(request_id: str) -> str:
    """What a screen has to show for this request to be offered there; empty for what needs nothing of it."""
    if request_id in {PANIC, RETRY}:
        return ""
    return OPTIMIZATION if request_id in OF_OPTIMIZATIONS else DEPLOYMENT


class ActionController:
    """Captures targets, refuses in words, and opens at most one dialog at a time."""

    def __init__(self, app: App[Any], context: AppContext, pointed: Callable[[], Pointed]) -> None:
        """`pointed` is asked once for each request."""
        self._app, self._context, self._pointed = app, context, pointed
        self._engine, self._glyphs = context.engine, context.glyphs
        self._confirmed: list[Target] = []
        self.dialog: ConfirmScreen | None = None
        """The dialog that is open; None without one."""

    def request(self, request_id: str) -> None:
        """Ask for an action (an id of `REQUESTS`). Nothing is sent before its dialog has been answered. With a dialog
        open already this does nothing."""
        if self.dialog is not None or request_id not in REQUESTS:
            return
        if self._engine.actions.read_only:
            self._refuse(request_id, READ_ONLY)
            return
        if request_id == RETRY:
            self._retry()
            return
        pointed = self._pointed()
        if request_id == RERUN.id:
            self._fill_in(pointed)
            return
        targets = self._capture(request_id, pointed)
        if not targets:
            self._refuse(request_id, self._nothing_to_aim_at(request_id, pointed))
            return
        deploys = request_id not in {PANIC, *OF_OPTIMIZATIONS}
        lost = _lost_marks(pointed.marks, targets) if deploys else {}
        refused = [lost.get(target.project_id) or self._engine.actions.refusal(target) for target in targets]
        if all(refused):
            self._refuse(request_id, _reasons_of(targets, refused))
            if lost:
                # It has been said: the next key acts on what is selected.
                gone = tuple(mark for mark in pointed.marks if mark.project_id in lost)
                self._context.selected.change(Unmarked(gone))
            return
        if request_id == PANIC:
            self._open(targets, refused, self._list_note(), headline="panic")
        else:
            self._open(targets, refused)

    def _fill_in(self, pointed: Pointed) -> None:
        """Open the form of an optimization that is to be run again, and then the dialog."""
        old_id = pointed.optimization_id
        if not old_id:
            self._refuse(RERUN.id, self._nothing_to_aim_at(RERUN.id, pointed))
            return

        def ask(ready: Preparation | None) -> None:
            if ready is not None and ready.plan is not None:
                target = capture_rerun(self._engine.store, old_id, ready.plan, ready)
                self._open([target], [self._engine.actions.refusal(target)])

        self._app.push_screen(RerunScreen(self._context, old_id, pointed.optimization_project_id), ask)

    def _retry(self) -> None:
        """Ask again for what was rejected or not sent: of one action at a time, because a question is about one."""
        failed = without_effect(self._engine.store.get(ACTIONS).value or ())
        why = "no action in the bar was rejected or not sent"
        for action in ACTION_SPECS:
            # One target per project: of two records the newer one's deployment is meant.
            meant = {
                (each.target.project_id, each.target.optimization_id): each.target
                for each in failed
                if each.target.action == action
            }
            if not meant:
                continue
            if action not in OF_OPTIMIZATIONS and self._engine.store.get(DEPLOYMENTS).value is None:
                why = self._nothing_to_aim_at(action, Pointed())
                continue
            targets = [self._capture_again(earlier) for earlier in meant.values()]
            refused = [
                _no_longer(earlier, target) or self._engine.actions.refusal(target)
                for earlier, target in zip(meant.values(), targets, strict=True)
            ]
            if not all(refused):
                others = Counter(each.target.action for each in failed if each.target.action != action)
                counted = " and ".join(format_number(count, other) for other, count in others.items())
                note = f"{counted} failed too: they are asked for apart." if others else ""
                self._open(targets, refused, note, headline=RETRY)
                return
            why = _reasons_of(targets, refused, "to retry")
        self._refuse(RETRY, why)

    def _capture_again(self, earlier: Target) -> Target:
        store = self._engine.store
        if earlier.optimization_id:
            again = capture_optimization(earlier.action, store, earlier.optimization_id, earlier.project_id)
            kept = {name: getattr(earlier, name) for name in ("new_name", "plan", "compile_id", "estimate")}
            # Of a rerun, what it may have made before is among what is known now.
            known = self._engine.store.get(optimizations_key(earlier.project_id)).value or ()
            others = (*earlier.others, *(each.optimization_id for each in known))
            return replace(again, **kept, others=tuple(dict.fromkeys(others)))
        return capture_deployment(earlier.action, store, earlier.project_id)

    def acknowledge(self) -> None:
        """A person has seen the outcomes of what is over."""
        outcomes = self._bar().outcomes
        for action_id in outcomes:
            self._engine.actions.acknowledge(action_id)
        if not outcomes:
            self._say("Nothing to acknowledge: no action in the bar is over")

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

    def finds_something(self, command_id: str) -> bool:
        """Whether the action bar holds what this command is about. Asked for without, it says so and does nothing."""
        bar = self._bar()
        match command_id:
            case "retry":
                return bool(without_effect(self._engine.store.get(ACTIONS).value or ()))
            case "action_details":
                return not bar.empty
            case "acknowledge":
                return bool(bar.outcomes)
            case "cancel_sending":
                return bool(bar.cancellable)
        return True

    def _capture(self, request_id: str, pointed: Pointed) -> tuple[Target, ...]:
        store = self._engine.store
        if request_id == PANIC:
            return running_targets(store)
        if request_id in OF_OPTIMIZATIONS:
            if not pointed.optimization_id:
                return ()
            project_id = pointed.optimization_project_id
            return (capture_optimization(request_id, store, pointed.optimization_id, project_id),)
        if store.get(DEPLOYMENTS).value is None:
            return ()
        # One target per project, whatever was marked: the request carries nothing but the project id.
        selected = () if pointed.project_id is None else (pointed.project_id,)
        projects = tuple(dict.fromkeys(mark.project_id for mark in pointed.marks)) or selected
        return tuple(capture_deployment(request_id, store, project_id) for project_id in projects)

    def _nothing_to_aim_at(self, request_id: str, pointed: Pointed) -> str:
        if request_id in OF_OPTIMIZATIONS:
            return "no optimization is selected"
        listed = self._engine.store.get(DEPLOYMENTS)
        if listed.value is None:
            why = f": {listed.error.message}" if listed.error is not None else ""
            return f"the list of deployments has not been read yet{why}"
        if request_id != PANIC:
            return pointed.why_not or "no deployment is selected"
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
        said += self._failed_words()
        return " ".join(said)

    def _failed_words(self) -> list[str]:
        """Real money that panic does not reach: what failed may have left its positions open."""
        now = self._engine.clock.now()
        names = names_of(self._engine.store.get(PROJECTS).value or ())
        failed = [
            name_of(each.project_id, names)
            for each in newest_known(self._engine.store)
            if each.failed and each.environment is Environment.LIVE and is_recent(each, now)
        ]
        if not failed:
            return []
        more = f" and {len(failed) - NAMED_FAILED} more" if len(failed) > NAMED_FAILED else ""
        return [f"Not part of it: {', '.join(failed[:NAMED_FAILED])}{more} failed and may have left positions open."]

    def _open(
        self, targets: Sequence[Target], refused: Sequence[str | None], note: str = "", headline: str = ""
    ) -> None:
        actions = self._engine.actions
        dialog = ConfirmScreen(
            self._context,
            targets,
            refused=refused,
            note=note,
            headline=headline,
            again=any(is_same_object(target, earlier) for target in targets for earlier in self._confirmed),
        )
        # Before the dialog is drawn: the connection the trigger will use is warm by the time a person has read it.
        actions.open_rechecks([target for target, why in zip(targets, refused, strict=True) if not why])
        self._app.push_screen(dialog, self._closed)
        self.dialog = dialog

    def _closed(self, action_ids: tuple[str, ...] | None) -> None:
        dialog, self.dialog = self.dialog, None
        disarmed = dialog.disarmed if dialog is not None else []
        self._engine.actions.close_rechecks()
        if disarmed:
            # The next key press captures from the lists, which do not know yet what the dialog has found.
            self._engine.refresh([key for target, _ in disarmed for key in _sources_of(target)])
            if not action_ids:
                # The Enter of a confirmation closes it too: in one burst no person has seen why.
                reasons = [f"{target_name(target)}: {why}" for target, why in disarmed]
                self._app.notify(
                    f"Nothing was sent. {format_list(reasons, NAMED_FAILED, self._glyphs)}",
                    severity="error",
                    markup=False,
                )
        if action_ids and dialog is not None:
            self._confirmed += dialog.confirmed
            self._context.selected.change(Unmarked())

    def _refuse(self, request_id: str, why: str) -> None:
        verb = RETRY if request_id == RETRY else ACTION_SPECS[LIQUIDATE.id if request_id == PANIC else request_id].verb
        self.refuse(request_id, f"Can't {verb}: {why}")

    def refuse(self, command_id: str, words: str) -> None:
        """Say why nothing is asked for. What is typed as the answer all the same is taken."""
        if command_id in REQUESTS:
            typed = None if command_id in TYPED_INTO else ANSWERS

            def closed(unread: bool | None) -> None:
                if unread:
                    self._app.notify(words, severity="error", markup=False)

            self._app.push_screen(NotAvailable(words, self._glyphs, takes=typed), closed)
        else:
            self._say(words)

    def _say(self, message: str) -> None:
        self._app.notify(message, severity="warning", markup=False)

    def _bar(self) -> ActionBar:
        return uppermost_bar(self._app)


def _lost_marks(marks: Sequence[Mark], targets: Sequence[Target]) -> dict[int, str]:
    """Why marks no longer count, by project: what runs there now is not what was marked."""
    marked = {mark.project_id: mark.deploy_id for mark in marks}
    return {
        target.project_id: "deployed again since it was marked" if target.deploy_id else "no longer listed"
        for target in targets
        if marked.get(target.project_id) and target.deploy_id != marked[target.project_id]
    }


def _no_longer(earlier: Target, target: Target) -> str:
    """Why a target as it is now is not the one that was meant; empty if it is."""
    if not earlier.deploy_id or target.deploy_id == earlier.deploy_id:
        return ""
    return "deployed again since" if target.deploy_id else "no longer listed"


def _sources_of(target: Target) -> tuple[Key[Any], ...]:
    """The resources a target like this one is captured from."""
    if target.optimization_id:
        return (optimizations_key(target.project_id), optimization_key(target.optimization_id))
    return (DEPLOYMENTS, detail_key(target.project_id))


def _reasons_of(targets: Sequence[Target], refused: Sequence[str | None], chosen: str = "marked") -> str:
    """Why each target was refused, shortest way: one reason for all is said once."""
    reasons = list(dict.fromkeys(reason for reason in refused if reason))
    if len(targets) == 1:
        return f"{targets[0].name}: {reasons[0]}"
    if len(reasons) == 1:
        return f"{len(targets)} {chosen}, each: {reasons[0]}"
    return "; ".join(f"{target.name}: {reason}" for target, reason in zip(targets, refused, strict=True))
