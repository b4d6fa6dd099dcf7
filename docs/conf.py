"""The documentation site: Sphinx, MyST and furo; nothing is loaded from elsewhere."""

import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "src"))

import consentgate

project = "consentgate"
author = "The consentgate developers"
copyright = "2026, the consentgate developers"
version = release = consentgate.__version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx.ext.intersphinx"]
exclude_patterns = ["_build", "screenshots"]

html_theme = "furo"
html_title = f"consentgate {version}"
html_static_path = ["_static"]
html_extra_path = ["screenshots"]  # the README shows them by their address
html_css_files = ["site.css"]
html_show_sourcelink = False
html_copy_source = False

myst_heading_anchors = 3
myst_url_schemes = ["http", "https", "mailto"]
suppress_warnings = ["misc.highlighting_failure"]  # a console block may show a file, too

# Python's inventory is kept here, so that the site is built without the network.
intersphinx_mapping = {
    "python": ("https://docs.python.org/3", str(Path(__file__).parent / "inventories" / "python.inv"))
}

autodoc_typehints = "signature"
autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
napoleon_numpy_docstring = False
default_role = "code"
nitpicky = True
nitpick_ignore_regex = [
    # Private types and aliases in signatures; each is explained in words beside it.
    ("py:.*", r"(consentgate\.|collections\.abc\.|_typeshed|wsgiref|markupsafe|webtest|hypothesis|jinja2).*"),
    ("py:.*", r"[A-Z]\w*"),
]


def without_rows(app, what, name, obj, options, lines):
    """Leave out the rows of the register that docstrings cite: they are for who reads the code."""
    if what in ("property", "attribute"):
        lines[:0] = ["..", ""]  # or napoleon takes what stands before a colon for a type
    lines[:] = [
        re.sub(r"[;,]? ?\(R\d+a?(?:, R\d+a?)*\)|; R\d+a?(?=\))|, R\d+a?(?=\))", "", line) for line in lines
    ]


MENDS = {
    # Captions of the tree are headings of a level; both side bars have a name.
    'role="heading"': 'role="heading" aria-level="2"',
    '<aside class="sidebar-drawer"': '<aside aria-label="Pages" class="sidebar-drawer"',
    '<aside class="toc-drawer': '<aside aria-label="On this page" class="toc-drawer',
    # Visitors with a keyboard only can scroll what scrolls.
    "<pre>": '<pre tabindex="0">',
    '<div class="table-wrapper': '<div tabindex="0" class="table-wrapper',
    # A cell with nothing in it is the head of nothing.
    '<th class="head"></th>': "<td></td>",
    '<th class="head"><p></p></th>': "<td></td>",
}
"""Faults that axe-core finds in furo's pages, and the mend of each."""


def mend_pages(app, exception):
    """Make the pages that were written accessible."""
    for path in Path(app.outdir).rglob("*.html") if exception is None else ():
        text = path.read_text()
        for found, mend in MENDS.items():
            text = text.replace(found, mend)
        if path.name == "search.html":
            text = text.replace('<div id="search-results">', '<h1>Search</h1><div id="search-results">')
        path.write_text(text)


def setup(app):
    """Connect the hooks."""
    app.connect("autodoc-process-docstring", without_rows, priority=400)
    app.connect("build-finished", mend_pages)
