"""A deployment in full: what it is, its statistics, holdings, cash, orders and log."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any

from qctui.alerts.alert_wording import pulse_evidence, pulse_sentence
from qctui.model.alert import ALERTS, alerted_pulses
from qctui.model.deployment import DeploymentDetail, LogPage
from qctui.model.keys import (
    DEPLOYMENTS,
    PROJECTS,
    Key,
    detail_key,
    logs_key,
    older_key,
    orders_key,
    portfolio_key,
)
from qctui.model.pulse import NOT_LOOKED_AT, PULSES, Pulse, PulseState
from qctui.model.resource import Resource
from qctui.ui.actions.controller import DEPLOYMENT
from qctui.ui.actions.progress import format_badge
from qctui.ui.context import AppContext, Detail, DetailKind
from qctui.ui.deployments.deployment_rows import PULSE_ROLES
from qctui.ui.deployments.deployment_summary import DeploymentSummary, OlderLog, deploy_ids, deployed
from qctui.ui.deployments.orders_pane import OrderRow, OrdersPane
from qctui.ui.deployments.portfolio_panes import CashPane, HoldingsPane
from qctui.ui.detail_screen import DetailScreen
from qctui.ui.keys.keymap import BY_ID, Scope, bindings, format_key, keys_of
from qctui.ui.kit.facts_view import Fact, FactsPane, Group, fact, relative_words
from qctui.ui.kit.lines import Paragraph, Piece, pieces
from qctui.ui.kit.render_context import RenderContext
from qctui.ui.logs.logs_pane import LogsPane
from qctui.ui.wording.format import format_end, format_instant, format_money, role_of_sign, sign_of
from qctui.ui.wording.load_state import LoadState, LoadStateWords, describe
from qctui.value import replace

STALE_AFTER_S = 60.0
"""The deployment is read every 10 s."""

GAINS = frozenset({"Net Profit", "Return", "Unrealized"})
"""Statistics that are gains or losses: their sign has a colour. The text stays as the engine formatted it."""

ONLY_OF_THE_NEWEST = "Not known: the service tells of those of the newest deployment alone."

MESSAGE_LINES = 3
"""Of a message in the header; Statistics has it in full."""


class DeploymentScreen(DetailScreen):
    """It follows its project: an action on it hits what runs there now, and so does what is shown. An older deployment
    can be looked at; actions aim at what runs all the same."""

    ACTS_ON = frozenset({DEPLOYMENT})
    BINDINGS = bindings(Scope.DEPLOYMENT)
    ROOMY = (100, 34)
    DEFAULT_CSS = """
    DeploymentScreen > #sections.-roomy { grid-size: 2 3; grid-columns: 2fr 3fr; grid-rows: 4fr 3fr 4fr; }
    DeploymentScreen > #sections.-roomy > #logs { column-span: 2; }
    """

    def __init__(self, context: AppContext, detail: Detail) -> None:
        glyphs, options = context.glyphs, context.options
        earlier = format_key(keys_of(BY_ID["earlier_orders"], options.keymap)[0])
        self._opened_id, self._name_seen = detail.deploy_id, detail.name
        self._older_id = ""
        """The older deployment that is looked at; empty while it is the newest."""
        self._older_log = OlderLog(context.engine.store.get)
        self.statistics = FactsPane(1, "Statistics", glyphs)
        self.holdings = HoldingsPane(2, glyphs)
        self.cash = CashPane(3, glyphs)
        self.orders = OrdersPane(4, glyphs, earlier)
        self.logs = LogsPane(5, glyphs)
        sections = (self.statistics, self.holdings, self.cash, self.orders, self.logs)
        super().__init__(context, sections)
        self.orders.table.opened = self._open_order
        self.logs.subscribed = self._read_more_of_the_log

    def keys(self) -> Iterable[Key[Any]]:
        """Its own read, portfolio, orders and log; of an older one also the read of what actions aim at."""
        project_id = self.project_id
        found: list[Key[Any]] = [detail_key(project_id), portfolio_key(project_id), orders_key(project_id)]
        if self._older_id:
            found += [self._read_key, *self._older_log.keys(project_id, self._older_id, self._deploy_ids())]
        elif deploy_id := self.deployed.deploy_id:
            found.append(logs_key(project_id, deploy_id))
        else:
            return found
        return [*found, *self.logs.keys()]

    def depends_on(self, key: Key[Any]) -> bool:
        """A redeployment is in the list first; its pulse comes from what others read of it."""
        return key in (DEPLOYMENTS, PROJECTS, PULSES, ALERTS)

    @property
    def _read_key(self) -> Key[DeploymentDetail]:
        return older_key(self.project_id, self._older_id) if self._older_id else detail_key(self.project_id)

    @property
    def newest(self) -> DeploymentSummary:
        """What an action would hit."""
        listed, read = self._engine.store.get(DEPLOYMENTS), self._engine.store.get(detail_key(self.project_id))
        return deployed(self.project_id, self._project_name, self._opened_id, listed, read)

    @property
    def deployed(self) -> DeploymentSummary:
        """What is shown."""
        if not self._older_id:
            return self.newest
        listed, read = self._engine.store.get(DEPLOYMENTS), self._engine.store.get(self._read_key)
        its_own = tuple(row for row in listed.value or () if row.deploy_id == self._older_id)
        return deployed(self.project_id, self._project_name, self._older_id, replace(listed, value=its_own), read)

    @property
    def _project_name(self) -> str:
        projects = self._engine.store.get(PROJECTS).value or ()
        return next((each.name for each in projects if each.project_id == self.project_id), "") or self._name_seen

    def _deploy_ids(self) -> list[str]:
        """The project's deployments, the newest first: what actions hit."""
        return deploy_ids(self.project_id, self._engine.store.get(DEPLOYMENTS).value or (), self.newest.deploy_id)

    def action_turn_deployment(self, older: int) -> None:
        """Look at the deployment before this one, or after it."""
        ids = self._deploy_ids()
        place = (ids.index(self._older_id) if self._older_id in ids else 0) + older
        if 0 <= place < len(ids):
            self._older_id = ids[place] if place else ""
            self.show_all(self.ages.context())
            self.keep_current()
        else:
            self.say(f"No {'older' if older > 0 else 'newer'} deployment of this project is known")

    def _pulse(self, shown: DeploymentSummary) -> Pulse | None:
        store = self._engine.store
        pulses = alerted_pulses(store.get(PULSES).value or {}, store.get(ALERTS).value or ())
        return pulses.get(shown.deploy_id, NOT_LOOKED_AT) if shown.alive else None

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Orders of earlier deployments can be asked for where orders are."""
        return self.chosen is self.orders if action == "toggle_earlier" else super().check_action(action, parameters)

    def action_toggle_earlier(self) -> None:
        """Show or hide orders of the project's earlier deployments."""
        self.orders.show_earlier = not self.orders.show_earlier
        self.show_sections(self.ages.context())

    def _read_more_of_the_log(self) -> None:
        """Show what is known of the windows that are wanted now, and ask for the rest."""
        self._show_log(self.deployed.deploy_id, self.ages.context())
        self.keep_current()

    def _open_order(self, row: OrderRow) -> None:
        # An order of an older deployment stays one when it is opened: actions there aim at the newest too.
        shown = self.newest
        order = Detail(DetailKind.ORDER, self.project_id, shown.deploy_id, name=shown.name)
        self._app_context.open(replace(order, order=row.order, order_key=row.key))

    def show_header(self, context: RenderContext) -> Iterable[Paragraph]:
        """Who it is and how it is, in few lines."""
        shown = self.deployed
        dot = context.glyphs.between
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
        if self._older_id:
            lines.append(self._older_words(context))
        elif self._opened_id and shown.deploy_id and shown.deploy_id != self._opened_id:
            again = f"Deployed again: {format_end(self._opened_id, context.glyphs)} was opened; this is what runs now"
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

    def _older_words(self, context: RenderContext) -> Paragraph:
        ids, newest = self._deploy_ids(), self.newest
        place = f" ({ids.index(self._older_id) + 1} of {len(ids)})" if self._older_id in ids else ""
        hit = f"{context.glyphs.ellipsis}{newest.deploy_id[-4:]}, {newest.status or 'status unknown'}"
        words = f"{context.glyphs.alert} An older deployment{place}. Actions aim at {hit}"
        return Paragraph(pieces((words, "stale bold")), max_lines=2)

    def show_sections(self, context: RenderContext) -> None:
        """Each its resource."""
        store, project_id, shown = self._engine.store, self.project_id, self.deployed
        orders = store.get(orders_key(project_id))
        self._draw("Statistics", lambda: self._show_statistics(shown, context), self.statistics)
        for name, pane in (("Holdings", self.holdings), ("Cash", self.cash)):
            self._draw(name, partial(self._show_portfolio, pane, context), pane)
        older = bool(self._older_id)
        self._draw("Orders", lambda: self.orders.show(orders, shown.deploy_id, context, older=older), self.orders)
        self._show_log(shown.deploy_id, context)

    def _show_portfolio(self, pane: HoldingsPane | CashPane, context: RenderContext) -> None:
        if self._older_id:
            pane.show_rows((), context, LoadStateWords(LoadState.EMPTY, (), body=ONLY_OF_THE_NEWEST), ())
        else:
            pane.show(self._engine.store.get(portfolio_key(self.project_id)), context)

    def _show_log(self, deploy_id: str, context: RenderContext) -> None:
        store, project_id = self._engine.store, self.project_id
        log: Resource[LogPage] = Resource()
        if self._older_id:
            log = self._older_log.end(project_id, self._older_id, self._deploy_ids())
        elif deploy_id:
            log = store.get(logs_key(project_id, deploy_id))
        self.logs.older = bool(self._older_id)
        self._draw("The log", lambda: self.logs.show(log, (project_id, deploy_id), context, store.get), self.logs)

    def _show_statistics(self, shown: DeploymentSummary, context: RenderContext) -> None:
        resource: Resource[DeploymentDetail] = self._engine.store.get(self._read_key)
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
                facts.append((f"of {format_end(detail.deploy_id, context.glyphs)}, deployed before ", "stale bold"))
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
