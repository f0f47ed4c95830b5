"""A campaign of one round, so that what is run by hand stays in order."""

from __future__ import annotations

import time

from tests.campaign.plans import Round, Step, Trouble
from tests.campaign.session import session


def test_a_short_campaign_ends_in_words_and_nothing_is_violated() -> None:
    lost_answer = Trouble("close-after", times=1)
    steps = (
        Step("command", "liquidate", (3,), (lost_answer,), arguments=("--yes",)),
        Step("console", "stop", (0,), (None,)),
        Step("console", "liquidate", (1,), (Trouble("bare-false"),), "stop", 0.0),
    )
    with session(1, [Round(None, steps, linger_s=0.0)]) as made:
        report = made.run(100, time.monotonic() + 60.0)
    assert report.violations == []
    assert report.words == {
        ("command", "close-after", "verified"): 1,
        ("console", "nothing", "verified"): 1,
        ("console", "stop", "rejected"): 1,
    }
