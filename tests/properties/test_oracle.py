"""The oracle on passes that are known to be right or wrong."""

from __future__ import annotations

import functools
import operator
from dataclasses import replace

import pytest
import sympy
import torch
from torch import fx
from torch.fx.experimental.symbolic_shapes import ShapeEnv
from torch.utils._sympy.value_ranges import ValueRanges

from properties.campaign.check import check_program
from properties.capture.facts import facts_of
from properties.capture.frontends import FRONTENDS, capture
from properties.capture.state import EnvState, changes, is_knowledge
from properties.case import Case
from properties.errors import ToolError
from properties.mutants import MUTANTS
from properties.registry import properties
from properties.subjects import identity, resolve
from properties.verdict import PROVED, Status, Verdict, worst
from runtime_assert import insert_deferred_runtime_asserts as reference
from strategies.terms import FALSE, apply
from tests.properties.programs import DROPPED_BOUND, VACUOUS_EQUALITY, check, item, program
from tests.properties.verdicts import verdict_of

CODES = tuple(code for code, row in properties().items() if not row.share)
ASSERT = torch.ops.aten._assert_scalar.default


def verdicts(prog, frontend, subject):
    checked = check_program(prog, frontend, {"subject": subject}, CODES)
    assert not checked.faults
    assert not checked.refusal
    return checked.verdicts["subject"]


def asserts(graph: fx.Graph) -> list[fx.Node]:
    return [node for node in graph.nodes if node.target is ASSERT]


@pytest.mark.parametrize("frontend", [name for name in FRONTENDS if "+" not in name])
def test_torchs_vacuous_equality_is_refuted_with_an_executed_witness(frontend):
    verdict = verdicts(VACUOUS_EQUALITY, frontend, resolve("torch"))["RA101"]
    assert (verdict.status, verdict.direction, verdict.stage) == (Status.REFUTED, "missing", "pass")
    witness = verdict.witness
    assert witness is not None
    assert witness.eager.by == "check"
    assert witness.after.accepted
    values = dict(witness.values)
    assert values["d0"] + values["d1"] != values["u0"]


@pytest.mark.parametrize("frontend", FRONTENDS)
@pytest.mark.parametrize("prog", [VACUOUS_EQUALITY, DROPPED_BOUND], ids=["equality", "bound"])
def test_the_reference_is_proved_on_every_property(frontend, prog):
    assert {code: str(verdict) for code, verdict in verdicts(prog, frontend, reference).items()} == dict.fromkeys(
        CODES, "PROVED"
    )


def test_a_pass_that_inserts_nothing_is_refuted_where_something_is_required():
    verdict = verdicts(program((), [item(4), check("gt", "u0", 3)]), "make_fx", identity)["RA101"]
    assert str(verdict) == "REFUTED(missing)"


def strengthened(gm, shape_env, name, export=False):
    """Asserts more than was asked: every lower bound is one higher."""
    reference(gm, shape_env, name, export=export)
    for node in asserts(gm.graph):
        condition = node.args[0]
        assert isinstance(condition, fx.Node)
        if condition.target is operator.ge:
            condition.args = (condition.args[0], condition.args[1] + 1)  # type: ignore[operator]


def test_an_invented_assert_is_refuted_as_extra():
    prog = program((), [item(6), check("ge", "u0", 3)])
    found = verdicts(prog, "make_fx", strengthened)
    verdict = found["RA101"]
    assert (str(verdict), verdict.stage) == ("REFUTED(extra)", "pass")
    assert verdict.witness is not None
    assert verdict.witness.eager.accepted
    assert verdict.witness.after.by == "assert"
    assert dict(verdict.witness.values) == {"u0": 3}


def wrong_output(gm, shape_env, name, export=False):
    """Adds one to every size that the program makes from data."""
    reference(gm, shape_env, name, export=export)
    for node in gm.graph.nodes:
        if node.target is torch.ops.aten.zeros.default:
            with gm.graph.inserting_before(node):
                larger = gm.graph.call_function(operator.add, (node.args[0][0], 1))
            node.args = ([larger],)


def test_a_copy_in_the_place_of_a_view_is_refuted_as_altered():
    """Who writes to a view of an input writes to the input; a copy has the same bits and does not."""
    view = {"op": "narrow", "tensor": "a0", "dim": 0, "start": 0, "length": "u0"}
    prog = program((4,), [item(2), check("le", "u0", "d0"), view, item(3)])
    verdict = verdicts(prog, "make_fx", MUTANTS["returns-copies"].subject)["RA201"]
    assert (str(verdict), verdict.skeleton) == ("REFUTED(altered)", "memory")


def test_a_changed_result_is_refuted_as_altered():
    prog = program((), [item(6), check("ge", "u0", 3), {"op": "zeros", "shape": ["u0"]}])
    assert str(verdicts(prog, "make_fx", wrong_output)["RA201"]) == "REFUTED(altered)"


def raising(gm, shape_env, name, export=False):
    raise KeyError("u0")


