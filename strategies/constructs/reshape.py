"""``tensor.reshape(sizes)``: a view where there can be one, a copy otherwise; which of them, nobody has to know."""

from __future__ import annotations

from strategies.constructs.viewing import KeepsElements


class Reshape(KeepsElements):
    """Takes any tensor."""

    name = "reshape"


CONSTRUCT = Reshape()
