"""Whole numbers: what is clear is read where it stands, and what is not, is told."""

from dataclasses import replace
from io import BytesIO
from itertools import product
import subprocess
import sys
import warnings

import matplotlib
import numpy as np
from PIL import Image, ImageFont
import pytest
from written import INK, alone_turned, distance, drawn, floats, on_paper, write

from digitlib.data import split_validation
from digitlib.document.lattice import FEATURES, LATTICE
from digitlib.document.layout import LAYOUT
from digitlib.errors import DigitlibError
from digitlib.model import load_weights
from digitlib.reading import READING, Digit, Reading, read, segment_weights, settings
from digitlib.recognizer import Prediction, Recognizer
from digitlib.synthesis.forms import empties, fields

FONT = f"{matplotlib.get_data_path()}/fonts/ttf/DejaVuSans.ttf"
CODES = ("7", "42", "31415", "90210", "86753", "10001", "3141592653")
LINES = ["31415\n92\n65358\n979\n32384626"[:n] for n in (5, 8, 14, 18, 27)]


@pytest.fixture(scope="module")
def digits(mnist):
    """1,000 validation images, scaled, and their labels."""
    _, (x, y) = split_validation(*mnist[0])
    return x[:1000] / np.float32(255), y[:1000]


def picture(text, height=40, **options):
    """A picture of a number, and the boxes of its digits."""
    ink, boxes = write(text, height)
    return on_paper(ink, **options), boxes


def file_of(image, **options):
    buffer = BytesIO()
    Image.fromarray(image).save(buffer, **{"format": "PNG"} | options)
    return buffer.getvalue()


def check_boxes(reading, boxes, tolerance=0.12):
    """Each digit is where it was written, within a part of its height."""
    assert len(reading.digits) == len(boxes)
    for digit, box in zip(reading.digits, boxes, strict=True):
        away = np.abs(np.subtract(digit.box, box)).max()
        assert away <= 2 + tolerance * (box[3] - box[1])


def all_of(reading):
    """What a reading says, in a form that can be compared."""
    digits = [(digit.box, digit.seen.tobytes()) for digit in reading.digits]
    return reading.text, reading.confidence, reading.accepted, reading.reason, digits


# Clear numbers


@pytest.mark.parametrize(
    ("text", "height"), [*product(CODES, [18, 46, 90]), *((text, 32) for text in LINES)]
)
def test_clear_digits_are_read_where_they_stand_line_by_line(text, height):
    image, boxes = picture(text, height)
    for given in ({}, {"digits": len(boxes)}):
        reading = read(image, **given)
        assert reading.text == text
        check_boxes(reading, boxes)


@pytest.mark.parametrize("angle", [-9, -3, 4, 8])
def test_digits_on_a_slope_are_read_where_they_stand(angle):
    ink, boxes = write("31415\n926", 40)
    reading = read(on_paper(ink, angle=angle))
    assert reading.text == "31415\n926"
    for digit, box in zip(reading.digits, boxes, strict=True):
        rows, columns = alone_turned(ink, box, angle)
        a, b, c, d = digit.box
        inside = (columns >= a) & (columns < c) & (rows >= b) & (rows < d)
        assert inside.mean() > 0.98
        assert c - a < 1.6 * np.ptp(columns) + 6
        assert d - b < 1.6 * np.ptp(rows) + 6


FORMS = ("path", "str", "file", "PIL", "RGB", "float", "light")


@pytest.mark.parametrize("form", FORMS)
def test_an_image_may_have_any_form(form, tmp_path):
    image, boxes = picture("90210")
    path = tmp_path / "number.png"
    path.write_bytes(file_of(image))
    given = {
        "path": path, "str": str(path), "file": BytesIO(path.read_bytes()),
        "PIL": Image.fromarray(image), "RGB": np.stack([image] * 3, axis=2),
        "float": floats(image), "light": 255 - image,
    }[form]  # fmt: skip
    reading = read(given)
    assert reading.text == "90210"
    check_boxes(reading, boxes)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("format_", ["PNG", "JPEG"])
