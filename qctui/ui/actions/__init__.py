"""Actions on screen: the dialog that asks, the form of a rerun, the ladder and the journal."""
