"""A visitor's answers, and the categories they allow."""
