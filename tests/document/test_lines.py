"""Lines: what belongs to which, and what to none."""

from dataclasses import replace

import numpy as np
import pytest

from digitlib.document.lines import LINES, split_lines
from digitlib.imaging.components import Components

DIGITS = [(10, 40, 16, 90), (50, 40, 56, 90), (150, 40, 156, 90)]


def drawn(*rectangles):
    """Ink: filled rectangles, each left, top, right, bottom."""
    ink = np.zeros((200, 400), np.float32)
    for left, top, right, bottom in rectangles:
        ink[top:bottom, left:right] = 1
    return ink


def test_a_line_holds_its_own_ink_and_erases_that_of_others():
    first = [(10, 10, 16, 60), (50, 10, 56, 70)]
    second = [(20, 65, 26, 115), (90, 66, 96, 110)]
    upper, lower = split_lines(drawn(*first, *second), 50)
    assert (upper.left, upper.top) == (10, 10)
    assert (lower.left, lower.top) == (20, 65)
    for line, own in ((upper, first), (lower, second)):
        whole = np.zeros((200, 400), np.float32)
        height, width = line.ink.shape
        whole[line.top : line.top + height, line.left : line.left + width] = line.ink
        assert np.array_equal(whole, drawn(*own))


def test_a_line_may_climb_from_digit_to_digit():
    stairs = [(10 + 30 * i, 10 + 10 * i, 16 + 30 * i, 60 + 10 * i) for i in range(12)]
    [line] = split_lines(drawn(*stairs), 50)
    assert Components(line.ink > 0.5).n == 12
    assert len(split_lines(drawn(*stairs[::4]), 50)) == 3  # they overlap by a fifth


@pytest.mark.parametrize(
    ("component", "kept"),
    [
        ((62, 20, 75, 23), True),  # the bar of a 5, beside it
        ((69, 20, 82, 23), True),
        ((75, 20, 88, 23), False),  # farther than 0.3 heights
        ((60, 20, 67, 22), False),  # a speck
        ((61, 10, 65, 28), True),
        ((45, 63, 57, 66), True),  # below
        ((45, 80, 57, 83), False),
    ],
)
def test_a_small_component_belongs_to_the_digit_it_is_near(component, kept):
    digits = [(10, 10, 16, 60), (50, 10, 56, 60), (150, 10, 156, 60)]
    [line] = split_lines(drawn(*digits, component), 50)
    assert Components(line.ink > 0.5).n == 3 + kept


@pytest.mark.parametrize(
    "component",
    [
        (200, 5, 210, 190),  # much taller than a digit
        (200, 20, 245, 65),  # a blot
        (200, 30, 204, 34),  # a speck
    ],
)
def test_what_is_no_digit_makes_no_line(component):
    digits = [(10, 10, 16, 60), (50, 10, 56, 60)]
    [line] = split_lines(drawn(*digits, component), 50)
    assert line.ink.shape == (50, 46)
    assert split_lines(drawn(component), 50) == []


def test_a_row_of_print_near_a_digit_is_no_part_of_it_but_a_bar_is():
    print_row = []
    for left in range(40, 120, 10):  # letters, each with two strokes above another
        print_row += [(left, 16, left + 7, 19), (left, 25, left + 7, 28)]
        print_row += [(left, 16, left + 2, 28)]
    [line] = split_lines(drawn(*DIGITS, *print_row), 50)
    assert Components(line.ink > 0.5).n == 3
    [line] = split_lines(drawn(*DIGITS, (52, 28, 96, 33)), 50)
    assert Components(line.ink > 0.5).n == 4


def test_a_word_whose_letters_touch_is_print_and_no_lost_ink():
    word = [(70, 50, 125, 53), (70, 62, 125, 65)]
    word += [(left, 50, left + 3, 65) for left in range(70, 125, 13)]
    [line] = split_lines(drawn(*DIGITS, *word), 50)
    assert Components(line.ink > 0.5).n == 3
    assert not line.beside


@pytest.mark.parametrize(
    ("component", "large"),
    [
        ((90, 42, 120, 56), True),  # between digits, but less tall than one
        ((180, 42, 203, 56), True),
        ((220, 42, 250, 56), False),  # farther than a height
        ((90, 42, 120, 48), False),  # a dash
        ((100, 42, 115, 56), False),  # too small
        ((90, 130, 120, 144), False),  # below
        ((100, 5, 120, 190), True),  # much taller than a digit
    ],
)
def test_large_ink_that_no_line_holds_is_noticed_beside_it(component, large):
    [line] = split_lines(drawn(*DIGITS, component), 50)
    assert Components(line.ink > 0.5).n == 3
    assert line.beside is large
    low = component[3] - component[1] < 10
    assert line.dash is low


def test_where_there_are_thousands_of_components_there_are_no_lines():
    assert LINES.most_digits == 2000
    few = replace(LINES, most_digits=200)
    ink = np.zeros((300, 500), np.float32)
    for top in range(10, 280, 26):
        ink[top : top + 18, 10:490:24] = ink[top : top + 18, 11:490:24] = 1
    assert Components(ink > 0.5).n == 220
    assert split_lines(ink, 18, few) == []
    assert len(split_lines(ink, 18)) == 11
    assert len(split_lines(ink[:270], 18, few)) == 10
