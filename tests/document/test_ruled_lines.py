"""Ruled lines: printed lines and boxes go, digits stay."""

import numpy as np
from PIL import Image
import pytest
from scipy import ndimage
from written import drawn, floats, glyph, on_paper, write

from digitlib.document.layout import find_lines
from digitlib.document.ruled_lines import has_upright_lines, remove_ruled_lines
from digitlib.imaging.components import Components

HEIGHT = 48
FORMS = ("boxes", "frame", "comb", "line", "notepaper")


def sketch(shape, lines=(), boxes=(), width=2):
    """Lines and boxes on a sheet, (h, w) uint8."""
    lines = [("line", line, {"fill": 255, "width": width}) for line in lines]
    pen = {"outline": 255, "width": width}
    boxes = [("rectangle", box, pen) for box in boxes]
    return drawn(np.zeros(shape, np.uint8), *boxes, *lines)


def blurred(sheet):
    return ndimage.gaussian_filter(floats(sheet), 0.5)


def form_around(form, shape, boxes, width=2, angle=0.0):
    """The coverage by a printed form around digits in these boxes."""
    boxes = np.array(boxes) + np.array([-1, -1, 1, 1]) * round(0.18 * HEIGHT)
    (left, top), (right, bottom) = boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)
    start = bottom - 0.4 * HEIGHT if form == "comb" else top
    middles = (boxes[:-1, 2] + boxes[1:, 0]) / 2
    lines, outlines = [], []
    if form == "boxes":
        outlines = [(start, top, end, bottom) for start, _, end, _ in boxes]
    elif form in ("frame", "comb"):
        lines = [(x, start, x, bottom) for x in middles]
        outlines = [(left, top, right, bottom)]
    elif form == "line":
        lines = [(left - 20, bottom, right + 20, bottom)]
    elif form == "notepaper":
        lines = [(0, y, shape[1], y) for y in range(bottom % 75, shape[0], 75)]
    image = Image.fromarray(sketch(shape, lines, outlines, width))
    return blurred(np.asarray(image.rotate(angle, Image.Resampling.BICUBIC)))


def written(text="31415"):
    """Ink with room around it, for what is printed; and its boxes."""
    return write(text, HEIGHT, gap=0.8, margin=1.5)


def filled(form, text="31415", strength=0.6, **options):
    """What stands out from the paper: ink, print, and both together."""
    ink, boxes = written(text)
    ink, form = blurred(ink), form_around(form, ink.shape, boxes, **options)
    printed = strength * form
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
    printed = form_around(form, ink.shape, boxes)
    grey = on_paper(ink, angle=angle, grain=2).astype(float)
    paler = np.asarray(Image.fromarray(printed).rotate(angle, expand=True))
    grey = np.minimum(grey, 235 - 110 * paler).astype(np.uint8)
    [line] = find_lines(floats(grey)).lines
    assert Components(line.ink > 0.5).n == 5


@pytest.mark.parametrize("shift", [0.25, 0.35])
def test_where_a_digit_crosses_a_line_its_stroke_stays(shift):
    ink, boxes = written("1111")
    up = np.array([0, shift, 0, shift]) * HEIGHT
    boxes = np.subtract(boxes, up).round().astype(int)
    ink, printed = blurred(ink), 0.5 * form_around("line", ink.shape, boxes)
    clean, _ = remove_ruled_lines(np.maximum(ink, printed), HEIGHT)
    assert np.abs(clean - ink)[ink > 0.5].mean() < 0.05
    assert Components(clean > 0.4).n == 4


