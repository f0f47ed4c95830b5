"""Screens: the main one, details, pickers, dialogs."""
