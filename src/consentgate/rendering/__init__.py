"""The policy for people: page, banner, Markdown and JSON."""
