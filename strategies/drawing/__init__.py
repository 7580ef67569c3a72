"""How random choices become terms that are true of the example values: what the constructs grow with."""
