"""A deployment in full: what it is, its statistics, holdings, cash, orders and log."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any

from textual import on

from qctui.alerts.alert_wording import pulse_evidence, pulse_sentence
from qctui.model.alert import ALERTS, alerted_pulses
from qctui.model.deployment import (
    Deployment,
    DeploymentDetail,
    DeploymentState,
    Environment,
    deployments_of,
    newest_deployments,
)
from qctui.model.keys import DEPLOYMENTS, PROJECTS, Key, detail_key, logs_key, orders_key, portfolio_key
from qctui.model.pulse import PULSES, Pulse, PulseState
from qctui.model.resource import Resource
from qctui.ui.actions.controller import DEPLOYMENT
from qctui.ui.actions.progress import format_badge
from qctui.ui.context import AppContext, Detail, DetailKind
from qctui.ui.deployments.deployment_rows import PULSE_ROLES
from qctui.ui.deployments.orders_pane import OrderRow, OrdersPane
from qctui.ui.deployments.portfolio_panes import CashPane, HoldingsPane
from qctui.ui.detail_screen import DetailScreen
from qctui.ui.keys.keymap import BY_ID, format_key, keys_of
from qctui.ui.kit.facts_view import Fact, FactsPane, Group, fact, relative_words
from qctui.ui.kit.lines import Paragraph, Piece, pieces
from qctui.ui.kit.render_context import RenderContext
from qctui.ui.logs.logs_pane import LogsPane
from qctui.ui.wording.format import format_instant, format_money, role_of_sign, sign_of
from qctui.ui.wording.load_state import describe
from qctui.value import Value, replace

STALE_AFTER_S = 60.0
"""The deployment is read every 10 s."""

GAINS = frozenset({"Net Profit", "Return", "Unrealized"})
"""Statistics that are gains or losses: their sign has a colour. The text stays as the engine formatted it."""

MESSAGE_LINES = 3
"""Of a message in the header; Statistics has it in full."""


class DeploymentSummary(Value, DeploymentState):
    """What is known of the deployment that an action on its project would hit. What the newest word on it leaves out is
    taken from the other source, if that is about the same deployment."""

    project_id: int
    name: str
    deploy_id: str
    """Empty while unknown."""
    environment: Environment
    brokerage: str
    status: str
    launched_at: float | None
    stopped_at: float | None
    equity: float | None
    message: str
    """Why it failed, or what it says; may have several lines."""
    security_types: str
    datacenter: str
    account_environment: str = ""
    """What the API says of the account, as it spells it."""


def deployed(
    project_id: int,
    name: str,
    opened_id: str,
    listed: Resource[tuple[Deployment, ...]],
    read: Resource[DeploymentDetail],
) -> DeploymentSummary:
    """The deployment to show. Pure. `name` is the project's as it was on screen, `opened_id` the deploy id that was
    opened; they stand in until something is received."""
    project, detail = deployments_of(project_id, listed, read), read.value
    newest = project.known
    if newest is None:
        return DeploymentSummary(project_id, name, opened_id, Environment.LIVE, "", "", None, None, None, "", "", "")
    if isinstance(newest, DeploymentDetail):
        # An answer that does not say which deployment it is of, is of the newest.
        alike = [row for row in project.rows if newest.deploy_id in ("", row.deploy_id)]
        row = next(iter(newest_deployments(alike)), None)
        other: Deployment | DeploymentDetail = row or newest
    else:
        row = newest
        detail = detail if detail is not None and detail.deploy_id in ("", newest.deploy_id) else None
        other = detail or newest
    return DeploymentSummary(
        project_id=project_id,
        name=name or (read.value.project_name if read.value is not None else ""),
        deploy_id=newest.deploy_id or other.deploy_id,
        environment=newest.environment if newest.brokerage or not other.brokerage else other.environment,
        brokerage=newest.brokerage or other.brokerage,
        status=newest.status or other.status,
        launched_at=newest.launched_at if newest.launched_at is not None else other.launched_at,
        stopped_at=newest.stopped_at if newest.stopped_at is not None else other.stopped_at,
        equity=row.equity if row is not None else None,
        message=(detail.message if detail is not None else "") or (row.error if row is not None else ""),
        security_types=detail.security_types if detail is not None else "",
        datacenter=detail.datacenter if detail is not None else "",
        account_environment=newest.account_environment or other.account_environment,
    )


class DeploymentScreen(DetailScreen):
    """It follows its project: an action on it hits what runs there now, and so does what is shown."""

    ACTS_ON = frozenset({DEPLOYMENT})
    ROOMY = (100, 34)
    DEFAULT_CSS = """
    DeploymentScreen > #sections.-roomy { grid-size: 2 3; grid-columns: 2fr 3fr; grid-rows: 4fr 3fr 4fr; }
    DeploymentScreen > #sections.-roomy > #logs { column-span: 2; }
    """

    def __init__(self, context: AppContext, detail: Detail) -> None:
        glyphs, options = context.glyphs, context.options
        earlier = format_key(keys_of(BY_ID["earlier_orders"], options.keymap)[0])
        self._opened_id, self._name_seen = detail.deploy_id, detail.name
        self.statistics = FactsPane(1, "Statistics", glyphs)
        self.holdings = HoldingsPane(2, glyphs)
        self.cash = CashPane(3, glyphs)
        self.orders = OrdersPane(4, glyphs, earlier)
        self.logs = LogsPane(5, glyphs)
        sections = (self.statistics, self.holdings, self.cash, self.orders, self.logs)
        super().__init__(context, sections)
        self.orders.table.opened = self._open_order

    def keys(self) -> Iterable[Key[Any]]:
        """Its own read, portfolio, orders and log."""
        project_id = self.project_id
        found: list[Key[Any]] = [detail_key(project_id), portfolio_key(project_id), orders_key(project_id)]
        if deploy_id := self.deployed.deploy_id:
            found += [logs_key(project_id, deploy_id), *self.logs.keys()]
        return found

    def depends_on(self, key: Key[Any]) -> bool:
        """A redeployment is in the list first; its pulse comes from what others read of it."""
        return key in (DEPLOYMENTS, PROJECTS, PULSES, ALERTS)

    @property
    def deployed(self) -> DeploymentSummary:
        """What is shown."""
        store = self._engine.store
        projects = store.get(PROJECTS).value or ()
        name = next((each.name for each in projects if each.project_id == self.project_id), "") or self._name_seen
        listed, read = store.get(DEPLOYMENTS), store.get(detail_key(self.project_id))
        return deployed(self.project_id, name, self._opened_id, listed, read)

    def _pulse(self, shown: DeploymentSummary) -> Pulse | None:
        store = self._engine.store
        pulses = alerted_pulses(store.get(PULSES).value or {}, store.get(ALERTS).value or ())
        return pulses.get(shown.deploy_id) if shown.alive else None

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Orders of earlier deployments can be asked for."""
        return self.chosen is self.orders if action == "toggle_earlier" else super().check_action(action, parameters)

    def action_toggle_earlier(self) -> None:
        """Show or hide orders of the project's earlier deployments."""
        self.orders.show_earlier = not self.orders.show_earlier
        self.show_sections(self.ages.context())

    @on(LogsPane.Subscribed)
    def read_more_of_the_log(self) -> None:
        """Show what is known of the windows that are wanted now, and ask for the rest."""
        self._show_log(self.deployed.deploy_id, self.ages.context())
        self.keep_current()

    def _open_order(self, row: OrderRow) -> None:
        shown = self.deployed
        order = Detail(DetailKind.ORDER, self.project_id, shown.deploy_id, name=shown.name)
        self._app_context.open(replace(order, order=row.order, order_key=row.key))

    def show_header(self, context: RenderContext) -> Iterable[Paragraph]:
        """Who it is and how it is, in few lines."""
        shown = self.deployed
        dot = (f" {context.glyphs.dot} ", "rule")
        badge = format_badge(shown.environment, claims_paper=shown.claims_paper)
        title: list[Piece] = [badge, " ", (shown.name or "unnamed", "title bold"), "  "]
        title.append((shown.status or "status unknown", _status_role(shown)))
        if shown.equity is not None:
            title += [dot, ("equity ", "muted"), format_money(shown.equity, context.glyphs)]
        about: list[Piece] = [shown.deploy_id or "deploy id unknown", dot, ("project ", "muted"), str(shown.project_id)]
        if shown.brokerage:
            about += [dot, shown.brokerage]
        if shown.claims_paper:
            about.append((f", whose account says {shown.account_environment}", "stale bold"))
        when = _when("launched", shown.launched_at, context) or [("launch time unknown", "muted")]
        if shown.stopped_at is not None:
            when += [dot, *_when("stopped", shown.stopped_at, context)]
        where = [each for each in (shown.security_types, shown.datacenter) if each]
        when += [piece for each in where for piece in (dot, each)]
        lines = [Paragraph(pieces(*each), max_lines=2) for each in (title, about, when)]
        if self._opened_id and shown.deploy_id and shown.deploy_id != self._opened_id:
            again = f"Deployed again: {context.glyphs.ellipsis}{self._opened_id[-4:]} was opened; this is what runs now"
            lines.append(Paragraph(pieces((f"{context.glyphs.alert} {again}", "stale bold"))))
        pulse = self._pulse(shown)
        ago = partial(relative_words, context=context)
        if pulse is not None and (sentence := pulse_sentence(pulse, context.now, ago=ago)):
            warning = (f"{context.glyphs.alert} {sentence}", PULSE_ROLES[pulse.state])
            lines.append(Paragraph(pieces(warning), hang=2, max_lines=2))
        if shown.message:
            role, alert = ("danger", f"{context.glyphs.alert} ") if shown.failed else ("muted", "")
            rows = shown.message.split("\n")
            more = " (in full: Statistics)" if len(rows) > MESSAGE_LINES else ""
            for number, row in enumerate(rows[:MESSAGE_LINES]):
                last = more if number == MESSAGE_LINES - 1 else ""
                text = f"{alert if number == 0 else '  '}{row}"
                lines.append(Paragraph(pieces((text, role), (last, "muted")), hang=2, max_lines=1 if more else 2))
        return lines

    def show_sections(self, context: RenderContext) -> None:
        """Each its resource."""
        store, project_id, shown = self._engine.store, self.project_id, self.deployed
        portfolio = store.get(portfolio_key(project_id))
        orders = store.get(orders_key(project_id))
        self._draw("Statistics", lambda: self._show_statistics(shown, context), self.statistics)
        self._draw("Holdings", lambda: self.holdings.show(portfolio, context), self.holdings)
        self._draw("Cash", lambda: self.cash.show(portfolio, context), self.cash)
        self._draw("Orders", lambda: self.orders.show(orders, shown.deploy_id, context), self.orders)
        self._show_log(shown.deploy_id, context)

    def _show_log(self, deploy_id: str, context: RenderContext) -> None:
        store, project_id = self._engine.store, self.project_id
        log = store.get(logs_key(project_id, deploy_id)) if deploy_id else Resource()
        self._draw("The log", lambda: self.logs.show(log, (project_id, deploy_id), context, store.get), self.logs)

    def _show_statistics(self, shown: DeploymentSummary, context: RenderContext) -> None:
        resource: Resource[DeploymentDetail] = self._engine.store.get(detail_key(self.project_id))
        detail = resource.value
        blocks: list[Paragraph | Group] = []
        facts: list[tuple[str, str]] = []
        if shown.message.count("\n") >= MESSAGE_LINES:
            role = "danger" if shown.failed else ""
            blocks += [Paragraph(pieces((row, role)), hang=2) for row in shown.message.split("\n")]
            blocks.append(Paragraph())
        pulse = self._pulse(shown)
        if pulse is not None and pulse.state is not PulseState.OK:
            blocks += [_evidence(pulse, context), Paragraph()]
        if detail is not None:
            if not detail.statistics:
                blocks.append(Paragraph(pieces(("This deployment reports no statistics.", "muted"))))
            blocks.append(Group("", tuple(_statistic(name, text) for name, text in detail.statistics.items())))
            server = tuple(fact(name, text) for name, text in detail.server_statistics.items())
            blocks.append(Group("Server", server))
            if detail.description and detail.description != shown.name:
                blocks.append(Group("Description", (fact("", detail.description),), roomy=True))
            if detail.deploy_id and detail.deploy_id != shown.deploy_id:
                facts.append((f"of {context.glyphs.ellipsis}{detail.deploy_id[-4:]}, deployed before ", "stale bold"))
        if pulse is not None and pulse.state is PulseState.OK:
            blocks += [Paragraph(), _evidence(pulse, context)]
        words = describe(resource, context, what="statistics", nothing="", stale_after_s=STALE_AFTER_S, size=1)
        self.statistics.show_blocks(blocks, tuple(facts), words)


def _evidence(pulse: Pulse, context: RenderContext) -> Group:
    """What the pulse rests on."""
    said = pulse_evidence(pulse, context.now, ago=partial(relative_words, context=context))
    role = PULSE_ROLES[pulse.state]
    return Group("", tuple(fact(name, text, role if n == 0 else "") for n, (name, text) in enumerate(said)), True)


def _statistic(name: str, text: str) -> Fact:
    return fact(name, text, role_of_sign(sign_of(text)) if name in GAINS else "")


def _status_role(shown: DeploymentSummary) -> str:
    if shown.failed:
        return "danger bold"
    if not shown.status:
        return "stale"
    if not shown.alive:
        return "muted"
    return "ok" if shown.status.casefold() == "running" else "stale"


def _when(word: str, at: float | None, context: RenderContext) -> list[Piece]:
    if at is None:
        return []
    ago = context.ago(at)
    ago = "now" if ago == "now" else f"{ago} ago" if ago else relative_words(at, context)
    return [(f"{word} ", "muted"), format_instant(at, context.zone, context.glyphs), (f" ({ago})", "muted")]
