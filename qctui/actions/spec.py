"""The registry of actions: what each is called, what it may hit, and what a person is asked before it is sent.

The id of an action is the same word in key bindings, palette, command line, journal and tests (DESIGN section 4).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import Enum
from types import MappingProxyType

from qctui.model.action import Target
from qctui.model.deployment import DeploymentDetail, Environment, Project, claims_paper, is_alive
from qctui.model.optimization import FINISHED_STATUSES, Optimization
from qctui.value import Value

MAX_NAME = 100
"""Characters of a new name."""

CODE_LENGTH = 4
"""Characters of the deploy id a person types."""


class Ask(Enum):
    """What a person does to confirm."""

    CODE = "code"
    """Type the end of the deploy id, then Enter."""
    COUNT = "count"
    """Type how many targets there are, then Enter."""
    KEY = "key"
    """Press one key."""
    NAME = "name"
    """Type another name, then Enter."""


class Question(Value):
    """What a dialog asks, and what answers it."""

    ask: Ask
    sentence: str
    """The exact sentence of DESIGN section 4."""
    expected: str
    """What must be typed or pressed; see `accepts`. Of a name: the one it has, which is no answer."""

    def accepts(self, typed: str) -> bool:
        """Whether `typed` is the answer. Letter case and surrounding blanks don't matter; nothing else is forgiven."""
        if self.ask is Ask.NAME:
            return typed.strip() not in ("", self.expected)
        return bool(self.expected) and typed.strip().casefold() == self.expected.casefold()


class ActionSpec(Value):
    """One action as a person meets it."""

    id: str
    key: str
    """Its default key."""
    title: str
    """Of the dialog, and in palette and help."""
    tooltip: str
    """One line for help and palette."""
    target_noun: str
    """What it hits, singular; plural is this plus `s`."""
    consequence: str
    """What will happen, said in the dialog."""
    leftovers: str
    """What it may leave behind, said once, briefly (REFERENCE.md 7.1, 7.2, 5.3)."""

    @property
    def verb(self) -> str:
        """As in `to liquidate`."""
        return self.title.lower()


LIQUIDATE = ActionSpec(
    id="liquidate",
    key="L",
    title="Liquidate",
    tooltip="Close all positions of the selected or marked deployments and stop them",
    target_noun="deployment",
    consequence="Cancels open orders, closes every position with market orders and stops the algorithm.",
    leftovers=(
        "May stay open: crypto cash, positions the algorithm never subscribed to, amounts below a lot. With the market "
        "closed, orders wait for the open. Snapshots lag up to 10 minutes. Check the brokerage afterwards."
    ),
)

STOP = ActionSpec(
    id="stop",
    key="S",
    title="Stop",
    tooltip="Stop the selected or marked deployments without selling",
    target_noun="deployment",
    consequence="Stops the algorithm. Nothing is sold: positions and open orders stay as they are.",
    leftovers="Nobody watches what stays open, and a stopped deployment can't be liquidated from here.",
)

ABORT = ActionSpec(
    id="abort",
    key="A",
    title="Abort",
    tooltip="End the selected optimization",
    target_noun="optimization",
    consequence="Ends the optimization. It can't be resumed.",
    leftovers="Finished backtests stay readable.",
)

RENAME = ActionSpec(
    id="rename",
    key="M",
    title="Rename",
    tooltip="Give the selected optimization another name",
    target_noun="optimization",
    consequence="Changes the name that everybody sees. Nothing else changes.",
    leftovers="The journal keeps both names.",
)

DELETE = ActionSpec(
    id="delete",
    key="K",
    title="Delete",
    tooltip="Delete the selected optimization with all of its runs",
    target_noun="optimization",
    consequence="Deletes the optimization and all of its runs at QuantConnect. It can't be brought back.",
    leftovers="Nothing: what is to be kept of it has to be exported before.",
)

RERUN = ActionSpec(
    id="rerun",
    key="I",
    title="Run again",
    tooltip="Start the selected optimization once more, changed or not",
    target_noun="optimization",
    consequence="Starts an optimization of its own, with the project as it was just compiled. It costs credit.",
    leftovers="It runs until it is done or aborted, whether or not this program does.",
)

ACTION_SPECS: Mapping[str, ActionSpec] = MappingProxyType(
    {spec.id: spec for spec in (LIQUIDATE, STOP, ABORT, RENAME, DELETE, RERUN)}
)
"""Every action by its id. Nothing else can build a trigger request."""

OF_OPTIMIZATIONS = frozenset(spec.id for spec in ACTION_SPECS.values() if spec.target_noun == "optimization")
"""The actions that hit an optimization; the others hit a deployment."""

READ_ONLY = "read-only: nothing can be sent"


def typed_code(target: Target) -> str:
    """What a person types for one target: the last four characters of the deploy id, or of the optimization's id.

    With an id that is unknown, shorter than four characters or not to be typed on every keyboard it is the last
    four digits of the project id: the one thing the request itself carries, so it still makes a person look at which
    project this is.
    """
    code = target.identity[-CODE_LENGTH:]
    return code if _is_typeable(code) else str(target.project_id)[-CODE_LENGTH:]


