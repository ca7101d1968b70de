"""The page 404.html, which a static host shows for every address it lacks.

It may be shown at any depth, so it loads nothing, and its links must not be
relative. They begin with the address of the book where that is known (see
address.py). Where it is not, a few lines of script in the page look for it.
"""

from pathlib import Path


def collect(app):
    """Yield the page: its name, what it shows, and its template."""
    env = app.env
    names = [app.config.root_doc, *reading_order(env, app.config.root_doc)]
    pages = [
        (app.builder.get_target_uri(name), env.titles[name].astext())
        for name in names
    ]
    yield (
        "404",
        {"pages": pages, "address": app.config.html_baseurl},
        "404.html",
    )


def reading_order(env, name):
    """Yield the names of all pages below one, in the order of the contents."""
    for child in env.toctree_includes.get(name, ()):
        yield child
        yield from reading_order(env, child)


def configure(app, config):
    """Let Sphinx find the template."""
    folder = Path(__file__).parents[1] / "_templates"
    config.templates_path = [*config.templates_path, str(folder)]


def setup(app):
    """Register the page."""
    app.connect("config-inited", configure)
    app.connect("html-collect-pages", collect)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
