"""Fields: the truth about each is true, and each is of the kind it says."""

from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from itertools import islice

import numpy as np
import pytest
from scipy import ndimage

from digitlib.errors import DigitlibError
from digitlib.synthesis import forms, photographs, strokes, writers
from digitlib.synthesis.forms import (
    EMPTIES,
    FORMS,
    KINDS,
    _draw_edge,
    _fill,
    develop,
    draw_kind,
    empties,
    fields,
    page,
    write,
)
from digitlib.synthesis.photographs import generators
from digitlib.synthesis.printing import Form
from digitlib.synthesis.writers import WRITERS, Writer, draw_style, legible, make_pool

AROUND = np.ones((3, 3))
N = 16
by_kind = pytest.mark.parametrize("kind", KINDS)

good = np.zeros((10, 28, 28), np.float32)
every = np.arange(10)


@pytest.fixture(scope="module")
def few(validation):
    """Of each digit about fifteen, and their labels."""
    return tuple(array[:150] for array in validation)


@pytest.fixture(scope="module", autouse=True)
def _remembered():
    """Thin each image once, and compare it once with its line: the slow part."""
    real = strokes.likeness

    @lru_cache(None)
    def likeness(pixels):
        return real(np.frombuffer(pixels, np.float32).reshape(28, 28))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(strokes, "_traced", lru_cache(None)(strokes._traced.__wrapped__))
        patch.setattr(strokes, "likeness", lambda image, _: likeness(image.tobytes()))
        yield


@pytest.fixture(scope="module")
def sheets(few):
    """Sheets of each kind, before there is paper."""
    pool = make_pool(*few)
    return {kind: [write(pool, kind, 5, x) for x in generators(N, 3)] for kind in KINDS}


@pytest.fixture
def pens(monkeypatch):
    """Let digits be drawn, and be like their lines, in another way than by thinning."""

    def draw(stroke, likeness=lambda *image: 1):
        monkeypatch.setattr(strokes, "stroke", stroke)
        monkeypatch.setattr(strokes, "likeness", likeness)

    return draw


