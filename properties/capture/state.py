"""A ShapeEnv as plain data: to compare it, and to put it back between two subjects.

Deep copies of a ShapeEnv are slow and share state with the original, so one trace serves all subjects by
noting every attribute before the first of them and restoring it after each.
"""

from __future__ import annotations

import copy
import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from torch.fx.experimental.symbolic_shapes import ShapeEnv

# Attributes that no later stage reads as knowledge: memo tables, logs, and counters for logging. What
# ``ShapeEnv.check_equal`` leaves out is among them (a test compares the two).
_NOT_KNOWLEDGE = frozenset(
    {
        "log",
        "counter",
        "symbol_guard_counter",
        "events",
        "var_to_stack",
        "var_to_range_sloc",
        "replacements_slocs",
        "specialization_stacks",
        "_prev_cache_key",
        "_version_counter",
        "_replacements_version_counter",
        "_resimplify_floor_div_axioms",
        "settings",
        "tracked_fakes",
        "validator",
        "graph",
        "_equality_graph",
        "_unbacked_replacements",
        "_expr_sym_node_id",
        "name_to_symbol",
        "source_name_to_debug_name",
        "dim_constraints",
        "should_record_events",
        "check_recorded_events",
        "is_recording",
    }
)
# Every release brings new memo tables (``_symop_cache`` in 2.15); all are named so.
_MEMO = "_cache"
_VERSIONS = itertools.count(1 << 40)


_CONTAINERS = (dict, list, set)


def _copied(value: Any) -> Any:
    """A copy that shares no container with ``value``, two levels deep (a dict of lists)."""
    if isinstance(value, _CONTAINERS):
        new = value.copy() if type(value) in _CONTAINERS else copy.copy(value)
        if isinstance(new, dict):
            for key, item in new.items():
                if isinstance(item, _CONTAINERS):
                    new[key] = copy.copy(item)
        return new
    if isinstance(value, Iterator):
        return copy.copy(value)
    return value


@dataclass(frozen=True)
class EnvState:
    """Every attribute of one ShapeEnv at one moment."""

    attributes: Mapping[str, Any]

    @classmethod
    def take(cls, env: ShapeEnv) -> EnvState:
        return cls({name: _copied(value) for name, value in vars(env).items()})

    def restore(self, env: ShapeEnv) -> None:
        """Make ``env`` what it was, for everything that can be seen from outside.

        The version counter goes forward and never back: torch keys its caches by it.
        """
        attributes = vars(env)
        for name in attributes.keys() - self.attributes.keys():
            del attributes[name]
        for name, value in self.attributes.items():
            attributes[name] = _copied(value)
        if hasattr(env, "_version_counter"):
            env._version_counter = next(_VERSIONS)

    def changed(self, before: EnvState, after: EnvState) -> EnvState:
        """This state, with every piece of knowledge in which ``before`` and ``after`` differ as it is in ``after``."""
        names = {name for name, _, _ in changes(before, after)}
        if not names:
            return self
        kept = {name: value for name, value in self.attributes.items() if name not in names}
        return EnvState(kept | {name: value for name, value in after.attributes.items() if name in names})

    @property
    def known(self) -> dict[str, Any]:
        """The attributes that later stages read."""
        return {name: value for name, value in self.attributes.items() if is_knowledge(name) and not callable(value)}


def is_knowledge(name: str) -> bool:
    """Whether the attribute ``name`` of a ShapeEnv is something that a later stage reads as known."""
    return name not in _NOT_KNOWLEDGE and not name.endswith(_MEMO)


def _text(name: str, value: Any) -> str:
    if name == "deferred_runtime_asserts":
        return str([(str(key), [str(ra.expr) for ra in ras]) for key, ras in value.items()])
    if name == "guards":
        return str([str(guard.expr) for guard in value])
    if name == "axioms":
        # A cache of implications of what is known; what it says of the knowledge itself stands elsewhere.
        return ""
    if isinstance(value, dict):
        return str([(str(key), str(item)) for key, item in value.items()])
    if isinstance(value, (set, frozenset)):
        return str(sorted(map(str, value)))
    if isinstance(value, (list, tuple)):
        return str([str(item) for item in value])
    if isinstance(value, (int, str, bool, float)) or value is None:
        return str(value)
    return type(value).__name__


def changes(before: EnvState, after: EnvState) -> list[tuple[str, str, str]]:
    """The attributes that differ, each as (name, text before, text after)."""
    old, new = before.known, after.known
    # Most often nothing has changed at all, which is seen without writing out every expression.
    open_ones = [name for name in old.keys() | new.keys() if not _alike(old.get(name, _ABSENT), new.get(name, _ABSENT))]
    texts = (
        (name, *(_text(name, known[name]) if name in known else "absent" for known in (old, new)))
        for name in sorted(open_ones)
    )
    return [(name, first, second) for name, first, second in texts if first != second]


_ABSENT = object()


def _alike(one: Any, other: Any, depth: int = 2) -> bool:
    """Whether two attributes hold the very same objects in the same order, ``depth`` containers deep."""
    if one is other:
        return True
    if type(one) is not type(other) or not depth:
        return False
    if isinstance(one, dict):
        return len(one) == len(other) and all(
            key is own and _alike(item, mine, depth - 1)
            for (key, item), (own, mine) in zip(one.items(), other.items(), strict=True)
        )
    if isinstance(one, (list, tuple)):
        return len(one) == len(other) and all(
            _alike(item, mine, depth - 1) for item, mine in zip(one, other, strict=True)
        )
    return False
