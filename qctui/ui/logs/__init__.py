"""The log of a deployment: followed, searched, and read back."""
