"""Ruled lines: printed lines and boxes go, digits stay."""

from itertools import pairwise

import numpy as np
from PIL import Image, ImageDraw
import pytest
from scipy import ndimage
from written import floats, glyph, on_paper, write

from digitlib.document.layout import find_lines
from digitlib.document.ruled_lines import has_upright_lines, remove_ruled_lines
from digitlib.imaging.components import Components

HEIGHT = 48
FORMS = ("boxes", "frame", "comb", "line", "notepaper")


def drawn(form, shape, boxes, width=2, angle=0.0):
    """The coverage by a printed form around digits in these boxes."""
    image = Image.new("L", shape[::-1])
    draw = ImageDraw.Draw(image)
    room = round(0.18 * HEIGHT)
    top = min(box[1] for box in boxes) - room
    bottom = max(box[3] for box in boxes) + room
    places = [(box[0] - room, box[2] + room) for box in boxes]
    left, right = places[0][0], places[-1][1]
    middles = [(a[1] + b[0]) / 2 for a, b in pairwise(places)]
    if form == "boxes":
        for start, end in places:
            draw.rectangle((start, top, end, bottom), outline=255, width=width)
    elif form in ("frame", "comb"):
        draw.rectangle((left, top, right, bottom), outline=255, width=width)
        start = top if form == "frame" else bottom - 0.4 * HEIGHT
        for x in middles:
            draw.line((x, start, x, bottom), fill=255, width=width)
    elif form == "line":
        draw.line((left - 20, bottom, right + 20, bottom), fill=255, width=width)
    elif form == "notepaper":
        for y in range(bottom % 75, shape[0], 75):
            draw.line((0, y, shape[1], y), fill=255, width=width)
    image = image.rotate(angle, Image.Resampling.BICUBIC)
    return ndimage.gaussian_filter(floats(np.asarray(image)), 0.5)


def filled(form, text="31415", strength=0.6, gap=0.8, **options):
    """What stands out from the paper: ink, print, and both together."""
    ink, boxes = write(text, HEIGHT, gap=gap, margin=1.5)
    ink = ndimage.gaussian_filter(floats(ink), 0.5)
    printed = strength * drawn(form, ink.shape, boxes, **options)
    return ink, printed, np.maximum(ink, printed)


# Print goes, ink stays


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("strength", [0.25, 0.6, 1.0])
@pytest.mark.parametrize("width", [1, 2, 4])
def test_print_is_erased_and_digits_are_left(form, strength, width):
    ink, printed, shaded = filled(form, strength=strength, width=width)
    clean, slope = remove_ruled_lines(shaded, HEIGHT)
    assert clean[printed > 0.1].max() < 0.2
    assert np.abs(clean - ink)[ink > 0.25].mean() < 0.01
    assert slope == pytest.approx(0, abs=0.2)
    assert clean.shape == shaded.shape


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("angle", [-2.0, -0.7, 1.5])
def test_the_slope_of_lines_is_told_and_they_are_erased(form, angle):
    ink, printed, shaded = filled(form, angle=angle)
    clean, slope = remove_ruled_lines(shaded, HEIGHT)
    assert slope == pytest.approx(-angle, abs=0.5)
    alone = (printed > 0.3) & (ink < 0.1)
    assert (clean[alone] > 0.25).mean() < 0.02


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("angle", [-2.5, 0, 1])
def test_in_a_photograph_of_a_form_only_digits_are_found(form, angle):
    ink, boxes = write("31415", 40, gap=0.8, margin=1.5)
    printed = drawn(form, ink.shape, boxes)
    grey = on_paper(ink, angle=angle, grain=2).astype(float)
    paler = np.asarray(Image.fromarray(printed).rotate(angle, expand=True))
    grey = np.minimum(grey, 235 - 110 * paler).astype(np.uint8)
    [line] = find_lines(floats(grey)).lines
    assert Components(line.ink > 0.5).n == 5


@pytest.mark.parametrize("shift", [0.25, 0.35])
def test_where_a_digit_crosses_a_line_its_stroke_stays(shift):
    ink, boxes = write("1111", HEIGHT, gap=0.8, margin=1.5)
    boxes = [(a, b - shift * HEIGHT, c, d - shift * HEIGHT) for a, b, c, d in boxes]
    boxes = np.round(boxes).astype(int)
    ink = ndimage.gaussian_filter(floats(ink), 0.5)
    printed = 0.5 * drawn("line", ink.shape, boxes)
    clean, _ = remove_ruled_lines(np.maximum(ink, printed), HEIGHT)
    assert np.abs(clean - ink)[ink > 0.5].mean() < 0.05
    assert Components(clean > 0.4).n == 4


