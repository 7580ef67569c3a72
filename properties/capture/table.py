"""The frontends by name, as plain data: one line each; imports nothing heavy, so that a command line can list them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Frontend:
    """Where a frontend is written, and how it is asked for.

    ``module`` is a file of :mod:`properties.capture.frontends` and ``function`` a function in it with the signature
    ``(program, device, name, *, deferred)``. With ``deferred`` checks on input sizes are recorded for run time
    instead of becoming guards (torch's ``prefer_deferred_runtime_asserts_over_guards``). ``programs`` is how many
    Programs an audit gives it, and ``usual`` whether an audit runs it without being asked.
    """

    module: str
    programs: int
    function: str = "capture"
    deferred: bool = False
    usual: bool = False


FRONTENDS: dict[str, Frontend] = {
    "shape_env": Frontend("shape_env", 1200, usual=True),
    "make_fx": Frontend("make_fx", 400, usual=True),
    "export": Frontend("export", 200, usual=True),
    "export-strict": Frontend("export", 100, "capture_strict"),
    "compile": Frontend("compile", 100),
    "shape_env+deferred": Frontend("shape_env", 600, deferred=True),
    "make_fx+deferred": Frontend("make_fx", 200, deferred=True),
    "export+deferred": Frontend("export", 100, deferred=True),
    "export-strict+deferred": Frontend("export", 100, "capture_strict", deferred=True),
    "compile+deferred": Frontend("compile", 100, deferred=True),
    "export+named": Frontend("export", 100, "capture_named"),
    "export+named+deferred": Frontend("export", 100, "capture_named", deferred=True),
    "export+decompositions": Frontend("decompositions", 100),
}
"""The first ones are the frontends themselves, then come their variants."""
