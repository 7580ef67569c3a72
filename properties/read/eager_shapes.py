"""Sizes of what the functions and methods of torch yield that stand in a graph of Dynamo's: one row a call.

Dynamo keeps the calls as the program makes them: sizes may come one by one or as one sequence, and a call may yield
several tensors.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from strategies.terms import Apply, Const, Term, Var, apply

Shape = tuple[Term, ...]
_TERMS = (Const, Var, Apply)
_FIRST, _LAST = Const(0), Const(-1)


class Unknown(Exception):
    """The call is of a form that no row knows."""


def _term(value: Any) -> Term:
    if not isinstance(value, _TERMS):
        raise Unknown
    return value


def _number(value: Any) -> int:
    if not isinstance(value, Const) or isinstance(value.value, float):
        raise Unknown
    return int(value.value)


def _sizes(values: Sequence[Any]) -> Shape:
    if len(values) == 1 and isinstance(values[0], tuple):
        values = values[0]
    return tuple(map(_term, values))


def _known(values: Sequence[Any]) -> Shape:
    sizes = _sizes(values)
    if Const(-1) in sizes:
        raise Unknown
    return sizes


def _numel(shape: Sequence[Term]) -> Term:
    total: Term = Const(1)
    for size in shape:
        total = size if total == Const(1) else total if size == Const(1) else apply("mul", total, size)
    return total


def _same(tensor: Shape, *_: Any, **__: Any) -> Shape:
    return tensor


def _filled(*sizes: Any, **_: Any) -> Shape:
    return _sizes(sizes)


def _full(size: Any, *_: Any, **__: Any) -> Shape:
    return _sizes((size,))


def _arange(*bounds: Any, **_: Any) -> Shape:
    if len(bounds) == 1:
        return (_term(bounds[0]),)
    start, end, *rest = bounds
    length, step = apply("sub", _term(end), _term(start)), _number(rest[0]) if rest else 1
    return (length if step == 1 else apply("floordiv", apply("add", length, step - 1), step),)


def _view(tensor: Shape, *sizes: Any) -> Shape:
    found = with_inferred(_sizes(sizes), tensor)
    if found is None:
        raise Unknown
    return found


def with_inferred(sizes: Shape, tensor: Shape) -> Shape | None:
    """``sizes`` of a view of ``tensor``, with what is left of its elements where they say -1; None for two such."""
    if Const(-1) not in sizes:
        return sizes
    if sizes.count(Const(-1)) > 1:
        return None
    others = _numel([size for size in sizes if size != Const(-1)])
    elements = _numel(tensor)
    inferred = elements if others == Const(1) else apply("floordiv", elements, others)
    return tuple(inferred if size == Const(-1) else size for size in sizes)


def _repeat(tensor: Shape, *times: Any) -> Shape:
    numbers = _sizes(times)
    new = len(numbers) - len(tensor)
    return (*numbers[:new], *(apply("mul", n, size) for n, size in zip(numbers[new:], tensor, strict=True)))


def _resized(tensor: Shape, dim: int, *sizes: Term) -> Shape:
    dim %= len(tensor)
    return (*tensor[:dim], *sizes, *tensor[dim + 1 :])


def _narrow(tensor: Shape, dim: Any, _start: Any, length: Any) -> Shape:
    return _resized(tensor, _number(dim), _term(length))


def _select(tensor: Shape, dim: Any, _index: Any) -> Shape:
    return _resized(tensor, _number(dim))


def _index_select(tensor: Shape, dim: Any, index: Any) -> Shape:
    return _resized(tensor, _number(dim), *_vector(index))


def _vector(value: Any) -> Shape:
    if not isinstance(value, tuple) or len(value) != 1:
        raise Unknown
    return value


def _gather(_tensor: Shape, _dim: Any, index: Any) -> Shape:
    return _vector(index)


def _split(tensor: Shape, sizes: Any, dim: Any = _FIRST) -> tuple[Shape, ...]:
    if not isinstance(sizes, tuple):
        raise Unknown
    return tuple(_resized(tensor, _number(dim), _term(size)) for size in sizes)


def _chunk(tensor: Shape, count: Any, dim: Any = _FIRST) -> tuple[Shape, ...]:
    if _number(count) != 2:
        raise Unknown
    axis = _number(dim)
    first = apply("floordiv", apply("add", tensor[axis], 1), 2)
    return _resized(tensor, axis, first), _resized(tensor, axis, apply("sub", tensor[axis], first))


def _topk(tensor: Shape, number: Any, dim: Any = _LAST) -> tuple[Shape, ...]:
    shape = _resized(tensor, _number(dim), _term(number))
    return shape, shape


def _unflatten(tensor: Shape, dim: Any, sizes: Any) -> Shape:
    return _resized(tensor, _number(dim), *_known((sizes,)))


def _unfold(tensor: Shape, dim: Any, size: Any, step: Any) -> Shape:
    axis = _number(dim) % len(tensor)
    room = apply("sub", tensor[axis], _term(size))
    windows = apply("add", room if _number(step) == 1 else apply("floordiv", room, _number(step)), 1)
    return (*_resized(tensor, axis, windows), _term(size))


def _cat(tensors: Any, dim: Any = _FIRST) -> Shape:
    axis, total = _number(dim) % len(tensors[0]), None
    for shape in tensors:
        total = shape[axis] if total is None else apply("add", total, shape[axis])
    return _resized(tensors[0], axis, _term(total))


def _stack(tensors: Any, dim: Any = _FIRST) -> Shape:
    first = tensors[0]
    place = _number(dim) % (len(first) + 1)
    return (*first[:place], Const(len(tensors)), *first[place:])


def _transpose(tensor: Shape, first: Any, second: Any) -> Shape:
    sizes = list(tensor)
    one, other = _number(first), _number(second)
    sizes[one], sizes[other] = sizes[other], sizes[one]
    return tuple(sizes)


def _permute(tensor: Shape, *dims: Any) -> Shape:
    return tuple(tensor[_number(dim)] for dim in (dims[0] if isinstance(dims[0], tuple) else dims))


def _unsqueeze(tensor: Shape, dim: Any) -> Shape:
    place = _number(dim) % (len(tensor) + 1)
    return (*tensor[:place], Const(1), *tensor[place:])


def _repeat_interleave(tensor: Shape, times: Any, dim: Any = None) -> Shape:
    axis = _number(dim)
    return _resized(tensor, axis, apply("mul", tensor[axis], _term(times)))


def _pad(tensor: Shape, amounts: Any, *_: Any, **__: Any) -> Shape:
    if len(amounts) != 2 or amounts[0] != Const(0):
        raise Unknown
    return (*tensor[:-1], apply("add", tensor[-1], _term(amounts[1])))


def _product(left: Shape, right: Shape) -> Shape:
    return (*left[:-1], *(right[-1:] if len(right) > 1 else ()))


def _elementwise(left: Any, right: Any = None) -> Shape:
    if isinstance(left, tuple) and not isinstance(right, tuple):
        return left
    if not isinstance(left, tuple) or left != right:
        raise Unknown
    return left


def _sliced(tensor: Shape, index: Any) -> Shape:
    """The sizes behind ``tensor[index]`` where the index is a slice or several."""
    slices = index if isinstance(index, tuple) else (index,)
    if not all(isinstance(part, slice) for part in slices) or len(slices) > len(tensor):
        raise Unknown
    return (*map(_slice_of, tensor, slices), *tensor[len(slices) :])


def _slice_of(size: Term, part: slice) -> Term:
    step = Const(1) if part.step is None else _term(part.step)
    start = Const(0) if part.start is None else place_in(_term(part.start), size)
    stop = size if part.stop is None else place_in(_term(part.stop), size)
    length = stop if start == Const(0) else apply("max", apply("sub", stop, start), 0)
    if step == Const(1):
        return length
    return apply("floordiv", apply("sub", apply("add", length, step), 1), step)


def place_in(bound: Term, size: Term) -> Term:
    """Where a bound of a slice lies: a negative one counts from the end, and none lies outside."""
    if bound in (Const(0), size):
        return bound
    if isinstance(bound, Const):
        return apply("min", bound, size) if bound.value > 0 else apply("max", apply("add", bound, size), 0)
    from_end = apply("ite", apply("lt", bound, 0), apply("add", bound, size), bound)
    return apply("max", apply("min", from_end, size), 0)


_FUNCTIONS: dict[str, Callable[..., Any]] = {
    **dict.fromkeys(("zeros", "ones", "empty", "eye"), _filled),
    "full": _full,
    "arange": _arange,
    "zeros_like": _same,
    "relu": _same,
    "cat": _cat,
    "stack": _stack,
    "topk": _topk,
    "mm": _product,
    "mv": _product,
    "bmm": _product,
}
_METHODS: dict[str, Callable[..., Any]] = {
    **dict.fromkeys(("view", "reshape"), _view),
    "expand": lambda _tensor, *sizes: _known(sizes),
    "repeat": _repeat,
    "flatten": lambda tensor: (_numel(tensor),),
    "narrow": _narrow,
    "select": _select,
    "index_select": _index_select,
    "gather": _gather,
    "split": _split,
    "chunk": _chunk,
    "unflatten": _unflatten,
    "unfold": _unfold,
    "transpose": _transpose,
    "permute": _permute,
    "unsqueeze": _unsqueeze,
    "repeat_interleave": _repeat_interleave,
    **dict.fromkeys(("sum", "mean", "amax", "prod", "argmax"), lambda tensor, dim: _resized(tensor, _number(dim))),
    **dict.fromkeys(
        (
            "scatter",
            "scatter_add",
            "index_add",
            "index_fill",
            "contiguous",
            "clone",
            "cumsum",
            "flip",
        ),
        _same,
    ),
}
EAGER_RULES: dict[str, Callable[..., Any]] = {
    **{f"torch.{name}": rule for name, rule in _FUNCTIONS.items()},
    **_METHODS,
    "torch.nn.functional.pad": _pad,
    "torch._C._nn.pad": _pad,
    "_operator.getitem": _sliced,
    "_operator.add": _elementwise,
    "_operator.mul": _elementwise,
    "_operator.neg": _same,
}


def eager_shape(name: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    """The sizes, or for several results a tuple of them, of the call ``name``; ``None`` where no row knows them."""
    rule = EAGER_RULES.get(name)
    if rule is None:
        return None
    try:
        return rule(*args, **kwargs)
    except (Unknown, TypeError, IndexError, ValueError):
        return None
