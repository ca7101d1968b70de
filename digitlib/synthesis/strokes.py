"""Strokes: a digit of 28 by 28 pixels, written again with any pen and at any size.

Its ink is thinned to a line without width. Whatever lies within half a pen's width of
that line is ink again; how far away a pixel lies can be told at any size.
"""

from functools import lru_cache
import math
from numbers import Real

import numpy as np
from scipy import ndimage
from skimage.morphology import remove_small_objects, skeletonize

from digitlib._internal.checks import as_array, check_count, check_images
from digitlib.errors import DigitlibError

# What may be asked for, both ends included
PEN = (0.01, 0.2)  # the width of the line, as part of the size
SIZE = (10, 2000)  # pixels
ANGLE = (-360, 360)  # degrees

# How the line is found; lengths are in pixels of the image
BORDER = 3  # room around the image, for what is smoothed
ENLARGED = 6  # times
ROUNDED = 0.3  # standard deviation of the smoothing before the line is found
NEARBY = 1.5  # standard deviation of the smoothing that tells what lies around ...
LOCAL = 0.5  # ... of which this part is taken away, to open small loops
INKED = 0.3  # ink is what then has this part of the highest value
SPECK = 2  # a line up to this long is dirt

# How ink is put on it again; in the same unit
BROADEST = 6  # half of the broadest pen, and a little more
STEADY = 0.5  # standard deviation of the smoothing of the line
LOOP = 0.6  # the part of the way to the middle of a loop that a pen may cover ...
SLIT = 1  # ... unless the middle is nearer than this: that is no loop


def stroke(image, pen, size, angle=0.0):
    """Draw a digit anew, with a round pen.

    Parameters
    ----------
    image : array_like, shape (28, 28), floating point, in [0, 1]
        Light ink on dark.
    pen : float, 0.01 to 0.2
        The width of the line, as part of ``size``; less inside of small loops, so
        that they stay open.
    size : int, 10 to 2000
        The longer side of the result, in pixels.
    angle : float, degrees, -360 to 360
        How far the digit is turned, clockwise.

    Returns
    -------
    numpy.ndarray, shape (height, width), float32, in [0, 1]
        The part of each pixel that is covered by ink; no margin.

    Raises
    ------
    DigitlibError
        If an argument has another shape, dtype or range; if there is no ink.

    Notes
    -----
    The line is found by thinning, as scikit-image's ``skeletonize`` does it: T. Y.
    Zhang and C. Y. Suen, A fast parallel algorithm for thinning digital patterns,
    Communications of the ACM 27 (3), 1984.
    """
    image = _checked(image)
    size = check_count("size", size, *SIZE)
    for name, value, (low, high) in (("pen", pen, PEN), ("angle", angle, ANGLE)):
        if not (isinstance(value, Real) and low <= value <= high):
            raise DigitlibError(
                f"{name}: {value}, but a number from {low} to {high} is needed"
            )
    line = _line(image)
    # Turned, the line must fit into the size, with half a pen's width on each side.
    sine, cosine = math.sin(math.radians(angle)), math.cos(math.radians(angle))
    turn = np.array([[cosine, sine], [-sine, cosine]])  # of (row, column)
    points = np.argwhere(line) @ turn.T
    low, high = points.min(axis=0), points.max(axis=0)
    scale = size * (1 - pen) / max((high - low).max(), 1)
    radius = size * pen / 2
    shape = np.ceil((high - low) * scale + 2 * radius).astype(int).clip(max=size)
    # A pixel of the result looks up its distance at turn.T @ (pixel / scale + corner).
    corner = (low + high) / 2 - (shape - 1) / 2 / scale
    squares = ndimage.affine_transform(
        _squared_distances(line, radius / scale),
        turn.T / scale, turn.T @ corner, tuple(shape), order=1, cval=np.inf,
    )  # fmt: skip
    distances = np.sqrt(squares.clip(0)) * scale
    return (radius + 0.5 - distances).clip(0, 1).astype(np.float32)


def likeness(image):
    """Tell how well a line and a round pen say what a digit's ink says.

    Where strokes have run together, the line between them is lost, and with it, often,
    what the digit was: a loop full of ink is thinned to a bar.

    Parameters
    ----------
    image : array_like, shape (28, 28), floating point, in [0, 1]
        Light ink on dark.

    Returns
    -------
    float, 0 to 1
        The digit is drawn anew with a pen as wide as its own usually is: the ink that
        both share, as part of the ink of either (Jaccard's index).

    Raises
    ------
    DigitlibError
        If the image has another shape, dtype or range; if there is no ink.
    """
    enlarged, line = _trace(_checked(image))
    ink = enlarged > enlarged.max() / 2
    radius = np.median(ndimage.distance_transform_edt(ink)[line])
    drawn = ndimage.distance_transform_edt(~line) <= radius
    return float((drawn & ink).sum() / (drawn | ink).sum())


def _checked(image):
    image = as_array(image, "image")
    if image.shape != (28, 28):
        raise DigitlibError(f"image: shape {image.shape}, but (28, 28) is needed")
    [image] = check_images(image[np.newaxis], "image")
    return image


def _line(image):
    """The middle of the strokes, a pixel wide, enlarged; room for the pen around."""
    _, line = _trace(image)
    [box] = ndimage.find_objects(line.astype(np.uint8))
    return np.pad(line[box], BROADEST * ENLARGED)


def _trace(image):
    return _traced(image.astype(np.float32).tobytes())


@lru_cache(maxsize=1)  # who asks for a likeness often draws the digit next
def _traced(pixels):
    """The image enlarged, and in it the middle of the strokes, a pixel wide."""
    image = np.frombuffer(pixels, np.float32).reshape(28, 28)
    enlarged = ndimage.zoom(np.pad(image, BORDER), ENLARGED, order=3)
    around = ndimage.gaussian_filter(enlarged, NEARBY * ENLARGED)
    sharp = ndimage.gaussian_filter(enlarged, ROUNDED * ENLARGED) - LOCAL * around
    line = skeletonize(sharp > INKED * enlarged.max())
    line = remove_small_objects(line, max_size=SPECK * ENLARGED, connectivity=2)
    if not line.any():
        raise DigitlibError("image: no ink, but a digit is needed")
    return enlarged, line


def _squared_distances(line, radius):
    """From each pixel to the line, smoothed; stretched inside of a small loop."""
    distances = ndimage.distance_transform_edt(~line)
    # The line parts the sheet into regions: the outside, which holds the first pixel,
    # and the loops. The middle of each is where it is deepest.
    regions, n = ndimage.label(~line)
    depths = ndimage.maximum(distances, regions, np.arange(n + 1))
    depths[(depths < SLIT * ENLARGED) | (np.arange(n + 1) == regions[0, 0])] = np.inf
    stretched = distances * np.maximum(1, radius / (LOOP * depths))[regions]
    spread = STEADY * ENLARGED  # smoothing a parabola adds its variance: taken off
    return ndimage.gaussian_filter(stretched**2, spread) - spread**2
