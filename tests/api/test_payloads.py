"""Every file of tests/payloads means what it says."""

from __future__ import annotations

import pytest

from qctui.api.ports import ApiError
from qctui.model.resource import FailureKind
from tests.api import test_payloads_chart, test_payloads_live, test_payloads_optimization, test_payloads_records
from tests.api.samples import NAMES, PLAIN, REFUSED, answer
from tests.api.support import failure


def test_every_file_is_accounted_for() -> None:
    modules = (test_payloads_chart, test_payloads_live, test_payloads_optimization, test_payloads_records)
    told = {name.removeprefix("test_") for module in modules for name in vars(module) if name.startswith("test_")}
    assert [name for name in NAMES if name not in told | PLAIN | REFUSED.keys()] == []
    assert [name for name in PLAIN | REFUSED.keys() if name not in NAMES] == []


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_refused(name: str) -> None:
    error: ApiError = failure(lambda: answer(name))
    assert error.message.partition(": ")[2] == REFUSED[name]
    assert error.answered
    assert error.kind in (FailureKind.REJECTED, FailureKind.AUTH, FailureKind.RATE_LIMITED, FailureKind.SERVER)


@pytest.mark.parametrize("name", sorted(PLAIN))
def test_plain(name: str) -> None:
    assert answer(name) is None
