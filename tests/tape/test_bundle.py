"""A bundle: the part of a tape and what belongs to it, and that no secret is in it wherever one was."""

from __future__ import annotations

import json
import re
import sqlite3
import stat
import zipfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qctui.alerts.shared_alerts import account_name
from qctui.api.ports import ApiError
from qctui.cli import main
from qctui.cli.redaction import FIELDS, Redactor
from qctui.model.resource import FailureKind
from qctui.tape.bundle import tape_in
from qctui.tape.tape import Tape
from qctui.tape.tape_file import TapeError
from qctui.tape.tape_slice import TapeSlice
from tests.api.samples import CALLS, NAMES
from tests.api.support import CREDENTIALS, TOKEN, ask, payload
from tests.tape.shelf import AT, event, noted, open_writer, write
from tests.tape.test_wiring import HASH, SECRETS

USER, OTHER_USER = 876543, 987654
SAID = {
    "token": TOKEN,
    "hash": HASH,
    "signature": SECRETS[3],
    "email": "ada.lovelace@analytical.example",
    "account": "U7654321",
    "account in words": "40913377",
    "organization": "0f1e2d3c4b5a69788796a5b4c3d2e1ff",
    "channel": "00000000000000000000000000c4a221",
    "host": "trading-box-77",
    "node": "LN-0815-quick",
    "another node": "LIVE-4711",
    "detail": "SUB-998877",
    "person": "Ada Lovelace-King",
    "user": str(USER),
    "another user": str(OTHER_USER),
    "argument": "hook-argument-1234",
    "public id": "pub1234id",
}
"""What is said of in every text, and known by what it looks like or by the field that it stands in."""

IN_FIELDS = {
    "source": "def alpha_that_nobody_may_see",
    "query": "sig=s3cret&x=fragile-fragment",
    "userinfo": "me:pa55word",
    "home": "/home/ada77/",
    "picture": "https://cdn.example/u/ada-picture.jpeg",
    "form": "form-value-5",
    "password": "correct horse",
    "parameter": "parameter-key-value",
    "webhook": "T0000B1111XXXXXXXXXXXX1",
    "lean": "other-token-of-lean-credentials",
    "profile": "token-of-another-profile",
}
"""What is known by its field or form alone."""

TEXT = " ".join(
    [
        *(f"{name} {word}" for name, word in SAID.items() if name != "account in words"),
        f"account number: {SAID['account in words']}",
        f"https://{IN_FIELDS['userinfo']}@api.example/in/{IN_FIELDS['webhook']}?{IN_FIELDS['query']}#fragile-fragment",
        f'File "{IN_FIELDS["home"]}qctui/x.py"',
    ]
)

FIELD_VALUES: dict[str, Any] = {
    "ownerId": OTHER_USER,
    "organizationId": SAID["organization"],
    "channelId": SAID["channel"],
    "encryptionKey": IN_FIELDS["password"],
    "files": [{"name": "main.py", "content": IN_FIELDS["source"], "projectId": 31000017}],
    "serverStatistics": {"Hostname": SAID["another node"], "LEAN Version": "v2.5.0.0"},
    "deploymentDetails": {"Account": SAID["detail"], "environment": "paper"},
    "liveForm": {"node": SAID["node"], "brokerageData": {"ib-account": IN_FIELDS["form"]}, "autoRestart": True},
    "collaborators": [
        {
            "uid": OTHER_USER,
            "publicId": SAID["public id"],
            "name": SAID["person"],
            "email": SAID["email"],
            "profileImage": IN_FIELDS["picture"],
            "bio": IN_FIELDS["form"],
            "liveControl": True,
        }
    ],
    "parameters": [{"key": "data-api-key", "value": IN_FIELDS["parameter"]}, {"key": "ema_fast", "value": "10"}],
}


def planted(value: Any) -> Any:
    """The same with every text, and every name of a field that is one, telling it all; and with fields that hold more
    in every object."""
    match value:
        case dict():
            found = {name if name.isalpha() else f"{name} {TEXT}": planted(each) for name, each in value.items()}
            return {**found, **FIELD_VALUES, f"of {TEXT}": 1}
        case list():
            return [planted(each) for each in value]
        case str():
            return f"{value} {TEXT}"
        case _:
            return value


