"""The confusion matrix and the threshold in a real browser, without a network."""

from io import BytesIO
from itertools import product
import re

from axe_playwright_python.sync_playwright import Axe
from browsing import DESKTOP, PHONE, visit
from matrix import answers as plain_answers
import numpy as np
from PIL import Image
from playwright.sync_api import expect
import pytest
from threshold import THRESHOLDS, steps
from threshold import answers as robust_answers

MATRIX, THRESHOLD = "book/evaluation.html", "book/trust.html"
PAGES = {"matrix": MATRIX, "threshold": THRESHOLD}
TABLES = {"matrix": ".matrix table", "threshold": ".threshold-table"}


@pytest.fixture(scope="module")
def counts():
    """The test images of each pair (true, read)."""
    probabilities, labels = plain_answers()
    pairs = np.stack([labels, probabilities.argmax(axis=1)], axis=1)
    return {
        pair: np.flatnonzero((pairs == pair).all(axis=1))
        for pair in product(range(10), repeat=2)
    }


def count_of(page, true, read):
    return page.locator(".matrix tbody tr").nth(true).locator("td button").nth(read)


def shown(page):
    """Which test images the matrix shows."""
    pictures = page.locator(".matrix .digits-picture").all()
    names = [picture.get_attribute("aria-label") for picture in pictures]
    return [int(name.removeprefix("test image ")) for name in names]


def position(page):
    """The row and column of the count that has the focus, or None."""
    buttons = "[...document.querySelectorAll('.matrix button')]"
    place = page.evaluate(f"{buttons}.indexOf(document.activeElement)")
    return divmod(place, 10) if place >= 0 else None


# The confusion matrix


def test_a_count_opens_and_stays_open_in_another_window_and_theme(page, base, counts):
    visit(page, base, MATRIX)
    count_of(page, 7, 2).click()
    images = counts[7, 2]
    said = f"{len(images)} images: 7 read as 2, the surest mistake first:"
    for size, scheme in ((DESKTOP, "light"), (PHONE, "dark")):
        page.set_viewport_size(size)
        page.emulate_media(color_scheme=scheme)
        expect(page.locator(".matrix-chosen")).to_have_text(said)
        assert sorted(shown(page)) == images.tolist()
        expect(count_of(page, 7, 2)).to_have_attribute("aria-pressed", "true")
        assert page.locator(".matrix [aria-pressed=true]").count() == 1


def test_every_kind_of_count_says_what_it_shows(page, served, counts):
    visit(page, served, MATRIX)
    for (true, read), said in {
        (0, 0): "{n} images: 0 read as 0. The 12 that the network was least sure of:",
        (0, 9): "0 images: 0 read as 9.",
        (0, 1): "1 image: 0 read as 1:",
    }.items():
        count_of(page, true, read).click()
        found = len(counts[true, read])
        expect(page.locator(".matrix-chosen")).to_have_text(said.format(n=found))
        assert len(shown(page)) == min(found, 12)


def test_the_matrix_is_a_named_grid_with_its_most_frequent_mistake_open(
    page, served, counts
):
    visit(page, served, MATRIX)
    mistakes = {pair: n for pair, n in counts.items() if pair[0] != pair[1]}
    most = max(mistakes, key=lambda pair: len(mistakes[pair]))
    expect(count_of(page, *most)).to_have_attribute("aria-pressed", "true")
    assert sorted(shown(page)) == mistakes[most].tolist()
    name = re.compile("Rows: the true digit. Columns: what it was read as.")
    grid = page.get_by_role("grid", name=name)
    for role, count in {"columnheader": 10, "rowheader": 10, "button": 100}.items():
        expect(grid.get_by_role(role)).to_have_count(count)
    expect(grid.get_by_role("button", name="16 images: 4 read as 9")).to_be_visible()
    status = page.locator(".matrix").get_by_role("status")
    expect(status).to_have_class("matrix-chosen")


