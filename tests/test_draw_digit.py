"""The network in the page, in a real browser, against the library."""

import base64
from dataclasses import asdict
from functools import partial
import hashlib
import io
from itertools import islice, pairwise
import json

from bs4 import BeautifulSoup
import draw_digit
from drawings import drawings
import numpy as np
from PIL import Image, ImageDraw
import pytest

from digitlib.data import load_mnist, split_validation
from digitlib.model import ASSETS, load_provenance, save_weights
from digitlib.preprocessing import preprocess
from digitlib.recognizer import Recognizer
from digitlib.test_time import Augmentation

FRONT = "book/index.html"
READY = "document.querySelector('.draw-say').textContent.startsWith('Draw')"
PREDICT = """(pixels) => {
  const bytes = Uint8Array.from(atob(pixels), (sign) => sign.charCodeAt(0));
  const network = digitNetwork(digitData), results = [];
  for (let start = 0; start < bytes.length; start += 784) {
    const data = Float32Array.from(bytes.subarray(start, start + 784), (b) => b / 255);
    const { probabilities, reason } = network.predict({ height: 28, width: 28, data });
    results.push([Array.from(probabilities), reason]);
  }
  return results;
}"""

PLACE = """(canvas) => {
  canvas.scrollIntoView({ block: "center", behavior: "instant" });
  return canvas.getBoundingClientRect().toJSON();
}"""
MOVE = """(points) => {
  const canvas = document.querySelector("#draw-digit canvas");
  const move = ([clientX, clientY], coalescedEvents = []) => new PointerEvent(
    "pointermove", { pointerId: 1, clientX, clientY, coalescedEvents });
  canvas.dispatchEvent(move(points.at(-1), points.map((point) => move(point))));
}"""

MOVES_AND_UP = """(points) => {
  const canvas = document.querySelector("#draw-digit canvas");
  const happen = (type, clientX, clientY) => canvas.dispatchEvent(
    new PointerEvent(type, { pointerId: 1, clientX, clientY }));
  for (const point of points) happen("pointermove", ...point);
  happen("pointerup", ...points.at(-1));
  const root = document.querySelector("#draw-digit");
  return [root.dataset.answer, root.querySelector(".draw-said").textContent];
}"""
COUNT_SAID = """() => {
  const status = document.querySelector(".draw-said");
  window.said = [];
  new MutationObserver(() => window.said.push(status.textContent))
    .observe(status, { childList: true, characterData: true, subtree: true });
}"""
OUTLINE = """() => {
  const focused = document.activeElement;
  const style = getComputedStyle(focused.closest(".draw-paper") || focused);
  return [style.outlineStyle, style.outlineWidth];
}"""
ONE = np.column_stack([np.full(7, 0.5), np.linspace(0.2, 0.8, 7)])


@pytest.fixture(scope="module")
def recognizer():
    return Recognizer()


@pytest.fixture
def desk(page, served):
    """The front page, with its weights loaded."""
    page.goto(f"{served}/{FRONT}")
    page.wait_for_function(READY)
    page.locator("#draw-digit").evaluate("e => e.scrollIntoView({behavior: 'instant'})")
    return page


def answer(page):
    return page.get_attribute("#draw-digit", "data-answer")


def draw(page, strokes, every=3):
    """Replay strokes through the pointer, some of their points for the sake of time."""
    for points in placed(page, strokes):
        few = [*points[:-1:every], points[-1]]
        page.mouse.move(*few[0])
        page.mouse.down()
        for point in few[1:]:
            page.mouse.move(*point)
        page.mouse.up()


def draw_fast(page, strokes):
    """The same, but all points in one event, as when the page is busy."""
    for points in placed(page, strokes):
        page.mouse.move(*points[0])
        page.mouse.down()
        page.evaluate(MOVE, points)
        page.mouse.up()


