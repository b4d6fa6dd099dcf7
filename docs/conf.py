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


def setup(app):
    """Connect the hooks."""
    app.connect("autodoc-process-docstring", without_rows, priority=400)
