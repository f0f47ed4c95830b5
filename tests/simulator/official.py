"""The official models of requests and answers, as facts: which fields there are, of which type, which must be there.

Transcribed from QuantConnect's mcp-server (its models of the published specification, f4b37e8) and from lean-cli's
(1.0.230, the names that begin with QC). A line is `Model: field type, ...`, one that is too long goes on in the next;
`field?` may be absent or null. `[T]` is a list, `{T}` a map, `A|B` either, `A&B` both; `time` is a date with a time, as
text; `clock` a time of day; `any` is not looked into.
"""

from __future__ import annotations

import math
import re
from datetime import datetime
from typing import Any

ENUMS = {
    "ListStatus": ("Running", "Stopped", "RuntimeError", "Liquidated"),
    "LiveStatus": (
        *("DeployError", "InQueue", "Running", "Stopped", "Liquidated", "Deleted"),
        *("Completed", "RuntimeError", "Invalid", "LoggingIn", "Initializing", "History"),
    ),
    "Target": tuple(
        f"TotalPerformance.PortfolioStatistics.{name}"
        for name in ("SharpeRatio", "CompoundingAnnualReturn", "ProbabilisticSharpeRatio", "Drawdown")
    ),
    "Extremum": ("min", "max"),
    "Strategy": ("QuantConnect.Optimizer.Strategies.GridSearchOptimizationStrategy",),
    "Operator": ("LessOrEqual", "Less", "GreaterOrEqual", "Greater", "NotEqual", "Equals"),
    "Node": ("O2-8", "O4-12", "O8-16"),
    "OptimizationStatus": ("new", "aborted", "running", "completed"),
    "CompileState": ("InQueue", "BuildSuccess", "BuildError"),
    "Language": ("C#", "Py"),
    "QCLanguage": ("C#", "F#", "VB", "Ja", "Py"),
    "Permission": ("read", "write"),
    "Flag": ("true", "false"),
    "LoadingStatus": ("loading",),
    "ChartType": (0, 1),
    "SeriesType": (0, 1, 2, 3, 4, 5, 6, 7, 9, 19),
    "Marker": ("none", "circle", "square", "diamond", "triangle", "triangle-down"),
    "InsightType": ("price", "volatility"),
    "InsightDirection": ("down", "flat", "up"),
    "OrderType": tuple(range(12)),
    "OrderStatus": (0, 1, 2, 3, 5, 6, 7, 8, 9),
    "SecurityType": tuple(range(12)),
    "Direction": (0, 1, 2),
    "EventStatus": (
        *("new", "submitted", "partiallyFilled", "filled", "canceled"),
        *("none", "invalid", "cancelPending", "updateSubmitted"),
    ),
    "EventDirection": ("buy", "sell", "hold"),
}

_REQUESTS = """
projects/read: projectId? int, start? int, end? int
live/list: projectId? int, status? ListStatus
live/read: projectId int
live/chart/read: projectId int, name str, count int, start int, end int
live/insights/read: start? int, end int, projectId int
live/portfolio/read: projectId int
live/orders/read: start int, end int, projectId int
live/logs/read: format? any, projectId int, algorithmId str, startLine int, endLine int
live/update/liquidate: projectId int
live/update/stop: projectId int
optimizations/list: projectId int
optimizations/read: optimizationId str
optimizations/abort: optimizationId str
"""