@pytest.mark.parametrize(("true", "read"), [(4, 9), (9, 9)])
def test_the_pictures_on_the_screen_are_those_of_the_test_images(
    page, served, mnist, true, read
):
    visit(page, served, MATRIX)
    count_of(page, true, read).click()
    images = shown(page)
    wanted = mnist[1][0][images].reshape(len(images), -1)
    for place in (0, len(images) - 1):
        picture = page.locator(".matrix .digits-picture").nth(place)
        screen = Image.open(BytesIO(picture.screenshot())).convert("L")
        seen = np.asarray(screen.resize((28, 28))).ravel()
        alike = [np.corrcoef(seen, image)[0, 1] for image in wanted]
        assert np.argmax(alike) == place
        assert alike[place] > 0.8


def test_the_matrix_is_one_stop_of_the_tab_key(page, served):
    visit(page, served, MATRIX)
    count_of(page, 4, 9).focus()
    assert page.locator(".matrix button[tabindex='0']").count() == 1
    page.keyboard.press("Tab")
    assert position(page) is None
    for place in [(4, 9), None]:
        page.keyboard.press("Shift+Tab")
        assert position(page) == place


def test_keys_move_within_the_matrix_and_open_nothing(page, served):
    visit(page, served, MATRIX)
    before = page.locator(".matrix-chosen").text_content()
    for keys, end in {
        "ArrowLeft": (4, 8),
        "ArrowRight": (4, 9),
        "ArrowUp ArrowUp": (2, 9),
        "ArrowDown ArrowLeft": (5, 8),
        "Home": (4, 0),
        "Home ArrowLeft": (4, 0),
        "Home End": (4, 9),
        "Control+Home": (0, 0),
        "Control+Home ArrowUp": (0, 0),
        "Control+Home Control+End": (9, 9),
        "Control+End ArrowDown": (9, 9),
    }.items():
        # Where the focus was, only a click changes; so begin each time with one.
        count_of(page, 4, 9).click()
        for key in keys.split():
            page.keyboard.press(key)
        assert position(page) == end, keys
        assert page.locator(".matrix button[tabindex='0']").count() == 1
        assert page.locator(".matrix-chosen").text_content() == before


def test_a_key_opens_the_count_that_has_the_focus(page, served, counts):
    visit(page, served, MATRIX)
    count_of(page, 4, 9).focus()
    for key, place in {"Enter": (3, 9), "Space": (2, 9)}.items():
        page.keyboard.press("ArrowUp")
        page.keyboard.press(key)
        assert position(page) == place
        assert sorted(shown(page)) == counts[place].tolist()


def test_the_focus_is_seen(page, served):
    visit(page, served, MATRIX)
    count_of(page, 4, 9).focus()
    page.keyboard.press("ArrowLeft")
    table = page.locator(".matrix table")
    focused = table.screenshot()
    page.keyboard.press("Tab")
    assert table.screenshot() != focused
    page.keyboard.press("Shift+Tab")
    style = "(button) => getComputedStyle(button).outline"
    assert re.search(r"solid 3px", count_of(page, 4, 8).evaluate(style))


# The threshold


NUMBERS = ("set-aside", "left", "cost")


def slide(page, place):
    page.locator("#threshold-range").fill(str(place))


def number_in(page, name):
    text = page.locator(f".threshold-{name}").text_content()
    return int(re.match(r"[\d,]+", text)[0].replace(",", ""))


def test_the_slider_says_what_each_threshold_costs_and_saves(page, base):
    visit(page, base, THRESHOLD)
    for place, step in enumerate(steps(*robust_answers())):
        slide(page, place)
        aside, errors = step["aside"], step["errors"]
        numbers = [aside, errors, aside + 20 * errors]
        assert [number_in(page, name) for name in NUMBERS] == numbers
        label = f"{100 * step['threshold']:g}%"
        said = f"{label}: {aside} set aside, {errors} errors left, cost {numbers[2]}"
        slider = page.locator("#threshold-range")
        assert slider.get_attribute("aria-valuetext") == said
        for place, digits in enumerate([step["left_digits"], step["aside_digits"]]):
            shown = page.locator(".threshold .digits").nth(place).locator("li")
            assert shown.count() == len(digits)