def test_boxes_are_in_pixels_of_the_photo_as_it_is_displayed(orientation, format_):
    image, boxes = picture("31415", 50)
    stored = {  # what shows this when it is set upright
        1: image, 2: image[:, ::-1], 3: image[::-1, ::-1], 4: image[::-1],
        5: image.T, 6: np.rot90(image), 7: np.rot90(image, 2).T,
        8: np.rot90(image, -1),
    }[orientation]  # fmt: skip
    exif = Image.Exif()
    exif[0x0112] = orientation
    content = file_of(np.ascontiguousarray(stored), format=format_, exif=exif)
    reading = read(content)
    assert reading.text == "31415"
    check_boxes(reading, boxes)


@pytest.mark.parametrize("shape", [(2600, 3100), (121, 6001), (2501, 900), (61, 2300)])
@pytest.mark.parametrize("format_", ["PNG", "JPEG"])
def test_boxes_in_a_large_image_are_where_the_digits_are(shape, format_):
    height, width = shape
    tall = min(height - 20, 160)
    ink, boxes = write("31746", tall, margin=0)
    sheet = np.zeros(shape, np.uint8)
    top, left = height - 10 - tall, width - 40 - ink.shape[1]
    sheet[top : top + tall, left : left + ink.shape[1]] = ink
    reading = read(file_of(on_paper(sheet), format=format_))
    assert reading.text == "31746"
    moved = np.add(boxes, (left, top) * 2)
    check_boxes(reading, moved, tolerance=0.1)


@pytest.mark.parametrize("angle", [0, 7])
def test_no_box_reaches_beyond_the_image(angle):
    ink, _ = write("31746", 40, margin=0.1)
    image = on_paper(ink, angle=angle)
    reading = read(image)
    assert reading.digits
    for digit in reading.digits:
        left, top, right, bottom = digit.box
        assert 0 <= left < right <= image.shape[1]
        assert 0 <= top < bottom <= image.shape[0]
        assert all(type(side) is int for side in digit.box)


def test_what_is_said_of_each_digit():
    reading = read(picture("31415")[0])
    assert isinstance(reading, Reading)
    threshold = Recognizer().threshold
    assert "".join(str(digit.digit) for digit in reading.digits) == "31415"
    for digit in reading.digits:
        assert isinstance(digit, Digit)
        assert isinstance(digit, Prediction)
        assert digit.seen.shape == (28, 28)
        assert digit.probabilities.argmax() == digit.digit
        assert digit.confidence == pytest.approx(digit.probabilities.max())
        assert digit.accepted == (digit.trust >= threshold)
        assert (digit.reason is None) == digit.accepted
    together = np.prod([digit.confidence for digit in reading.digits])
    assert 0.5 * together < reading.confidence < together  # there are other ways


def test_what_is_sure_is_accepted_and_the_rest_is_unsure(monkeypatch):
    image, _ = picture("31415")
    confidence = read(image).confidence
    for times, accepted, reason in ((0.99, True, None), (1.01, False, "unsure")):
        thresholds = {"unknown": times * confidence, "known": 2.0}
        monkeypatch.setitem(settings(), "threshold", thresholds)
        reading = read(image)
        expected = "31415", accepted, reason
        assert (reading.text, reading.accepted, reading.reason) == expected


def test_the_same_image_gives_the_same_reading():
    image, _ = picture("31415\n926", grain=5)
    first = all_of(read(image.copy()))
    image.setflags(write=False)  # and is left as it was
    assert all_of(read(image)) == first
    assert all_of(read(floats(image))) == first
    assert all_of(read(image, recognizer=Recognizer("hands"))) == first
    assert all_of(read(picture("31415\n927")[0])) != first


@pytest.mark.parametrize("kind", ["clear", "boxes", "ruled", "touching"])
def test_most_generated_numbers_are_read(digits, kind):
    some = fields(*digits, 4, kind=kind, seed=5)
    errors = [distance(read(f.image, digits=5).text, f.text) for f in some]
    assert sum(wrong <= 1 for wrong in errors) >= 3


# How many there are


def test_an_expected_number_of_digits_is_used_in_the_search():
    ink, _ = write("58", 48, gap=-0.06, model=0)
    one, two, three = (read(on_paper(ink), digits=n) for n in (1, 2, 3))
    assert (two.text, len(one.digits)) == ("58", 1)
    assert {one.accepted, three.accepted} == {False}


