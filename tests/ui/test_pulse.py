"""The pulse on screen: beside the status, in a deployment's details, and in what asks before an action."""

from __future__ import annotations

import pytest

from qctui.alerts.alert_wording import pulse_evidence, pulse_sentence
from qctui.model.alert import ALERTS
from qctui.model.keys import DEPLOYMENTS
from qctui.model.pulse import Pulse, PulseState, Sign
from qctui.ui.deployments.deployment_screen import DeploymentScreen
from qctui.value import replace
from tests.ui.alert_scene import CRYPTO, REFUSED, blind, blind_alert, fill_alerts, ok, put_pulses, quiet, unknown
from tests.ui.dialogs import words
from tests.ui.page import OPTIONS, Page, Size, console
from tests.ui.scene import HOSTILE, NOW, StillEngine, deployments, fill
from tests.ui.test_quiet import record

pytestmark = pytest.mark.anyio

SIZES = [(80, 24), (120, 40), (200, 60)]


def with_pulses(engine: StillEngine) -> None:
    fill(engine)
    put_pulses(engine)


def evidence(page: Page) -> str:
    """What the details say of the pulse, without line breaks."""
    assert isinstance(page.app.screen, DeploymentScreen)
    return " ".join(page.app.screen.statistics.view.text.split())


async def go_to(page: Page, name: str) -> None:
    """Select the deployment of a project."""
    await page.press("slash", *name, "enter")


@pytest.mark.parametrize("size", SIZES)
async def test_the_pulse_is_a_word_beside_the_status(size: Size) -> None:
    async with console(size, prepare=with_pulses) as page:
        assert " Running QUIET " in page.line("LIVE  Crypto/BTC")
        assert " Running BLIND " in page.line("LIVE  Pairs/KO")
        assert " Running ok " in page.line("LIVE  Momentum")
        assert " Running ? " in page.line("rotation")


async def test_the_exposure_stays_on_screen_beside_it() -> None:
    async with console((80, 24), prepare=with_pulses) as page:
        assert "exposure" in page.line("status, pulse")


async def test_what_was_not_looked_at_is_not_known_and_what_ended_has_no_pulse() -> None:
    def ended(engine: StillEngine) -> None:
        with_pulses(engine)
        rows = [
            replace(each, status="Stopped", stopped_at=NOW - 60) if each.project_id == CRYPTO else each
            for each in deployments()
        ]
        engine.put(DEPLOYMENTS, tuple(rows))

    async with console((120, 40), prepare=ended) as page:
        assert " Running ? " in page.line("PAPER [bold red]x[/]")
        assert "QUIET" not in page.line("Crypto/BTC trend  ")
        assert "Stopped   " in page.line("Crypto/BTC trend  ")


async def test_before_the_first_look_a_filter_a_sort_and_the_details_say_that_it_is_not_known() -> None:
    async with console((120, 40), prepare=fill) as page:
        await page.press("s", "s")
        assert {row.pulse.state.value for row in page.main.deployments.table.visible_rows if row.pulse} == {"?"}
        assert page.text.count("Running ?") >= 4
        await go_to(page, "?")
        await page.press("enter")
        assert "Pulse ?: not looked at" in evidence(page)
        put_pulses(page.engine, **{name: ok() for name in ("momentum", "pairs", "crypto", "rotation")})
        await page.settle()
        assert "Pulse ok" in evidence(page)


async def test_others_in_the_project_are_told_beside_the_pulse() -> None:
    async with console((80, 24), prepare=with_pulses) as page:
        rows = deployments()
        page.engine.put(DEPLOYMENTS, (*rows, replace(rows[2], deploy_id="L-older", launched_at=1.0)))
        await page.settle()
        assert "Run… QUIET +1 " in page.line("▸ LIVE  Crypto/BTC")


async def test_a_filter_finds_it_and_a_sort_puts_it_first() -> None:
    async with console((120, 40), prepare=with_pulses) as page:
        await page.press("slash", *"blind", "enter")
        assert [row.name for row in page.main.deployments.table.visible_rows] == ["Pairs/KO-PEP mean reversion"]
        await page.press("escape", "s", "s")
        assert page.line("status, puls▴")
        assert [row.pulse.state.value for row in page.main.deployments.table.visible_rows[:6] if row.pulse] == [
            "BLIND", "QUIET", "?", "?", "?", "ok",
        ]  # fmt: skip