def test_the_slider_agrees_with_the_table(page, served):
    visit(page, served, THRESHOLD)
    rows = page.locator(".threshold-table tbody tr").all()
    assert len(rows) == 7
    for row in rows:
        threshold, *cells = row.inner_text().split("\t")
        slide(page, THRESHOLDS.index(round(float(threshold.strip("%")) / 100, 4)))
        numbers = [int(cell.replace(",", "")) for cell in cells]
        assert [number_in(page, name) for name in NUMBERS] == numbers


def test_the_slider_and_its_price_have_names_and_keys_move_it(page, served):
    visit(page, served, THRESHOLD)
    name = re.compile(r"Accept readings that are at least\s+0%\s+sure")
    expect(page.get_by_role("slider", name=name)).to_be_visible()
    name = re.compile("An error costs as much as keying")
    expect(page.get_by_role("spinbutton", name=name)).to_be_visible()
    page.locator("#threshold-range").focus()
    at = page.locator(".threshold-at")
    expect(at).to_have_text("0%")
    for key, end in {"ArrowRight": "10%", "End": "99.9%", "ArrowLeft": "99.8%"}.items():
        page.keyboard.press(key)
        expect(at).to_have_text(end)


def test_the_cheapest_threshold_is_marked_for_every_price(page, served):
    visit(page, served, THRESHOLD)
    for price in (1, 5, 20, 100, 1000):
        page.locator("#threshold-price").fill(str(price))
        costs = [s["aside"] + price * s["errors"] for s in steps(*robust_answers())]
        best = costs.index(min(costs))
        said = page.locator(".threshold-cheapest")
        expect(said).to_have_text(
            f"The cheapest of these thresholds is {100 * THRESHOLDS[best]:g}%: "
            f"it costs {costs[best]:,}."
        )
        marked = page.locator(".threshold-bar").evaluate_all(
            "bars => bars.map((bar) => bar.classList.contains('threshold-best'))"
        )
        assert np.flatnonzero(marked).tolist() == [best]
        heights = page.locator(".threshold-bar").evaluate_all(
            "bars => bars.map((bar) => [...bar.children].reduce("
            "(sum, part) => sum + part.getBoundingClientRect().height, 0))"
        )
        wanted = np.array(costs) * max(heights) / max(costs)
        assert np.allclose(heights, wanted, atol=1)


def test_a_price_that_is_none_is_refused_in_place(page, served):
    visit(page, served, THRESHOLD)
    said, price = page.locator(".threshold-cheapest"), page.locator("#threshold-price")
    for wrong in ("", "0", "-3", "2.5", "1001"):
        price.fill("20")
        price.fill(wrong)
        expect(said).to_have_text("A whole number from 1 to 1,000 is needed.")
        slide(page, 14)
        slide(page, 0)
        assert number_in(page, "cost") == 20 * number_in(page, "left")
    price.fill("30")
    expect(said).to_have_text(re.compile("^The cheapest of these thresholds"))
    assert number_in(page, "cost") == 30 * number_in(page, "left")


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_nothing_moves_while_the_slider_does(new_page, served, size):
    page = visit(new_page(viewport=size), served, THRESHOLD)
    heights = set()
    for place in range(len(THRESHOLDS)):
        slide(page, place)
        heights.add(round(page.locator(".threshold-tool").bounding_box()["height"]))
    assert len(heights) == 1


# Both


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_has_no_objection_to_the_figure(new_page, served, name, scheme):
    size = {"light": DESKTOP, "dark": PHONE}[scheme]
    page = visit(new_page(viewport=size, color_scheme=scheme), served, PAGES[name])
    if name == "threshold":
        slide(page, 14)
    result = Axe().run(page, context=f".{name}").response
    assert result["violations"] == []
    assert len(result["passes"]) > 5


