"""The emergency actions: registry, service, verification, journal."""
