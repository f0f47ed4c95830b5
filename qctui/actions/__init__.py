"""The emergency actions: what they are, how each is sent once, verified and written to the journal."""
