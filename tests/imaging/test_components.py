"""Components of ink: against scipy.ndimage, and by hand."""

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
import numpy as np
import pytest
from scipy import ndimage

from digitlib.imaging.components import Components, crossing

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
    found = Components(ink)
    labels, n = ndimage.label(ink, np.ones((3, 3)))
    numbers = np.arange(1, n + 1)
    assert found.n == n
    assert np.array_equal(found.labels, labels)
    assert np.array_equal(found.area, ndimage.sum_labels(ink, labels, numbers))
    for i in range(n):
        rows, columns = np.nonzero(labels == i + 1)
        edges = (found.top[i], found.bottom[i], found.left[i], found.right[i])
        assert edges == (rows.min(), rows.max() + 1, columns.min(), columns.max() + 1)
        assert found.size[i] == 1 + max(np.ptp(rows), np.ptp(columns))
        on_border = np.isin(rows, (0, len(ink) - 1)).any()
        on_border |= np.isin(columns, (0, ink.shape[1] - 1)).any()
        assert found.touching()[i] == on_border


@given(sheets, st.data())
def test_pixels_are_those_of_the_chosen(ink, data):
    found = Components(ink)
    chosen = data.draw(arrays(bool, found.n))
    expected = np.isin(found.labels, 1 + np.flatnonzero(chosen))
    assert np.array_equal(found.pixels(chosen), expected)
    assert np.array_equal(found.pixels(np.ones(found.n, bool)), ink)


@given(sheets, st.integers(1, 9))
def test_the_part_inside(ink, rim):
    found = Components(ink)
    rows, columns = np.indices(ink.shape)
    height, width = ink.shape
    far = (rows >= rim) & (rows < height - rim)
    far &= (columns >= rim) & (columns < width - rim)
    labels = np.arange(1, found.n + 1)
    expected = ndimage.mean(far, found.labels, labels) if found.n else []
    assert np.allclose(found.inside(rim), expected)


@given(sheets)
def test_what_is_the_same_for_the_transposed_sheet(ink):
    one, other = Components(ink), Components(ink.T)
    assert sorted(one.along()) == sorted(other.along())
    assert sorted(one.inside(2)) == sorted(other.inside(2))
    assert (one.along() >= 0).all()
    assert (one.along() <= 1).all()
    assert not one.along()[~one.touching()].any()


def test_no_ink():
    found = Components(np.zeros((5, 7), bool))
    assert found.n == 0
    for array in (found.area, found.top, found.right, found.size, found.along(),
                  found.inside(1), found.touching()):  # fmt: skip
        assert array.shape == (0,)
    assert not found.pixels(np.zeros(0, bool)).any()
    assert found.pixels(np.zeros(0, bool)).shape == (5, 7)


def test_drawn_pieces(drawn):
    found = Components(drawn)
    assert (found.inside(0) == 1).all()
    assert found.n == 5
    assert found.area.tolist() == [5, 2, 12, 1, 1]
    assert found.size.tolist() == [5, 2, 4, 1, 1]
    assert found.touching().tolist() == [True, False, False, True, True]


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
    found = Components(ink)
    gaps = found.gaps(int(found.area.argmax()))
    corners = zip(found.top, found.left, strict=True)
    assert dict(zip(corners, gaps, strict=True)) == {**others, (10, 10): 0}
    nested = np.zeros((9, 9), bool)
    nested[1:8, 1:8] = True
    nested[2:7, 2:7] = False
    nested[4, 4] = True
    assert [Components(nested).gaps(i).tolist() for i in (0, 1)] == [[0, 0]] * 2


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
    found = framed(width, inner)
    assert found.surrounds(0, 0.12, 0.25) is expected
    if inner:
        assert not found.surrounds(1, 0.12, 0.25)


def test_a_bar_is_no_frame():
    ink = np.zeros((60, 60), bool)
    ink[10:14, 5:55] = ink[20:50, 20:40] = True
    assert not any(Components(ink).surrounds(i, 0.12, 0.25) for i in (0, 1))


def test_what_has_a_bar_across_is_no_frame():
    ink = np.zeros((100, 100), bool)
    ink[10:90, 10:90] = True
    ink[14:50, 14:86] = ink[62:86, 14:86] = False  # 12 rows remain between
    ink[20:44, 30:54] = True
    found = Components(ink)
    assert not found.surrounds(0, 0.12, 0.25)
    assert found.surrounds(0, 0.12, 0.25, inner=0.3)


@pytest.mark.parametrize(
    ("reach", "aside", "crossed"),
    [(1, 0, []), (2, 0, [2]), (2, 1, [1, 2, 3, 6]), (1, 1, [])],
)
def test_where_strokes_cross_a_line(reach, aside, crossed):
    """A stroke across, one that slants, and one that ends at the line."""
    ink = np.zeros((6, 12), bool)
    ink[:2, 2] = ink[4:, 2] = ink[:2, 5] = ink[4:, 7] = ink[:2, 11] = True
    found = crossing(ink, reach, aside)[2:4].all(axis=0)
    assert np.flatnonzero(found).tolist() == crossed
