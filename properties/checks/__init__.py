"""One file per property; :mod:`properties.registry` finds them by their names."""
