"""Carries out what was decided: moves and normalises asserts, emits new ones, shares values, tidies up."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from torch import fx

from runtime_assert import _torch_api as api
from runtime_assert import messages
from runtime_assert.checks import message_text, normalise
from runtime_assert.claims import Claim
from runtime_assert.emission import Emitter, Origin
from runtime_assert.names import Names
from runtime_assert.normal import Bound
from runtime_assert.operators import operator_of
from runtime_assert.reading import Reading, is_query
from runtime_assert.report import Row
from runtime_assert.values import Value

_INHERITED = ("nn_module_stack", "custom")
_WITHOUT_ASSERT = ("implied", "trivial", "elsewhere", "unplaceable")
# So many lines are named in a message that stands for several checks.
_LISTED = 3


class Writer:
    """Applies decided claims to one graph."""

    def __init__(
        self,
        gm: fx.GraphModule,
        env: api.ShapeEnv,
        nodes: list[fx.Node],
        reading: Reading,
        key: str,
        extra: dict[str, Any] | None,
    ) -> None:
        self.shared = 0
        self.removed = 0
        self._gm = gm
        self._graph = gm.graph
        self._nodes = nodes
        self._reading = reading
        self._extra = extra
        self._names = Names(env, nodes)
        self._emitter = Emitter(gm.graph, nodes, reading, key, env, extra)
        # Which of these anything in this graph has: most often there is nothing to look for.
        self._inherited = [key for key in _INHERITED if any(key in node.meta for node in nodes)]
        self._origins: dict[str | None, Origin] = {}
        self._loose: list[fx.Node] = []
        self._locations: dict[int, str] = {}
        self._words: dict[str, str | None] = {}
        self._dropped: dict[int, tuple[str | None, str | None]] = {}

    def write(self, present: list[Claim], wanted: list[Claim]) -> None:
        """Bring the graph's own asserts into shape, then emit what is still wanted, by slot."""
        pending = sorted((c for c in wanted if c.status is None), key=lambda c: (c.slot, not _is_range(c)))
        every = [*present, *pending]
        places = messages.symbolise([None if c.assertion is None else c.assertion.stack for c in every])
        for claim, place in zip(present, places[: len(present)], strict=True):
            self._write_present(claim, place)
        further = _further_places(wanted)
        for claim, place in zip(pending, places[len(present) :], strict=True):
            self._emit(claim, place, further.get(id(claim), ()))
        for node in self._reading.constraints:
            self._discard(node)

    def _write_present(self, claim: Claim, check: messages.Place) -> None:
        node = claim.node
        assert node is not None
        if claim.status is not None:
            # What is asserted in its place may still have to say what it says.
            self._dropped[id(claim)] = self._told_by(claim)
            self._discard(node)
            claim.node = None
            return
        if check.trace is not None and not node.meta.get("stack_trace"):
            node.meta["stack_trace"] = check.trace
        if claim.user:
            location = messages.location_in_trace(node.meta.get("stack_trace"))
            text = message_text(self._gm, node)
            if text is None:
                text = messages.compose(None, self.show(claim), f"checked at {location}" if location else "")
            node = claim.node = normalise(self._graph, node, text)
        if claim.late and isinstance(claim.condition, Value):
            self._emitter.node_of(claim.condition, self._origin(claim, check))
            self._emitter.move(node, claim.slot)
            claim.status = "moved"
        else:
            claim.status = "present"

    def _emit(self, claim: Claim, check: messages.Place, further: Sequence[str]) -> None:
        """Write an assert; `further`: where else what it says was checked."""
        if not check.location and claim.check is not None:
            # Dynamo records no line with the condition, the node of the check has it.
            _, trace = self._told_by(claim.check)
            check = messages.Place(messages.location_in_trace(trace), trace)
        origin = self._origin(claim, check)
        condition = self._emitter.argument(claim.condition, origin)
        if check.location:
            lines = list(dict.fromkeys((check.location, *further)))
            place = f"checked at {' and '.join(lines[:_LISTED])}"
        else:
            made = messages.location_in_trace(self._made_at(claim))
            place = f"value made at {made}" if made else ""
        words = self._words_of(claim)
        text = messages.compose(words, self.show(claim), place)
        claim.node = self._emitter.assert_node(claim.slot, condition, text, origin)
        claim.status = "emitted"
        self._locations[id(claim)] = check.location

    def _words_of(self, claim: Claim) -> str | None:
        """The user's message for an obligation: of the check that it was recorded for, or recorded with it."""
        if claim.check is not None:
            found, _ = self._told_by(claim.check)
            if found is not None:
                return found
        if claim.assertion is None:
            return None
        text: Any = claim.assertion.msg
        if not isinstance(text, str):
            return None
        if text not in self._words:
            self._words[text] = messages.user_message(text)
        return self._words[text]

    def _told_by(self, check: Claim) -> tuple[str | None, str | None]:
        """The user's words in an assert of the graph, and its stack trace, also when it has gone."""
        if check.node is None:
            return self._dropped[id(check)]
        return messages.user_message(message_text(self._gm, check.node)), check.node.meta.get("stack_trace")

    def _origin(self, claim: Claim, check: messages.Place) -> Origin:
        """Metadata for new nodes: the stack trace of the check, the module of what is checked."""
        source = self._nodes[claim.slot].meta if claim.slot >= 0 else {}
        if claim.source == "check" and claim.node is not None:
            source = claim.node.meta
        trace = check.trace or source.get("stack_trace") or (self._extra or {}).get("stack_trace")
        if not self._inherited:
            found = self._origins.get(trace)
            if found is None:
                found = self._origins[trace] = self._emitter.origin({} if trace is None else {"stack_trace": trace})
            return found
        meta = {key: source[key] for key in self._inherited if source.get(key) is not None}
        if trace is not None:
            meta["stack_trace"] = trace
        return self._emitter.origin(meta)

    def _made_at(self, claim: Claim) -> object:
        """The stack trace of the node that makes what is checked; that of an input says where it is used."""
        node = self._nodes[claim.slot] if claim.slot >= 0 else None
        return node.meta.get("stack_trace") if node is not None and node.op != "placeholder" else None

    def share(self) -> None:
        """Let one node compute what several did, and compute sizes of intermediates from those of inputs.

        Then what nothing needs goes, and not before: a check that is gone may have computed first what others do.
        """
        position = self._reading.position
        for node, value in self._reading.shared:
            if not node.users:
                continue
            first = value.node
            if first is None or (not value.settled and position[first] > position[node]):
                first = self._emitter.node_of(value, self._emitter.origin(_kept_meta(node)))
            if first is node:
                continue
            node.replace_all_uses_with(first)
            self.shared += 1
            self._discard(node)
        self._sweep()

    def _discard(self, node: fx.Node) -> None:
        inputs = node.all_input_nodes
        self._graph.erase_node(node)
        self.removed += 1
        self._loose.extend(inputs)

    def _sweep(self) -> None:
        """Take out arithmetic and queries that nothing needs any more; tensor computation stays."""
        while self._loose:
            node = self._loose.pop()
            if node._erased or node.users or node.meta.get("unbacked_bindings"):
                continue
            if node.op == "get_attr" or is_query(node) or operator_of(node) is not None:
                self._loose.extend(node.all_input_nodes)
                self._graph.erase_node(node)
                self.removed += 1

    def show(self, claim: Claim) -> str:
        """A claim's condition in the user's terms."""
        if claim.text is None:
            merged = claim.by if claim.source == "range" and claim.status == "merged" else None
            claim.text = messages.show((merged or claim).condition, self._names.of)
        return claim.text

    def rows(self, present: list[Claim], wanted: list[Claim]) -> Iterator[Row]:
        """The report, once everything is written."""
        for claim in (*wanted, *present):
            # What was merged with a claim that needs no assert itself is told to follow from what that one does.
            last = _merged_into(claim)
            told = last if last.status in _WITHOUT_ASSERT else claim
            text = str(last.expr) if told.status in ("unplaceable", "elsewhere") else self.show(claim)
            name = last.node.name if last.node is not None else None
            premises = tuple(dict.fromkeys(map(_premise, told.premises)))
            where = self._locations.get(id(claim), "")
            assert told.status is not None
            yield Row(claim.source, text, told.status, name, premises, told.reason, where)