def placed(page, strokes):
    """Scroll to the canvas, and turn strokes into points of the window."""
    box = page.locator("#draw-digit canvas").evaluate(PLACE)
    return [([box["x"], box["y"]] + s * box["width"]).tolist() for s in strokes]


def on_canvas(page):
    """The drawing as an image file."""
    script = "document.querySelector('#draw-digit canvas').toDataURL()"
    return base64.b64decode(page.evaluate(script).partition(",")[2])


def ink(page):
    """From where to where the ink reaches, across and down, in parts of the side."""
    image = np.asarray(Image.open(io.BytesIO(on_canvas(page))).convert("L")) < 128
    places = [np.flatnonzero(image.any(axis=axis)) for axis in (0, 1)]
    return [(found[0] / len(image), (found[-1] + 1) / len(image)) for found in places]


def expected(recognizer, content):
    prediction = recognizer.predict(content)
    if prediction.digit is None:
        return "none"
    return str(prediction.digit) if prediction.accepted else "unsure"


def compare(page, images):
    """The page takes the steps of the library but those of `SKIPPED`."""
    some_steps = partial(preprocess, skip=draw_digit.SKIPPED)
    recognizer = Recognizer(preprocess=some_steps)
    results = page.evaluate(PREDICT, base64.b64encode(images.tobytes()).decode())
    for image, (probabilities, reason) in zip(images, results, strict=True):
        prediction = recognizer.predict(image)
        assert np.abs(prediction.probabilities - probabilities).max() < 1e-4
        assert prediction.reason == reason


MANY = [300, pytest.param(10_000, marks=pytest.mark.slow)]


@pytest.mark.parametrize("n", MANY)
def test_the_page_computes_what_the_library_computes(desk, n):
    images = load_mnist()[1][0][:n]
    assert len(images) == n
    compare(desk, images)


def drawn(strokes, side=4 * 224, pen=4 * 12):
    """What the canvas shows of them."""
    image = Image.new("L", (side, side), 255)
    brush = ImageDraw.Draw(image)
    for stroke in strokes:
        points = [tuple(point) for point in stroke * side]
        brush.line(points, fill=0, width=pen, joint="curve")
        for x, y in (points[0], points[-1]):
            brush.circle((x, y), pen / 2, fill=0)
    return image.reduce(4)


def test_what_the_page_skips_changes_no_reading_of_a_drawing(recognizer):
    _, (images, labels) = split_validation(*load_mnist()[0])
    fewer = Recognizer(preprocess=partial(preprocess, skip=draw_digit.SKIPPED))
    same = 0
    for strokes, _ in islice(drawings(images, labels, 4), 200):
        all_steps, some = (r.predict(drawn(strokes)) for r in (recognizer, fewer))
        same += (all_steps.digit, all_steps.reason) == (some.digit, some.reason)
    assert same >= 199


def same_answers(page, recognizer, n, seed, draw=draw):
    """How many of n drawings page and library read alike, and how many are right."""
    _, (images, labels) = split_validation(*load_mnist()[0])
    same = right = 0
    for strokes, digit in islice(drawings(images, labels, seed), n):
        page.locator(".draw-clear").evaluate("e => e.click()")
        draw(page, strokes)
        same += answer(page) == expected(recognizer, on_canvas(page))
        right += answer(page) == str(digit)
    return same, right


