"""Layout: how tall the digits are, how their lines slope, and where each line is."""

from dataclasses import replace

import numpy as np
from PIL import Image
import pytest
from written import INK, PAPER, alone_turned, drawn, floats, on_paper, write

from digitlib.document.layout import LAYOUT, Layout, digit_height, find_lines, skew
from digitlib.imaging.components import Components

FIVE = ("31415", "9265", "358979", "32", "38462")


def layout_of(text, height=40, angle=0.0, **options):
    ink, _ = write(text, height)
    return find_lines(floats(on_paper(ink, angle=angle, **options)))


def found_on(grey):
    return counts(find_lines(floats(grey)))


def counts(layout):
    """How many components each line has."""
    return [Components(line.ink > 0.5).n for line in layout.lines]


def middles(layout):
    """The middle row of each line in the straightened image."""
    return [line.top + len(line.ink) / 2 for line in layout.lines]


# How tall digits are


@pytest.mark.parametrize("height", [15, 20, 30, 45, 47, 50, 51, 75, 120, 200, 300])
def test_the_height_of_digits_is_found(height):
    layout = layout_of("31746", height, grain=2)
    assert layout.height / layout.scale == pytest.approx(height, rel=0.04, abs=0.6)
    [line] = layout.lines
    assert len(line.ink) == pytest.approx(layout.height, rel=0.1)


@pytest.mark.parametrize("height", [25, 60, 200])
def test_digits_are_looked_at_in_one_size_unless_they_are_very_small(height):
    assert layout_of("31746", height).height == pytest.approx(LAYOUT.target, rel=0.06)
    small = layout_of("31746", 12)
    assert small.scale == LAYOUT.enlarged
    assert small.height == pytest.approx(24, rel=0.1)


@pytest.mark.parametrize("height", [20, 60])
def test_the_height_of_digits_is_that_of_half_of_the_ink(height):
    ink = np.zeros((200, 600), np.float32)
    for x in range(10, 400, 40):
        ink[20 : 20 + height, x : x + 3] = 1
    ink[100:104, 10:14] = 1  # too small
    ink[120:124, 10:500] = 1  # a rule
    ink[140:190, 520:570] = 1  # a blot
    assert digit_height(ink) == height


@pytest.mark.parametrize("size", [30, 60])
def test_of_a_net_the_height_of_its_meshes_counts(size):
    ink = np.zeros((4 * 60, 8 * 60), np.float32)
    ink[::size] = ink[:, ::size] = 1
    assert digit_height(ink) == len(ink)
    assert digit_height(ink, nets=True) == size - 1
    joined = np.zeros((80, 300), np.float32)  # three digits with two loops, in a row
    for left in range(40, 160, 30):
        joined[20:60, left : left + 32] = 1
        joined[25:37, left + 6 : left + 26] = joined[43:55, left + 6 : left + 26] = 0
    assert digit_height(joined, nets=True) == digit_height(joined) == 40


