"""Takes secrets out of text before anybody sees it: servers echo what a request was signed with (REFERENCE.md 2.2)."""

from __future__ import annotations

import re

from qctui.api.auth import Credentials
from qctui.text import clean

MASK = "***"
LIMIT = 300
"""Characters of an error message: one line on any screen that is worth reading."""

_READ = 4_000
_NAMED = re.compile(
    r"\b(uid|user[\s_-]?id|hash|api[\s_-]?token|token|authorization|timestamp)\b(\s*[:=]\s*)"
    r"(?:basic\s+|bearer\s+)?(?:\"[^\"]*\"|'[^']*'|[^\s\"',;]+)",
    re.IGNORECASE,
)
_SCHEME = re.compile(r"\b(basic|bearer)\s+[A-Za-z0-9+/_=-]{16,}", re.IGNORECASE)
_HEX = re.compile(r"[0-9A-Fa-f]{40,}")
# A digit is asked for, so that a long path of words is left alone.
_BASE64 = re.compile(r"(?=[A-Za-z+/]{0,200}[0-9])[A-Za-z0-9+/]{40,}={0,2}")


class Scrubber:
    """Turns outside text into one safe line without secrets."""

    def __init__(self, credentials: Credentials) -> None:
        token = credentials.token.get_secret_value()
        # A real token is 64 hex digits and is masked wherever it stands; a short one only as a word of its own, because
        # masking every "a" would leave no message.
        pattern = re.escape(token) if len(token) >= 8 else rf"\b{re.escape(token)}\b"
        self._token = re.compile(pattern, re.IGNORECASE) if token else None

    def __repr__(self) -> str:
        return "Scrubber()"

    def __call__(self, text: object) -> str:
        """One line of at most `LIMIT` characters: no control characters, no token, hash, or signature."""
        line = clean(text, _READ)
        if line.endswith("…"):
            line = line.rpartition(" ")[0] + " …"  # the last word may be half a secret, which no pattern knows
        if self._token is not None:
            line = self._token.sub(MASK, line)
        line = _NAMED.sub(rf"\1\2{MASK}", line)
        line = _SCHEME.sub(rf"\1 {MASK}", line)
        line = _BASE64.sub(MASK, _HEX.sub(MASK, line))
        return line if len(line) <= LIMIT else line[: LIMIT - 1] + "…"
