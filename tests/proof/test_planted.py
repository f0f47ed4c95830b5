"""Each thing that must hold is shown able to fail: a defect is planted in the program, and some world finds it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from qctui.actions import contradictions, send, service
from qctui.actions.action_runner import ActionRunner
from qctui.actions.journal_watcher import JournalWatcher
from qctui.actions.locks import SendLock
from qctui.actions.verify_deployment import DeploymentCheck
from qctui.api import client, response
from qctui.api.auth import Scrubber
from qctui.api.ports import ApiError
from qctui.cli import trigger
from qctui.cli.parser import Exit
from qctui.model.action import Rung
from tests.proof.judge import CHECKS, Violation
from tests.proof.world import run_seed

SEEDS = 400
"""Worlds in which a planted defect must show."""

Plant = Callable[[pytest.MonkeyPatch], None]


def sent_again_after_a_reset(patch: pytest.MonkeyPatch) -> None:
    once = client.TriggerClient._trigger

    async def twice(self: Any, *args: Any) -> Any:
        try:
            return await once(self, *args)
        except ApiError as error:
            if not error.may_have_acted or error.answered:
                raise
            return await once(self, *args)

    patch.setattr(client.TriggerClient, "_trigger", twice)


def sent_while_it_is_written_down(patch: pytest.MonkeyPatch) -> None:
    async def do_not_wait(self: Any, action_ids: Any) -> None:
        self._action_store.intend(action_ids)

    patch.setattr(ActionRunner, "_journal", do_not_wait)


def one_look_is_enough(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(DeploymentCheck, "_agreeing", property(lambda self: 1))


def what_was_left_open_is_not_taken_over(patch: pytest.MonkeyPatch) -> None:
    async def leave_it(self: Any) -> None:
        await asyncio.sleep(0)

    patch.setattr(JournalWatcher, "_adopt_left_behind", leave_it)


def accepted_counts_as_done(patch: pytest.MonkeyPatch) -> None:
    right = trigger.exit_of_rung

    def wrong(rung: Rung | None) -> Exit:
        return Exit.DONE if rung in (Rung.ACCEPTED, Rung.UNVERIFIED) else right(rung)

    patch.setattr(trigger, "exit_of_rung", wrong)


def what_the_api_echoes_is_shown(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Scrubber, "__call__", lambda self, text: str(text))


def a_stop_looks_at_nothing(patch: pytest.MonkeyPatch) -> None:
    for module in (send, service):
        patch.setattr(module, "stop_lock", lambda *args: None)


def nobody_locks_while_deciding(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(SendLock, "acquire", lambda self: "")


def a_server_error_is_a_no(patch: pytest.MonkeyPatch) -> None:
    right = response.of_status

    def wrong(*args: Any) -> ApiError:
        error = right(*args)
        error.answered = error.answered or (error.status_code or 0) >= 500
        return error

    patch.setattr(response, "of_status", wrong)


def what_ended_after_the_request_had_ended_before(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(contradictions, "BEFORE_S", -5.0)


PLANTED: list[tuple[str, Plant]] = [
    ("one-post", sent_again_after_a_reset),
    ("intent-first", sent_while_it_is_written_down),
    ("no-false-word", one_look_is_enough),
    ("last-word", what_was_left_open_is_not_taken_over),
    ("exit-code", accepted_counts_as_done),
    ("exit-code", a_server_error_is_a_no),
    ("exit-code", what_ended_after_the_request_had_ended_before),
    ("no-secret", what_the_api_echoes_is_shown),
    ("no-overtaking", a_stop_looks_at_nothing),
    ("no-overtaking", nobody_locks_while_deciding),
]


RARE: dict[Plant, int] = {a_server_error_is_a_no: 240, nobody_locks_while_deciding: 60}
"""Where to begin with what few worlds show: the first that does is not far."""


def test_there_is_one_for_each() -> None:
    assert {check for check, _ in PLANTED} == CHECKS.keys()


def run_until_found(check: str, first: int) -> None:
    for seed in range(first, first + SEEDS):
        run_seed(seed, check)


@pytest.mark.parametrize(("check", "plant"), PLANTED)
def test_it_is_found(check: str, plant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    plant(monkeypatch)
    with pytest.raises(Violation) as found:
        run_until_found(check, RARE.get(plant, 0))
    assert found.value.check == check
    assert f"python -m tests.proof --seeds 1 --first {found.value.seed} --check {check}" in str(found.value)
