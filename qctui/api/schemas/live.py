"""projects/read, live/list, live/read, live/portfolio/read, live/logs/read (REFERENCE.md 4.2, 6.1, 6.2, 6.5, 6.6)."""

from __future__ import annotations

from pydantic import Field

from qctui.api.schemas.base import Anything, Block, Flag, Integer, Items, Line, Members, Number, RenderContext, Wire


class WireProject(Wire):
    """An element of `projects`."""

    project_id: Integer = None
    name: Line = ""
    language: Line = ""
    modified: RenderContext = None
    owner_id: Integer = None
    collaborators: Items = Field(default_factory=list)


class WireCollaborator(Wire):
    """An element of a project's `collaborators`."""

    uid: Integer = None
    live_control: Flag = None


class WireDeployment(Wire):
    """An element of `live`."""

    project_id: Integer = None
    deploy_id: Line = ""
    status: Line = ""
    launched: RenderContext = None
    stopped: RenderContext = None
    brokerage: Line = ""
    environment: Line = ""
    equity: Number = None
    error: Line = ""
    description: Line = ""
    subscription: Line = ""


class WireDetail(Wire):
    """live/read, which is flat. `deploymentDetails` may hold account numbers and `files` is source text: neither is
    kept, but for the first one's `environment`."""

    deploy_id: Line = ""
    status: Line = ""
    launched: RenderContext = None
    stopped: RenderContext = None
    brokerage: Line = ""
    environment: Line = ""
    project_name: Line = ""
    message: Block = ""
    security_types: Line = ""
    datacenter: Line = ""
    description: Line = ""
    runtime_statistics: Members = Field(default_factory=dict)
    server_statistics: Members = Field(default_factory=dict)
    charts: Anything = None


class WireHolding(Wire):
    """A holding under short or long keys, its quantity apart: there unreadable must differ from absent."""

    symbol: Anything = None
    a: Number = None
    average_price: Number = None
    p: Number = None
    market_price: Number = None
    v: Number = None
    market_value: Number = None
    u: Number = None
    unrealized_pnl: Number = None
    up: Number = None
    unrealized_pnl_percent: Number = None
    c: Line = ""
    currency_symbol: Line = ""
    r: Number = None
    conversion_rate: Number = None


class WireCash(Wire):
    """A balance."""

    symbol: Line = ""
    amount: Number = None
    currency_symbol: Line = ""
    conversion_rate: Number = None
    value_in_account_currency: Number = None


class WireLogs(Wire):
    """live/logs/read."""

    length: Integer = None
    deployment_offset: Integer = None