def shaded(image, pen, size, *others):
    """A bar instead of a digit, as bright as that."""
    return np.full((size, size // 2), image.max())


@pytest.fixture(scope="module")
def a_page(few):
    return page(*few, 30, dpi=150, seed=4)


def inside(box):
    left, top, right, bottom = box
    return np.s_[top:bottom, left:right]


def pieces(coverage):
    """How many pieces of ink there are."""
    return ndimage.label(coverage > 0.5, AROUND)[1]


def together(sheet, i, j):
    """The coverage by two of the digits."""
    coverage = np.zeros_like(sheet.coverage)
    for k in (i, j):
        there = coverage[inside(sheet.boxes[k])]
        np.maximum(there, sheet.glyphs[k], out=there)
    return coverage


def joined(sheet, i, j):
    """Whether two of the digits hang together."""
    apart = pieces(sheet.glyphs[i]) + pieces(sheet.glyphs[j])
    return pieces(together(sheet, i, j)) < apart


# What is true of every kind


@by_kind
def test_boxes_are_filled_by_their_digits_and_there_is_paper_around(sheets, kind):
    for sheet in sheets[kind]:
        outside = sheet.coverage.copy()
        for box, glyph in zip(map(inside, sheet.boxes), sheet.glyphs, strict=True):
            outside[box] = 0
            own = sheet.coverage[box]
            assert (own >= glyph).all()
            assert all(edge.any() for edge in (own[0], own[-1], own[:, 0], own[:, -1]))
        assert not outside.any()
        rows, columns = np.nonzero(sheet.coverage)
        height, width = sheet.coverage.shape
        left, top, right, bottom = sheet.margins
        assert min(sheet.margins) >= 4
        assert left <= columns.min() < columns.max() < width - right
        assert top <= rows.min() < rows.max() < height - bottom


@by_kind
def test_digits_have_the_sizes_of_their_field(sheets, kind):
    sizes = []
    for sheet in sheets[kind]:
        extents = sheet.boxes[:, 2:] - sheet.boxes[:, :2]
        sizes.append(extents.max(axis=1) / sheet.writer.size)
        assert WRITERS.size[0] <= sheet.writer.size <= WRITERS.size[1]
    sizes = np.concatenate(sizes)
    assert WRITERS.sizes[0] - 0.06 < sizes.min() < 0.95
    assert 1.05 < sizes.max() < WRITERS.sizes[1] + 0.03
    drawn = [sheet.writer.size for sheet in sheets[kind]]
    assert min(drawn) < 35 < 75 < max(drawn)


@by_kind
def test_digits_are_in_reading_order_and_as_many_as_the_text_says(sheets, kind):
    for sheet in sheets[kind]:
        rows = sheet.text.split("\n")
        assert len("".join(rows)) == len(sheet.boxes) == len(sheet.glyphs)
        if kind == "lines":
            assert WRITERS.lines[0] <= len(rows) <= WRITERS.lines[1]
            assert all(abs(len(row) - 5) <= WRITERS.more for row in rows)
        else:
            assert [len(row) for row in rows] == [5]
        ends = np.cumsum([len(row) for row in rows])
        of_rows = np.split(sheet.boxes, ends[:-1])
        for boxes in of_rows:
            assert (np.diff(boxes[:, [0, 2]].sum(axis=1)) > 0).all()
        levels = [boxes[:, 3].mean() for boxes in of_rows]
        assert (np.diff(levels) > sheet.writer.size).all()


@by_kind
def test_what_is_written_is_what_the_text_says(kind, pens, monkeypatch):
    pens(shaded)
    shades = np.linspace(0.55, 1, 10, dtype=np.float32)
    images = np.ones((30, 28, 28), np.float32)
    images *= np.tile(shades, 3)[:, np.newaxis, np.newaxis]
    pool = make_pool(images, np.tile(every, 3))
    # Bars would merge, so they are never taken to touch.
    monkeypatch.setattr(writers, "_touch", lambda meet, *others: int(meet.max()))
    texts = ""
    for rng in generators(10, 1):
        sheet = write(pool, kind, 5, rng)
        text = sheet.text.replace("\n", "")
        for digit, glyph in zip(text, sheet.glyphs, strict=True):
            assert glyph.max() == shades[int(digit)]
        texts += text
    assert set(texts) == set("0123456789")


@pytest.mark.parametrize("kind", ["clear", "boxes", "lines"])
def test_digits_that_a_line_does_not_tell_are_not_written(kind, pens):
    pens(shaded, lambda image, _: 0.9 * image.max())
    images = np.ones((20, 28, 28), np.float32)
    images[:10] *= 0.8
    pool = make_pool(images, np.tile(every, 2))
    for rng in generators(10, 1):
        glyphs = write(pool, kind, 5, rng).glyphs
        assert len(glyphs) > 2
        assert all(glyph.max() == 1 for glyph in glyphs)


def test_a_digit_with_other_loops_is_not_legible(pens):
    pens(shaded)
    ring = np.pad(np.ones((8, 8)), 10)
    ring[13:15, 13:15] = 0
    assert legible(ring, ring)
    assert not legible(ring, np.ones((8, 8)))


def test_a_writer_leans_slopes_and_turns_each_digit():
    settings = replace(WRITERS, turn=(1, 1), sizes=(1, 1))
    writer = Writer(60, 6, slope=3, slant=4, settings=settings)
    assert draw_style(writer, np.random.default_rng(0)) == (0.1, 60, 8)


def test_the_digits_of_a_form_share_a_habit(monkeypatch):
    glyphs = [np.ones((20, 10))] * 5
    monkeypatch.setattr(writers, "draw_digits", lambda *given: ("00000", glyphs))
    form = Form(Writer(20, 2, 0, 0), "boxes", np.array([40, 50]), 5, 50, 1)
    settings = replace(FORMS, habit=1, crossing=0)
    starts = set()
    for rng in generators(10, 0):
        corners = np.array(_fill(form, None, 5, rng, settings).boxes)[:, :2]
        assert (np.diff(corners, axis=0) == (45, 0)).all()
        starts.add(tuple(corners[0]))
    assert len(starts) > 5


@pytest.mark.parametrize("length", [2, 9])
@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "lines"])
def test_fields_have_the_length_asked_for(few, kind, length):
    [field] = fields(*few, 1, kind=kind, length=length)
    assert len(field.text) == len(field.boxes) == length


@pytest.mark.parametrize("kind", [*KINDS, "mixed"])
def test_the_seed_and_the_place_decide(few, kind):
    three = list(fields(*few, 3, kind=kind, seed=5))
    [first] = fields(*few, 1, kind=kind, seed=5)
    [other] = fields(*few, 1, kind=kind, seed=6)
    assert np.array_equal(first.image, three[0].image)
    assert np.array_equal(first.boxes, three[0].boxes)
    assert first.text == three[0].text
    assert len({field.image.tobytes() for field in (*three, other)}) == 4
    rng = list(generators(3, 5))[2]
    again = develop(write(make_pool(*few), draw_kind(kind, rng), 5, rng), rng)
    assert np.array_equal(again.image, three[2].image)
    assert again.kind == three[2].kind
    assert kind in (again.kind, "mixed")


