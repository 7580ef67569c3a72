"""``torch.export`` followed by ``run_decompositions``, which traces again and then calls the pass a second time.

The first call is answered by the reference pass, whatever the subject: what is missing at the second one was then
lost on the way there.
"""

from __future__ import annotations

import warnings

from properties.capture.frontends.export import exported
from properties.capture.frontends.tensors import example_inputs, reached_capture
from properties.capture.interception import EXPORT_SITES, in_place_of_torch, reach
from properties.capture.refusals import refused
from properties.capture.types import Capture
from properties.errors import NotCaptured
from runtime_assert import insert_deferred_runtime_asserts
from strategies.compile import as_module
from strategies.input_forms import WRAPPED
from strategies.program import Program
from strategies.semantics import has_form


def capture(
    program: Program, device: str = "cpu", name: str = "export+decompositions", *, deferred: bool = False
) -> Capture:
    """``program`` exported, and its graph decomposed to core ATen up to the second call of the pass.

    Raises:
        NotCaptured: if torch refuses, or if it finishes without calling the pass again.
    """
    if has_form(program, WRAPPED):
        raise NotCaptured("an input that holds another tensor is taken apart before the second call")
    tensors, module = example_inputs(program, device), as_module(program, device)
    with in_place_of_torch(EXPORT_SITES, insert_deferred_runtime_asserts), refused():
        first = exported(program, module, tensors, deferred=deferred)

    def decompose() -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            first.run_decompositions()

    reached = reach(decompose, EXPORT_SITES)
    return reached_capture(program, device, name, reached)
