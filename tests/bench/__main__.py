"""The benchmarks, with a line each: `python -m tests.bench`; `python -m tests.bench --peers` compares with others."""

from __future__ import annotations

import argparse
import ast
from pathlib import Path


def main() -> None:
    """List them, or compare."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--peers", action="store_true", help="measure lean-cli, bare Textual and plotext beside qctui")
    parser.add_argument("--turns", type=int, default=10, help="how often each is measured (10)")
    parser.add_argument("--clients", type=Path, help="folder for the peers (a temporary one that is deleted)")
    options = parser.parse_args()
    if options.peers:
        from tests.bench.peers import compare

        compare(options.turns, options.clients)
        return
    for path in sorted(Path(__file__).parent.glob("bench_*.py")):
        said = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
        words = said.partition("\n")[0].partition(". ")[0].partition(": `")[0]
        print(f"python -m tests.bench.{path.stem:<14} {words}")
    print("python -m tests.bench --peers        lean-cli, bare Textual and plotext beside qctui, as ratios")


if __name__ == "__main__":
    main()
