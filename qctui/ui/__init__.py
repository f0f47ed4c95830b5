"""The half that owns the terminal: Textual."""
