"""Bodies that no service should send: good ones with something changed, and some that were never good."""

from __future__ import annotations

import json
import random
import zlib
from collections.abc import Callable
from typing import Any

from tests.api.support import PAYLOADS, TOKEN

Body = Any
"""What JSON can hold."""

COMPILED = {"success": True, "errors": [], "compileId": "c1", "state": "BuildSuccess", "projectId": 7, "logs": ["Done"]}
PLAIN = {"error", "rest_response", "live_commands_create"}
"""Kinds of tests/payloads that answer no question of their own."""
SEEDS: dict[str, list[bytes]] = {
    kind: [path.read_bytes() for path in sorted(PAYLOADS.glob(f"{kind}__*.json"))]
    for kind in sorted({path.stem.partition("__")[0] for path in PAYLOADS.glob("*.json")})
} | {"compile": [json.dumps(COMPILED).encode()]}
"""The bodies of tests/payloads by kind, and one of the endpoint that has none there."""

GOOD = {kind: [body for body in bodies if json.loads(body)["success"]] or bodies for kind, bodies in SEEDS.items()}
"""Those that say that all is well."""


def _names_in(value: Body) -> set[str]:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return set(value if isinstance(value, dict) else ()).union(*map(_names_in, inner))


NAMES = sorted(set().union(*(_names_in(json.loads(body)) for bodies in SEEDS.values() for body in bodies)))
"""Every name that any of them has."""

RAW = "\x01raw"
"""Begins a text that is replaced by what no encoder writes; the rest of it is an index of `TOKENS`."""
AGAIN = "\x02"
"""Ends a name that is there twice."""

_UNUSUAL = (
    *("NaN", "Infinity", "-Infinity", "1e999", "-1e999", "1e-999", "-0", "-0.0", "1E+400", "1e15", "1" + "0" * 308),
    *("9" * 25, "9" * 400, "-" + "9" * 400, "0." + "3" * 3_000, '"\\ud800"', '"\\udfff\\ud800"', '"a\\u0000b"'),
    *("[" * 300 + "1" + "]" * 300, '{"a":' * 200 + "1" + "}" * 200),
)
TOKENS = (
    *_UNUSUAL,
    *("[" * 1_000 + "]" * 1_000, '{"a":' * 1_000 + "1" + "}" * 1_000, "[" * 100_000, "9" * 5_000),
    *("01", "1.", ".5", "+1", "0x10", '"\\x41"', '"\\u12"', '"\x07"', "'a'", "undefined", "True"),
    *("[,]", "{,}", "[1,]", '{"a":}', "/* */ 1", "// 1", "", '"', "[", "{", "]"),
)
"""What no encoder writes."""
VALID = len(_UNUSUAL)
"""The first so many are read by one decoder or the other."""

ODD_TEXTS = (
    *("", " ", "loading", "Loading", "null", "true", "False", "NaN", "inf", "1e999", "-1", "1_000", "0x10", "١٢"),
    *("9" * 5_000, "a" * 3_000, "a b" * 9_000, "\n" * 500, "[bold red]x[/] [@click=app.quit]y[/]", "[/x]"),
    *("\x1b[31mred\x1b[0m", "\x1b]0;title\x07", "\x1b]52;c;QQ==\x1b\\", "\x9b31m", "\x00\x07\x08\x7f", "a\r\nb\tc"),
    *("\u202egnp.exe", "\u2066a\u2069", "a\u200bb\ufeffc", "\ud800", "\udc00x\ud83d", "\U000e0041", "\u2028\u2029"),
    *("均值回归", "e\u0301" * 50, "👩‍👩‍👧", "\x85", "\xa0", "ﷺ" * 20),
    *("0001-01-01T00:00:00", "9999-12-31T23:59:59.9999999Z", "2026-13-45", "2026-11-20T15:00:00+99:99", "20261120"),
    *("2026-W47-5", "1700000000", "1700000000000", "-62135596800", "2026-11-20 15:00:00"),
    *(TOKEN, TOKEN.upper(), f"Bearer {TOKEN}", f"Hash doesn't match. UID: 1 Hash: {TOKEN} Timestamp: 17", "slow down"),
    *("Failed to process request data", "UserID not valid", "max", "minimize", "Paper", "['A'].['B']", "[" * 200),
)

ODD_NUMBERS = (
    *(0, 1, -1, 2, 3, 7, 100, 101, 10**6, 2**31, 2**53, 2**53 + 1, 2**63 - 1, 2**63, 2**64, -(2**63), 10**18, 10**30),
    *(
        0.0,
        -0.0,
        0.5,
        1.5,
        -3.25,
        1e-320,
        1e-9,
        1e11,
        1.7e9,
        1.7e12,
        7.3e9,
        1e16,
        1e100,
        1.7e308,
        -1.7e308,
        253402300799,
    ),
)

