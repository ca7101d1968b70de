"""Photographs: digits in ink on paper, as a camera or a scanner would see them.

Made out of MNIST or UNIPEN, so that the digit in each is known. It is written anew,
with any pen and at any size; ink covers paper, light falls on both, and a camera takes
the picture.
"""

from dataclasses import dataclass
from io import BytesIO
import math

import numpy as np
from PIL import Image
from scipy import ndimage

from digitlib._internal.checks import check_count
from digitlib.synthesis.strokes import (
    STROKES,
    StrokeSettings,
    check_digits,
    draw_pen,
    stroke,
)


@dataclass(frozen=True)
class PhotographSettings:
    """Which sheets, inks, lights and cameras there are.

    All chosen, so that a person still reads the digit at a glance. A pair is a range
    from which a number is drawn; colours are red, green and blue, in [0, 1].
    """

    # The digit on its sheet
    side: tuple = (60, 400)  #: pixels: the sheet's longer side, more often small
    slimness: tuple = (0.5, 1.0)  #: the shorter side, as part of it; more if needed
    fill: tuple = (0.35, 0.95)  #: the longer side of the digit, as part of the sheet's
    margin: float = 0.025  #: of that: paper all around it, 1 pixel at least
    turn: tuple = (-12.0, 12.0)  #: degrees
    strokes: StrokeSettings = STROKES  #: with which pens
    # Paper
    #: White, cream, grey, recycled, blue, yellow
    papers: tuple = (
        (0.97, 0.97, 0.96), (0.96, 0.92, 0.82), (0.82, 0.82, 0.83),
        (0.80, 0.76, 0.68), (0.84, 0.90, 0.96), (0.97, 0.92, 0.62),
    )  # fmt: skip
    #: Blackboard, greenboard, canvas
    boards: tuple = ((0.15, 0.18, 0.17), (0.12, 0.25, 0.19), (0.04, 0.04, 0.04))
    board: float = 0.15  #: how often the sheet is one of these
    grain: tuple = (0.003, 0.02)  #: standard deviation, pixel by pixel
    stains: tuple = (0.0, 0.02)  #: standard deviation, of slow changes across the sheet
    # Ink
    #: Black, blue, red, green, pencil: a colour, and the standard deviation of the
    #: opacity from pixel to pixel
    inks: tuple = (
        (0.08, 0.08, 0.10, 0), (0.10, 0.18, 0.55, 0), (0.72, 0.10, 0.12, 0),
        (0.05, 0.38, 0.20, 0), (0.32, 0.32, 0.34, 0.12),
    )  # fmt: skip
    #: White and yellow, as the inks: what is written on boards with
    chalks: tuple = ((0.93, 0.93, 0.90, 0.12), (0.93, 0.86, 0.50, 0.12))
    opacity: tuple = (0.85, 1.0)  #: the part of the paper's colour that ink replaces
    pressure: tuple = (0.0, 0.08)  #: its standard deviation along a stroke
    # Light
    scan: float = 0.3  #: how often it is even
    exposure: tuple = (0.75, 1.0)  #: how bright white paper is
    gradient: tuple = (0.0, 0.35)  #: brighter on one side than on the other, by a part
    shadow: float = 0.35  #: how often a shadow falls across the sheet, but for scans
    shade: tuple = (0.45, 0.8)  #: the brightness left in the shadow
    edge: tuple = (0.25, 0.75)  #: where its edge lies, as part of the sheet's width
    softness: tuple = (0.02, 0.3)  #: how wide its edge is, as part of the same
    cast: float = 0.05  #: a lamp's colour: standard deviation of red, green and blue
    # Camera
    blur: tuple = (0.15, 0.45)  #: standard deviation, as part of the pen's width ...
    blurred: float = 2.5  #: ... and in pixels at most
    noise: tuple = (0.0, 0.04)  #: standard deviation
    jpeg: float = 0.5  #: how often the picture is compressed
    quality: tuple = (40, 95)  #: of the compression


PHOTOGRAPHS = PhotographSettings()


def photographs(images, seed=0, settings=PHOTOGRAPHS):
    """Photograph digits, one by one; each is made when it is asked for.

    Parameters
    ----------
    images : array_like, shape (n, 28, 28), floating point, in [0, 1], light on dark
        Or a list of strokes, as of `digitlib.data.PenDigits`.
    seed : int, 0 to 2**32 - 1
        Decides, with the place among the images, what becomes of each.
    settings : PhotographSettings

    Returns
    -------
    iterator of numpy.ndarray, shape (height, width, 3), uint8, of many sizes

    Raises
    ------
    DigitlibError
        If an argument has another shape, dtype or range; if an image has no ink, when
        its turn comes.
    """
    images = check_digits(images)
    rngs = generators(len(images), seed)

    def photograph(image, rng):
        return picture(*write(image, rng, settings), rng, settings)

    return map(photograph, images, rngs)


def blanks(n, seed=0, settings=PHOTOGRAPHS):
    """Photograph ``n`` empty sheets, one by one; otherwise as `photographs`."""

    def blank(rng):
        side = round(draw_small(settings.side, rng))
        coverage = np.zeros(draw_sheet(side, rng, settings), np.float32)
        width = draw_pen(side, rng, settings.strokes) * side
        return picture(coverage, width, rng, settings)

    return map(blank, generators(n, seed))


