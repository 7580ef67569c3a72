"""Programs: generated dynamic-shape programs as pure data, whose JSON outlives the generator that drew them."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from strategies.input_forms import DENSE
from strategies.statement import Param, ProgramError, Scalar, Statement
from strategies.terms import Const, Hashed
from strategies.terms import to_json as term_to_json

__all__ = ["SCHEMA_VERSION", "Param", "Program", "ProgramError", "Scalar", "Statement"]

SCHEMA_VERSION = 1


@dataclass(frozen=True, slots=True)
class Program(Hashed):
    """A program: example values of its dims ``d0, d1, ...``, its tensor inputs, and its statements in order.

    A source statement binds unbacked ints ``u0, u1, ...``, and tensors are bound as ``t0, t1, ...``, counted
    through the whole program. Inputs that are numbers are the leaves ``n0, n1, ...``. Terms are over ``d*``, ``n*``
    and ``u*``.
    """

    dims: tuple[int, ...]
    params: tuple[Param, ...]
    body: tuple[Statement, ...]
    scalars: tuple[Scalar, ...] = ()

    def __hash__(self) -> int:
        try:
            return self._hash
        except AttributeError:
            found = hash((self.dims, self.params, self.body, self.scalars))
            object.__setattr__(self, "_hash", found)
            return found

    def to_json(self) -> dict[str, Any]:
        """The Program as a JSON object (dicts, lists, strings, ints and bools only)."""
        return {
            "schema": SCHEMA_VERSION,
            "dims": list(self.dims),
            "params": [_param(param) for param in self.params],
            # A Program without scalars is written as it was before there were any, so that its key stays.
            **({"scalars": [_scalar(scalar) for scalar in self.scalars]} if self.scalars else {}),
            "body": [
                {"op": statement.op, **{name: _argument(value) for name, value in statement.args}}
                for statement in self.body
            ],
        }

    @classmethod
    def from_json(cls, document: Any) -> Program:
        """The Program that ``document`` (the value of a parsed JSON text) holds.

        Raises:
            ProgramError: if it holds none; one line with the path in the document, the value and what is allowed.
        """
        from strategies.document import parse_program

        return parse_program(document)

    def key(self) -> str:
        """16 hexadecimal digits that depend on the Program alone."""
        text = json.dumps(self.to_json(), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()[:16]


def _param(param: Param) -> dict[str, Any]:
    document: dict[str, Any] = {"shape": _argument(param.shape), "dtype": param.dtype}
    # A contiguous param is written as it was before there were others, so that the key of its Program stays.
    if param.strides is not None:
        document |= {"strides": _argument(param.strides), "offset": term_to_json(param.offset)}
    if param.unbacked:
        document["unbacked"] = list(param.unbacked)
    if param.form != DENSE:
        document["form"] = param.form
    return document


def _scalar(scalar: Scalar) -> dict[str, Any]:
    return {"value": term_to_json(Const(scalar.value)), "before": scalar.before}


def _argument(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_argument(item) for item in value]
    return value if isinstance(value, (str, int)) else term_to_json(value)