def test_mixed_fields_are_of_every_kind():
    drawn = [draw_kind("mixed", rng) for rng in generators(200, 0)]
    assert min(drawn.count(kind) for kind in KINDS) > 15
    assert set(drawn) == set(KINDS)


# Of one kind


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "touching"])
def test_digits_do_not_touch(sheets, kind):
    for sheet in sheets[kind]:
        alone = sum(pieces(glyph) for glyph in sheet.glyphs)
        assert pieces(sheet.coverage) == alone


@pytest.mark.parametrize("kind", ["clear", "ruled", "shadow"])
def test_gaps_are_small_and_large_but_can_be_seen(sheets, kind):
    gaps = []
    for sheet in sheets[kind]:
        for i in range(4):
            papers = (together(sheet, k, k) <= 0.5 for k in (i, i + 1))
            first, second = map(ndimage.distance_transform_edt, papers)
            gap = (first + second).min() - 1
            assert gap > max(2.5, 0.5 * sheet.writer.width)
            gaps.append(gap / sheet.writer.size)
    assert np.quantile(gaps, 0.2) < 0.2
    assert np.quantile(gaps, 0.8) > 0.3


def test_where_digits_touch_some_neighbours_are_joined(sheets):
    touching = sheets["touching"]
    pairs = np.array([[joined(x, i, i + 1) for i in range(4)] for x in touching])
    assert pairs.any(axis=1).all()
    assert 0.3 < pairs.mean() < 0.7


def test_touching_digits_cover_little_of_each_other(sheets):
    for sheet in sheets["touching"]:
        ink = sum(glyph.sum() for glyph in sheet.glyphs)
        assert 0.93 * ink < sheet.coverage.sum() <= ink + 1
        middles = sheet.boxes[:, [0, 2]].mean(axis=1)
        assert (np.diff(middles) > 0.15 * sheet.writer.size).all()


@pytest.mark.parametrize("kind", ["clear", "touching", "shadow"])
def test_no_digit_hides_below_or_above_its_neighbour(sheets, kind):
    for sheet in sheets[kind]:
        widths = sheet.boxes[:, 2] - sheet.boxes[:, 0]
        for i in range(4):
            hidden = sheet.boxes[i, 2] - sheet.boxes[i + 1, 0]
            most = WRITERS.nested if joined(sheet, i, i + 1) else WRITERS.overhang
            assert hidden <= most * widths[i : i + 2].min()


def test_digits_that_fit_into_each_other_stay_apart(pens):
    def hook(image, pen, size, *others):
        corner = np.zeros((size, size))
        corner[:2] = corner[:, :2] = 1
        return corner if image.max() < 0.5 else corner[::-1, ::-1]

    pens(hook)
    images = np.ones((10, 28, 28), np.float32)
    images[::2] /= 4
    deepest = 0
    for rng in generators(10, 0):
        sheet = write(make_pool(images, every), "clear", 5, rng)
        widths = sheet.boxes[:, 2] - sheet.boxes[:, 0]
        hidden = sheet.boxes[:-1, 2] - sheet.boxes[1:, 0]
        deepest = max(deepest, (hidden / np.minimum(widths[:-1], widths[1:])).max())
    assert WRITERS.overhang - 0.05 < deepest <= WRITERS.overhang


def test_bars_that_would_merge_never_touch(bar):
    still = {"turn": (0, 0), "slant": (0, 0), "slopes": (("touching", 0),)}
    settings = replace(FORMS, writers=replace(WRITERS, tries=5, **still))
    made = fields([bar] * 10, every, 1, kind="touching", length=3, settings=settings)
    with pytest.raises(DigitlibError, match="images: no two that can touch"):
        next(made)


def test_each_digit_is_in_a_box_of_its_own(sheets):
    free = []
    for sheet in sheets["boxes"]:
        assert sheet.printed.max() > 0.9
        rows, columns = np.nonzero(sheet.printed > 0.5)
        reach = 0.35 * sheet.writer.size
        for glyph, box in zip(sheet.glyphs, sheet.boxes, strict=True):
            left, top, right, bottom = box
            assert columns.min() - reach < left < right < columns.max() + reach
            assert rows.min() - reach < top < bottom < rows.max() + reach
            free.append(not (sheet.printed[inside(box)][glyph > 0.5] > 0.5).any())
    assert 0.6 < np.mean(free) < 1
    # They are apart, or one frame
    assert {pieces(sheet.printed * 2) for sheet in sheets["boxes"]} == {1, 5}