@pytest.mark.parametrize("margin", [2, 6])
@pytest.mark.parametrize("size", [32, 40, 60])
@pytest.mark.parametrize("angle", [0, 3])
def test_digits_on_squared_paper_are_found(size, angle, margin):
    ink, _ = write("31746", 40, gap=0.5, margin=margin)
    print_on = np.zeros(ink.shape, bool)
    for start in (0, 1):
        print_on[size // 2 + start :: size] = True
        print_on[:, size // 3 + start :: size] = True
    printed = np.where(print_on, 175 if margin < 6 else 140, PAPER)
    picture = Image.fromarray(np.minimum(on_paper(ink), printed).astype(np.uint8))
    picture = picture.rotate(angle, Image.Resampling.BICUBIC, fillcolor=PAPER)
    layout = find_lines(floats(np.asarray(picture)))
    assert layout.height / layout.scale == pytest.approx(40, rel=0.1)
    assert counts(layout) == [5]


@pytest.mark.parametrize("shape", [(1, 1), (5, 50), (50, 5)])
def test_where_there_is_no_ink_digits_have_no_height(shape):
    assert digit_height(np.zeros(shape, np.float32)) is None
    assert digit_height(np.ones((5, 50), np.float32)) is None  # nor in flat ink


# How lines slope


@pytest.mark.parametrize("angle", [*range(-10, 11, 2), 0.8, 5])
def test_a_slope_is_found_within_half_a_degree_and_lines_are_turned_level(angle):
    layout = layout_of("31415926\n53589793", angle=angle)
    assert layout.angle == pytest.approx(-angle, abs=0.5)
    assert counts(layout) == [8, 8]
    for line in layout.lines:
        digits = Components(line.ink > 0.5)
        assert max(np.ptp(digits.top), np.ptp(digits.bottom)) < 8  # of 48


@pytest.mark.parametrize("angle", np.arange(-11.5, 12, 2.3))
def test_rows_of_pixels_along_a_slope_tell_the_angle(angle):
    rows, columns = np.mgrid[:400, :600]
    level = rows - np.tan(np.radians(angle)) * columns
    ink = (level % 90 < 40) & (columns % 50 < 12)
    assert skew(ink) == pytest.approx(angle, abs=0.15)


def test_a_slope_that_is_not_worth_it_is_left():
    ink, _ = write("31415926535", 40)
    layout = find_lines(floats(on_paper(ink)), replace(LAYOUT, level=20))
    assert (layout.angle, layout.shapes[0]) == (0, layout.shapes[1])
    sloping = floats(on_paper(ink, angle=4))
    assert find_lines(sloping, replace(LAYOUT, level=5)).angle == 0
    assert find_lines(sloping).angle == pytest.approx(-4, abs=0.5)


def test_no_slope_is_found_where_all_slopes_are_the_same():
    dot = np.arange(81).reshape(9, 9) == 40
    assert abs(skew(dot)) <= 12.5  # and no error


# Lines


LINES = ["\n".join(FIVE[:n]) for n in range(1, 6)]
LINES += ["8\n31415926535", "31415926535\n8\n64", "1\n1\n1111"]


@pytest.mark.parametrize("text", LINES)
@pytest.mark.parametrize("angle", [-9, -3, 0, 4])
def test_lines_are_counted_and_in_order_whatever_their_lengths(text, angle):
    layout = layout_of(text, 36, angle)
    assert counts(layout) == [len(line) for line in text.split()]
    assert (np.diff(middles(layout)) > layout.height).all()


def test_digits_of_a_line_that_is_not_straight_stay_together():
    ink = np.zeros((300, 900), np.uint8)
    digits, boxes = write("3141592653", 40, margin=0)
    for i, (left, top, right, bottom) in enumerate(boxes):
        down = 100 + round(25 * np.sin(i / 2))  # by more than half a digit up and down
        left, right = left + 30, right + 30
        ink[down : down + 40, left:right] = digits[top:bottom, left - 30 : right - 30]
    assert found_on(on_paper(ink)) == [10]


# Ink and paper


@pytest.mark.parametrize("angle", [0, 6])
@pytest.mark.parametrize("text", ["31415", "31415\n9265"])
def test_light_ink_on_dark_is_the_same(text, angle):
    dark = layout_of(text, angle=angle)
    light = layout_of(text, angle=angle, paper=INK, dark=PAPER)
    assert counts(light) == counts(dark) == [len(line) for line in text.split()]
    for one, other in zip(dark.lines, light.lines, strict=True):
        assert (one.left, one.top) == pytest.approx((other.left, other.top), abs=2)


def page(height=50, grain=2):
    """A number with wide margins: grey values, and the text."""
    ink, _ = write("31746", height, margin=2.5)
    return on_paper(ink, grain=grain).copy()


def test_a_dark_edge_of_the_page_is_ignored():
    for side in range(4):
        picture = np.rot90(page(), side)
        picture[:18] = 30
        picture[18:20] = 120
        assert found_on(np.rot90(picture, -side)) == [5]


@pytest.mark.parametrize(("tall", "cut_off"), [(120, True), (180, False)])
def test_an_edge_along_a_quarter_of_the_border_and_no_less_is_cut_off(tall, cut_off):
    ink, [(left, *_), *_] = write("41743", 50, margin=0.1)
    picture = on_paper(np.pad(ink, ((0, tall - len(ink)), (0, 0)))).copy()
    picture[12:48, : left + 3] = 30  # it runs into the 4
    layout = find_lines(floats(picture))
    assert (layout.lines[0].left / layout.scale > left + 3) is cut_off


def test_a_slanting_edge_and_two_of_them_are_ignored():
    height, width = page().shape
    edges = (
        ("polygon", [(0, 0), (width, 0), (width, 10), (0, 45)], {"fill": 25}),
        ("polygon", [(0, 0), (40, 0), (10, height), (0, height)], {"fill": 25}),
    )
    assert found_on(drawn(page(), *edges)) == [5]


@pytest.mark.parametrize("fall", [0, 2])
@pytest.mark.parametrize("side", range(4))
def test_a_digit_that_touches_the_edge_of_the_page_is_kept(side, fall):
    ink, boxes = write("31746", 50, margin=0.15)
    left, top, right, bottom = boxes[(0, 2, 4, 2)[side]]
    height, width = ink.shape
    reach = (left, top, width - right, height - bottom)[side] + 3  # into the digit
    across, length = (height, width) if side % 2 else (width, height)
    edge = [(0, 0), (reach - fall, 0), (reach, length / 2), (reach + fall, length)]
    edge = [(across - x if side > 1 else x, y) for x, y in [*edge, (0, length)]]
    edge = [(y, x) for x, y in edge] if side % 2 else edge
    layout = find_lines(floats(drawn(on_paper(ink), ("polygon", edge, {"fill": 30}))))
    [line] = layout.lines
    assert counts(layout)[0] >= 5
    wide, tall = line.ink.shape[1] / layout.scale, len(line.ink) / layout.scale
    assert wide == pytest.approx(boxes[-1][2] - boxes[0][0], abs=8)
    assert tall == pytest.approx(50, abs=8)


def test_blots_and_specks_are_ignored():
    random = np.random.default_rng(0)
    dirt = random.uniform(0, 1, (40, 2)) * page().shape[::-1]
    dirt = [("ellipse", (x, y, x + 2, y + 2), {"fill": 60}) for x, y in dirt]
    dirt += [("ellipse", (30, 30, 52, 52), {"fill": 30})]
    dirt += [("rectangle", (60, 250, 85, 275), {"fill": 60})]
    layout = find_lines(floats(drawn(page(), *dirt)))
    assert counts(layout) == [5]
    assert layout.height / layout.scale == pytest.approx(50, rel=0.06)


SHADOWS = [(0.5, 0.7, 0.45), (0.2, 0.2, 1), (0.5, 0.2, 1), (0.8, 0.2, 1)]


@pytest.mark.parametrize(("part", "light", "left"), SHADOWS)
def test_a_shadow_however_deep_makes_no_line_and_hides_none(part, light, left):
    picture = page(grain=0) * np.linspace(left, 1, page().shape[1])
    picture[:, : round(part * picture.shape[1])] *= light
    assert found_on(picture.astype(np.uint8)) == [5]


@pytest.mark.parametrize(("thick", "dash"), [(3, None), (8, None), (3, 14)])
def test_a_line_below_is_no_part_of_a_digit_however_thick_or_dashed(thick, dash):
    ink, boxes = write("31415", 40)
    right, below = ink.shape[1], boxes[0][3] + 6
    ends = [(x, x + dash) for x in range(0, right, 20)] if dash else [(0, right)]
    lines = [
        ("rectangle", (a, below, b, below + thick), {"fill": 255}) for a, b in ends
    ]
    assert found_on(on_paper(drawn(ink, *lines), grain=1)) == [5]


@pytest.mark.parametrize("part", [0.3, 0.45])
@pytest.mark.parametrize("first", [True, False])
def test_a_pale_row_is_found_beside_one_of_a_strong_pen(part, first):
    ink, boxes = write("314\n279", 40)
    middle = (boxes[0][3] + boxes[-1][1]) // 2
    pale = slice(0, middle) if first else slice(middle, None)
    ink[pale] = part * ink[pale]
    assert found_on(on_paper(ink, grain=1)) == [3, 3]


@pytest.mark.parametrize("pale", [False, True])
def test_pale_strokes_are_no_ink_where_they_go_around_other_ink(pale):
    ink, boxes = write("31415", 40, gap=0.8, margin=1.5)
    boxes = np.add(boxes, (-12, -12, 12, 12)).tolist()[: None if pale else 0]
    outlines = [("rectangle", box, {"outline": 90, "width": 2}) for box in boxes]
    framed = np.maximum(drawn(np.zeros_like(ink), *outlines), ink)
    assert found_on(on_paper(framed, grain=1)) == [5]


@pytest.mark.parametrize("grain", [0, 3])
def test_a_small_number_on_a_large_page_is_found(grain):
    ink, _ = write("31746", 30, margin=0)
    sheet = np.zeros((1200, 900), np.uint8)
    sheet[700 : 700 + len(ink), 300 : 300 + ink.shape[1]] = ink
    assert found_on(on_paper(sheet, grain=grain)) == [5]


def test_coloured_ink_is_found_as_black_ink():
    ink, _ = write("31746", 40)
    part, paper = floats(ink)[..., np.newaxis], np.float32([0.9, 0.9, 0.85])
    picture = paper + part * (np.float32([0.3, 0.4, 0.9]) - paper)
    assert counts(find_lines(picture)) == [5]


# No lines


SHAPES = [(1, 1), (1, 3), (2, 2), (3, 3000), (3000, 3), (10, 20_000), (600, 800)]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("grey", [0.0, 0.3, 1.0])
def test_one_grey_has_no_lines(shape, grey):
    assert find_lines(np.full(shape, grey, np.float32)).lines == []


@pytest.mark.parametrize("shape", [(1, 1), (2, 2), (40, 40), (50, 3000), (400, 500)])
@pytest.mark.parametrize("seed", range(3))
def test_grain_has_no_lines(shape, seed):
    random = np.random.default_rng(seed)
    paper = (0.8 + random.normal(0, 0.03, shape)).clip(0, 1).astype(np.float32)
    assert find_lines(paper).lines == []
    if 2 < max(shape) < 1000:  # colours at random, as bright as can be
        assert find_lines(random.random((*shape, 3), np.float32)).lines == []


@pytest.mark.parametrize("shape", [(10, 4000), (4000, 10)])
def test_a_long_strip_full_of_dots_is_not_turned_onto_an_enormous_sheet(shape):
    dots = np.random.default_rng(0).random(shape) < 0.1
    layout = find_lines(dots.astype(np.float32))
    for sheet in layout.shapes:
        assert np.prod(sheet) < 40 * dots.size  # not 100 times


def test_a_long_strip_of_small_digits_is_one_line():
    ink, _ = write("31746", 10, margin=0, gap=1.5)
    strip = np.zeros((12, 12_000), np.uint8)
    for left in range(50, 11_000, 1000):
        strip[1:11, left : left + ink.shape[1]] = ink
    assert found_on(on_paper(strip)) == [55]


# From the straightened image to the image and back


def straightened(layout, x, y):
    """Where a point of the image is once it is enlarged and turned."""
    (tall, wide), (new_tall, new_wide) = layout.shapes
    angle = np.radians(layout.angle)
    x, y = layout.scale * x - wide / 2, layout.scale * y - tall / 2
    return (
        np.cos(angle) * x + np.sin(angle) * y + new_wide / 2,
        -np.sin(angle) * x + np.cos(angle) * y + new_tall / 2,
    )


@pytest.mark.parametrize("angle", [-11, -3, 0, 0.3, 4, 12])
@pytest.mark.parametrize("scale", [0.21, 1.0, 1.7])
def test_a_place_is_found_again(angle, scale):
    tall, wide = 300, 500
    image = Image.new("L", (round(scale * wide), round(scale * tall)))
    turned = image.rotate(angle, expand=True)
    layout = Layout([], 48.0, scale, angle, (image.size[::-1], turned.size[::-1]))
    for x, y in ((0, 0), (wide, 0), (250, 150), (37, 211), (wide, tall)):
        there_x, there_y = straightened(layout, x, y)
        found = layout.in_image((there_x, there_y, there_x, there_y))
        assert found == pytest.approx((x, y, x, y), abs=1e-6)
        around = there_x - 6, there_y - 4, there_x + 6, there_y + 4
        expected = x - 6 / scale, y - 4 / scale, x + 6 / scale, y + 4 / scale
        assert layout.upright(around) == pytest.approx(expected, abs=1e-6)
        left, top, right, bottom = layout.in_image(around)
        assert right - left >= 12 / scale * np.cos(np.radians(angle)) - 1e-6
        assert ((left + right) / 2, (top + bottom) / 2) == pytest.approx((x, y))


@pytest.mark.parametrize("angle", [-9, 0, 4])
@pytest.mark.parametrize("height", [24, 46, 50, 130])
def test_the_middle_of_each_digit_is_where_it_was_written(angle, height):
    ink, boxes = write("3141592", height)
    alone = (alone_turned(ink, box, angle) for box in boxes)
    marks = [(columns.mean() + 0.5, rows.mean() + 0.5) for rows, columns in alone]
    layout = find_lines(floats(on_paper(ink, angle=angle)))
    [line] = layout.lines
    digits = Components(line.ink > 0.5)
    assert digits.n == 7
    for digit, mark in zip(np.argsort(digits.left), marks, strict=True):
        rows, columns = np.nonzero(digits.labels == digit + 1)
        x, y = columns.mean() + line.left + 0.5, rows.mean() + line.top + 0.5
        found = layout.in_image((x, y, x, y))[:2]
        assert found == pytest.approx(mark, abs=1 + height / 60)
