"""What is taken out of a bundle: `FIELDS` and `TEXTS` say it all. The same value has the same name in all of it."""

from __future__ import annotations

import contextlib
import functools
import json
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from qctui.api.auth import MASK, BodyScrubber
from qctui.secret import SecretStr
from qctui.value import Value


class FieldRule(Value):
    """Fields whose values are taken out, by their names without dashes, underscores and capitals."""

    kind: str
    """What takes their place, with a number: `account-1`. Empty: nothing that could be told apart."""
    words: str
    """What they are, for the README inside."""
    names: frozenset[str]
    whole: bool = False
    """Everything in them goes, whatever it is."""
    only: str = ""
    """Of what lies in them, only the field of this name."""
    but: str = ""
    """Of what lies in them, all but the field of this name."""

    def covers(self, name: str) -> bool:
        """Whether a field in one of them is taken out like it."""
        return name == self.only if self.only else name != self.but


def _fields(kind: str, words: str, names: str, *, whole: bool = False, only: str = "", but: str = "") -> FieldRule:
    return FieldRule(kind, words, frozenset(names.split()), whole, only, but)


_SECRETS = _fields("", "tokens, hashes, passwords, keys: any field with such a word in its name", "hash encryptionkey")
_COMMANDS = _fields("argument", "commands: every word but the first", "command tokencommand")
FIELDS = (
    _SECRETS,
    _fields("user", "user ids", "ownerid uid userid publicid"),
    _fields("organization", "ids and names of organizations", "organizationid organizationname organization"),
    _fields("channel", "channels of projects", "channelid"),
    _fields("email", "e-mail addresses", "email mail"),
    _fields("account", "accounts at brokerages", "account accountid accountnumber accountname brokerageaccount"),
    # The environment says whether real money is at stake.
    _fields("detail", "details of deployments: each value but the environment", "deploymentdetails", but="environment"),
    _fields("node", "names of nodes and hosts", "hostname host node nodename nodeid machine machinename"),
    _fields("person", "names of collaborators", "collaborators", only="name"),
    _COMMANDS,
    _fields("", "source of projects", "files content", whole=True),
    _fields("", "settings of deployments", "liveform brokeragedata brokeragesettings", whole=True),
    _fields("", "pictures and descriptions of persons", "profileimage bio", whole=True),
)
"""Fields of answers, requests, events, journal and configuration."""

TEXTS = (
    "user, query and fragment of a URL, and parts of its path that look like a key",
    "e-mail addresses",
    "account numbers: behind the word account, and in the form of Interactive Brokers",
    "home directories, and the folders of this program",
    "tokens, signatures and hashes: behind such a word, and 40 and more hexadecimal digits",
    "whatever stood in one of those fields, wherever it is said again",
)
"""What is looked for in every text."""

_SECRET_NAME = re.compile(r"token|password|passphrase|secret|apikey|privatekey|credential|authorization|webhook")
_KEPT = frozenset(("projectid", "deployid", "algorithmid", "optimizationid", "backtestid", "projectname", "ticker"))
"""What stays readable, also where it is the same as something that is taken out."""

_URL = re.compile(
    r"\b([a-z][a-z0-9+.-]{1,20}://)(?:[^\s\"'<>/?#]*@)?([^\s\"'<>?#\\]*)([?#][^\s\"'<>]*)?", re.IGNORECASE
)
_PATH_KEY = re.compile(r"(?<=/)(?=[\w%-]*\d)(?=[\w%-]*[A-Za-z])[\w%-]{16,}")
_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_ACCOUNT = re.compile(
    r"(?<![A-Za-z0-9])(?:D?[UF]\d{6,9})(?![A-Za-z0-9])"
    # What goes on behind a point or a comma is an amount.
    r"|(?i:\baccount(?:\s*(?:number|id|no\.?|#))?\s*[:=#]?\s*['\"]?)"
    r"((?=(?:[A-Z-]*\d){4})[A-Z0-9-]{4,})(?![A-Z0-9-]|[.,]\d)"
)
_HOME = re.compile(r"(?:/home/|/Users/|\b[A-Za-z]:\\+Users\\+)[^/\\\s\"':]+|(?<![\w/])/root(?=[/\s\"':]|$)")
_DATE = re.compile(r"\d{4}-\d\d-\d\d")

_PLAIN = frozenset((int, float, bool, type(None)))
_NAMES = 20_000
"""Names of fields that are remembered: a server may make up any number."""

