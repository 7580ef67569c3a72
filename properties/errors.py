"""The three errors that are not findings: whose fault each one is stands in its type."""

from __future__ import annotations


class UsageError(ValueError):
    """The user's mistake: one line that names the value and what is allowed."""


class GeneratorError(RuntimeError):
    """The generator's fault: a Program's own semantics and its eager run do not agree."""


class ToolError(RuntimeError):
    """This tool's fault: two parts of the oracle contradict each other, or one of them broke."""


class Unsupported(ValueError):
    """Something the oracle cannot read exactly; it makes a verdict UNDECIDED, never PROVED."""


class NotCaptured(RuntimeError):
    """torch refused to trace the Program; the normalised reason is the argument."""


class ContextLost(RuntimeError):
    """A kernel failed and took the CUDA context of this process with it: nothing runs on the device any more."""
