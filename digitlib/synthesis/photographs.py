"""Photographs: digits in ink on paper, as a camera or a scanner would see them.

Made out of MNIST, so that the digit in each is known. A digit is written anew, with any
pen and at any size; ink covers paper, light falls on both, and a camera takes the
picture. The rule for every range below: a person still reads the digit at a glance.
"""

from io import BytesIO
import math

import numpy as np
from PIL import Image
from scipy import ndimage

from digitlib._internal.checks import check_count, check_images
from digitlib.synthesis.strokes import stroke

# Each pair (low, high) is a range from which a number is drawn.

# The digit on its sheet
SIDE = (60, 400)  # pixels: the longer side of the sheet; small ones are more frequent
SLIMNESS = (0.5, 1.0)  # the shorter side, as part of the longer; more if needed
FILL = (0.35, 0.95)  # the longer side of the digit, as part of the sheet's
MARGIN = 0.025  # of the digit's longer side: paper all around it, 1 pixel at least
TURN = (-12.0, 12.0)  # degrees
PENS = {"thin": (0.03, 0.05), "normal": (0.07, 0.11), "thick": (0.13, 0.18)}
FINEST = 1.6  # pixels: no pen is thinner

# Paper: red, green and blue in [0, 1]
PAPERS = {
    "white": (0.97, 0.97, 0.96),
    "cream": (0.96, 0.92, 0.82),
    "grey": (0.82, 0.82, 0.83),
    "recycled": (0.80, 0.76, 0.68),
    "blue": (0.84, 0.90, 0.96),
    "yellow": (0.97, 0.92, 0.62),
}
BOARDS = {
    "blackboard": (0.15, 0.18, 0.17),
    "greenboard": (0.12, 0.25, 0.19),
    "canvas": (0.04, 0.04, 0.04),
}
BOARD = 0.15  # how often the sheet is dark
GRAIN = (0.003, 0.02)  # standard deviation, pixel by pixel
STAINS = (0.0, 0.02)  # standard deviation, of slow changes across the sheet

# Ink: red, green and blue; and how uneven it is
INKS = {
    "black": (0.08, 0.08, 0.10),
    "blue": (0.10, 0.18, 0.55),
    "red": (0.72, 0.10, 0.12),
    "green": (0.05, 0.38, 0.20),
    "pencil": (0.32, 0.32, 0.34),
}
CHALKS = {"white": (0.93, 0.93, 0.90), "yellow": (0.93, 0.86, 0.50)}
OPACITY = (0.85, 1.0)  # the part of the paper's colour that the ink replaces
PRESSURE = (0.0, 0.08)  # standard deviation of the opacity, along a stroke
ROUGH = {"pencil": 0.12, "white": 0.12, "yellow": 0.12}  # and from pixel to pixel

# Light
SCAN = 0.3  # how often the light is even
EXPOSURE = (0.75, 1.0)  # how bright white paper is
GRADIENT = (0.0, 0.35)  # brighter on one side than on the other by this part
SHADOW = 0.35  # how often a shadow falls across the sheet, unless it is a scan
SHADE = (0.45, 0.8)  # the brightness left in the shadow
EDGE = (0.25, 0.75)  # where its edge lies, as part of the sheet's width
SOFTNESS = (0.02, 0.3)  # how wide its edge is, as part of the same
CAST = 0.05  # a lamp's colour: standard deviation of red, green and blue

# Camera
BLUR = (0.15, 0.45)  # standard deviation, as part of the pen's width ...
BLURRED = 2.5  # ... and in pixels at most
NOISE = (0.0, 0.04)  # standard deviation
JPEG = 0.5  # how often the picture is compressed
QUALITY = (40, 95)  # of the compression


def photographs(images, seed=0):
    """Photograph digits, one by one.

    Parameters
    ----------
    images : array_like, shape (n, 28, 28), floating point, in [0, 1]
        Light ink on dark.
    seed : int, 0 to 2**32 - 1
        Decides everything else. What becomes of an image depends on its place among
        the images, but not on the others.

    Returns
    -------
    iterator of numpy.ndarray, shape (height, width, 3), uint8
        Of many sizes. Each is made when it is asked for.

    Raises
    ------
    DigitlibError
        If an argument has another shape, dtype or range. If an image has no ink, when
        its turn comes.
    """
    images = check_images(images)
    return map(photograph, images, generators(len(images), seed))


def photograph(image, rng):
    """Photograph one digit (28, 28), as `photographs` does; ``rng`` decides how."""
    return picture(*write(image, rng), rng)


def blanks(n, seed=0):
    """Photograph ``n`` empty sheets, one by one; otherwise as `photographs`."""
    return map(_blank, generators(n, seed))


def _blank(rng):
    side = draw_side(rng)
    coverage = np.zeros(draw_sheet(side, rng), np.float32)
    return picture(coverage, draw_pen(side, rng) * side, rng)


def generators(n, seed):
    """One numpy.random.Generator for each of ``n`` pictures, one by one."""
    n = check_count("n", n, 0, 2**32 - 1)
    seed = check_count("seed", seed, 0, 2**32 - 1)
    return (np.random.default_rng((seed, i)) for i in range(n))


def write(image, rng):
    """Write a digit (28, 28) on a sheet: its coverage, and the pen's width in pixels.

    `photograph` is this, followed by the `steps`, with the same ``rng``.
    """
    side = draw_side(rng)
    size = int(side * rng.uniform(*FILL))
    pen = draw_pen(size, rng)
    coverage = stroke(image, pen, size, rng.uniform(*TURN))
    return place(coverage, side, rng), pen * size


