"""Actions as values: what is aimed at, and how far up the ladder it got (DESIGN section 4)."""

from __future__ import annotations

from enum import Enum

from qctui.model.deployment import DeploymentDetail, Environment
from qctui.model.keys import Key
from qctui.model.optimization import Estimate, Optimization, OptimizationPlan
from qctui.model.order import Order
from qctui.model.portfolio import Holding, Portfolio
from qctui.model.resource import Resource
from qctui.value import Value, field, replace


class Rung(Enum):
    """The ladder. The value is the word shown, printed and, in lower case with underscores, journalled."""

    SENDING = "SENDING"
    """Trying to reach the API (n-th try)."""
    SENT = "SENT"
    """The request is out, no answer yet."""
    ACCEPTED = "ACCEPTED"
    """The API answered `success: true`. Nothing has been seen to happen yet."""
    STOPPED = "STOPPED"
    """live/read, or live/list in its place, shows a stop time or a terminal status."""
    FLAT = "FLAT"
    """A portfolio read after that shows no holding with a quantity, and every entry of it was understood."""
    VERIFIED = "VERIFIED"
    """Everything the action is meant to do has been seen, a second look agrees, and nothing read since contradicts."""
    REJECTED = "REJECTED"
    """The API said no and a look at the world agrees that nothing happened, or the target had already ended."""
    NOT_SENT = "NOT SENT"
    """The API could not be reached before the deadline, or the person cancelled while SENDING."""
    UNKNOWN = "UNKNOWN"
    """Sent, and no answer can be trusted. Verification goes on; a person may send again."""
    UNVERIFIED = "UNVERIFIED"
    """Accepted, and the goal was not seen within 10 minutes."""

    @property
    def event(self) -> str:
        """The journal's word."""
        return self.value.lower().replace(" ", "_")


FINAL_RUNGS = frozenset({Rung.VERIFIED, Rung.REJECTED, Rung.NOT_SENT, Rung.UNVERIFIED})
"""Nothing more will be tried or read by itself. UNKNOWN is not among them: it is being verified."""


_ANSWERS = frozenset({Rung.ACCEPTED, Rung.UNKNOWN})
_SEEN = FINAL_RUNGS | {Rung.STOPPED, Rung.FLAT}


class Target(Value):
    """What an action aims at, captured at the key press and never read again from a cursor."""

    action: str
    """`liquidate`, `stop`, `abort`, `rename`, `delete` or `rerun`."""
    name: str
    """Project name, or the optimization's."""
    project_id: int
    deploy_id: str = ""
    """Empty for an optimization, and when the API has none."""
    optimization_id: str = ""
    environment: Environment = Environment.LIVE
    brokerage: str = ""
    account_environment: str = ""
    """What the API says of the account, as it spells it."""
    status: str = ""
    equity: float | None = None
    equity_mono: float | None = None
    """Monotonic seconds at which `equity` was received: its age."""
    portfolio: Resource[Portfolio] = field(default_factory=lambda: Resource[Portfolio]())
    """What was known of its holdings and cash when it was captured, with its age."""
    also_alive: int = 0
    """Other deployments of its project that may trade too, by the list it was captured from."""
    new_name: str = ""
    """What the optimization is to be called, or the one that is to be made."""
    plan: OptimizationPlan | None = None
    """Of a rerun only: what is asked for."""
    compile_id: str = ""
    """Of a rerun only: the build that it runs."""
    estimate: Estimate | None = None
    """Of a rerun only: what the service thinks that it will take; None if it did not say."""
    others: tuple[str, ...] = ()
    """What else the project had when it was captured: ids of its other deployments, alive or not, or of its
    optimizations."""
    panic: bool = False
    """It was asked for together with everything else that ran."""

    @property
    def identity(self) -> str:
        """What the action hits: the deploy id or the optimization id."""
        return self.optimization_id or self.deploy_id

    @property
    def code(self) -> str:
        """The last four characters of the deploy id: what a person types to confirm."""
        return self.deploy_id[-4:]


class Recheck(Value):
    """A target read again while its dialog is open, over the connection the trigger will use."""

    detail: DeploymentDetail | None = None
    """What live/read said last of the target itself, never of another deployment of its project."""
    portfolio: Portfolio | None = None
    """That of the project's most recent deployment (REFERENCE.md section 6); with `another` the last that is known to
    be the target's, None if none is."""
    portfolio_mono: float | None = None
    """When that portfolio was received."""
    optimization: Optimization | None = None
    portfolio_failure: str = ""
    """Why the portfolio could not be read this time; empty if it was."""
    disarmed: str = ""
    """Why the dialog must not send: the deploy id changed, or the deployment is no longer running. Empty while
    armed."""
    another: bool = False
    """The newest answer of live/read was about another deployment of the project."""


