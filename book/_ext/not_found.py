"""The page 404.html, which a static host shows for every address it lacks.

It may be shown at any depth, so it loads nothing, and its links must not be
relative. They begin with the address of the book where that is known (see
address.py). Where it is not, a few lines of script in the page look for it.

It has nothing of the theme, and is written last, so that what goes over the
theme's pages does not meet it.
"""

from pathlib import Path

from jinja2 import Template

TEMPLATE = Path(__file__).parents[1] / "_templates" / "404.html"


def remove(app):
    """Before a build, remove the page that an earlier one wrote."""
    Path(app.outdir, "404.html").unlink(missing_ok=True)


def write(app, error):
    """After a build, write the page."""
    if error or app.builder.name != "html":
        return
    root = app.config.root_doc
    template = Template(TEMPLATE.read_text(), autoescape=True)
    text = template.render(
        title=app.config.html_title,
        icon=f"_static/{Path(app.config.html_favicon).name}",
        address=app.config.html_baseurl,
        pages=[
            (app.builder.get_target_uri(name), app.env.titles[name].astext())
            for name in (root, *reading_order(app.env, root))
        ],
    )
    Path(app.outdir, "404.html").write_text(text)


def reading_order(env, name):
    """Yield the names of all pages below one, in the order of the contents."""
    for child in env.toctree_includes.get(name, ()):
        yield child
        yield from reading_order(env, child)


def setup(app):
    """Register the page."""
    app.connect("builder-inited", remove)
    app.connect("build-finished", write, priority=1000)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
