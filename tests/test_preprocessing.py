"""From an image to 28x28: the document's recipe against Pillow, ours against MNIST."""

from functools import partial
from itertools import combinations

from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
import numpy as np
from PIL import Image, ImageDraw
import pytest
from scipy import ndimage
from sheets import bar, enlarged, ramp

from digitlib import preprocessing
from digitlib.errors import DigitlibError
from digitlib.model import forward, load_weights
from digitlib.preprocessing import (
    STEPS,
    center,
    cropped,
    fit_box,
    normalize,
    normalize_stroke,
    preprocess,
    remove_frame,
    remove_specks,
    resize_only,
    stroke_width,
)
from digitlib.synthesis.photographs import photographs
from digitlib.synthesis.strokes import stroke


@pytest.fixture(scope="module")
def picture():
    pixels = np.random.default_rng(0).integers(0, 256, (40, 30, 3), dtype=np.uint8)
    return Image.fromarray(pixels)


@pytest.fixture(scope="module")
def robust():
    return load_weights("robust")


def differences(some, others):
    return np.array([np.abs(a - b).mean() for a, b in zip(some, others, strict=True)])


# The document's recipe


def test_a_mnist_image_is_only_scaled(mnist):
    for image in mnist[1][0][:100]:
        assert np.array_equal(resize_only(image), image / np.float32(255))


def test_resizing_is_pillows(picture):
    grey = picture.convert("L")
    ours, theirs = resize_only(picture), np.asarray(grey.resize((28, 28))) / 255
    assert ours.shape == (28, 28)
    assert ours.dtype == np.float32
    assert np.abs(ours - theirs).max() < 0.005


def test_neither_turned_nor_flipped():
    corner = np.zeros((56, 84), np.uint8)
    corner[:28, 42:] = 255  # the upper right quarter
    resized = resize_only(corner)
    assert resized[:12, 16:].min() > 0.9
    assert resized[16:].max() < 0.1
    assert resized[:, :12].max() < 0.1


@given(arrays(np.uint8, array_shapes(min_dims=2, max_dims=2, max_side=60)))
def test_any_size_becomes_28_by_28(image):
    resized = resize_only(image)
    assert resized.shape == (28, 28)
    assert is_prepared(resized)


# What MNIST itself becomes, as it is and changed


def errors(images, labels, weights):
    return np.sum(forward(np.array(images), weights).argmax(axis=1) != labels)


# Of the 10,000 test images, so many, evenly spread.
MANY = [2000, pytest.param(10_000, marks=pytest.mark.slow)]
SOME = [500, pytest.param(2000, marks=pytest.mark.slow)]