@pytest.mark.parametrize(
    ("text", "digits"), [("6", 2), *(("31415", n) for n in (1, 4, 6, 8))]
)
def test_another_number_of_digits_is_not_accepted(text, digits):
    reading = read(picture(text)[0], digits=digits)
    assert not reading.accepted
    if text == "6":  # even a trusted digit is cut if there must be two
        assert len(reading.digits) == digits
    assert reading.reason in ("another count", "unsure", "not only digits")


def test_large_ink_that_is_left_unread_is_not_only_digits():
    image, any_count = on_paper(write("74", 48, gap=2)[0]), replace(READING, rather=0)
    for large, reason in ((0.4, "not only digits"), (1.5, "unsure")):
        settings = replace(any_count, large=large)
        reading = read(image, pattern="#-", settings=settings)
        assert reading.reason == reason
        assert read(image, digits=1, settings=settings).reason == "not only digits"


@pytest.mark.parametrize("digits", [60, 1000])
def test_an_impossible_number_of_digits_is_told_with_the_best_guess(digits):
    image, boxes = picture("31415")
    reading = read(image, digits=digits)
    assert (reading.text, reading.accepted) == ("31415", False)
    assert reading.reason == "another count"
    check_boxes(reading, boxes)
    assert read(image, pattern="#" * digits + "-").text == "31415"


def test_one_digit_too_many_is_noticed(digits):
    readings = [
        read(field.image, digits=5)
        for kind, n in product(("clear", "touching"), (4, 6))
        for field in fields(*digits, 4, kind=kind, length=n, seed=5)
    ]
    assert sum(reading.accepted for reading in readings) <= 1
    assert sum(reading.reason == "another count" for reading in readings) >= 12


def test_a_pattern_is_filled_in():
    image, _ = picture("314159265")
    assert read(image, pattern="#########").text == "314159265"
    assert read(image, pattern="No. ### ### (###)").text == "No. 314 159 (265)"
    assert read(picture("314\n15")[0], pattern="###-##").text == "314-15"
    plain, filled = read(image, digits=9), read(image, pattern="#####-####")
    assert filled.text == "31415-9265"
    assert all_of(filled)[1:] == all_of(plain)[1:]


def test_a_written_dash_is_passed_over():
    ink, boxes = write("3141592", 48, gap=0.5)
    middle = (boxes[3][0] + boxes[2][2]) // 2
    ink = np.insert(ink, [middle] * 40, 0, axis=1)
    row = (boxes[0][1] + boxes[0][3]) // 2
    ink[row - 2 : row + 3, middle + 8 : middle + 32] = 255
    reading = read(on_paper(ink), pattern="###-####")
    assert reading.text == "314-1592"
    moved = [np.add(box, (40 * (i > 2), 0) * 2) for i, box in enumerate(boxes)]
    check_boxes(reading, moved)
    assert reading.reason in (None, "unsure")


NO_DIGITS = [0, -1, 1001, 2.0, "5", True, np.nan, [5]]
NO_PATTERN = ["", "12345", "-", "#\n#", "\0#", 5, ["#"], b"##", np.eye(3), "#" * 1001]


GIVEN = [{"digits": digits} for digits in NO_DIGITS]
GIVEN += [{"pattern": pattern} for pattern in NO_PATTERN]


@pytest.mark.parametrize("given", [*GIVEN, {"digits": 2, "pattern": "##"}])
def test_what_is_no_number_of_digits_and_no_pattern(given):
    start = " and ".join(given)
    assert complaint(np.ones((9, 9)), **given).startswith(f"{start}: ")


# What is not only digits


def struck(text="31415", beyond=0.3, dark=255, height=48, margin=3):
    """A number with a level stroke through all of it, and a little farther."""
    ink, boxes = write(text, height, margin=margin)
    row = (boxes[0][1] + boxes[0][3]) // 2
    left, right = boxes[0][0] - beyond * height, boxes[-1][2] + beyond * height
    through = ink[row - 2 : row + 2, round(left) : round(right)]
    np.maximum(through, dark, out=through)
    return on_paper(ink)


@pytest.mark.parametrize(
    ("text", "dark"), [("31415", 255), ("31415", 120), ("3141592653", 200)]
)
@pytest.mark.parametrize("beyond", [0.0, 0.3, 0.6])
def test_a_number_that_is_struck_out_is_not_accepted(text, dark, beyond):
    for digits in (None, len(text)):
        reading = read(struck(text, beyond, dark), digits=digits)
        assert not reading.accepted
        assert reading.reason in ("not only digits", "no digits", "another count")


