"""The operator table: every operator that a Program, an obligation or an emitted assert may use."""

from __future__ import annotations

from strategies.operators import arithmetic, comparison, logic
from strategies.operators.row import Operator, Sort

__all__ = ["OPERATORS", "Operator", "Sort", "operator_named"]

OPERATORS: dict[str, Operator] = {
    row.name: row for rows in (arithmetic.ROWS, comparison.ROWS, logic.ROWS) for row in rows
}


def operator_named(name: str) -> Operator:
    """The row of ``name``.

    Raises:
        KeyError: if there is no such operator.
    """
    return OPERATORS[name]
