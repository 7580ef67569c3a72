"""Reading a Program from JSON that anyone may have written: every word is looked up in a table, nothing is run."""

from __future__ import annotations

import difflib
import re
import reprlib
from collections.abc import Collection, Mapping
from typing import Any, NoReturn

from strategies.constructs import CONSTRUCTS, Field
from strategies.evaluate import holds
from strategies.input_forms import DENSE, FORMS, problem
from strategies.operators import OPERATORS
from strategies.program import SCHEMA_VERSION, Program
from strategies.semantics import initial_scope
from strategies.statement import DTYPES, Argument, Param, ProgramError, Scalar, Scope, Statement
from strategies.terms import Apply, Const, Term, Var, apply, sort_of_value, walk

MAX_STATEMENTS, MAX_PARAMS, MAX_DIMS, MAX_SCALARS, MAX_LIST = 200, 50, 50, 50, 1000
MAX_BLOCKS = 10
MAX_LISTED = 24
MAX_DEPTH, MAX_OPERATORS, MAX_BITS = 50, 5000, 4096
_LISTED = 24
_LEAF = re.compile(r"[dnu](?:0|[1-9][0-9]{0,3})", re.ASCII)


def parse_program(document: Any) -> Program:
    """The Program that a parsed JSON value holds.

    Raises:
        ProgramError: with the path in the document, the value there and what is allowed.
    """
    keys = ("schema", "dims", "params", "body")
    _object(document, "program", (*keys, "scalars") if isinstance(document, dict) and "scalars" in document else keys)
    if type(document["schema"]) is not int or document["schema"] != SCHEMA_VERSION:
        _fail("schema", document["schema"], f"the schema version {SCHEMA_VERSION}")
    dims = tuple(
        _integer(size, f"dims[{index}]", minimum=0)
        for index, size in enumerate(_list(document["dims"], "dims", MAX_DIMS))
    )
    reader = _Reader()
    params = tuple(
        reader.param(value, f"params[{index}]", Scope(values={f"d{axis}": size for axis, size in enumerate(dims)}))
        for index, value in enumerate(_list(document["params"], "params", MAX_PARAMS))
    )
    shown = {size.name for param in params for size in param.shape if isinstance(size, Var)}
    for index, size in enumerate(dims):
        if f"d{index}" not in shown:
            _fail(
                f"dims[{index}]",
                size,
                f"a dim that is the size of some param: none has d{index} in its shape",
            )
    for index, param in enumerate(params):
        for axis in param.unbacked:
            places = sum(size == param.shape[axis] for other in params for size in other.shape)
            derived = any(param.shape[axis] in walk(term) for other in params for term in _compound(other))
            if places > 1 or derived:
                _fail(f"params[{index}].unbacked", axis, "a dimension whose dim no other size or stride is made of")
    scalars = tuple(
        reader.scalar(value, f"scalars[{index}]", len(params))
        for index, value in enumerate(_list(document.get("scalars", []), "scalars", MAX_SCALARS))
    )
    scope = initial_scope(Program(dims, params, (), scalars))
    return Program(dims, params, reader.body(_list(document["body"], "body", MAX_STATEMENTS), scope), scalars)


def _compound(param: Param) -> tuple[Term, ...]:
    """The layout and the sizes of ``param`` that are made of dims; its own contiguous strides are no terms."""
    return (*(size for size in param.shape if isinstance(size, Apply)), *(param.strides or ()), param.offset)


