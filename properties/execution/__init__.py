"""Running Programs and graphs on concrete inputs, and saying how each run ended."""
