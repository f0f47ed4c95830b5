"""Charts: the pane, and the full screen with its tiles."""
