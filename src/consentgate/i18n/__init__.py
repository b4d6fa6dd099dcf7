"""Texts and languages: this package's messages, and a site's own texts."""
