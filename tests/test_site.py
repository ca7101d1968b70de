"""The built site as files: its pages, what they load and link to, and their heads.

How it behaves in a browser is in test_site_in_browser.py.
"""

from collections import Counter
from itertools import pairwise
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
    for element in page.find_all(poster=True):
        yield element["poster"]
    for element in page.find_all(style=True):
        yield from in_style(element["style"])
    for element in page.find_all("style"):
        yield from in_style(element.get_text())


def links(page):
    """Every address that a reader can follow from a page."""
    for element in page.find_all(FOLLOWED):
        if address := element.get(ADDRESSES[element.name]):
            yield address
    for element in page.find_all(
        "meta", attrs={"http-equiv": re.compile("refresh", re.I)}
    ):
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


# Addresses


def test_the_site_has_every_page(site, contents):
    for name in contents:
        assert (site / f"{name}.html").is_file()


def test_no_page_loads_anything_from_elsewhere(site_pages):
    for path, page in site_pages.items():
        for address in loads(page):
            assert is_local(address) or address.startswith("data:"), (
                f"{path.name} loads {address}"
            )


def test_every_style_loads_what_the_site_has(site):
    for style in site.rglob("*.css"):
        for address in in_style(style.read_text()):
            if not address.startswith(("data:", "#")):
                assert is_local(address), f"{style.name}: {address}"
                target = style.parent / unquote(urlsplit(address).path)
                assert target.is_file(), f"{style.name}: {address}"


def test_everything_that_is_loaded_or_linked_exists(site_pages):
    anchors = {
        path: {element["id"] for element in page.find_all(id=True)}
        for path, page in site_pages.items()
    }
    for path, page in site_pages.items():
        for address in filter(is_local, [*loads(page), *links(page)]):
            parts = urlsplit(address)
            target = path
            if parts.path:
                target = (path.parent / unquote(parts.path)).resolve()
            assert target.is_file(), f"{path.name}: {address}"
            if parts.fragment and target in anchors:
                found = unquote(parts.fragment) in anchors[target]
                assert found, f"{path.name}: {address}"


def test_links_to_other_sites_are_well_formed(site_pages):
    for path, page in site_pages.items():
        for address in links(page):
            parts = urlsplit(address)
            if parts.scheme == "mailto":
                assert re.fullmatch(
                    r"[\w.+-]+@[\w-]+(\.[\w-]+)+", unquote(parts.path)
                ), address
            elif not is_local(address):
                assert parts.scheme == "https", f"{path.name}: {address}"
                assert re.fullmatch(r"[\w-]+(\.[\w-]+)+", parts.netloc), address


def test_an_anchor_names_one_place(site_pages):
    for path, page in site_pages.items():
        counts = Counter(element["id"] for element in page.find_all(id=True))
        assert not [name for name, count in counts.items() if count > 1], path.name


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
        [address] = {
            address for address in links(site_pages[path]) if address.endswith(".ipynb")
        }
        assert (path.parent / address).read_bytes() == notebook.read_bytes()


# The head and the headings


def test_every_page_names_its_language_title_and_icon(site, site_pages):
    titles = Counter()
    for path, page in site_pages.items():
        assert page.html["lang"] == "en", path.name
        assert "One small network" in page.title.get_text(), path.name
        assert page.find("meta", attrs={"name": "viewport"}), path.name
        icon = page.find("link", rel="icon")
        assert icon, path.name
        assert (path.parent / urlsplit(icon["href"]).path).is_file(), path.name
        titles[page.title.get_text()] += path != site / COPY
    assert max(titles.values()) == 1, titles


def test_every_page_has_a_description_of_its_own(site, site_pages):
    descriptions = Counter()
    for path, page in site_pages.items():
        found = page.find_all("meta", attrs={"name": "description"})
        assert len(found) == 1, path.name
        text = found[0]["content"]
        assert 20 < len(text) < 300, f"{path.name}: {text}"
        descriptions[text] += path != site / COPY
    assert max(descriptions.values()) == 1, descriptions


def test_every_page_has_one_heading_of_the_first_level(site_pages):
    for path, page in site_pages.items():
        on_screen = [
            heading
            for heading in page.find_all("h1")
            if not heading.find_parent(class_="onlyprint")
        ]
        assert len(on_screen) == 1, path.name


def test_published_figures_have_alt_text(site_pages):
    for path, page in site_pages.items():
        for image in page.find_all("img"):
            assert image.get("alt") is not None, f"{path.name}: {image['src']}"
            if "_images" in image["src"]:
                assert len(image["alt"]) > 40, f"{path.name}: {image['src']}"


# Formulas and solutions


def test_formulas_need_no_script(site_pages):
    assert sum(len(page.find_all("math")) for page in site_pages.values()) > 20
    for path, page in site_pages.items():
        for address in loads(page):
            assert not re.search("mathjax|require", address), f"{path.name}: {address}"


def test_solutions_are_folded(site, site_pages):
    for notebook in NOTEBOOKS:
        page = site_pages[site / "book" / f"{notebook.stem}.html"]
        folded = [each.get_text() for each in page.find_all("details")]
        assert sum("Show the solution" in text for text in folded) >= 3
        for code in page.find_all("pre"):
            assert code.find_parent("details") or "glue(" not in code.get_text()