_ANSWERS = """
authenticate: success? bool, errors? [str]
projects/read: projects? [Project&QCProject], versions? [LeanVersion], success? bool, errors? [str]
live/list: live? [LiveAlgorithmSummary], success? bool, errors? [str]
live/read: LiveAlgorithmResults&QCFullLiveAlgorithm
live/chart/read: chart? Chart, success? bool, errors? [str]
live/insights/read: insights? [Insight], length? int, success? bool
live/portfolio/read: portfolio? Portfolio, success? bool, errors? [str]
live/orders/read: orders? [Order], length? int, success? bool, errors? [str]
live/logs/read: logs? [str], length? int, deploymentOffset? int, success? bool, errors? [str]
live/create: responseCode? str, source? str, deployId str, versionId? int, projectId int, live? LiveAlgorithmResults,
  success? bool, errors? [str]
live/commands/create: success bool, errors? [str], error? [str]
live/update/liquidate: success bool, errors? [str], error? [str]
live/update/stop: success bool, errors? [str], error? [str]
optimizations/list: optimizations? [OptimizationSummary], success? bool, errors? [str]
optimizations/create: optimizations [OptimizationSummary&QCOptimization], success bool, errors? [str]
optimizations/read: optimization Optimization&QCOptimization, success bool, errors? [str]
optimizations/estimate: estimate Estimate, success bool, errors? [str]
optimizations/abort: success bool, errors? [str]
optimizations/update: success bool, errors? [str]
optimizations/delete: success bool, errors? [str]
compile/create: compileId str, state CompileState, parameters? [any], projectId? int, signature? str,
  signatureOrder? [str], success bool, errors? [str]
compile/read: compileId str, state CompileState, logs [str], success bool, errors? [str]
account/read: organizationId str, creditBalance float, card? Card, success bool
organizations/list: organizations [QCMinimalOrganization], success bool
organizations/read: organization QCFullOrganization, success bool
"""

