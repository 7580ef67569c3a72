"""The Jinja2 templates, with one environment: foreign text is made visible first, and escaped in HTML."""

from __future__ import annotations

from functools import cache

from jinja2 import Environment, StrictUndefined, Template
from jinja2.loaders import PackageLoader
from markupsafe import Markup

from reports.text import plain


def template(name: str) -> Template:
    """The template of that file name. Only ``*.html.j2`` are escaped for HTML."""
    return _environment().get_template(name)


def _finalize(value: object) -> object:
    """Escapes control characters of every inserted text; numbers and ready-made markup stay as they are."""
    return plain(value) if isinstance(value, str) and not isinstance(value, Markup) else value


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("reports.render", "templates"),
        autoescape=lambda name: name is not None and name.endswith(".html.j2"),
        undefined=StrictUndefined,
        finalize=_finalize,
        trim_blocks=False,
        keep_trailing_newline=True,
    )
