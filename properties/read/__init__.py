"""Readers: sympy expressions and graph nodes, each read into terms independently of the other."""