def redactor() -> Redactor:
    return Redactor([CREDENTIALS.token], [str(USER)], [SAID["host"]], {})


@pytest.mark.parametrize("name", NAMES)
def test_the_client_reads_a_redacted_answer_as_the_one_that_came(name: str) -> None:
    body, made = payload(name), redactor()
    made.learn(body)
    made.seal()
    call = CALLS[name.partition("__")[0]]

    def read(text: bytes) -> str:
        try:
            return repr(ask(text, call))
        except ApiError as error:
            return str(error)

    expected = read(body).replace("'LIVE-0'", "'node-1'")  # the name of a node, as every other
    # Whose they are can't be told any more, and so not who may act on them.
    assert read(made.body(body)) == re.sub("live_control=(True|False)", "live_control=None", expected)


def test_a_machine_that_is_called_live_makes_nothing_unreadable() -> None:
    made = Redactor([], ["31000017"], ["live", "running"], {})
    body = json.dumps({"projectId": 31000017, "status": "Running", "environment": "live-paper", "price": "12,345.67"})
    made.learn(body.encode())
    made.seal()
    assert json.loads(made.body(body.encode())) == json.loads(body)
    assert made.line("project 31000017 on node 31000018") == "project 31000017 on node 31000018", "a project stays one"


def test_a_table_says_what_is_taken_out_and_each_rule_of_it_does() -> None:
    made = redactor()
    for rule in FIELDS:
        for name in rule.names:
            value = {"x": "first-12 some-value-12", "y": 34567} if rule.kind != "argument" else "first-12 some-value-12"
            asked = {
                name.upper(): [{"name": "some-value-12"}] if rule.kind == "person" else value,
                "x": "first-12",
                "z": 1,
            }
            found = json.loads(made.body(json.dumps(asked).encode()))
            assert "some-value-12" not in json.dumps(found), name
            assert "34567" not in json.dumps(found), name
            assert (found["x"], found["z"]) == ("first-12", 1)


FIELD_NAMES = [*sorted({name for rule in FIELDS for name in rule.names}), "x", "key", "value", "deployId", "my-token"]
TEXTS = st.text(max_size=20) | st.sampled_from([TEXT, TOKEN, "{}"])
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(FIELD_NAMES) | st.text(), inner),
    max_leaves=12,
)


@given(ANYTHING)
def test_any_json_stays_json_of_its_kind_and_tells_nothing(value: Any) -> None:
    made, body = redactor(), json.dumps(value).encode()
    made.learn(body)
    made.seal()
    found = made.body(body)
    assert type(json.loads(found)) is type(json.loads(body))
    assert made.body(body) == found, "the same is always the same"
    for secret in (TOKEN, SAID["email"], SAID["account"], SAID["host"]):
        assert secret.encode() not in found


@pytest.mark.parametrize("body", [b"{", b"<html>", b'{"a": ' * 5_000, b'{"n": ' + b"9" * 9_000 + b"}", b"\xff\xfe"])
def test_what_is_no_json_is_left_out(body: bytes) -> None:
    assert redactor().body(body) == b"(%d bytes that are no JSON)" % len(body)


def everything(path: Path) -> Iterator[tuple[str, bytes]]:
    """Every file of a bundle, and everything on its tape."""
    with zipfile.ZipFile(path) as file:
        for name in file.namelist():
            yield name, file.read(name)
    with tape_in(path) as inside, closing(Tape(inside)) as tape:
        until = tape.seek(float("inf"))
        for key, found in tape.known(until).items():
            yield "request", " ".join(key).encode()
            for each in (found.good, found.failure):
                if each is not None:
                    yield each.endpoint, tape.body(each)
        for each in tape.changes(tape.seek(0), until):
            yield each.endpoint, tape.body(each)
        for happened in tape.events():
            yield happened.kind, json.dumps(happened.body).encode()


