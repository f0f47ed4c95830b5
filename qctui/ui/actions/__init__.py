"""Abort, liquidate and stop on screen: from the key to the dialog, the ladder and the journal."""
