"""The figures of the book: each function takes arrays and returns the Axes it drew.

Several Axes are an array of them. All are drawn in one style: see
`digitlib.plots.style`. Whatever a color says, a shape or a position says too.

Enters: arrays, and what ``digitlib.evaluation`` found. Leaves: figures of Matplotlib.
Imports no other room.
"""
# ruff: noqa: F401, I001 - what is imported here is what there is

from digitlib.plots.images import (
    boxed, cuts, digits, lattice, pictures, pixels, side_by_side,
)  # fmt: skip
from digitlib.plots.measurements import (
    class_counts, confidence_histogram, confusion_matrix, corruptions, curves, dot_rows,
    dots, intervals, learning_curves, precision_recall, ranges, reliability, scatter_of,
)  # fmt: skip
from digitlib.plots.networks import activations, answers, network, units
from digitlib.plots.style import STYLE
