"""Cuts: the cheapest paths through a line of ink, from its top to its bottom."""

import numpy as np

# What a cut costs
ENTER = 5.0
"""To enter a stroke. A place where two digits touch is entered once."""
THROUGH = 0.3
"""Each pixel through a stroke."""
MOVES = (0, -1, 1)  # columns by which a cut may step aside from row to row
ASIDE = 0.2  # each such step


class Cuts:
    """Cuts from the top of a line to its bottom, each the cheapest path for its place.

    Parameters
    ----------
    ink : numpy.ndarray, shape (h, w), float32, in [0, 1]

    Attributes
    ----------
    cost : numpy.ndarray, shape (w,), float
        Of the cut that passes each column in the middle row.
    """

    def __init__(self, ink):
        self.shape = ink.shape
        self._middle = len(ink) // 2
        upper, self._up = _cheapest(ink[: self._middle])
        lower, self._down = _cheapest(ink[self._middle :][::-1])
        self.cost = upper + lower
        self._paths = {}

    def path(self, column):
        """Return a cut's column in each row, (h,) int; -1 and w are the ends."""
        height, width = self.shape
        if column in (-1, width):
            return np.full(height, max(column, 0))
        if column not in self._paths:
            up, down = _follow(self._up, column), _follow(self._down, column)
            self._paths[column] = np.concatenate((up, down[::-1]))
        return self._paths[column]


def _cheapest(ink):
    """What the cheapest way to each column of the last row costs, and its steps."""
    cost = np.zeros(ink.shape[1], np.float32)
    steps = np.zeros(ink.shape, np.int8)
    above = np.zeros_like(cost)
    for row, step in zip(ink, steps, strict=True):
        ways = np.stack(
            [
                _moved(cost, by, np.inf)
                + ENTER * (row - _moved(above, by, 0)).clip(0)
                + ASIDE * abs(by)
                for by in MOVES
            ]
        )
        best = ways.argmin(axis=0)
        step[:] = np.array(MOVES, np.int8)[best]
        cost = ways.min(axis=0) + THROUGH * row
        above = row
    return cost, steps


def _moved(row, by, beyond):
    """What is ``by`` columns to the right, or to the left if below 0."""
    if by == 0:
        return row
    moved = np.full_like(row, beyond)
    if by > 0:
        moved[:-by] = row[by:]
    else:
        moved[-by:] = row[:by]
    return moved


def _follow(steps, column):
    """The columns of a way, from the first row to the last, which it leaves at one."""
    columns = np.empty(len(steps), int)
    for row in range(len(steps) - 1, -1, -1):
        columns[row] = column
        column += int(steps[row, column])
    return columns
