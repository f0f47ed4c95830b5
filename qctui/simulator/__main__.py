"""`python -m qctui.simulator`: the simulated API by itself."""

from __future__ import annotations

import argparse
import sys

from qctui.simulator.command_line import add_arguments, run

if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        prog="python -m qctui.simulator",
        description="The simulated QuantConnect v2 API on loopback: real HTTP, seeded, with faults on demand.",
    )
    add_arguments(parser)
    sys.exit(run(parser.parse_args()))
