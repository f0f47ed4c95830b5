"""Whether the terminal can be expected to show more than 7-bit characters."""

from __future__ import annotations

from collections.abc import Mapping


def speaks_unicode(environment: Mapping[str, str]) -> bool:
    """Whether the locale says UTF-8.

    Looks at the variables as the C library orders them, not at Python's idea of the locale: Python calls the plain C
    locale UTF-8 (PEP 538, PEP 540) for files' sake, and the terminal behind it has not heard of that.
    """
    name = next((environment[key] for key in ("LC_ALL", "LC_CTYPE", "LANG") if environment.get(key)), "")
    return "utf8" in name.casefold().replace("-", "")