@pytest.mark.parametrize("form", ["boxes", "frame", "notepaper"])
@pytest.mark.parametrize("strength", [0.25, 0.45])
def test_a_one_from_line_to_line_stays_if_it_is_darker_than_the_print(form, strength):
    ink, boxes = written("31411")
    printed = strength * form_around(form, ink.shape, boxes)
    rows = np.flatnonzero((printed[:, 3 * len(printed[0]) // 5 :] > 0.1).any(axis=1))
    ink, tall = floats(ink), np.zeros(ink.shape, np.float32)
    for left, top, right, bottom in boxes[-2:]:
        middle = (left + right) // 2
        high = rows[rows < top].max(initial=0)
        low = rows[rows > bottom].min()
        tall[high : low + 1, middle - 2 : middle + 2] = 1
        ink[top:bottom, left:right] = 0
    ink = ndimage.gaussian_filter(np.maximum(ink, tall), 0.5)
    clean, _ = remove_ruled_lines(np.maximum(ink, printed), HEIGHT)
    assert clean[tall > 0].mean() > 0.75
    assert clean[(printed > 0.8 * strength) & (ink < 0.05)].max() < 0.1


@pytest.mark.parametrize("form", ["boxes", "frame"])
def test_a_one_in_the_middle_of_a_box_stays_though_it_is_dark_as_the_print(form):
    ink, boxes = written("31411")
    printed = form_around(form, ink.shape, boxes, width=4)
    ink, tall = floats(ink), np.zeros(ink.shape, np.float32)
    left, top, right, bottom = boxes[-2]
    ink[top:bottom, left:right] = 0
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
    ink = blurred(write("31415", HEIGHT, margin=1.5)[0])
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
    ink, _ = write("1117\n1111\n7111", HEIGHT, leading=1.3)
    shaded = filled(form, text="11171")[-1] if form else floats(ink)
    assert not has_upright_lines(shaded, HEIGHT)


@pytest.mark.parametrize("width", [2, 4])
@pytest.mark.parametrize("tooth", [0.4, 0.9])
def test_a_comb_without_an_upper_line_is_erased(tooth, width):
    ink, boxes = written()
    ink, bottom, room = blurred(ink), boxes[0][3] + 10, round(0.4 * HEIGHT)
    ends = [boxes[0][0] - room, *(box[2] + room for box in boxes)]
    comb = [(x, bottom - tooth * HEIGHT, x, bottom) for x in ends]
    comb += [(ends[0], bottom, ends[-1], bottom)]
    printed = blurred(sketch(ink.shape, comb, width=width))
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


NO_LINES = [
    [(20, 100, 120, 100)],  # too short for a line
    [(20, 100, 420, 180)],  # too steep
    [(20, 100, 150, 100), (150, 100, 280, 140), (280, 140, 420, 100)],  # crooked
    [(x, 100, x + 32, 100) for x in range(20, 400, 75)],  # dashes far apart
    [(150, 100, 310, 100)],  # along less than half of all
]


@pytest.mark.parametrize("line", NO_LINES)
def test_what_is_short_steep_crooked_or_sparse_is_no_line(line):
    ones = sketch((260, 440), [(60, 20, 60, 68), (390, 20, 390, 68)], width=4)
    shaded = floats(np.maximum(ones, sketch(ones.shape, line, width=3)))
    assert remove_ruled_lines(shaded, HEIGHT)[1] is None


FEET = [
    [(42, 7), (42, 6), (36, 3), (35, 3), (34, 2)],  # of other thickness
    [(36, 3), (27, 3), (44, 3), (31, 3), (38, 3)],  # short, and of other lengths
]


@pytest.mark.parametrize("feet", FEET)
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


def stair(n):
    return [(x, 100 + int(n * x), x + 1, 106 + int(n * x)) for x in range(50, 450)]


LINES = {
    "total": (lambda n: [(50, 100, 50 + n, 104)], 300, 299),
    "paired": (lambda n: [(50, y, 50 + n, y + 4) for y in (100, 250)], 200, 199),
    "twin": (lambda n: [(50, 100, 300, 104), (50 + n, 250, 300 + n, 254)], 15, 16),
    "thick": (lambda n: [(50, 100, 450, 100 + n)], 20, 21),
    "covered": (lambda n: dashes(60, n, 5), 36, 50),
    "level": (lambda n: dashes(n, 6, 8), 56, 54),
    "aligned": (lambda n: [(50, 100, 210, 104), (230, 100 + n, 390, 104 + n)], 8, 9),
    "palest": (lambda n: [(50, 100, 450, 104, n)], 0.06, 0.05),
    "steep": (stair, 0.03, 0.09),
}


@pytest.mark.parametrize(("drawn", "line", "no_line"), LINES.values(), ids=LINES)
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


SIDES = [("gap", 394, 398), ("shorter", 9, 10), ("wide", 13, 14)]
SIDES += [("strength", 0.39, 0.33), ("strength", 0.87, 0.93)]


@pytest.mark.parametrize(("change", "side", "no_side"), SIDES)
def test_the_sizes_of_the_side_of_a_box(change, side, no_side):
    for value, left in ((side, False), (no_side, True)):
        clean, _ = remove_ruled_lines(sheet(*one_side(**{change: value})), LARGE)
        assert bool(clean[150:160, 200:204].any()) is left


TEETH = [((400,), 18, 15), ((400,), 120, 127), ((250, 400), 70, 74)]


@pytest.mark.parametrize(("rows", "tooth", "no_tooth"), TEETH)
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
    lefts = [40 + i * (48 + apart) for i in range(n)]
    boxes = [(left, 30, left + 47, 30 + 60) for left in lefts]
    sheet = sketch((120, lefts[-1] + 88 + apart), boxes=boxes)
    paper = on_paper(ndimage.gaussian_filter(sheet, 1), dark=120)
    assert find_lines(floats(paper)).lines == []


@pytest.mark.parametrize("wide", [32, 36])
def test_a_row_of_narrow_boxes_is_erased(wide):
    right = 40 + 5 * (wide + 12)
    boxes = [(left, 40, left + wide, 106) for left in range(40, right, wide + 12)]
    shaded = floats(sketch((140, right + 40), boxes=boxes))
    clean, slope = remove_ruled_lines(shaded, HEIGHT)
    assert clean.max() < 0.2
    assert slope == pytest.approx(0, abs=0.2)


@pytest.mark.parametrize("shape", [(1, 1), (1, 50), (50, 1), (3, 3000), (60, 60)])
def test_images_of_any_shape_can_be_cleaned(shape):
    for grey in (0.0, 1.0):
        clean, _ = remove_ruled_lines(np.full(shape, grey, np.float32), HEIGHT)
        assert clean.shape == shape
