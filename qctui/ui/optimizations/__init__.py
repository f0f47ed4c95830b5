"""Optimizations: the pane, and one in full with its runs and heat map."""
