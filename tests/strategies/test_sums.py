"""Sums of many values: each of their terms is another value, and every profile has them, with items in them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from strategies import (
    CONSTRUCTS,
    Program,
    ProgramError,
    apply,
    build_inputs,
    compile_program,
    holds,
    program_source,
    requirements,
)
from strategies.constructs.check_query import COMPARISONS
from strategies.drawing.sums import FEWEST, MOST
from strategies.generate.profiles import PROFILES
from strategies.terms import Apply, Const, Term, Var, variables, walk
from tests.strategies.drawing import draw_programs

ALONE = {"sources": ("tolist", "item"), "checks": ("long_sum",), "consumers": ()}


def sums(program: Program) -> Iterator[Apply]:
    """The sums of three or more addends in the checks of ``program``."""
    for statement in program.body:
        if statement.op == "check":
            found = (term for term in walk(statement.term("cond")) if isinstance(term, Apply) and term.op == "add")
            yield from (term for term in found if len(term.args) >= FEWEST)


def demanded_sums(program: Program) -> Iterator[Apply]:
    """The sums of three or more addends in what ``program`` demands, by whatever statement."""
    for requirement in requirements(program):
        found = (term for term in walk(requirement.term) if isinstance(term, Apply) and term.op == "add")
        yield from (term for term in found if len(term.args) >= FEWEST)


def items_of(term: Term) -> set[str]:
    return {name for name in variables(term) if name.startswith("u")}


def test_a_long_sum_has_three_to_twelve_addends_each_of_another_value() -> None:
    found = [term for program in draw_programs(150, **ALONE) for term in sums(program)]
    lengths = {len(term.args) for term in found}
    assert (min(lengths), max(lengths)) == (FEWEST, MOST)
    for term in found:
        names = [variables(addend) for addend in term.args]
        assert all(len(one) == 1 for one in names)
        assert len(frozenset().union(*names)) == len(term.args)


def test_a_long_sum_is_bounded_equated_and_compared_with_another() -> None:
    forms: set[tuple[str, bool]] = set()
    for program in draw_programs(150, **ALONE):
        for statement in program.body:
            if statement.op == "check" and isinstance(condition := statement.term("cond"), Apply):
                sides = [isinstance(side, Apply) and len(side.args) >= FEWEST for side in condition.args]
                forms.add((condition.op, all(sides)))
    assert {("eq", False), ("le", False), ("ge", False), ("le", True), ("ge", True)} <= forms


@pytest.mark.parametrize("profile", PROFILES)
def test_every_profile_has_sums_of_three_or_more_items(profile: str) -> None:
    drawn = [program for start in range(3) for program in draw_programs(150, start=start, profile=profile)]
    having = sum(any(len(items_of(term)) >= FEWEST for term in demanded_sums(program)) for program in drawn)
    assert having >= len(drawn) // 20


@pytest.mark.parametrize("comparison", COMPARISONS)
def test_a_check_of_a_sum_raises_exactly_where_it_is_broken(comparison: str) -> None:
    read = CONSTRUCTS["tolist"].statement(values=tuple(map(Const, (1, 2, 3))))
    leaves = tuple(map(Var, ("u0", "u1", "u2")))
    check = CONSTRUCTS["check_sum"].statement(terms=leaves, comparison=comparison, other=Const(6))
    program = Program((), (), (read, check))
    assert Program.from_json(program.to_json()) == program
    assert "torch._check(torch.sym_sum([u0, u1, u2])" in program_source(program)
    forward = compile_program(program)
    for last in (2, 3, 4):
        values = {"u0": 1, "u1": 2, "u2": last}
        right = holds(apply(comparison, 3 + last, 6), {})
        assert all(holds(one.term, values) for one in requirements(program)) == right
        if right:
            forward(*build_inputs(program, values))
        else:
            with pytest.raises(RuntimeError, match="Expected cond to be True"):
                forward(*build_inputs(program, values))


@pytest.mark.parametrize("count", [2, 13])
def test_a_sum_of_too_few_or_too_many_terms_is_refused(count: int) -> None:
    sum_of_many = {"op": "check_sum", "terms": ["u0"] * count, "comparison": "le", "other": 1}
    document = {"schema": 1, "dims": [], "params": [], "body": [{"op": "item", "value": 0}, sum_of_many]}
    with pytest.raises(ProgramError, match="3 to 12 are allowed"):
        Program.from_json(document)


def test_a_check_of_a_sum_brings_no_source_that_was_not_asked_for() -> None:
    drawn = draw_programs(60, sources=["nonzero"])
    assert not {"tolist", "check_sum"} & {statement.op for program in drawn for statement in program.body}
