"""A faithful, seeded QuantConnect API on loopback. Shares no code with the client."""
