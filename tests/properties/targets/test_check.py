"""Foreign code is checked like a Program: with executed witnesses, and with what is not known left open."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import pytest

from properties.errors import UsageError
from properties.targets import run_target

CODE = str(Path(__file__).with_name("code.py"))


@functools.cache
def row_of(name: str, frontend: str, subject: str, *inputs: str) -> dict[str, Any]:
    _, rows = run_target(f"{CODE}:{name}", inputs=inputs, subjects=(subject,), frontends=(frontend,))
    (row,) = rows
    assert not row["errors"]
    return row


@pytest.mark.parametrize("frontend", ["export", "export-strict", "make_fx", "compile"])
def test_shows_a_lost_equality_of_a_users_model_by_an_executed_input(frontend: str) -> None:
    """Through every frontend the missing assert is found, and an input of other sizes shows it."""
    result = row_of("lost_equality", frontend, "torch")["subjects"]["torch"]
    (finding,) = [item for item in result["findings"] if item["property"] == "RA101"]
    witness = finding["witness"]
    assert finding["direction"] == "missing"
    assert witness["values"]["a.shape[0]"] + witness["values"]["b.shape[0]"] != witness["values"]["x[0].item()"]
    assert (witness["eager"]["by"], witness["after"]["outcome"]) == ("check", "accepted")


@pytest.mark.parametrize("frontend", ["export", "export-strict", "make_fx", "compile"])
def test_finds_nothing_to_say_against_the_reference_pass(frontend: str) -> None:
    """The same model under our pass: one needed assert, nothing unchecked, every property holds."""
    result = row_of("lost_equality", frontend, "reference")["subjects"]["reference"]
    assert [item["state"] for item in result["asserts"]] == ["needed"]
    assert result["unchecked"] == []
    assert {item["status"] for item in result["verdicts"].values()} <= {"PROVED", "VACUOUS"}


def test_tells_what_an_assert_protects_and_where_it_comes_from() -> None:
    """An assert's row names the recorded constraint and the line in the user's file."""
    (row,) = row_of("lost_equality", "make_fx", "reference")["subjects"]["reference"]["asserts"]
    assert row["condition"] == "a.shape[0] + b.shape[0] == x[0].item()"
    assert any(text.startswith("deferred: ") for text in row["protects"])
    source = Path(CODE).read_text(encoding="utf-8").splitlines()
    path, line = row["source"].rsplit(":", 1)
    assert CODE.endswith(path)
    assert row["line"] == source[int(line) - 1].strip()
    assert "torch._check(a.shape[0] + b.shape[0] == total)" in source[int(line) - 1]


def test_lists_what_no_assert_checks() -> None:
    """Under a pass that inserts nothing every constraint is listed as not checked."""
    result = row_of("lost_equality", "make_fx", "identity")["subjects"]["identity"]
    assert "a.shape[0] + b.shape[0] == x[0].item()" in [item["condition"] for item in result["unchecked"]]


def test_counts_in_a_mask_are_realised() -> None:
    """The length of ``nonzero()`` is varied by writing true elements into the mask."""
    row = row_of("selected", "make_fx", "identity", "float32[d]", "bool[d]")
    result = row["subjects"]["identity"]
    (finding,) = [item for item in result["findings"] if item["property"] == "RA101"]
    assert finding["witness"]["values"]["mask.nonzero().shape[0]"] < 2
    assert finding["witness"]["eager"]["by"] == "check"


def test_a_difference_that_cannot_be_executed_is_undecided() -> None:
    """A value that is computed from the inputs cannot be set: no REFUTED without a witness, and no PROVED."""
    verdict = row_of("hidden", "make_fx", "identity")["subjects"]["identity"]["verdicts"]["RA101"]
    assert verdict["text"] == "UNDECIDED(a difference that no execution showed)"


def test_example_inputs_may_be_keyword_arguments() -> None:
    """A dict of example inputs is passed by name."""
    result = row_of("keyword_only", "export", "reference")["subjects"]["reference"]
    assert len(result["asserts"]) == 2
    assert result["unchecked"] == []


def test_a_refusal_of_torch_is_a_row_with_its_reason() -> None:
    """A branch on data cannot be exported; torch's own first line says why."""
    row = row_of("branches_on_data", "export", "torch")
    assert row["outcome"] == "refused"
    assert row["reason"].startswith("GuardOnDataDependentSymNode: ")


