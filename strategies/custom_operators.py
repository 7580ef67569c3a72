"""Operators of this project's own, as text: what a program calls beside torch's operators, defined by torch alone.

Each makes sizes that only the data decides, by ``torch.library``: with and without bounds, several at once, behind a
factor, or as a bare number. The text is what runs here and what a printed program brings with it.
"""

from __future__ import annotations

NAMESPACE = "runtime_assert_programs"

_TEXT = """
@torch.library.custom_op("{namespace}::{name}", mutates_args=())
def {name}({parameters}) -> {returns}:
    return {real}


@{name}.register_fake
def _({names}):
    return {fake}
"""
_POSITIONS = "torch.nonzero(mask.reshape(-1)).reshape(-1)"
_EMPTY = "mask.new_empty({}, dtype=torch.int64)"
_NEW = "torch.library.get_ctx().new_dynamic_size({})"


def _defined(
    name: str, real: str, fake: str, *, returns: str = "torch.Tensor", names: tuple[str, ...] = ("mask",)
) -> str:
    return _TEXT.format(
        namespace=NAMESPACE,
        name=name,
        parameters=", ".join(f"{one}: torch.Tensor" for one in names),
        returns=returns,
        real=real,
        names=", ".join(names),
        fake=fake,
    ).lstrip()


LEAST, MOST = 1, 8
"""The bounds of ``first_few``."""
FACTOR = 2
"""How many elements ``pairs`` yields for each true entry."""

DEFINITIONS: dict[str, str] = {
    "compress": _defined("compress", _POSITIONS, _EMPTY.format(_NEW.format(""))),
    "first_few": _defined(
        "first_few",
        f"mask.new_zeros(max({LEAST}, min(int(mask.sum()), {MOST})), dtype=torch.int64)",
        _EMPTY.format(_NEW.format(f"min={LEAST}, max={MOST}")),
    ),
    "pairs": _defined("pairs", f"{_POSITIONS}.repeat({FACTOR})", _EMPTY.format(f"{FACTOR} * {_NEW.format('')}")),
    "compress_both": _defined(
        "compress_both",
        f"{_POSITIONS}, {_POSITIONS.replace('mask', 'other')}",
        f"{_EMPTY.format(_NEW.format(''))}, {_EMPTY.format(_NEW.format(''))}",
        returns="tuple[torch.Tensor, torch.Tensor]",
        names=("mask", "other"),
    ),
    "count_true": _defined("count_true", "int(mask.sum())", _NEW.format(""), returns="int"),
}
"""The definition of each operator: behind ``import torch`` it can be run as it stands."""


def called(name: str, *operands: str) -> str:
    """A call of the operator ``name`` as Python."""
    return f"torch.ops.{NAMESPACE}.{name}({', '.join(operands)})"
