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
    whole: float = 0.35  #: weight of the image itself, beside its differences' 1
    widest: float = 0.3  #: of the longer side: all that is wider than a stroke is paper
    darkest: float = 0.5  #: 0-1: paper is no darker, lest noise in the dark become ink
    faintest: float = 0.12  #: of the way from paper to full ink: no ink is fainter
    full: float = 0.85  #: the quantile of strong pixels that is taken for full ink
    strong: float = 0.5  #: of full ink: where ink begins (hysteresis, Canny 1986), ...
    weak: float = 0.25  #: ... and down to where it goes on, as part of full ink
    separate: float = 0.66  #: how clearly both differ at least: see `separability`
    deviations: float = 4  #: of the grain of the paper, by which ink stands out
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
    ``spread`` is the standard deviation in pixels; by default as fits a single
    digit."""
    if min(picture.shape) < settings.fine:
        return picture
    spread = spread or max(picture.shape) / settings.grain
    return ndimage.gaussian_filter(picture, spread)


def correct_polarity(picture, settings=BINARIZATION):
    """Turn dark ink on light into light ink on dark. Paper is the larger part of the
    image and of its border. This is asked of the image itself and, counting more, of
    its differences from the surroundings, which shadows do not deceive."""
    small = reduced(picture, settings.eye)
    local = small - ndimage.uniform_filter(small, 1 + max(small.shape) // 4 * 2)
    paper_is_light = _light(local) + settings.whole * _light(small) > 0
    return 1 - picture if paper_is_light else picture


def correct_shading(
    picture, widest=None, border="reflect", darkest=None, settings=BINARIZATION
):
    """Take away the paper, however the light falls on it. The paper is what remains
    when all that is narrower than ``widest``, in pixels (by default as fits a single
    digit), is removed (a morphological opening)."""
    widest = widest or settings.widest * max(picture.shape)
    darkest = settings.darkest if darkest is None else darkest
    window = 1 + max(2, round(widest / 2)) * 2
    paper = opening(picture, (window, window), border)
    return (picture - paper) / np.maximum(1 - paper, 1 - darkest)


def binarize(picture, settings=BINARIZATION):
    """Find the ink, make it 1 and the paper 0; the edges of strokes stay in between.
    Faint ink counts where it touches strong ink (hysteresis, Canny 1986)."""
    nothing = np.zeros_like(picture)
    bright = picture >= settings.strong * strongest(picture)
    ink = quantile(picture[bright], settings.full)
    if ink < settings.faintest:
        return nothing
    paper = picture[picture < settings.weak * ink]
    level = quantile(paper, 0.5) if paper.size else 0
    grain = 1.48 * quantile(np.abs(paper - level), 0.5) if paper.size else 0
    if ink - level < settings.faintest or separability(picture) < settings.separate:
        return nothing
    scaled = ((picture - level) / (ink - level)).clip(0, 1)
    weak = max(settings.weak, settings.deviations * grain / (ink - level))
    components, n = ndimage.label(scaled > weak, AROUND)
    sure = np.zeros(n + 1, bool)
    sure[components[scaled > max(settings.strong, weak)]] = True
    found = sure[components]
    return nothing if found.mean() > settings.most else only(scaled, found)


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


def _light(picture):
    """Tell whether the light part is the paper: above 0 if so, up to 1."""
    if np.ptp(picture) < 1e-4:
        return 0
    light = picture > otsu(picture)
    border = (light[0], light[-1], light[:, 0], light[:, -1])
    return light.mean() - 0.5 + np.concatenate(border).mean() - 0.5


def only(picture, ink):
    """Erase all but some ink and the grey edges around it."""
    return np.where(grown(ink), picture, 0)
