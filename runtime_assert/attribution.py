"""Which assert of the graph an obligation was recorded for, so that each can lend the other what it knows.

Tracing a check leaves two traces: a node with the user's words, and an obligation in the ShapeEnv with the line of the
check. Where the ShapeEnv rewrote the condition, both have to be asserted, and the first to fail has to say the same.
"""

from __future__ import annotations

from torch import fx

from runtime_assert import _torch_api as api
from runtime_assert.claims import Claim
from runtime_assert.reading import check_condition


def attribute(present: list[Claim], wanted: list[Claim]) -> None:
    """Set `check` of obligations that are yet to be asserted, and `assertion` of the checks in the graph.

    Nothing is decided by it: the recorded expression may be wrong where tracing was, so both stay asserted.
    """
    if not present:
        return
    recorded: dict[object, list[Claim]] = {}
    for claim in wanted:
        if claim.assertion is None:
            continue
        if claim.status is None:
            recorded.setdefault(claim.assertion.expr, []).append(claim)
        else:
            _hand_over(claim)
    if not recorded:
        return
    for check in present:
        assert check.node is not None
        condition = check_condition(check.node)
        if not isinstance(condition, fx.Node):
            continue
        traced = api.example_value(condition)
        for expr in (api.raw_expr(traced), api.replaced_expr(traced)):
            found = recorded.get(api.canonical(expr)) if expr is not None else None
            for claim in found or ():
                claim.check = check
                check.assertion = check.assertion or claim.assertion


def _hand_over(claim: Claim) -> None:
    """Let the check that stands for an obligation know what was recorded with it."""
    carrier = claim
    while carrier.by is not None and carrier.status == "merged":
        carrier = carrier.by
    if carrier.source == "check" and carrier.assertion is None:
        carrier.assertion = claim.assertion
