"""The inputs of a generated Program: dims, tensors over them in all their layouts and forms, and numbers."""

from __future__ import annotations

from dataclasses import replace

from strategies.drawing.chooser import Chooser
from strategies.evaluate import evaluate
from strategies.generate.asked import UNBACKED_DIM, of_form
from strategies.input_forms import COO, JAGGED, WRAPPED
from strategies.statement import Param, Scalar, Scope
from strategies.terms import Const, Term, Var, apply, sort_of_value, walk

_SMALLEST_DIM = 2  # torch takes the sizes 0 and 1 for constants, so that they are seldom drawn


def tensors(
    chooser: Chooser, fewest: int, most: int, refused: frozenset[str]
) -> tuple[tuple[int, ...], tuple[Param, ...]]:
    """The dims on the example, and tensors over them; ``refused`` are the kinds of inputs that are not drawn."""
    dims: list[int] = []
    shapes: list[list[Term]] = []
    for place in range(most):
        must = fewest - len(dims) >= most - place
        choice = chooser.below(16) if not must else 8 + chooser.below(8)
        if choice < 8:
            continue
        # Equal sizes would be taken for one symbol by a frontend that tells sizes apart by their example.
        size = chooser.below(_SMALLEST_DIM) if chooser.flag(16) else _SMALLEST_DIM + choice - 8
        while size in dims:
            size += 1
        name = f"d{len(dims)}"
        dims.append(size)
        if shapes and chooser.flag(4):
            shapes[-1].append(Var(name))
        else:
            shapes.append([Var(name)])
    if shapes and chooser.flag(8):
        shapes[chooser.below(len(shapes))].append(Const(chooser.pick((1, 2, 3, 4, 0))))
    if dims and chooser.flag(6):
        shapes.append(_shared(chooser, len(dims)))
    if dims and chooser.flag(8):
        derived = _derived(chooser, dims)
        shapes += [[derived]] if derived is not None else []
    params = [Param(tuple(shape)) for shape in shapes]
    if params and chooser.flag(8):
        index = chooser.below(len(params))
        params[index] = _laid_out(chooser, params[index])
    if params and UNBACKED_DIM not in refused and chooser.flag(8):
        index = chooser.below(len(params))
        params[index] = _hidden(chooser, params, index)
    if params and chooser.flag(8):
        index = chooser.below(len(params))
        params[index] = _formed(chooser, params, index, dims, refused)
    return tuple(dims), tuple(params)


def numbers(chooser: Chooser, scope: Scope, params: int, flag: bool, refused: frozenset[str]) -> tuple[Scalar, ...]:
    """Inputs that are numbers: none in most programs, more than one in few; with ``flag`` a truth value first."""
    found = [Scalar(not chooser.flag(2), chooser.below(params + 1))] if flag else []
    often = 6
    while len(found) < 3 and chooser.flag(often):
        value = chooser.scalar_value(scope)
        kept = f"input {sort_of_value(value)}" not in refused
        found.append(Scalar(value if kept else int(value), chooser.below(params + 1)))
        often = 3
    return tuple(found)


def _hidden(chooser: Chooser, params: list[Param], index: int) -> Param:
    """Param ``index`` with a size that tracing may not look at, if it has one that nothing else shares."""
    param = params[index]
    terms = [term for other in params for term in (*other.shape, *(other.strides or ()), other.offset)]
    own = [
        axis
        for axis, size in enumerate(param.shape)
        if isinstance(size, Var) and sum(size in walk(term) for term in terms) == 1
    ]
    return replace(param, unbacked=(chooser.pick(own),)) if own else param


def _formed(chooser: Chooser, params: list[Param], index: int, dims: list[int], refused: frozenset[str]) -> Param:
    """Param ``index`` in another form than a plain tensor's, if it is a contiguous one and the front end takes such."""
    param = params[index]
    forms = [form for form in (WRAPPED, JAGGED, COO) if of_form(form) not in refused]
    if not forms or param.strides is not None or param.unbacked:
        return param
    form, shape = chooser.pick(forms), param.shape
    if form == JAGGED and len(shape) == 1:
        hidden = {other.shape[axis] for other in params for axis in other.unbacked}
        shape = (*shape, chooser.pick([Var(f"d{axis}") for axis in range(len(dims)) if Var(f"d{axis}") not in hidden]))
    values = {f"d{axis}": size for axis, size in enumerate(dims)}
    # Without a row there is no jagged tensor.
    if form == JAGGED and evaluate(shape[0], values) < 1:
        return param
    return replace(param, shape=shape, form=form)


def _laid_out(chooser: Chooser, param: Param) -> Param:
    """``param`` as a part of a larger storage: every other row, rows with a gap, columns first, or one row again."""
    shape = param.shape
    if len(shape) == 1:
        strides: tuple[Term, ...] = (Const(chooser.pick((2, 3, 1))),)
    elif len(shape) == 2:
        wide = (apply("add", shape[1], 2), Const(1)), (apply("mul", shape[1], 2), Const(1))
        strides = chooser.pick(((Const(1), shape[0]), *wide, (shape[1], Const(1)), (Const(0), Const(1))))
    else:
        return param
    # Mostly the start that a slice gives it: a row or two, of as many elements as a size says.
    starts = (Const(0), Const(1), Const(2), shape[-1], apply("mul", shape[0], 2))
    return Param(shape, param.dtype, strides, chooser.pick(starts))


def _derived(chooser: Chooser, dims: list[int]) -> Term | None:
    """A size that follows from a dim, and that no other size has on the example; ``None`` if there is none."""
    axis = chooser.below(len(dims))
    dim = Var(f"d{axis}")
    forms = (apply("mul", dim, 2), apply("add", dim, 1), apply("sub", apply("mul", dim, 2), 1), apply("mul", dim, 3))
    size = chooser.pick(forms)
    value = int(evaluate(size, {dim.name: dims[axis]}))
    return None if value < 0 or value in dims else size


def _shared(chooser: Chooser, dims: int) -> list[Term]:
    """The shape of a param whose dims other params have too, alone, beside each other or beside a constant."""
    shape: list[Term] = [Var(f"d{chooser.below(dims)}")]
    choice = chooser.below(4)
    if choice == 2:
        shape.append(Const(1 + chooser.below(4)))
    elif choice == 3:
        shape.append(Var(f"d{chooser.below(dims)}"))
    return shape
