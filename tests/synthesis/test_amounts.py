"""Amounts: the truth about each is true, and each has what its settings ask for."""

from dataclasses import replace

import numpy as np
import pytest

from digitlib.data import load_unipen, split_donors
from digitlib.synthesis import forms
from digitlib.synthesis.amounts import AMOUNTS, write_amount
from digitlib.synthesis.forms import FORMS, fields
from digitlib.synthesis.photographs import generators
from digitlib.synthesis.printing import PRINT, draw_security
from digitlib.synthesis.strokes import find_ends, find_line, lean_line, lengthen
from digitlib.synthesis.writers import Row, make_pool

N = 8
PLAIN = replace(
    AMOUNTS, round=0, link=(0, 0), opened=0, grouped=0, closed=0, underlined=0,
    ruled=0, cut=0, remains=0, tail=0, print=replace(PRINT, families=(0, 0)),
)  # fmt: skip
"""Digits on paper, and nothing else."""


@pytest.fixture(scope="module")
def pens():
    """Digits of validation donors, as pen strokes, and their labels."""
    donors = split_donors(load_unipen())[1]
    return donors.strokes[:200], donors.labels[:200]


@pytest.fixture(scope="module")
def both(pens, validation):
    """Images and pen strokes, and their labels."""
    images, labels = (array[:100] for array in validation)
    return [*images, *pens[0]], np.concatenate((labels, pens[1]))


@pytest.fixture(scope="module")
def amounts(pens):
    """Write some amounts by pens, with changes to the plain settings."""
    pool = make_pool(*pens)

    def written(length=5, **changes):
        settings = replace(PLAIN, **changes)
        return [write_amount(pool, length, x, settings) for x in generators(N, 4)]

    return written


def without_digits(row, coverage):
    """The ink that is in no digit's box."""
    others = coverage.copy()
    for left, top, right, bottom in row.boxes:
        others[top:bottom, left:right] = 0
    return others


def test_each_digit_fills_its_box(both):
    pool, wide = make_pool(*both), AMOUNTS.writers.sizes[1] * AMOUNTS.writers.size[1]
    for rng in generators(3 * N, 1):
        _, row, coverage, printed, _ = write_amount(pool, 5, rng)
        assert len(row.text) == len(row.glyphs) == len(row.boxes) == 5
        assert set(row.text) <= set("0123456789")
        assert coverage.shape == printed.shape
        assert 0 <= coverage.min() <= coverage.max() <= 1
        height, width = coverage.shape
        for glyph, (left, top, right, bottom) in zip(
            row.glyphs, row.boxes, strict=True
        ):
            assert 0 <= left < right <= width
            assert 0 <= top < bottom <= height
            assert (coverage[top:bottom, left:right] >= glyph).all()
            edges = glyph[0], glyph[-1], glyph[:, 0], glyph[:, -1]
            assert all(edge.any() for edge in edges)
            assert max(glyph.shape) <= wide + 1
        assert (np.diff(row.boxes[:, [0, 2]].sum(axis=1)) > 0).all()


@pytest.mark.parametrize("length", [1, 2, 6])
def test_a_field_has_its_digits_and_they_can_be_seen(both, is_picture, length):
    for field in fields(*both, 4, kind="amount", length=length, seed=2):
        is_picture(field.image)
        assert field.kind == "amount"
        assert len(field.text) == len(field.boxes) == length
        grey = field.image.mean(axis=2)
        for left, top, right, bottom in field.boxes:
            box = grey[top:bottom, left:right]
            assert box.min() < np.median(grey) - 15


def test_the_seed_and_the_place_decide(both):
    three = list(fields(*both, 3, kind="amount", seed=5))
    again = list(fields(*both, 3, kind="amount", seed=5))
    [other] = fields(*both, 1, kind="amount", seed=6)
    for one, same in zip(three, again, strict=True):
        assert np.array_equal(one.image, same.image)
        assert np.array_equal(one.boxes, same.boxes)
        assert one.text == same.text
    assert len({field.image.tobytes() for field in (*three, other)}) == 4


def test_settings_reach_amounts_and_mixed_fields_are_none(both):
    settings = replace(FORMS, amounts=PLAIN)
    [plain] = fields(*both, 1, kind="amount", settings=settings)
    [usual] = fields(*both, 1, kind="amount")
    assert plain.image.shape != usual.image.shape or (plain.image != usual.image).any()
    assert not set(forms.PAPER) & set(forms.KINDS)
    kinds = {forms.draw_kind("mixed", rng) for rng in generators(100, 0)}
    assert kinds == set(forms.KINDS)


# Each phenomenon


def test_plain_amounts_are_digits_alone(amounts):
    for _, row, coverage, printed, margins in amounts():
        assert not without_digits(row, coverage).any()
        assert not printed.any()
        assert min(margins) > 0


@pytest.mark.parametrize("sign", [("opened",), ("grouped",), ("closed",)])
def test_signs_are_ink_without_a_box(amounts, sign):
    for _, row, coverage, *_ in amounts(**dict.fromkeys(sign, 1)):
        others = without_digits(row, coverage)
        columns = np.flatnonzero(others.max(axis=0) > 0.5)
        first, last = row.boxes[0, 0], row.boxes[-1, 2]
        assert columns.size
        if sign == ("opened",):
            assert columns.max() < first
        elif sign == ("closed",):
            assert columns.min() >= last - 1
        else:  # the last three digits, and two before them
            assert row.boxes[1, 2] <= columns.min() <= columns.max() < row.boxes[2, 2]


def test_short_amounts_have_no_groups(amounts):
    for _, row, coverage, *_ in amounts(length=3, grouped=1):
        assert not without_digits(row, coverage).any()


