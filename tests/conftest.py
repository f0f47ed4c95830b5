"""How generated tests run everywhere: never judged by the clock of a busy machine."""

import os

from hypothesis import HealthCheck, settings

from tests import idle

# The same commit gets the same verdict in CI; at a desk every run looks somewhere new.
settings.register_profile(
    "qctui", deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize="CI" in os.environ
)
settings.load_profile("qctui")

idle.install()
