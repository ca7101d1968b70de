"""Distractors: pictures that are not of one digit, which a recogniser should refuse.

Drawn on the same paper and in the same light as the digits of
`digitlib.synthesis.photographs`.
"""

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from digitlib._internal.checks import check_images
from digitlib.errors import DigitlibError
from digitlib.synthesis.photographs import (
    FILL,
    TURN,
    draw_pen,
    draw_sheet,
    draw_side,
    generators,
    picture,
    place,
)
from digitlib.synthesis.strokes import stroke

# Capitals that nobody takes for a digit. Left out is what is one in some hand or font:
# B (8), D, O and Q (0), G (6), S (5), Z (2), and I, J and L (1: an upright bar, with at
# most a foot). Kept, though it comes close: C and U, since a 0 that is open along a
# whole side is no 0; P, since the bowl of a 9 is on the left of its stem; T, since the
# bar of a 7 ends at its stem; Y, since the stem of a 4 goes on from its right arm.
LETTERS = "ACEFHKMNPRTUVWXY"
THIN = 0.05  # the finest line of a letter, as part of its longer side
HEIGHT = 300  # pixels of a letter before it gets its own size
BESIDE = (0.2, 0.4)  # the longer side of each of two digits, as part of the sheet's
GAP = (0.03, 0.3)  # between the two, as part of that
LEVEL = 0.06  # one of them stands higher by up to this, as part of the same
MORE = 2  # lines come with up to this many more
BOXES = 0.3  # how often lines are a box
WIDTH = (0.5, 0.8)  # of a box, as part of the sheet's shorter side
FLATNESS = (0.5, 1.0)  # its height, as part of its width: a tall box is a 0
FLAT = (-20.0, 20.0)  # degrees: the first line lies; alone and upright it is a 1
ANY = (0.0, 180.0)  # degrees: the others
MIDDLE = (0.35, 0.65)  # where lines pass, as part of the sheet's sides
UNIFORM = 0.5  # how often noise is uniform from black to white; else it is normal
GREY = (0.3, 0.7)  # the mean of normal noise
DEVIATION = (0.1, 0.3)  # its standard deviation


def line_drawings(n, seed=0):
    """Photograph one to three straight lines across the sheet, or a box.

    Parameters
    ----------
    n : int, 0 to 2**32 - 1
        How many photographs.
    seed : int, 0 to 2**32 - 1

    Returns
    -------
    iterator of numpy.ndarray, shape (height, width, 3), uint8

    Raises
    ------
    DigitlibError
        If an argument has another range.
    """
    return map(_lines, generators(n, seed))


def noise_images(n, seed=0):
    """Make ``n`` images of nothing but grey noise; otherwise as `line_drawings`."""
    return map(_noise, generators(n, seed))


def digit_pairs(left, right, seed=0):
    """Photograph two digits side by side.

    Parameters
    ----------
    left, right : array_like, shape (n, 28, 28), floating point, in [0, 1]
        Light ink on dark.
    seed : int, 0 to 2**32 - 1

    Returns
    -------
    iterator of numpy.ndarray, shape (height, width, 3), uint8

    Raises
    ------
    DigitlibError
        If an argument has another shape, dtype or range. If an image has no ink, when
        its turn comes.
    """
    left, right = check_images(left, "left"), check_images(right, "right")
    if len(left) != len(right):
        raise DigitlibError(
            f"left and right: {len(left)} and {len(right)} images, "
            "but as many of each are needed"
        )
    return map(_pair, left, right, generators(len(left), seed))


def printed_letters(fonts, n, seed=0, letters=LETTERS):
    """Photograph one letter at a time.

    Parameters
    ----------
    fonts : sequence of path
        Font files that FreeType reads, as ``.ttf``; one of them is drawn for each.
    n : int, 0 to 2**32 - 1
        How many photographs.
    seed : int, 0 to 2**32 - 1
    letters : str
        Which letters may come.

    Returns
    -------
    iterator of numpy.ndarray, shape (height, width, 3), uint8

    Raises
    ------
    DigitlibError
        If there is no font or no letter, a font cannot be read, or an argument has
        another range.
    """
    fonts = check_fonts(fonts)
    if not fonts or not letters:
        raise DigitlibError("fonts and letters: at least one of each is needed")
    return (_letter(fonts, letters, rng) for rng in generators(n, seed))


