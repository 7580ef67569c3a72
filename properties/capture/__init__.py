"""Captures: a Program traced up to the moment when the pass would run, and what is known then."""