def place(coverage, side, rng):
    """Lay ink anywhere on a sheet, wholly inside.

    Returns the coverage of the sheet, float32. Its longer side is ``side`` pixels, or
    more if ``coverage`` (height, width) needs it; the shorter one is drawn.
    """
    inner = np.array(coverage.shape)
    margin = max(1, int(MARGIN * inner.max()))
    shape = np.maximum(draw_sheet(side, rng), inner + 2 * margin)
    top, left = rng.integers(margin, shape - inner - margin, endpoint=True)
    sheet = np.zeros(shape, np.float32)
    sheet[top : top + inner[0], left : left + inner[1]] = coverage
    return sheet


def picture(coverage, width, rng):
    """Photograph ink on some paper in some light: the last of `steps`."""
    return steps(coverage, width, rng)["picture"]


def steps(coverage, width, rng):
    """Photograph ink on some paper in some light, and keep what is made on the way.

    Parameters
    ----------
    coverage : numpy.ndarray, shape (height, width), floating point, in [0, 1]
        The part of each pixel that is covered by ink.
    width : float, pixels
        Of the finest stroke: limits the blur.
    rng : numpy.random.Generator

    Returns
    -------
    dict of numpy.ndarray, shape (height, width, 3)
        ``"paper"``, the empty sheet; ``"ink"``, with ink on it; ``"light"``, by which
        that is multiplied; all about 0 to 1. ``"picture"``, what the camera makes of
        it, uint8.
    """
    sheet = paper(*coverage.shape, rng)
    written = ink(sheet, coverage, rng)
    shine = light(*coverage.shape, rng)
    taken = camera(written * shine, width, rng)
    return {"paper": sheet, "ink": written, "light": shine, "picture": taken}


def draw_side(rng):
    """The longer side of a sheet, in pixels."""
    low, high = SIDE
    return round(low * (high / low) ** rng.random())


def draw_sheet(side, rng):
    """The height and width of a sheet, in pixels: upright or lying."""
    return rng.permutation([side, round(side * rng.uniform(*SLIMNESS))])


def draw_pen(size, rng):
    """The width of a pen, as part of ``size``."""
    kind = rng.choice(list(PENS))
    return max(rng.uniform(*PENS[kind]), FINEST / size)


def paper(height, width, rng, board=BOARD):
    """An empty sheet: paper, and as often as ``board`` says, a board."""
    colors = BOARDS if rng.random() < board else PAPERS
    texture = rng.uniform(*GRAIN) * _normal((height, width), rng)
    texture += rng.uniform(*STAINS) * _clouds(height, width, 3, rng)
    color = np.float32(colors[rng.choice(list(colors))])
    return color + texture[..., np.newaxis]


def ink(sheet, coverage, rng):
    """The sheet with ink on it: dark on paper, light on a board."""
    colors = INKS if sheet.mean() > 0.5 else CHALKS
    name = rng.choice(list(colors))
    opacity = rng.uniform(*OPACITY)
    opacity += rng.uniform(*PRESSURE) * _clouds(*coverage.shape, 10, rng)
    if name in ROUGH:
        opacity += ROUGH[name] * _normal(coverage.shape, rng)
    covered = (coverage * opacity.clip(0, 1))[..., np.newaxis]
    return sheet + covered * (np.float32(colors[name]) - sheet)


def light(height, width, rng, scan=SCAN, gradient=GRADIENT, shadow=SHADOW):
    """What the colours of the sheet are multiplied by.

    How often the light is even, how uneven it is otherwise, and how often a shadow
    falls then can be given.
    """
    bright = np.full((height, width), rng.uniform(*EXPOSURE), np.float32)
    if rng.random() < scan:
        return np.stack([bright] * 3, axis=2)
    bright *= 1 - rng.uniform(*gradient) * _ramp(height, width, rng)
    if rng.random() < shadow:
        beyond = _ramp(height, width, rng) - rng.uniform(*EDGE)
        inside = (beyond / rng.uniform(*SOFTNESS) + 0.5).clip(0, 1)
        bright *= 1 - inside * (1 - rng.uniform(*SHADE))
    cast = 1 - np.abs(rng.normal(0, CAST, 3))
    return bright[..., np.newaxis] * cast.astype(np.float32)


def camera(scene, width, rng):
    """What a camera sees of the scene, uint8; the finest stroke limits the blur."""
    blur = draw_blur(width, rng)
    scene = ndimage.gaussian_filter(scene, (blur, blur, 0), truncate=3)
    scene += rng.uniform(*NOISE) * _normal(scene.shape, rng)
    pixels = (scene * 255).round().clip(0, 255).astype(np.uint8)
    if rng.random() >= JPEG:
        return pixels
    file = BytesIO()
    quality = int(rng.integers(*QUALITY, endpoint=True))
    Image.fromarray(pixels).save(file, "JPEG", quality=quality)
    return np.array(Image.open(file))


def draw_blur(width, rng):
    """Standard deviation of a camera's blur, in pixels, for strokes of some width."""
    return min(BLURRED, width * rng.uniform(*BLUR))


def _normal(shape, rng):
    return rng.standard_normal(shape, dtype=np.float32)


def _clouds(height, width, cells, rng):
    """Slow changes, of standard deviation about 1: ``cells`` from side to side."""
    coarse = Image.fromarray(_normal((cells + 1, cells + 1), rng))
    return np.array(coarse.resize((width, height), Image.Resampling.BICUBIC))


def _ramp(height, width, rng):
    """From 0 at one end of the sheet to 1 at the other, in any direction."""
    angle = rng.uniform(0, 2 * math.pi)
    rows = np.arange(height, dtype=np.float32)[:, np.newaxis] * math.sin(angle)
    ramp = rows + np.arange(width, dtype=np.float32) * math.cos(angle)
    return (ramp - ramp.min()) / np.ptp(ramp)
