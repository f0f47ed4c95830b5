"""Canaries: these fail when Textual is another than the one whose private parts are used. Then read what changed, and
whether the workaround is still needed, before the digest here is renewed."""

from __future__ import annotations

import ast
import hashlib
import importlib
import inspect
import os
import pkgutil
import re
import selectors
import sys
import weakref
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import textual.css.stylesheet
from textual._styles_cache import StylesCache
from textual.color import Color
from textual.css.types import CSSLocation
from textual.message_pump import MessagePump

import qctui.cli
import qctui.ui
from qctui.ui import key_waiter, textual_patches
from tests.ui.page import console

PARTS = {
    ("textual._callback", "invoke"): "266437a3910d",
    ("textual._compositor", "ChopsUpdate.render_segments"): "9457b4621f67",
    ("textual._xterm_parser", "XTermParser.feed"): "1a75b06dfb91",
    ("textual._styles_cache", "StylesCache.get_inner_outer"): "63b84a59e324",
    ("textual.app", "App._background_screens"): "35815044ee32",
    ("textual.app", "App._check_bindings"): "b6850e10de3d",
    ("textual.app", "App._context"): "2283d89e5304",
    ("textual.app", "App._fatal_error"): "8ea137f9297a",
    ("textual.app", "App._handle_exception"): "ebf01bf0d7ba",
    ("textual.app", "App._print_error_renderables"): "67bc29e19ae8",
    ("textual.app", "App._refresh_notifications"): "200863c1513d",
    ("textual.css.stylesheet", "Stylesheet._parse_rules"): "01a7957fb176",
    ("textual.css.stylesheet", "Stylesheet.reparse"): "48258ab7f531",
    ("textual.drivers._writer_thread", "WriterThread.run"): "e8c205735286",
    ("textual.drivers.linux_driver", "LinuxDriver._enable_bracketed_paste"): "ed50bbf2c6ad",
    ("textual.drivers.linux_driver", "LinuxDriver._patch_iflag"): "984ff5aaa949",
    ("textual.drivers.linux_driver", "LinuxDriver._patch_lflag"): "e8e6df6930ad",
    ("textual.drivers.linux_driver", "LinuxDriver._sigcont_application"): "0ba4c34e8748",
    ("textual.drivers.linux_driver", "LinuxDriver.disable_input"): "fe6f73aa2ff8",
    ("textual.drivers.linux_driver", "LinuxDriver.run_input_thread"): "3c7a9834635c",
    ("textual.drivers.linux_driver", "LinuxDriver.start_application_mode"): "56410163b604",
    ("textual.message", "Message.__post_init__"): "1f8936e523c6",
    ("textual.message", "Message._set_forwarded"): "6fd6edb0d01b",
    ("textual.message_pump", "MessagePump._close_messages_no_wait"): "25dca8653760",
    ("textual.message_pump", "MessagePump._context"): "8a11902eb842",
    ("textual.message_pump", "MessagePump._flush_next_callbacks"): "86468ca6e3ad",
    ("textual.message_pump", "MessagePump._get_dispatch_methods"): "da069c0e9734",
    ("textual.screen", "Screen._compositor_refresh"): "30c01d22baee",
    ("textual.screen", "Screen._on_timer_update"): "b429ac023000",
    ("textual.screen", "Screen._refresh_layout"): "d5155dd0cae6",
    ("textual.widgets._toast", "ToastRack._toast_id"): "2b61fdd5c7ac",
    ("textual.widgets._toast", "ToastRack.show"): "d1d72e273183",
}
"""The private parts that are used or replaced, and a digest of the source of each."""


@cache
def source_of(module: str) -> tuple[str, ast.Module]:
    """As it stands in the library's file: in the classes themselves some of it is replaced."""
    source = Path(str(importlib.import_module(module).__file__)).read_text("utf-8")
    return source, ast.parse(source)


def digest(module: str, name: str) -> str:
    source, found = source_of(module)
    for part in name.split("."):
        inner = [each for each in getattr(found, "body", []) if getattr(each, "name", None) == part]
        if not inner:
            return "is not there"
        found = inner[0]
    return hashlib.sha256((ast.get_source_segment(source, found) or "").encode()).hexdigest()[:12]


@pytest.mark.parametrize(("module", "name"), PARTS)
def test_the_private_part_is_the_one_that_was_read(module: str, name: str) -> None:
    assert digest(module, name) == PARTS[module, name]


