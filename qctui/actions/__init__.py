"""The actions: what each is, how it is sent once, verified and written to the journal."""
