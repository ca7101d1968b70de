"""Cuts: the cheapest paths through a line of ink, from its top to its bottom."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class CutSettings:
    """What a cut costs, chosen on generated fields of validation digits; no unit."""

    enter: float = 5.0  #: to enter a stroke: where two digits touch, once
    through: float = 0.3  #: each pixel through a stroke
    aside: float = 0.4  #: each step aside


CUTS = CutSettings()  #: What cuts cost, if nothing else is given.


class Cuts:
    """Cuts from the top of a line to its bottom, each the cheapest path for its place.

    Of ``ink``, (h, w) float32 in [0, 1]; ``cost``, (w,) float32, is that of the cut
    that passes each column in the middle row.
    """

    def __init__(self, ink, settings=CUTS):
        self.shape = ink.shape
        self._middle = len(ink) // 2
        upper, self._up = _cheapest(ink[: self._middle], settings)
        lower, self._down = _cheapest(ink[self._middle :][::-1], settings)
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


def _cheapest(ink, settings):
    """What the cheapest way to each column of the last row costs, and its steps."""
    width, moves = ink.shape[1], np.array([0, -1, 1], np.int8)  # as equals are chosen
    beside = 1 + moves[:, np.newaxis] + np.arange(width)
    aside = np.abs(moves[:, np.newaxis]) * np.float32(settings.aside)
    cost, above = np.zeros((2, width + 2), np.float32)
    cost[[0, -1]] = np.inf
    steps = np.zeros(ink.shape, np.int8)
    for row, step in zip(ink, steps, strict=True):
        entered = settings.enter * (row - above[beside]).clip(0)
        ways = cost[beside] + entered + aside
        step[:] = moves[ways.argmin(axis=0)]
        cost[1:-1] = ways.min(axis=0) + settings.through * row
        above[1:-1] = row
    return cost[1:-1], steps


def _follow(steps, column):
    """The columns of a way, from the first row to the last, which it leaves at one."""
    columns = np.empty(len(steps), int)
    for row in range(len(steps) - 1, -1, -1):
        columns[row] = column
        column += int(steps[row, column])
    return columns
