"""``u = x.item()`` of a tensor that is held by another one, into which tracing looks."""

from __future__ import annotations

from dataclasses import replace

from strategies.constructs.items import ReadsOneElement
from strategies.input_forms import WRAPPED
from strategies.statement import Input, Scope, Statement


class ItemWrapped(ReadsOneElement):
    """The input is a tensor subclass; what reads it is called with the tensor inside."""

    name = "item_wrapped"
    dtype = "int64"
    least, most = -(2**63), 2**63 - 1

    def inputs(self, statement: Statement, scope: Scope) -> tuple[Input, ...]:
        return tuple(replace(item, form=WRAPPED) for item in super().inputs(statement, scope))


CONSTRUCT = ItemWrapped()
