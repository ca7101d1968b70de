"""Print the whole book into one PDF, through the browser: `make pdf`.

    python book/print.py [SITE] [FILE]

The pages of the built site (by default _build/html) are joined into one, in
the order of the table of contents, and Chromium prints them, with the same
print.css that it uses when a reader prints a single page. Then it is printed
once more, when it is known on which page each chapter begins.
"""

from html import escape
import os
from pathlib import Path
import posixpath
import shutil
import sys
import tempfile
from urllib.parse import unquote, urlsplit

from bs4 import BeautifulSoup
from playwright.sync_api import sync_playwright
from pypdf import PdfReader
import yaml

ROOT = Path(__file__).parent.parent
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
POINTS_AT_ANCHORS = ("id", "for", "aria-labelledby", "aria-describedby")


def find_browser():
    """Return the path of Chromium, or end and say what to do."""
    for name in BROWSERS:
        if path := shutil.which(name):
            return path
    sys.exit(
        "make pdf: Chromium prints the book, and it is not on the PATH. "
        "Install it (Debian, Ubuntu: apt install chromium) and try again."
    )


def parts():
    """Yield the table of contents: a part's caption, and its pages' names."""
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text())
    yield None, [toc["root"]]
    for part in toc["parts"]:
        yield part["caption"], [page["file"] for page in part["chapters"]]


def read_pages(site):
    """Return every page of the contents, parsed, by its name."""
    names = [name for _, pages in parts() for name in pages]
    return {
        name: BeautifulSoup((site / f"{name}.html").read_text(), "html.parser")
        for name in names
    }


def anchor(name, fragment=""):
    """Return an anchor of the whole book for an anchor of one page."""
    return f"{name.replace('/', '.')}--{fragment}"


def article_of(site, name, pages):
    """Return a page's text, with addresses as the whole book needs them."""
    article = pages[name].select_one("article.bd-article")
    for element in article.find_all(True):
        for attribute in POINTS_AT_ANCHORS:
            if attribute in element.attrs:
                element[attribute] = " ".join(
                    anchor(name, each) for each in element[attribute].split()
                )
        source = element.get("src", "data:")
        if not source.startswith("data:"):
            element["src"] = (site / name).parent.joinpath(source).as_uri()
        element.attrs.pop("loading", None)  # paper cannot wait for a reader
        if element.name == "a" and "href" in element.attrs:
            element["href"] = where(name, element["href"], pages)
            if element["href"] is None:
                del element["href"]  # such as the notebook to download
    for script in article.find_all("script"):
        script.decompose()
    article["class"] = [*article.get("class", ()), "of-the-book"]
    article["id"] = anchor(name)
    return article


def where(name, address, pages):
    """Return where a link leads in the whole book; None if nowhere."""
    there = urlsplit(address)
    if there.scheme:
        return address
    target = name
    if there.path:
        target = posixpath.join(posixpath.dirname(name), unquote(there.path))
        target = posixpath.normpath(target).removesuffix(".html")
    if target not in pages:
        return None
    return "#" + anchor(target, there.fragment)


def join(site, starts):
    """Return the whole book as one page of HTML.

    ``starts`` has the number of the page on paper on which each page of the
    site begins, by name, as far as it is known.
    """
    pages = read_pages(site)
    head = heads(site, pages)
    config = yaml.safe_load((ROOT / "_config.yml").read_text())
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    title, _, subtitle = citation["title"].partition(": ")
    body = [
        '<section class="book-title">',
        f'<p class="title">{title}</p>',
        f'<p class="subtitle">{subtitle[:1].upper() + subtitle[1:]}</p>',
        f"<p>{config['author']}</p>",
        "<p>Text and figures: CC BY 4.0. Code: MIT licence.</p>",
    ]
    if os.environ.get("BOOK_ADDRESS"):
        body.append(f"<p>{os.environ['BOOK_ADDRESS']}</p>")
    body += ["</section>", contents(pages, starts)]
    for caption, names in parts():
        for i, name in enumerate(names):
            article = article_of(site, name, pages)
            if caption and i == 0:
                part = pages[name].new_tag("p", attrs={"class": "part"})
                part.string = caption
                article.insert(0, part)
            body.append(str(article))
    return (
        '<!DOCTYPE html><html lang="en" data-theme="light"><head>'
        f'<meta charset="utf-8"><title>{title}</title>{head}</head><body>'
        f'<div class="bd-content">{"".join(body)}</div></body></html>'
    )


def heads(site, pages):
    """Return the styles of all pages, each once."""
    styles = {}
    for name, page in pages.items():
        for link in page.head.find_all("link", rel="stylesheet"):
            place = (site / name).parent / unquote(urlsplit(link["href"]).path)
            link["href"] = place.resolve().as_uri()
            styles[str(link)] = None
        for style in page.head.find_all("style"):
            styles[str(style)] = None
    return "".join(styles)


def contents(pages, starts):
    """Return the table of contents, with links and numbers."""
    lines = ['<nav class="book-contents"><h1>Contents</h1>']
    for caption, names in parts():
        if caption:
            lines.append(f'<p class="part">{escape(caption)}</p>')
        lines.append("<ul>")
        for name in names:
            heading = pages[name].select_one("article h1")
            for link in heading.select(".headerlink"):
                link.extract()
            title, number = escape(heading.get_text()), starts.get(name, "")
            lines.append(
                f'<li><a href="#{anchor(name)}"><span>{title}</span> '
                f"<span>{number}</span></a></li>"
            )
        lines.append("</ul>")
    return "".join([*lines, "</nav>"])


def print_html(browser, html, file):
    """Have the browser print a page of HTML into a file."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "book.html"
        place.write_text(html)
        page = browser.new_page(color_scheme="light")
        page.goto(place.as_uri(), wait_until="load")
        page.evaluate("document.fonts.ready")
        page.pdf(
            path=file,
            prefer_css_page_size=True,
            print_background=True,
            outline=True,
            tagged=True,
        )
        page.close()


def starts_in(file):
    """Return the number of the page, from 1, on which each chapter begins."""
    reader = PdfReader(file)
    starts = {}
    for _, names in parts():
        for name in names:
            place = reader.named_destinations["/" + anchor(name)]
            starts[name] = reader.get_destination_page_number(place) + 1
    return starts


def main(site=ROOT / "_build" / "html", file=None):
    """Print the book, and say where it is and how large."""
    chromium = find_browser()
    site = Path(site).resolve()
    if not (site / "index.html").is_file():
        sys.exit(f"{site}: no built site; `make book` makes it.")
    file = Path(file or site.parent / "one-small-network.pdf")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-gpu"]
        )
        print_html(browser, join(site, {}), file)
        print_html(browser, join(site, starts_in(file)), file)
        browser.close()
    pages = len(PdfReader(file).pages)
    print(f"{file}: {pages} pages, {file.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main(*sys.argv[1:])
