"""Strokes: a digit drawn anew is the same digit, as wide and as large as asked for."""

from itertools import product

import numpy as np
import pytest
from scipy import ndimage

from digitlib.synthesis.strokes import (
    STROKES,
    check_digits,
    draw_pen,
    ink_line,
    likeness,
    stroke,
)

blank = np.zeros((28, 28), np.float32)


def holes(coverage):
    """How many regions of paper the ink encloses."""
    return ndimage.label(np.pad(coverage, 1) < 0.5)[1] - 1


@pytest.mark.parametrize("size", [20, 57, 150, 400])
@pytest.mark.parametrize("pen", [0.03, 0.1, 0.2])
def test_a_stroke_has_its_size(digits, size, pen):
    for image in digits[:5]:
        coverage = stroke(image, pen, size, angle=7)
        assert coverage.dtype == np.float32
        assert max(coverage.shape) == size
        assert coverage.min() == 0
        assert 0.5 < coverage.max() <= 1
        reached = [coverage.max(axis=axis) > 0.2 for axis in (0, 1)]
        near = 3 + size // 80
        assert all(side[:near].any() and side[-near:].any() for side in reached)


@pytest.mark.parametrize("pen", [0.03, 0.05, 0.1, 0.2])
def test_the_pen_is_as_wide_as_stated(bar, pen):
    coverage = stroke(bar, pen, 300)
    assert np.allclose(coverage[100:200].sum(axis=1), 300 * pen, atol=0.6)
    assert (coverage[[0, -1]].sum(axis=1) < 30 * pen).all()  # round ends, not cut off


def test_a_broader_pen_covers_more(digits):
    for image in digits[:20]:
        areas = [stroke(image, pen, 120).mean() for pen in (0.03, 0.06, 0.1, 0.15, 0.2)]
        assert (np.diff(areas) > 0).all()


