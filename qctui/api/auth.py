"""Credentials: whose they are, how a request is signed with them (REFERENCE.md 1.2), and how they stay out of texts."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from qctui.clock import Clock
from qctui.secret import SecretStr
from qctui.text import clean
from qctui.value import Value

if TYPE_CHECKING:
    import httpx

NOT_ACCEPTED = "not accepted"
REFUSED = f"credentials {NOT_ACCEPTED}"

MASK = "***"
LIMIT = 300
"""Characters of an error message: one line on any screen that is worth reading."""

_READ = 4_000

# Patterns are compiled when they are first looked for: an emergency request would wait 2 ms for all of them.
_NAMED = (
    r"(?i)\b(uid|user[\s_-]?id|hash|api[\s_-]?token|token|authorization|timestamp)\b(\s*[:=]\s*)"
    r"(?:basic\s+|bearer\s+)?(?:\"[^\"]*\"|'[^']*'|[^\s\"',;]+)"
)
_SCHEME = r"(?i)\b(basic|bearer)\s+[A-Za-z0-9+/_=-]{16,}"
_HEX = r"[0-9A-Fa-f]{40,}"
# A digit is asked for, so that a long path of words is left alone.
_BASE64 = r"(?=[A-Za-z+/]{0,200}[0-9])[A-Za-z0-9+/]{40,}={0,2}"

_SECRET_NAMES = rb"hash|api[\s_-]?token|token|authorization|password|secret"
# A value in quotes beside a name in quotes, whatever escapes them; or, in running text, a word after : or =.
_NAMED_JSON = rb"(?i)(\\*\"(?:" + _SECRET_NAMES + rb")\\*\"\s*:\s*\\*\")[^\"\\]+"
_NAMED_TEXT = rb"(?i)(\b(?:" + _SECRET_NAMES + rb")\s*[:=]\s*)(?:basic\s+|bearer\s+)?[^\s\"'\\,;&<]+"
_DIGEST = rb"(?<![0-9A-Fa-f])[0-9A-Fa-f]{40,}"
_SIGNATURE = rb"[A-Za-z0-9+/]{80,}={0,2}"
_PIECE = 16 * 1024
_NAMES = (b"hash", b"token", b"authorization", b"password", b"secret")
_ALIKE = bytes(
    ord("a") if chr(each).isascii() and (chr(each).isalnum() or chr(each) in "+/") else 32 for each in range(256)
)
_RUN = b"a" * 40
"""What any digest or signature looks like once every letter and digit is taken for an a."""


class Credentials(Value):
    """A QuantConnect user. Printing it shows no token."""

    user_id: str
    """Decimal, from the account settings page."""
    token: SecretStr
    source: str = ""
    """Where they were found, in words; empty if that is not known."""

    @property
    def refused(self) -> str:
        """What is said when the API does not accept them: which ones, before what the API says of them."""
        return f"credentials from {self.source} {NOT_ACCEPTED}" if self.source else REFUSED


def signed_headers(user_id: str, token: str, timestamp: int) -> dict[str, str]:
    """The two headers that authenticate one request made at `timestamp`, Unix seconds."""
    digest = hashlib.sha256(f"{token}:{timestamp}".encode()).hexdigest()
    value = base64.b64encode(f"{user_id}:{digest}".encode()).decode("ascii")
    return {"Authorization": f"Basic {value}", "Timestamp": str(timestamp)}


def signer(credentials: Credentials, clock: Clock) -> Callable[[httpx.Request], httpx.Request]:
    """What httpx calls to sign a request. Each is signed afresh, so that a clock that jumps spoils the one request made
    meanwhile and no other.

    The token is unwrapped for use only here. A 401 is never answered with a second request.
    """

    def sign(request: httpx.Request) -> httpx.Request:
        token = credentials.token.get_secret_value()
        request.headers.update(signed_headers(credentials.user_id, token, int(clock.now())))
        return request

    return sign


class Scrubber:
    """Turns outside text into one safe line without secrets: servers echo what a request was signed with
    (REFERENCE.md 2.2)."""

    def __init__(self, credentials: Credentials) -> None:
        self.refused = credentials.refused
        """What is said when the API does not accept the credentials."""
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
        line = re.sub(_NAMED, rf"\1\2{MASK}", line)
        line = re.sub(_SCHEME, rf"\1 {MASK}", line)
        line = re.sub(_BASE64, MASK, re.sub(_HEX, MASK, line))
        return line if len(line) <= LIMIT else line[: LIMIT - 1] + "…"


class BodyScrubber:
    """Takes secrets out of whole bodies, and leaves JSON what it is."""

    def __init__(self, *tokens: SecretStr) -> None:
        self._own: dict[bytes, re.Pattern[bytes]] = {}
        for token in tokens:
            word = token.get_secret_value().encode()
            escaped = re.escape(word)
            self._own[word.lower()] = re.compile(
                escaped if len(word) >= 8 else rb"\b" + escaped + rb"\b", re.IGNORECASE
            )

    def __repr__(self) -> str:
        return "BodyScrubber()"

    def __call__(self, body: bytes) -> bytes:
        """The body without them."""
        # In pieces that end at a comma, which no secret holds: one search holds up every other thread.
        pieces, start = [], 0
        while start < len(body):
            end = body.rfind(b",", start, start + _PIECE) + 1 or body.find(b",", start + _PIECE) + 1
            piece = body[start : end if end and len(body) - start > _PIECE else len(body)]
            start += len(piece)
            pieces.append(self._masked(piece))
        return b"".join(pieces)

    def _masked(self, piece: bytes) -> bytes:
        # A pattern costs twenty times as much as finding out that it can't match.
        lower = piece.lower()
        if any(name in lower for name in _NAMES):
            piece = re.sub(_NAMED_TEXT, rb"\1***", re.sub(_NAMED_JSON, rb"\1***", piece))
        for token, pattern in self._own.items():
            if token in lower:
                piece = pattern.sub(b"***", piece)
        if _RUN in piece.translate(_ALIKE):
            # A number of so many digits is none.
            piece = re.sub(_SIGNATURE, b"***", piece)
            piece = re.sub(_DIGEST, lambda found: found[0] if found[0].isdigit() else b"***", piece)
        return piece