class Preparation(Value):
    """How far an optimization is made ready to be asked for."""

    words: str
    """For the screen."""
    plan: OptimizationPlan | None = None
    """What is to be asked for."""
    compile_id: str = ""
    """Of the build that it will run; empty while there is none."""
    estimate: Estimate | None = None
    failed: bool = False
    """It can't be asked for like this."""


PREPARATION: Key[Preparation] = Key("preparation")
"""How far the optimization of the form on screen is made ready."""


def recheck_key(target: Target) -> Key[Recheck]:
    """Where the re-reads of a target are found in the store while its dialog is open."""
    return Key("recheck", target.project_id, target.identity)


class Step(Value):
    """One rung reached."""

    rung: Rung
    at: float
    """Unix seconds."""
    mono: float
    detail: str = ""
    """The API's words, the try's number, the reason; fit for the screen."""


class ActionRecord(Value):
    """One action against one target, replaced whole at every step."""

    action_id: str
    batch_id: str
    """Shared by all targets of one confirmation."""
    target: Target
    via: str
    """`console` or `command`."""
    confirmed_at: float
    confirmed_mono: float
    steps: tuple[Step, ...] = ()
    """In the order reached; a repeated SENDING replaces the last one, its try in the detail."""
    tries: int = 0
    cancellable: bool = False
    """While SENDING and provably not sent."""
    goal_by_mono: float | None = None
    """When verification gives up."""
    holdings: tuple[Holding, ...] | None = None
    """Positions still open by the newest trustworthy snapshot after confirming; None while unknown."""
    holdings_mono: float | None = None
    """When that snapshot was received."""
    orders: tuple[Order, ...] = ()
    """Orders of this deployment tagged `Liquidated`."""
    warnings: tuple[str, ...] = ()
    """Said beside the ladder: redeployed meanwhile, reads failing, the journal could not be written."""
    acknowledged: bool = False
    resumed: bool = False
    """Left open in the journal by a process that is gone, and looked after by this one since."""
    from_last_run: bool = False
    """Resumed, of a process that was gone when this one began."""
    foreign: bool = False
    """Made by another console or command on this machine and seen through the shared journal."""
    lost: bool = False
    """The program ends and the journal has not got its intent: no later start takes it up."""

    @property
    def rung(self) -> Rung | None:
        """The newest rung; None right after confirming."""
        return self.steps[-1].rung if self.steps else None

    @property
    def standing(self) -> tuple[Rung, ...]:
        """The rungs that nothing has taken back, in the order reached.

        A rung that is reached again takes back those above it, and what the API answered stands below what was seen:
        that is how a withdrawal shows, in the ladder as in the journal, whose words are a promise and have none for it.
        """
        found: list[Rung] = []
        for step in self.steps:
            if step.rung in found:
                del found[found.index(step.rung) :]
            elif step.rung in _ANSWERS:
                found = [rung for rung in found if rung not in _SEEN]
            found.append(step.rung)
        return tuple(found)

    @property
    def withdrawal(self) -> str:
        """What was withdrawn last and why, while nothing newer was reached; empty otherwise."""
        newest = self.steps[-1] if self.steps else None
        again = newest is not None and any(step.rung is newest.rung for step in self.steps[:-1])
        return newest.detail if newest is not None and again and newest.rung is not Rung.SENDING else ""

    @property
    def done(self) -> bool:
        """Nothing more happens by itself."""
        return self.rung in FINAL_RUNGS

    @property
    def stopped_at(self) -> float | None:
        """When a liquidation was seen stopped, Unix seconds, while it matters what it left open: until it is verified,
        or a person has acknowledged it. None of anything else."""
        if self.target.action != "liquidate" or self.acknowledged or self.rung is Rung.VERIFIED:
            return None
        return next((step.at for step in self.steps if step.rung is Rung.STOPPED), None)

    def with_step(self, step: Step) -> ActionRecord:
        """This record one step on. A repeated SENDING replaces the last one."""
        steps = self.steps[:-1] if step.rung is Rung.SENDING and self.rung is Rung.SENDING else self.steps
        return replace(self, steps=(*steps, step))


ASKED: Key[frozenset[str]] = Key("asked")
"""Deploy ids that actions of earlier runs, within a day before this one, were about: how those end is no surprise."""

ACTIONS: Key[tuple[ActionRecord, ...]] = Key("actions")
"""Every action of this run, and those resumed from the journal, oldest first. One resource, always with a value once
the engine runs."""