class _Reader:
    """Reads the parts of one document and counts how much arithmetic they hold in all."""

    def __init__(self) -> None:
        self.operators = 0

    def param(self, value: Any, path: str, scope: Scope) -> Param:
        strided = isinstance(value, dict) and ("strides" in value or "offset" in value)
        hidden = ("unbacked",) if isinstance(value, dict) and "unbacked" in value else ()
        layout = ("strides", "offset") if strided else ()
        formed = ("form",) if isinstance(value, dict) and "form" in value else ()
        _object(value, path, ("shape", "dtype", *layout, *hidden, *formed))
        shape = self.terms(value["shape"], f"{path}.shape", scope, scope.dims)
        dtype = _word(value["dtype"], f"{path}.dtype", DTYPES)
        for axis, size in enumerate(shape):
            if isinstance(size, Var):
                continue
            if not holds(apply("ge", size, 0), scope.values):
                _fail(f"{path}.shape[{axis}]", value["shape"][axis], "a size of at least 0 on the example")
        unbacked = self.unbacked(value["unbacked"], f"{path}.unbacked", shape) if hidden else ()
        form = self.form(value["form"], f"{path}.form", shape, bool(layout or hidden)) if formed else DENSE
        if not strided:
            return Param(shape, dtype, unbacked=unbacked, form=form)
        strides = self.terms(value["strides"], f"{path}.strides", scope, scope.dims)
        if len(strides) != len(shape):
            _fail(f"{path}.strides", value["strides"], f"one stride for each of the {len(shape)} dimensions")
        for axis, step in enumerate(strides):
            if not holds(apply("ge", step, 0), scope.values):
                _fail(f"{path}.strides[{axis}]", value["strides"][axis], "a stride of at least 0 on the example")
        offset = self.term(value["offset"], f"{path}.offset", scope.dims, "int")
        if not holds(apply("ge", offset, 0), scope.values):
            _fail(f"{path}.offset", value["offset"], "a number of at least 0 on the example")
        return Param(shape, dtype, strides, offset, unbacked)

    def form(self, value: Any, path: str, shape: tuple[Term, ...], laid_out: bool) -> str:
        form = _word(value, path, FORMS)
        lacking = problem(form, len(shape))
        if lacking is not None:
            _fail(path, value, f"a form that the shape admits; {form} needs {lacking}")
        if form != DENSE and laid_out:
            _fail(path, value, f"{DENSE} beside strides, an offset or unbacked dimensions")
        return form

    def unbacked(self, value: Any, path: str, shape: tuple[Term, ...]) -> tuple[int, ...]:
        axes = [
            _integer(axis, f"{path}[{index}]", minimum=0) for index, axis in enumerate(_list(value, path, MAX_LIST))
        ]
        for index, axis in enumerate(axes):
            if axis >= len(shape) or not isinstance(shape[axis], Var) or axis in axes[:index]:
                _fail(f"{path}[{index}]", axis, "a dimension, once, whose size is a dim")
        return tuple(axes)

    def scalar(self, value: Any, path: str, params: int) -> Scalar:
        _object(value, path, ("value", "before"))
        before = _integer(value["before"], f"{path}.before", minimum=0)
        if before > params:
            _fail(f"{path}.before", before, f"the position of a param, or {params} for the place behind them")
        number = value["value"]
        if isinstance(number, bool):
            return Scalar(number, before)
        if isinstance(number, list) and number[:1] == ["float"]:
            return Scalar(_float(number, f"{path}.value"), before)
        if type(number) is not int or not -(2**63) <= number < 2**63:
            _fail(f"{path}.value", number, 'an int that fits in int64, a bool, or ["float", text]')
        return Scalar(number, before)

    def body(self, values: list[Any], scope: Scope) -> tuple[Statement, ...]:
        """All statements; the blocks of one stand behind it (see :func:`strategies.semantics.steps`)."""
        found: list[Statement] = []

        def through(count: int, scope: Scope, depth: int) -> Scope:
            while len(found) < len(values) and count:
                before, count = scope, count - 1
                path = f"body[{len(found)}]"
                statement = self.statement(values[len(found)], path, scope)
                found.append(statement)
                construct = CONSTRUCTS[statement.op]
                blocks = construct.encloses(statement)
                if blocks and depth == MAX_BLOCKS:
                    raise ProgramError(f"{path}: blocks are nested deeper than {MAX_BLOCKS}")
                for block, length in enumerate(blocks):
                    scope = through(length, construct.inside(statement, before, scope, block), depth + 1)
                if blocks:
                    scope = construct.behind(statement, before, scope)
                learned = construct.requires(statement, before) + construct.guarantees(statement, before)
                scope = scope.after(construct.name, construct.effect(statement, before), learned)
            return scope

        through(len(values), scope, 0)
        return tuple(found)

    def statement(self, value: Any, path: str, scope: Scope) -> Statement:
        """The statement that stands in ``scope``."""
        if not isinstance(value, dict) or "op" not in value:
            _fail(path, value, 'an object with a key "op"')
        construct = CONSTRUCTS[_word(value["op"], f"{path}.op", CONSTRUCTS)]
        _object(value, path, ("op", *(field.name for field in construct.fields)))
        args = tuple(
            (field.name, self.argument(value[field.name], field, f"{path}.{field.name}", scope))
            for field in construct.fields
        )
        statement = Statement(construct.name, args)
        problem = construct.validate(statement, scope)
        if problem is not None:
            raise ProgramError(f"{path}: {construct.name}: {problem}")
        return statement

    def argument(self, value: Any, field: Field, path: str, scope: Scope) -> Argument:
        match field.kind:
            case "int":
                return _integer(value, path)
            case "int term":
                return self.term(value, path, scope.visible, "int")
            case "float term":
                return self.term(value, path, scope.visible, "float")
            case "bool term":
                return self.term(value, path, scope.visible, "bool")
            case "int terms":
                return self.terms(value, path, scope, scope.visible)
            case "dim terms":
                return self.terms(value, path, scope, scope.dims)
            case "tensor":
                return _word(value, path, scope.tensors)
            case "tensors":
                return tuple(
                    _word(name, f"{path}[{index}]", scope.tensors)
                    for index, name in enumerate(_list(value, path, MAX_LIST))
                )
            case "word":
                return _word(value, path, field.words)

    def terms(self, value: Any, path: str, scope: Scope, leaves: Collection[str]) -> tuple[Term, ...]:
        items = _list(value, path, MAX_LIST)
        return tuple(self.term(item, f"{path}[{index}]", leaves, "int") for index, item in enumerate(items))

    def term(self, value: Any, path: str, leaves: Collection[str], sort: str, depth: int = 1) -> Term:
        """A term of ``sort`` over ``leaves``; see :func:`strategies.terms.to_json` for its form."""
        if isinstance(value, bool) and sort == "bool":
            return Const(value)
        if type(value) is int and sort == "int":
            return Const(_integer(value, path))
        if isinstance(value, list) and value[:1] == ["float"] and sort == "float":
            return Const(_float(value, path))
        if isinstance(value, str):
            if not _LEAF.fullmatch(value) or value not in leaves:
                _fail(path, value, f"a leaf that is bound before ({_listed(leaves)})")
            found = sort_of_value(leaves[value]) if isinstance(leaves, Mapping) else "int"
            if found != sort:
                _fail(path, value, f"{'an' if sort == 'int' else 'a'} {sort}, which {value} is not")
            return Var(value, found)
        if not isinstance(value, list) or not value:
            _fail(path, value, f"{'an' if sort == 'int' else 'a'} {sort} or [operator, operands...]")
        row = OPERATORS[_word(value[0], f"{path}[0]", OPERATORS)]
        if row.result != sort:
            _fail(f"{path}[0]", value[0], f"an operator that yields {sort}")
        if depth >= MAX_DEPTH:
            raise ProgramError(f"{path}: operators are nested deeper than {MAX_DEPTH}")
        self.operators += max(1, len(value) - 2)
        if self.operators > MAX_OPERATORS:
            raise ProgramError(f"{path}: the program has more than {MAX_OPERATORS} operators")
        count = len(value) - 1
        if count != len(row.sorts) and not (row.variadic and count > len(row.sorts)):
            more = " or more" if row.variadic else ""
            _fail(path, value, f"{row.name} with {len(row.sorts)}{more} operands")
        sorts = (*row.sorts, *[row.sorts[-1]] * (count - len(row.sorts)))
        return Apply(
            row.name,
            tuple(
                self.term(arg, f"{path}[{index}]", leaves, expected, depth + 1)
                for index, (arg, expected) in enumerate(zip(value[1:], sorts, strict=True), 1)
            ),
        )


