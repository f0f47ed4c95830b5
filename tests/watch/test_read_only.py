"""The watcher can't act, whatever asks it to: its client builds no trigger."""

from __future__ import annotations

import asyncio

import pytest

from qctui.api.ports import ApiError
from qctui.cli.credentials import Account
from qctui.cli.watch_command import open_host
from qctui.model.resource import FailureKind
from qctui.secret import SecretStr
from qctui.settings import load_settings
from qctui.value import replace
from tests.actions.fakes import PLAN

ACCOUNT = Account("http://127.0.0.1:9/api/v2", "1", SecretStr("abc"), "a test")


def test_the_client_of_the_watcher_refuses_to_build_a_trigger() -> None:
    host = open_host(ACCOUNT, replace(load_settings(), read_only=True))
    assert host.actions.read_only

    async def main() -> None:
        client = await host._open_client(lambda _: None)
        try:
            triggers = client.triggers
            for trigger in (
                *(triggers.liquidate(1), triggers.stop(1), triggers.abort("O-1")),
                *(triggers.rename("O-1", "x"), triggers.delete("O-1")),
                *(triggers.create(PLAN, "c1"), triggers.compile(1)),
            ):
                with pytest.raises(ApiError) as caught:
                    await trigger
                assert caught.value.kind is FailureKind.REFUSED
        finally:
            await client.aclose()

    asyncio.run(main())
