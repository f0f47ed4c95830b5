"""What the program knows, as frozen values: no I/O, no wire format."""
