"""The extension that makes the site light: on small pages, without a browser."""

import base64
from io import BytesIO
from pathlib import Path
import re
import sys

from bs4 import BeautifulSoup
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.ttLib import TTFont
from PIL import Image
import pytest

sys.path.append(str(Path(__file__).parent.parent / "book" / "_ext"))
from lean import access, descriptions, front, pictures, scripts, solutions, styles


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
        ("@supports (gap:0){.used{gap:0}}", True),
        ("@supports (gap:0){.unused{gap:0}}", False),
        ("@font-face{font-family:Mine}", True),
        ('@font-face{font-family:"Font Awesome 6 Free"}', False),
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
    assert styles.moved(address, ".") == address


GLASS, BARS, STAR = "\uf002", "\uf0c9", "\uf005"


def icons_in(css):
    """The signs of the font that a style sheet holds in its first rule."""
    data = re.search(r"url\(data:font/woff;base64,(.+?)\)", css)[1]
    font = TTFont(BytesIO(base64.b64decode(data)))
    assert font.flavor == "woff"
    return {chr(code) for code in font.getBestCmap()}


@pytest.fixture
def icon_file(tmp_path):
    """A font of three icons, where the theme has its own."""
    folder = tmp_path / "_static/vendor/fontawesome/webfonts"
    folder.mkdir(parents=True)
    shape = TTGlyphPen(None).glyph()
    names = {ord(GLASS): "glass", ord(BARS): "bars", ord(STAR): "star"}
    glyphs = [".notdef", *names.values()]
    font = FontBuilder(1000)
    font.setupGlyphOrder(glyphs)
    font.setupCharacterMap(names)
    font.setupGlyf(dict.fromkeys(glyphs, shape))
    font.setupHorizontalMetrics(dict.fromkeys(glyphs, (500, 0)))
    font.setupHorizontalHeader()
    font.setupOS2()
    font.setupPost()
    font.save(folder / "fa-solid-900.ttf")
    return folder / "fa-solid-900.ttf"


def test_the_icon_font_holds_the_icons_that_the_rules_show_and_no_other(icon_file):
    rule = styles.icon_font(icon_file, f'.a::before{{content:"{GLASS}{BARS}"}}')
    assert icons_in(rule) == {GLASS, BARS}
    assert rule.startswith("@font-face{")
    assert 'font-family:"Font Awesome 6 Free"' in rule
    assert "font-weight:900" in rule


@pytest.fixture
def joined(tmp_path, icon_file):
    """A site of two pages after its styles were joined: its folder and the pages."""
    static = tmp_path / "_static"
    for name, text in {
        "theme/theme.css": '@import "more.css";\n'
        ".a{background:url(../a.png)}.gone{top:0}",
        "theme/more.css": f'.b{{content:"{GLASS}"}}.gone{{content:"{STAR}"}}',
        "extra.css": ".only-by-script{top:1px}.a{top:2px}",
        "own.css": ".a{top:3px}",
        "print.css": ".a{top:4px}",
        "menu.js": 'menu.classList.add("only-by-script")',
    }.items():
        path = static / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    pages = {}
    for name, up, body, own in (
        ("index.html", "", '<p class="a"></p>', "own.css"),
        ("book/data.html", "../", '<p class="b"></p>', None),
    ):
        sheets = ["theme/theme.css?v=1", *filter(None, [own]), "extra.css"]
        links = [f'<link rel="stylesheet" href="{up}_static/{s}">' for s in sheets]
        head = f'''<title>A</title>{"".join(links)}
          <link rel="stylesheet" media="print" href="{up}_static/print.css">
          <script src="{up}_static/menu.js?v=1"></script>'''
        pages[tmp_path / name] = parse(body, head)
    styles.join(tmp_path, pages)
    return tmp_path, list(pages.values())


def test_the_styles_that_all_pages_have_become_one_and_the_others_stay(joined):
    _, (front_page, chapter) = joined
    # Browsers keep a style sheet by its address.
    [address, own, paper] = [link["href"] for link in front_page.select("link")]
    assert re.fullmatch(r"_static/joined\.css\?v=[0-9a-f]{8}", address)
    assert (own, paper) == ("_static/own.css", "_static/print.css")
    links = [link["href"] for link in chapter.select("link")]
    assert links == [f"../{address}", f"../{paper}"]


