"""The scene with pulses and alerts: one deployment BLIND, one QUIET, and an alert in each state of its life."""

from __future__ import annotations

from types import MappingProxyType

from qctui.model.alert import ALERTS, Alert, AlertState, Severity, Subject
from qctui.model.deployment import Environment
from qctui.model.pulse import PULSES, Pulse, PulseState, Sign
from tests.ui.scene import NOW, StillEngine, deploy_id, fill, optimizations

MOMENTUM, PAIRS, CRYPTO, ROTATION = 23456789, 23456790, 23456791, 23456792
STUCK = optimizations(CRYPTO)[0][0]

LOOKS = MappingProxyType({"orders": NOW - 130, "log": NOW - 400, "insights": NOW - 40, "chart": NOW - 20})
REFUSED = "Orders cannot be submitted when disconnected"


def ok() -> Pulse:
    return Pulse(PulseState.OK, NOW - 3_600, last_sign=Sign("order", NOW - 70), habit_s=7_200, looked_at=LOOKS)


def blind(refused: str = REFUSED) -> Pulse:
    return Pulse(
        PulseState.BLIND, NOW - 4_000, last_sign=Sign("log line", NOW - 7_300), refusals=3,
        last_refusal=Sign("order", NOW - 700, refused), silence_s=7_300, habit_s=5_400, looked_at=LOOKS,
    )  # fmt: skip


def quiet() -> Pulse:
    sign = Sign("log line", NOW - 7_300)
    return Pulse(PulseState.QUIET, NOW - 7_300, last_sign=sign, silence_s=7_300, habit_s=5_400, looked_at=LOOKS)


def unknown() -> Pulse:
    return Pulse(PulseState.UNKNOWN, NOW - 7_300, why="too little history", looked_at=LOOKS)


def put_pulses(engine: StillEngine, **changed: Pulse) -> None:
    known = {"momentum": ok(), "pairs": blind(), "crypto": quiet(), "rotation": unknown()} | changed
    projects = {"momentum": MOMENTUM, "pairs": PAIRS, "crypto": CRYPTO, "rotation": ROTATION}
    engine.put(PULSES, {deploy_id(projects[name]): pulse for name, pulse in known.items()})


def subject(project_id: int, name: str, environment: Environment = Environment.LIVE) -> Subject:
    return Subject(name, project_id, deploy_id(project_id), "", environment)


def blind_alert(state: AlertState = AlertState.FIRING) -> Alert:
    return Alert(
        "blind", Severity.CRITICAL, subject(PAIRS, "Pairs/KO-PEP mean reversion"), state,
        "refused by its brokerage", "3 refusals", "", NOW - 4_000, NOW - 3_900, NOW - 3_900,
        deliveries=2, next_delivery_at=NOW + 1_800, when="blind",
    )  # fmt: skip


def quiet_alert(state: AlertState = AlertState.FIRING) -> Alert:
    return Alert(
        "quiet", Severity.WARNING, subject(CRYPTO, "Crypto/BTC trend"), state,
        "no sign of life", "2h", "90m", NOW - 7_300, NOW - 3_900, NOW - 3_900, deliveries=1,
    )  # fmt: skip


def stuck_alert(*, held_back: bool = True) -> Alert:
    return Alert(
        "optimization-stuck", Severity.WARNING, Subject(STUCK.name, CRYPTO, "", STUCK.optimization_id),
        AlertState.FIRING, "no run ended for 6h", "7h", "6h", NOW - 1_300, NOW - 900, NOW - 900, held_back=held_back,
    )  # fmt: skip


def alerts() -> tuple[Alert, ...]:
    """One of every kind, the worst first."""
    momentum = subject(MOMENTUM, "Momentum/ES intraday")
    rotation = subject(ROTATION, "Research/sector rotation", Environment.PAPER)
    return (
        blind_alert(),
        quiet_alert(),
        Alert(
            "drawdown", Severity.WARNING, momentum, AlertState.ACKNOWLEDGED, "equity 10.8% below its peak", "10.8%",
            "10%", NOW - 1_300, NOW - 900, NOW - 900, no_data_since=NOW - 120,
        ),
        stuck_alert(),
        Alert(
            "step", Severity.WARNING, rotation, AlertState.SHELVED, "equity moved 5.3% in 15m", "5.3%", "5%",
            NOW - 1_300, NOW - 900, NOW - 900, shelved_until=NOW + 3_000,
        ),
        Alert("data-old", Severity.WARNING, momentum, AlertState.PENDING, "nothing newer", began_at=NOW - 30),
        Alert(
            "redeployed", Severity.INFO, rotation, AlertState.CLEARED, "deployed again",
            began_at=NOW - 13_000, changed_at=NOW - 9_000,
        ),
    )  # fmt: skip


def fill_alerts(engine: StillEngine) -> None:
    """The whole scene."""
    fill(engine)
    put_pulses(engine)
    engine.put(ALERTS, alerts())
