"""Pulse and alerts on screen: the line above the keys, the screen of all, bell and desktop notices."""