@pytest.mark.parametrize(("margin", "beyond"), [(3, 2.8), (0.9, 0.9), (1.5, 1.5)])
def test_a_line_of_the_paper_is_known_by_what_is_beside_the_number(margin, beyond):
    reading = read(struck(margin=margin, beyond=beyond, dark=50), digits=5)
    assert (reading.text, reading.reason) == ("31415", None)


def test_a_blot_among_the_digits_is_not_passed_over():
    ink, boxes = write("31415", 48, gap=0.4)
    middle = (boxes[2][2] + boxes[3][0]) // 2
    ink = np.insert(ink, [middle] * 60, 0, axis=1)
    place = middle + 10, boxes[0][1], middle + 55, boxes[0][1] + 46
    image = on_paper(drawn(ink, ("ellipse", place, {"fill": 255})))
    reasons = [read(image, digits=n).reason for n in (None, 5)]
    assert reasons == ["not only digits", "another count"]  # as a digit, or not


def test_ink_that_is_lost_beside_digits_is_not_passed_over():
    """As what is left of a 0 whose sides were erased with those of its box."""
    ink, boxes = write("3141", 48, margin=1.5)
    left, top = boxes[-1][2] + 20, boxes[-1][1]
    place = left, top, left + 40, top + 34
    lost = drawn(ink, ("arc", place, 195, 345, {"fill": 255, "width": 4}))
    for given in ({}, {"digits": 4}):
        assert read(on_paper(ink), **given).reason in (None, "unsure")
        reading = read(on_paper(lost), **given)
        assert (reading.text, reading.reason) == ("3141", "not only digits")


# The recogniser


def test_what_is_no_recogniser_with_a_detector():
    for given in ("robust", 5, Recognizer(load_weights("robust"))):
        assert complaint(EMPTY[0], recognizer=given).startswith("recognizer: ")


def test_another_recogniser_is_asked():
    class Other(Recognizer):
        def __init__(self):
            super().__init__()
            turned = [array.copy() for array in self.weights]
            turned[-2], turned[-1] = turned[-2][:, ::-1], turned[-1][::-1]
            self.weights = tuple(turned)  # says 9 instead of 0, 8 instead of 1, ...

    image, _ = picture("3141")
    assert read(image, recognizer=Recognizer()).text == "3141"
    assert read(image, recognizer=Other(), digits=4).text == "6858"


def test_each_feature_has_weights():
    learned = settings()
    assert tuple(learned["hidden"]) == FEATURES
    hidden, bias, output, last = segment_weights()
    assert hidden.tolist() == list(learned["hidden"].values())
    assert hidden.shape == (len(FEATURES), len(bias))
    assert output.shape == bias.shape
    assert last.shape == ()
    assert all(np.isfinite(some).all() for some in (hidden, bias, output, last))
    assert set(learned["threshold"]) == {"known", "unknown"}
    assert all(0 < value < 1 for value in learned["threshold"].values())


EMPTY = [
    np.ones((60, 200)), np.zeros((1, 1)), np.full((3, 3000), 0.4),
    np.full((10, 20_000), 200, np.uint8),
    np.random.default_rng(0).normal(0.7, 0.03, (300, 400)).clip(0, 1),
    np.pad(np.full((4, 300), 0.2), ((48, 48), (50, 50)), constant_values=0.9),  # flat
]  # fmt: skip


@pytest.mark.parametrize("given", [{}, {"digits": 3}, {"pattern": "#-#"}])
@pytest.mark.parametrize("image", EMPTY, ids=lambda image: str(image.shape))
def test_where_there_is_no_ink_there_are_no_digits(image, given):
    reading = read(image, **given)
    assert (reading.text, reading.confidence, reading.digits) == ("", 0.0, ())
    assert (reading.accepted, reading.reason) == (False, "no digits")


@pytest.mark.parametrize("kind", ["blank", "lines", "text"])
def test_no_number_is_accepted_where_there_is_none(kind):
    for field in empties(kind, 3, fonts=[FONT], seed=3):
        reading = read(field.image)
        assert not reading.accepted
        assert reading.reason in ("no digits", "not only digits", "unsure")
        assert (reading.reason == "no digits") == (reading.digits == ())
        assert (reading.text == "") == (reading.digits == ())


