"""From an image in any form to the 28x28 grey values that the network expects."""

from dataclasses import dataclass
from functools import partial
import math

import numpy as np
from PIL import Image
from PIL.Image import Resampling
from scipy import ndimage

from digitlib.errors import DigitlibError
from digitlib.imaging.binarization import (
    BINARIZATION,
    binarize,
    correct_polarity,
    correct_shading,
    denoise,
    only,
    reduced,
    to_grey,
)
from digitlib.imaging.closer import CLOSER, look_closer
from digitlib.imaging.components import Components, crossing
from digitlib.imaging.fast import grown, padded
from digitlib.imaging.loading import LUMA, load_color, load_image


@dataclass(frozen=True)
class Framing:
    """What belongs to a digit, and how it is brought into MNIST's form.

    Chosen, but for what MNIST itself prescribes. Shares are from 0 to 1.
    """

    side: int = 1500  #: pixels: the longest side loaded; larger images are reduced
    framed: int = 40  #: pixels: an image with a shorter side is taken to have no frame
    rim: float = 0.12  #: of the shorter side: where frames and neighbours' remains lie
    along: float = 0.75  #: of a component's side that is on the border of an edge
    strip: float = 0.5  #: of its ink that is inside the rim; an edge has less, ...
    remains: float = 0.25  #: ... and so have a neighbour's remains
    large: float = 0.5  #: of the shorter side: a frame around the digit is larger
    digit: float = 0.25  #: of the shorter side: a digit in a frame is at least as large
    straight: float = 0.93  #: of the width that is ink in each row of a ruled line
    crooked: float = 0.01  #: of the height: how far such a line strays up or down
    edge: float = 0.05  #: of the width: how far a digit on it is from both edges
    speck: float = 0.03  #: of the largest component's area: what is less is dropped
    piece: float = 0.3  #: of the same: what is more is kept
    near: float = 0.2  #: of the largest one's size: what is between is kept if as near
    measured: int = 60  #: pixels: the longer side at which strokes are measured
    # Widths of strokes in pixels, of a digit 20 pixels tall; 2.8 is MNIST's median.
    thinnest: float = 2.0  #: what is thinner is brought ...
    thin: float = 2.8  #: ... to this,
    boldest: float = 4.8  #: and what is bolder ...
    bold: float = 4.0  #: ... to this
    box: int = 20  #: pixels: a digit's longer side (LeCun et al. 1998)
    coarse: int = 16  #: pixels: a smaller digit is enlarged with care, ...
    detour: int = 80  #: ... to as many, and its edges made steeper there, ...
    sharpen: float = 1.3  #: ... by this factor


FRAMING = Framing()


def resize_only(image):
    """Resize to 28x28 and scale to [0, 1], and nothing else.

    This is the recipe of many tutorials. It neither turns dark ink on white paper
    into MNIST's light ink on dark, nor puts the digit where MNIST has it.

    Parameters
    ----------
    image : path, bytes, file object, PIL.Image.Image or array
        For this and all errors, see `digitlib.imaging.loading.load_image`.

    Returns
    -------
    numpy.ndarray, shape (28, 28), float32, in [0, 1]
    """
    return squeeze(load_image(image))


