"""The reading of mutmut's results: survivors need a reason, and reasons need a survivor."""

from __future__ import annotations

from tests.quality.mutation import Mutation, function_of, judged, listed, mutation_of, statuses

DIFF = """--- properties/solver/normal.py
+++ properties/solver/normal.py
@@ -1,3 +1,3 @@
 def linear(term):
-    return totals, 0
+    return totals, 1
"""
NAME = "properties.solver.normal.x_linear__mutmut_3"
CHANGE = Mutation("properties.solver.normal.linear", "return totals, 0", "return totals, 1")


def test_the_name_of_a_mutant_tells_its_function():
    assert function_of(NAME) == "properties.solver.normal.linear"
    assert function_of("a.b.xǁKnownǁimplies__mutmut_12") == "a.b.Known.implies"


def test_a_mutant_is_known_by_the_lines_that_it_changes():
    assert mutation_of(NAME, DIFF) == CHANGE


def test_a_survivor_needs_a_reason_and_a_reason_a_survivor():
    alive = {NAME: "survived"}
    assert judged(alive, {NAME: CHANGE}, {CHANGE: "does the same"}) == []
    assert judged(alive, {NAME: CHANGE}, {}) == [f"survives: {CHANGE} ({NAME})"]
    killed = {NAME: "killed"}
    assert judged(killed, {}, {CHANGE: "does the same"}) == [f"listed, but killed or gone: {CHANGE}"]
    assert judged({**killed, "a.b.x_c__mutmut_1": "not checked"}, {}, {CHANGE: "does the same"}) == []
    other = Mutation("properties.read.graph.read", "", "")
    assert judged(killed, {}, {other: "of a module that did not run"}) == []


def test_the_results_of_other_modules_are_left_out():
    output = f"    {NAME}: survived\n    properties.solver.query.x_solve__mutmut_1: killed\n\n"
    assert statuses(output, ["properties.solver.normal"]) == {NAME: "survived"}


def test_every_listed_survivor_has_a_reason():
    assert all(reason.strip() for reason in listed().values())
