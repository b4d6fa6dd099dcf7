"""What the preferences path answers."""
