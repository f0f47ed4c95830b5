"""A library that draws charts into cells of a terminal.

It knows a parsed chart (`qctui.model.chart`) and how wide a character is (`qctui.text`); it knows no screen, no clock
and no store. Cells are coloured by role, and the caller decides what a role looks like. What to call:

- `compose.steps(Source(chart), width, height, view)` draws in steps, so that keys are served in between, and gives a
  `Drawing`: a grid of cells, and where everything is on it. `compose.compose` draws at once.
- `crosshair.cross(drawing, view, at)` gives the cells with a crosshair at an instant; `crosshair.step` moves it.
- `export` makes CSV, SVG or plain text of it.
"""