def test_no_secret_is_in_a_bundle_wherever_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Planted in every text of every kind of answer, good and bad, in requests, events, journal, log and configuration;
    everything in the bundle is looked through afterwards."""
    home, clock = tmp_path / "mine", [AT + 3_000.0]
    state, config = home / "state" / "qctui", home / "config" / "qctui"
    for folder in (state, config, home / ".lean"):
        folder.mkdir(parents=True)
    for name, value in {"HOME": home, "XDG_STATE_HOME": state.parent, "XDG_CONFIG_HOME": config.parent}.items():
        monkeypatch.setenv(name, str(value))
    monkeypatch.setenv("QUANTCONNECT_USER_ID", str(USER))
    monkeypatch.setenv("QUANTCONNECT_API_TOKEN", TOKEN)
    monkeypatch.setattr("socket.gethostname", lambda: SAID["host"])
    monkeypatch.setattr("time.time", lambda: clock[0])
    (home / ".lean" / "credentials").write_text(json.dumps({"user-id": "55512", "api-token": IN_FIELDS["lean"]}))
    (config / "config.toml").write_text(
        f"# {TEXT.replace(chr(10), ' ')}\n"
        f'[delivery]\ncommand = ["{IN_FIELDS["home"]}bin/tell", "{SAID["argument"]}"]\n'
        f'[profiles.other]\nuser-id = {OTHER_USER}\ntoken = "{IN_FIELDS["profile"]}"\n'
        f'[profiles.third]\nuser-id = 1\ntoken-command = "pass {SAID["argument"]}"\n'
        f'[[alerts]]\nname = "mine"\nwhen = "log"\npattern = "margin {SAID["email"]} {SAID["account"]}"\n'
    )
    (config / "config.toml").chmod(0o600)
    batches = []
    for number, name in enumerate(NAMES):
        body = planted(json.loads(payload(name)))
        endpoint = name.partition("__")[0].replace("_", "/")
        batches.append([noted(AT + number, body, endpoint, projectId=31000017, query=TEXT, number=number)])
        for bad in (body, f"<html>{TEXT} {json.dumps(body)}".encode()):
            batches.append([noted(AT + number, bad, endpoint, status=500, failure=FailureKind.SERVER, number=number)])
    batches.append([event(AT + 200.0, each, json.dumps(planted({"event": each}))) for each in ("action", "alert")])
    write(state / f"tape-{account_name('https://www.quantconnect.com/api/v2', str(USER))}.sqlite", *batches)
    entry: dict[str, Any] = dict.fromkeys(("action", "deploy_id", "name", "environment", "via", "detail"), f"x {TEXT}")
    entry.update(id="abc-1", at="2026-11-20T15:31:00.000Z", event="sent", project_id=31000017, profile="default")
    entry.update(base_url="https://www.quantconnect.com/api/v2")
    (state / "journal.jsonl").write_text(json.dumps(entry) + "\n")
    headers = f"Authorization: Basic {SECRETS[3]} Timestamp: 1795185000 token={TOKEN}"
    (state / "qctui.log").write_text(
        f"2026-11-20T15:31:00.000Z WARNING engine x: Momentum/Crossover Live {TEXT}\n"
        f'Traceback {headers}\n  File "{home}/x.py" {SECRETS[1]}\n'
        "2026-11-20T13:31:00.000Z WARNING engine x: long before\n"
    )
    target = tmp_path / "bundle.zip"
    assert main(["bundle", "--last", "1h", str(target)]) == 0
    found = list(everything(target))
    assert len(found) > 2 * len(NAMES)
    for where, text in found:
        for name, secret in {**SAID, **IN_FIELDS, "own home": str(home)}.items():
            assert secret.lower().encode() not in text.lower(), (where, name)
    whole = b" ".join(text for _, text in found).decode("utf-8", "replace")
    for kept in (
        "Momentum/Crossover Live",
        "L-a1b2c3d4e5f60718293a4b5c6d7e8f90",
        "31000017",
        "SPY",
        "100250.75",
        "mine",
    ):
        assert kept in whole, kept
    assert "long before" not in whole
    log = dict(found)["qctui.log"].decode()
    project = next(text for where, text in found if where == "projects/read").decode()
    assert "person-1" in log, "what stood in a field has the same name wherever it is said"
    assert "person-1" in project
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert {each.name for each in tmp_path.iterdir()} == {"mine", "bundle.zip"}


STORY = [
    [noted(AT, {"step": 0, "text": "a" * 900}), noted(AT, {"once": 1}, "live/read", projectId=7)],
    *([noted(AT + 60.0 * step, {"step": step, "text": "a" * 900})] for step in range(1, 40)),
    [event(AT + 1_500.0, "action", '{"id": "a-1"}'), event(AT + 300.0, "action", '{"id": "a-0"}')],
    [noted(AT + 2_400.0, {"step": 39, "text": "a" * 900})],
    [noted(AT + 2_460.0, b"", status=None, failure=FailureKind.TIMEOUT)],
    [noted(AT + 600.0, {"step": "set back"})],
    *([noted(AT + 660.0 + 60.0 * step, {"step": f"later {step}"})] for step in range(10)),
]


def known(path: Path, at: float) -> dict[tuple[str, str], Any]:
    with closing(Tape(path)) as tape:
        return {
            key: [
                each and (each.at, each.status, each.failure, tape.body(each)) for each in (found.good, found.failure)
            ]
            for key, found in tape.known(tape.seek(at)).items()
        }


@pytest.mark.parametrize(("since", "until"), [(0, 599), (1_000, 2_500), (50, 61), (-1e6, 4_000)])
def test_a_part_of_a_tape_knows_what_the_tape_knows(tmp_path: Path, since: float, until: float) -> None:
    whole, part = tmp_path / "tape.sqlite", tmp_path / "part.sqlite"
    writer = open_writer(whole)  # it goes on recording
    for batch in STORY:
        writer.write(batch)
    with closing(TapeSlice(whole, AT + since, AT + until)) as found:
        writer.write([noted(AT + 5_000.0, {"step": "meanwhile"})])
        assert found.write(part, bytes, lambda: None) == 0
        edges = found.start.at, found.end.at
    for share in range(11):
        at = edges[0] + (edges[1] - edges[0]) * share / 10
        assert known(part, at) == known(whole, at)
    with closing(Tape(part)) as tape:
        assert tape.first_at == pytest.approx(max(AT, AT + since))
        assert [each.body["id"] for each in tape.events()] == [
            name for name, at in (("a-1", 1_500.0), ("a-0", 300.0)) if since <= at <= until
        ]
        assert tape.damaged(lambda: True) == 0
    assert [each.name for each in tmp_path.glob("part*")] == ["part.sqlite"]
    writer.close()


def test_what_stood_at_the_start_of_a_part_is_in_it_with_its_last_step(tmp_path: Path) -> None:
    path, part = tmp_path / "tape.sqlite", tmp_path / "part.sqlite"
    steps = [
        (10, "alert", {"id": "stands", "state": "pending"}),
        (20, "alert", {"id": "stands", "state": "firing"}),
        (25, "alert", {"id": "over", "state": "firing"}),
        (30, "alert", {"id": "over", "state": "cleared"}),
        (32, "action", {"id": "done", "event": "verified"}),
        (34, "action", {"id": "open", "event": "accepted"}),
        (36, "action", {"id": "goes on", "event": "sent"}),
        (38, "action", {"id": "goes on", "event": "accepted"}),
        (40, "ended", {"deploy_id": "L-1"}),
        (70, "action", {"id": "goes on", "event": "verified"}),
        (95, "alert", {"id": "later", "state": "firing"}),
    ]
    write(path, [noted(AT, {})], *([event(AT + at, kind, json.dumps(body))] for at, kind, body in steps))
    with closing(TapeSlice(path, AT + 60, AT + 90)) as found:
        assert found.noted == 1
        found.write(part, bytes, lambda: None)
    with closing(Tape(part)) as tape:
        told = [(each.body["id"], each.body.get("state") or each.body["event"]) for each in tape.events()]
        assert (tape.first_at, tape.last_at) == (AT + 60, AT + 70)
    assert told == [
        ("stands", "firing"),
        ("open", "accepted"),
        ("goes on", "sent"),
        ("goes on", "accepted"),
        ("goes on", "verified"),
    ]


def test_a_time_of_which_nothing_is_recorded_is_none(tmp_path: Path) -> None:
    path = tmp_path / "tape.sqlite"
    write(path, *STORY[:40])
    for since, until in ((3_000, 4_000), (-2_000, -1_000), (61, 119)):
        with pytest.raises(TapeError, match="nothing was recorded in that time"):
            TapeSlice(path, AT + since, AT + until)


def test_a_damaged_answer_is_left_out_and_the_others_are_there(tmp_path: Path) -> None:
    path, part = tmp_path / "tape.sqlite", tmp_path / "part.sqlite"
    write(path, *STORY[:40])
    with closing(sqlite3.connect(path)) as file, file:
        file.execute(
            "UPDATE answers SET body = x'00' WHERE seq = (SELECT max(seq) FROM answers WHERE base IS NOT NULL)"
        )
    with closing(TapeSlice(path, AT, AT + 2_400)) as found:
        assert found.write(part, bytes, lambda: None) == 1
    assert known(part, AT + 600.0) == known(path, AT + 600.0)


@pytest.fixture
def at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home without credentials, in which nothing is recorded yet. Returns the folder of the tapes."""
    for name in ("QUANTCONNECT_USER_ID", "QUANTCONNECT_API_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    for name, folder in {"HOME": "home", "XDG_STATE_HOME": "state", "XDG_CONFIG_HOME": "config"}.items():
        monkeypatch.setenv(name, str(tmp_path / folder))
    monkeypatch.setattr("time.time", lambda: AT + 3_000.0)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "state" / "qctui").mkdir(parents=True)
    return tmp_path / "state" / "qctui"