def _object(value: Any, path: str, keys: tuple[str, ...]) -> None:
    if not isinstance(value, dict):
        _fail(path, value, f"an object with the keys {', '.join(keys)}")
    for key in value:
        if key not in keys:
            _fail(path, key, f"only the keys {', '.join(keys)}")
    for key in keys:
        if key not in value:
            raise ProgramError(f"{path}: the key {key} is missing; the keys are {', '.join(keys)}")


def _list(value: Any, path: str, limit: int) -> list[Any]:
    if not isinstance(value, list):
        _fail(path, value, "a list")
    if len(value) > limit:
        raise ProgramError(f"{path}: the list has {len(value)} entries; at most {limit} are allowed")
    return value


def _integer(value: Any, path: str, minimum: int | None = None) -> int:
    if type(value) is not int or (minimum is not None and value < minimum):
        _fail(path, value, "an int" if minimum is None else f"an int of at least {minimum}")
    if value.bit_length() > MAX_BITS:
        raise ProgramError(f"{path}: the int has {value.bit_length()} bits; at most {MAX_BITS} are allowed")
    return value


def _float(value: list[Any], path: str) -> float:
    """The float of ``["float", text]``, where the text is what Python prints of it."""
    text = value[1] if len(value) == 2 else None
    try:
        number = float(text) if isinstance(text, str) else None
    except ValueError:
        number = None
    if number is None or repr(number) != text:
        _fail(path, value, '["float", text] with a float as Python prints it, e.g. "0.5", "inf", "nan"')
    return number


def _word(value: Any, path: str, allowed: Collection[str]) -> str:
    if not isinstance(value, str) or value not in allowed:
        _fail(path, value, f"one of {_listed(_closest(value, allowed))}")
    return value


def _closest(value: Any, words: Collection[str]) -> Collection[str]:
    """``words``, or of many those that look most like ``value``, and how many there are."""
    if len(words) <= MAX_LISTED:
        return words
    near = difflib.get_close_matches(str(value)[:100], words, n=MAX_LISTED // 2, cutoff=0.0)
    return (*near, f"... ({len(words)} in all)")


def _listed(words: Collection[str]) -> str:
    if not words:
        return "none, as nothing is bound yet"
    shown = list(words)[:_LISTED]
    return ", ".join(shown) + (f", ... ({len(words)} in all)" if len(words) > _LISTED else "")


def _fail(path: str, value: Any, allowed: str) -> NoReturn:
    if isinstance(value, int) and not isinstance(value, bool) and value.bit_length() > MAX_BITS:
        shown = f"an int of {value.bit_length()} bits"
    else:
        shown = reprlib.repr(value)
    raise ProgramError(f"{path}: {shown} is not allowed; allowed is {allowed}")