def check_fonts(fonts):
    """Return the paths of ``fonts``, as str, if each is a font that can be read.

    Raises
    ------
    DigitlibError
        If one is not.
    """
    fonts = [str(font) for font in fonts]
    for font in fonts:
        try:
            ImageFont.truetype(font)
        except OSError:
            raise DigitlibError(f"{font}: not a font file that can be read") from None
    return fonts


def _lines(rng):
    side = draw_side(rng)
    shape = draw_sheet(side, rng)
    width = draw_pen(side / 2, rng) * side / 2
    if rng.random() < BOXES:
        along, beside = _axes(shape, rng.uniform(*TURN), (0.5, 0.5))
        half = rng.uniform(*WIDTH) * min(shape) / 2
        beyond = np.abs(along) - half, np.abs(beside) - half * rng.uniform(*FLATNESS)
        distances = np.abs(np.maximum(*beyond))
    else:
        first = rng.uniform(*FLAT)
        others = rng.uniform(*ANY, rng.integers(MORE, endpoint=True))
        axes = [_axes(shape, x, rng.uniform(*MIDDLE, 2)) for x in (first, *others)]
        distances = np.min([np.abs(beside) for _, beside in axes], axis=0)
    return picture((width / 2 + 0.5 - distances).clip(0, 1), width, rng)


def _axes(shape, angle, middle):
    """How far each pixel lies along a turned axis, and how far beside it."""
    down, across = np.indices(shape, np.float32)
    down -= middle[0] * shape[0]
    across -= middle[1] * shape[1]
    sine, cosine = np.sin(np.radians(angle)), np.cos(np.radians(angle))
    return cosine * across + sine * down, cosine * down - sine * across


def _noise(rng):
    shape = (*draw_sheet(draw_side(rng), rng), 1)
    if rng.random() < UNIFORM:
        grey = rng.uniform(0, 1, shape)
    else:
        grey = rng.normal(rng.uniform(*GREY), rng.uniform(*DEVIATION), shape)
    return np.repeat((grey.clip(0, 1) * 255).round().astype(np.uint8), 3, axis=2)


def _pair(left, right, rng):
    side = draw_side(rng)
    size = int(side * rng.uniform(*BESIDE))
    pen = draw_pen(size, rng)
    left, right = (stroke(x, pen, size, rng.uniform(*TURN)) for x in (left, right))
    gap = max(2, round(size * rng.uniform(*GAP)))
    ups = rng.permutation([0, int(size * LEVEL * rng.random())])
    height = max(len(left) + ups[0], len(right) + ups[1])
    # Paper above and below each, and the gap between them
    left = np.pad(left, ((height - ups[0] - len(left), ups[0]), (0, gap)))
    right = np.pad(right, ((height - ups[1] - len(right), ups[1]), (0, 0)))
    both = np.hstack([left, right])
    return picture(place(both, side, rng), pen * size, rng)


def _letter(fonts, letters, rng):
    side = draw_side(rng)
    size = int(side * rng.uniform(*FILL))
    font = ImageFont.truetype(str(rng.choice(fonts)), HEIGHT)
    drawn = Image.new("L", (2 * HEIGHT, 2 * HEIGHT))
    letter = str(rng.choice(list(letters)))
    ImageDraw.Draw(drawn).text((HEIGHT, HEIGHT), letter, 255, font, anchor="mm")
    drawn = drawn.rotate(rng.uniform(*TURN), Image.Resampling.BICUBIC)
    drawn = drawn.crop(drawn.getbbox())
    drawn.thumbnail((size, size))
    return picture(place(np.float32(drawn) / 255, side, rng), size * THIN, rng)
