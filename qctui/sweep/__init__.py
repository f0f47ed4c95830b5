"""What the runs of an optimization say together: ranks, neighbours, spread, trade-offs; as values, words and plots.

It knows runs (`qctui.model.optimization`) and cells (`qctui.plot`); it knows no screen, no clock and no store.
"""