@pytest.mark.parametrize("angle", [0, 2])
@pytest.mark.parametrize("wide", [30, 44, 60])
@pytest.mark.parametrize("radius", [0, 4])
def test_a_printed_box_is_no_zero(wide, radius, angle):
    pen = {"outline": 255, "width": 4}
    boxes = [(left, 60, left + wide, 60 + 60) for left in (40, 140)]
    boxes = [("rounded_rectangle", box, radius, pen) for box in boxes]
    image = on_paper(drawn(np.zeros((180, 260), np.uint8), *boxes), angle=angle)
    for given in ({}, {"digits": 2}):
        reading = read(image, **given)
        assert not reading.accepted
        assert reading.reason in ("not only digits", "no digits", "unsure")


@pytest.mark.parametrize("text", ["0", "00", "90210"])
def test_a_zero_is_no_box(text):
    for model in range(4):
        ink, _ = write(text, 48, model=model)
        assert read(on_paper(ink), digits=len(text)).accepted


@pytest.mark.parametrize("text", ["1", "11", "111"])
def test_only_ones_are_accepted_if_it_is_said_how_many_there_are(text):
    """Nobody could tell them from lines."""
    image, _ = picture(text)
    known, unknown = read(image, digits=len(text)), read(image)
    assert known.text == unknown.text == text
    assert (known.accepted, unknown.accepted) == (True, False)
    assert unknown.reason == "not only digits"


def test_a_one_that_is_cut_off_by_the_border_may_be_a_line():
    image, boxes = picture("3171", 48)
    left, _, right, bottom = boxes[-1]
    longer = image[: bottom + 8].copy()
    longer[bottom - 2 :, left:right] = longer[bottom - 3, left:right]
    whole, cut, known = read(image), read(longer), read(longer, digits=4)
    assert whole.text == cut.text == "3171"
    assert cut.reason == "not only digits"
    assert {whole.reason, known.reason} <= {None, "unsure"}


def test_a_label_above_a_number_is_left_out():
    print_ = ("text", (60, 36), "Unterschrift", INK, ImageFont.truetype(FONT, 20), {})
    image = drawn(picture("31746", 60)[0], print_)
    for given in ({}, {"digits": 5}):
        reading = read(image, **given)
        assert (reading.text, reading.reason) in (("31746", None), ("31746", "unsure"))


def test_a_scrawl_beside_digits_is_not_only_digits():
    ink, _ = write("31746", 48, margin=1.5)
    random = np.random.default_rng(2)
    points = np.cumsum(random.normal(0, 25, (60, 2)), axis=0) % (150, 90)
    points = [tuple(point) for point in np.add(points, (ink.shape[1] + 20, 40))]
    image = np.pad(on_paper(ink), ((0, 0), (0, 260)), "edge")
    image = drawn(image, ("line", points, {"fill": INK, "width": 4}))
    for given in ({}, {"digits": 5}):
        reading = read(image, **given)
        assert not reading.accepted
        assert reading.reason in ("not only digits", "unsure", "another count")
    assert read(image).reason != "another count"


# Settings


def test_what_decides_can_be_varied_in_every_stage():
    image, _ = picture("31415", 60)
    usual = read(image)
    changes = {
        "reduced": {"side": 120},
        "smaller": {"layout": replace(LAYOUT, target=24)},
        "cut": {"lattice": replace(LATTICE, sure=1.0, wide=0.1)},
        "skips": {"lattice": replace(LATTICE, skip=0.0)},
        "costs": {"lattice": replace(LATTICE, cuts=replace(LATTICE.cuts, enter=1.0))},
        "dirt": {"layout": replace(LAYOUT, lines=replace(LAYOUT.lines, tallest=0.5))},
    }
    for name, change in changes.items():
        other = read(image, settings=replace(READING, **change))
        assert all_of(usual) != all_of(other), name
    doubted = read(image, settings=replace(READING, doubted=1.1))
    assert (doubted.text, doubted.reason) == ("31415", "not only digits")
    few = replace(READING, digits=(2, 4))
    assert "2 to 4" in complaint(image, digits=5, settings=few)
    assert "2 to 4" in complaint(image, pattern="#", settings=few)
    layout = replace(LAYOUT, ruled_lines=replace(LAYOUT.ruled_lines, extent=2.0))
    kept = read(struck(), settings=replace(READING, layout=layout))
    assert all_of(read(struck())) != all_of(kept)


