"""The built site as files: its pages, what they load and link to, and their heads.

How it behaves in a browser is in test_site_in_browser.py.
"""

from collections import Counter
from itertools import chain, pairwise
import re
from urllib.parse import unquote, urlsplit

from browsing import ROOT
import pytest
import yaml

BOOK = ROOT / "book"
NOTEBOOKS = sorted(BOOK.glob("*.ipynb"))

COPY = "index.html"  # of the front page, at the site's own address

# Where an element names another file.
ADDRESSES = {"a": "href", "area": "href", "audio": "src", "form": "action",
             "iframe": "src", "image": "href", "img": "src", "input": "src",
             "link": "href", "object": "data", "script": "src", "source": "src",
             "track": "src", "use": "href", "video": "src"}  # fmt: skip
FOLLOWED = {"a", "area", "form"}  # by the reader; all others are loaded with the page


def in_style(text):
    """The files that a style sheet names."""
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.S)
    return re.findall(r"url\(\s*[\"']?(.*?)[\"']?\s*\)", text)


def loads(page):
    """Every address that a page loads by itself."""
    for element in page.find_all(ADDRESSES.keys() - FOLLOWED):
        if address := element.get(ADDRESSES[element.name]):
            yield address
    for element in page.find_all(srcset=True):
        yield from (choice.split()[0] for choice in element["srcset"].split(","))
    yield from (element["poster"] for element in page.find_all(poster=True))
    styles = [element["style"] for element in page.find_all(style=True)]
    for text in styles + [element.get_text() for element in page.find_all("style")]:
        yield from in_style(text)


def links(page):
    """Every address that a reader can follow from a page."""
    for element in page.find_all(FOLLOWED):
        if address := element.get(ADDRESSES[element.name]):
            yield address
    for element in page.select("meta[http-equiv=refresh i]"):
        yield element["content"].partition("url=")[2]


def is_local(address):
    parts = urlsplit(address)
    return not parts.scheme and not parts.netloc


@pytest.fixture(scope="session")
def contents():
    """The pages of the book in the order of its table of contents."""
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text())

    def files(entry):
        yield from [entry["file"]] if "file" in entry else []
        for key in ("parts", "chapters", "sections"):
            for child in entry.get(key, []):
                yield from files(child)

    return [toc["root"], *files(toc)]


def test_no_page_loads_anything_from_elsewhere_and_no_formula_a_script(site_pages):
    assert sum(len(page.find_all("math")) for page in site_pages.values()) > 20
    for path, page in site_pages.items():
        for address in loads(page):
            assert is_local(address) or address.startswith("data:"), (path, address)
            assert not re.search("mathjax|require", address), (path, address)


def test_every_style_loads_what_the_site_has(site):
    for style in site.rglob("*.css"):
        for address in in_style(style.read_text()):
            if not address.startswith(("data:", "#")):
                target = style.parent / unquote(urlsplit(address).path)
                assert is_local(address), (style, address)
                assert target.is_file(), (style, address)


def test_everything_that_is_loaded_or_linked_exists_once(site_pages):
    anchors = {
        path: [element["id"] for element in page.find_all(id=True)]
        for path, page in site_pages.items()
    }
    for path, page in site_pages.items():
        assert len({*anchors[path]}) == len(anchors[path]), path
        for address in filter(is_local, [*loads(page), *links(page)]):
            parts = urlsplit(address)
            target = (path.parent / unquote(parts.path or path.name)).resolve()
            assert target.is_file(), (path, address)
            if parts.fragment and target in anchors:
                assert unquote(parts.fragment) in anchors[target], (path, address)


def test_links_to_other_sites_are_well_formed(site_pages):
    host = r"[\w-]+(\.[\w-]+)+"
    for address in chain(*map(links, site_pages.values())):
        parts = urlsplit(address)
        if parts.scheme == "mailto":
            assert re.fullmatch(rf"[\w.+-]+@{host}", unquote(parts.path)), address
        elif not is_local(address):
            assert parts.scheme == "https", address
            assert re.fullmatch(host, parts.netloc), address


def test_previous_and_next_go_through_the_contents_in_order(site, site_pages, contents):
    paths = [site / f"{name}.html" for name in contents]

    def follow(path, relation):
        """Where the page leads: in its head, for browsers, and at its end."""
        page = site_pages[path]
        head = page.find_all("link", rel=relation)
        end = page.select(f".prev-next-area a[class*={relation}]")
        return [(path.parent / link["href"]).resolve() for link in head + end]

    for before, after in pairwise(paths):
        assert follow(before, "next") == [after, after]
        assert follow(after, "prev") == [before, before]
    assert follow(paths[0], "prev") == follow(paths[-1], "next") == []


def test_every_chapter_offers_its_notebook(site, site_pages):
    for notebook in NOTEBOOKS:
        path = site / "book" / f"{notebook.stem}.html"
        [address] = {a for a in links(site_pages[path]) if a.endswith(".ipynb")}
        assert (path.parent / address).read_bytes() == notebook.read_bytes()


def test_every_page_has_its_language_icon_heading_title_and_description(
    site, site_pages
):
    titles, descriptions = Counter(), Counter()
    for path, page in site_pages.items():
        assert page.html["lang"] == "en", path.name
        assert "One small network" in page.title.get_text(), path.name
        assert page.select_one("meta[name=viewport]"), path.name
        assert len(page.select("h1:not(.onlyprint *)")) == 1, path.name
        assert page.find("link", rel="icon"), path.name
        [text] = [each["content"] for each in page.select("meta[name=description]")]
        assert 20 < len(text) < 300, (path, text)
        titles[page.title.get_text()] += path != site / COPY
        descriptions[text] += path != site / COPY
    assert max(titles.values()) == 1, titles
    assert max(descriptions.values()) == 1, descriptions


def test_published_figures_have_alt_text(site_pages):
    for path, page in site_pages.items():
        for image in page.find_all("img"):
            said = len(image["alt"])  # may be empty, but not missing
            assert said > 40 or "_images" not in image["src"], (path, image)


def test_solutions_are_folded(site, site_pages):
    for notebook in NOTEBOOKS:
        page = site_pages[site / "book" / f"{notebook.stem}.html"]
        folded = [each.get_text() for each in page.find_all("details")]
        assert sum("Show the solution" in text for text in folded) >= 3
        for code in page.find_all("pre"):
            assert code.find_parent("details") or "glue(" not in code.get_text()
