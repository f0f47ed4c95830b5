"""The least that a Textual program can be that shows a table, moves in it, asks and sends.

Run with any Python that has Textual: `python bare_app.py PORT PATH`. It sends over asyncio's own streams, on a
connection that is opened with the question.
"""

from __future__ import annotations

import asyncio
import sys
from typing import ClassVar

from textual.app import App, ComposeResult
from textual.binding import BindingType
from textual.screen import ModalScreen
from textual.widgets import DataTable, Footer, Input, Static


class Question(ModalScreen[None]):
    """Asks, and sends once it is answered."""

    def compose(self) -> ComposeResult:
        """A sentence and a field."""
        yield Static("Type yes, then Enter.")
        yield Input()

    async def on_mount(self) -> None:
        """Connect while the person reads."""
        _, self.writer = await asyncio.open_connection("127.0.0.1", int(sys.argv[1]))

    def on_input_submitted(self) -> None:
        """Send."""
        body = b'{"projectId":1}'
        head = b"POST %b HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n"
        self.writer.write(head % (sys.argv[2].encode(), len(body)) + body)
        self.writer.close()
        self.dismiss()


class Bare(App[None]):
    """A table of thirty rows and a footer."""

    CSS = "Question { align: center middle; }"
    BINDINGS: ClassVar[list[BindingType]] = [("L", "ask", "Ask")]

    def compose(self) -> ComposeResult:
        """The two."""
        yield DataTable(cursor_type="row", zebra_stripes=False)
        yield Footer()

    def on_mount(self) -> None:
        """Fill the table."""
        table = self.query_one(DataTable)
        table.add_columns("Name", "Status", "Equity", "Age")
        table.add_rows([(f"Project {number}", "Running", f"{number * 1000:,}", "3 s") for number in range(30)])

    def action_ask(self) -> None:
        """Ask."""
        self.push_screen(Question())


if __name__ == "__main__":
    Bare().run()
