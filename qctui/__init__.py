"""qctui: a terminal console for QuantConnect that never lies about what it knows."""

__version__ = "0.1.0"
