"""Colours for Python in the page: text cut into (kind, text) tokens; nothing is parsed, so nothing can fail."""

from __future__ import annotations

import keyword
import re

# One alternative a kind, tried in this order; what none matches is plain text.
_TOKEN = re.compile(
    r"(?P<c>\#[^\n]*)"
    r"|(?P<s>\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*')"
    r"|(?P<n>\b\d[\w.]*)"
    r"|(?P<w>[A-Za-z_]\w*)"
    r"|(?P<o>[=!<>]=|[-+*/%<>])"
)
_UNBACKED = re.compile(r"u\d+")


def tokens(text: str) -> list[tuple[str, str]]:
    """``text`` in pieces: kind ``k`` (keyword), ``t`` (torch), ``u`` (an unbacked value), ``n`` (number), ``s``
    (string), ``c`` (comment), ``o`` (operator), or empty for anything else. Joined, the pieces are ``text``."""
    pieces: list[tuple[str, str]] = []
    end = 0
    for match in _TOKEN.finditer(text):
        kind = _kind(match)
        if not kind:
            continue
        if match.start() > end:
            pieces.append(("", text[end : match.start()]))
        pieces.append((kind, match.group()))
        end = match.end()
    return [*pieces, ("", text[end:])] if end < len(text) else pieces


def _kind(match: re.Match[str]) -> str:
    if match.lastgroup != "w":
        return match.lastgroup or ""
    word = match.group()
    if keyword.iskeyword(word):
        return "k"
    return "u" if _UNBACKED.fullmatch(word) else "t" if word == "torch" else ""