PAGES = (
    *(b"", b" ", b"\n\r\n", b"null", b"true", b"0", b'""', b"[]", b"{}", b"OK", b"Too Many Requests", b"\x00" * 100),
    b"<!DOCTYPE html><html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>",
    b"<html>" + b"<p>" * 40_000,
    b"  \n<?xml version='1.0'?><Error><Code>SlowDown</Code></Error>",
    b"event: message\ndata: {}\n\n",
    b'{"success":true}' * 2,
    b'{"success":true}\n{"success":false}',
    b")]}',\n" + b'{"success":true}',
    f"error: Hash {TOKEN}".encode(),
)


def odd(rng: random.Random, depth: int = 3) -> Body:
    """A value that may be in the place of any other."""
    draw = rng.random()
    if draw < 0.12:
        return rng.choice((None, True, False))
    if draw < 0.42:
        return rng.choice(ODD_TEXTS)
    if draw < 0.62:
        return rng.choice(ODD_NUMBERS)
    if draw < 0.72:
        return RAW + str(rng.randrange(len(TOKENS) if rng.random() < 0.2 else VALID))
    if draw < 0.78 or not depth:
        return rng.uniform(-1e6, 2e9)
    if draw < 0.88:
        return [odd(rng, depth - 1) for _ in range(rng.randrange(6))]
    return {rng.choice(NAMES) if rng.random() < 0.8 else rng.choice(ODD_TEXTS): odd(rng, depth - 1) for _ in range(3)}


def place(rng: random.Random, body: Body) -> tuple[Body, Any]:
    """A container anywhere in the body, and the key of one of its members."""
    root = body
    while True:
        key = rng.choice(list(body)) if isinstance(body, dict) else rng.randrange(len(body))
        if body is root and len(body) > 1 and key in ("success", "errors") and rng.random() < 0.8:
            continue  # one with these changed is refused as a whole
        inner = body[key]
        if not isinstance(inner, (dict, list)) or not inner or rng.random() < 0.2:
            return body, key
        body = inner


def _replace(rng: random.Random, holder: Body, key: Any, root: Body) -> None:
    holder[key] = odd(rng)


def _drop(rng: random.Random, holder: Body, key: Any, root: Body) -> None:
    del holder[key]


def _retype(rng: random.Random, holder: Body, key: Any, root: Body) -> None:
    value = holder[key]
    same: list[Body] = [[value], {"0": value}, str(value), [[value]], {"value": value}]
    if isinstance(value, dict):
        same += [
            list(value.values()),
            list(value.items()),
            [{"name": name, "value": each} for name, each in value.items()],
        ]
    elif isinstance(value, list):
        same += [
            {str(number): each for number, each in enumerate(value)},
            {"": value},
            value[::-1],
            value[:1],
        ]
    elif isinstance(value, bool):
        same += [int(value), str(value).lower(), not value]
    elif isinstance(value, (int, float)):
        same += (
            [-value, float(value) * 1e300, float(value) / 1e3, f" {value} ", f"{value:,}", round(value)]
            if abs(value) < 1e300
            else ["1e400"]
        )
    elif isinstance(value, str):
        same += [value.upper(), f" {value} ", value.encode("utf-8", "replace").hex(), list(value[:50]), value[::-1]]
    holder[key] = rng.choice(same)


def _rename(rng: random.Random, holder: Body, key: Any, root: Body) -> None:
    if not isinstance(holder, dict):
        return
    spelled = (key.upper(), key.lower(), key.capitalize(), f"{key[:3]}-{key[3:]}", f"{key}_", f" {key}", f"{key}\x00")
    name = rng.choice((*spelled, rng.choice(NAMES), rng.choice(ODD_TEXTS)))
    holder[name] = holder[key] if rng.random() < 0.4 else holder.pop(key)


def _double(rng: random.Random, holder: Body, key: Any, root: Body) -> None:
    if isinstance(holder, dict):
        holder[key + AGAIN] = odd(rng) if rng.random() < 0.6 else holder[key]
    else:
        holder.insert(key, odd(rng))


def _graft(rng: random.Random, holder: Body, key: Any, root: Body) -> None:
    other, where = place(rng, root)
    holder[key] = json.loads(json.dumps(other[where]))


