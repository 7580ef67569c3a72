"""Graphs as other tracers write them: they mean what the Program's own graph means, and our pass does right by them."""

from __future__ import annotations

import functools
import random
from dataclasses import replace

import pytest
from torch import fx

from properties.campaign.draw import draw, shard_seed
from properties.capture.facts import facts_of
from properties.capture.foreign import FOREIGN
from properties.capture.frontends import capture
from properties.capture.obligations import other_obligations
from properties.capture.respelling import FAITHFUL, respelled
from properties.capture.state import changes
from properties.capture.types import Capture
from properties.case import Case
from properties.errors import NotCaptured
from properties.registry import properties
from properties.verdict import Status
from runtime_assert import insert_deferred_runtime_asserts as reference
from runtime_assert import insert_with_report

FRONTENDS = ("shape_env", "make_fx", "compile")
CODES = ("RA101", "RA102", "RA202", "RA204", "RA301")


@functools.cache
def captures(frontend: str) -> tuple[Capture, ...]:
    found = []
    for program in draw(shard_seed(0, 0, 0), "nightly", 5, frontend):
        try:
            found.append(capture(program, frontend))
        except NotCaptured:
            continue
    return tuple(found)


def case_of(captured: Capture, habits: list[str]) -> Case:
    module = captured.copy_of_graph()
    respelled(module, captured.shape_env, captured.program.key(), {name: FAITHFUL[name] for name in habits})
    return Case(facts_of(replace(captured, graph=module)), "reference", reference)


@pytest.mark.parametrize("frontend", FRONTENDS)
@pytest.mark.parametrize("habit", [*FAITHFUL, "all"])
def test_our_pass_is_proved_on_a_graph_that_is_written_in_another_way(habit, frontend):
    for captured in captures(frontend):
        case = case_of(captured, list(FAITHFUL) if habit == "all" else [habit])
        for code in CODES:
            verdict = properties()[code].check(case)
            assert verdict.status in (Status.PROVED, Status.VACUOUS), (code, str(verdict), verdict.detail)


def shown(module: fx.GraphModule) -> str:
    nodes = [(str(node), node.format_node(), dict(node.meta)) for node in module.graph.nodes]
    return f"{nodes} {len(module._create_node_hooks)}"


@pytest.mark.parametrize("habit", FOREIGN)
def test_each_habit_changes_some_graph_or_what_is_known_of_it(habit):
    def changed(captured: Capture, seed: int) -> bool:
        module, env = captured.copy_of_graph(), captured.shape_env
        captured.state.restore(env)
        before = shown(module)
        respelled(module, env, seed, {habit: FOREIGN[habit]})
        learned = changes(captured.state, captured.state.take(env))
        captured.state.restore(env)
        return before != shown(module) or learned != []

    cases = [captured for frontend in FRONTENDS for captured in captures(frontend)]
    assert any(changed(captured, seed) for captured in cases for seed in range(3))


@pytest.mark.parametrize("frontend", FRONTENDS)
def test_our_pass_leaves_a_legal_graph_of_whatever_it_is_given(frontend):
    for captured in captures(frontend):
        for seed in range(4):
            module, env = captured.copy_of_graph(), captured.shape_env
            captured.state.restore(env)
            respelled(module, env, seed, FOREIGN)
            module.graph.lint()
            known = captured.state.take(env)
            for _ in range(2):
                reference(module, env, captured.name, export=captured.export)
                module.graph.lint()
            assert changes(known, captured.state.take(env)) == []
            captured.state.restore(env)


@pytest.mark.parametrize("frontend", FRONTENDS)
def test_our_pass_asserts_what_no_program_obliges_it_to_or_says_why_it_cannot(frontend):
    added = 0
    for captured in captures(frontend):
        for seed in range(8):
            module, env = captured.copy_of_graph(), captured.shape_env
            captured.state.restore(env)
            other_obligations(module, env, random.Random(seed))
            known = captured.state.take(env)
            added += changes(captured.state, known) != []
            report = insert_with_report(module, env, captured.name, export=captured.export)
            module.graph.lint()
            assert all(row.reason for row in report.unplaceable)
            assert changes(known, captured.state.take(env)) == []
            captured.state.restore(env)
    assert added


def test_the_same_seed_respells_a_graph_in_the_same_way():
    captured = captures("make_fx")[0]
    texts = []
    for _ in range(2):
        module = captured.copy_of_graph()
        chosen = respelled(module, captured.shape_env, "a seed")
        texts.append((chosen, str(module.graph)))
    assert texts[0] == texts[1]
    assert texts[0][1] != str(captured.graph.graph)
