"""The demo: a small data portal behind its policy."""
