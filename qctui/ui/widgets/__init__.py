"""Widgets of this console."""
