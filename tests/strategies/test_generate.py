"""The strategy of Programs keeps its promises: valid, varied, deterministic, narrowed by its arguments."""

from __future__ import annotations

from collections import Counter

import pytest

from strategies import (
    CONSTRUCTS,
    Apply,
    Program,
    build_inputs,
    compile_program,
    example,
    holds,
    programs,
    requirements,
)
from strategies.drawing.forms import RELATIONS
from strategies.generate import PROFILES
from strategies.terms import Const, Term, Var, variables, walk
from tests.strategies.drawing import draw_programs, many_programs, nightly_programs


def checks_of(program: Program) -> list[Term]:
    return [statement.term("cond") for statement in program.body if "cond" in dict(statement.args)]


def share(predicate) -> float:
    drawn = many_programs()
    return sum(map(bool, map(predicate, drawn))) / len(drawn)


def test_every_program_satisfies_its_own_requirements_on_its_example() -> None:
    for program in nightly_programs():
        assert [item for item in requirements(program) if not holds(item.term, example(program))] == []


@pytest.mark.parametrize("profile", PROFILES)
def test_at_least_95_percent_run_in_eager_mode(profile: str) -> None:
    drawn, failed = draw_programs(500, profile=profile), 0
    for program in drawn:
        try:
            compile_program(program)(*build_inputs(program, example(program)))
        except (RuntimeError, ValueError, TypeError, ArithmeticError, LookupError, AssertionError):
            failed += 1
    assert failed <= 0.05 * len(drawn)


def test_the_same_seed_gives_the_same_programs() -> None:
    assert draw_programs(40, start=7) == draw_programs(40, start=7)
    assert draw_programs(40, start=7) != draw_programs(40, start=8)


def test_a_formatted_message_is_drawn_only_for_a_condition_that_has_a_leaf_to_show() -> None:
    formatted = [part for one in many_programs() for part in one.body if part.op == "check_formatted"]
    assert len(formatted) > 10
    assert all(variables(part.term("cond")) for part in formatted)


@pytest.mark.parametrize("name", sorted(CONSTRUCTS))
def test_every_construct_appears(name: str) -> None:
    assert share(lambda program: any(statement.op == name for statement in program.body)) > 0.005


@pytest.mark.parametrize(
    "op",
    [
        "eq",
        "ne",
        "lt",
        "le",
        "gt",
        "ge",
        "add",
        "sub",
        "mul",
        "neg",
        "min",
        "max",
        "mod",
        "floordiv",
        "and",
        "or",
        "not",
        "ite",
        "bitand",
        "rshift",
        "float_le",
        "int_div",
        "to_float",
    ],
)
def test_every_operator_appears_in_checks(op: str) -> None:
    assert (
        share(
            lambda program: any(
                isinstance(part, Apply) and part.op == op for check in checks_of(program) for part in walk(check)
            )
        )
        >= 0.01
    )


def test_floats_are_made_integers_in_each_of_the_four_ways() -> None:
    found = Counter(
        part.op
        for program in many_programs()
        for check in checks_of(program)
        for part in walk(check)
        if isinstance(part, Apply) and part.op in ("trunc", "floor", "ceil", "round")
    )
    assert len(found) == 4
    assert sum(found.values()) > 0.02 * len(many_programs())


def test_negative_divisors_and_dividends_appear() -> None:
    def divisions(program: Program) -> list[Apply]:
        return [
            part
            for check in checks_of(program)
            for part in walk(check)
            if isinstance(part, Apply) and part.op in ("floordiv", "mod")
        ]

    assert (
        share(
            lambda program: any(
                isinstance(part.args[1], Const) and part.args[1].value < 0 for part in divisions(program)
            )
        )
        > 0.03
    )
    assert (
        share(
            lambda program: any(
                isinstance(part.args[0], Apply) and part.args[0].op in ("sub", "neg") for part in divisions(program)
            )
        )
        > 0.03
    )