def _further_places(wanted: list[Claim]) -> dict[int, list[str]]:
    """For each claim whose assert stands for other checks of the user too, where those are."""
    found: list[tuple[Claim, Claim]] = []
    for claim in wanted:
        carrier = _merged_into(claim)
        if carrier.assertion is not claim.assertion:
            found.append((carrier, claim))
    if not found:
        return {}
    places = messages.symbolise([claim.assertion and claim.assertion.stack for _, claim in found])
    listed: dict[int, list[str]] = {}
    for (carrier, _), place in zip(found, places, strict=True):
        if place.location:
            listed.setdefault(id(carrier), []).append(place.location)
    return listed


def _is_range(claim: Claim) -> bool:
    """Bounds of single values go first: a retrace learns ranges from them before it meets relations."""
    return isinstance(claim.relation, Bound) and len(claim.relation.terms) == 1


def _premise(claim: Claim) -> str:
    node = _carrier(claim).node
    return node.name if node is not None else f"guard {claim.expr}"


def _merged_into(claim: Claim) -> Claim:
    """The claim that says the same and was merged with no other."""
    while claim.status == "merged" and claim.by is not None:
        claim = claim.by
    return claim


def _carrier(claim: Claim) -> Claim:
    """The claim whose assert stands for this one."""
    while claim.node is None and claim.by is not None:
        claim = claim.by
    return claim


def _kept_meta(node: fx.Node) -> dict[str, Any]:
    keys = (*_INHERITED, "stack_trace")
    return {key: node.meta[key] for key in keys if node.meta.get(key) is not None}
