"""What is printed on a form before a digit is written."""

from types import SimpleNamespace

import numpy as np
import pytest

from digitlib.synthesis.printing import PRINT, Form, draw_lines, draw_words

LEVEL = SimpleNamespace(turned=np.array)  # a writer whose lines do not slope


@pytest.mark.parametrize(
    ("style", "between", "tooth", "lines", "foot"),
    [("boxes", 5, 30, 12, 0), ("frame", 0, 30, 6, 0), ("comb", 0, 10, 6, 20)],
)
def test_boxes_stand_side_by_side(style, between, tooth, lines, foot):
    form = Form(LEVEL, style, np.array([20, 30]), between, tooth, 2)
    drawn, corners = form.boxes(3)
    assert len(drawn) == lines
    right = 60 + 2 * between
    assert corners.tolist() == [[0, 0], [right, 0], [0, 30], [right, 30]]
    assert drawn.reshape(-1, 2).max(axis=0).tolist() == [right, 30]
    if style != "boxes":  # dividers come first
        assert drawn[:2].tolist() == [[[x, foot], [x, 30]] for x in (20, 40)]
    assert form.center(1).tolist() == [30 + between, 15]


def test_a_line_covers_its_width_where_it_lies():
    drawn = draw_lines([[(10, 20), (50, 20)]], 4, 40, 60, PRINT)
    assert drawn.shape == (40, 60)
    assert drawn.dtype == np.float32
    assert drawn.sum() == pytest.approx(4 * 40, rel=0.05)
    rows, columns = np.nonzero(drawn > 0.5)
    assert 17 < rows.min() <= rows.max() < 23
    assert (columns.min(), columns.max()) == (10, 49)
    assert not draw_lines([], 4, 40, 60, PRINT).any()


def test_words_are_those_of_the_settings():
    lines = draw_words(50, np.random.default_rng(0), PRINT).split("\n")
    assert len(lines) == 50
    for line in lines:
        for word in sorted(PRINT.words, key=len, reverse=True):
            line = line.replace(word, "")
        assert line.strip() == ""
