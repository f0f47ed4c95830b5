"""The half of the program that owns the network: polling, its schedule and budget, and the thread it runs on."""
