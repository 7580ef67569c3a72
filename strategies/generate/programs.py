"""The strategy of Programs: statements are added one by one, each of them true of the example values so far."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from hypothesis import event
from hypothesis import strategies as st

from strategies.constructs import CONSTRUCTS, names_of_kind
from strategies.drawing.chooser import BELOW, Chooser
from strategies.drawing.flags import FLAGS
from strategies.drawing.forms import RELATIONS, WEIGHTS
from strategies.generate.asked import not_asked
from strategies.generate.inputs import numbers, tensors
from strategies.generate.profiles import PROFILES
from strategies.program import Program
from strategies.semantics import initial_scope
from strategies.statement import Scope, Statement
from strategies.terms import sort_of_value

_CONSTRUCT_WEIGHTS = {
    "item": 9,
    "nonzero": 2,
    "masked_select": 2,
    "tolist": 4,
    "check": 24,
    "zeros": 4,
    "arange": 2,
    "check_message": 4,
    "check_error": 2,
    "check_query": 4,
    "check_sum": 2,
    "check_is_size": 2,
    "check_range": 2,
    "check_offset": 2,
    "check_assert": 2,
    "matmul": 4,
    "narrow": 2,
    "slice": 2,
    "gather": 2,
    "flatten": 2,
    "cond": 3,
    "map_rows": 2,
    "while_loop": 2,
}
_EMPTY_PLACES = (40, 20, 8)  # beside 86 turns of constructs
# Sources, checks, consumers and structure, with an unbacked leaf in scope and without.
_SHARES = {True: (15, 43, 28, 1), False: (76, 4, 4, 0)}
_BLOCK_PLACES, _DEEPEST = 3, 2
_NOT_IN_A_BLOCK = frozenset({"mutate", "annotate", "submodule", "item_twice"})
"""What torch refuses in a branch: it writes to an input, or opens a region there."""


def programs(
    *,
    profile: str = "nightly",
    min_statements: int = 1,
    max_statements: int | None = None,
    sources: Sequence[str] | None = None,
    checks: Sequence[str] | None = None,
    consumers: Sequence[str] | None = None,
    structures: Sequence[str] | None = None,
    frontend: str | None = None,
) -> st.SearchStrategy[Program]:
    """Programs that run in eager mode on their example inputs.

    ``profile`` is a name in :data:`PROFILES` and sets the limits of size; ``max_statements`` overrides its own.
    ``sources``, ``consumers`` and ``structures`` are names of constructs and ``checks`` names of forms in
    :data:`RELATIONS`; ``None`` stands for all of them, an empty list for none, and a name that is given twice comes
    twice as often. Where something else is narrowed, ``None`` stands for no structures. What :func:`not_asked` says of
    ``frontend`` is left out where no list asks for it; ``None`` leaves out nothing.

    Shrinks to programs with fewer statements, fewer dims and smaller example values.

    Raises:
        ValueError: if a name is unknown or the limits contradict each other.
    """
    if profile not in PROFILES:
        raise ValueError(f"profile={profile!r} is not one of {', '.join(PROFILES)}")
    most = PROFILES[profile].max_statements if max_statements is None else max_statements
    if not 0 <= min_statements <= most:
        raise ValueError(f"min_statements={min_statements} is not between 0 and max_statements={most}")
    refused = not_asked(frontend) if frontend is not None else {}
    source_names = _known("sources", sources, names_of_kind("source"), _CONSTRUCT_WEIGHTS, refused)
    check_names = _known("checks", checks, tuple(RELATIONS), WEIGHTS)
    consumer_names = _known("consumers", consumers, names_of_kind("consumer"), _CONSTRUCT_WEIGHTS, refused)
    narrowed = any(names is not None for names in (sources, checks, consumers))
    structure_names = _known("structures", structures, names_of_kind("structure"), _CONSTRUCT_WEIGHTS, refused)
    if structures is None and narrowed:
        structure_names = ()
    # The statements beside the plain check come where nothing is narrowed: some of them have no form to choose.
    statements = ("check",) if checks else _known("checks", None, names_of_kind("check"), _CONSTRUCT_WEIGHTS, refused)
    statements = statements if check_names else ()
    if "tolist" not in source_names:
        # It brings a source with it.
        statements = tuple(name for name in statements if name != "check_sum")
    if min_statements and not (source_names or statements or consumer_names):
        raise ValueError(f"min_statements={min_statements} but sources, checks and consumers are all empty")
    return _programs(
        min_statements,
        most,
        PROFILES[profile].max_dims,
        source_names,
        check_names,
        _Menu(source_names, statements, consumer_names, structure_names),
        frozenset(refused),
    )


def _known(
    argument: str,
    names: Sequence[str] | None,
    allowed: tuple[str, ...],
    weights: Mapping[str, int],
    refused: Collection[str] = (),
) -> tuple[str, ...]:
    if names is None:
        # Those with a weight first: choices shrink to the simplest, which is the first.
        ordered = sorted(allowed, key=lambda name: list(weights).index(name) if name in weights else len(weights))
        return tuple(name for name in ordered if name not in refused for _ in range(weights.get(name, 1)))
    for name in names:
        if name not in allowed:
            raise ValueError(f"{argument}={name!r} is not one of {', '.join(allowed)}")
    return tuple(names)


@st.composite
def _programs(
    draw: Callable[[Any], Any],
    least: int,
    most: int,
    max_dims: int,
    sources: tuple[str, ...],
    checks: tuple[str, ...],
    menu: _Menu,
    refused: frozenset[str],
) -> Program:
    chooser = Chooser(draw, checks)
    dims, params = tensors(chooser, 0 if "item" in sources else 1, max_dims, refused)
    # Where only truth values are asked about, there is one.
    flag = bool(checks) and FLAGS.keys() >= set(checks)
    scalars = numbers(chooser, initial_scope(Program(dims, params, ())), len(params), flag, refused)
    scope = initial_scope(Program(dims, params, (), scalars))
    growth = _Growth(menu, least, most, scope, chooser.below(len(_EMPTY_PLACES)))
    place = _place(growth, chooser)
    # A fixed row of places, each empty or not, instead of a loop that one choice ends: sizes spread evenly, and
    # every place shrinks to an empty one by itself.
    for left in range(most, 0, -1):
        growth.places = left
        if growth.room:
            draw(place)
    body = growth.body
    program = Program(dims, params, tuple(body), scalars)
    _report(program, chooser)
    return program


@dataclass(frozen=True)
class _Menu:
    """The names of constructs that may be grown, and how often each gets its turn."""

    sources: tuple[str, ...]
    checks: tuple[str, ...]
    consumers: tuple[str, ...]
    structures: tuple[str, ...] = ()

    def in_a_block(self, depth: int) -> _Menu:
        """What may be grown in a block that lies in ``depth`` others."""
        sources = tuple(name for name in self.sources if name not in _NOT_IN_A_BLOCK)
        consumers = tuple(name for name in self.consumers if name not in _NOT_IN_A_BLOCK)
        return _Menu(sources, self.checks, consumers, self.structures if depth + 1 < _DEEPEST else ())

    def turns(self, unbacked: bool, density: int, must: bool) -> tuple[tuple[str, ...], ...]:
        """Groups of names to pick one of, ``()`` for an empty place; without an unbacked leaf mostly sources."""
        return _turns(self, unbacked or not self.sources, 0 if must else _EMPTY_PLACES[density])


@lru_cache(maxsize=64)
def _turns(menu: _Menu, unbacked: bool, empty: int) -> tuple[tuple[str, ...], ...]:
    kinds = (menu.sources, menu.checks, menu.consumers, menu.structures)
    turns: list[tuple[str, ...]] = [()] * empty
    for kind, share in zip(kinds, _SHARES[unbacked], strict=True):
        turns += [kind] * share if kind else []
    return tuple(turns)


@dataclass
class _Growth:
    """A program in the making: what it has so far, and how many ``places`` for statements are left."""

    menu: _Menu
    least: int
    most: int
    scope: Scope
    density: int
    depth: int = 0
    places: int = 0
    body: list[Statement] = field(default_factory=list)

    @property
    def room(self) -> int:
        return self.most - len(self.body)

    def grow(self, name: str, chooser: Chooser) -> Statement | None:
        """Add statements of the construct ``name``, or of another if it finds nothing in scope or no room.

        One that has functions for blocks is given back instead, to be added by :meth:`join`.
        """
        for other in dict.fromkeys((name, *self.menu.checks, *self.menu.consumers, *self.menu.sources)):
            construct = CONSTRUCTS[other]
            grown = construct.grow(chooser, self.scope)
            if grown is not None and len(grown) <= self.room:
                opened = grown[-1] if construct.kind == "structure" else None
                for statement in grown if opened is None else grown[:-1]:
                    self.scope = _behind(statement, self.scope, self.scope)
                    self.body.append(statement)
                return opened
        return None

    def block(self, statement: Statement, number: int, since: Scope, room: int) -> _Growth:
        """The growth of block ``number`` of ``statement``; ``since`` is the scope at the end of the one before it."""
        scope = CONSTRUCTS[statement.op].inside(statement, self.scope, since, number)
        return _Growth(self.menu.in_a_block(self.depth), 0, room, scope, self.density, self.depth + 1)

    def join(self, statement: Statement, blocks: Sequence[_Growth]) -> None:
        """Add ``statement`` with the blocks that were grown for it."""
        construct = CONSTRUCTS[statement.op]
        lengths = tuple(_length(block.body) for block in blocks)
        statement = construct.sized(statement, lengths)
        self.scope = _behind(statement, self.scope, construct.behind(statement, self.scope, blocks[-1].scope))
        self.body += [statement, *(inner for block in blocks for inner in block.body)]


def _length(body: Sequence[Statement]) -> int:
    """The number of statements of a block that are in no other block."""
    index = count = 0

    def skip(index: int) -> int:
        inside = CONSTRUCTS[body[index].op].encloses(body[index])
        index += 1
        for _ in range(sum(inside)):
            index = skip(index) if index < len(body) else index
        return index

    while index < len(body):
        index, count = skip(index), count + 1
    return count


@st.composite
def _place(draw: Callable[[Any], Any], growth: _Growth, chooser: Chooser) -> None:
    """Fill one place of ``growth``, or leave it empty."""
    # A draw of its own tells Hypothesis which choices make up one element: it deletes and repeats them as one, and
    # puts what a block holds in the place of the statement that it belongs to.
    must = growth.least - len(growth.body) >= growth.places
    turns = growth.menu.turns(bool(growth.scope.from_data), growth.density, must)
    names = turns[draw(BELOW[len(turns) - 1])]
    opened = growth.grow(chooser.pick(names), chooser) if names else None
    if opened is None:
        return
    blocks: list[_Growth] = []
    room, since = growth.room - 1, growth.scope
    for number in range(len(CONSTRUCTS[opened.op].encloses(opened))):
        inner = growth.block(opened, number, since, room)
        for left in range(_BLOCK_PLACES, 0, -1):
            inner.places = left
            if inner.room:
                draw(_place(inner, chooser))
        blocks.append(inner)
        room, since = inner.room, inner.scope
    growth.join(opened, blocks)


def _behind(statement: Statement, before: Scope, scope: Scope) -> Scope:
    construct = CONSTRUCTS[statement.op]
    learned = construct.requires(statement, before) + construct.guarantees(statement, before)
    return scope.after(statement.op, construct.effect(statement, before), learned)


def _report(program: Program, chooser: Chooser) -> None:
    body = program.body
    event("statements", len(body))
    for scalar in program.scalars:
        event(f"scalar input {sort_of_value(scalar.value)}")
    for param in program.params:
        for _ in param.unbacked:
            event("unbacked input dim")
        event(f"input layout {'contiguous' if param.strides is None else 'strided'}")
        event(f"input form {param.form}")
    for name in sorted({statement.op for statement in body}):
        event(f"construct {name}")
    for name in sorted(set(chooser.used)):
        event(f"check form {name}")