def test_the_digit_stays_the_same(digits):
    for image in digits[:20]:
        rows, columns = np.nonzero(image > 0.3)
        box = image[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
        coverage = stroke(image, 0.12, 100)
        factors = np.divide(coverage.shape, box.shape)
        original = ndimage.zoom(box, factors, order=1, grid_mode=True, mode="nearest")
        both = [ndimage.gaussian_filter(x, 4).ravel() for x in (original, coverage)]
        assert np.corrcoef(both)[0, 1] > 0.7


def test_loops_stay_open(validation):
    digits, labels = (array[:100] for array in validation)
    for label, expected in {0: 1, 6: 1, 8: 2}.items():
        for pen in (0.04, 0.18):
            found = [holes(stroke(x, pen, 100)) for x in digits[labels == label]]
            assert np.mean(np.array(found) >= expected) > 0.5


def test_a_line_says_all_of_a_bar_and_little_of_a_blot(bar):
    assert likeness(bar) > 0.85
    blot = bar.copy()
    blot[8:16, 8:20] = 1  # a bar with its loop full of ink
    assert likeness(blot) < 0.75


def test_what_a_pen_has_drawn_is_like_its_line(digits):
    drawn = [
        np.pad(stroke(image, 0.12, 20), (4, 24))[:28, :28] for image in digits[:50]
    ]
    found = np.array([likeness(image) for image in drawn])
    assert np.mean(found > 0.75) > 0.9
    assert found.mean() > np.mean([likeness(image) for image in digits[:50]])


def test_a_stroke_is_turned_clockwise(bar):
    slope = np.polyfit(*np.nonzero(stroke(bar, 0.05, 200, angle=30) > 0.5), 1)[0]
    assert np.isclose(np.degrees(np.arctan(slope)), -30, atol=1)


@pytest.mark.parametrize("angle", [0, 12, 45, 100])
def test_ink_at_the_border_is_drawn_as_anywhere(angle):
    inside, outside = np.zeros((2, 28, 28), np.float32)
    inside[4:24, 4:6] = inside[4:6, 4:24] = 1
    outside[0:20, 0:2] = outside[0:2, 0:20] = 1
    drawn = [stroke(image, 0.2, 100, angle) for image in (inside, outside)]
    assert np.allclose(drawn[0].shape, drawn[1].shape, atol=2)
    assert np.abs(drawn[0][:50, :50] - drawn[1][:50, :50]).mean() < 0.03


def test_dirt_is_not_drawn(bar):
    dirty = bar.copy()
    dirty[14, 24] = 1
    assert np.allclose(stroke(dirty, 0.1, 100), stroke(bar, 0.1, 100))


def test_the_widest_ranges_can_be_drawn(digits):
    for pen, size, angle in product(STROKES.pen, (STROKES.size[0], 300), STROKES.angle):
        coverage = stroke(digits[0], pen, size, angle)
        assert max(coverage.shape) == size
        assert np.isfinite(coverage).all()
    assert np.array_equal(stroke(digits[0], 0.1, 50), stroke(digits[0], 0.1, 50, 0))


@pytest.mark.parametrize("size", [20, 60, 400])
def test_no_pen_is_too_fine_or_too_thick(size):
    pens = [draw_pen(size, np.random.default_rng(i)) for i in range(100)]
    assert min(pens) * size >= STROKES.finest
    assert max(pens) <= STROKES.pens[-1][1]
    assert len(set(pens)) > 50


def test_ink_is_put_around_any_line():
    line = np.zeros((60, 90), bool)
    line[30, 10:80] = True
    coverage = ink_line(line, 0.1, 200)
    assert coverage.shape == (20, 200)
    assert np.allclose(coverage[:, 50:150].sum(axis=0), 20, atol=0.6)
    assert np.allclose(ink_line(line, 0.1, 200, 90).shape, (200, 20), atol=1)


# Strokes of a real pen


def test_recorded_strokes_are_drawn_where_the_pen_went(donors):
    """Every point is under ink, and no ink is farther from the way than the pen."""
    size, pen = 200, 0.06
    for digit in donors.strokes[::100]:
        coverage = stroke(digit, pen, size)
        assert max(coverage.shape) == size
        points = np.concatenate(digit)
        points = points - points.min(axis=0)
        scale = size * (1 - pen) / points.max()
        columns, rows = (points * scale + size * pen / 2).round().astype(int).T
        rows = rows.clip(max=coverage.shape[0] - 1)
        columns = columns.clip(max=coverage.shape[1] - 1)
        reached = ndimage.maximum_filter(coverage, 5)[rows, columns]
        assert np.mean(reached > 0.5) > 0.99
        away = np.ones(coverage.shape, bool)
        for way in digit:
            ends = (way - np.concatenate(digit).min(axis=0)) * scale + size * pen / 2
            between = np.linspace(ends[:-1], ends[1:], 50).reshape(-1, 2)
            dots = np.concatenate((between, ends)).round().astype(int)
            away[dots[:, 1].clip(max=len(away) - 1),
                 dots[:, 0].clip(max=away.shape[1] - 1)] = False  # fmt: skip
        distance = ndimage.distance_transform_edt(away)
        assert (
            distance[coverage > 0.5].max() < size * pen / 2 + 8
        )  # corners are rounded


def test_two_strokes_cross_and_a_dot_is_one_too():
    way = (np.array([[0, 0], [1000, 1000]]), np.array([[0, 1000], [1000, 0]]))
    cross = stroke(way, 0.1, 101)
    assert cross.shape == (101, 101)
    assert cross[50, 50] == 1
    assert cross[50, [0, -1]].max() == cross[[0, -1], 50].max() == 0
    one = stroke(way[:1], 0.1, 101)
    assert np.allclose(one, one.T, atol=0.02)
    assert one[10, 90] == 0 < cross[10, 90]
    dotted = stroke((*way[:1], np.array([[900, 100]])), 0.1, 101)
    assert dotted[14, 86] == 1
    assert dotted[30, 70] == 0


def test_strokes_are_turned_like_images():
    upright = (np.array([[0, 0], [0, 1000]]),)
    lying = stroke(upright, 0.1, 200, 90)
    assert np.allclose(lying.shape, (20, 200), atol=1)


def test_images_and_strokes_are_digits_alike(digits, donors):
    mixed = [*digits[:3], *donors.strokes[:3]]
    found = check_digits(mixed)
    assert found[3:] == donors.strokes[:3]
    assert all(map(np.array_equal, found[:3], digits[:3]))
    assert check_digits(digits) is digits


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: stroke(blank, 0.1, 100), "image: no ink"),
        (lambda: stroke(blank[np.newaxis], 0.1, 100), r"image: shape \(1, 28"),
        (lambda: stroke(blank + np.nan, 0.1, 100), "image: values from nan"),
        (lambda: stroke([[0.0], [0.0, 1.0]], 0.1, 100), "image: rows"),
        (lambda: likeness(blank), "image: no ink"),
        (lambda: likeness(blank[1:]), r"image: shape \(27, 28"),
        (lambda: stroke((), 0.1, 100), r"strokes: \[\]"),
        (lambda: stroke((np.zeros((0, 2)),), 0.1, 100), r"strokes: \[\(0, 2\)\]"),
        (lambda: stroke((np.zeros((4, 3)),), 0.1, 100), r"strokes: \[\(4, 3\)\]"),
        (lambda: stroke((4, 3), 0.1, 100), r"strokes: \[\(\), \(\)\]"),
        (lambda: check_digits([blank[1:], (blank[:, :2],)]), r"image: shape \(27, 28"),
        (lambda: stroke(blank, 0.1, 9), "size: 9"),
        (lambda: stroke(blank, 0.1, 50.0), "size: 50.0"),
        (lambda: stroke(blank, 0.5, 100), "pen: 0.5"),
        (lambda: stroke(blank, "thin", 100), "pen: thin"),
        (lambda: stroke(blank, np.nan, 100), "pen: nan"),
        (lambda: stroke(blank, 0.1, 100, np.inf), "angle: inf"),
    ],
)
def test_bad_input(make, message, refused):
    refused(make, message)
