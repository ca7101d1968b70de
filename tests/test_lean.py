"""The extension that makes the site light: on small pages, without a browser."""

from pathlib import Path
import sys

from bs4 import BeautifulSoup
from PIL import Image
import pytest

sys.path.append(str(Path(__file__).parent.parent / "book" / "_ext"))
from lean import access, descriptions, front, pictures, scripts, styles


def parse(body="", head="<title>Data — The book</title>"):
    text = f"<html data-theme='auto'><head>{head}</head><body>{body}</body></html>"
    return BeautifulSoup(text, "html.parser")


# Styles


@pytest.mark.parametrize(
    ("rule", "kept"),
    [
        (".used{color:red}", True),
        (".unused{color:red}", False),
        (".used .unused{color:red}", False),
        (".used:not(.unused){color:red}", True),
        ("#there{color:red}", True),
        ("#gone{color:red}", False),
        ("dialog{color:red}", False),
        ("a:hover{color:red}", True),
        ("[data-mode=dark]{color:red}", True),
        ("@media print{.used{color:red}}", True),
        ("@media print{.unused{color:red}}", False),
        ("@keyframes turn{to{rotate:1turn}}", True),
    ],
)
def test_only_rules_whose_names_all_occur_are_kept(rule, kept):
    page = parse('<a class="used" id="there"></a>')
    assert bool(styles.purge(rule, styles.names_in_pages([page]))) == kept


def test_one_selector_of_several_is_left_out():
    assert styles.purge(".a,.b{color:red}", {"a"}) == ".a{color:red}\n"


def test_a_class_that_only_a_script_sets_counts_as_used():
    names = styles.names_in_script('menu.classList.add("is-open")')
    assert styles.purge(".is-open{color:red}", names)


@pytest.mark.parametrize(
    ("address", "wanted"),
    [
        ("url(../fonts/a.woff)", 'url("fonts/a.woff")'),
        ("url('a.png')", 'url("styles/a.png")'),
        ('url("data:image/png;base64,AA")', 'url("data:image/png;base64,AA")'),
        ("url(#shape)", "url(#shape)"),
    ],
)
def test_addresses_in_styles_follow_the_file(address, wanted):
    assert styles.moved(address, "styles") == wanted


# Scripts


@pytest.fixture
def lightened(tmp_path):
    (tmp_path / "documentation_options.js").write_text("const OPTIONS = 1;")
    head = """<script>x = localStorage.getItem("theme")</script>
    <script src="fontawesome.js"></script><script src="sphinx-thebe.js"></script>
    <script>const THEBE_JS_URL = "https://example.org"</script>
    <link rel="preload" as="script" href="bootstrap.js">
    <script src="documentation_options.js?v=1"></script>
    <script src="togglebutton.js"></script><script>let toggleHintShow = 1</script>
    <script src="copybutton.js"></script><script src="bootstrap.js"></script>"""
    page = parse('<div class="highlight"><pre></pre></div>', head)
    scripts.lighten(page, tmp_path / "page.html")
    return page


def test_scripts_that_do_nothing_are_dropped_and_the_others_deferred(lightened):
    loaded = lightened.select("script[src]")
    assert [script["src"] for script in loaded] == ["copybutton.js", "bootstrap.js"]
    assert all(script.has_attr("defer") for script in loaded)
    assert not lightened.select("link[rel=preload]")
    for word in ("THEBE", "toggleHint"):
        assert word not in str(lightened)


def test_options_are_in_the_page_for_the_scripts_that_read_them(lightened):
    assert "const OPTIONS = 1;" in str(lightened)


def test_the_theme_is_known_before_the_page_is_painted(lightened):
    assert lightened.html["data-theme"] == "light"
    assert "prefers-color-scheme" in lightened.script.string


# Figures


@pytest.fixture
def figures(tmp_path):
    folder = tmp_path / "_images"
    folder.mkdir()
    for name in ("one", "two"):
        Image.effect_noise((60, 40), 2).convert("RGB").save(folder / f"{name}.png")
    pictures.shrink(folder)
    page = parse(
        '<article><img src="_images/one.png"><img src="_images/two.png"></article>'
    )
    pictures.place(page, tmp_path / "page.html")
    return folder, page.select("img")


def test_a_lighter_figure_shows_the_same(figures):
    folder, (first, _) = figures
    assert first["src"] == "_images/one.webp"
    with Image.open(folder / "one.png") as old, Image.open(folder / "one.webp") as new:
        assert old.tobytes() == new.convert("RGB").tobytes()


def test_figures_say_their_size_and_only_the_first_is_loaded_at_once(figures):
    _, (first, second) = figures
    assert (first["width"], first["height"]) == ("60", "40")
    assert first["fetchpriority"] == "high"
    assert "loading" not in first.attrs
    assert second["loading"] == "lazy"


# Descriptions


def meta(page, name):
    found = page.select(f'meta[name="{name}"], meta[property="{name}"]')
    return [element["content"] for element in found]


def test_a_page_is_described_by_its_opening_sentence_without_markup():
    page = parse("<article><h1>Data</h1><p><b>What is</b> <i>it</i>?</p></article>")
    descriptions.describe(page)
    assert meta(page, "description") == meta(page, "og:description") == ["What is it?"]
    assert meta(page, "og:title") == ["Data — The book"]


def test_a_long_description_is_cut_at_a_word():
    page = parse(f"<article><h1>Data</h1><p>{'words ' * 50}</p></article>")
    descriptions.describe(page)
    [text] = meta(page, "description")
    assert 150 < len(text) <= 160
    assert text.endswith("words …")


def test_what_the_page_says_itself_stays():
    head = '<title>A — B</title><meta name="description" content="Mine">'
    page = parse("<article><h1>A</h1><p>Other</p></article>", head)
    descriptions.describe(page)
    assert meta(page, "description") == meta(page, "og:description") == ["Mine"]


def test_the_front_page_does_not_say_its_title_twice():
    page = parse(head="<title>The book — The book</title>")
    descriptions.describe(page)
    assert page.title.get_text() == "The book"


# The site's own address, and access


@pytest.mark.parametrize(
    ("address", "wanted"),
    [
        ("data.html#part", "book/data.html#part"),
        ("../_static/a.js?v=1", "_static/a.js?v=1"),
        ("#part", "#part"),
        ("mailto:a@example.org", "mailto:a@example.org"),
        ("https://example.org/a", "https://example.org/a"),
    ],
)
def test_the_copy_of_the_front_page_links_to_the_same_places(address, wanted):
    assert front.moved(address, "book") == wanted


def test_the_front_page_is_at_the_sites_address(tmp_path):
    (tmp_path / "book").mkdir()
    (tmp_path / "book/index.html").write_text(str(parse('<a href="data.html"></a>')))
    front.copy(tmp_path, "book/index")
    page = BeautifulSoup((tmp_path / "index.html").read_text(), "html.parser")
    assert page.a["href"] == "book/data.html"
    assert page.html["data-content_root"] == "./"


def test_what_hinders_a_screen_reader_is_mended():
    page = parse(
        '<details><summary aria-label="Toggle">Show</summary></details>'
        '<i class="fa-solid fa-bars"></i><div class="math"></div>'
        '<div class="citation" role="doc-biblioentry"></div>'
    )
    access.mend(page)
    assert not page.summary.has_attr("aria-label")
    assert page.i["aria-hidden"] == "true"
    assert page.select_one(".math")["tabindex"] == "0"
    assert not page.select("[role]")
