"""Ink and paper told apart: the first steps of whatever reads an image.

Each takes and returns (height, width) float32 in [0, 1], `to_grey` also (height, width,
3); after `correct_polarity` ink is light on dark.
"""

from dataclasses import dataclass
import math

import numpy as np
from PIL import Image
from scipy import ndimage

from digitlib.imaging.components import AROUND
from digitlib.imaging.fast import grown, opening, otsu, quantile, strongest
from digitlib.imaging.loading import LUMA


@dataclass(frozen=True)
class Binarization:
    """How strokes and paper are told apart; all of it chosen, not fitted."""

    eye: int = 100  #: pixels: the longest side, where only the large outlines matter
    fine: int = 40  #: pixels: an image whose shorter side is shorter is not smoothed
    grain: float = 250  #: of the longer side, the standard deviation of the smoothing
    clean: float = 0.0005  #: 0-1: a drawing has a median grain of no more
    around: float = 0.5  #: of a side: what ink is compared with; no ink is as wide
    even: float = 0.3  #: of the contrast: paper whose middle 80 % differ less is even
    blurred: float = 0.1  #: of the shorter side: no grey edge of ink is wider
    widest: float = 0.3  #: of the longer side: all that is wider than a stroke is paper
    darkest: float = 0.5  #: 0-1: paper is no darker, lest noise in the dark become ink
    faintest: float = 0.12  #: of the way from paper to full ink: no ink is fainter
    full: float = 0.85  #: the quantile of strong pixels that is taken for full ink
    pale: float = 0.2  #: of the full ink of an image: what a piece of ink has at least
    strong: float = 0.5  #: of full ink: enough in any grain, where ink begins ...
    weak: float = 0.25  #: ... and goes on, down to this (hysteresis, Canny 1986)
    separate: float = 0.66  #: how clearly both differ at least: see `separability`
    deviations: float = 4  #: of the grain of the paper: ink is more, ...
    sure: float = 1.5  #: ... and somewhere so many times more
    most: float = 0.8  #: of the image: what covers more is no ink


#: The default
BINARIZATION = Binarization()