_MODELS = """
Loading: progress? float, status? LoadingStatus, success? bool
Project: projectId int, organizationId str, name str, modified time, created time, ownerId int, language Language,
  collaborators? [Collaborator], leanVersionId? int, leanPinnedToMaster? bool, owner? bool, description? str,
  channelId? str, parameters? [any]|{str|float|int}, libraries? [Library], grid? Grid, liveGrid? Grid,
  paperEquity? float, lastLiveDeployment? time, liveForm? LiveForm, encrypted? bool, codeRunning? bool,
  leanEnvironment? int, encryptionKey? EncryptionKey
Collaborator: uid? int, liveControl? bool, permission? Permission, publicId? str, profileImage? str, email? str,
  name? str, bio? str, owner? bool
Library: projectId int, libraryName? str, ownerName? str, access? bool
Grid: xs? [GridChart], sm? [GridChart], md? [GridChart], lg? [GridChart], xl? [GridChart]
GridChart: chartName? str, width? int, height? int, row? int, column? int, sort? int
LiveForm: brokerageData? any, dataProvidersData? [any], node? str, notifyInsights? Flag, notifyOrderEvents? Flag,
  autoRestart? Flag
EncryptionKey: id? str, name? str
LeanVersion: id? int, created? time, description? str, leanHash? str, leanCloudHash? str, name? str, ref? str,
  public? bool
LiveAlgorithmSummary: projectId? int, deployId? str, status? str, launched? time, stopped? time, brokerage? str,
  subscription? str, equity? float, environment? str, description? str, error? str, leagues? [str]
LiveAlgorithmResults: message? str, deployId? str, status? LiveStatus, cloneId? int, launched? time, stopped? time,
  brokerage? str, securityTypes? str, datacenter? str, isPublicStreaming? bool, public? bool, files? [ProjectFile],
  runtimeStatistics? RuntimeStatistics, charts? ChartSummary, projectName? str, success? bool, errors? [str]
ProjectFile: id? int, projectId? int, name? str, content? str, modified? time, open? bool, isLibrary? bool
RuntimeStatistics: Equity? str, Fees? str, Holdings? str, Net Profit? str, Probabilistic Sharpe Ratio? str,
  Return? str, Unrealized? str, Volume? str
ChartSummary: name? str
Chart: name? str, chartType? ChartType, series? {Series}
Series: name? str, unit? str, index? int, values? [[any]]|[{any}], seriesType? SeriesType, color? str,
  scatterMarkerSymbol? Marker
Insight: id? str, groupId? str, sourceModel? str, generatedTime? int, closeTime? int, symbol? str, ticker? str,
  type? InsightType, reference? float, referenceFinal? float, direction? InsightDirection, period? int,
  magnitude? float, confidence? float, weight? float, scoreFinal? bool, scoreDirection? float, scoreMagnitude? float,
  estimatedValue? float, tag? str
Portfolio: holdings? {Holding}, cash? {Cash}
Holding: a? float, q? float, p? float, v? float, u? float, up? float
Cash: securitySymbols? [SecuritySymbol], symbol? str, amount? float, conversionRate? float, currencySymbol? str,
  valueInAccountCurrency? float
SecuritySymbol: value? str, id? str, permtick? str
Order: id? int, contingentId? int, brokerId? [str], symbol? SecuritySymbol, limitPrice? float, stopPrice? float,
  stopTriggered? bool, price? float, priceCurrency? str, time? time, createdTime? time, lastFillTime? time,
  lastUpdateTime? time, canceledTime? time, quantity? float, type? OrderType, status? OrderStatus, tag? str,
  securityType? SecurityType, direction? Direction, value? float, orderSubmissionData? SubmissionData,
  isMarketable? bool, properties? OrderProperties, events? [OrderEvent], trailingAmount? float,
  trailingPercentage? bool, groupOrderManager? any, triggerPrice? float, triggerTouched? bool
SubmissionData: bidPrice? float, askPrice? float, lastPrice? float
OrderProperties: timeInForce? {any}
OrderEvent: algorithmId? str, symbol? str, symbolValue? str, symbolPermtick? str, orderId? int, orderEventId? int,
  id? str, status? EventStatus, orderFeeAmount? float, orderFeeCurrency? str, fillPrice? float,
  fillPriceCurrency? str, fillQuantity? float, direction? EventDirection, message? str, isAssignment? bool,
  stopPrice? float, limitPrice? float, quantity? float, time? float, isInTheMoney? bool
OptimizationSummary: optimizationId? str, projectId? int, name? str, status? OptimizationStatus, nodeType? Node,
  criterion? Criterion, created? time, psr? float, sharpeRatio? float, trades? int, cloneId? int,
  outOfSampleDays? int, outOfSampleMaxEndDate? time, parameters? [Parameter]
Criterion: target? Target, extremum? Extremum, targetValue? float
Parameter: name str, min float, max float, step float, minStep? float
Constraint: target Target, operator Operator, targetValue float
Optimization: optimizationId? str, snapshotId? int, projectId int, name? str, status? OptimizationStatus,
  nodeType? Node, parallelNodes? int, criterion? Criterion, runtimeStatistics? Progress, constraints? [Constraint],
  parameters? [Parameter], backtests? {OptimizationBacktest}, strategy? Strategy, requested? time,
  optimizationTarget? Target, targetValue? float, gridLayout? [GridChart], outOfSampleMaxEndDate? time,
  outOfSampleDays? int
Progress: Completed? str, Failed? str, Running? str, In Queue? str, Average Length? clock, Total Runtime? clock,
  Total? str, Consumed? str
OptimizationBacktest: name? str, id? str, progress? float, exitCode? int, statistics? [float],
  parameterSet? [any]|{str|float|int}, equity? [[any]], startDate? time, endDate? time, outOfSampleDays? int,
  outOfSampleMaxEndDate? time
Estimate: estimateId str, time int, balance int
Card: brand? str, expiration? str, last4? str
QCProject: projectId int, organizationId str, name str, description str, modified time, created time,
  language QCLanguage, collaborators [QCCollaborator], leanVersionId int, leanPinnedToMaster bool,
  leanEnvironment int, parameters [QCParameter]|{QCParameter}, libraries [QCLibrary], encrypted? bool,
  encryptionKey? QCEncryptionKey
QCCollaborator: uid? int, liveControl bool, permission str, profileImage str, name str, owner? bool
QCParameter: key str, value str, min? float, max? float, step? float, type? str
QCLibrary: projectId int, libraryName str, ownerName str, access bool
QCEncryptionKey: id str, name str
QCFullLiveAlgorithm: deployId str, status? LiveStatus, launched time, stopped? time, brokerage str
QCOptimization: optimizationId str, projectId int, status str, name str, backtests? {QCOptimizationBacktest}|[any],
  runtimeStatistics? {str}|[any]
QCOptimizationBacktest: id str, name str, exitCode int, parameterSet {str}, statistics? [float]
QCMinimalOrganization: id str, name str, type str, ownerName str, members int, preferred bool
QCFullOrganization: id str, name str, seats int, type str, credit QCCredit, products [QCProduct], data QCData,
  members [QCMember]
QCCredit: movements [QCMovement], balance float
QCMovement: date str, description str, type str, subtype str, amount float, balance float
QCProduct: name str, items [QCProductItem]
QCProductItem: productId int, name str, quantity int, unitPrice float, total float
QCData: signedTime? int, current bool
QCMember: id int, name str, isAdmin bool, email str
"""

