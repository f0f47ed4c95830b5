"""The endpoints: a request's fields in, the answer's body out, by the rules of REFERENCE.md."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from qctui.simulator import live_payloads
from qctui.simulator.chart_answers import ChartAnswers, ChartRequest
from qctui.simulator.deployments import Deployment
from qctui.simulator.insight_feed import InsightFeed, insight_payload
from qctui.simulator.launches import Launches
from qctui.simulator.orders import AlgorithmLog, Order, OrderHistory, order_payload
from qctui.simulator.organizations import Organizations, in_slices
from qctui.simulator.request import INVALID, NO_CHART, NO_LIVE, NO_PROJECT, Fields, Refused
from qctui.simulator.shapes import Json, ShapeChooser, refusal, success
from qctui.simulator.sweeps import Sweeps
from qctui.simulator.world import NotAccepted, Project, World

INSIGHT_WINDOW = 100
"""end - start may not exceed: the documentation says below, LEAN's own `ReadLiveInsights` asks for all of it
(REFERENCE.md 9, row 7)."""
ORDER_WINDOW = 1000
"""end - start may not exceed, as the official model documents it ..."""
ORDERS_AT_ONCE = 100
"""... and so many are answered (REFERENCE.md 9, row 8)."""
LOG_WINDOW = 250
"""endLine - startLine may not exceed (REFERENCE.md 6.5)."""
LIST_STATUSES = ("Running", "Stopped", "RuntimeError", "Liquidated")
"""What live/list can be filtered by (REFERENCE.md 6.1)."""

Answer = Json | Iterator[bytes]
"""A body, or its pieces in order, each made when it is asked for."""


class _Records:
    """What is kept of one deployment between two answers."""

    def __init__(self, world: World, deployment: Deployment) -> None:
        hostile = world.config.hostile_text
        self.orders = OrderHistory(deployment)
        self.log = AlgorithmLog(deployment, self.orders, hostile=hostile)
        self.insights = InsightFeed(world.market, deployment, world.started_at, hostile=hostile)


class Endpoints:
    """Answers the requests of one world."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.shapes = ShapeChooser(world.config.seed, world.config.shapes, world.config.shape_of)
        self._launches = Launches(world, self.shapes)
        self.sweeps = Sweeps(world, self.shapes, self._launches)
        self._charts = ChartAnswers(world)
        self._records: dict[str, _Records] = {}
        self._loads: dict[tuple[object, ...], int] = {}
        self.handlers: dict[str, Callable[[Fields], Answer]] = {
            "authenticate": lambda fields: {"success": True},
            "live/list": self._live_list,
            "live/read": self._live_read,
            "live/chart/read": self._chart,
            "live/insights/read": self._insights_read,
            "live/portfolio/read": self._portfolio,
            "live/orders/read": self._orders_read,
            "live/logs/read": self._logs_read,
            "live/update/liquidate": lambda fields: self._trigger(fields, "live/update/liquidate", world.liquidate),
            "live/update/stop": lambda fields: self._trigger(fields, "live/update/stop", world.stop),
            **self._launches.handlers,
            **Organizations(world, self.shapes, self._taken_at).handlers,
            **self.sweeps.handlers,
        }

    def project_of(self, body: Json) -> object:
        """Return the project that a request is about, or that its optimization belongs to; None if it says neither."""
        return body.get("projectId", self.sweeps.project_of(body.get("optimizationId")))

    def answer(self, endpoint: str, fields: Fields) -> Answer:
        """Return the answer of a known endpoint; a refusal is one."""
        try:
            return self.handlers[endpoint](fields)
        except Refused as refused:
            return refusal(self.shapes.variant("error"), *refused.texts, payload=refused.payload)

    def _current(self, fields: Fields, texts: tuple[str, ...] = (NO_LIVE,)) -> tuple[Project, Deployment]:
        project = self._launches.project(fields)
        deployment = project.current(self.world.now())
        if deployment is None:
            raise Refused(*texts)
        return project, deployment

    def _deployment(self, project: Project, deploy_id: str, text: str) -> Deployment:
        found = self.world.deployment(project.plan.project_id, deploy_id)
        if found is None:
            raise Refused(text)
        return found

    def _taken_at(self, now: float, deployment: Deployment | None = None) -> float:
        return self.world.snapshot_at(now, deployment, self.world.config.lags.snapshot_s)

    def _live_list(self, fields: Fields) -> Answer:
        now, variant = self.world.now(), self.shapes.variant("live/list")
        projects = list(self.world.projects.values())
        if "projectId" in fields.body:
            projects = [self._launches.project(fields)]
        status = fields.text("status", required=False)
        if status is not None and status not in LIST_STATUSES:
            raise Refused(INVALID)
        items = (
            live_payloads.list_item(deployment, now, self._taken_at(now, deployment), variant)
            for project in projects
            for deployment in reversed(project.deployments)
            if deployment.launched_at <= now and status in (None, deployment.status(now))
        )
        return in_slices("live", items, success({}, variant))

    def _live_read(self, fields: Fields) -> Json:
        now = self.world.now()
        project, deployment = self._current(fields, (NO_PROJECT, NO_LIVE))
        deploy_id = fields.text("deployId", required=False)
        if deploy_id is not None:
            deployment = self._deployment(project, deploy_id, NO_LIVE)
        variant = self.shapes.variant("live/read")
        names = [plan.name for plan in self._charts.charts(project, deployment)]
        priced_at = self._taken_at(now, deployment)
        body = live_payloads.read(deployment, names, self.world.market, now, priced_at, variant)
        return success(body, variant)

    def _loading(self, *key: object) -> int | None:
        """Return how many loading answers were given for something before this one, None when it is loaded."""
        asked = self._loads.get(key, 0)
        if asked >= self.world.config.loading:
            return None
        self._loads[key] = asked + 1
        return asked

    def _chart(self, fields: Fields) -> Answer:
        now = self.world.now()
        project = self._launches.project(fields)
        name = fields.text("name") or ""
        count, start, end = fields.integer("count"), fields.integer("start"), fields.integer("end")
        if count <= 0 or end < start:
            raise Refused(INVALID)
        deployment = project.current(now)
        taken_at = self._taken_at(now, deployment)
        plan = self._charts.plan(project, name, now)
        if plan is None:
            raise Refused(NO_CHART)
        asked = self._loading("chart", project.plan.project_id, name)
        if asked is not None:
            # 0, then fractions: no two sources agree on the scale (REFERENCE.md 2.3).
            return {"progress": round(asked / self.world.config.loading, 2), "status": "loading", "success": True}
        variant = self.shapes.variant("live/chart/read")
        asked_for = ChartRequest(count, float(start), float(end), taken_at, variant)
        return self._charts.pieces(project, plan, asked_for)

    def _insights_read(self, fields: Fields) -> Json:
        now = self.world.now()
        project, deployment = self._current(fields)
        end = fields.integer("end")
        start = fields.integer("start", 0)
        if "start" not in fields.body:
            # The official model sends an end of 1000 and no start: one window from 0.
            end = min(end, INSIGHT_WINDOW)
        if not 0 <= start <= end or end - start > INSIGHT_WINDOW:
            raise Refused(INVALID)
        deploy_id = fields.text("algorithmId", required=False)
        if deploy_id is not None:
            deployment = self._deployment(project, deploy_id, INVALID)
        taken_at = self._taken_at(now, deployment)
        feed = self._records_of(deployment).insights
        variant = self.shapes.variant("live/insights/read")
        found_now = [insight_payload(one, variant) for one in feed.window(start, end, taken_at)]
        # The documentation calls it the number returned in one place and the total in another (REFERENCE.md 9, row 24).
        length = len(found_now) if variant == "counted" else feed.count(taken_at)
        return success({"insights": found_now, "length": length}, "no-errors" if variant != "engine" else "")

    def _portfolio(self, fields: Fields) -> Json:
        now = self.world.now()
        project, deployment = self._current(fields)
        if self.world.behaviours.get(project.plan.project_id) == "portfolio-fails":
            raise Refused(NO_LIVE)
        taken_at = self._flushed(now, deployment)
        variant = self.shapes.variant("live/portfolio/read")
        return success({"portfolio": live_payloads.portfolio(deployment, self.world.market, taken_at, variant)})

    def _flushed(self, now: float, deployment: Deployment) -> float:
        """Return the snapshot's time of portfolio and orders: after an end the engine has stored the last of them."""
        return self._taken_at(now, deployment) if deployment.ended_at(now) is None else now

    def _records_of(self, deployment: Deployment) -> _Records:
        if deployment.deploy_id not in self._records:
            self._records[deployment.deploy_id] = _Records(self.world, deployment)
        return self._records[deployment.deploy_id]

    def _orders_read(self, fields: Fields) -> Json:
        now = self.world.now()
        project, _ = self._current(fields)
        start, end = fields.integer("start"), fields.integer("end")
        if not 0 <= start <= end or end - start > ORDER_WINDOW:
            raise Refused(INVALID)
        orders: list[Order] = []
        for deployment in project.deployments:
            if deployment.launched_at <= now:
                orders += self._records_of(deployment).orders.placed(self._flushed(now, deployment))
        asked = self._loading("orders", project.plan.project_id)
        if asked is not None:
            if asked % 2 == 1:
                return {"progress": 0.25, "status": "loading", "success": True}
            return {"orders": [], "length": len(orders), "success": True}
        variant = self.shapes.variant("live/orders/read")
        listed = [order_payload(one, variant) for one in orders[start : min(end, start + ORDERS_AT_ONCE)]]
        # The official helpers wait until there is no list of errors (REFERENCE.md 2.1).
        return success({"orders": listed, "length": len(orders)}, "modern" if variant == "errors" else "no-errors")

    def _logs_read(self, fields: Fields) -> Json:
        now = self.world.now()
        project = self._launches.project(fields)
        deploy_id = fields.text("algorithmId")
        first, last = fields.integer("startLine"), fields.integer("endLine")
        query = fields.text("query", required=False)
        chosen = self.world.deployment(project.plan.project_id, deploy_id)
        if chosen is None or not 0 <= first <= last or last - first > LOG_WINDOW:
            raise Refused(INVALID)
        lines: list[str] = []
        offset = 0
        for deployment in project.deployments:
            if deployment.launched_at > now:
                continue
            if deployment is chosen:
                offset = len(lines)
            taken_at = self.world.snapshot_at(now, deployment, self.world.config.lags.log_snapshot_s)
            lines += self._records_of(deployment).log.lines(max(taken_at, deployment.launched_at))
        if query is not None:
            lines = [line for line in lines if query.lower() in line.lower()]
        payload = {"logs": lines[first:last], "length": len(lines), "deploymentOffset": offset}
        return success(payload, self.shapes.variant("live/logs/read"))

    def _trigger(self, fields: Fields, endpoint: str, accept: Callable[[int], None]) -> Json:
        project = self._launches.project(fields)
        try:
            accept(project.plan.project_id)
        except NotAccepted:
            raise Refused(NO_LIVE) from None
        return success({}, self.shapes.variant(endpoint))
