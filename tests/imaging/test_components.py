"""Components of ink: against scipy.ndimage, and by hand."""

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
import numpy as np
import pytest
from scipy import ndimage

from digitlib.imaging.components import Components
from digitlib.imaging.fast import padded

sheets = arrays(bool, array_shapes(min_dims=2, max_dims=2, max_side=15))

# In the order of their first rows: a bar down the left border, two pixels that touch at
# a corner, a ring, and two corners of the sheet
DRAWN = (
    "#..........",
    "#.#..####..",
    "#..#.#..#..",
    "#....#..#..",
    "#....####..",
    "...........",
    "#.........#",
)


@pytest.fixture
def drawn():
    return np.array([[mark == "#" for mark in row] for row in DRAWN])


@given(sheets)
def test_pieces_are_scipys(ink):
    pieces = Components(ink)
    labels, n = ndimage.label(ink, np.ones((3, 3)))
    numbers = np.arange(1, n + 1)
    assert pieces.n == n
    assert np.array_equal(pieces.labels, labels)
    assert np.array_equal(pieces.area, ndimage.sum_labels(ink, labels, numbers))
    for i in range(n):
        rows, columns = np.nonzero(labels == i + 1)
        edges = pieces.top[i], pieces.bottom[i], pieces.left[i], pieces.right[i]
        assert edges == (rows.min(), rows.max() + 1, columns.min(), columns.max() + 1)
        assert pieces.size[i] == 1 + max(np.ptp(rows), np.ptp(columns))
        on_border = np.isin(rows, (0, len(ink) - 1)).any()
        on_border |= np.isin(columns, (0, ink.shape[1] - 1)).any()
        assert pieces.touching()[i] == on_border


@given(sheets, st.data())
def test_pixels_are_those_of_the_chosen(ink, data):
    pieces = Components(ink)
    chosen = data.draw(arrays(bool, pieces.n))
    expected = np.isin(pieces.labels, 1 + np.flatnonzero(chosen))
    assert np.array_equal(pieces.pixels(chosen), expected)
    assert np.array_equal(pieces.pixels(np.ones(pieces.n, bool)), ink)


@given(sheets, st.integers(1, 9))
def test_the_part_inside(ink, rim):
    pieces = Components(ink)
    rows, columns = np.indices(ink.shape)
    height, width = ink.shape
    far = (rows >= rim) & (rows < height - rim)
    far &= (columns >= rim) & (columns < width - rim)
    labels = np.arange(1, pieces.n + 1)
    expected = ndimage.mean(far, pieces.labels, labels) if pieces.n else []
    assert np.allclose(pieces.inside(rim), expected)


def test_no_rim_at_all(drawn):
    assert (Components(drawn).inside(0) == 1).all()


@given(sheets)
def test_what_is_the_same_for_the_transposed_sheet(ink):
    one, other = Components(ink), Components(ink.T)
    assert sorted(one.along()) == sorted(other.along())
    assert sorted(one.inside(2)) == sorted(other.inside(2))
    assert (one.along() >= 0).all()
    assert (one.along() <= 1).all()
    assert not one.along()[~one.touching()].any()


def test_no_ink():
    pieces = Components(np.zeros((5, 7), bool))
    assert pieces.n == 0
    for array in (pieces.area, pieces.top, pieces.right, pieces.size, pieces.along(),
                  pieces.inside(1), pieces.touching()):  # fmt: skip
        assert array.shape == (0,)
    assert not pieces.pixels(np.zeros(0, bool)).any()
    assert pieces.pixels(np.zeros(0, bool)).shape == (5, 7)


def test_drawn_pieces(drawn):
    pieces = Components(drawn)
    assert pieces.n == 5
    assert pieces.area.tolist() == [5, 2, 12, 1, 1]
    assert pieces.size.tolist() == [5, 2, 4, 1, 1]
    assert pieces.touching().tolist() == [True, False, False, True, True]


def test_how_much_of_a_piece_lies_along_a_border():
    ink = np.zeros((20, 10), bool)
    ink[5:15, 0] = True  # a bar down the left border, with an arm at its foot
    ink[14, :4] = True
    ink[19, 6:9] = ink[18, 7] = True  # the lower edge: all of its width
    ink[0, 4] = ink[1, 3:6] = True  # the upper edge: a third
    along = Components(ink).along()
    assert np.allclose(along, [1 / 3, 1, 1])
    across = np.zeros((20, 10), bool)
    across[:, 4] = True  # from edge to edge, as a digit that is tightly cropped
    across[0, 4:8] = True
    assert Components(across).along() == [0]
    corner = np.zeros((20, 10), bool)
    corner[:3, 5:] = True
    assert Components(corner).along() == [1]


def test_gaps():
    ink = np.zeros((30, 30), bool)
    ink[10:20, 10:20] = True
    others = {(2, 2): 7, (2, 12): 7, (12, 25): 5, (22, 22): 2, (25, 0): 9}
    for row, column in others:
        ink[row, column] = True
    pieces = Components(ink)
    found = dict(zip(zip(pieces.top, pieces.left, strict=True), pieces.gaps(
        int(pieces.area.argmax())), strict=True))  # fmt: skip
    assert found == {**others, (10, 10): 0}
    nested = np.zeros((9, 9), bool)
    nested[1:8, 1:8] = True
    nested[2:7, 2:7] = False
    nested[4, 4] = True
    assert (
        Components(nested).gaps(0).tolist()
        == Components(nested).gaps(1).tolist()
        == [0, 0]
    )


def framed(width, inner, height=100, breadth=80):
    """A frame at a distance from the border, with a square of ink in it."""
    ink = np.zeros((height + 20, breadth + 20), bool)
    ink[10:-10, 10:-10] = True
    inside = 10 + width
    ink[inside:-inside, inside:-inside] = False
    ink[45 : 45 + inner, 36 : 36 + inner] = True
    return Components(ink)


@pytest.mark.parametrize(
    ("width", "inner", "expected"),
    [(3, 30, True), (9, 30, True), (3, 15, False), (20, 30, False), (3, 0, False)],
)
def test_a_frame(width, inner, expected):
    pieces = framed(width, inner)
    assert pieces.surrounds(0, 0.12, 0.25) is expected
    if inner:
        assert not pieces.surrounds(1, 0.12, 0.25)


def test_a_bar_is_no_frame():
    ink = np.zeros((60, 60), bool)
    ink[10:14, 5:55] = True
    ink[20:50, 20:40] = True
    pieces = Components(ink)
    assert not pieces.surrounds(0, 0.12, 0.25)
    assert not pieces.surrounds(1, 0.12, 0.25)


@given(sheets, st.integers(0, 3))
def test_padded_is_what_numpy_pads(sheet, by):
    assert np.array_equal(padded(sheet, by), np.pad(sheet, by))
    assert padded(sheet.astype(np.float32), by).dtype == np.float32