def test_what_can_not_be_bundled_is_one_line(at_home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def refused(*arguments: str) -> str:
        assert main(["bundle", *arguments]) == 2
        said = capsys.readouterr().err
        assert said.count("\n") == 1
        return said

    assert "no tape: nothing is recorded in" in refused()
    config = at_home.parents[1] / "config" / "qctui" / "config.toml"
    config.parent.mkdir(parents=True)
    config.write_text("[tape]\nrecord = false\n")
    assert "recording is switched off" in refused()
    config.unlink()
    write(at_home / "tape-1.sqlite", *STORY[:40], [event(AT + 1_500.0, "action", '{"id": "0a1b-7"}')])
    assert "nothing was recorded in that time (2026-11-20 16:19:00" in refused("--last", "1m")
    assert refused("--last", "1m").count("tape-1.sqlite") == 1
    assert "--action ffff: there is no such action" in refused("--action", "ffff")
    assert "a demo is not recorded" in refused("--demo")
    (at_home.parents[1] / "mine.zip").write_text("mine")
    assert "is there already: name another file" in refused("mine.zip")
    assert "No such file or directory" in refused("no/such/folder.zip")
    assert main(["bundle", "--action", "B-7", "--json"]) == 0, "found on the tape, where the journal has none"
    told = json.loads(capsys.readouterr().out)
    assert (told["since"], told["until"]) == ("2026-11-20T15:45:00.000Z", "2026-11-20T16:05:00.000Z")
    assert Path(told["file"]).stat().st_size == told["bytes"]
    write(at_home / "tape-2.sqlite", *STORY[:3])
    assert "whose tape? there are 2" in refused()
    assert sorted(each.name for each in at_home.parents[1].iterdir() if each.is_file()) == [
        "mine.zip",
        "qctui-bundle-20261120-162000.zip",
    ]


def test_a_tape_is_found_in_a_bundle_and_everything_else_is_what_it_is(tmp_path: Path) -> None:
    tape = tmp_path / "tape.sqlite"
    write(tape, *STORY[:3])
    with tape_in(tape) as found:
        assert found == tape
    missing = tmp_path / "missing"
    with tape_in(missing) as found:
        assert found == missing
    bundle = tmp_path / "bundle.zip"
    with zipfile.ZipFile(bundle, "w", zipfile.ZIP_DEFLATED) as file:
        file.write(tape, "tape.sqlite")
    with tape_in(bundle) as found:
        assert known(found, AT + 30.0) == known(tape, AT + 30.0)
        assert stat.S_IMODE(found.parent.stat().st_mode) == 0o700
    assert not found.parent.exists()
    whole = bundle.read_bytes()
    for data, words in ((whole[:200], "is damaged"), (whole.replace(b"tape.sqlite", b"tape.others"), "no tape in it")):
        bundle.write_bytes(data)
        with pytest.raises(TapeError, match=words), tape_in(bundle):
            raise AssertionError("it was opened")
