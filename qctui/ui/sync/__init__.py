"""From the store to the panes, and from the selection to what the engine reads."""
