"""Negatives: pictures that are not of one digit, which a recogniser should refuse.

Drawn on the paper and in the light of `digitlib.synthesis.photographs`.
"""

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from digitlib._internal.checks import check_fonts, check_images
from digitlib.errors import DigitlibError
from digitlib.synthesis import photographs
from digitlib.synthesis.strokes import draw_pen, stroke


@dataclass(frozen=True)
class NegativeSettings:
    """What is drawn; all of it chosen. A pair is a range to draw a number from."""

    #: The paper, the light, the pens
    photographs: "photographs.PhotographSettings" = photographs.PHOTOGRAPHS
    # Lines
    more: int = 2  #: there are up to this many more than one
    boxes: float = 0.3  #: how often they are a box
    width: tuple = (0.5, 0.8)  #: of a box, as part of the sheet's shorter side
    flatness: tuple = (0.5, 1.0)  #: its height, as part of its width: a tall box is a 0
    flat: tuple = (-20.0, 20.0)  #: degrees: the first line lies; upright, it is a 1
    turned: tuple = (0.0, 180.0)  #: degrees: the others
    middle: tuple = (0.35, 0.65)  #: where lines pass, as part of the sheet's sides
    # Noise
    uniform: float = 0.5  #: how often it is so from black to white; else it is normal
    grey: tuple = (0.3, 0.7)  #: the mean of normal noise
    deviation: tuple = (0.1, 0.3)  #: its standard deviation
    # Pairs
    beside: tuple = (0.2, 0.4)  #: the longer side of each digit, as part of the sheet's
    gap: tuple = (0.03, 0.3)  #: between the two, as part of that
    level: float = 0.06  #: one of them stands higher by up to this part of the same
    # Letters: capitals that are no digit in any hand or font, as B (8), D, O, Q (0),
    # G (6), S (5), Z (2) and I, J, L (1) are. Kept, though they come close: C and U,
    # open along a whole side; P, as a 9's bowl is left of its stem; T, as a 7's bar
    # ends at its stem; Y, as a 4's stem goes on from its right arm.
    letters: str = "ACEFHKMNPRTUVWXY"  #: one of these comes
    thin: float = 0.05  #: the finest line of a letter, as part of its longer side
    height: int = 300  #: pixels of a letter before it gets its own size


NEGATIVES = NegativeSettings()


def line_drawings(n, seed=0, settings=NEGATIVES):
    """Photograph one to three straight lines across the sheet, or a box, ``n`` times.

    Parameters
    ----------
    n, seed : int, 0 to 2**32 - 1
    settings : NegativeSettings

    Returns
    -------
    iterator of numpy.ndarray, shape (height, width, 3), uint8

    Raises
    ------
    DigitlibError
        If an argument has another range.
    """
    return (_lines(settings, rng) for rng in photographs.generators(n, seed))


def noise_images(n, seed=0, settings=NEGATIVES):
    """Make ``n`` images of nothing but grey noise; otherwise as `line_drawings`."""
    return (_noise(settings, rng) for rng in photographs.generators(n, seed))


def digit_pairs(left, right, seed=0, settings=NEGATIVES):
    """Photograph two digits side by side; otherwise as `line_drawings`.

    Parameters
    ----------
    left, right : array_like, shape (n, 28, 28), floating point, in [0, 1]
        Light ink on dark. One without ink is an error when its turn comes.
    """
    left, right = check_images(left, "left"), check_images(right, "right")
    if len(left) != len(right):
        given = f"left and right: {len(left)} and {len(right)} images"
        raise DigitlibError(f"{given}, but as many of each are needed")
    rngs = photographs.generators(len(left), seed)
    return map(lambda *one: _pair(settings, *one), left, right, rngs)


def printed_letters(fonts, n, seed=0, settings=NEGATIVES):
    """Photograph one letter at a time; otherwise as `line_drawings`.

    Parameters
    ----------
    fonts : sequence of path
        Font files that FreeType reads, as ``.ttf``; one of them is drawn for each.
    """
    fonts = check_fonts(fonts)
    if not fonts or not settings.letters:
        raise DigitlibError("fonts and letters: at least one of each is needed")
    return (_letter(settings, fonts, rng) for rng in photographs.generators(n, seed))


