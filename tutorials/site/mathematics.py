"""Formulas as MathML, which browsers draw themselves: no script, no fonts, nothing to fetch."""

from docutils import nodes
from docutils.utils.math import MathError, latex2mathml
from sphinx.util import logging

logger = logging.getLogger(__name__)


def mathml(text, block):
    """The MathML of a formula in LaTeX; raises MathError for what docutils does not know."""
    return latex2mathml.tex2mathml(text, as_block=block)


def show(node, block):
    try:
        return mathml(node.astext(), block)
    except MathError as error:
        logger.warning("formula %r: %s", node.astext(), error, location=node)
        return ""


def visit_inline(self, node):
    self.body.append(show(node, block=False))
    raise nodes.SkipNode


def visit_block(self, node):
    self.body.append(f'<div class="math">{show(node, block=True)}</div>')
    raise nodes.SkipNode


def setup(app):
    app.add_html_math_renderer("mathml", (visit_inline, None), (visit_block, None))
    return {"parallel_read_safe": True}
