"""Say of every page what it is about, for search engines and shared links."""

from textwrap import shorten

LONGEST = 160


def opening(page):
    """The sentence under the title, without markup, cut at a word."""
    first = page.select_one("article h1 ~ p")
    return shorten(first.get_text(), LONGEST, placeholder=" …") if first else ""


def describe(page):
    """Fill in what the page does not say of itself."""
    name, _, book = page.title.get_text().partition(" — ")
    if name == book:
        page.title.string = book
    title = page.title.get_text()
    given = page.select_one('head meta[name="description"]')
    text = given["content"] if given else opening(page) or title
    if not given:
        _add(page, name="description", content=text)
    _add(page, property="og:type", content="article")
    _add(page, property="og:title", content=title)
    _add(page, property="og:description", content=text)


def _add(page, **attributes):
    page.head.append(page.new_tag("meta", attrs=attributes))