def test_a_ruled_line_lies_near_the_feet_of_the_digits(sheets):
    for sheet in sheets["ruled"]:
        rows, columns = np.nonzero(sheet.printed > 0.25)
        for left, _, right, bottom in sheet.boxes:
            there = rows[(columns >= left) & (columns < right)]
            assert np.abs(there - bottom).min() < 0.35 * sheet.writer.size


@by_kind
def test_only_forms_and_ruled_sheets_are_printed(sheets, kind):
    printed = [sheet.printed.any() for sheet in sheets[kind]]
    assert all(printed) if kind in ("boxes", "ruled") else not any(printed)


@by_kind
def test_lines_slope_as_much_as_their_kind_allows(sheets, kind):
    slopes = []
    for sheet in sheets[kind]:
        n = len(sheet.text.split("\n")[0])
        feet = sheet.boxes[:n, 3]
        middles = sheet.boxes[:n, [0, 2]].mean(axis=1)
        slopes.append(np.degrees(np.arctan(np.polyfit(middles, feet, 1)[0])))
    most = dict(WRITERS.slopes)[kind]
    assert np.abs(slopes).max() < most + (14 if kind == "boxes" else 4)
    assert min(slopes) < -0.4 * most
    assert max(slopes) > 0.4 * most


# With paper and light


@pytest.mark.parametrize("kind", [*KINDS, "mixed"])
def test_fields_are_pictures_made_when_asked_for(few, kind, is_picture):
    made = fields(*few, 10_000, kind=kind, seed=1)
    assert isinstance(made, Iterator)
    for field in islice(made, 3):
        is_picture(field.image)
        height, width = field.image.shape[:2]
        assert field.boxes.min() >= 0
        assert (field.boxes < [width, height, width + 1, height + 1]).all()


@by_kind
def test_ink_can_be_told_from_what_is_around_it(few, sheets, kind):
    for i, sheet in enumerate(sheets[kind]):
        image = develop(sheet, np.random.default_rng(i)).image.mean(axis=2)
        for box, glyph in zip(map(inside, sheet.boxes), sheet.glyphs, strict=True):
            own = image[box]
            around = (sheet.coverage[box] == 0) & (sheet.printed[box] == 0)
            if around.mean() > 0.05:
                assert abs(own[glyph == 1].mean() - own[around].mean()) > 12


@pytest.mark.parametrize("printed", [False, True])
@pytest.mark.parametrize("kind", ["clear", "shadow", "page"])
def test_paper_light_and_camera_are_those_of_the_kind(
    sheets, kind, printed, monkeypatch
):
    sheet = replace(sheets["ruled" if printed else "clear"][0], kind=kind)
    seen = {}

    def remembering(step, real):
        def remember(*given):
            seen[step] = given
            return real(*given)

        monkeypatch.setattr(photographs, step, remember)

    for step in ("paper", "light", "camera"):
        remembering(step, getattr(photographs, step))
    develop(sheet, np.random.default_rng(0))
    page, size = kind == "page", sheet.writer.size
    assert seen["paper"][-1].board == (0 if page or printed else FORMS.board)
    light, usual = seen["light"][-1], photographs.PHOTOGRAPHS
    scan, gradient, shadow = usual.scan, usual.gradient, usual.shadow
    if kind == "shadow":
        scan, gradient, shadow = 0, FORMS.strong, FORMS.falls
    assert light.scan == (1 if page else scan)
    assert (light.gradient, light.shadow) == (gradient, shadow)
    finest = FORMS.sharp if page else FORMS.focus * size
    assert seen["camera"][1] == min(sheet.writer.width, finest)


@pytest.mark.parametrize(("dirty", "edged"), [(0, 0), (0, 1), (1, 0), (1, 1)])
def test_specks_and_the_edge_of_the_page_lie_on_the_sheet(
    sheets, dirty, edged, monkeypatch
):
    laid, real = [], photographs.cover
    monkeypatch.setattr(
        photographs, "cover", lambda *given: laid.append(given) or real(*given)
    )
    settings = replace(FORMS, dirty=dirty, edged=edged)
    develop(sheets["clear"][0], np.random.default_rng(0), settings)
    assert len(laid) == 1 + dirty + edged  # the ink is the one
    assert all(coverage.any() for _, coverage, _ in laid)


def test_the_edge_of_a_page_stays_within_one_margin():
    margins = [20, 40, 60, 80]
    sides = set()
    for i in range(30):
        dark = _draw_edge((300, 400), margins, np.random.default_rng(i), FORMS) > 0
        strips = dark[:, :20], dark[:40], dark[:, -60:], dark[-80:]
        full = [dark.sum() == strip.sum() > 0 for strip in strips]
        assert sum(full) == 1
        sides.add(full.index(True))
    assert sides == {0, 1, 2, 3}