def classes_of(package: ModuleType) -> set[type]:
    names = [each.name for each in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")]
    found = {each for name in names for _, each in inspect.getmembers(importlib.import_module(name), inspect.isclass)}
    return {each for each in found if issubclass(each, MessagePump) and each.__module__.startswith("qctui.")}


def test_a_private_method_of_textual_is_replaced_in_one_file_only() -> None:
    clashes: set[str] = set()
    for ours in (classes_of(qctui.ui) | classes_of(qctui.cli)) - {textual_patches.PatchedApp}:
        methods = {name for name, each in vars(ours).items() if re.match("_[^_]", name) and inspect.isfunction(each)}
        theirs = {name for base in ours.__mro__ if base.__module__.startswith("textual") for name in vars(base)}
        clashes |= {f"{ours.__name__}.{name}" for name in methods & theirs}
    assert clashes == set()


def test_a_replacement_that_misses_something_gives_way_to_the_original(monkeypatch: pytest.MonkeyPatch) -> None:
    class Owner:
        def run(self, word: str) -> str:
            return f"original {word}"

    calls: list[str] = []

    def ours(original: object, owner: object, word: str) -> str:
        calls.append(word)
        return str(owner._gone)  # type: ignore[attr-defined]  # that it is not there is what is tried

    module = ModuleType("a_library")
    module.Owner = Owner  # type: ignore[attr-defined]  # a module made here
    monkeypatch.setitem(sys.modules, "a_library", module)
    textual_patches._replace("a_library", "Owner", "run", ours)
    assert [Owner().run("one"), Owner().run("two")] == ["original one", "original two"]
    assert calls == ["one"]


@pytest.mark.anyio
async def test_styles_are_read_once_for_each_theme(monkeypatch: pytest.MonkeyPatch) -> None:
    read: Counter[tuple[str, ...]] = Counter()
    theme, parse = "", vars(textual.css.stylesheet)["parse"]

    def counting(scope: str, css: str, read_from: CSSLocation, **more: Any) -> Any:
        read[css, *read_from, scope, str(more["tie_breaker"]), theme] += 1
        return parse(scope, css, read_from, **more)

    monkeypatch.setattr(textual.css.stylesheet, "parse", counting)
    textual_patches._parsed.clear()
    async with console():
        assert len(read) > 10
        assert set(read.values()) == {1}
    read.clear()
    async with console() as page:
        assert not read, "another app reads what the one before has read"
        background = page.main.styles.background
        page.app.theme = theme = "qctui-clear"
        await page.settle()
        assert page.main.styles.background != background
        assert set(read.values()) == {1}
        page.app.theme = theme = "qctui-dark"
        await page.settle()
        assert page.main.styles.background == background
        assert {each[-1] for each in read} == {"qctui-clear"}


def test_what_is_not_there_is_not_replaced() -> None:
    textual_patches._replace("textual.app", "App", "_no_such_method", print)
    textual_patches._replace("textual._no_such_module", "App", "run", print)
    assert textual_patches.part("textual.app", "App", "_no_such_method") is None


@pytest.mark.anyio
async def test_keys_act_where_textual_can_not_be_made_to_take_them_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(textual_patches, "keys_in_order", lambda _app, _event: False)
    async with console((120, 40)) as page:
        await page.press("L")
        assert page.app.screen.is_modal
        await page.press("escape")
        assert page.app.screen is page.main


def test_the_wait_for_keys_ends_with_a_key_and_with_the_end_and_looks_up_from_then_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(key_waiter, "KEYS_REST_S", -1.0)
    monkeypatch.setattr(key_waiter, "KEYS_WAIT_S", 600.0)
    keys, typed = os.pipe()
    waiter = key_waiter.KeyWaiter()
    waiter.register(keys, selectors.EVENT_READ)
    try:
        with ThreadPoolExecutor(1) as thread:
            waiting = thread.submit(waiter.select, 0.0)
            os.write(typed, b"j")
            assert [key.fd for key, _ in waiting.result()] == [keys]
            assert os.read(keys, 1) == b"j"
            waiting = thread.submit(waiter.select, 0.0)
            key_waiter.KeyWaiter.wake()
            assert waiting.result() == []
            assert waiter.select(0.0) == []
    finally:
        waiter.close()
        os.close(keys)
        os.close(typed)
    key_waiter.KeyWaiter.wake()


def test_what_was_drawn_of_a_widget_goes_with_it() -> None:
    textual_patches.install()
    base, background = Color.parse("#102030"), Color.parse("#40506080")
    drawn = StylesCache()
    inner, outer = drawn.get_inner_outer(base, background)
    assert (inner.background, outer.background) == (base + background, base)
    kept = weakref.ref(drawn)
    del drawn
    assert kept() is None