def generators(n, seed):
    """One numpy.random.Generator for each of ``n`` pictures, one by one."""
    n = check_count("n", n, 0, 2**32 - 1)
    seed = check_count("seed", seed, 0, 2**32 - 1)
    return (np.random.default_rng((seed, i)) for i in range(n))


def write(image, rng, settings=PHOTOGRAPHS):
    """Write a digit, an image or strokes, on a sheet: coverage, and the pen's width in
    pixels."""
    side = round(draw_small(settings.side, rng))
    size = int(side * rng.uniform(*settings.fill))
    pen = draw_pen(size, rng, settings.strokes)
    coverage = stroke(image, pen, size, rng.uniform(*settings.turn), settings.strokes)
    return place(coverage, side, rng, settings), pen * size


def place(coverage, side, rng, settings=PHOTOGRAPHS):
    """Lay ink anywhere on a sheet, wholly inside: the coverage of the sheet, float32.

    Its longer side is ``side`` pixels, or more if the ink needs it.
    """
    inner = np.array(coverage.shape)
    margin = max(1, int(settings.margin * inner.max()))
    shape = np.maximum(draw_sheet(side, rng, settings), inner + 2 * margin)
    before = rng.integers(margin, shape - inner - margin, endpoint=True)
    return np.pad(coverage, np.stack([before, shape - inner - before], axis=1))


def picture(coverage, width, rng, settings=PHOTOGRAPHS):
    """Photograph ink on some paper in some light: (height, width, 3), uint8.

    The coverage is in [0, 1]; the width of the finest stroke, in pixels, limits the
    blur.
    """
    scene = ink(paper(*coverage.shape, rng, settings), coverage, rng, settings)
    scene *= light(*coverage.shape, rng, settings)
    return camera(scene, width, rng, settings)


def draw_small(bounds, rng):
    """Draw from a range, small numbers being more frequent."""
    low, high = bounds
    return low * (high / low) ** rng.random()


def draw_sheet(side, rng, settings=PHOTOGRAPHS):
    """Draw the height and width of a sheet, in pixels: upright or lying."""
    return rng.permutation([side, round(side * rng.uniform(*settings.slimness))])


def paper(height, width, rng, settings=PHOTOGRAPHS):
    """Make an empty sheet: paper, or a board."""
    colors = settings.boards if rng.random() < settings.board else settings.papers
    texture = rng.uniform(*settings.grain) * _normal((height, width), rng)
    texture += rng.uniform(*settings.stains) * _clouds(height, width, 3, rng)
    return np.float32(rng.choice(colors)) + texture[..., np.newaxis]


def ink(sheet, coverage, rng, settings=PHOTOGRAPHS):
    """Put ink on a sheet: dark on paper, light on a board."""
    *color, rough = rng.choice(settings.inks if sheet.mean() > 0.5 else settings.chalks)
    opacity = rng.uniform(*settings.opacity)
    opacity += rng.uniform(*settings.pressure) * _clouds(*coverage.shape, 10, rng)
    if rough:
        opacity += float(rough) * _normal(coverage.shape, rng)
    return cover(sheet, coverage * opacity.clip(0, 1), color)


def cover(scene, coverage, color):
    """Lay a colour over the scene (height, width, 3) where there is coverage."""
    return scene + coverage[..., np.newaxis] * (np.float32(color) - scene)


def light(height, width, rng, settings=PHOTOGRAPHS):
    """Draw what the colours of the sheet are multiplied by."""
    bright = np.full((height, width), rng.uniform(*settings.exposure), np.float32)
    if rng.random() < settings.scan:
        return np.stack([bright] * 3, axis=2)
    bright *= 1 - rng.uniform(*settings.gradient) * _ramp(height, width, rng)
    if rng.random() < settings.shadow:
        beyond = _ramp(height, width, rng) - rng.uniform(*settings.edge)
        inside = (beyond / rng.uniform(*settings.softness) + 0.5).clip(0, 1)
        bright *= 1 - inside * (1 - rng.uniform(*settings.shade))
    cast = 1 - np.abs(rng.normal(0, settings.cast, 3))
    return bright[..., np.newaxis] * cast.astype(np.float32)


def camera(scene, width, rng, settings=PHOTOGRAPHS):
    """Take a picture of the scene, uint8; the finest stroke limits the blur."""
    blur = draw_blur(width, rng, settings)
    scene = ndimage.gaussian_filter(scene, (blur, blur, 0), truncate=3)
    scene += rng.uniform(*settings.noise) * _normal(scene.shape, rng)
    pixels = (scene * 255).round().clip(0, 255).astype(np.uint8)
    if rng.random() >= settings.jpeg:
        return pixels
    file, quality = BytesIO(), int(rng.integers(*settings.quality, endpoint=True))
    Image.fromarray(pixels).save(file, "JPEG", quality=quality)
    return np.array(Image.open(file))


def draw_blur(width, rng, settings=PHOTOGRAPHS):
    """Standard deviation of a camera's blur, in pixels, for strokes of some width."""
    return min(settings.blurred, width * rng.uniform(*settings.blur))


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
