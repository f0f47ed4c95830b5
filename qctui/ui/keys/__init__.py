"""Keys: every command, and the keys that do it."""