def test_a_pass_that_raises_is_refuted_as_crash_and_the_rest_is_undecided():
    found = verdicts(VACUOUS_EQUALITY, "make_fx", raising)
    assert str(found.pop("RA101")) == "REFUTED(crash)"
    assert {verdict.status for code, verdict in found.items() if code != "RA305"} == {Status.UNDECIDED}


def impure(gm, shape_env, name, export=False):
    reference(gm, shape_env, name, export=export)
    for ras in shape_env.deferred_runtime_asserts.values():
        ras.append(ras[0])


def test_a_change_inside_of_the_shape_envs_lists_is_refuted_and_undone():
    taken = capture(VACUOUS_EQUALITY, "make_fx")
    facts = facts_of(taken)
    verdict = properties()["RA305"].check(Case(facts, "impure", impure))
    assert str(verdict) == "REFUTED(impure)"
    assert "deferred_runtime_asserts" in verdict.detail
    assert changes(taken.state, EnvState.take(taken.shape_env)) == []


def test_a_shape_env_with_equal_but_other_objects_has_not_changed():
    before = capture(VACUOUS_EQUALITY, "shape_env").state
    known = before.attributes["var_to_range"]

    def changed(ranges) -> list[str]:
        return [name for name, _, _ in changes(before, EnvState({**before.attributes, "var_to_range": ranges}))]

    assert changed({symbol: ValueRanges(bounds.lower, bounds.upper) for symbol, bounds in known.items()}) == []
    # A symbol less, or the same ones in another order, which a pass may go by.
    assert changed(dict(list(known.items())[1:])) == ["var_to_range"]
    assert changed(dict(reversed(known.items()))) == ["var_to_range"]


def test_what_torch_does_not_compare_as_state_of_a_shape_env_is_no_knowledge() -> None:
    """torch 2.15 brought a memo table of symbolic operations, and RA305 called its filling a change."""
    (left_out,) = [
        const
        for const in ShapeEnv.check_equal.__code__.co_consts
        if isinstance(const, tuple) and "_version_counter" in const
    ]
    assert [name for name in left_out if is_knowledge(name)] == []


@pytest.mark.parametrize("name", ["_symop_cache", "foreign_unbacked_symbol_cache", "fx_node_cache"])
def test_filling_a_memo_table_is_no_change_of_the_shape_env(name: str) -> None:
    env = ShapeEnv()
    setattr(env, name, {})
    before = EnvState.take(env)
    getattr(env, name)["what was asked"] = "what came of it"
    assert changes(before, EnvState.take(env)) == []
    env.replacements[sympy.Symbol("u0")] = sympy.Integer(3)
    assert [changed for changed, _, _ in changes(before, EnvState.take(env))] == ["replacements"]


def growing(gm, shape_env, name, export=False):
    """Asserts one more bound on every run, each another one."""
    item = next(node for node in gm.graph.nodes if node.op == "call_function")
    with gm.graph.inserting_before(list(gm.graph.nodes)[-1]):
        bound = gm.graph.call_function(operator.ge, (item, -1000 - len(gm.graph.nodes)))
        gm.graph.call_function(ASSERT, (bound, "grows"))


def test_a_pass_that_grows_on_every_run_is_refuted():
    assert str(verdicts(VACUOUS_EQUALITY, "make_fx", growing)["RA301"]) == "REFUTED(altered)"


def misplaced(gm, shape_env, name, export=False):
    """Moves the first assert in front of what it reads."""
    reference(gm, shape_env, name, export=export)
    node = asserts(gm.graph)[0]
    next(iter(gm.graph.nodes)).prepend(node)


def test_an_ill_ordered_graph_is_refuted_as_malformed():
    verdict = verdicts(VACUOUS_EQUALITY, "make_fx", misplaced)["RA202"]
    assert (str(verdict), verdict.skeleton) == ("REFUTED(malformed)", "lint")


def _without_output(gm):
    gm.graph.erase_node(next(iter(gm.graph.find_nodes(op="output"))))


def _says_a_number(gm):
    for node in asserts(gm.graph):
        node.args = (node.args[0], 5)


def _says_nothing(gm):
    for node in asserts(gm.graph):
        node.args = node.args[:1]


def _asserts_a_number(gm):
    for node in asserts(gm.graph):
        node.args = (float("nan"), *node.args[1:])


def _without_the_message_that_its_call_needs(gm):
    for node in asserts(gm.graph):
        node.target = torch._check_with
        node.args = (ValueError, node.args[0])  # type: ignore[assignment]


def _renames_an_input(gm):
    next(iter(gm.graph.nodes)).target = "renamed"


@pytest.mark.parametrize(
    ("edit", "kind"),
    [
        (_without_output, "output"),
        (_says_a_number, "message"),
        (_says_nothing, "message"),
        (_asserts_a_number, "condition"),
        (_without_the_message_that_its_call_needs, "call"),
        (_renames_an_input, "inputs"),
    ],
)
def test_whatever_form_a_pass_leaves_the_graph_in_is_its_fault_and_none_of_the_tool(edit, kind):
    def subject(gm, shape_env, name, export=False):
        reference(gm, shape_env, name, export=export)
        edit(gm)

    found = check_program(VACUOUS_EQUALITY, "make_fx", {"odd": subject}, tuple(properties()))
    assert not found.faults
    verdict = found.verdicts["odd"]["RA202"]
    assert (str(verdict), verdict.skeleton) == ("REFUTED(malformed)", kind)


