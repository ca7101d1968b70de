"""Strokes: a digit written again, with any pen and at any size.

First its line, which has no width. Where the way of the pen was recorded, as in UNIPEN,
that is the line. The ink of an image of 28 by 28 pixels is thinned to one, as T. Y.
Zhang and C. Y. Suen do it: A fast parallel algorithm for thinning digital patterns,
Communications of the ACM 27 (3), 1984. Whatever lies within half a pen's width of the
line is ink, at any size.
"""

from dataclasses import dataclass
from functools import lru_cache
import math
from numbers import Real

import numpy as np
from PIL import Image, ImageDraw
from scipy import ndimage
from skimage.morphology import remove_small_objects, skeletonize

from digitlib._internal.checks import as_array, check_count, check_images
from digitlib.errors import DigitlibError


@dataclass(frozen=True)
class StrokeSettings:
    """How a line is found, and how ink is put around it again; all of it chosen.

    Where nothing else is said, a length is in pixels of the image of 28 by 28.
    """

    # What may be asked for, and is drawn; each pair is a range, both ends included
    pen: tuple = (0.01, 0.2)  #: the width of the line, as part of the size
    size: tuple = (10, 2000)  #: pixels of the result
    angle: tuple = (-360, 360)  #: degrees
    pens: tuple = ((0.03, 0.05), (0.07, 0.11), (0.13, 0.18))  #: thin, normal, thick
    finest: float = 1.6  #: pixels of the result: no pen that is drawn is thinner
    # How the line is found
    drawn: int = 20  #: the longer side of a digit whose way is known, as in MNIST
    border: int = 3  #: room around the image, for what is smoothed
    enlarged: int = 6  #: times
    rounded: float = 0.3  #: standard deviation of the smoothing before
    nearby: float = 1.5  #: standard deviation of what tells what lies around ...
    local: float = 0.5  #: ... of which this part is taken away, to open small loops
    inked: float = 0.3  #: ink is what then has this part of the highest value
    speck: int = 2  #: a line up to this long is dirt
    # How ink is put around it
    broadest: int = 6  #: half of the broadest pen, and a little more
    steady: float = 0.5  #: standard deviation of the smoothing of the line
    loop: float = 0.6  #: how much of the way to a loop's middle a pen may cover ...
    slit: float = 1.0  #: ... unless the middle is nearer than this: that is no loop


STROKES = StrokeSettings()


def stroke(digit, pen, size, angle=0.0, settings=STROKES):
    """Draw a digit anew with a round pen: an image (28, 28), light on dark, or a tuple
    of strokes, as of `digitlib.data.PenDigits`.

    The pen is as wide as part of ``size``, the longer side of the result in pixels;
    less inside of small loops, so that they stay open. The digit is turned clockwise by
    ``angle`` degrees. Returned is the part of each pixel covered by ink (height,
    width), float32, without a margin. A digit without ink is refused.
    """
    digit = _checked(digit)
    size = check_count("size", size, *settings.size)
    for name, value in (("pen", pen), ("angle", angle)):
        low, high = getattr(settings, name)
        if not (isinstance(value, Real) and low <= value <= high):
            asked = f"a number from {low} to {high}"
            raise DigitlibError(f"{name}: {value}, but {asked} is needed")
    return ink_line(find_line(digit, settings), pen, size, angle, settings)


def find_line(digit, settings=STROKES):
    """Find the line of a digit, as `ink_line` takes it."""
    if not isinstance(digit, tuple):
        return _traced(digit.tobytes(), settings)[1]
    points = np.concatenate(digit)
    low, side = points.min(axis=0), max(np.ptp(points, axis=0).max(), 1)
    side = settings.drawn * settings.enlarged / side
    canvas = Image.new("1", (settings.drawn * settings.enlarged + 1,) * 2)
    pen = ImageDraw.Draw(canvas)
    for points in digit:
        way = ((points - low) * side).round().ravel().tolist()
        pen.line(way if len(points) > 1 else way * 2, 1)
    return np.array(canvas)


def find_ends(digit, settings=STROKES):
    """Find where in its line a digit begins and ends: points (2, 2), x and y.

    For an image, that is a guess: on the left and high; on the right and low.
    """
    if not isinstance(digit, tuple):
        points = np.argwhere(find_line(digit, settings))[:, ::-1]
        return points[[(points @ way).argmin() for way in ([2, 1], [-2, -1])]]
    points = np.concatenate(digit)
    low, side = points.min(axis=0), max(np.ptp(points, axis=0).max(), 1)
    return (points[[0, -1]] - low) * (settings.drawn * settings.enlarged / side)


def lengthen(digit, tail):
    """Let the last stroke of a digit go on to the right, by part of its size."""
    *before, last = digit
    far = tail * np.ptp(np.concatenate(digit), axis=0).max()
    return (*before, np.append(last, [last[-1] + [far, -far / 4]], axis=0))


