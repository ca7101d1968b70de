"""From an image in any form to the 28x28 grey values that the network expects."""

import math

import numpy as np
from PIL import Image
from scipy import ndimage

from digitlib.errors import DigitlibError
from digitlib.imaging.binarization import (
    BINARIZATION,
    binarize,
    correct_polarity,
    correct_shading,
    denoise,
    only,
    to_grey,
)
from digitlib.imaging.components import Components
from digitlib.imaging.fast import padded
from digitlib.imaging.loading import LUMA, load_color, load_image

SIDE = 512  # pixels: the longest side that is looked at; larger images are reduced

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
        As for `digitlib.imaging.loading.load_image`.

    Returns
    -------
    numpy.ndarray, shape (28, 28), float32, in [0, 1]

    Raises
    ------
    DigitlibError
        As `digitlib.imaging.loading.load_image`.
    """
    return squeeze(load_image(image))


def preprocess(image, *, skip=()):
    """Make any image of one digit look like MNIST's own.

    Parameters
    ----------
    image : path, bytes, file object, PIL.Image.Image or array
        As for `digitlib.imaging.loading.load_image`: a photograph, a scan or a
        drawing, of any
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
        As `digitlib.imaging.loading.load_image`, or if there is no such step.
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
        picture = (INSTEAD.get(name, np.asarray) if name in names else step)(picture)
    return picture


def normalize(ink):
    """Bring ink into the form in which it is recognised: the last of `STEPS`.

    Parameters
    ----------
    ink : numpy.ndarray, shape (height, width), float32, in [0, 1]
        Of one digit, light on dark, and nothing else.

    Returns
    -------
    numpy.ndarray, shape (28, 28), float32, in [0, 1]
    """
    names = list(STEPS)
    for name in names[names.index("normalize_stroke") :]:
        ink = STEPS[name](ink)
    return ink


# The steps. The first five, which find the ink, are those of
# `digitlib.imaging.binarization`; like them, the others take
# and return an array, (height, width) float32 in [0, 1].


def remove_frame(picture):
    """Remove frames around the digit, lines across, and remains at the border."""
    side = min(picture.shape)
    if side < 40:
        return picture
    rim = math.ceil(RIM * side)
    pieces = Components(picture > BINARIZATION.weak)
    strips = (pieces.along() >= ALONG) & (pieces.inside(rim) < 0.5)
    picture = only(picture, pieces.pixels(~strips))
    pieces = Components(picture > BINARIZATION.weak)
    outer = pieces.touching() & (pieces.inside(rim) < 0.25)
    for piece in np.flatnonzero(pieces.size > 0.5 * side):
        outer[piece] |= pieces.surrounds(piece, RIM, DIGIT)
    if pieces.size[~outer].max(initial=0) > DIGIT * side:
        picture = only(picture, pieces.pixels(~outer))
    return _without_lines(_without_lines(picture).T).T


def remove_specks(picture):
    """Keep the largest piece of ink, and others that are large enough or near it."""
    pieces = Components(picture > BINARIZATION.weak)
    if pieces.n < 2:
        return picture
    largest = pieces.area.argmax()
    part = pieces.area / pieces.area[largest]
    near = pieces.gaps(largest) <= NEAR * pieces.size[largest]
    keep = (part >= PIECE) | (near & (part >= SPECK))
    return only(picture, pieces.pixels(keep))


def normalize_stroke(picture):
    """Bring very thin and very thick strokes nearer to those of MNIST."""
    picture = cropped(picture)
    if not picture.any():
        return picture
    times = math.ceil(60 / max(picture.shape))  # enough pixels to measure a width
    large = padded(picture) if times > 1 else picture
    if times > 1:
        large = _resized(
            large, times * np.array(large.shape), Image.Resampling.BILINEAR
        )
    scale = times * max(picture.shape) / 20
    width = stroke_width(large) / scale
    if THINNEST <= width <= BOLDEST or width == 0:
        return picture
    change = ((THIN if width < THINNEST else BOLD) - width) * scale / 2
    ink = padded(large > 0.5, math.ceil(max(change, 0)) + 1)
    if change > 0:
        changed = change + 1 - ndimage.distance_transform_edt(~ink)
    else:
        changed = change + ndimage.distance_transform_edt(ink)
    changed = changed.clip(0, 1).astype(np.float32)
    return changed if changed.max() > 0.5 else picture


def fit_box(picture):
    """Scale the ink to 20 pixels in its longer side, with grey edges.

    Coarse images are enlarged, four times more than needed, sharpened a little, and
    reduced again.
    """
    digit = cropped(picture)
    if 0 < max(digit.shape) < COARSE:
        scale = 80 / max(digit.shape)
        digit = padded(digit)
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
        to_grey,
        denoise,
        correct_polarity,
        correct_shading,
        binarize,
        remove_frame,
        remove_specks,
        normalize_stroke,
        fit_box,
        center,
    )
}
"""The steps of `preprocess`, in their order."""

# What takes the place of a step that is skipped: as little as possible, or nothing.
INSTEAD = {"to_grey": luma, "fit_box": squeeze, "center": fill}


def cropped(picture):
    """Return the smallest part that holds all ink; (0, 0) if there is none."""
    ink = picture > BINARIZATION.weak
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    if not rows.size:
        return picture[:0, :0]
    return picture[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def stroke_width(picture):
    """Measure the mean width of strokes in pixels; 0 where there is no ink.

    In a long stroke of width w, pixels are on average w / 4 from the nearest edge.
    """
    ink = padded(picture > 0.5)
    if not ink.any():
        return 0.0
    return 4 * ndimage.distance_transform_edt(ink)[ink].mean() - 1  # pixels have width


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
    ink = picture > BINARIZATION.weak
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
        ink = picture > BINARIZATION.weak
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
