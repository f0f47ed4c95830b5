"""What arrives: one schema an object of the wire. They forgive every type and keep only what this program uses."""