def _lengthen(rng: random.Random, holder: Body, key: Any, root: Body) -> None:
    value = holder[key]
    times = rng.choice((2, 3, 40, 400))
    if isinstance(value, (str, list)):
        holder[key] = value * min(times, 20_000 // (1 + len(json.dumps(value))) + 2)
    elif isinstance(value, dict):
        inner = odd(rng, 1) if rng.random() < 0.5 or not value else next(iter(value.values()))
        room = 20_000 // (10 + len(json.dumps(inner))) + 2
        holder[key] = value | {f"k{number}": inner for number in range(min(times, room))}
    else:
        holder[key] = [value] * times


CHANGES: tuple[Callable[[random.Random, Body, Any, Body], None], ...] = (
    *(_replace, _replace, _replace, _drop, _retype, _retype, _rename, _double, _graft, _lengthen),
)


def changed(rng: random.Random, seed: bytes) -> bytes:
    """A body with one to five changes of its structure."""
    body = json.loads(seed)
    for _ in range(rng.choice((1, 1, 1, 2, 2, 3, 5))):
        if not isinstance(body, (dict, list)) or not body:
            break
        holder, key = place(rng, body)
        rng.choice(CHANGES)(rng, holder, key, body)
    if rng.random() < 0.03:
        body = odd(rng) if rng.random() < 0.5 else [body]
    return encoded(rng, body)


def generated(rng: random.Random) -> bytes:
    """An envelope filled with anything under the names that the endpoints know."""
    members = {rng.choice(NAMES): odd(rng) for _ in range(rng.randrange(8))}
    return encoded(rng, {"success": True, **members} if rng.random() < 0.8 else members)


def encoded(rng: random.Random, body: Body) -> bytes:
    """The body as JSON, with what no encoder writes put in."""
    text = json.dumps(body, ensure_ascii=rng.random() < 0.7, indent=1 if rng.random() < 0.05 else None)
    text = text.replace("\\u0002", "")
    if "\\u0001raw" in text:
        pieces = text.split('"\\u0001raw')
        for at, piece in enumerate(pieces[1:], 1):
            index, _, rest = piece.partition('"')
            # As the name of a member it stays text.
            pieces[at] = (TOKENS[int(index)] if index.isdigit() else '"raw"') + rest
        text = "".join(pieces)
    return text.encode("utf-8", "surrogatepass")


def _flip(rng: random.Random, raw: bytes) -> bytes:
    made = bytearray(raw)
    for _ in range(rng.choice((1, 1, 2, 8)) if made else 0):
        made[rng.randrange(len(made))] ^= 1 << rng.randrange(8)
    return bytes(made)


def _cut(rng: random.Random, raw: bytes) -> bytes:
    at = rng.randrange(len(raw) + 1)
    return raw[:at] if rng.random() < 0.7 else raw[at:]


def _insert(rng: random.Random, raw: bytes) -> bytes:
    at = rng.randrange(len(raw) + 1)
    more = rng.randbytes(rng.choice((1, 3, 64))) if rng.random() < 0.5 else rng.choice(TOKENS).encode()
    return raw[:at] + more + raw[at:]


def _repeat(rng: random.Random, raw: bytes) -> bytes:
    at, end = sorted((rng.randrange(len(raw) + 1), rng.randrange(len(raw) + 1)))
    return raw[:end] + raw[at:end] * rng.choice((1, 2, 30)) + raw[end:]


def _recoded(rng: random.Random, raw: bytes) -> bytes:
    text = raw.decode("utf-8", "replace")
    coding = rng.choice(
        ("utf-8-sig", "utf-16", "utf-16-le", "utf-32", "latin-1", "cp1252", "utf-7", "shift_jis", "cp037")
    )
    return text.encode(coding, "replace")


def _padded(rng: random.Random, raw: bytes) -> bytes:
    filler = rng.choice((b" ", b"\n", b"\x00", b"\xff", b"\xef\xbb\xbf", b"}", b"["))
    more = filler * rng.choice((1, 3, 1_000, 70_000))
    return more + raw if rng.random() < 0.5 else raw + more


BROKEN: tuple[Callable[[random.Random, bytes], bytes], ...] = (_flip, _flip, _cut, _insert, _repeat, _recoded, _padded)


def broken(rng: random.Random, raw: bytes) -> bytes:
    """The body with bytes changed."""
    for _ in range(rng.choice((1, 1, 2, 4))):
        raw = rng.choice(BROKEN)(rng, raw)
    return raw[:400_000]


def body_for(rng: random.Random, kind: str) -> bytes:
    """What one question of this kind is answered with."""
    draw = rng.random()
    seeds = (GOOD if rng.random() < 0.85 else SEEDS)[kind if draw > 0.08 else rng.choice(list(SEEDS))]
    if draw > 0.98:
        return rng.choice(PAGES)
    if draw > 0.92:
        raw = generated(rng)
    elif draw > 0.89:
        raw = rng.choice(seeds)
    else:
        raw = changed(rng, rng.choice(seeds))
    return broken(rng, raw) if rng.random() < 0.14 else raw


def compressed(rng: random.Random, raw: bytes) -> tuple[bytes, str]:
    """The body as a compressed one, not always rightly, and what its header says."""
    coder = zlib.compressobj(wbits=rng.choice((31, 31, 15, -15)))
    made = coder.compress(raw) + coder.flush()
    draw = rng.random()
    if draw < 0.4:
        return made, rng.choice(("gzip", "gzip", "GZIP", "deflate", "x-gzip", " gzip ", "gzip, gzip", "br", "identity"))
    if draw < 0.6:
        return broken(rng, made), "gzip"
    if draw < 0.75:
        return made + rng.choice((b"\x00", b"junk", made)), "gzip"
    return raw, rng.choice(("gzip", "deflate", "br", "zstd", "compress", "\x7f", "identity", "", "utf-8"))
