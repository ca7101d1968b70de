"""Components of ink: what hangs together, how large it is and where."""

import numpy as np
from scipy import ndimage

from digitlib.imaging.fast import grown, padded

AROUND = np.ones((3, 3), bool)  # pixels that touch at a corner hang together too


def crossing(ink, reach, aside):
    """Return where strokes cross a level line, and stay when it is erased. There,
    ``ink`` without the line is within ``reach`` rows both above and below, at most
    ``aside`` columns away."""
    above, below = np.zeros_like(ink), np.zeros_like(ink)
    for step in range(1, reach + 1):
        above[step:] |= ink[:-step]
        below[:-step] |= ink[step:]
    return grown(above, 0, aside) & grown(below, 0, aside)


def interior(ink):
    """Return which pixels of ink, (height, width) bool, have ink on all four sides."""
    around = padded(ink)
    rows = around[:-2, 1:-1] & around[2:, 1:-1]
    return ink & rows & around[1:-1, :-2] & around[1:-1, 2:]


class Components:
    """The ``n`` connected components of ink, (height, width) bool.

    Attributes
    ----------
    labels : numpy.ndarray, shape (height, width), int
        0 where there is no ink, else 1 + the number of the component.
    area : numpy.ndarray, shape (n,), int, pixels
    top, bottom, left, right : numpy.ndarray, shape (n,), int
        Their boxes; ``bottom`` and ``right`` are the first row and column beyond.
    height, width, size : numpy.ndarray, shape (n,), int
        Of their boxes; the size is the longer side.
    """

    def __init__(self, ink):
        self.labels, self.n = ndimage.label(ink, AROUND)
        self.boxes = ndimage.find_objects(self.labels)
        self.area = self.count(self.labels)
        edges = [(y.start, y.stop, x.start, x.stop) for y, x in self.boxes]
        edges = np.array(edges, int).reshape(-1, 4).T
        self.top, self.bottom, self.left, self.right = edges
        self.height, self.width = self.bottom - self.top, self.right - self.left
        self.size = np.maximum(self.height, self.width)

    def count(self, labels):
        """Return how often each component's label is among some, (n,) int."""
        return np.bincount(labels[labels > 0], minlength=self.n + 1)[1:]

    def pixels(self, chosen):
        """Return where the components lie for which ``chosen`` (n,) is True."""
        return np.append(False, chosen)[self.labels]

    def inside(self, rim):
        """Return the share of each that is ``rim`` pixels or more from the border."""
        height, width = self.labels.shape
        inner = self.labels[rim : height - rim, rim : width - rim]
        return self.count(inner) / self.area

    def touching(self):
        """Return which components touch the border."""
        return self.borders()[0].any(axis=0)

    def corners(self):
        """Return which components hold a corner of the image."""
        return self.count(self.labels[[0, 0, -1, -1], [0, -1, 0, -1]]) > 0

    def borders(self):
        """Return how many pixels of each are on the upper, lower, left and right
        border, (4, n), and the shares of its width or height that these are."""
        borders = *self.labels[[0, -1]], *self.labels.T[[0, -1]]
        counts = np.array([self.count(border) for border in borders])
        return counts, counts / [self.width, self.width, self.height, self.height]

    def along(self):
        """Return the largest share of each one's height or width that is on a border.
        What also reaches the opposite border, as a tightly cropped digit, counts 0."""
        counts, shares = self.borders()
        return np.where(counts[[1, 0, 3, 2]] > 0, 0, shares).max(axis=0)

    def gaps(self, i):
        """Return how far each component's box is from that of number i, in pixels."""
        x = np.maximum(self.left - self.right[i], self.left[i] - self.right)
        y = np.maximum(self.top - self.bottom[i], self.top[i] - self.bottom)
        return np.maximum(x, y).clip(0)

    def surrounds(self, i, rim, size, filled=0.4, inner=0.1):
        """Return whether component i is a frame around another. It is at most ``rim``
        wide, and the other at least ``size`` large, in parts of its shorter side; of
        its box at most ``filled`` is ink, of its inside ``inner``."""
        labels = self.labels[self.boxes[i]]
        own = labels == i + 1
        side = min(own.shape)
        width = round(rim * side)
        inside = own[width:-width, width:-width]
        if width == 0 or own.mean() > filled or inside.mean() > inner:
            return False
        others = np.setdiff1d(labels, (0, i + 1)) - 1
        return bool((self.size[others] > size * side).any())
