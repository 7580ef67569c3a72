"""torch's examples and operators as cases: a fast part of what the commands run in full."""

from __future__ import annotations

import pytest

from properties.subjects import resolve
from properties.targets import run_target
from properties.targets.collections import case_names, check_case

SUBJECTS = ("torch", "reference")


def test_every_example_of_torch_is_a_case() -> None:
    """The names are those of torch's own table."""
    from torch._export.db.examples import all_examples

    assert sorted(all_examples()) == list(case_names("torch:examples"))


@pytest.mark.parametrize("name", ["constrain_as_size_example", "constrain_as_value_example", "dynamic_shape_assert"])
def test_examples_of_torch_are_checked_without_a_fault_of_either_pass(name: str) -> None:
    """What torch ships as examples is exported and every property is decided."""
    (row,) = check_case("torch:examples", name, ("export",), SUBJECTS, ())
    assert not row["errors"]
    assert row["outcome"] in ("captured", "plain")
    for result in row["subjects"].values():
        assert {item["status"] for item in result["verdicts"].values()} <= {"PROVED", "VACUOUS"}


@pytest.mark.parametrize("name", ["op:nonzero", "op:masked_select", "op:unique", "op:argwhere", "op:repeat_interleave"])
def test_operators_whose_size_depends_on_data_have_runtime_constraints(name: str) -> None:
    """The operator's own samples yield captures with constraints, and our pass is right on them."""
    rows = check_case("torch:operators", name, ("make_fx",), ("reference",), ("RA101", "RA102", "RA201", "RA202"))
    captured = [row for row in rows if row["outcome"] == "captured"]
    assert captured
    for row in captured:
        assert not row["errors"]
        assert not row["subjects"]["reference"]["findings"]


def test_the_subjects_of_a_collection_resolve() -> None:
    """Workers resolve subjects by name, as the command does."""
    assert all(callable(resolve(name)) for name in SUBJECTS)


@pytest.mark.parametrize("name", ["op:index_select", "op:transpose", "op:split"])
def test_operators_that_the_rules_about_sizes_do_not_foresee_are_read(name: str) -> None:
    """Their samples hold tensors of no dimension, and more pieces of a tensor than a rule knows the sizes of."""
    rows = check_case("torch:operators", name, ("make_fx",), ("reference",), ("RA101",))
    assert [row["errors"] for row in rows] == [[]] * len(rows)


def test_cases_are_chosen_by_any_of_several_texts() -> None:
    """``--only`` may be given more than once."""
    _, rows = run_target("torch:examples", only=("dynamic_shape_view", "dynamic_shape_if"), codes=("RA101",))
    assert [row["target"] for row in rows] == ["dynamic_shape_if_guard", "dynamic_shape_view"]


@pytest.mark.parametrize("name", ["op:new_empty", "op:to_sparse"])
def test_outputs_that_are_no_plain_numbers_are_compared(name: str) -> None:
    """Memory that nobody wrote to is no difference between two passes, and a sparse output has no strides."""
    rows = check_case("torch:operators", name, ("export",), ("torch",), ("RA101",), True)
    assert {said for row in rows for said in row["in_place"].values()} <= {"same", "both refuse"}
    assert all(row["in_place"]["compile"] == "same" for row in rows)
