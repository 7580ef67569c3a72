"""Foreign text: harmless, and still readable."""

from __future__ import annotations

import unicodedata

import pytest

from reports.text import clipped, markdown, markdown_block, markdown_code, one_line, plain, ranges


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\tb\nc", "a\tb\nc"),
        ("a\r\nb", "a\nb"),
        ("a\rb", "a\\x0db"),
        ("\x1b[31mred", "\\x1b[31mred"),
        ("\x9b2J", "\\x9b2J"),
        ("\u202eevil", "\\u202eevil"),
        ("\U000e0041", "\\U000e0041"),
        ("\ud800", "\\ud800"),
        ("x ≤ ∀ é 漢", "x ≤ ∀ é 漢"),
    ],
)
def test_what_would_not_show_as_itself_is_escaped(text: str, expected: str):
    assert plain(text) == expected


def test_hostile_text_becomes_visible_and_writable(hostile: str):
    shown = plain(hostile)
    shown.encode()
    assert not [char for char in shown if char not in "\n\t" and unicodedata.category(char)[0] in "CZ" and char != " "]


def test_one_line_is_one_line_of_bounded_length(hostile: str):
    line = one_line(hostile * 100, 80)
    assert len(line) <= 80
    assert len(line.splitlines()) == 1


def test_markdown_escapes_what_markdown_reads(hostile: str):
    shown = markdown(hostile)
    for char in "<>[]|`*#":
        assert shown.count(char) == shown.count("\\" + char)


@pytest.mark.parametrize("text", ["a", "a`b", "``", "a|b", "", "\n"])
def test_a_code_span_is_not_ended_by_its_text(text: str):
    span = markdown_code(text)
    fence = len(span) - len(span.lstrip("`"))
    assert "`" * fence not in span[fence:-fence]
    assert "|" not in span


def test_a_code_block_is_not_ended_by_its_text(hostile: str):
    first, *body, last = markdown_block(hostile).split("\n")
    assert first == last
    assert not any(line.strip().startswith(first) for line in body)


@pytest.mark.parametrize(
    ("numbers", "expected"), [([], ""), ([3], "3"), ([2, 3, 4, 9], "2-4, 9"), ([9, 2, 4, 3, 3], "2-4, 9")]
)
def test_numbers_are_told_as_ranges(numbers: list[int], expected: str):
    assert ranges(numbers) == expected


def test_what_is_cut_is_counted():
    assert clipped("a\nb\nc", 3) == "a\nb\nc"
    assert clipped("a\nb\nc\nd", 2) == "a\nb\n… 2 more lines"
