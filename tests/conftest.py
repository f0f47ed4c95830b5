"""What holds for every test."""

from __future__ import annotations

from tests import examples, idle

examples.install()
idle.install()