def lean_line(line, points, lean, wide, angle):
    """Let the top of a line stand ``lean`` times its height to the right of its foot.

    What leans already, as a 7, leans so much less. Besides, it gets ``wide`` times as
    wide, and is turned clockwise by ``angle`` degrees. Returned is the line in a box,
    and where in that the points (k, 2), x and y, have come to be.
    """
    inked = np.argwhere(line)[:, ::-1]
    (_, along), (_, down) = np.cov(inked.T, bias=True)
    lean -= np.clip(-along / max(down, 1), 0, max(lean, 0))
    sine, cosine = math.sin(math.radians(angle)), math.cos(math.radians(angle))
    change = [[wide, 0], [-lean, 1]] @ np.array([[cosine, sine], [-sine, cosine]])
    inked = inked @ change
    low = inked.min(axis=0)
    columns, rows = (inked - low).round().astype(int).T
    line = np.zeros((rows.max() + 1, columns.max() + 1), bool)
    line[rows, columns] = True
    # Closed where pixels have moved apart
    line = ndimage.binary_closing(np.pad(line, 1), np.ones((3, 3)))[1:-1, 1:-1]
    return line, points @ change - low


def ink_line(line, pen, size, angle=0.0, settings=STROKES):
    """Put ink around a line, bool, a pixel wide; the rest is as for `stroke`.

    It has ``settings.enlarged`` pixels to one of an image of 28 by 28.
    """
    [box] = ndimage.find_objects(line.astype(np.uint8))
    line = np.pad(line[box], settings.broadest * settings.enlarged)
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
        _squared_distances(line, radius / scale, settings),
        turn.T / scale, turn.T @ corner, tuple(shape), order=1, cval=np.inf,
    )  # fmt: skip
    distances = np.sqrt(squares.clip(0)) * scale
    return (radius + 0.5 - distances).clip(0, 1).astype(np.float32)


def likeness(image, settings=STROKES):
    """Tell how well a line and a round pen say what a digit's ink says.

    Where strokes have run together, the line between them is lost: a loop full of ink
    is thinned to a bar. So the digit (28, 28) is drawn anew with a pen as wide as its
    own usually is. Returned is the ink that both share, as part of the ink of either
    (Jaccard's index).
    """
    enlarged, line = _traced(_checked(image).tobytes(), settings)
    ink = enlarged > enlarged.max() / 2
    radius = np.median(ndimage.distance_transform_edt(ink)[line])
    drawn = ndimage.distance_transform_edt(~line) <= radius
    return float((drawn & ink).sum() / (drawn | ink).sum())


def draw_pen(size, rng, settings=STROKES):
    """Draw the width of a pen, as part of ``size``, which is in pixels."""
    return max(rng.uniform(*rng.choice(settings.pens)), settings.finest / size)


def check_digits(digits):
    """Return ``digits`` if each is what `stroke` takes: an array of images, or a list
    of images and strokes."""
    if isinstance(digits, list) and any(isinstance(digit, tuple) for digit in digits):
        return [_checked(digit) for digit in digits]
    return check_images(digits)


def _checked(digit):
    if isinstance(digit, tuple):
        if not digit or any(np.shape(way)[1:] != (2,) or not len(way) for way in digit):
            needed = "but a tuple of points (k, 2), some for each stroke, is needed"
            raise DigitlibError(
                f"strokes: {[np.shape(way) for way in digit]}, {needed}"
            )
        return digit
    image = as_array(digit, "image")
    if image.shape != (28, 28):
        raise DigitlibError(f"image: shape {image.shape}, but (28, 28) is needed")
    return check_images(image[np.newaxis], "image")[0]


@lru_cache(maxsize=1)  # who asks for a likeness often draws the digit next
def _traced(pixels, settings):
    """The image enlarged, and in it the middle of the strokes, a pixel wide."""
    image = np.frombuffer(pixels, np.float32).reshape(28, 28)
    times = settings.enlarged
    enlarged = ndimage.zoom(np.pad(image, settings.border), times, order=3)
    around = ndimage.gaussian_filter(enlarged, settings.nearby * times)
    rounded = ndimage.gaussian_filter(enlarged, settings.rounded * times)
    sharp = rounded - settings.local * around
    line = skeletonize(sharp > settings.inked * enlarged.max())
    line = remove_small_objects(line, max_size=settings.speck * times, connectivity=2)
    if not line.any():
        raise DigitlibError("image: no ink, but a digit is needed")
    return enlarged, line


def _squared_distances(line, radius, settings):
    """From each pixel to the line, smoothed; stretched inside of a small loop."""
    distances = ndimage.distance_transform_edt(~line)
    # The line parts the sheet into regions: the outside, which holds the first pixel,
    # and the loops. The middle of each is where it is deepest.
    regions, n = ndimage.label(~line)
    depths = ndimage.maximum(distances, regions, np.arange(n + 1))
    slits = depths < settings.slit * settings.enlarged
    depths[slits | (np.arange(n + 1) == regions[0, 0])] = np.inf
    stretched = distances * np.maximum(1, radius / (settings.loop * depths))[regions]
    # Smoothing a parabola adds its variance: that is taken off
    spread = settings.steady * settings.enlarged
    return ndimage.gaussian_filter(stretched**2, spread) - spread**2
