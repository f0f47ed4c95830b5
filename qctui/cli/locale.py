"""Whether the terminal can be expected to show more than 7-bit characters."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path


def speaks_unicode(environment: Mapping[str, str]) -> bool:
    """Whether the locale says UTF-8, or says nothing: a terminal that nobody described is taken for one of today.

    Looks at the variables in the C library's order, not at Python's idea of the locale: Python calls the plain C locale
    UTF-8 for files' sake (PEP 538, PEP 540), and the terminal behind it has not heard of that.
    """
    name = next((environment[key] for key in ("LC_ALL", "LC_CTYPE", "LANG") if environment.get(key)), "")
    return not name or "utf8" in name.casefold().replace("-", "")


def given_locale(environment: Mapping[str, str], block: Path = Path("/proc/self/environ")) -> dict[str, str]:
    """The locale's variables as the person set them: without the LC_CTYPE that Python itself puts beside a plain C
    locale at its start (PEP 538). The block the kernel keeps is from before that."""
    given = {key: environment[key] for key in ("LC_ALL", "LC_CTYPE", "LANG") if key in environment}
    try:
        was_there = any(entry.startswith(b"LC_CTYPE=") for entry in block.read_bytes().split(b"\0"))
    except OSError:
        was_there = given.get("LANG", "C") not in ("C", "POSIX")
    if not was_there:
        given.pop("LC_CTYPE", None)
    return given