def test_a_pass_that_asserts_on_the_device_is_judged_like_any_other():
    """``_assert_async`` of a tensor that holds the condition, as backends write asserts that must not wait for it."""

    def asynchronous(gm, shape_env, name, export=False, keep=True):
        reference(gm, shape_env, name, export=export)
        for node in asserts(gm.graph):
            if keep:
                with gm.graph.inserting_before(node):
                    held = gm.graph.call_function(torch.ops.aten.scalar_tensor.default, (node.args[0],))
                    said = gm.graph.call_function(torch.ops.aten._assert_async.msg, (held, node.args[1]))
                held.meta, said.meta = dict(node.meta), dict(node.meta)
            gm.graph.erase_node(node)

    codes = ("RA101", "RA102", "RA103", "RA104", "RA105", "RA201", "RA202", "RA204", "RA401", "RA701")
    for keep, expected in ((True, "PROVED"), (False, "REFUTED(missing)")):
        subject = functools.partial(asynchronous, keep=keep)
        found = check_program(VACUOUS_EQUALITY, "make_fx", {"odd": subject}, codes)
        assert not found.faults
        assert str(found.verdicts["odd"]["RA101"]) == expected
        if keep:
            assert {str(verdict) for verdict in found.verdicts["odd"].values()} <= {"PROVED", "VACUOUS"}


def test_a_pass_that_raises_what_is_no_exception_has_crashed():
    class Odd(BaseException):
        """Not an Exception, as SystemExit is none."""

    def subject(gm, shape_env, name, export=False):
        raise Odd("odd")

    found = check_program(VACUOUS_EQUALITY, "make_fx", {"odd": subject}, ("RA101",))
    assert str(found.verdicts["odd"]["RA101"]) == "REFUTED(crash)"


def test_a_number_that_is_asserted_holds_unless_it_is_zero():
    """``_assert_scalar`` takes any scalar: a pass may write a condition ``u0 != 0`` as ``u0``."""

    def subject(gm, shape_env, name, export=False):
        reference(gm, shape_env, name, export=export)
        for node in asserts(gm.graph):
            condition = node.args[0]
            if isinstance(condition, fx.Node) and condition.target is operator.ne:
                node.args = (condition.args[0], *node.args[1:])

    nonzero = program((), [item(6), check("ne", "u0", 0)])
    found = verdicts(nonzero, "make_fx", subject)
    assert {code: str(found[code]) for code in ("RA101", "RA102")} == {"RA101": "PROVED", "RA102": "PROVED"}


def test_contradictory_checks_are_vacuous_and_not_proved():
    facts = facts_of(capture(program((), [item(6), check("ge", "u0", 3)]), "make_fx"))
    contradiction = facts.obligations[0].term
    absurd = replace(facts, assumptions=(*facts.assumptions, apply("not", contradiction)))
    verdict = properties()["RA101"].check(Case(absurd, "reference", reference))
    assert verdict.status is Status.VACUOUS


def test_an_obligation_that_cannot_be_read_is_undecided():
    facts = facts_of(capture(VACUOUS_EQUALITY, "make_fx"))
    verdict = properties()["RA101"].check(Case(replace(facts, unread=("f(u0)",)), "reference", reference))
    assert (verdict.status, verdict.reason) == (Status.UNDECIDED, "unread obligation")


def test_a_reader_that_contradicts_execution_is_a_fault_of_the_tool():
    facts = facts_of(capture(VACUOUS_EQUALITY, "make_fx"))
    case = Case(facts, "reference", reference)
    case.__dict__["emitted_terms"] = (FALSE,)
    with pytest.raises(ToolError):
        properties()["RA102"].check(case)


def test_the_worst_verdict_counts():
    refuted, undecided = Verdict(Status.REFUTED, direction="missing"), Verdict(Status.UNDECIDED)
    assert worst([PROVED, undecided, refuted]) is refuted
    assert worst([PROVED, Verdict(Status.TOOL_ERROR), refuted]).status is Status.TOOL_ERROR
    assert worst([PROVED, undecided]) is undecided


def test_subjects_share_a_capture_without_seeing_each_other():
    facts = facts_of(capture(VACUOUS_EQUALITY, "make_fx"))
    first = Case(facts, "reference", reference).emitted_terms
    Case(facts, "impure", impure)
    Case(facts, "torch", resolve("torch"))
    assert Case(facts, "reference", reference).emitted_terms == first


def test_a_check_that_is_an_operator_of_the_graph_may_reject_by_itself():
    ranged = program(
        (), [item(0), {"op": "check_range", "leaf": "u0", "least": -3, "most": 2, "function": "constrain"}]
    )
    # Dynamo leaves the user's call in the graph, which says what it says eagerly.
    assert str(verdict_of("RA102", ranged, "compile", identity)) == "PROVED"
