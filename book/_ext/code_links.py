"""Link the names of digitlib in code cells to the reference.

sphinx-codeautolink does it. To follow a name, it imports where the name comes
from. Other packages have no page here, so their names are left out: no
TensorFlow is imported for them, and nothing fails in a library that we do not
document.

Between builds it remembers nothing of pages that are no .rst files. So every
build reads and writes every page.
"""

import os
from pathlib import Path


def keep_our_names(app, env):
    """Before names are followed, drop all that do not come from digitlib."""
    parsed = getattr(env, "sphinx_codeautolink_transforms", {})
    for blocks in parsed.values():
        for block in blocks:
            block.names = [
                name for name in block.names if name.import_components[0] == "digitlib"
            ]


def read_every_page(app, env, added, changed, removed):
    """Name all pages, changed or not."""
    return env.found_docs


def write_every_page(app, config):
    """Make every page that an earlier build wrote look old."""
    for page in Path(app.outdir).rglob("*.html"):
        os.utime(page, (0, 0))


def setup(app):
    """Load sphinx-codeautolink and step in before it."""
    app.setup_extension("sphinx_codeautolink")
    app.connect("config-inited", write_every_page)
    app.connect("env-get-outdated", read_every_page)
    app.connect("env-updated", keep_our_names, priority=400)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
