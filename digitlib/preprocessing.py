"""From an image in any form to the 28x28 grey values that the network expects."""

import math

import numpy as np
from PIL import Image
from scipy import ndimage
from skimage.filters import threshold_otsu

from digitlib.errors import DigitlibError
from digitlib.images import LUMA, load_color, load_image
from digitlib.pieces import AROUND, Pieces

SIDE = 512  # pixels: the longest side that is looked at; larger images are reduced
EYE = 100  # pixels: the same, where only the large outlines matter

# How strokes and paper are told apart. Ink is 1 where it is as dark as the strokes.
WIDEST = 0.3  # of the longer side: no stroke is wider, so all that is wider is paper
DARKEST = 0.5  # paper counts as no darker than this, lest noise in the dark become ink
FAINTEST = 0.12  # of the way from paper to full ink: what is fainter is no ink
STRONG, WEAK = 0.5, 0.25  # ink begins where it is strong, and goes on while weak
SEPARATE = 0.66  # how clearly ink and paper differ at least: see `separability`
DEVIATIONS = 4  # ink stands out from the grain of the paper by as many of its own
MOST = 0.8  # of the image: what covers more is no ink

# Which pieces of ink belong to the digit, as parts of the size of the digit or image
RIM = 0.12  # of the shorter side: where frames and the remains of neighbours lie
ALONG = 0.75  # of a piece's height or width on the border: an edge, or a shadow
EDGE = 0.05  # of the width: a digit between ruled lines keeps as far from the edges
DIGIT = 0.25  # of the shorter side: a digit in a frame is at least as large
SPECK, PIECE = 0.03, 0.3  # of the largest piece's area: dropped below; always kept from
NEAR = 0.2  # of the largest piece's size: between the two, kept if as near

COARSE = 16  # pixels: a smaller digit is enlarged with care
SHARPEN = 1.3  # how much steeper its edges become

# Widths of strokes in pixels, of a digit 20 pixels tall. MNIST's lie mostly between the
# first two; what lies outside is brought to 2.8, their median, or to 4.
THINNEST, BOLDEST = 2.0, 4.8
THIN, BOLD = 2.8, 4.0


def resize_only(image):
    """Resize to 28x28 and scale to [0, 1], and nothing else.

    This is the recipe of many tutorials. It neither turns dark ink on white paper
    into MNIST's light ink on dark, nor puts the digit where MNIST has it.

    Parameters
    ----------
    image : path, bytes, file object, PIL.Image.Image or array
        As for `digitlib.images.load_image`.

    Returns
    -------
    numpy.ndarray, shape (28, 28), float32, in [0, 1]

    Raises
    ------
    DigitlibError
        As `digitlib.images.load_image`.
    """
    return squeeze(load_image(image))


def preprocess(image, *, skip=()):
    """Make any image of one digit look like MNIST's own.

    Parameters
    ----------
    image : path, bytes, file object, PIL.Image.Image or array
        As for `digitlib.images.load_image`: a photograph, a scan or a drawing, of any
        size, with dark ink on light or light ink on dark.
    skip : str or iterable of str
        Names of steps, of `STEPS`, to leave out.

    Returns
    -------
    numpy.ndarray, shape (28, 28), float32, in [0, 1]
        Light ink on dark, in a box of 20x20 pixels around its centre of mass, as
        LeCun, Bottou, Bengio and Haffner (1998) prepared MNIST. All 0 where no ink
        was found.

    Raises
    ------
    DigitlibError
        As `digitlib.images.load_image`, or if there is no such step.
    """
    try:
        names = {skip} if isinstance(skip, str) else set(skip)
    except TypeError:  # not many, or of what can be no name
        names = {None}
    if not names <= STEPS.keys():
        shown = " ".join(repr(skip).split())
        raise DigitlibError(
            f"skip: {shown}, but names of {', '.join(STEPS)} are needed"
        )
    picture = load_color(image, SIDE)
    for name, step in STEPS.items():
        picture = step(picture) if name not in names else INSTEAD[name](picture)
    return picture


# The steps. Each takes and returns an array, (height, width) float32 in [0, 1]; `color`
# may be given (height, width, 3), and after `polarity` ink is light on dark.


