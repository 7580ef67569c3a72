"""Foreign text made harmless: strings of programs, errors and messages, for each place that shows them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

# Cc: terminal escapes and other controls. Cf: bidirectional overrides and invisible marks, which can make a
# line read as something that it is not. Cs: lone surrogates, which cannot be written as UTF-8.
# Cn: what is no character, which XML and fonts cannot hold.
# Zl, Zp: line breaks that str.splitlines sees and an editor may not.
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_SUSPECT = re.compile(r"[^\n\t\x20-\x7e]")
_MARKDOWN = re.compile(r"([\\`*_\[\]<>#!|~&$@]|:(?=//))")


# What GitHub Actions takes for a command when a job prints it: "::error::" at the start of a line, "##[" anywhere.
_WORKFLOW_COMMAND = re.compile(r"(?m)^(\s*):(?=:)|(##)\[")


def plain(text: object) -> str:
    """``text`` with every character that does not show as itself escaped; newline and tab stay.

    What a CI system would take for a command of its own has a character of it escaped as well.
    """
    shown = _SUSPECT.sub(lambda match: _visible(match.group()), str(text).replace("\r\n", "\n"))
    return _WORKFLOW_COMMAND.sub(lambda match: f"{match[1]}\\x3a" if match[2] is None else f"{match[2]}\\x5b", shown)


def _visible(char: str) -> str:
    if unicodedata.category(char) not in _HIDDEN:
        return char
    code = ord(char)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def one_line(text: object, limit: int = 300) -> str:
    """``text`` on a single line of at most ``limit`` characters."""
    line = " ".join(plain(text).split())
    return line if len(line) <= limit else line[: limit - 1] + "…"


def markdown(text: object) -> str:
    """``text`` on one line as Markdown that shows it literally, also inside a table cell."""
    return _MARKDOWN.sub(r"\\\1", one_line(text))


def markdown_code(text: object) -> str:
    """``text`` on one line as a Markdown code span, also inside a table cell."""
    line = one_line(text).replace("|", "¦")
    fence = "`" * (_longest_run(line, "`") + 1)
    return f"{fence} {line} {fence}" if "`" in line else f"{fence}{line or ' '}{fence}"


def markdown_block(text: object, language: str = "") -> str:
    """``text`` as a fenced Markdown code block whose fence does not occur in it."""
    body = plain(text).rstrip("\n")
    fence = "`" * max(3, _longest_run(body, "`") + 1)
    return f"{fence}{language}\n{body}\n{fence}"


def clipped(text: object, lines: int) -> str:
    """The first ``lines`` lines of ``text``, and how many were left out."""
    every = plain(text).split("\n")
    if len(every) <= lines:
        return "\n".join(every)
    return "\n".join([*every[:lines], f"… {len(every) - lines} more lines"])


def plural(count: int, noun: str) -> str:
    """``1 finding``, ``2 findings``."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def ranges(numbers: Iterable[int]) -> str:
    """``numbers`` as a short list of ranges: ``2-5, 9``."""
    parts: list[list[int]] = []
    for number in sorted(set(numbers)):
        if parts and number == parts[-1][1] + 1:
            parts[-1][1] = number
        else:
            parts.append([number, number])
    return ", ".join(str(low) if low == high else f"{low}-{high}" for low, high in parts)


def _longest_run(text: str, char: str) -> int:
    return max((len(run) for run in re.findall(re.escape(char) + "+", text)), default=0)