def typed_code_source(target: Target) -> str:
    """What `typed_code` is the end of, for the dialog to point at: `deploy id` or `project id`."""
    return "deploy id" if _is_typeable(target.deploy_id[-CODE_LENGTH:]) else "project id"


def _is_typeable(code: str) -> bool:
    return len(code) == CODE_LENGTH and code.isascii() and all(each.isalnum() or each in "-_" for each in code)


def question_for(targets: Sequence[Target]) -> Question:
    """What must be asked before acting on `targets`, in DESIGN section 4's words.

    Raises:
        ValueError: no target, or targets of different actions.
    """
    if len({target.action for target in targets}) != 1:
        raise ValueError("a question is about one action and at least one target")
    spec = ACTION_SPECS[targets[0].action]
    if len(targets) > 1:
        count = len(targets)
        sentence = f"Type {count} to {spec.verb} {count} {spec.target_noun}s, then Enter."
        return Question(Ask.COUNT, sentence, str(count))
    target = targets[0]
    if spec is RERUN:
        count = target.plan.backtests or 0 if target.plan is not None else 0
        noun = "backtest" if count == 1 else "backtests"
        sentence = f"Type {count} to run again with {count:,} {noun}, then Enter."
        return Question(Ask.COUNT, sentence, str(count) if count else "")
    if spec is RENAME and not target.new_name:
        return Question(Ask.NAME, "Type another name to rename, then Enter.", target.name)
    if spec in (ABORT, RENAME) or (spec is STOP and target.environment is Environment.PAPER):
        return Question(Ask.KEY, f"Press y to {spec.verb}.", "y")
    code = typed_code(target)
    return Question(Ask.CODE, f"Type {code} to {spec.verb}, then Enter.", code)


def eligibility(target: Target) -> str | None:
    """Why this action can't be taken on this target, by what was captured; None if it can."""
    spec = ACTION_SPECS.get(target.action)
    if spec is None:
        return f"no such action: {target.action}"
    if target.action in OF_OPTIMIZATIONS:
        if not target.optimization_id:
            return "no optimization id is known"
        return _optimization_obstacle(target, target.status)
    if target.project_id <= 0:
        return "no project id is known"
    if not is_alive(target.status, None):
        return f"no longer running: {target.status}"
    return None


def _optimization_obstacle(target: Target, status: str) -> str | None:
    """Why an action can't be taken on an optimization of this status; None if it can."""
    finished = status.casefold() in FINISHED_STATUSES
    if target.action == ABORT.id and finished:
        return f"already finished: {status}"
    if target.action == RENAME.id and target.new_name == target.name:
        return "that is its name already"
    if target.action == RERUN.id:
        if target.plan is None:
            return "what it was asked for is not known"
        if target.plan.problem:
            return target.plan.problem
        return None if target.compile_id else "its project was not compiled"
    if target.action == DELETE.id and not finished:
        return f"not finished: {status}; abort it first" if status else "its status is not known"
    return None


def cautions(target: Target, project: Project | None = None) -> tuple[str, ...]:
    """What a person should know before confirming, though nothing stands in the way (REFERENCE.md 7.5, 4.2)."""
    said: list[str] = []
    if target.action not in OF_OPTIMIZATIONS:
        if not target.status:
            said.append("its status is not known")
        elif target.status.casefold() != "running":
            said.append(f"its status is {target.status}: it may not act on this")
        if not target.deploy_id:
            said.append("its deploy id is not known: this hits whatever is live in the project")
        if claims_paper(target.environment, target.account_environment):
            said.append(f"its account says {target.account_environment}; it counts as LIVE all the same")
        if target.also_alive:
            others = "1 other deployment of this project is"
            if target.also_alive > 1:
                others = f"{target.also_alive:,} other deployments of this project are"
            said.append(f"{others} alive too: this hits whatever the service holds live in it")
        if project is not None and project.live_control is False:
            said.append("you may have no live control of this project: the API may refuse")
    return tuple(said)


def disarm_reason(target: Target, detail: DeploymentDetail | None, optimization: Optimization | None) -> str:
    """Why a newer look at the target forbids sending; empty if it does not.

    An answer without a deploy id disarms nothing by it: every field of live/read may be missing (REFERENCE.md 6.2).
    Nor does the end of another deployment of the project that was known beside this one.
    """
    if detail is not None and detail.deploy_id in target.others and not detail.alive:
        return ""
    if detail is not None:
        if target.deploy_id and detail.deploy_id and detail.deploy_id != target.deploy_id:
            return f"redeployed since: now {detail.deploy_id}"
        if not detail.alive:
            return f"no longer running: {detail.status or 'stopped'}"
    if optimization is not None:
        return _optimization_obstacle(target, optimization.status) or ""
    return ""
