"""Devices: how they are named, whether one can run Programs here, and tracing for one that cannot."""

from __future__ import annotations

import ctypes
import functools
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.utils._python_dispatch import is_traceable_wrapper_subclass

from properties.backends import DEVICES, is_device
from properties.errors import NotCaptured, UsageError

__all__ = ["context_lost", "indexed", "poisons", "stand_ins", "why_not_run"]

_GUARD_REGISTRY = "_ZN3c104impl26device_guard_impl_registryE"
# c10/core/DeviceType.h; the numbers are part of torch's binary format and do not change.
_CUDA, _META = 1, 14
# What CUDA says once a kernel has failed: every later call of the same process fails too, whatever it does.
_STICKY = re.compile(
    r"device-side assert|illegal memory access|an illegal instruction|misaligned address|unspecified launch failure"
    r"|hardware stack error|invalid program counter|invalid address space|uncorrectable (ECC|NVLink) error"
    r"|CUDA error: launch timed out",
    re.IGNORECASE,
)


def indexed(device: str) -> str:
    """``device`` with its index: ``cuda`` is ``cuda:0``, so that equal devices have equal names.

    Raises:
        UsageError: if it is neither ``cpu`` nor ``cuda`` with or without an index.
    """
    if not is_device(device):
        raise UsageError(f"device {device!r} is unknown; allowed: {DEVICES}")
    return "cuda:0" if device == "cuda" else device


def why_not_run(device: str) -> str:
    """Why nothing can be executed on ``device`` in this process; empty if it can."""
    kind, _, index = indexed(device).partition(":")
    if kind == "cpu":
        return ""
    if torch.version.cuda is None:
        return f"no CUDA device: torch {torch.__version__} was built without CUDA"
    if not torch.cuda.is_available():
        return f"no CUDA device: torch {torch.__version__} sees none"
    count = torch.cuda.device_count()
    return "" if int(index) < count else f"no CUDA device {index}: torch {torch.__version__} sees {count}"


def poisons(error: BaseException) -> bool:
    """Whether ``error`` leaves the CUDA context of this process unusable, so that the process has to be replaced.

    A kernel that fails (a device-side assert, an illegal access) makes every later CUDA call of its process raise
    the same error; only a new process has a working context.
    """
    return isinstance(error, RuntimeError) and _STICKY.search(str(error)) is not None


def context_lost() -> bool:
    """Whether a kernel has taken the CUDA context of this process with it; False if there never was one."""
    if not torch.cuda.is_initialized():
        return False
    try:
        torch.cuda.synchronize()
    except RuntimeError as error:
        return poisons(error)
    return False


def stand_ins(tensors: Sequence[Any], device: str, mode: FakeTensorMode) -> tuple[Any, ...]:
    """Fake tensors on ``device`` with the sizes of ``tensors``, which may be symbolic ones of ``mode``.

    What is no tensor among them stays what it is.

    Raises:
        NotCaptured: if this torch cannot trace for the device.
    """
    if device != "cpu" and not _guarded():
        raise NotCaptured(f"this torch cannot trace for {device}")
    with mode:
        return tuple(_stand_in(tensor, device) if isinstance(tensor, torch.Tensor) else tensor for tensor in tensors)


def _stand_in(tensor: Any, device: str) -> torch.Tensor:
    if is_traceable_wrapper_subclass(tensor):
        names, context = tensor.__tensor_flatten__()
        inside: Any = {name: _stand_in(getattr(tensor, name), device) for name in names}
        return type(tensor).__tensor_unflatten__(inside, context, tensor.size(), tensor.stride())
    sizes, strides, offset = tuple(tensor.shape), tensor.stride(), tensor.storage_offset()
    if isinstance(offset, int) and offset == 0:
        return torch.empty_strided(sizes, strides, dtype=tensor.dtype, device=device)
    elements = offset + 1 + sum((size - 1) * step for size, step in zip(sizes, strides, strict=True))
    storage = torch.empty(elements, dtype=tensor.dtype, device=device).untyped_storage()
    # No view of a base, as the real input is none: tracing would ask for the base too.
    return torch.empty(0, dtype=tensor.dtype, device=device).set_(storage, offset, sizes, strides)  # type: ignore[arg-type]


@functools.cache
def _guarded() -> bool:
    """Makes sure that fake tensors on a CUDA device go through torch's bindings; whether they do.

    Bindings such as ``Tensor.nonzero`` take a guard of the device before they look whether a tensor is fake. A torch
    with CUDA but without a device puts a guard that does nothing there when a fake mode is entered; one built without
    CUDA has no guard at all and raises. There is no tensor on a CUDA device in such a process but fake ones, so the
    guard of the meta device, which does nothing either, can stand in.
    """
    if torch.version.cuda is not None or torch.version.hip is not None:
        return True
    library = next(iter(sorted((Path(torch.__file__).parent / "lib").glob("libc10.*"))), None)
    if library is None:
        return False
    try:
        guards = (ctypes.c_void_p * (_META + 1)).in_dll(ctypes.CDLL(str(library)), _GUARD_REGISTRY)
    except (OSError, ValueError):
        return False
    if guards[_META] is None:
        return False
    if guards[_CUDA] is None:
        guards[_CUDA] = guards[_META]
    return True
