"""Hypothesis strategies for terms over three integer leaves."""

from __future__ import annotations

from hypothesis import strategies as st

from strategies.terms import Apply, Const, Term, Var

LEAVES = ("x", "y", "z")
_SMALL = st.integers(-6, 6)


def integers() -> st.SearchStrategy[Term]:
    """Integer terms of at most a few operators; divisors may be zero."""
    leaves = st.sampled_from(LEAVES).map(Var) | _SMALL.map(Const)
    return st.recursive(
        leaves,
        lambda inner: st.one_of(
            st.tuples(st.sampled_from(["add", "sub", "mul", "floordiv", "mod", "min", "max"]), inner, inner).map(
                lambda parts: Apply(parts[0], (parts[1], parts[2]))
            ),
            inner.map(lambda term: Apply("neg", (term,))),
        ),
        max_leaves=5,
    )


def conditions() -> st.SearchStrategy[Term]:
    """Comparisons of integer terms, and a few connectives over them."""
    scaled = st.builds(
        lambda factor, leaf, shift: Apply("add", (Apply("mul", (Const(factor), Var(leaf))), Const(shift))),
        _SMALL,
        st.sampled_from(LEAVES),
        _SMALL,
    )
    side = integers() | scaled
    comparison = st.tuples(st.sampled_from(["eq", "ne", "lt", "le", "gt", "ge"]), side, side).map(
        lambda parts: Apply(parts[0], (parts[1], parts[2]))
    )
    return st.recursive(
        comparison,
        lambda inner: st.one_of(
            st.tuples(st.sampled_from(["and", "or"]), inner, inner).map(
                lambda parts: Apply(parts[0], (parts[1], parts[2]))
            ),
            inner.map(lambda term: Apply("not", (term,))),
        ),
        max_leaves=3,
    )


def valuations() -> st.SearchStrategy[dict[str, int]]:
    """Values for the three leaves, small ones and a few large."""
    value = st.integers(-9, 9) | st.sampled_from([2**31, -(2**31), 2**63 - 1, -(2**63), 2**70])
    return st.fixed_dictionaries(dict.fromkeys(LEAVES, value))