def to_grey(picture, settings=BINARIZATION):
    """Mix red, green and blue so that ink and paper differ most. The mixture is the
    direction in which the colours vary most from their surroundings (the first
    principal component): blue ink shows best in red light."""
    if picture.ndim == 2:
        return picture
    every = math.ceil(max(picture.shape) / settings.eye)
    small = picture[::every, ::every]
    window = [1 + side // 4 for side in small.shape[:2]]
    differences = (small - ndimage.uniform_filter(small, (*window, 1))).reshape(-1, 3)
    variances, directions = np.linalg.eigh(differences.T @ differences)
    mixture = directions[:, -1].astype(np.float32)
    if variances[-1] < 1e-6:  # one colour everywhere
        mixture = LUMA
    mixture = mixture * (np.copysign(1, mixture @ LUMA) / np.abs(mixture).sum())
    return (picture @ mixture - mixture.clip(max=0).sum()).clip(0, 1)


def denoise(picture, spread=None, settings=BINARIZATION):
    """Smooth the grain of paper and sensor; a small image has too little to lose.
    ``spread`` is the standard deviation in pixels; by default as fits a single digit,
    and then a large clean drawing is left as it is, lest thin lines fade."""
    if min(picture.shape) < settings.fine:
        return picture
    usual = max(picture.shape) / settings.grain
    smooth = ndimage.gaussian_filter(picture, spread or usual)
    if spread or usual <= 1:  # pixel: no line is so thin
        return smooth
    grain = quantile(np.abs(picture - smooth), 0.5)
    return smooth if grain > settings.clean else picture


def correct_polarity(picture, settings=BINARIZATION):
    """Turn dark ink on light into light ink on dark. Ink is little and stands out far
    from its surroundings, on one side of them: that is the sign of the third power of
    the differences, on average, which neither shadows nor wide margins deceive."""
    small = reduced(picture, settings.eye)
    window = 1 + 2 * round(settings.around * max(small.shape) / 2)
    local = small - ndimage.uniform_filter(small, window)
    return 1 - picture if (local * local * local).mean() < 0 else picture


def correct_shading(picture, settings=BINARIZATION):
    """Take away the paper of a single digit, however the light falls on it. Even paper
    is its median everywhere, lest strokes that fill the image be taken for paper; of
    uneven paper see `without_paper`."""
    paper = _even_paper(picture, settings)
    if paper is None:
        widest = settings.widest * max(picture.shape)
        return without_paper(picture, widest, settings.darkest)
    return (picture - paper).clip(0) / max(1 - paper, 1 - settings.darkest)


def _even_paper(picture, settings):
    """How light the paper is, if it is equally light everywhere; else None. What is
    light and takes half of the image is no ink: the edge of a shadow parts them. Paper
    is the darkest nearby, lest the blurred edges of ink make it seem uneven."""
    every = math.ceil(max(picture.shape) / settings.eye)
    some = picture[::every, ::every]
    light = some > otsu(some)
    half = 1 + 2 * round(settings.around * min(some.shape) / 2)
    if light.all() or not light.any() or ndimage.minimum_filter(light, half).any():
        return None
    edge = 1 + 2 * round(settings.blurred * min(some.shape) / 2)
    dark = ndimage.minimum_filter(some, edge)[~light]
    low, paper, high = (quantile(dark, part) for part in (0.1, 0.5, 0.9))
    contrast = quantile(some[light], 0.5) - paper
    return float(paper) if high - low < settings.even * contrast else None


def without_paper(picture, widest, darkest):
    """Take away what remains when all that is narrower than ``widest``, in pixels, is
    removed (a morphological opening); it is no darker than ``darkest``."""
    window = 1 + max(2, round(widest / 2)) * 2
    paper = opening(picture, (window, window))
    return (picture - paper) / np.maximum(1 - paper, 1 - darkest)


def binarize(picture, settings=BINARIZATION):
    """Find the ink, make it 1 and the paper 0; the edges of strokes stay in between.
    Faint ink counts where it touches strong ink (hysteresis, Canny 1986). How strong
    that is, is asked of each connected piece, for several pens may have written."""
    return pieces_of_ink(*strengths(picture, settings), settings)


def strengths(picture, settings=BINARIZATION):
    """How strong each pixel is, from paper, 0, to full ink, 1, and all 0 without ink;
    then how strong the grain of the paper may be, and how strong any ink must be."""
    nothing = np.zeros_like(picture), 1.0, 1.0
    bright = picture >= settings.strong * strongest(picture)
    ink = quantile(picture[bright], settings.full)
    if ink < settings.faintest:
        return nothing
    paper = picture[picture < settings.weak * ink]
    level = quantile(paper, 0.5) if paper.size else 0
    grain = 1.48 * quantile(np.abs(paper - level), 0.5) if paper.size else 0
    contrast = ink - level
    if contrast < settings.faintest or separability(picture) < settings.separate:
        return nothing
    strong = ((picture - level) / contrast).clip(0)
    return strong, settings.deviations * grain / contrast, settings.faintest / contrast


def pieces_of_ink(strong, grain, faintest, settings=BINARIZATION):
    """Keep the pieces that are ink, of what `strengths` returns, each as strong as it
    is at its strongest; see `binarize`."""
    pieces, n = ndimage.label(
        strong > max(settings.weak * settings.pale, grain), AROUND
    )
    full = np.zeros(n + 1, np.float32)
    inside = pieces > 0
    np.maximum.at(full, pieces[inside], strong[inside])
    full[0] = 1
    outstanding = max(grain, min(settings.sure * grain, settings.strong))
    kept = full > max(settings.pale, faintest, outstanding)
    kept[0] = False
    full = full.clip(max=1)[pieces]
    found = kept[pieces] & (strong > settings.weak * full)
    if found.mean() > settings.most:
        return np.zeros_like(strong)
    return only((strong / full).clip(max=1), found)


def reduced(picture, side):
    """Average squares of pixels until the longer side is at most ``side``."""
    factor = math.ceil(max(picture.shape) / side)
    if factor == 1:
        return picture
    return np.asarray(Image.fromarray(np.ascontiguousarray(picture)).reduce(factor))


def separability(picture):
    """Measure how much of the variance is between light and dark pixels (Otsu 1979). It
    is 0 to 1; Gaussian noise without ink has 2 / pi, about 0.64."""
    light = picture > otsu(picture)
    part = light.mean()
    if part in (0, 1):
        return 0.0
    contrast = picture[light].mean() - picture[~light].mean()
    return part * (1 - part) * contrast**2 / picture.var()


def only(picture, ink):
    """Erase all but some ink and the grey edges around it."""
    return np.where(grown(ink), picture, 0)