# Many digits, long strips, bad input


def test_two_hundred_digits():
    numbers = np.random.default_rng(1).integers(10, size=(8, 25))
    text = "\n".join("".join(map(str, row)) for row in numbers)
    image, boxes = picture(text, 28)
    reading = read(image, digits=200)
    assert distance(reading.text, text) <= 10
    assert len(reading.digits) == 200
    check_boxes(reading, boxes)


def test_a_strip_of_small_digits():
    ink, boxes = write("31746", 10, margin=0, gap=1.0)
    strip = np.zeros((14, 20_000), np.uint8)
    strip[2:12, 15_000 : 15_000 + ink.shape[1]] = ink
    reading = read(on_paper(strip))
    assert len(reading.digits) == 5
    check_boxes(reading, np.add(boxes, (15_000, 2) * 2))


def complaint(image, **options):
    """The error that an image raises; without any warning, and on one line."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(DigitlibError) as error:
            read(image, **options)
    assert str(error.value).isprintable()
    assert len(str(error.value)) < 300
    return str(error.value)


NO_IMAGES = [
    None, 5, [[1.0]], "no such file.png", ".", b"", b"no image", BytesIO(b"GIF89a"),
    file_of(np.zeros((90, 90), np.uint8))[:60],
    file_of(np.zeros((9, 9), np.uint8), format="PPM"),
    np.zeros((0, 9)), np.zeros((3, 9, 9, 3)), np.zeros((9, 9, 2)),
    np.zeros((9, 9), int), np.full((9, 9), np.nan), np.full((9, 9), 1.5),
    np.array([["a"]]),
]  # fmt: skip


@pytest.mark.parametrize("image", NO_IMAGES, ids=lambda image: type(image).__name__)
@pytest.mark.parametrize("given", [{}, {"digits": 5}])
def test_what_is_no_image_is_refused_in_one_line(image, given):
    assert ": " in complaint(image, **given)


@pytest.mark.parametrize("seed", range(25))
def test_any_picture_can_be_read(seed):
    random = np.random.default_rng(seed)
    height, width = np.exp(random.uniform(0, 4.6, 2)).astype(int)
    image = random.random((height, width, 3)[: 2 + seed % 2], np.float32)
    if seed % 3:
        image = np.where(image < random.choice([0.02, 0.3, 0.7]), image, 0.9)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for given in ({}, {"digits": 3}):
            reading = read(image.astype(np.float32), **given)
            assert 0 <= reading.confidence <= 1
            assert (reading.reason is None) == reading.accepted
            assert reading.text.replace("\n", "").isdigit() or reading.text == ""


def test_reading_never_imports_tensorflow():
    script = """
import sys
import numpy as np
from digitlib.reading import read
image = np.ones((60, 60), np.float32)
image[10:50, 29:32] = 0
assert read(image).text == "1"
heavy = {"tensorflow", "keras", "sklearn", "matplotlib", "pandas", "joblib"}
assert not heavy & {*sys.modules}
"""
    subprocess.run([sys.executable, "-c", script], check=True)


# Signs


def test_a_sign_that_is_not_asked_for_is_never_passed_over():
    ink, _ = write("314159", 48, gap=0.4)
    image = on_paper(np.pad(ink, ((0, 0), (120, 120)), "edge"))
    assert read(image, digits=6).reason in (None, "unsure")
    first, *_, last = (digit.box for digit in read(image).digits)
    middle = (first[1] + first[3]) // 2
    starts = [first[0] - 28 - gap for gap in (8, 30)]  # near, and farther away
    for left in (*starts, last[2] + 8, last[2] + 30):
        line = [(left, middle), (left + 28, middle)]
        dash = drawn(image, ("line", line, {"fill": INK, "width": 5}))
        for given in ({}, {"digits": 6}, {"pattern": "######"}):
            assert read(dash, **given).reason == "not only digits"
        asked = read(dash, pattern="-######")
        assert asked.text == "-314159"
        assert asked.reason in (None, "unsure")