def test_items_are_equated_with_sums_and_products_of_dims() -> None:
    def is_such(check: Term) -> bool:
        if not (isinstance(check, Apply) and check.op == "eq"):
            return False
        sides = [check.args, check.args[::-1]]
        return any(
            isinstance(left, Var)
            and left.name.startswith("u")
            and isinstance(right, Apply)
            and right.op in ("add", "mul")
            and any(name.startswith("d") for name in variables(right))
            for left, right in sides
        )

    assert share(lambda program: any(map(is_such, checks_of(program)))) > 0.03


def test_checks_relate_two_items() -> None:
    assert (
        share(
            lambda program: any(
                sum(name.startswith("u") for name in variables(check)) > 1 for check in checks_of(program)
            )
        )
        > 0.1
    )


def test_sizes_of_programs_vary_up_to_the_limit() -> None:
    lengths = Counter(len(program.body) for program in nightly_programs())
    assert max(lengths) > PROFILES["nightly"].max_statements // 2
    assert len(lengths) > PROFILES["nightly"].max_statements // 2


def test_most_programs_differ() -> None:
    keys = [program.key() for program in nightly_programs()]
    assert len(set(keys)) > 0.7 * len(keys)


def test_dims_of_one_program_have_different_examples_that_are_seldom_below_two() -> None:
    for program in nightly_programs():
        assert len(set(program.dims)) == len(program.dims)
    assert 0.01 < share(lambda program: min(program.dims, default=2) < 2) < 0.3


def test_some_inputs_begin_where_a_size_says_and_some_slices_take_a_step_that_the_data_decides() -> None:
    def begins(program: Program) -> bool:
        return any(not isinstance(param.offset, Const) for param in program.params)

    def steps(program: Program) -> bool:
        slices = [statement for statement in program.body if statement.op == "slice"]
        return any(not isinstance(statement.term("step"), Const) for statement in slices)

    assert share(begins) > 0.005
    drawn = draw_programs(120, sources=["item"], consumers=["slice"], min_statements=5, max_statements=8)
    assert sum(map(steps, drawn)) > 3


def test_params_share_dims_and_have_constant_sizes() -> None:
    def shared(program: Program) -> bool:
        used = [size for param in program.params for size in param.shape if isinstance(size, Var)]
        return len(set(used)) < len(used)

    def mixed(program: Program) -> bool:
        kinds = [{type(size) for size in param.shape} for param in program.params]
        return {Const, Var} in kinds

    assert share(shared) > 0.03
    assert share(mixed) > 0.03


def test_arguments_narrow_what_is_drawn() -> None:
    for program in draw_programs(40, sources=["nonzero"], checks=["scaled"], consumers=[], max_statements=3):
        assert {statement.op for statement in program.body} <= {"nonzero", "check"}
        assert len(program.body) <= 3
        for check in checks_of(program):
            assert any(isinstance(part, Apply) and part.op == "mul" for part in walk(check))


def test_the_least_number_of_statements_is_kept() -> None:
    assert min(len(program.body) for program in draw_programs(60, min_statements=4, max_statements=6)) >= 4


@pytest.mark.parametrize("name", sorted(RELATIONS))
def test_each_form_of_check_can_be_asked_for(name: str) -> None:
    drawn = draw_programs(20, checks=[name], consumers=[], min_statements=4, max_statements=8)
    assert any(checks_of(program) for program in drawn)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"profile": "weekly"}, "profile='weekly' is not one of"),
        ({"sources": ["itme"]}, "sources='itme' is not one of"),
        ({"checks": ["bounds"]}, "checks='bounds' is not one of"),
        ({"consumers": ["item"]}, "consumers='item' is not one of"),
        ({"min_statements": 5, "max_statements": 4}, "min_statements=5 is not between 0 and max_statements=4"),
        ({"sources": [], "checks": [], "consumers": []}, "are all empty"),
    ],
)
def test_wrong_arguments_are_named_with_what_is_allowed(arguments: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        programs(**arguments)