@pytest.mark.parametrize("size", SIZES)
async def test_a_changed_pulse_costs_its_own_cells(size: Size, monkeypatch: pytest.MonkeyPatch) -> None:
    async with console(size, prepare=with_pulses) as page:
        sent = record(page, monkeypatch)
        put_pulses(page.engine)
        await page.settle()
        assert sent == []
        put_pulses(page.engine, momentum=quiet())
        await page.settle()
        total = sum(len(each.encode()) for each in sent)
        assert 0 < total <= 100, f"{total} bytes: {sent}"
        assert "Running QUIET" in page.line("LIVE  Momentum")


@pytest.mark.parametrize("size", SIZES)
async def test_the_evidence_is_one_key_away_and_its_ages_go_on(size: Size) -> None:
    async with console(size, prepare=with_pulses) as page:
        await go_to(page, "pairs")
        await page.press("enter")
        assert "! BLIND: 3 orders refused as disconnected, last 10m ago: this may be refused" in page.text
        said = evidence(page)
        assert f"Refused 3 since the last order that went well, last 10m ago: {REFUSED}" in said
        assert "Last sign log line 2h ago" in said
        assert "Habit 2h of open market without a sign; 1h has been usual" in said
        assert "Looked at chart now, insights now, orders 2m ago, log 5m ago" in said
        page.engine.still.passed += 3_600
        page.app.screen.ages._fire()  # type: ignore[attr-defined]  # its timer is a clock's
        await page.settle()
        assert "Looked at chart 1h ago, insights 1h ago, orders 1h ago, log 1h ago" in evidence(page)
        assert "disconnected, last 1h ago: this may" in page.text


async def test_a_newer_pulse_is_drawn_while_the_details_are_open() -> None:
    async with console((80, 24), prepare=with_pulses) as page:
        await go_to(page, "pairs")
        await page.press("enter")
        put_pulses(page.engine, pairs=ok())
        await page.settle()
        assert "BLIND" not in page.text
        put_pulses(page.engine, pairs=unknown())
        await page.settle()
        assert "?: too little history" in page.text


async def test_the_words_of_a_brokerage_are_text() -> None:
    def hostile(engine: StillEngine) -> None:
        fill(engine)
        put_pulses(engine, pairs=blind(HOSTILE))

    async with console((120, 40), prepare=hostile) as page:
        await go_to(page, "pairs")
        await page.press("enter")
        assert "[bold red]x[/] 均值 [@click=app.quit]y[/]" in evidence(page)


@pytest.mark.parametrize("keys", [("L",), ("S",)])
async def test_the_dialog_warns_right_below_the_name(keys: tuple[str, ...]) -> None:
    async with console((80, 24), prepare=with_pulses) as page:
        await go_to(page, "pairs")
        await page.press(*keys)
        name = next(at for at, line in enumerate(page.lines) if "Pairs/KO-PEP mean reversion" in line)
        assert "Pulse       BLIND: 3 orders refused as disconnected, last 10m ago" in page.lines[name + 1]
        then = {"L": "this may be refused too. Go to the broker.", "S": "may have to be closed at the broker."}
        assert then[keys[0]] in words(page)


async def test_the_dialog_warns_of_what_another_console_found_before_this_one_looked() -> None:
    async with console((80, 24), prepare=fill) as page:
        page.engine.put(ALERTS, (blind_alert(),))
        put_pulses(page.engine, pairs=Pulse(PulseState.UNKNOWN, NOW, why="not looked at yet"))
        await go_to(page, "pairs")
        await page.press("L")
        assert "Pulse BLIND, says an alert of 1h ago: this may be refused too. Go to the broker." in words(page)
        put_pulses(page.engine, pairs=ok())
        await page.settle()
        assert "BLIND" not in words(page)
        put_pulses(page.engine, pairs=unknown())
        await page.press("escape", "X")
        assert "BLIND 1 refused by the brokerage, and this may be too: Pairs/KO-PEP mean reversion" in words(page)


