"""Keys: the commands, the keymap, the palette, and the order in which keys act."""
