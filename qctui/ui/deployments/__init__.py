"""Deployments: the pane, and one in full with its holdings, cash and orders."""
