"""Components of ink: what hangs together, how large it is and where."""

import numpy as np
from scipy import ndimage

AROUND = np.ones((3, 3), bool)  # pixels that touch at a corner hang together too


class Components:
    """The connected components of ink.

    Parameters
    ----------
    ink : numpy.ndarray, shape (height, width), bool

    Attributes
    ----------
    n : int
        How many there are.
    labels : numpy.ndarray, shape (height, width), int
        0 where there is no ink, else 1 + the number of the piece.
    area : numpy.ndarray, shape (n,), int
        Pixels.
    top, bottom, left, right : numpy.ndarray, shape (n,), int
        Their boxes; ``bottom`` and ``right`` are the first row and column beyond.
    size : numpy.ndarray, shape (n,), int
        The longer sides of their boxes.
    """

    def __init__(self, ink):
        self.labels, self.n = ndimage.label(ink, AROUND)
        self.boxes = ndimage.find_objects(self.labels)
        self.area = self._count(self.labels)
        edges = [(y.start, y.stop, x.start, x.stop) for y, x in self.boxes]
        edges = np.array(edges, int).reshape(-1, 4).T
        self.top, self.bottom, self.left, self.right = edges
        self.size = np.maximum(self.bottom - self.top, self.right - self.left)

    def _count(self, labels):
        return np.bincount(labels.ravel(), minlength=self.n + 1)[1:]

    def pixels(self, chosen):
        """Return where the pieces lie for which ``chosen`` (n,) is True."""
        return np.append(False, chosen)[self.labels]

    def inside(self, rim):
        """Return each piece's share of ink that is ``rim`` or more from the border."""
        height, width = self.labels.shape
        inner = self.labels[rim : height - rim, rim : width - rim]
        return self._count(inner) / self.area

    def touching(self):
        """Return which pieces touch the border."""
        height, width = self.labels.shape
        vertical = (self.top == 0) | (self.bottom == height)
        return vertical | (self.left == 0) | (self.right == width)

    def along(self):
        """Return the share of each piece's height or width that lies on a border.

        Of the four borders, the largest share; a piece that also reaches the opposite
        border, as a tightly cropped digit does, counts 0 there.
        """
        height, width = self.labels.shape
        tall, wide = self.bottom - self.top, self.right - self.left
        shares = (
            self._count(self.labels[0]) / wide * (self.bottom < height),
            self._count(self.labels[-1]) / wide * (self.top > 0),
            self._count(self.labels[:, 0]) / tall * (self.right < width),
            self._count(self.labels[:, -1]) / tall * (self.left > 0),
        )
        return np.max(shares, axis=0)

    def gaps(self, piece):
        """Return how far each piece's box is from that of ``piece``, in pixels."""
        x = np.maximum(self.left - self.right[piece], self.left[piece] - self.right)
        y = np.maximum(self.top - self.bottom[piece], self.top[piece] - self.bottom)
        return np.maximum(x, y).clip(0)

    def surrounds(self, piece, rim, size):
        """Return whether a piece is a frame around another.

        Parameters
        ----------
        piece : int
        rim : float
            How wide a frame is at most, as a part of its own shorter side.
        size : float
            How large the piece in it is at least, as a part of the same.
        """
        labels = self.labels[self.boxes[piece]]
        own = labels == piece + 1
        side = min(own.shape)
        width = round(rim * side)
        if (
            width == 0
            or own.mean() > 0.4
            or own[width:-width, width:-width].mean() > 0.1
        ):
            return False
        others = np.setdiff1d(labels, (0, piece + 1)) - 1
        return bool((self.size[others] > size * side).any())