@pytest.mark.parametrize(
    ("target", "inputs", "said"),
    [
        ("nowhere.py:f", (), "there is no file 'nowhere.py'"),
        (f"{CODE}:nothing", (), "has no 'nothing'"),
        (f"{CODE}:not_callable", (), "is a int"),
        (f"{CODE}:without_inputs", (), "no example inputs"),
        (f"{CODE}:rejects_its_example", (), "its own example inputs are rejected"),
        (f"{CODE}:NeedsArguments", (), "cannot be made without arguments"),
        (f"{CODE}:without_inputs", ("float31[3]",), "unknown dtype 'float31'"),
        (f"{CODE}:without_inputs", ("float32[3",), "not understood"),
        (f"{CODE}:without_inputs", ("float32[d=3]", "float32[d=4]"), "d is 3 in an earlier input"),
        (f"{CODE}:without_inputs", ("int64[2]=[1,2,3]",), "does not fill"),
        ("no_such_module_here.part:f", (), "there is no module"),
        ("torch:nothing", (), "allowed: torch:examples"),
        ("just-a-word", (), "allowed: package.module:callable"),
    ],
)
def test_a_users_mistake_is_one_line_that_names_it(target: str, inputs: tuple[str, ...], said: str) -> None:
    """Every mistake ends in a UsageError of one line."""
    with pytest.raises(UsageError, match=r".+") as caught:
        run_target(target, inputs=inputs)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_code_that_raises_when_it_is_imported_is_the_users_mistake(tmp_path: Path) -> None:
    """The module's own error is named in one line, also if it exits."""
    for text, said in (
        ("raise RuntimeError('boom')", "RuntimeError: boom"),
        ("import sys; sys.exit(3)", "SystemExit: 3"),
    ):
        path = tmp_path / f"m{len(said)}.py"
        path.write_text(text)
        with pytest.raises(UsageError) as caught:
            run_target(f"{path}:f")
        assert said in str(caught.value)


@pytest.mark.parametrize("frontend", ["export", "export-strict", "make_fx", "compile"])
def test_every_assert_and_every_gap_has_its_line_in_the_users_file(frontend: str) -> None:
    """Whatever the front end keeps of the user's stack, the check's own line is told (Dynamo's graph has the check)."""
    result = row_of("lost_equality", frontend, "identity")["subjects"]["identity"]
    said = [*result["unchecked"], *result["asserts"]]
    (check,) = [item for item in said if "==" in item["condition"]]
    assert (check["source_of"], check["line"]) == ("check", "torch._check(a.shape[0] + b.shape[0] == total)")
    result = row_of("lost_equality", frontend, "torch")["subjects"]["torch"]
    assert all(item["line"] for item in result["asserts"])


def test_a_refusal_names_the_line_that_torch_refuses() -> None:
    """The user's own line, not one of torch's."""
    for frontend in ("export", "compile"):
        assert row_of("branches_on_data", frontend, "torch")["line"] == "return x if x.sum() > 0 else -x"


def test_of_asserts_that_imply_each_other_one_is_needed() -> None:
    """What is called implied follows from those that are called needed, which say why."""
    asserts = row_of("pinned", "export", "torch")["subjects"]["torch"]["asserts"]
    assert [item["state"] for item in asserts].count("needed") == 1
    assert any(item["why"] == "it follows from x[0].item() == 3" for item in asserts)


@pytest.mark.parametrize("frontend", ["export", "make_fx", "compile"])
def test_a_number_read_out_of_an_input_without_dimensions_is_understood(frontend: str) -> None:
    """Under Dynamo it is a backed symbol that no node binds."""
    row = row_of("scalar_position", frontend, "reference")
    verdicts = row["subjects"]["reference"]["verdicts"]
    assert {item["status"] for item in verdicts.values()} <= {"PROVED", "VACUOUS"}
    assert not row["subjects"]["reference"]["unchecked"]


def test_a_number_among_the_inputs_is_fixed_unless_it_has_a_name() -> None:
    """``int=3`` is what torch makes of it, a constant, and the row says so; ``int=n=3`` stays open."""
    assert row_of("first_rows", "export", "torch", "float32[d]", "int=3")["fixed"] == {"n": 3}
    row = row_of("first_rows", "export", "torch", "float32[d]", "int=n=3")
    assert row["fixed"] == {}
    assert "n" in row["leaves"].values()


def test_what_is_asked_of_programs_alone_is_refused() -> None:
    """Properties that trace a generated Program again cannot be asked of code."""
    with pytest.raises(UsageError, match="RA601: is asked of generated programs only"):
        run_target(f"{CODE}:lost_equality", codes=("RA601",))
