"""Answers to requests at and under the preferences path."""
