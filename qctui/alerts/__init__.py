"""It notices: rules over what the program knows, and how a person is told of what they find (DESIGN section 8)."""