def _lines(settings, rng):
    look = settings.photographs
    side = round(photographs.draw_small(look.side, rng))
    shape = photographs.draw_sheet(side, rng, look)
    width = draw_pen(side / 2, rng, look.strokes) * side / 2
    if rng.random() < settings.boxes:
        along, beside = _axes(shape, rng.uniform(*look.turn), (0.5, 0.5))
        half = rng.uniform(*settings.width) * min(shape) / 2
        higher = half * rng.uniform(*settings.flatness)
        distances = np.abs(np.maximum(np.abs(along) - half, np.abs(beside) - higher))
    else:
        first, more = rng.uniform(*settings.flat), rng.integers(settings.more + 1)
        angles = (first, *rng.uniform(*settings.turned, more))
        axes = [_axes(shape, x, rng.uniform(*settings.middle, 2)) for x in angles]
        distances = np.min([np.abs(beside) for _, beside in axes], axis=0)
    coverage = (width / 2 + 0.5 - distances).clip(0, 1)
    return photographs.picture(coverage, width, rng, look)


def _axes(shape, angle, middle):
    """How far each pixel lies along a turned axis, and how far beside it."""
    down, across = np.indices(shape, np.float32)
    down -= middle[0] * shape[0]
    across -= middle[1] * shape[1]
    sine, cosine = np.sin(np.radians(angle)), np.cos(np.radians(angle))
    return cosine * across + sine * down, cosine * down - sine * across


def _noise(settings, rng):
    look = settings.photographs
    side = round(photographs.draw_small(look.side, rng))
    shape = (*photographs.draw_sheet(side, rng, look), 1)
    if rng.random() < settings.uniform:
        grey = rng.uniform(0, 1, shape)
    else:
        mean, deviation = rng.uniform(*settings.grey), rng.uniform(*settings.deviation)
        grey = rng.normal(mean, deviation, shape)
    return np.repeat((grey.clip(0, 1) * 255).round().astype(np.uint8), 3, axis=2)


def _pair(settings, left, right, rng):
    look = settings.photographs
    side = round(photographs.draw_small(look.side, rng))
    size = int(side * rng.uniform(*settings.beside))
    pen = draw_pen(size, rng, look.strokes)
    pair = (left, right)
    glyphs = [stroke(x, pen, size, rng.uniform(*look.turn), look.strokes) for x in pair]
    gap = max(2, round(size * rng.uniform(*settings.gap)))
    ups = rng.permutation([0, int(size * settings.level * rng.random())])
    left, right = glyphs
    height = max(len(left) + ups[0], len(right) + ups[1])
    # Paper above and below each, and the gap between them
    left = np.pad(left, ((height - ups[0] - len(left), ups[0]), (0, gap)))
    right = np.pad(right, ((height - ups[1] - len(right), ups[1]), (0, 0)))
    sheet = photographs.place(np.hstack([left, right]), side, rng, look)
    return photographs.picture(sheet, pen * size, rng, look)


def _letter(settings, fonts, rng):
    look, height = settings.photographs, settings.height
    side = round(photographs.draw_small(look.side, rng))
    size = int(side * rng.uniform(*look.fill))
    font = ImageFont.truetype(str(rng.choice(fonts)), height)
    drawn = Image.new("L", (2 * height, 2 * height))
    letter = str(rng.choice(list(settings.letters)))
    ImageDraw.Draw(drawn).text((height, height), letter, 255, font, anchor="mm")
    drawn = drawn.rotate(rng.uniform(*look.turn), Image.Resampling.BICUBIC)
    drawn = drawn.crop(drawn.getbbox())
    drawn.thumbnail((size, size))
    sheet = photographs.place(np.float32(drawn) / 255, side, rng, look)
    return photographs.picture(sheet, size * settings.thin, rng, look)
