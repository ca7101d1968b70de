"""Render formulas as MathML while the book is built.

Browsers show MathML by themselves: no script, no font from another host, and
screen readers can speak it.
"""

from docutils import nodes
from latex2mathml.converter import convert


def _inline(self, node):
    self.body.append(convert(node.astext()))
    raise nodes.SkipNode


def _display(self, node):
    label, number = node.get("label"), node.get("number")
    anchor = f' id="equation-{nodes.make_id(label)}"' if label else ""
    numbered = f'<span class="eqno">({number})</span>' if number else ""
    formula = convert(node.astext(), display="block")
    self.body.append(f'<div class="math"{anchor}>{numbered}{formula}</div>')
    raise nodes.SkipNode


def setup(app):
    """Register the renderer; `_config.yml` chooses it."""
    app.add_html_math_renderer("mathml", (_inline, None), (_display, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