@pytest.mark.parametrize("name", PAGES)
def test_the_figure_fits_and_can_be_touched(new_page, served, name):
    page = visit(new_page(has_touch=True), served, PAGES[name])
    for width in (360, 390, 640, 1280, 2560):
        page.set_viewport_size({"width": width, "height": 900})
        page.wait_for_function("document.getAnimations().length === 0")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        boxes = page.locator(f".{name} :is(button, input)").evaluate_all(
            "all => all.map((element) => element.getBoundingClientRect().toJSON())"
        )
        assert len(boxes) == {"matrix": 100, "threshold": 2}[name]
        assert min(box["left"] for box in boxes) >= 0
        assert max(box["right"] for box in boxes) <= width
        assert min(min(box["width"], box["height"]) for box in boxes) >= 24
        cut = page.locator(f".{name} button").evaluate_all(
            "buttons => buttons.filter((b) => b.scrollWidth > b.clientWidth).length"
        )
        assert cut == 0


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("cut", [False, True], ids=["missing", "cut"])
def test_without_its_data_the_figure_says_so_and_stays_a_table(
    page, site, served, name, cut
):
    data = (site / "_static" / f"{name}-data.js").read_text()

    def answer(route):
        half = {"body": data[: len(data) // 2], "content_type": "text/javascript"}
        return route.fulfill(**half) if cut else route.abort()

    page.route(f"**/{name}-data.js*", answer)
    visit(page, served, PAGES[name])
    trouble, table = page.locator(f".{name}-trouble"), page.locator(TABLES[name])
    expect(trouble).to_be_visible()
    expect(trouble).to_have_text(re.compile(r"could\s+not\s+be\s+loaded"))
    expect(table).to_be_visible()
    cells = {"matrix": 100, "threshold": 21}[name]
    expect(table.locator("tbody td")).to_have_count(cells)
    expect(page.locator(f".{name} :is(button, input, ul):visible")).to_have_count(0)


@pytest.mark.parametrize("name", PAGES)
def test_without_javascript_the_figure_is_a_picture_and_a_table(new_page, base, name):
    page = new_page(java_script_enabled=False)
    page.goto(f"{base}/{PAGES[name]}")
    figure = ".matrix-figure" if name == "matrix" else "figure"
    expect(page.locator(f"{figure} img").first).to_be_visible()
    table = page.locator(TABLES[name])
    expect(table).to_be_visible()
    expect(table.locator("caption")).to_be_visible()
    expect(page.locator(f".{name} :is(button, input):visible")).to_have_count(0)
    expect(page.locator(f".{name}-trouble")).to_be_hidden()


def test_the_table_takes_the_place_of_the_picture_but_not_on_paper(page, served):
    visit(page, served, MATRIX)
    expect(page.locator(".matrix-figure img")).to_be_hidden()
    page.emulate_media(media="print")
    page.locator(".matrix-figure").scroll_into_view_if_needed()  # it loads when seen
    expect(page.locator(".matrix-figure img")).to_be_visible()
    expect(page.locator(".matrix")).to_be_hidden()


@pytest.mark.parametrize("name", PAGES)
def test_in_forced_colours_the_choice_is_still_seen(new_page, served, name):
    page = visit(new_page(forced_colors="active"), served, PAGES[name])
    part = page.locator(".matrix table, .threshold-bars")
    before = part.screenshot()
    if name == "matrix":
        count_of(page, 3, 5).click()
        page.mouse.move(0, 0)
    else:
        slide(page, 20)
    assert part.screenshot() != before


def test_the_scripts_are_loaded_only_where_they_are_needed(site):
    for path in site.rglob("*.html"):
        text = path.read_text()
        for name, address in PAGES.items():
            for file in (f"{name}.js", f"{name}-data.js"):
                assert (f"_static/{file}" in text) is (path == site / address), path
