"""What any pane is made of: tables, lines, frames, choosers, and what draws them."""
