"""Make the built pages light, described and accessible.

Jupyter Book's theme is made for every book: a page of it weighs 4 MB, most of
it for things that this book does not have. When the site is written, this
extension goes over its pages once: `scripts` drops what does nothing and
defers the rest, `styles` keeps the rules in use, `pictures` shrinks the
figures, `descriptions` says what each page is about, `access` mends what
hinders keyboards and screen readers, `solutions` gives each solution one fold,
and `front` puts the front page at the site's own address.
"""

from pathlib import Path

from bs4 import BeautifulSoup

from . import access, descriptions, front, pictures, scripts, solutions, styles


def read(site):
    """The parsed pages of a site, by path."""
    return {
        path: BeautifulSoup(path.read_text(), "html.parser")
        for path in sorted(site.rglob("*.html"))
        if not any(part.startswith("_") for part in path.relative_to(site).parts)
    }


def tend(site, root):
    """Go over a site whose front page is `root`."""
    (site / front.NAME).unlink(missing_ok=True)
    pages = read(site)
    pictures.shrink(site / "_images")
    for path, page in pages.items():
        scripts.lighten(page, path)
        access.mend(page)
        solutions.gather(page)
        pictures.place(page, path)
        descriptions.describe(page)
    styles.join(site, pages)
    for path, page in pages.items():
        path.write_text(str(page))
    front.copy(site, root)


def _finished(app, error):
    if error is None and app.builder.name == "html":
        tend(Path(app.outdir), app.config.root_doc)


def setup(app):
    """Run when everything else is done; every build writes every page anew."""
    app.connect("env-updated", lambda app, environment: environment.found_docs)
    app.connect("build-finished", _finished, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