async def test_an_alert_that_is_newer_than_the_looks_of_this_console_is_believed_whatever_its_rule_is_called() -> None:
    found = replace(blind_alert(), rule="broker gone", fired_at=NOW - 60, began_at=NOW - 700)
    other = replace(found, when="log", rule="a word of the log")
    async with console((120, 40), prepare=fill) as page:
        put_pulses(page.engine, pairs=ok())
        page.engine.put(ALERTS, (other,))
        await page.settle()
        assert " Running ok " in page.line("LIVE  ! Pairs/KO-PEP")
        await go_to(page, "pairs")
        await page.press("L")
        page.engine.put(ALERTS, (found,))
        await page.settle()
        assert "Pulse BLIND, says an alert of 10m ago: this may be refused too. Go to the broker." in words(page)
        await page.press("escape", "escape")
        assert " Running BLIND " in page.line("LIVE  ! Pairs/KO-PEP")
        await page.press("enter")
        assert "! BLIND, says an alert of 10m ago" in page.text
        said = evidence(page)
        assert "Pulse BLIND: an alert of 10m ago says so" in said
        assert "Looked at chart now, insights now, orders 2m ago, log 5m ago" in said
        # Looked at since the alert began to fire: what this console saw counts.
        looks = {"orders": NOW - 30, "log": NOW - 20}
        put_pulses(page.engine, pairs=replace(ok(), looked_at=looks))
        await page.settle()
        assert "BLIND" not in evidence(page)
        await page.press("escape")
        assert " Running ok " in page.line("LIVE  ! Pairs/KO-PEP")


async def test_what_is_well_is_not_mentioned() -> None:
    async with console((80, 24), prepare=with_pulses) as page:
        for name in ("momentum", "sector"):
            await go_to(page, name)
            await page.press("L")
            assert "Pulse" not in words(page)
            await page.press("escape", "escape")


async def test_a_pulse_that_changes_while_it_is_asked_is_said() -> None:
    async with console((80, 24), prepare=with_pulses) as page:
        await go_to(page, "momentum")
        await page.press("L")
        put_pulses(page.engine, momentum=quiet())
        await page.settle()
        assert "QUIET: no sign of life since log line 2h ago, longer than its own habit." in words(page)
        assert "Type 2785 to liquidate" in words(page)


@pytest.mark.parametrize("size", SIZES)
async def test_panic_names_who_may_refuse(size: Size) -> None:
    async with console(size, prepare=with_pulses) as page:
        await page.press("X")
        said = words(page)
        assert "BLIND 1 refused by the brokerage, and this may be too: Pairs/KO-PEP mean reversion" in said
        assert "QUIET 1 without a sign of life: Crypto/BTC trend" in said
        assert said.index("QUIET 1") < said.index("Happens")
        assert said.count("BLIND") == said.count("QUIET") == 2  # above, and in its own row


async def test_a_burst_ends_where_slow_keys_end() -> None:
    async def after(*, burst: bool) -> tuple[str, list[int]]:
        async with console((80, 24), prepare=fill_alerts) as page:
            await (page.burst if burst else page.press)(*"N", "enter", "L", *"a136", "enter")
            confirmed = [each.project_id for targets in page.engine.still_actions.confirmed for each in targets]
            return page.text, confirmed

    slow, fast = await after(burst=False), await after(burst=True)
    assert slow == fast
    assert slow[1] == [23456790]


async def test_ascii_means_seven_bits() -> None:
    async with console((80, 24), prepare=fill_alerts, options=replace(OPTIONS, ascii=True)) as page:
        for keys in ((), ("enter",), ("escape", "X"), ("escape", "N")):
            await page.press(*keys)
            assert page.text.isascii()


def test_sentences_count_and_say_nothing_of_what_is_well() -> None:
    assert pulse_sentence(ok(), NOW) == pulse_sentence(unknown(), NOW) == ""
    once = replace(blind(), refusals=1, last_refusal=None)
    assert pulse_sentence(once, NOW).startswith("BLIND: 1 order refused as disconnected: this may be refused too.")
    assert "since log line 2h ago" in pulse_sentence(quiet(), NOW)
    assert "since" not in pulse_sentence(replace(quiet(), last_sign=None), NOW)


def test_what_rests_on_the_log_alone_speaks_of_no_refused_order() -> None:
    logged = replace(blind(), last_refusal=Sign("log line", NOW - 700, REFUSED))
    said = pulse_sentence(logged, NOW)
    assert said.startswith("BLIND: 3 log lines say disconnected, last 11m ago: this may be refused too.")
    evidence = dict(pulse_evidence(logged, NOW))
    assert evidence["Pulse"].startswith("BLIND: first said")
    assert evidence["Log"] == f"3 log lines say disconnected, last 11m ago: {REFUSED}"
    assert "order" not in f"{said} {evidence['Pulse']} {evidence.get('Refused', '')}"


def test_evidence_of_what_was_never_looked_at_is_short() -> None:
    assert pulse_evidence(Pulse(PulseState.UNKNOWN, NOW, why="not looked at yet"), NOW) == [
        ("Pulse", "?: not looked at yet")
    ]
