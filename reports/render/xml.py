"""Text for XML 1.0: what XML cannot hold, however it is escaped, is made visible before it is escaped."""

from __future__ import annotations

from reports.text import plain


def xml_text(text: object) -> str:
    """``text`` without characters that XML 1.0 forbids (controls, surrogates, U+FFFE, U+FFFF); not yet escaped."""
    return plain(text).replace("\ufffe", "\\ufffe").replace("\uffff", "\\uffff")
