"""What the program thinks in: frozen values, no I/O."""
