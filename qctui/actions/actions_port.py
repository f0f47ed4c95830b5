"""What the interface and the command line may ask of the actions. Safe to call from any thread; nothing here blocks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from qctui.model.action import Target
from qctui.model.optimization import OptimizationPlan
from qctui.value import Value


class JournalEntry(Value, kw_only=True):
    """One line of the journal (DESIGN section 4), as far as it could be read. Its fields stand in the line's order."""

    id: str
    """The action's id: the lines of one action share it."""
    at: str
    """UTC, ISO 8601 with milliseconds and Z."""
    event: str
    action: str
    project_id: int
    deploy_id: str = ""
    optimization_id: str = ""
    name: str
    environment: str
    base_url: str
    profile: str
    via: str
    detail: str = ""


class ActionsPort(Protocol):
    """The one way to act. Progress is found in the store under `ACTIONS` and `recheck_key(target)`."""

    read_only: bool

    def refusal(self, target: Target) -> str | None:
        """Why this target can't be acted upon now, in words for the screen; None if it can. Uses what the
        store knows; no network."""
        ...

    def open_rechecks(self, targets: Sequence[Target]) -> None:
        """Read these targets again now and every 2 s, and keep connections warm for their triggers, until
        `close_rechecks` or until they are confirmed. Replaces an earlier set."""
        ...

    def close_rechecks(self) -> None:
        """End the re-reads: the dialog has closed."""
        ...

    def confirm(self, targets: Sequence[Target], via: str) -> tuple[str, ...]:
        """A person confirmed: journal and send one POST per target, in parallel. Returns the action ids, in order, at
        once.

        A target that is refused by `refusal` by then becomes a record that is REJECTED with the reason, and
        nothing is sent.
        """
        ...

    def prepare(self, plan: OptimizationPlan) -> None:
        """Compile the project and have the optimization estimated: how far that is is found under `PREPARATION`.
        Replaces an earlier one. Nothing is started."""
        ...

    def stop_preparing(self) -> None:
        """It is not wanted any more."""
        ...

    def cancel(self, action_id: str) -> None:
        """Give up while SENDING. No effect once the request may be out."""
        ...

    def acknowledge(self, action_id: str) -> None:
        """A person has seen the outcome: it may leave the action bar."""
        ...

    def entries(self) -> tuple[JournalEntry, ...]:
        """The journal as last read by the engine, oldest first; kept current with what other consoles append."""
        ...