def test_round_amounts_end_in_smaller_zeros(amounts):
    for writer, row, *_ in amounts(round=1, zeros=(2, 2), small=(0.5, 0.5)):
        assert row.text.endswith("00")
        assert max(max(glyph.shape) for glyph in row.glyphs[3:]) < 0.6 * writer.size
    for length in (1, 2):
        texts = [row.text for _, row, *_ in amounts(length, round=1)]
        assert {text[1:] for text in texts} == {"0" * (length - 1)}
        assert {text[0] for text in texts} != {"0"}


def test_a_pen_goes_on_from_zero_to_zero(amounts):
    settings = {"round": 1, "zeros": (3, 3), "chained": 0, "reach": 2}
    apart, linked = (amounts(link=(0, often), **settings) for often in (0, 1))
    assert [row.text for _, row, *_ in apart] == [row.text for _, row, *_ in linked]
    for (writer, _, before, *_), (_, _, after, *_) in zip(apart, linked, strict=True):
        assert after.sum() > before.sum() + writer.width


def test_lines_by_hand_and_in_print_pass_below_the_digits(amounts):
    for _, row, coverage, *_ in amounts(underlined=1):
        low = coverage[int(row.boxes[:, 3].mean()) - 3 :].max(axis=0)
        assert (low > 0.3).mean() > 0.5
    for _, row, _, printed, _ in amounts(ruled=1, beyond=(0, 0)):
        levels = np.flatnonzero(printed.min(axis=1) > 0.2)
        for side in (1, 3):
            assert np.abs(levels - row.boxes[:, side].mean()).min() <= 1.5


def test_a_cut_goes_through_ink(amounts):
    for _, row, coverage, _, margins in amounts(cut=1, loss=(0.1, 0.1)):
        assert max(margins) < 0
        edges = coverage[0], coverage[-1], coverage[:, 0], coverage[:, -1]
        assert sum(edge.max() > 0.3 for edge in edges) >= 3
        assert len(row.boxes) == 5


def test_remains_of_other_lines_are_at_both_edges(amounts):
    settings = {"remains": 1, "left": (0.1, 0.1), "margins": (0.5, 0.6)}
    for writer, row, coverage, *_ in amounts(**settings):
        others = without_digits(row, coverage)
        high = round(0.1 * writer.size)
        assert others[:high].max() > 0.3
        assert others[-high:].max() > 0.3
        assert not others[high + 1 : -high - 1].any()


def test_longer_tails_make_digits_wider(amounts):
    settings = {"tailed": "0123456789", "longer": (0.5, 0.5), "lean": (0, 0)}
    wide = [
        np.mean([g.shape[1] / g.shape[0] for _, row, *_ in made for g in row.glyphs])
        for made in (amounts(tail=0, **settings), amounts(tail=1, **settings))
    ]
    assert wide[1] > 1.15 * wide[0]


def test_security_print_is_pale_and_as_dense_as_asked_for():
    def drawn(**changes):
        look = replace(PRINT, families=(1, 1), pale=(0.3, 0.3), dotted=0)
        look = replace(look, **changes)
        return [draw_security((60, 200), 30, rng, look) for rng in generators(N, 0)]

    few, many, dots = drawn(thin=(0.4, 0.4)), drawn(thin=(0.7, 0.7)), drawn(dotted=1)
    for one, two, dotted in zip(few, many, dots, strict=True):
        assert one.max() == two.max() == pytest.approx(0.3)
        assert dotted.mean() < one.mean() < 0.15 < two.mean()
    rng = np.random.default_rng(0)
    assert not draw_security((9, 9), 30, rng, replace(PRINT, families=(0, 0))).any()


# Strokes


def test_a_line_begins_and_ends_where_the_pen_did():
    ways = (np.array([[0, 0], [0, 900]]), np.array([[300, 450], [600, 900]]))
    line, ends = find_line(ways), find_ends(ways)
    assert np.allclose(ends, [[0, 0], [80, 120]])
    assert all(line[round(y), round(x)] for x, y in ends)


def test_the_ends_of_an_image_are_guessed_on_its_line(digits):
    for image in digits[:10]:
        line = find_line(image)
        (left, high), (right, low) = find_ends(image)
        assert line[high, left]
        assert line[low, right]
        assert left + high <= right + low


def test_a_line_leans_to_the_right_and_takes_its_points_along():
    upright = (np.array([[0, 0], [0, 1000]]),)
    line, ends = lean_line(find_line(upright), find_ends(upright), 0.5, 1, 0)
    assert line.shape == (121, 61)
    assert np.allclose(ends, [[60, 0], [0, 120]])
    leaning = (np.array([[500, 0], [0, 1000]]),)
    line, _ = lean_line(find_line(leaning), find_ends(leaning), 0.5, 1, 0)
    assert line.shape == pytest.approx((121, 61), abs=2)
    flat = (np.array([[0, 0], [1000, 0]]),)
    line, _ = lean_line(find_line(flat), find_ends(flat), 0, 1.5, 90)
    assert line.shape == pytest.approx((181, 1), abs=2)


def test_a_longer_stroke_goes_on_to_the_right():
    first, last = np.array([[0, 0], [0, 900]]), np.array([[300, 450], [600, 1000]])
    same, longer = lengthen((first, last), 0.2)
    assert same is first
    assert longer.tolist() == [[300, 450], [600, 1000], [800, 950]]


def test_of_digits_on_the_edge_what_is_within_is_left():
    row = Row("71", [np.ones((4, 6)), np.ones((5, 2))], [(-2, 3, 4, 7), (5, -1, 7, 4)])
    row = row.within(6, 9)
    assert [glyph.shape for glyph in row.glyphs] == [(3, 4), (4, 2)]
    assert row.boxes.tolist() == [[0, 3, 4, 6], [5, 0, 7, 4]]