@pytest.mark.parametrize("n", MANY)
def test_mnist_stays_as_it_is(test_images, test_labels, robust, n):
    images, labels = test_images[:: 10_000 // n], test_labels[:: 10_000 // n]
    prepared = [preprocess(image) for image in images]
    away = differences(prepared, images)
    assert away.mean() < 0.02
    assert np.quantile(away, 0.99) < 0.1
    more = errors(prepared, labels, robust) - errors(images, labels, robust)
    assert more <= 0.003 * n


def shifted(image, rng):
    sheet = np.zeros((100, 100), np.float32)
    top, left = rng.integers(0, 72, 2, endpoint=True)
    sheet[top : top + 28, left : left + 28] = image
    return sheet


def tinted(image, rng):
    """Any ink on any paper, if one of red, green and blue differs by a third."""
    ink = paper = np.zeros(3)
    while np.abs(ink - paper).max() < 1 / 3:
        ink, paper = rng.random((2, 3))
    return paper + (ink - paper) * image[..., np.newaxis]


def lit_from_a_side(image, rng, paper=1, ink=0.1, darker=0.6):
    sheet = paper + (ink - paper) * enlarged(image, 4)
    return sheet * (1 - darker * ramp(sheet.shape, rng.uniform(0, 2 * np.pi)))


def in_a_soft_shadow(image, rng):
    paper = 1 - 0.9 * enlarged(image, 4)
    beyond = ramp(paper.shape, rng.uniform(0, 2 * np.pi)) - rng.uniform(0.3, 0.7)
    return paper * (1 - 0.5 * (beyond / 0.1 + 0.5).clip(0, 1))


CHANGES = {
    "shifted": shifted,
    "upscaled": lambda image, rng: enlarged(image),
    "inverted": lambda image, rng: 1 - image,
    "tinted": tinted,
    "tinted and shifted": lambda image, rng: tinted(shifted(image, rng), rng),
    "lit from a side": lit_from_a_side,
    "in a soft shadow": in_a_soft_shadow,
    "chalk lit from a side": partial(lit_from_a_side, paper=0.15, ink=0.9, darker=0.3),
}


SLOW = ("tinted and shifted", "chalk lit from a side")


@pytest.mark.parametrize("n", SOME)
@pytest.mark.parametrize(
    "change", [pytest.param(c, marks=[pytest.mark.slow] * (c in SLOW)) for c in CHANGES]
)
def test_a_changed_image_is_read_as_well(test_images, test_labels, robust, change, n):
    images, labels = test_images[:: 10_000 // n], test_labels[:: 10_000 // n]
    changed = [
        preprocess(CHANGES[change](image, np.random.default_rng((7, i))))
        for i, image in enumerate(images)
    ]
    more = errors(changed, labels, robust) - errors(images, labels, robust)
    by_chance = 2 if n < 2000 else 0
    assert more <= 0.005 * n + by_chance


# Any image


def is_prepared(result):
    return (
        result.shape == (28, 28)
        and result.dtype == np.float32
        and 0 <= result.min() <= result.max() <= 1
    )


kinds = st.sampled_from(["?", "u1", "u2", "u4", "f4", "f8"]).map(np.dtype)
shapes = st.tuples(
    st.integers(1, 60), st.integers(1, 60), st.sampled_from([(), (3,), (4,)])
).map(lambda sides: (*sides[:2], *sides[2]))


@st.composite
def any_images(draw):
    """Noise, hypothesis's own arrays, and a few strokes, of every kind."""
    dtype, shape = draw(kinds), draw(shapes)
    if draw(st.booleans()):
        floats = {"elements": st.floats(0, 1, width=32)} if dtype.kind == "f" else {}
        return draw(arrays(dtype, shape, **floats))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    grey = rng.random(shape) * draw(st.sampled_from([0.0, 0.1, 1.0]))
    for _ in range(draw(st.integers(0, 3))):
        top, left = (rng.integers(0, side) for side in shape[:2])
        grey[top : top + 5, left:] = rng.random()
    if dtype.kind == "u":
        return (grey * np.iinfo(dtype).max).astype(dtype)
    return grey > 0.5 if dtype.kind == "b" else grey.astype(dtype)


@settings(max_examples=100)
@given(any_images(), st.sets(st.sampled_from(list(STEPS))))
@example(np.array([[1, 1 - 2e-6]], np.float32), set())
def test_whatever_comes_in_a_prepared_image_comes_out(image, skip):
    before = image.copy()
    result = preprocess(image, skip=skip)
    assert is_prepared(result)
    assert np.array_equal(image, before)
    assert np.array_equal(preprocess(image, skip=skip), result)
    assert is_prepared(preprocess(image))


@pytest.mark.parametrize(
    "shape",
    [(1, 1), (1, 2), (2, 2), (1, 700), (700, 1), (5000, 3), (3, 5000), (2, 40, 3),
     (60, 3000), (513, 511, 3), (39, 41), (40, 40), (1200, 900)],
)  # fmt: skip
def test_any_shape(shape):
    rng = np.random.default_rng(0)
    noise, blank = rng.random(shape), np.full(shape, 0.4)
    half = np.zeros(shape)
    half[: 1 + shape[0] // 2] = 1
    line = np.ones(shape)
    line[:, shape[1] // 3 : 1 + shape[1] // 2] = 0.1
    for image in (noise, blank, half, line):
        assert is_prepared(preprocess(image))
        assert is_prepared(preprocess(image.astype(np.float32)[::-1, ::-1]))
    assert not preprocess(blank).any()


@pytest.mark.parametrize("dtype", [np.uint16, np.uint32, np.float32])
def test_paper_of_nearly_one_grey(dtype):
    """Steps as small as a number can hold."""
    largest = 1 if dtype == np.float32 else np.iinfo(dtype).max
    step = {np.uint16: 1, np.uint32: 5000, np.float32: 2e-6}[dtype]
    sheet = np.full((30, 20), largest, dtype)
    for times in (1, 2, 3, 5, 8):
        sheet[3:9, 4:7] = dtype(largest - times * step)
        assert not preprocess(sheet).any()


def test_what_a_blank_sheet_becomes_without_a_step():
    for skip in combinations(STEPS, 2):
        assert is_prepared(preprocess(np.full((50, 40, 3), 0.7), skip=skip))


def test_every_dtype_is_the_same_image(test_images):
    image = enlarged(test_images[3], 3)
    expected = preprocess(image)
    assert expected.max() == 1
    for dtype in (np.uint8, np.uint16, np.uint32):
        whole = (image.astype(np.float64) * np.iinfo(dtype).max).round().astype(dtype)
        assert np.abs(preprocess(whole) - expected).max() < 0.05
    assert np.abs(preprocess(image.astype(np.float64)) - expected).max() < 1e-3
    drawn = image > 0.5
    assert np.array_equal(preprocess(drawn), preprocess(drawn.astype(np.float32)))


# What makes no difference


@pytest.fixture(scope="module")
def sheets(plates, test_images):
    """Digits on paper and on boards, and photographs of some; in [0, 1]."""
    drawn = [0.95 - 0.8 * plate for plate in plates[:10]]
    drawn += [0.1 + 0.7 * plate for plate in plates[10:20]]
    # Not smaller than where the grain is smoothed, nor larger than what is reduced
    taken = photographs(test_images[20:50], seed=1)
    return drawn + [np.float32(x) / 255 for x in taken if 80 < min(x.shape[:2]) < 256]


@pytest.fixture(scope="module")
def prepared(sheets):
    return [preprocess(sheet) for sheet in sheets]


LITTLE = {  # what is changed, and how much the median and the worst may differ
    "inverted": (lambda sheet: 1 - sheet, 1e-4, 0.01),
    "exposed": (lambda sheet: 0.7 * sheet, 0.01, 0.06),
    "doubled": (lambda sheet: sheet.repeat(2, 0).repeat(2, 1), 0.02, 0.08),
    "transposed": (lambda sheet: sheet.swapaxes(0, 1), 0.001, 0.05),
}


@pytest.mark.parametrize("name", LITTLE)
def test_what_makes_little_difference(sheets, prepared, name):
    change, median, worst = LITTLE[name]
    expected = [change(a) for a in prepared] if name == "transposed" else prepared
    away = differences([preprocess(change(sheet)) for sheet in sheets], expected)
    assert np.median(away) < median
    assert away.max() < worst


def test_more_paper_makes_little_difference(plates):
    small = [preprocess(0.9 - 0.7 * plate) for plate in plates]
    wide = [preprocess(0.9 - 0.7 * np.pad(plate, 40)) for plate in plates]
    away = differences(small, wide)
    assert np.median(away) < 0.02
    assert away.max() < 0.1  # of some, the centre of mass is rounded the other way


# MNIST's framing


def framed(image):
    """MNIST's own framing, by other means: Pillow's box, SciPy's centre of mass."""
    grey = Image.fromarray(np.uint8(255 * image))
    digit = grey.crop(grey.point(lambda value: 255 * (value > 64)).getbbox())
    digit = digit.resize([max(1, round(20 * x / max(digit.size))) for x in digit.size])
    down, across = ndimage.center_of_mass(np.asarray(digit))
    canvas = Image.new("L", (28, 28))
    canvas.paste(digit, (round(14 - across), round(14 - down)))
    return np.asarray(canvas) / np.float32(255)


def test_the_framing_is_mnists(plates):
    expected = [framed(plate) for plate in plates]
    moved = [1 - 0.8 * np.pad(plate, ((200, 10), (5, 90))) for plate in plates]
    plain = partial(preprocess, skip=("denoise", "normalize_stroke"))
    away = differences(map(plain, moved), expected)
    assert np.median(away) < 0.01
    assert np.quantile(away, 0.9) < 0.03
    away = differences(map(preprocess, moved), expected)
    assert np.median(away) < 0.02
    assert np.quantile(away, 0.9) < 0.05


def test_size_and_place(sheets, prepared, plates):
    for result in prepared:
        assert np.abs(np.array(ndimage.center_of_mass(result)) - 14).max() <= 0.51
        assert result.max() == 1
        [ink] = ndimage.find_objects((result > 0.1).astype(int))
        sides = [side.stop - side.start for side in ink]
        assert 19 <= max(sides) <= 20
    for plate in plates[:20]:
        rows, columns = np.nonzero(plate > 0.5)
        expected = 20 * min(np.ptp(rows), np.ptp(columns)) / 100
        [ink] = ndimage.find_objects((preprocess(plate) > 0.1).astype(int))
        assert abs(min(side.stop - side.start for side in ink) - expected) < 1.5


def test_a_flag_stays_inside_though_its_middle_is_at_the_edge():
    flag = np.zeros((200, 200), np.float32)
    flag[20:180, 20:32] = 1
    flag[20:90, 20:180] = np.tri(70, 160)[::-1] > 0
    result = preprocess(flag, skip=("correct_shading", "remove_frame"))
    assert result.any()
    assert result[1:-1, 1:-1].sum() > 0.9 * result.sum()


# Frames, lines, remains


def holds(found, ink, lost=0.02, more=0.02):
    """Whether the ink, and nearly nothing else, was found."""
    enough = found[ink > 0.5].mean() >= (1 - lost) * ink[ink > 0.5].mean()
    return enough and np.sum(found > 0.5) <= (1 + more) * np.sum(ink > 0.5)


def test_ink_alone_is_left_as_it_is(plates):
    for plate in plates:
        assert np.array_equal(remove_frame(plate), plate)
        assert np.array_equal(remove_specks(plate), plate)
    small = np.random.default_rng(0).random((39, 80), dtype=np.float32)
    assert np.array_equal(remove_frame(small), small)


def test_a_tightly_cropped_digit_is_left_alone(test_images):
    cut = [stroke(image, 0.08, 120) for image in test_images[:100]]
    assert np.mean([holds(remove_frame(ink), ink) for ink in cut]) >= 0.98


@pytest.mark.parametrize(
    ("width", "lines"),
    [
        (10, [(70, 0, 70, 139), (66, 0, 4, 90), (0, 90, 99, 90)]),  # a 4
        (4, [(30, 0, 30, 139), (30, 3, 6, 40), (0, 138, 59, 138)]),  # a 1 with a foot
    ],
)
def test_a_tightly_cropped_digit_keeps_its_bar_and_its_stem(width, lines):
    drawn = Image.new("L", (1 + max(line[2] for line in lines), 140))
    for line in lines:
        ImageDraw.Draw(drawn).line(line, fill=255, width=width)
    ink = np.asarray(drawn) / np.float32(255)
    assert holds(remove_frame(ink), ink)


@pytest.mark.parametrize("margin", [0, 2, 8])
@pytest.mark.parametrize("width", [2, 5])
def test_a_printed_box_goes(plates, margin, width):
    for plate in plates:
        ink = np.pad(plate, 10)
        inner = np.zeros(np.array(ink.shape) - 2 * (margin + width), np.float32)
        printed = np.pad(np.pad(inner, width, constant_values=1), margin)
        assert holds(remove_frame(np.maximum(ink, printed)), ink)


@pytest.mark.parametrize("width", [2, 4])
def test_ruled_lines_go(plates, width):
    for plate in plates:
        for row in (12, len(plate) - 15):
            ruled = plate.copy()
            ruled[row : row + width] = 1
            assert holds(remove_frame(ruled), plate)
        if np.ptp(np.nonzero(plate > 0.5)[1]) < 0.3 * plate.shape[1]:
            continue  # a 1: a line beside it might be the digit as well
        upright = plate.copy()
        upright[:, 12 : 12 + width] = 1
        assert holds(remove_frame(upright), plate)


def test_a_line_through_the_digit_goes_and_the_strokes_that_cross_it_stay(plates):
    for plate in plates:
        for part in (0.4, 0.5, 0.6):
            ruled = plate.copy()
            row = int(part * len(plate))
            ruled[row : row + 3] = 1
            found = remove_frame(ruled)
            rest = np.abs(found - plate)
            assert rest[: row - 2].max() < 0.5
            assert rest[row + 5 :].max() < 0.5
            # What was not ink goes, but right beside a stroke; what was ink stays.
            beside = ndimage.binary_dilation(plate > 0.2, iterations=8)
            assert found[row : row + 3][~beside[row : row + 3]].mean() < 0.1


def test_of_a_line_only_what_is_between_strokes_stays():
    ink = np.zeros((100, 100), np.float32)
    ink[20:80, 40:46] = 1  # crosses the line
    ink[20:50, 60:66] = 1  # ends at it
    ruled = ink.copy()
    ruled[50:53] = 1
    found = remove_frame(ruled)
    assert (found[20:80, 41:45] == 1).all()
    assert not found[51, 56:].any()
    assert not found[51, :30].any()


def test_a_line_that_is_a_little_crooked_goes(plates):
    plate = np.kron(plates[0], np.ones((3, 3), np.float32))
    ruled = plate.copy()
    ruled[60:63, :200] = ruled[63:66, 200:] = 1
    assert holds(remove_frame(ruled), plate, more=0)


def test_remains_of_a_neighbour_go(plates):
    for plate in plates:
        sheet = np.pad(plate, ((0, 0), (10, 10)))
        cut = sheet.copy()
        cut[40:90, -9:] = 1
        cut[30:100, :3] = 1
        assert holds(remove_frame(cut), sheet)


def test_a_strip_along_the_border_goes(plates):
    """A shadow, or the table beside the sheet."""
    for plate in plates:
        for side in range(4):
            sheet = np.rot90(np.pad(plate, 10), side).copy()
            strip = sheet.copy()
            strip[:9] = 1
            assert holds(remove_frame(strip), sheet)


def test_the_frame_alone_stays():
    """Perhaps it is a 0."""
    alone = np.zeros((100, 80), np.float32)
    alone[5:-5, 5:-5] = 1
    alone[12:-12, 12:-12] = 0
    assert np.array_equal(remove_frame(alone), alone)


# Specks


def test_a_5_keeps_its_bar_and_loses_the_dust():
    ink = np.zeros((120, 120), np.float32)
    ink[40:46, 35:65] = ink[40:70, 35:41] = ink[66:72, 35:70] = 1
    ink[72:100, 65:71] = ink[95:101, 30:71] = 1
    ink[30:35, 48:80] = 1  # the bar, written last, does not reach the rest
    dusty = ink.copy()
    dusty[5:8, 5:8] = dusty[110:112, 60] = dusty[60, 100:104] = 1
    dusty[50:52, 50:52] = 1  # near, but too small
    assert np.array_equal(remove_specks(dusty), ink)


def test_large_pieces_stay_anywhere_and_others_only_nearby():
    ink = np.zeros((200, 200), np.float32)
    ink[20:100, 20:40] = 1
    for top, area, kept in ((180, 5, False), (112, 5, True), (165, 30, True)):
        sheet = ink.copy()
        sheet[top : top + area, 20:40] = 1  # 6 % and 38 % of the largest piece
        assert np.array_equal(remove_specks(sheet), sheet if kept else ink)


# Widths of strokes


@pytest.mark.parametrize("width", [2, 3, 5, 10, 20])
def test_the_width_of_a_bar(width):
    assert width <= stroke_width(bar(width, 150)) < width + 1.5
    assert np.isclose(stroke_width(bar(width, 150).T), stroke_width(bar(width, 150)))


def test_the_width_of_a_pen(test_images):
    for pen in (0.05, 0.1):
        widths = [stroke_width(stroke(image, pen, 200)) for image in test_images[:30]]
        assert np.allclose(np.median(widths), 200 * pen, rtol=0.15)
    assert stroke_width(np.zeros((9, 9))) == 0
    assert stroke_width(np.ones((1, 30))) > 0


def holes(ink):
    return ndimage.label(np.pad(ink < 0.5, 1, constant_values=True))[1]


@pytest.mark.parametrize("size", [60, 150])
@pytest.mark.parametrize("pen", [0.03, 0.05, 0.07, 0.1, 0.14, 0.2])
def test_pens_come_near_mnists(test_images, test_labels, pen, size):
    if pen * size < 1.6:
        return
    for image, label in zip(test_images[:25], test_labels, strict=False):
        ink = stroke(image, pen, size)
        before = 20 * stroke_width(ink) / max(ink.shape)
        changed = normalize_stroke(np.pad(ink, 9))
        after = 20 * stroke_width(enlarged(changed, 4)) / 4 / max(changed.shape)
        assert 1.7 < after < 5
        if before > 5.2:  # thick strokes become 4, not as thin as MNIST's median
            assert after > 3.3
        if 2.1 < before < 4.7:
            assert np.array_equal(changed, cropped(np.pad(ink, 9)))
        if 0.04 < pen < 0.07 and label in (0, 6, 9) and size > 60:
            assert holes(changed) == holes(ink)


def test_no_ink_has_no_thickness():
    for step in (remove_frame, remove_specks, normalize_stroke, fit_box):
        assert not step(np.zeros((60, 50), np.float32)).any()
    assert not center(fit_box(normalize_stroke(np.zeros((50, 60), np.float32)))).any()


# Box and centre


@pytest.mark.parametrize("shape", [(200, 120), (15, 40), (20, 20), (1, 300), (7, 3)])
def test_box(shape):
    ink = np.pad(np.full(shape, 0.8, np.float32), ((3, 50), (7, 1)))
    boxed = fit_box(ink)
    expected = [max(1, round(20 * side / max(shape))) for side in shape]
    assert list(boxed.shape) == expected
    assert boxed.max() == 1
    assert boxed.min() >= 0


def test_center():
    ink = np.zeros((20, 11), np.float32)
    ink[5:13] = 1
    ink[:, 2:4] = 0.5
    placed = center(ink)
    assert np.abs(np.array(ndimage.center_of_mass(placed)) - 14).max() <= 0.5
    assert placed.sum() == ink.sum()
    corner = np.zeros((20, 20), np.float32)
    corner[0, 0] = 1
    assert center(corner)[8, 8] == 1  # all of the box stays inside
    assert center(corner[::-1, ::-1])[19, 19] == 1


# Skipping


def test_each_step_can_be_left_out_by_name(test_images):
    """Each is needed for some image, and does nothing where it is left out."""
    assert " ".join(STEPS) == (
        "to_grey look_closer denoise correct_polarity correct_shading binarize "
        "remove_frame remove_specks normalize_stroke fit_box center"
    )
    [photograph] = photographs(test_images[4:5], seed=8)
    ink = np.pad(stroke(test_images[0], 0.03, 100), ((50, 10), (10, 60)))
    ink[:5] = 1  # an edge of the sheet
    ink[20:22, 30:32] = 1  # dust
    sheet = 0.9 - 0.6 * ink * (1 - 0.7 * ramp(ink.shape, 0.4))
    sheet = (sheet * (0.5 + 0.5 * ramp(ink.shape, 0.5)))[..., np.newaxis]
    sheet = (sheet * [0.7, 1, 0.9]).clip(0, 1)
    sheet[..., 0] += 0.15 * ink
    grain = np.random.default_rng(0).normal(0, 0.03, sheet.shape)
    sheet = (sheet + grain).clip(0, 1).astype(np.float32)
    larger = np.pad(sheet, ((200, 100), (100, 300), (0, 0)), "edge")
    whole = [preprocess(sheet), preprocess(larger)]
    for name in STEPS:
        without = [preprocess(sheet, skip=name), preprocess(larger, skip=[name])]
        assert all(map(is_prepared, without))
        large = name == "look_closer"
        assert not np.array_equal(without[large], whole[large]), name
        assert np.array_equal(preprocess(sheet, skip=[name]), without[0])
    assert np.array_equal(preprocess(sheet, skip=()), whole[0])
    assert is_prepared(preprocess(photograph, skip="to_grey"))


def test_a_skipped_step_is_not_taken(test_images, monkeypatch):
    image, taken = enlarged(test_images[0], 5), []

    def noted(name, step, picture):
        taken.append(name)
        return step(picture)

    for name, step in list(STEPS.items()):
        monkeypatch.setitem(STEPS, name, partial(noted, name, step))
    for name in STEPS:
        taken.clear()
        preprocess(image, skip={name})
        assert taken == [other for other in STEPS if other != name]


def test_the_order_of_names_is_of_no_importance(sheets):
    names = ["center", "denoise", "fit_box"]
    for sheet in sheets[:5]:
        expected = preprocess(sheet, skip=names)
        for again in (names[::-1], set(names), dict.fromkeys(names), iter(names)):
            assert np.array_equal(preprocess(sheet, skip=again), expected)


def test_a_step_that_is_added_reaches_normalize(monkeypatch, test_images):
    digit = test_images[0] / np.float32(255)
    expected = center(fit_box(normalize_stroke(digit)[:, ::-1]))
    steps = list(STEPS.items())
    steps.insert(1 + list(STEPS).index("normalize_stroke"), ("mirror", np.fliplr))
    monkeypatch.setattr(preprocessing, "STEPS", dict(steps))
    assert np.array_equal(normalize(digit), expected)
    assert is_prepared(preprocess(digit, skip="mirror"))


def test_without_any_step_it_is_the_documents_recipe(sheets):
    for sheet in sheets:
        away = np.abs(preprocess(sheet, skip=STEPS) - resize_only(sheet))
        assert away.max() < 0.01


@pytest.mark.parametrize(
    "skip",
    ["colour", "", "to_grey,denoise", None, 7, b"to_grey",
     ["to_grey", "blur"], ["to_grey", 3], [["to_grey"]], [None], True, {"To_grey": 1},
     "a\nb", np.zeros((2, 2)), np.zeros(300)],
)  # fmt: skip
def test_no_such_step(test_images, skip):
    message = r"^skip: .* names of to_grey, look_closer"
    with pytest.raises(DigitlibError, match=message) as error:
        preprocess(test_images[0], skip=skip)
    assert "\n" not in str(error.value)


def test_an_image_that_cannot_be_read():
    with pytest.raises(DigitlibError, match="no such file"):
        preprocess("absent.png")
    with pytest.raises(DigitlibError, match="floats must lie"):
        preprocess(np.full((5, 5), 2.0))


def test_a_photograph_in_a_file(plates, tmp_path):
    drawn, path = np.uint8(255 * (0.95 - 0.8 * plates[0])), tmp_path / "seven.png"
    Image.fromarray(drawn).save(path)
    for image in (path, str(path), path.read_bytes(), Image.fromarray(drawn)):
        assert np.array_equal(preprocess(image), preprocess(drawn))