def color(picture):
    """Mix red, green and blue so that ink and paper differ most.

    The mixture is the direction in which the colours vary most from their
    surroundings (the first principal component): blue ink shows best in red light.
    """
    if picture.ndim == 2:
        return picture
    every = math.ceil(max(picture.shape) / EYE)
    small = picture[::every, ::every]
    window = [1 + side // 4 for side in small.shape[:2]]
    differences = (small - ndimage.uniform_filter(small, (*window, 1))).reshape(-1, 3)
    variances, directions = np.linalg.eigh(differences.T @ differences)
    mixture = directions[:, -1].astype(np.float32)
    if variances[-1] < 1e-6:  # one colour everywhere
        mixture = LUMA
    mixture = mixture * (np.copysign(1, mixture @ LUMA) / np.abs(mixture).sum())
    return (picture @ mixture - mixture.clip(max=0).sum()).clip(0, 1)


def noise(picture):
    """Smooth the grain of paper and sensor; a small image has too little to lose."""
    if min(picture.shape) < 40:
        return picture
    return ndimage.gaussian_filter(picture, max(picture.shape) / 250)


def polarity(picture):
    """Turn dark ink on light into light ink on dark.

    Paper is the larger part of the image, and the larger part of its border. This is
    asked twice, of the image itself and of its differences from the surroundings,
    which shadows do not deceive; the second answer counts more.
    """
    small = reduced(picture, EYE)
    local = small - ndimage.uniform_filter(small, 1 + max(small.shape) // 4 * 2)
    paper_is_light = _light(local) + 0.35 * _light(small) > 0
    return 1 - picture if paper_is_light else picture


def shading(picture):
    """Take away the paper, however the light falls on it.

    The paper is what remains when all that is narrower than the widest stroke is
    removed (a morphological opening). Each pixel becomes the part of the way from the
    paper to full ink that it has gone, so that ink in a shadow counts as in the light.
    """
    window = 1 + max(2, round(WIDEST * max(picture.shape) / 2)) * 2
    paper = ndimage.grey_opening(picture, (window, window))
    return (picture - paper) / np.maximum(1 - paper, 1 - DARKEST)


def threshold(picture):
    """Find the ink, make it 1 and the paper 0; the edges of strokes stay in between.

    Faint ink counts where it touches strong ink (hysteresis, Canny 1986).
    """
    nothing = np.zeros_like(picture)
    strongest = np.partition(picture, -_few(picture), axis=None)[-_few(picture)]
    ink = np.percentile(picture[picture >= STRONG * strongest], 85)
    if ink < FAINTEST:
        return nothing
    paper = picture[picture < WEAK * ink]
    level = np.median(paper) if paper.size else 0
    grain = 1.48 * np.median(np.abs(paper - level)) if paper.size else 0
    if ink - level < FAINTEST:
        return nothing
    scaled = ((picture - level) / (ink - level)).clip(0, 1)
    weak = max(WEAK, DEVIATIONS * grain / (ink - level))
    if separability(picture) < SEPARATE:
        return nothing
    found = ndimage.binary_propagation(
        scaled > max(STRONG, weak), structure=AROUND, mask=scaled > weak
    )
    if found.mean() > MOST:
        return nothing
    return _only(scaled, found)


def frame(picture):
    """Remove frames around the digit, lines across, and remains at the border."""
    side = min(picture.shape)
    if side < 40:
        return picture
    rim = math.ceil(RIM * side)
    pieces = Pieces(picture > WEAK)
    strips = (pieces.along() >= ALONG) & (pieces.inside(rim) < 0.5)
    picture = _only(picture, pieces.pixels(~strips))
    pieces = Pieces(picture > WEAK)
    outer = pieces.touching() & (pieces.inside(rim) < 0.25)
    for piece in np.flatnonzero(pieces.size > 0.5 * side):
        outer[piece] |= pieces.surrounds(piece, RIM, DIGIT)
    if pieces.size[~outer].max(initial=0) > DIGIT * side:
        picture = _only(picture, pieces.pixels(~outer))
    return _without_lines(_without_lines(picture).T).T


def specks(picture):
    """Keep the largest piece of ink, and others that are large enough or near it."""
    pieces = Pieces(picture > WEAK)
    if pieces.n < 2:
        return picture
    largest = pieces.area.argmax()
    part = pieces.area / pieces.area[largest]
    near = pieces.gaps(largest) <= NEAR * pieces.size[largest]
    keep = (part >= PIECE) | (near & (part >= SPECK))
    return _only(picture, pieces.pixels(keep))


def thickness(picture):
    """Bring very thin and very thick strokes nearer to those of MNIST."""
    picture = cropped(picture)
    if not picture.any():
        return picture
    times = math.ceil(60 / max(picture.shape))  # enough pixels to measure a width
    large = np.pad(picture, 1) if times > 1 else picture
    if times > 1:
        large = _resized(
            large, times * np.array(large.shape), Image.Resampling.BILINEAR
        )
    scale = times * max(picture.shape) / 20
    width = stroke_width(large) / scale
    if THINNEST <= width <= BOLDEST or width == 0:
        return picture
    change = ((THIN if width < THINNEST else BOLD) - width) * scale / 2
    ink = np.pad(large > 0.5, math.ceil(max(change, 0)) + 1)
    if change > 0:
        changed = change + 1 - ndimage.distance_transform_edt(~ink)
    else:
        changed = change + ndimage.distance_transform_edt(ink)
    changed = changed.clip(0, 1).astype(np.float32)
    return changed if changed.max() > 0.5 else picture


def box(picture):
    """Scale the ink to 20 pixels in its longer side, with grey edges.

    Coarse images are enlarged, four times more than needed, sharpened a little, and
    reduced again.
    """
    digit = cropped(picture)
    if 0 < max(digit.shape) < COARSE:
        scale = 80 / max(digit.shape)
        digit = np.pad(digit, 1)
        large = _resized(digit, scale * np.array(digit.shape), Image.Resampling.LANCZOS)
        digit = cropped((SHARPEN * (large - 0.5) + 0.5).clip(0, 1))
    if not digit.any():
        return digit
    scale = 20 / max(digit.shape)
    if scale != 1:
        sides = [max(1, round(scale * side)) for side in digit.shape]
        smooth = Image.Resampling.HAMMING if scale < 1 else Image.Resampling.BICUBIC
        digit = _resized(digit, sides, smooth).clip(0, 1)
    return digit / max(digit.max(), 1e-6)


def center(picture):
    """Put the centre of mass in the middle of 28x28, but move whole pixels only."""
    sides = np.array(picture.shape)
    if not picture.any():
        return _placed(picture, 14 - sides / 2)
    return _placed(picture, 14 - np.array(ndimage.center_of_mass(picture)))


def luma(picture):
    """Mix red, green and blue as bright as the eye finds them."""
    return picture @ LUMA if picture.ndim == 3 else picture


def squeeze(picture):
    """Resize all of an image to 28x28."""
    # Cubic curves overshoot a little.
    return _resized(picture, (28, 28), Image.Resampling.BICUBIC).clip(0, 1)


def fill(picture):
    """Put the box in the middle of 28x28."""
    return _placed(picture, (28 - np.array(picture.shape)) / 2)


STEPS = {
    step.__name__: step
    for step in (
        color,
        noise,
        polarity,
        shading,
        threshold,
        frame,
        specks,
        thickness,
        box,
        center,
    )
}
"""The steps of `preprocess`, in their order."""

# What takes the place of a step that is skipped: nothing, or as little as possible.
INSTEAD = dict.fromkeys(STEPS, lambda picture: picture) | {
    "color": luma,
    "box": squeeze,
    "center": fill,
}


def cropped(picture):
    """Return the smallest part that holds all ink; (0, 0) if there is none."""
    ink = picture > WEAK
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    if not rows.size:
        return picture[:0, :0]
    return picture[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def reduced(picture, side):
    """Average squares of pixels until the longer side is at most ``side``."""
    factor = math.ceil(max(picture.shape) / side)
    if factor == 1:
        return picture
    return np.asarray(Image.fromarray(np.ascontiguousarray(picture)).reduce(factor))


def otsu(picture):
    """Return the threshold between light and dark pixels of Otsu (1979).

    scikit-image's, which takes most of its time to count the pixels of each grey, and
    so is given these counts.
    """
    low, high = picture.min(), picture.max()
    step = (high - low) / 256
    if step < 1e-9:  # one grey everywhere
        return low
    levels = np.minimum((picture - low) / step, 255).astype(np.uint8)
    counts = np.bincount(levels.ravel(), minlength=256)
    return threshold_otsu(hist=(counts, low + (np.arange(256) + 0.5) * step))


def separability(picture):
    """Measure how clearly an image falls into two parts, 0 to 1 (Otsu 1979).

    The part of the variance that is between the light and the dark pixels, not within
    them. Noise without ink, if it is Gaussian, has 2 / pi, about 0.64.
    """
    light = picture > otsu(picture)
    part = light.mean()
    if part in (0, 1):
        return 0.0
    contrast = picture[light].mean() - picture[~light].mean()
    return part * (1 - part) * contrast**2 / picture.var()


def stroke_width(picture):
    """Measure the mean width of strokes in pixels; 0 where there is no ink.

    In a long stroke of width w, pixels are on average w / 4 from the nearest edge.
    """
    ink = np.pad(picture > 0.5, 1)
    if not ink.any():
        return 0.0
    return 4 * ndimage.distance_transform_edt(ink)[ink].mean() - 1  # pixels have width


def _light(picture):
    """Tell whether the light part is the paper: above 0 if so, up to 1."""
    if np.ptp(picture) < 1e-4:
        return 0
    light = picture > otsu(picture)
    border = (light[0], light[-1], light[:, 0], light[:, -1])
    return light.mean() - 0.5 + np.concatenate(border).mean() - 0.5


def _few(picture):
    """How many pixels may be brighter than the strongest ink, by accident."""
    return 1 + picture.size // 20_000


def _only(picture, ink):
    """Erase all but some ink and the grey edges around it."""
    return np.where(ndimage.binary_dilation(ink, AROUND), picture, 0)


def _full_rows(ink):
    """Tell which rows are ink from edge to edge; lines may be a little crooked."""
    slack = max(1, len(ink) // 100)
    thick = ndimage.binary_dilation(ink, np.ones((2 * slack + 1, 1)))
    return thick.mean(axis=1) > 0.93


def _without_lines(picture):
    """Erase straight rows of ink from edge to edge that have paper on both sides.

    Where a stroke crosses the line, it stays. Nothing is erased where other ink comes
    near the left or right edge: then the row may be a bar of a tightly cropped digit.
    """
    ink = picture > WEAK
    height, width = ink.shape
    full = _full_rows(ink)
    rest = ink & ~full[:, np.newaxis] & ~_full_rows(ink.T)
    columns = np.flatnonzero(rest.any(axis=0))
    if not full.any() or not columns.size:
        return picture
    if columns[0] < EDGE * width or columns[-1] >= (1 - EDGE) * width:
        return picture
    slack = max(1, height // 100)
    for (rows,) in ndimage.find_objects(ndimage.label(full)[0]):
        thick = rows.stop - rows.start
        outermost = rows.start <= slack or rows.stop >= height - slack
        rest = ink.copy()
        rest[rows] = False
        if outermost or thick > RIM * height or len(cropped(rest)) < DIGIT * height:
            continue
        above, below = rest[rows.start - 1], rest[rows.stop]
        crossing = ndimage.binary_dilation(above, iterations=thick)
        crossing &= ndimage.binary_dilation(below, iterations=thick)
        picture = picture.copy()
        picture[rows] *= crossing
        ink = picture > WEAK
    return picture


def _resized(picture, sides, resampling):
    height, width = (int(side) for side in sides)
    image = Image.fromarray(np.ascontiguousarray(picture, dtype=np.float32))
    return np.asarray(image.resize((width, height), resampling))


def _placed(picture, offset):
    """Copy into an empty 28x28 image, moved by ``offset`` (down, right), all inside."""
    sides = np.array(picture.shape)
    top, left = np.clip(np.round(offset).astype(int), 0, 28 - sides)
    canvas = np.zeros((28, 28), np.float32)
    canvas[top : top + sides[0], left : left + sides[1]] = picture
    return canvas