Fields = dict[str, tuple[str, bool]]
"""Name of a field to its type and whether it must be there."""

_DATE = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)?")
_CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d+)?)?")


def _read(table: str) -> dict[str, Fields | str]:
    found: dict[str, Fields | str] = {}
    for line in table.replace("\n  ", " ").strip().splitlines():
        name, _, rest = line.partition(": ")
        if " " not in rest:
            found[name] = rest
            continue
        fields = [field.strip().rpartition(" ") for field in rest.split(",")]
        found[name] = {field.removesuffix("?"): (kind, not field.endswith("?")) for field, _, kind in fields}
    return found


REQUESTS, ANSWERS, MODELS = _read(_REQUESTS), _read(_ANSWERS), _read(_MODELS)


def refused(model: Fields | str, value: Any, where: str = "") -> list[str]:
    """Say what of a value a model refuses: the place, and what it wants there. Members it does not know it ignores."""
    if isinstance(model, str):
        return _refused_as(model, value, where)
    if not isinstance(value, dict):
        return [f"{where} wants an object"]
    found: list[str] = []
    for name, (kind, needed) in model.items():
        place = f"{where}.{name}".lstrip(".")
        if value.get(name) is None:
            found += [f"{place} wants {kind}"] if needed else []
        else:
            found += _refused_as(kind, value[name], place)
    return found


def unknown(model: Fields | str, value: dict[str, Any]) -> list[str]:
    """Return the members of a request that its model does not know."""
    assert isinstance(model, dict)
    return [name for name in value if name not in model]


def _refused_as(kind: str, value: Any, where: str) -> list[str]:
    if "&" in kind and kind[0] not in "[{":
        return [text for each in kind.split("&") for text in _refused_as(each, value, where)]
    if (parts := _alternatives(kind))[1:]:
        tried = [_refused_as(each, value, where) for each in parts]
        return [] if not all(tried) else [f"{where} wants {kind}"]
    if kind[0] == "[":
        if not isinstance(value, list):
            return [f"{where} wants {kind}"]
        return [text for each in value for text in _refused_as(kind[1:-1], each, f"{where}[]")]
    if kind[0] == "{":
        if not isinstance(value, dict):
            return [f"{where} wants {kind}"]
        return [text for each in value.values() for text in _refused_as(kind[1:-1], each, f"{where}{{}}")]
    if kind in MODELS:
        return refused(MODELS[kind], value, where)
    good = value in ENUMS[kind] and not isinstance(value, bool) if kind in ENUMS else _fits(kind, value)
    return [] if good else [f"{where} wants {kind}"]


def _alternatives(kind: str) -> list[str]:
    """Split at the bars that stand in no bracket."""
    parts, depth = [""], 0
    for letter in kind:
        depth += (letter in "[{") - (letter in "]}")
        if letter == "|" and depth == 0:
            parts.append("")
        else:
            parts[-1] += letter
    return parts


def _fits(kind: str, value: Any) -> bool:
    """Whether a value is what the official clients' library takes for a plain type."""
    number = isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
    if kind == "bool":
        return isinstance(value, bool) or value in (0, 1)
    if kind == "time":
        return isinstance(value, str) and bool(_DATE.fullmatch(value)) and bool(datetime.fromisoformat(value))
    if kind == "clock":
        return isinstance(value, str) and bool(_CLOCK.fullmatch(value))
    if kind == "int":
        return number and value == int(value)
    return {"any": True, "str": isinstance(value, str), "float": number}[kind]