@pytest.mark.parametrize("form", ["boxes", "frame", "notepaper"])
@pytest.mark.parametrize("strength", [0.25, 0.45])
def test_a_one_from_line_to_line_stays_if_it_is_darker_than_the_print(form, strength):
    ink, boxes = write("31411", HEIGHT, gap=0.8, margin=1.5)
    printed = strength * drawn(form, ink.shape, boxes)
    rows = np.flatnonzero((printed[:, 3 * len(printed[0]) // 5 :] > 0.1).any(axis=1))
    ink = floats(ink).copy()
    tall = np.zeros_like(ink)
    for left, top, right, bottom in boxes[-2:]:
        middle = (left + right) // 2
        high = rows[rows < top].max(initial=0)
        low = rows[rows > bottom].min()
        tall[high : low + 1, middle - 2 : middle + 2] = 1
        ink[top:bottom, left:right] = 0
    ink = ndimage.gaussian_filter(np.maximum(ink, tall), 0.5)
    clean, _ = remove_ruled_lines(np.maximum(ink, printed), HEIGHT)
    inside = tall > 0
    assert clean[inside].mean() > 0.75
    assert clean[(printed > 0.8 * strength) & (ink < 0.05)].max() < 0.1


@pytest.mark.parametrize("form", ["boxes", "frame"])
def test_a_one_in_the_middle_of_a_box_stays_though_it_is_dark_as_the_print(form):
    ink, boxes = write("31411", HEIGHT, gap=0.8, margin=1.5)
    printed = drawn(form, ink.shape, boxes, width=4)
    ink = floats(ink).copy()
    left, top, right, bottom = boxes[-2]
    ink[top:bottom, left:right] = 0
    tall = np.zeros_like(ink)
    middle = (left + right) // 2
    tall[top - 5 : bottom + 5, middle - 2 : middle + 2] = 1
    shaded = ndimage.gaussian_filter(np.maximum(np.maximum(ink, tall), printed), 0.5)
    clean, _ = remove_ruled_lines(shaded, HEIGHT)
    assert clean[tall > 0].mean() > 0.8
    alone = (printed > 0.5) & (ink == 0) & (ndimage.maximum_filter(tall, 9) == 0)
    assert clean[alone].max() < 0.2


def squares(shape, size, strength=0.6, width=2):
    """The lines of squared paper."""
    sheet = np.zeros(shape, np.float32)
    for start in range(width):
        sheet[size // 2 + start :: size] = strength
        sheet[:, size // 3 + start :: size] = strength
    return ndimage.gaussian_filter(sheet, 0.5)


@pytest.mark.parametrize("size", [30, 48, 75])
@pytest.mark.parametrize("strength", [0.25, 0.45])
def test_squared_paper_is_erased_in_both_directions(size, strength):
    ink, _ = write("31415", HEIGHT, margin=1.5)
    ink = ndimage.gaussian_filter(floats(ink), 0.5)
    paper = squares(ink.shape, size, strength)
    shaded = np.maximum(ink, paper)
    assert has_upright_lines(shaded, HEIGHT)
    clean, slope = remove_ruled_lines(shaded, HEIGHT, upright=True)
    assert slope == pytest.approx(0, abs=0.3)
    alone = (paper > 0.1) & (ink < 0.05)
    assert (clean[alone] > 0.1).mean() < 0.01
    assert np.abs(clean - ink)[ink > 0.5].mean() < 0.02


@pytest.mark.parametrize("form", [*FORMS, None])
def test_digits_and_forms_have_no_upright_lines(form):
    if form:
        *_, shaded = filled(form, text="11171")
    else:
        shaded = floats(write("1117\n1111\n7111", HEIGHT, leading=1.3)[0])
    assert not has_upright_lines(shaded, HEIGHT)


@pytest.mark.parametrize("width", [2, 4])
@pytest.mark.parametrize("tooth", [0.4, 0.9])
def test_a_comb_without_an_upper_line_is_erased(tooth, width):
    ink, boxes = write("31415", HEIGHT, gap=0.8, margin=1.5)
    ink = ndimage.gaussian_filter(floats(ink), 0.5)
    room = round(0.4 * HEIGHT)
    bottom = boxes[0][3] + 10
    ends = [boxes[0][0] - room, *(box[2] + room for box in boxes)]
    image = Image.new("L", ink.shape[::-1])
    draw = ImageDraw.Draw(image)
    draw.line((ends[0], bottom, ends[-1], bottom), fill=255, width=width)
    for x in ends:
        draw.line((x, bottom - tooth * HEIGHT, x, bottom), fill=255, width=width)
    printed = ndimage.gaussian_filter(floats(np.asarray(image)), 0.5)
    clean, _ = remove_ruled_lines(np.maximum(ink, printed), HEIGHT)
    assert clean[(printed > 0.1) & (ink < 0.05)].max() < 0.2
    assert np.abs(clean - ink)[ink > 0.5].mean() < 0.02


# What is not printed


def by_hand(digit, gap, pen, random):
    """A digit five times, each a little higher or lower, larger or smaller."""
    sheet = np.zeros((3 * HEIGHT, 9 * HEIGHT), np.float32)
    left = HEIGHT
    for model in random.permutation(5):
        size = round(HEIGHT * random.uniform(0.9, 1.1))
        ink = np.pad(glyph(digit, size, model), 4)
        grown = ndimage.grey_erosion if pen < 0 else ndimage.grey_dilation
        ink = grown(ink, (1 + abs(pen), 1 + abs(pen)))
        top = round(2 * HEIGHT - len(ink) + HEIGHT * random.uniform(-0.06, 0.06))
        there = sheet[top : top + len(ink), left : left + ink.shape[1]]
        np.maximum(there, floats(ink), out=there)
        left += ink.shape[1] - 8 + round(gap * HEIGHT)
    return sheet


@pytest.mark.parametrize("digit", [2, 4, 5, 7])
@pytest.mark.parametrize("pen", [-1, 0, 3])
def test_digits_with_level_strokes_are_hardly_ever_taken_for_lines(digit, pen):
    random = np.random.default_rng(digit)
    lost = []
    for gap in (0.25, 0.1, 0.0, -0.08) * 5:
        shaded = by_hand(digit, gap, pen, random)
        clean, _ = remove_ruled_lines(shaded, HEIGHT)
        lost.append(1 - clean.sum() / shaded.sum())
    assert np.mean(np.array(lost) > 0.02) <= 0.15


@pytest.mark.parametrize("gap", [0.25, 0.0, -0.1])
@pytest.mark.parametrize("digit", [1, 3, 6, 8, 9, 0])
def test_digits_without_level_strokes_are_never_taken_for_lines(digit, gap):
    for pen in (-1, 0, 3):
        shaded = by_hand(digit, gap, pen, np.random.default_rng(pen + 1))
        assert remove_ruled_lines(shaded, HEIGHT)[0] is shaded


@pytest.mark.parametrize("text", ["31415926", "31415\n92653\n58979"])
def test_where_there_is_no_print_nothing_changes_and_no_slope_is_told(text):
    shaded = floats(write(text, HEIGHT)[0])
    clean, slope = remove_ruled_lines(shaded, HEIGHT)
    assert clean is shaded
    assert slope is None


@pytest.mark.parametrize(
    "line",
    [
        [(20, 100, 120, 100)],  # too short for a line
        [(20, 100, 420, 180)],  # too steep
        [(20, 100, 150, 100), (150, 100, 280, 140), (280, 140, 420, 100)],  # crooked
        [(x, 100, x + 32, 100) for x in range(20, 400, 75)],  # dashes far apart
        [(150, 100, 310, 100)],  # along less than half of all
    ],
)
def test_what_is_short_steep_crooked_or_sparse_is_no_line(line):
    image = Image.new("L", (440, 260))
    for part in line:
        ImageDraw.Draw(image).line(part, fill=255, width=3)
    ImageDraw.Draw(image).line((60, 20, 60, 68), fill=255, width=4)
    ImageDraw.Draw(image).line((390, 20, 390, 68), fill=255, width=4)
    shaded = floats(np.asarray(image))
    assert remove_ruled_lines(shaded, HEIGHT)[1] is None


@pytest.mark.parametrize(
    "feet",
    [
        [(42, 7), (42, 6), (36, 3), (35, 3), (34, 2)],  # of other thickness
        [(36, 3), (27, 3), (44, 3), (31, 3), (38, 3)],  # short, and of other lengths
    ],
)
def test_feet_of_digits_at_one_height_are_no_line(feet):
    shaded, left = np.zeros((150, 300), np.float32), 20
    for length, thick in feet:
        shaded[100 : 100 + thick, left : left + length] = 1
        shaded[60:100, left + length // 2 : left + length // 2 + 4] = 1
        left += length + 8
    clean, slope = remove_ruled_lines(shaded, HEIGHT)
    assert clean is shaded
    assert slope is None


# Sizes, just below and just above what is decided: for digits of this height, in pixels

LARGE = 100


def sheet(*rectangles):
    """Rectangles of ink: left, top, right, bottom, and strength, if it is not 1."""
    shaded = np.zeros((660, 700), np.float32)
    for left, top, right, bottom, *strength in rectangles:
        shaded[top:bottom, left:right] = strength[0] if strength else 1
    return shaded


def dashes(length, gap, n):
    starts = range(50, 50 + n * (length + gap), length + gap)
    return [(x, 100, x + length, 104) for x in starts]


@pytest.mark.parametrize(
    ("drawn", "line", "no_line"),
    {
        "total": (lambda n: [(50, 100, 50 + n, 104)], 300, 299),
        "paired": (lambda n: [(50, y, 50 + n, y + 4) for y in (100, 250)], 200, 199),
        "twin": (
            lambda n: [(50, 100, 300, 104), (50 + n, 250, 300 + n, 254)], 15, 16,
        ),
        "thick": (lambda n: [(50, 100, 450, 100 + n)], 14, 15),
        "covered": (lambda n: dashes(60, n, 5), 36, 50),
        "level": (lambda n: dashes(n, 6, 8), 56, 54),
        "aligned": (
            lambda n: [(50, 100, 210, 104), (230, 100 + n, 390, 104 + n)], 8, 9,
        ),
        "palest": (lambda n: [(50, 100, 450, 104, n)], 0.06, 0.05),
        "steep": (
            lambda n: [(x, 100 + int(n * x), x + 1, 106 + int(n * x))
                       for x in range(50, 450)], 0.03, 0.09,
        ),
    }.values(),
)  # fmt: skip
def test_the_sizes_of_a_line(drawn, line, no_line):
    clean, slope = remove_ruled_lines(sheet(*drawn(line)), LARGE)
    assert clean.max() == 0
    assert slope is not None
    shaded = sheet(*drawn(no_line))
    assert remove_ruled_lines(shaded, LARGE)[0] is shaded


def one_side(gap=150, shorter=0, wide=4, strength=0.6):
    """Two level lines, and between them what may be the side of a box."""
    lines = [(50, y, 450, y + 4, 0.6) for y in (100, 100 + gap)]
    return *lines, (200, 104 + shorter, 200 + wide, 100 + gap - shorter, strength)


@pytest.mark.parametrize(
    ("change", "side", "no_side"),
    [
        ("gap", 394, 398),
        ("shorter", 9, 10),
        ("wide", 13, 14),
        ("strength", 0.65 * 0.6, 0.55 * 0.6),
        ("strength", 1.45 * 0.6, 1.55 * 0.6),
    ],
)
def test_the_sizes_of_the_side_of_a_box(change, side, no_side):
    for value, left in ((side, False), (no_side, True)):
        clean, _ = remove_ruled_lines(sheet(*one_side(**{change: value})), LARGE)
        assert bool(clean[150:160, 200:204].any()) is left


@pytest.mark.parametrize(
    ("rows", "tooth", "no_tooth"),
    [((400,), 18, 15), ((400,), 120, 127), ((250, 400), 70, 74)],
)
def test_the_sizes_of_the_teeth_of_a_comb(rows, tooth, no_tooth):
    for tall, left in ((tooth, False), (no_tooth, True)):
        teeth = [(x, 400 - tall, x + 4, 400, 0.8) for x in (50, 250, 446)]
        lines = [(50, row, 450, row + 4, 0.8) for row in rows]
        clean, _ = remove_ruled_lines(sheet(*lines, *teeth), LARGE)
        assert bool(clean[400 - tall : 395].any()) is left


def test_the_size_of_an_upright_line():
    for long, upright in ((150, True), (148, False)):
        tops = range(50, 50 + 3 * (long + 6), long + 6)
        lines = [(x, y, x + 4, y + long) for x in (100, 300, 500) for y in tops]
        assert has_upright_lines(sheet(*lines), LARGE) is upright


# Empty forms


@pytest.mark.parametrize("n", [3, 5, 8])
@pytest.mark.parametrize("apart", [3, 5, 20])
def test_nothing_is_left_of_empty_boxes(n, apart):
    """Though their sides nearly touch, and though they are as tall as a digit."""
    image = Image.new("L", (n * (48 + apart) + 80, 120))
    draw = ImageDraw.Draw(image)
    for i in range(n):
        left = 40 + i * (48 + apart)
        draw.rectangle((left, 30, left + 47, 30 + 60), outline=255, width=2)
    blurred = ndimage.gaussian_filter(np.asarray(image), 1)
    layout = find_lines(floats(on_paper(blurred, dark=120)))
    assert layout.lines == []


@pytest.mark.parametrize("wide", [32, 36])
def test_a_row_of_narrow_boxes_is_erased(wide):
    image = Image.new("L", (5 * (wide + 12) + 80, 140))
    for left in range(40, 40 + 5 * (wide + 12), wide + 12):
        outline = left, 40, left + wide, 106
        ImageDraw.Draw(image).rectangle(outline, outline=255, width=2)
    clean, slope = remove_ruled_lines(floats(np.asarray(image)), HEIGHT)
    assert clean.max() < 0.2
    assert slope == pytest.approx(0, abs=0.2)


@pytest.mark.parametrize("shape", [(1, 1), (1, 50), (50, 1), (3, 3000), (60, 60)])
def test_images_of_any_shape_can_be_cleaned(shape):
    for grey in (0.0, 1.0):
        clean, _ = remove_ruled_lines(np.full(shape, grey, np.float32), HEIGHT)
        assert clean.shape == shape
