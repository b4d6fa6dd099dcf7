"""Our words and the site's, in each language."""
