"""Charts as cells of a terminal: everything between a parsed chart and the characters of a pane.

Pure: no Textual, no clock, no store. `compose.steps` turns a chart, a size and a view into a `Drawing`; the widget
shows it.
"""