def preprocess(image, *, skip=()):
    """Make any image of one digit look like MNIST's own.

    Parameters
    ----------
    image : path, bytes, file object, PIL.Image.Image or array
        As for `digitlib.imaging.loading.load_image`: a photograph, a scan or a
        drawing, of any size, with dark ink on light or light ink on dark.
    skip : str or iterable of str
        Names of steps, of `STEPS`, to leave out.

    Returns
    -------
    numpy.ndarray, shape (28, 28), float32, in [0, 1]
        Light ink on dark, in a box of 20x20 pixels around its centre of mass, as LeCun
        et al. (1998) prepared MNIST. All 0 where no ink was found.

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
        shown, needed = " ".join(repr(skip).split()), ", ".join(STEPS)
        raise DigitlibError(f"skip: {shown}, but names of {needed} are needed")
    picture = load_color(image, FRAMING.side)
    for name, step in STEPS.items():
        picture = (INSTEAD.get(name, np.asarray) if name in names else step)(picture)
    return picture


def normalize(ink):
    """Bring the ink of one digit, and no other, into the form that is recognised. These
    are the last of `STEPS`: from (height, width) float32 in [0, 1], light on dark, to
    what `preprocess` returns."""
    names = list(STEPS)
    for name in names[names.index("normalize_stroke") :]:
        ink = STEPS[name](ink)
    return ink


# The steps that are not of `digitlib.imaging.binarization` take and return the same.


def remove_frame(picture, settings=FRAMING):
    """Remove frames around the digit, lines across, and remains at the border."""
    side = min(picture.shape)
    if side < settings.framed:
        return picture
    rim = math.ceil(settings.rim * side)
    found = Components(picture > BINARIZATION.weak)
    strips = (found.along() >= settings.along) & (found.inside(rim) < settings.strip)
    picture = only(picture, found.pixels(~strips))
    found = Components(picture > BINARIZATION.weak)
    outer = found.touching() & (found.inside(rim) < settings.remains)
    for i in np.flatnonzero(found.size > settings.large * side):
        outer[i] |= found.surrounds(i, settings.rim, settings.digit)
    if found.size[~outer].max(initial=0) > settings.digit * side:
        picture = only(picture, found.pixels(~outer))
    return _without_lines(_without_lines(picture, settings).T, settings).T


def remove_specks(picture, settings=FRAMING):
    """Keep the largest component of ink, and others that are large or near it."""
    found = Components(picture > BINARIZATION.weak)
    if found.n < 2:
        return picture
    largest = found.area.argmax()
    part = found.area / found.area[largest]
    near = found.gaps(largest) <= settings.near * found.size[largest]
    keep = (part >= settings.piece) | (near & (part >= settings.speck))
    return only(picture, found.pixels(keep))


def normalize_stroke(picture, settings=FRAMING):
    """Bring very thin and very thick strokes nearer to those of MNIST."""
    picture = cropped(picture)
    if not picture.any():
        return picture
    times, large = math.ceil(settings.measured / max(picture.shape)), picture
    if times > 1:
        large = padded(picture)
        large = _resized(large, times * np.array(large.shape), Resampling.BILINEAR)
    scale = times * max(picture.shape) / settings.box
    width = stroke_width(large) / scale
    if settings.thinnest <= width <= settings.boldest or width == 0:
        return picture
    wanted = settings.thin if width < settings.thinnest else settings.bold
    change = (wanted - width) * scale / 2
    ink = padded(large > 0.5, math.ceil(max(change, 0)) + 1)
    far = ndimage.distance_transform_edt(~ink if change > 0 else ink)
    changed = change + 1 - far if change > 0 else change + far
    changed = changed.clip(0, 1).astype(np.float32)
    return changed if changed.max() > 0.5 else picture


def fit_box(picture, settings=FRAMING):
    """Scale the ink to 20 pixels in its longer side, with grey edges. Coarse images are
    enlarged four times more, sharpened a little, and reduced again."""
    digit = cropped(picture)
    if 0 < max(digit.shape) < settings.coarse:
        scale = settings.detour / max(digit.shape)
        digit = padded(digit)
        large = _resized(digit, scale * np.array(digit.shape), Resampling.LANCZOS)
        digit = cropped((settings.sharpen * (large - 0.5) + 0.5).clip(0, 1))
    if not digit.any():
        return digit
    digit = scaled(digit, settings.box / max(digit.shape))
    return digit / max(digit.max(), 1e-6)


def center(picture):
    """Put the centre of mass in the middle of 28x28, but move whole pixels only."""
    if not picture.any():
        return fill(picture)
    return _placed(picture, 14 - np.array(ndimage.center_of_mass(picture)))


def luma(picture):
    """Mix red, green and blue as bright as the eye finds them."""
    return picture @ LUMA if picture.ndim == 3 else picture


def squeeze(picture):
    """Resize all of an image to 28x28."""
    return _resized(picture, (28, 28), Resampling.BICUBIC).clip(0, 1)  # may overshoot


def fill(picture):
    """Put the box in the middle of 28x28."""
    return _placed(picture, (28 - np.array(picture.shape)) / 2)


STEPS = {
    step.__name__: step
    for step in (
        to_grey, look_closer, denoise, correct_polarity, correct_shading, binarize,
        remove_frame, remove_specks, normalize_stroke, fit_box, center,
    )
}  # fmt: skip
"""The steps of `preprocess`, in their order."""

# What takes the place of a step that is skipped: as little as possible, or nothing.
INSTEAD = {
    "to_grey": luma,
    "look_closer": partial(reduced, side=CLOSER.side),
    "fit_box": squeeze,
    "center": fill,
}


def cropped(picture):
    """Return the smallest part that holds all ink; (0, 0) if there is none."""
    ink = picture > BINARIZATION.weak
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    if not rows.size:
        return picture[:0, :0]
    return picture[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def stroke_width(picture):
    """Measure the mean width of strokes in pixels; 0 where there is no ink. In a long
    stroke of width w, pixels are on average w / 4 from the nearest edge."""
    ink = padded(picture > 0.5)
    if not ink.any():
        return 0.0
    return 4 * ndimage.distance_transform_edt(ink)[ink].mean() - 1  # pixels have width


def _without_lines(picture, settings):
    """Erase rows of ink from edge to edge between paper, but not strokes across.
    Nothing is erased where other ink comes near the left or right edge: then the row
    may be a bar of a tightly cropped digit."""
    ink = picture > BINARIZATION.weak
    height, width = ink.shape
    full = _full_rows(ink, settings)
    rest = ink & ~full[:, np.newaxis] & ~_full_rows(ink.T, settings)
    columns = np.flatnonzero(rest.any(axis=0))
    if not full.any() or not columns.size:
        return picture
    if columns[0] < settings.edge * width or columns[-1] >= (1 - settings.edge) * width:
        return picture
    slack = max(1, int(settings.crooked * height))
    for (rows,) in ndimage.find_objects(ndimage.label(full)[0]):
        thick, rest = rows.stop - rows.start, ink.copy()
        rest[rows] = False
        outer = rows.start <= slack or rows.stop >= height - slack
        short = len(cropped(rest)) < settings.digit * height
        if outer or short or thick > settings.rim * height:
            continue
        picture = picture.copy()
        beside = rest[rows.start - 1 : rows.stop + 1]
        picture[rows] *= crossing(beside, thick, thick)[1:-1]
        ink = picture > BINARIZATION.weak
    return picture


def _full_rows(ink, settings):
    """Tell which rows are ink from edge to edge; lines may be a little crooked."""
    slack = max(1, int(settings.crooked * len(ink)))
    return grown(ink, slack, 0).mean(axis=1) > settings.straight


def scaled(picture, scale, smaller=Resampling.HAMMING):
    """Make a picture as many times as large, with a filter that makes it smaller."""
    if scale == 1:
        return picture
    sides = [max(1, round(scale * side)) for side in picture.shape]
    smooth = smaller if scale < 1 else Resampling.BICUBIC
    return _resized(picture, sides, smooth).clip(0, 1)


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
