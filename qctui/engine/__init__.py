"""The half that owns the network: pollers, schedule, budget, host thread."""
