"""Images drawn with characters."""

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
import numpy as np
import pytest

from digitlib._internal.terminal import SHADES, draw


def test_half_blocks_show_two_rows_a_line():
    image = [[0, 1, 0, 1], [0, 0, 1, 1], [1, 1, 0, 0], [1, 0, 1, 0]]
    assert draw(image) == " ▀▄█\n█▀▄ "
    assert draw(image, None) == draw(image)


def test_an_odd_last_row():
    assert draw([[1.0, 0.0]]) == "▀ "
    assert draw([[1.0, 0.0]], "ascii") == "+ "


def test_shades_where_there_are_no_blocks():
    greys = np.linspace(0, 1, 10)
    assert draw([greys, greys], "ascii") == SHADES
    assert draw([np.ones(3), np.zeros(3)], "latin-1") == "+++"
    assert draw([[1.0], [1.0]], "no such encoding") == "@"


def test_a_mnist_image_shows_its_strokes(mnist):
    seven = mnist[1][0][0] / 255
    for encoding in ("utf-8", "ascii", "cp1252"):
        rows = draw(seven, encoding).split("\n")
        assert [bool(row.strip()) for row in rows] == [False] * 3 + [True] * 11
        assert len(rows[4].strip()) > 8  # the bar of a 7
        assert len(rows[11].strip()) < 6  # its leg
        assert len(rows[11].rstrip()) < len(rows[4].rstrip())  # slants to the left


@given(
    arrays(np.float32, (28, 28), elements=st.floats(0, 1, width=32)),
    st.sampled_from(["utf-8", "utf-16", "ascii", "cp437", "latin-1"]),
)
def test_fourteen_lines_of_28_characters_in_every_encoding(image, encoding):
    text = draw(image, encoding)
    text.encode(encoding)
    assert [len(line) for line in text.split("\n")] == [28] * 14


@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
def test_what_is_lighter_is_not_drawn_darker(encoding):
    drawn = [draw(np.full((2, 1), grey), encoding) for grey in np.linspace(0, 1, 21)]
    order = " █" if encoding == "utf-8" else SHADES
    positions = [order.index(character) for character in drawn]
    assert positions == sorted(positions)
    assert {positions[0], positions[-1]} == {0, len(order) - 1}
