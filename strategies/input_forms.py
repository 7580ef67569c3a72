"""Forms in which an input holds its elements: plain, sparse, with rows of unequal length, or inside another tensor."""

from __future__ import annotations

from strategies.terms import Const, Term, apply

DENSE, COO, JAGGED, WRAPPED = FORMS = ("dense", "coo", "jagged", "wrapped")
"""The words of a document.

``coo`` is a sparse tensor of coordinates. ``jagged`` is a nested tensor: the first of its sizes counts the rows, the
second the elements of all rows together, the others are those of an element. ``wrapped`` is a :data:`WRAPPER`.
"""

WRAPPER = "Wrapped"
"""The name of the tensor subclass that holds one other tensor; torch traces into it (a traceable wrapper subclass)."""

INNER = "inner"
"""The attribute of a :data:`WRAPPER` that is the tensor inside."""

DEFINITION = f'''
class {WRAPPER}(torch.Tensor):
    @staticmethod
    def __new__(cls, {INNER}):
        layout = dict(strides={INNER}.stride(), storage_offset={INNER}.storage_offset())
        return torch.Tensor._make_wrapper_subclass(
            cls, {INNER}.shape, **layout, dtype={INNER}.dtype, device={INNER}.device
        )

    def __init__(self, {INNER}):
        self.{INNER} = {INNER}

    def __repr__(self):
        return f"{WRAPPER}({{self.{INNER}}})"

    def __tensor_flatten__(self):
        return ["{INNER}"], None

    @classmethod
    def __tensor_unflatten__(cls, tensors, context, size, stride):
        return cls(tensors["{INNER}"])

    @classmethod
    def __torch_dispatch__(cls, operator, types, args=(), kwargs=None):
        args, kwargs = torch.utils._pytree.tree_map_only(cls, lambda tensor: tensor.{INNER}, (args, kwargs or {{}}))
        return torch.utils._pytree.tree_map_only(torch.Tensor, cls, operator(*args, **kwargs))
'''.lstrip()
"""The subclass, as a printed program brings it with it: behind ``import torch`` it can be run as it stands."""


def outer_sizes(form: str, shape: tuple[Term, ...]) -> tuple[Term | None, ...]:
    """The sizes that the input itself shows, None for one that is no number: how long rows are that differ."""
    return (shape[0], None, *shape[2:]) if form == JAGGED else shape


def inner_sizes(form: str, shape: tuple[Term, ...]) -> dict[str, tuple[Term, ...]]:
    """The sizes of the tensors inside, by the names of the attributes under which torch traces them."""
    if form == WRAPPED:
        return {INNER: shape}
    if form == JAGGED:
        return {"_values": shape[1:], "_offsets": (apply("add", shape[0], 1),)}
    return {}


def size_in_source(form: str, name: str, axis: int) -> str:
    """Size ``axis`` of the input ``name`` as a program asks for it."""
    return f"{name}.values().shape[0]" if form == JAGGED and axis == 1 else f"{name}.shape[{axis}]"


def problem(form: str, rank: int) -> str | None:
    """What a tensor of this form and of ``rank`` sizes would lack, or None."""
    if form == JAGGED and rank < 2:
        return "a shape of two sizes or more (rows, and elements of all rows)"
    return None


def demands(form: str, shape: tuple[Term, ...]) -> tuple[Term, ...]:
    """What holds of the sizes because such an input exists, beside that none is negative."""
    return (apply("ge", shape[0], 1),) if form == JAGGED and not isinstance(shape[0], Const) else ()


def has_strides(form: str) -> bool:
    """Whether the elements lie in a storage by strides that follow from the sizes."""
    return form in (DENSE, WRAPPED)
