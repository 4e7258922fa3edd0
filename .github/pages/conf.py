"""How Sphinx makes the pages; build.py gives it their sources."""

from docutils import nodes
from latex2mathml.converter import convert

project = "jaxw2v"
copyright = "the jaxw2v authors, Apache-2.0"
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
html_theme = "furo"
html_title = "jaxw2v"
html_copy_source = False
html_show_sphinx = False
templates_path: list[str] = []
myst_heading_anchors = 3
myst_enable_extensions = ["dollarmath"]
# Which browsers set themselves, without a network.
html_math_renderer = "mathml"

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_class_signature = "mixed"
python_use_unqualified_type_names = True
napoleon_google_docstring = True
napoleon_numpy_docstring = False
napoleon_use_ivar = True
napoleon_use_rtype = False
napoleon_custom_sections = [("Reference", "notes")]

# Types of other projects, whose pages are not read when these are made; and names of ours that
# type checkers alone see.
nitpick_ignore_regex = [
    ("py:.*", r"(?!jaxw2v\b).*"),
    ("py:class", r"jaxw2v\..*"),
]


def _skip(app, what, name, item, skip, options) -> bool | None:
    """Fields of named tuples, which stand in the docstrings of their classes."""
    return True if str(item.__doc__).startswith("Alias for field number") else None


def _inline(translator, node) -> None:
    translator.body.append(convert(node.astext()))
    raise nodes.SkipNode


def _block(translator, node) -> None:
    formula = convert(node.astext(), display="block")
    translator.body.append(
        f'<div class="math" style="overflow-x: auto; padding: 0.5em 0">{formula}</div>'
    )
    raise nodes.SkipNode


def setup(app) -> None:
    """Called by Sphinx."""
    app.add_html_math_renderer("mathml", (_inline, None), (_block, None))
    app.connect("autodoc-skip-member", _skip)
