"""The whole book on paper: `make pdf`, and what print.css does to a page."""

import os
from pathlib import Path
import re
import subprocess
import sys

from bs4 import BeautifulSoup
from print import join, parts, starts_in, where
from pypdf import PdfReader
import pytest

ROOT = Path(__file__).parent.parent
SCRIPT = ROOT / "book" / "print.py"
CHAPTERS = [name for _, names in parts() for name in names]
MARGINS = 18 + 18  # millimetres, left and right, as print.css has them
WIDTH = round((210 - MARGINS) / 25.4 * 96)  # of the text on A4, in CSS pixels


def words(text):
    """What a text says, without its spaces, which a PDF does not keep."""
    return re.sub(r"\s", "", text)


@pytest.fixture(scope="session")
def titles(site, site_pages):
    """The title of every chapter, in the order of the contents."""
    found = {
        n: site_pages[site / f"{n}.html"].select_one("article h1") for n in CHAPTERS
    }
    return {name: title.get_text().removesuffix("#") for name, title in found.items()}


def test_without_chromium_one_line_says_what_to_install(tmp_path):
    command = [sys.executable, SCRIPT, tmp_path, tmp_path / "book.pdf"]
    env = {**os.environ, "PATH": str(tmp_path)}
    run = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    assert (run.returncode, run.stdout) == (1, "")
    assert re.fullmatch(r".*apt install chromium.*\n", run.stderr)


@pytest.mark.parametrize(
    ("address", "found"),
    [
        ("#exercises", "#book.data--exercises"),
        ("model.html", "#book.model--"),
        ("model.html#exercises", "#book.model--exercises"),
        ("reference/data.html#x", "#book.reference.data--x"),
        ("https://example.org/a#b", "https://example.org/a#b"),
        ("mailto:a@example.org", "mailto:a@example.org"),
        ("../_sources/book/data.ipynb", None),
        ("../genindex.html", None),
    ],
)
def test_a_link_between_pages_becomes_a_link_within_the_book(address, found):
    pages = dict.fromkeys(["book/data", "book/model", "book/reference/data"])
    assert where("book/data", address, pages) == found


@pytest.fixture(scope="session")
def html(site):
    """All pages joined, parsed."""
    return BeautifulSoup(join(site, dict.fromkeys(CHAPTERS, 1)), "html.parser")


def test_joined_pages_are_in_order_and_every_link_finds_its_own_anchor(html, titles):
    found = [heading.get_text() for heading in html.select("article h1")]
    assert [text.removesuffix("#") for text in found] == [*titles.values()]
    anchors = [element["id"] for element in html.find_all(id=True)]
    assert len(set(anchors)) == len(anchors)
    inner = [a["href"] for a in html.find_all("a", href=re.compile("^#"))]
    assert len(inner) > 500
    assert {address[1:] for address in inner} <= set(anchors)
    outer = {a["href"].partition(":")[0] for a in html.find_all("a", href=True)}
    assert {name for name in outer if name[0] != "#"} <= {"https", "http", "mailto"}


def test_on_paper_nothing_is_cut_off_hidden_or_to_be_touched(html, page, tmp_path):
    place = tmp_path / "book.html"
    place.write_text(str(html))
    page.set_viewport_size({"width": WIDTH, "height": 1000})
    page.emulate_media(media="print", color_scheme="dark")
    page.goto(place.as_uri())
    page.evaluate(
        """() => document.querySelector("article").insertAdjacentHTML("afterbegin",
        `<div class="highlight"><pre>${"a long line, ".repeat(50)}</pre></div>`
        + `<p class="screen-only">To be touched.</p><canvas></canvas>`)"""
    )
    too_wide = page.evaluate(
        """() => [...document.querySelectorAll("article *")].filter(e =>
        e.getBoundingClientRect().right > innerWidth + 1
        || e.matches("pre, table, div") && e.scrollWidth > e.clientWidth + 1
        ).map(e => e.outerHTML.slice(0, 200))"""
    )
    assert too_wide == []
    folded = page.evaluate(
        """() => [...document.querySelectorAll("details > :not(summary)")]
        .filter(e => !e.closest(".screen-only"))
        .map(e => e.checkVisibility({contentVisibilityAuto: true})
                  && e.getBoundingClientRect().height > 0)"""
    )
    assert len(folded) > 30
    assert all(folded)
    for kind in ("button", "canvas", "input", "select", ".screen-only", ".headerlink"):
        assert page.locator(f"{kind}:visible").count() == 0, kind


def test_a_single_page_prints_in_light_colours_and_without_navigation(page, served):
    page.emulate_media(color_scheme="dark")
    page.goto(f"{served}/book/training.html")
    assert page.locator("html").get_attribute("data-theme") == "dark"
    page.emulate_media(media="print", color_scheme="dark")
    look = page.evaluate(
        """() => ["html", "article p", "article pre", "article .highlight .n",
                  "article .admonition-title"]
        .map(name => getComputedStyle(document.querySelector(name)))
        .map(style => [style.color, style.backgroundColor])"""
    )
    for color, ground in look:
        assert max(map(int, re.findall(r"\d+", color)[:3])) < 90, look
        red, green, blue, *opacity = map(float, re.findall(r"[\d.]+", ground))
        assert min(red, green, blue) > 220 or opacity == [0], look
    for name in ("header", "footer", "nav", "button", "#jb-print-docs-body"):
        assert page.locator(f"{name}:visible").count() == 0, name
    assert page.locator("article h1").is_visible()


@pytest.fixture(scope="session")
def pdf(site, tmp_path_factory):
    """The printed book, by the script that `make pdf` runs."""
    file = tmp_path_factory.mktemp("pdf") / "book.pdf"
    command = [sys.executable, SCRIPT, site, file]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr[-3000:]
    assert re.search(r"\d+ pages, [\d.]+ MB$", run.stdout)
    return file


@pytest.mark.slow
def test_the_book_is_one_file_of_a_sane_size_that_tells_its_structure(pdf):
    reader = PdfReader(pdf)
    root = reader.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"] == "en"
    assert 100 < len(reader.pages) < 350
    assert 1e6 < pdf.stat().st_size < 25e6
    for sheet in reader.pages:
        assert [round(side / 72 * 25.4) for side in sheet.mediabox[2:]] == [210, 297]


@pytest.mark.slow
def test_every_chapter_begins_on_a_new_page_which_the_contents_name(pdf, titles):
    reader = PdfReader(pdf)
    starts = starts_in(pdf)
    assert len(set(starts.values())) == len(CHAPTERS)
    contents = words("".join(reader.pages[i].extract_text() for i in (1, 2)))
    for name, number in starts.items():
        top = words(reader.pages[number - 1].extract_text())[:200]
        assert words(titles[name]) in top
        assert words(f"{titles[name]}{number}") in contents
    bookmarks = [mark.title for mark in reader.outline if not isinstance(mark, list)]
    assert bookmarks == ["Contents", *titles.values()]


@pytest.mark.slow
def test_every_page_has_content_and_its_number(pdf):
    for number, sheet in enumerate(PdfReader(pdf).pages, 1):
        text = words(sheet.extract_text())
        assert text.startswith(str(number))
        assert "/XObject" in sheet["/Resources"] or len(text) > 40, (number, text)
