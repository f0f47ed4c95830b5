"""Installs the program alone into a throw-away environment and measures it: bytes on disk and distributions.

    python .ci/footprint.py

Exits 1 when it is larger than the project allows itself.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

MAX_MEGABYTES = 36.0
MAX_DISTRIBUTIONS = 23

_NOT_OURS = {"pip", "setuptools", "pkg_resources", "_distutils_hack"}
"""What `venv` itself puts there."""

_ROOT = Path(__file__).resolve().parents[1]


def main() -> int:
    """Install, measure, print, compare."""
    with tempfile.TemporaryDirectory(prefix="qctui-footprint-") as folder:
        environment = Path(folder)
        subprocess.run([sys.executable, "-m", "venv", environment], check=True)
        pip = [environment / "bin" / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, "--compile", "-c", _ROOT / ".ci" / "constraints.txt", _ROOT], check=True)
        (packages,) = environment.glob("lib/python3.*/site-packages")
        sizes = _sizes(packages)
        distributions = sum(1 for each in packages.glob("*.dist-info") if each.name.split("-")[0] not in _NOT_OURS)
    megabytes = sum(sizes.values()) / 1e6
    for name, size in sizes.most_common(6):
        print(f"{size / 1e6:6.1f} MB  {name}")
    print(f"{megabytes:6.1f} MB of {MAX_MEGABYTES:.0f} MB, bytecode included")
    print(f"{distributions:6d} distributions of {MAX_DISTRIBUTIONS}")
    return int(megabytes > MAX_MEGABYTES or distributions > MAX_DISTRIBUTIONS)


def _sizes(packages: Path) -> Counter[str]:
    sizes: Counter[str] = Counter()
    for path in packages.rglob("*"):
        top = path.relative_to(packages).parts[0]
        if path.is_file() and top.split("-")[0] not in _NOT_OURS:
            sizes[top.split("-")[0].removesuffix(".py")] += path.stat().st_size
    return sizes


if __name__ == "__main__":
    sys.exit(main())
