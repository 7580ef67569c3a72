"""Drawing and shrinking: the same for the same seed, different Programs, and a shrink that starts where it should."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import pytest

from properties.campaign.draw import draw, shard_seed, shrink
from strategies.terms import Apply


def test_a_shard_draws_the_same_different_programs_again():
    first, second = draw(11, "audit", 30), draw(11, "audit", 30)
    assert first == second
    assert len({program.key() for program in first}) == len(first) == 30


def test_what_is_drawn_does_not_depend_on_which_modules_are_loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Else it would depend on the worker, on the subject's source, and on how this package is installed."""
    before = draw(11, "audit", 60)
    for number in range(3):
        (tmp_path / f"mine{number}.py").write_text(f"NUMBERS = {[*range(number, 4096, 7)]}\n")
        monkeypatch.syspath_prepend(tmp_path)
        module = importlib.import_module(f"mine{number}")
        monkeypatch.setitem(sys.modules, f"again{number}", module)
    assert draw(11, "audit", 60) == before


def test_a_narrowed_draw_has_what_it_was_narrowed_to_and_nothing_else():
    found = draw(11, "audit", 20, narrowed={"sources": ("item_bool",), "checks": (), "consumers": ()})
    kinds = {statement.op for program in found for statement in program.body}
    assert kinds == {"item_bool"}


def test_shards_have_seeds_of_their_own():
    seeds = {shard_seed(seed, cell, shard) for seed in range(3) for cell in range(3) for shard in range(3)}
    assert len(seeds) == 27


def _has_equality(program) -> bool:
    return any(
        isinstance(condition, Apply) and condition.op == "eq"
        for statement in program.body
        for name, condition in statement.args
        if name == "cond"
    )


def test_shrinking_from_a_drawn_program_keeps_what_is_interesting():
    target = next(program for program in reversed(draw(11, "audit", 60)) if _has_equality(program))
    smallest = shrink(11, "audit", 60, target, _has_equality)
    assert _has_equality(smallest)
    assert len(smallest.body) <= min(2, len(target.body))


def test_a_target_that_the_seed_does_not_draw_is_its_own_smallest():
    (foreign,) = draw(12, "audit", 1)
    target = next(program for program in draw(13, "nightly", 40) if len(program.body) > 3)
    assert shrink(14, "smoke", 1, target, lambda program: program == foreign) == target