@pytest.mark.parametrize(("width", "zoom"), [(390, 1), (1280, 1), (1280, 2)], ids=str)
def test_drawings_are_read_as_the_library_reads_them(
    new_page, served, recognizer, width, zoom
):
    viewport = {"width": width // zoom, "height": 800 // zoom}
    page = new_page(viewport=viewport, device_scale_factor=zoom)
    page.goto(f"{served}/{FRONT}")
    page.wait_for_function(READY)
    same, right = same_answers(page, recognizer, 4, seed=viewport["width"])
    assert same == 4
    assert right >= 3


@pytest.mark.parametrize(
    ("units", "looks"),
    [
        ((200,), None),
        ((30, 20, 10), asdict(Augmentation(turn=20, slant=-0.4, upright=0.1))),
    ],
)
def test_a_network_of_another_width_is_computed_alike(desk, tmp_path, units, looks):
    rng = np.random.default_rng(0)
    sizes = [784, *units, 10]
    weights = [
        array.astype(np.float32)
        for a, b in pairwise(sizes)
        for array in (rng.normal(0, a**-0.5, (a, b)), rng.normal(0, 0.1, b))
    ]
    detector = rng.normal(0, 0.1, sum(units) + 10 + 12)
    path = tmp_path / "other.npz"
    known = {"temperature": 2.0, "threshold": 0.2, "augmentation": looks}
    save_weights(path, weights, detector, **known)
    other = Recognizer(path, partial(preprocess, skip=draw_digit.SKIPPED))
    images = load_mnist()[0][0][:20]
    script = draw_digit.data_script(path).replace("const digitData =", "return")
    desk.evaluate(f"window.other = (() => {{ {script} }})()")
    predict = PREDICT.replace("digitNetwork(digitData)", "digitNetwork(window.other)")
    pixels = base64.b64encode(images.tobytes()).decode()
    for image, (found, reason) in zip(
        images, desk.evaluate(predict, pixels), strict=True
    ):
        expected = other.predict(image)
        assert found == pytest.approx(expected.probabilities, abs=1e-4)
        assert reason == expected.reason
    figures = list(draw_digit._hidden(weights))
    assert len(figures) == len(units)
    for figure, n in zip(figures, units, strict=True):
        assert f"<figcaption>{n} " in figure


@pytest.mark.slow
def test_200_drawings_are_read_as_the_library_reads_them(desk, recognizer):
    same, right = same_answers(desk, recognizer, 200, 1, draw_fast)
    assert same >= 198
    assert right >= 180


def test_an_empty_canvas_holds_no_digit(desk):
    assert answer(desk) == "none"
    assert desk.inner_text(".draw-how-sure") == "No digit yet"


def test_a_scribble_is_not_read_as_a_digit(desk, recognizer):
    rng = np.random.default_rng(0)
    draw(desk, [rng.uniform(0.1, 0.9, (40, 2))])
    assert answer(desk) == expected(recognizer, on_canvas(desk)) == "unsure"


def test_undo_takes_back_and_clear_empties(desk):
    draw(desk, [np.array([[0.5, 0.2], [0.5, 0.8]])])
    one = on_canvas(desk)
    assert answer(desk) == "1"
    draw(desk, [np.array([[0.2, 0.2], [0.8, 0.8]])])
    desk.locator(".draw-undo").click()
    assert on_canvas(desk) == one
    desk.locator(".draw-clear").click()
    assert answer(desk) == "none"
    desk.locator(".draw-undo").click()
    assert on_canvas(desk) == one


def press(page, *keys):
    for key in keys:
        page.keyboard.press(key)


def test_a_digit_is_drawn_nudged_erased_and_loaded_with_keys_alone(desk):
    desk.locator("#draw-digit canvas").focus()
    press(desk, *7 * ["ArrowUp"], "Space", *14 * ["ArrowDown"], "Space")
    assert answer(desk) == "1"
    before = on_canvas(desk)
    press(desk, "Tab", "ArrowRight", "ArrowRight", "Shift+Tab", "ArrowLeft")
    assert ink(desk)[0] == pytest.approx([0.475 - 1 / 28, 0.525 - 1 / 28], abs=0.01)
    press(desk, "Control+z")
    assert on_canvas(desk) == before
    press(desk, "Tab", "ArrowLeft", "Shift+Tab")  # the eraser
    press(desk, "Space", *7 * ["ArrowUp"], "Space")
    assert ink(desk)[1] == pytest.approx([0.225, 0.45], abs=0.01)
    press(desk, "Delete")
    assert answer(desk) == "none"
    press(desk, *4 * ["Tab"], "Enter")  # past the tools, undo and clear
    assert answer(desk) == "0"


def test_what_has_the_focus_is_outlined(desk):
    desk.locator("#draw-digit canvas").focus()
    press(desk, "ArrowUp")
    assert desk.evaluate(OUTLINE) == ["solid", "3px"]
    for _ in range(24):
        press(desk, "Tab")
        assert desk.evaluate(OUTLINE) == ["solid", "3px"]
    assert desk.evaluate("document.activeElement.tagName") == "SUMMARY"


def test_test_digits_are_read_as_their_buttons_say(desk):
    buttons = desk.locator("[data-digit]")
    assert buttons.count() == 20
    for button in buttons.all():
        button.click()
        assert answer(desk) == button.inner_text()[-1]


def test_a_stroke_may_leave_the_canvas_and_come_back(desk):
    stroke = np.array([[0.5, 0.2], [0.5, 0.5], [1.5, 0.5], [0.5, 0.6], [0.5, 0.9]])
    draw(desk, [stroke], every=1)
    assert ink(desk)[0] == pytest.approx([0.475, 1], abs=0.01)
    assert ink(desk)[1] == pytest.approx([0.175, 0.925], abs=0.01)


def test_every_move_within_a_frame_is_drawn_and_read_when_the_pointer_goes_up(desk):
    [points] = placed(desk, [ONE])
    desk.mouse.move(*points[0])
    desk.mouse.down()
    read, said = desk.evaluate(MOVES_AND_UP, points)
    assert read == said[0] == "1"
    assert ink(desk)[1] == pytest.approx([0.175, 0.825], abs=0.01)


def test_every_move_that_the_browser_put_into_one_event_is_drawn(desk):
    draw_fast(desk, [np.array([[0.5, 0.2], [0.2, 0.5], [0.5, 0.8]])])
    assert ink(desk)[0] == pytest.approx([0.175, 0.525], abs=0.01)


def test_the_answer_is_said_once_a_stroke(desk):
    desk.evaluate(COUNT_SAID)
    draw(desk, [ONE])
    assert desk.evaluate("said") == ["1, more than 99.9% sure"]


def change_width(page):
    page.set_viewport_size({"width": 600, "height": 700})


def change_theme(page):
    page.emulate_media(color_scheme="dark")
    page.wait_for_function("document.documentElement.dataset.theme === 'dark'")


@pytest.mark.parametrize("happens", [change_width, change_theme])
def test_a_stroke_goes_on_when_the_page_changes_under_it(desk, recognizer, happens):
    [points] = placed(desk, [ONE])
    desk.mouse.move(*points[0])
    desk.mouse.down()
    desk.mouse.move(*points[1])
    happens(desk)
    [points] = placed(desk, [ONE])
    for point in points[2:]:
        desk.mouse.move(*point)
    desk.mouse.up()
    across, down = ink(desk)
    assert down == pytest.approx([0.175, 0.825], abs=0.01)
    assert across == pytest.approx([0.475, 0.525], abs=0.01)
    assert answer(desk) == expected(recognizer, on_canvas(desk)) == "1"


@pytest.fixture
def touch(new_page, served):
    """The front page on a phone, and a function that puts fingers on it."""
    phone = {"viewport": {"width": 390, "height": 844}, "device_scale_factor": 2}
    page = new_page(has_touch=True, is_mobile=True, **phone)
    page.goto(f"{served}/{FRONT}")
    page.wait_for_function(READY)
    session = page.context.new_cdp_session(page)

    def put(kind, *fingers):
        points = [{"x": x, "y": y, "id": k} for k, (x, y) in enumerate(fingers)]
        event = {"type": f"touch{kind}", "touchPoints": points}
        session.send("Input.dispatchTouchEvent", event)

    return page, put


def position(page):
    return page.evaluate("[scrollX, scrollY, visualViewport.scale]")


@pytest.mark.parametrize("end", ["End", "Cancel"])
def test_a_finger_draws_and_the_page_stays_where_it_is(touch, end):
    page, put = touch
    [points] = placed(page, [ONE])
    before = position(page)
    put("Start", points[0])
    for point in points[1:]:
        put("Move", point)
    put(end)
    assert page.text_content(".draw-said").startswith("1")
    assert position(page) == before
    assert ink(page)[1] == pytest.approx([0.175, 0.825], abs=0.01)
    assert answer(page) == "1"


def test_a_second_finger_draws_nothing_and_the_first_goes_on(touch):
    page, put = touch
    first, second = placed(page, [ONE, ONE + np.array([0.3, -0.1])])
    before = position(page)
    put("Start", first[0])
    put("Move", first[1])
    put("Start", first[1], second[0])
    for one, other in zip(first[2:-1], second[2:-1], strict=True):
        put("Move", one, other)  # both; and apart, as to enlarge the page
        put("Move", one, [other[0] + 20, other[1]])
    put("Move", first[-1])  # the second finger is off again
    put("End")
    assert position(page) == before
    assert ink(page)[0] == pytest.approx([0.475, 0.525], abs=0.01)
    assert ink(page)[1] == pytest.approx([0.175, 0.825], abs=0.01)
    assert answer(page) == "1"


def test_a_finger_beside_the_canvas_scrolls(touch):
    page, put = touch
    page.evaluate("scrollTo({ top: 0, behavior: 'instant' })")
    for y in range(700, 300, -50):
        put("Start" if y == 700 else "Move", [10, y])
    put("End")
    page.wait_for_function("scrollY > 100")


@pytest.mark.parametrize("left", [0, 1000])
def test_weights_that_are_missing_or_cut_are_said_in_place(page, served, left):
    script = draw_digit.data_script()[:left]
    page.route("**/draw-digit-data.js*", lambda route: route.fulfill(body=script))
    page.goto(f"{served}/{FRONT}")
    say = page.locator(".draw-say").filter(has_text="could not be loaded")
    say.wait_for()
    assert answer(page) == "none"
    assert page.locator("#draw-digit :is(canvas, button, input):visible").count() == 0


def test_without_javascript_the_page_says_what_is_missing_and_shows_no_tools(
    new_page, served
):
    page = new_page(java_script_enabled=False)
    page.goto(f"{served}/{FRONT}")
    assert "needs JavaScript" in page.inner_text(".draw-say")
    assert page.locator("#draw-digit :is(canvas, button, input):visible").count() == 0


def test_the_weights_in_the_page_are_those_of_the_package(site):
    text = (site / "_static" / "draw-digit-data.js").read_text()
    data = json.loads(text.removeprefix("const digitData = ").removesuffix(";\n"))
    halves = np.frombuffer(base64.b85decode(data["weights"]), "<f2")
    shipped = Recognizer().weights
    assert np.array_equal(halves, np.concatenate([a.ravel() for a in shipped]))
    page = BeautifulSoup((site / FRONT).read_text(), "html.parser")
    told = page.select_one("#draw-digit")
    content = (ASSETS / "hands.npz").read_bytes()
    assert told["data-digest"] == hashlib.sha256(content).hexdigest()
    assert "The weights are hands.npz" in " ".join(told.get_text().split())
    assert data["settings"]["augmentation"] == load_provenance()["augmentation"]


def test_scripts_and_weights_are_small(site):
    names = ("draw-digit-data", "digit-framing", "digit-network", "draw-digit")
    sizes = [(site / "_static" / f"{name}.js").stat().st_size for name in names]
    assert sum(sizes) <= 260_000


def test_an_image_of_the_canvas_is_what_was_drawn(desk):
    draw(desk, [np.array([[0.5, 0.1], [0.5, 0.9]])])
    image = np.asarray(Image.open(io.BytesIO(on_canvas(desk))).convert("L"))
    assert image.shape == (224, 224)
    assert image[112, 112] == 0
    assert image[112, 16] == 255
