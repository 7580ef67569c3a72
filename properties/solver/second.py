"""A second solver, cvc5 (the extra ``[cvc5]``): asked where z3 gives up, and on request about every answer.

It shares no code with what it is asked about but the encoding of terms. It is never needed: without it
queries end as they did, and only a request to confirm is refused.
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from typing import Any

from properties.errors import ToolError, UsageError
from properties.phases import SOLVER, phase
from properties.solver.smt import Answer, Budget, Groups, approximations, satisfies
from properties.solver.smtlib import smtlib
from strategies.terms import Sort, Term, Value, leaves_of

NAME = "cvc5"
_RESOURCES = 200_000
"""What one call may do, in cvc5's own unit: some seconds."""
_MILLISECONDS = 20_000
_MISSING = "the second solver is not installed: pip install -e '.[cvc5]'"

_confirming: ContextVar[bool] = ContextVar("confirming", default=False)


@lru_cache(maxsize=1)
def available() -> bool:
    """Whether cvc5 is installed; it is imported when it is first asked."""
    return importlib.util.find_spec(NAME) is not None


@contextmanager
def confirming(asked: bool = True) -> Iterator[None]:
    """While the block runs, every answer is put to the second solver too, if ``asked``.

    Raises:
        UsageError: if it is not installed.
    """
    if asked and not available():
        raise UsageError(_MISSING)
    token = _confirming.set(asked)
    try:
        yield
    finally:
        _confirming.reset(token)


def confirm(hold: Sequence[Term], broken: Groups, answer: Answer) -> None:
    """Asks about ``answer`` if that was requested; a solver that gives up confirms nothing and denies nothing.

    Raises:
        ToolError: if the two disagree.
    """
    if not _confirming.get() or answer.status == "unknown":
        return
    opinion = status(hold, broken, _MILLISECONDS)
    if opinion in (answer.status, "unknown"):
        return
    # A model that the second solver finds among real numbers may be none among doubles.
    if opinion == "unsat" or not approximations((*hold, *(term for group in broken for term in group))):
        raise ToolError(f"two solvers disagree: {answer.by} says {answer.status}, {NAME} {opinion}: {hold} {broken}")


def status(hold: Sequence[Term], broken: Groups, milliseconds: int) -> str:
    """``sat``, ``unsat`` or ``unknown``, as cvc5 says of the query's text."""
    return _asked(smtlib(hold, broken), milliseconds)[0]


def second(hold: Sequence[Term], broken: Groups, budget: Budget) -> Answer | None:
    """cvc5's answer; None if it is not installed or does not know. A model counts if evaluation confirms it."""
    limit = min(budget.milliseconds, _MILLISECONDS)
    if limit <= 0 or not available():
        return None
    found, read = _asked(smtlib(hold, broken), limit)
    if found == "unsat":
        return Answer("unsat", NAME)
    if found == "unknown":
        return None
    sorts = leaves_of(*hold, *(term for group in broken for term in group))
    values = {name: _value(read.get(name), sort) for name, sort in sorts.items()}
    return Answer("sat", NAME, values) if satisfies(hold, broken, values) else None


def _value(read: Any, sort: Sort) -> Value:
    if sort == "bool":
        return bool(read)
    return float(read or 0) if sort == "float" else int(read or 0)


def _asked(text: str, milliseconds: int) -> tuple[str, dict[str, Any]]:
    """What cvc5 says to a text that ends with ``(check-sat)``, and the numbers of its model by name."""
    cvc5: Any = importlib.import_module(NAME)
    solver = cvc5.Solver()
    for option, value in (
        ("produce-models", "true"),
        ("rlimit-per", str(_RESOURCES)),
        ("tlimit-per", str(milliseconds)),
    ):
        solver.setOption(option, value)
    parser = cvc5.InputParser(solver)
    parser.setStringInput(cvc5.InputLanguage.SMT_LIB_2_6, text, "query")
    symbols = parser.getSymbolManager()
    found = ""
    with phase(SOLVER):
        while not found:
            command = parser.nextCommand()
            if command.isNull():
                raise ToolError("a query that asks nothing")
            found = command.invoke(solver, symbols).strip()
    if found not in ("sat", "unsat"):
        return "unknown", {}
    if found == "unsat":
        return found, {}
    return found, {str(term.getSymbol()): _number(solver.getValue(term)) for term in symbols.getDeclaredTerms()}


def _number(term: Any) -> Any:
    """A value of a model as Python has it; None for what is no number."""
    if term.isBooleanValue():
        return term.getBooleanValue()
    if term.isIntegerValue():
        return term.getIntegerValue()
    return term.getRealValue() if term.isRealValue() else None
