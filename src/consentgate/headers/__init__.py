"""Header text in, values out: no policy, no environ."""
