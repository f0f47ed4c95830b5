"""The generated part of README.md. `python -m tests.architecture.readme` brings it up to date."""

from __future__ import annotations

from pathlib import Path

from qctui.ui.keys.keymap import COMMANDS, Scope, format_key

ROOT = Path(__file__).resolve().parents[2]
README = ROOT / "README.md"
BEGIN, END = "<!-- keys: begin (tests/architecture compares this table with the registry) -->\n", "<!-- keys: end -->"


def key_table() -> str:
    """Every key with what it does and its id, in the order of the program's own help."""
    lines = []
    for scope in Scope:
        lines += [f"{scope.value}:", "", "| keys | do | id |", "|---|---|---|"]
        for command in COMMANDS:
            if command.scope is scope:
                keys = " ".join(f"`{format_key(key)}`" for key in command.keys.split(","))
                lines.append(f"| {keys} | {command.tooltip} | `{command.id}` |")
        lines.append("")
    return "\n".join(lines)


def between(text: str, begin: str, end: str) -> str:
    """The part of `text` between two marks."""
    return text.partition(begin)[2].partition(end)[0]


def command_after(mark: str) -> str:
    """The one line of the code block that follows a mark in the README."""
    block = between(README.read_text(encoding="utf-8"), f"<!-- {mark} -->\n```sh\n", "```")
    (line,) = block.splitlines()
    return line


if __name__ == "__main__":
    text = README.read_text(encoding="utf-8")
    README.write_text(text.replace(BEGIN + between(text, BEGIN, END), BEGIN + "\n" + key_table()), encoding="utf-8")
