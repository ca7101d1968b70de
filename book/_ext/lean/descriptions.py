"""Say of every page what it is about, for search engines and shared links."""

import re
from textwrap import shorten

LONGEST = 160

# The pages that Sphinx makes by itself have no sentence of their own.
MADE = {
    "Index": "All terms of the glossary and all names of the package, from A to Z.",
    "Search": "Search all pages of the book.",
}


def opening(page):
    """The first sentences under the title, as many as fit, without markup."""
    first = page.select_one("article h1 ~ p")
    if first is None:
        return ""
    begin, *others = re.split(r"(?<=[.?!]) ", " ".join(first.get_text().split()))
    for sentence in others:
        if len(f"{begin} {sentence}") > LONGEST:
            break
        begin += f" {sentence}"
    return shorten(begin, LONGEST, placeholder=" …")


def describe(page):
    """Fill in what the page does not say of itself."""
    name, _, book = page.title.get_text().replace(" - ", " — ").partition(" — ")
    title = book if name == book else f"{name} — {book}"
    page.title.string = title
    given = page.select_one('head meta[name="description"]')
    text = given["content"] if given else opening(page) or MADE.get(name, title)
    if not given:
        _add(page, name="description", content=text)
    _add(page, property="og:type", content="article")
    _add(page, property="og:title", content=title)
    _add(page, property="og:description", content=text)


def _add(page, **attributes):
    page.head.append(page.new_tag("meta", attrs=attributes))
