"""Insights: the pane, and one in full."""