# Without digits


@pytest.mark.parametrize("kind", EMPTIES)
def test_empties_have_no_digit(kind, fonts, is_picture):
    made = list(empties(kind, 4, fonts=fonts, seed=1))
    for field in made:
        assert (field.text, field.boxes.shape, field.kind) == ("", (0, 4), kind)
        is_picture(field.image, 0)
    [again] = empties(kind, 1, fonts=fonts, seed=1)
    assert np.array_equal(again.image, made[0].image)
    assert len({field.image.tobytes() for field in made}) == 4


@pytest.mark.parametrize("kind", EMPTIES)
def test_empties_have_print_if_they_say_so_and_no_ink(kind, fonts, monkeypatch):
    seen = []
    monkeypatch.setattr(forms, "develop", lambda sheet, *others: seen.append(sheet))
    list(empties(kind, 20, fonts=fonts))
    assert not any(sheet.coverage.any() for sheet in seen)
    printed = [(sheet.printed > 0.3).any() for sheet in seen]
    assert not any(printed) if kind == "blank" else np.mean(printed) > 0.9


# A page


def test_a_page_has_the_digits_asked_for(a_page):
    assert a_page.image.shape == (1754, 1240, 3)
    assert len(a_page.boxes) == len(a_page.text.replace("\n", "")) == 30
    assert 4 <= len(a_page.text.split("\n")) <= 8
    assert a_page.kind == "page"


def test_there_is_ink_in_the_boxes_of_a_page(a_page):
    grey = a_page.image.mean(axis=2)
    paper = np.median(grey)
    for box in a_page.boxes:
        assert grey[inside(box)].min() < paper - 30


def test_every_digit_of_a_page_has_a_printed_box_around_it(few, monkeypatch):
    monkeypatch.setattr(forms, "develop", lambda sheet, *others: sheet)
    sheet = page(*few, 12, dpi=100, seed=1)
    reach = round(sheet.writer.size)
    for left, top, right, bottom in sheet.boxes:
        middle = (top + bottom) // 2
        for rows in (slice(top - reach, middle), slice(middle, bottom + reach)):
            assert sheet.printed[rows, left:right].max() > 0.5


def test_a_page_with_fonts_has_words_before_its_rows(few, fonts, a_page):
    worded = page(*few, 30, dpi=150, fonts=fonts, seed=4)
    left = min(worded.boxes[:, 0]) - 60
    dark = [
        (np.median(p) - p).max()
        for p in (p.image[300:-300, 100:left].mean(axis=2) for p in (worded, a_page))
    ]
    assert dark[0] > dark[1] + 20


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: fields(good, every, 1, kind="round"), "'round', but one of clear, "),
        (lambda: fields(good, every, 1, kind=None), "kind: None"),
        (lambda: fields(good, every, 1, length=0), "length: 0.* 1 to 40"),
        (lambda: fields(good, every, 1, length=41), "length: 41"),
        (lambda: fields(good, every, 1, length=1, kind="touching"), "length: 1.* 2 to"),
        (lambda: fields(good, every, 1, length=1, kind="mixed"), "length: 1.* 2 to"),
        (lambda: fields(good, every, -1), "n: -1"),
        (lambda: fields(good, every, 1, seed=0.5), "seed: 0.5"),
        (lambda: fields(good[0], every, 1), "images: shape"),
        (lambda: fields(good + 2, every, 1), "images: values from 2"),
        (lambda: fields(good, every[:3], 1), "labels: shape"),
        (lambda: fields(good, every + 1, 1), "labels: values from 1 to 10"),
        (lambda: fields(good, every.clip(0, 8), 1), "labels: no 9"),
        (lambda: next(fields(good, every, 1)), "image: no ink"),
        (lambda: empties("full", 1), "kind: 'full', but one of blank, lines, text"),
        (lambda: empties("text", 1), "fonts: none"),
        (lambda: empties("text", 1, fonts=["none.ttf"]), "none.ttf: not a font"),
        (lambda: empties("blank", 1.5), "n: 1.5"),
        (lambda: page(good, every, 0), "n_digits: 0"),
        (lambda: page(good, every, dpi=50), "dpi: 50"),
        (lambda: page(good, every, fonts=[__file__]), "not a font"),
        (lambda: page(good, every, seed=-1), "seed: -1"),
        (lambda: page(good, every.clip(1, 9)), "labels: no 0"),
    ],
)
def test_bad_input(make, message, refused):
    refused(make, message)