def test_joined_styles_are_in_order_with_what_they_import_and_the_icons_in_use(joined):
    css = (joined[0] / "_static/joined.css").read_text()
    assert css.startswith('@charset "utf-8";\n@font-face{')
    assert icons_in(css) == {GLASS}
    order = [".b{", ".a{background", ".only-by-script{top:1px}", ".a{top:2px}"]
    places = [css.index(rule) for rule in order]
    assert places == sorted(places)
    assert 'url("a.png")' in css
    for absent in (".gone", "@import", "top:3px", "top:4px"):
        assert absent not in css


def test_other_styles_have_another_address(joined):
    site, (front_page, _) = joined
    before = front_page.link["href"]
    (site / "_static/joined.css").rename(site / "_static/theme.css")
    page = parse('<p class="a"></p>', '<link rel="stylesheet" href="_static/own.css">')
    styles.join(site, {site / "index.html": page})
    assert page.link["href"] != before


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
    assert "const OPTIONS = 1;" in str(lightened)  # the others read them there
    loaded = lightened.select("script[src]")
    assert [script["src"] for script in loaded] == ["copybutton.js", "bootstrap.js"]
    assert all(script.has_attr("defer") for script in loaded)
    assert not lightened.select("link[rel=preload]")
    for word in ("THEBE", "toggleHint"):
        assert word not in str(lightened)


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
    images = [f'<img src="_images/{name}.png">' for name in ("one", "two")]
    page = parse(f"<article>{''.join(images)}</article>")
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


def described(text="", title="Data — The book", head=""):
    """The title and description of a page, which it says twice each."""
    page = parse(
        f"<article><h1>Data</h1><p>{text}</p></article>" if text else "",
        f"<title>{title}</title>{head}",
    )
    descriptions.describe(page)
    [said] = page.select("meta[name=description]")
    [shared] = page.select('meta[property="og:description"]')
    [name] = page.select('meta[property="og:title"]')
    assert said["content"] == shared["content"]
    assert name["content"] == page.title.get_text()
    return page.title.get_text(), said["content"]


VERY = "very " * 20
MINE = '<meta name="description" content="Mine">'


@pytest.mark.parametrize(
    ("page", "description"),
    [
        (("<b>What is</b> <i>it</i>?",), "What is it?"),
        (
            (f"One. Two is {VERY}long. Three is {VERY}long.",),
            f"One. Two is {VERY}long.",
        ),
        (("words " * 50,), "words " * 26 + "…"),
        (("Other", "A — B", MINE), "Mine"),
        (("", "Search - The book"), "Search all pages of the book."),
    ],
    ids=["without markup", "whole sentences", "whole words", "its own", "by Sphinx"],
)
def test_a_page_is_described_by_its_opening_sentence_or_what_it_says(page, description):
    assert described(*page)[1] == description


@pytest.mark.parametrize("name", ["Search - The book", "The book — The book"])
def test_a_title_has_a_dash_and_does_not_say_the_same_twice(name):
    wanted = {"S": "Search — The book", "T": "The book"}[name[0]]
    assert described(title=name)[0] == wanted


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


# Solutions


FOLD = """<div class="cell {tag}"><details><summary>Show</summary>
<div class="cell_input">{text}</div><div class="cell_output">its output</div>
</details></div>"""


def test_a_solution_of_several_cells_has_one_fold():
    cells = [FOLD.format(tag="tag_hide-cell", text=text) for text in "abce"]
    cells[3:3] = ["<p>Next</p>", FOLD.format(tag="tag_hide-input", text="d")]
    page = parse("".join(cells))
    solutions.gather(page)
    folds = page.select("details")
    inputs = [[part.get_text() for part in f.select(".cell_input")] for f in folds]
    assert inputs == [["a", "b", "c"], ["d"], ["e"]]
    assert [len(fold.select(".cell_output")) for fold in folds] == [3, 1, 1]
    assert len(page.select("summary")) == 3