_WIRE = frozenset(
    (
        *("live", "live-paper", "paper", "running", "stopped", "liquidated", "deleted", "completed", "invalid"),
        *("initializing", "history", "buy", "sell", "hold", "filled", "canceled", "submitted", "none", "flat"),
        *("down", "price", "volatility", "equity", "crypto", "forex", "future", "option", "market", "limit", "error"),
        *("true", "false", "console", "command", "action", "alert", "liquidate", "stop", "abort", "intent"),
        *("rename", "delete", "rerun", "sending", "sent", "accepted", "verified", "rejected", "unknown"),
    )
)
"""Words that answers and the journal are read by: nothing is called so that they would not be any more."""

_SHORT = 4
"""A word of fewer characters, or a number of fewer than one more, would be found everywhere."""


class _Field(NamedTuple):
    """A name of a field, looked at once."""

    key: str
    """As the rules have it."""
    shown: str
    rule: FieldRule | None
    free: bool
    """Nothing is to be done with its value but what is done with every text."""


class Redactor:
    """Takes out of texts and JSON what the tables say. Shown everything and then sealed, it knows what is to
    be found wherever it is said, and is shown everything again."""

    def __init__(
        self, tokens: Sequence[SecretStr], user_ids: Sequence[str], hosts: Sequence[str], folders: Mapping[str, Path]
    ) -> None:
        """`folders` are shown by their names in place of their paths."""
        self._scrub = BodyScrubber(*tokens)
        self._numbers: dict[str, dict[str, int]] = defaultdict(dict)
        self._kind_of: dict[str, str] = {}
        """What is looked for everywhere, in small letters."""
        self._kept: set[str] = set()
        self._everywhere: re.Pattern[str] | None = None
        places = sorted(((str(path), name) for name, path in folders.items()), key=lambda each: -len(each[0]))
        self._places = [(path, name) for path, name in places if len(path) > 1]
        self._fields: dict[str, _Field] = {}
        """What is known of the names of fields."""
        self._short = functools.lru_cache(maxsize=8192)(self._text)
        for kind, words in (("user", user_ids), ("host", hosts)):
            for word in words:
                self._name(kind, word)

    def seal(self) -> None:
        """Everything has been looked at: from now on what was found is found wherever it is said."""
        words = sorted(self._kind_of.keys() - self._kept, key=lambda word: (-len(word), word))
        self._short.cache_clear()
        self._fields.clear()
        if words:
            # A number is not one that goes on behind a comma or a point.
            edges = r"(?<![0-9A-Za-z])(?<![0-9][.,])(?:{})(?![0-9A-Za-z]|[.,][0-9])"
            self._everywhere = re.compile(edges.format("|".join(map(re.escape, words))), re.IGNORECASE)

    @property
    def found(self) -> dict[str, int]:
        """How many different ones of each kind were found."""
        return {kind: len(numbers) for kind, numbers in sorted(self._numbers.items()) if numbers}

    def learn(self, body: bytes) -> None:
        """Look at a body that is going to be redacted."""
        with contextlib.suppress(ValueError, RecursionError):
            self.value(json.loads(body))

    def body(self, body: bytes) -> bytes:
        """A body of JSON. What is none is left out: nothing is known of what is where in it."""
        if not body:
            return body
        try:
            redacted = json.dumps(self.value(json.loads(body)), separators=(",", ":"))
        except (ValueError, RecursionError):
            return b"(%d bytes that are no JSON)" % len(body)
        return self._scrub(redacted.encode())

    def line(self, line: str) -> str:
        """A line of text."""
        return self._scrub(self._text(line).encode("utf-8", "replace")).decode("utf-8", "replace")

    def value(self, value: Any, name: str = "", inside: FieldRule | None = None) -> Any:
        """A value of JSON or of the configuration, in a field of this name. `inside` is the rule of what it lies in."""
        if value is None or value == "" or isinstance(value, bool):
            return value
        field = self._fields.get(name) or self._field(name)
        rule = inside if inside is not None and inside.covers(field.key) else field.rule
        if rule is not None and rule.whole:
            self._parts(value, None, name)  # what is in there may be said elsewhere
            return MASK if isinstance(value, str) else type(value)()
        if rule is _COMMANDS and value and isinstance(value, str | list):
            first, *rest = value.split(" ", 1) if isinstance(value, str) else map(str, value)
            words = [self._text(first), *(self._name("argument", each) for each in rest)]
            return " ".join(words) if isinstance(value, str) else words
        if isinstance(value, list | dict):
            return self._parts(value, rule, name)
        if rule is not None:
            return self._taken(rule, value)
        if field.key in _KEPT:
            self._kept.add(str(value).lower())
        return self._string(value) if isinstance(value, str) else value

    def _parts(self, value: Any, inside: FieldRule | None, name: str) -> Any:
        if isinstance(value, list):
            if inside is None and _is_plain(value):
                return value
            return [self.value(each, name, inside) for each in value]
        if not isinstance(value, dict):
            return value
        redacted: dict[str, Any] = {}
        # A parameter's value is known by the parameter's name, which stands beside it.
        beside = value.get("key")
        for name, each in value.items():
            field = self._fields.get(name) or self._field(name)
            if field.free and inside is None and type(each) in _PLAIN:
                redacted[field.shown] = each
            elif field.free and inside is None and type(each) is str:
                redacted[field.shown] = self._string(each)
            else:
                known_by = beside if name == "value" and isinstance(beside, str) else name
                redacted[field.shown] = self.value(each, known_by, inside)
        return redacted

    def _field(self, name: str) -> _Field:
        key = re.sub(r"[-_ ]", "", name).lower()
        rule = _RULES.get(key) or (_SECRETS if _SECRET_NAME.search(key) else None)
        shown = name if name.isalpha() and name.isascii() else self._string(name)
        field = _Field(key, shown, rule, rule is None and key not in _KEPT and key != "value")
        if len(self._fields) < _NAMES:
            self._fields[name] = field
        return field

    def _string(self, text: str) -> str:
        return self._short(text) if len(text) < 200 else self._text(text)

    def _taken(self, rule: FieldRule, value: Any) -> Any:
        """What stands in the place of the value of a field: of its own type, so that it can still be read."""
        if not rule.kind or isinstance(value, float):
            return MASK if isinstance(value, str) else type(value)()
        named = self._name(rule.kind, str(value))
        return named if isinstance(value, str) else self._numbers[rule.kind][str(value)]

    def _name(self, kind: str, text: str) -> str:
        word = text.strip().lower()
        number = self._numbers[kind].setdefault(word, len(self._numbers[kind]) + 1)
        telling = kind not in ("detail", "argument", "account", "node") or any(each.isdigit() for each in word)
        if len(word) >= _SHORT + word.isdigit() and telling and word not in _WIRE and not _DATE.match(word):
            self._kind_of.setdefault(word, kind)
        return f"{kind}-{number}"

    def _text(self, text: str) -> str:
        if text[:1] in ("{", "[") and len(text) > 2:
            try:
                return json.dumps(self.value(json.loads(text)))
            except (ValueError, RecursionError):
                pass
        if "://" in text:
            text = _URL.sub(_public, text)
        if "/" in text or "\\" in text:
            for path, name in self._places:
                text = text.replace(path, name)
            text = _HOME.sub("~", text)
        if "@" in text:
            text = _EMAIL.sub(lambda found: self._name("email", found[0]), text)
        text = _ACCOUNT.sub(self._account, text)
        if self._everywhere is not None:
            text = self._everywhere.sub(self._again, text)
        return text

    def _account(self, found: re.Match[str]) -> str:
        number = found[1] or found[0]
        return found[0].removesuffix(number) + self._name("account", number)

    def _again(self, found: re.Match[str]) -> str:
        word = found[0].lower()
        return self._name(self._kind_of[word], word)


_RULES = {name: rule for rule in FIELDS for name in rule.names}


def _is_plain(value: list[Any]) -> bool:
    """Whether there are only numbers in it, and lists of them: the points of a chart."""
    return all(type(each) in _PLAIN or (type(each) is list and _is_plain(each)) for each in value)


def _public(url: re.Match[str]) -> str:
    scheme, place, asked = url.groups("")
    return f"{scheme}{_PATH_KEY.sub(MASK, place)}{asked[:1] and asked[0] + MASK}"


def table() -> str:
    """What is taken out, in words."""
    places = {rule: f"{rule.kind}-1" if rule.kind else "(empty)" if rule.whole else MASK for rule in FIELDS}
    lines = [f"  {place:<16}  {rule.words}" for rule, place in places.items()]
    return "\n".join(
        ["In fields, behind what takes their place:", *lines, "In every text:", *(f"  {each}" for each in TEXTS)]
    )
