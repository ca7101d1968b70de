"""A closer look: the part of a large image that holds its ink, in its own pixels.

A thin line on a large canvas and a small digit on a large sheet are lost where an image
is reduced as a whole. At a glance that keeps the darkest and the lightest of each
square of pixels, neither is.
"""

from dataclasses import dataclass
import math

import numpy as np
from scipy import ndimage

from digitlib.imaging.binarization import BINARIZATION, reduced
from digitlib.imaging.components import Components
from digitlib.imaging.fast import opening, otsu, quantile, strongest


@dataclass(frozen=True)
class Closer:
    """Which part of an image is looked at; all of it chosen, not fitted."""

    side: int = 512  #: pixels: the longest side of what is looked at closely
    glance: int = 250  #: pixels: the longest side at a glance
    deviations: float = 6  #: of the grain, by which ink stands out at a glance
    least: float = 0.02  #: of the longer side: what is smaller is dust
    edge: float = 0.5  #: of its size along the border, with a corner: a desk; or if ...
    small: float = 0.5  #: ... smaller than this, of the longer side: a shadow's end
    sheet: float = 0.8  #: of its box: a sheet on a desk; of the sheet: blank paper
    margin: int = 2  #: squares at a glance: the edge of a sheet is no wider
    around: float = 0.5  #: of the longer side of the ink: paper that stays around it
    worth: float = 0.8  #: of a side: a part is smaller, or else it is all


CLOSER = Closer()


def look_closer(picture, settings=CLOSER):
    """Cut out the part that holds the ink, with paper around it, as long as that makes
    the image smaller; then reduce what is still too large. The desk around a sheet is
    no ink, nor are shadows at the border."""
    picture = _sheet(picture, settings)
    while (part := _part(picture, settings)) is not None:
        picture = picture[part]
    return reduced(picture, settings.side)


def _sheet(picture, settings):
    """Cut out a sheet with writing that lies on a darker or lighter desk, and let its
    paper go on over what is left of the desk; return all if there is no such sheet."""
    every = math.ceil(max(picture.shape) / settings.glance)
    if every == 1:
        return picture
    small = reduced(picture, settings.glance)
    light = small > otsu(small)
    for found in map(Components, (light, ~light)):
        largest = found.area == found.area.max(initial=0)
        for i in np.flatnonzero(largest & ~found.touching()):
            box = found.boxes[i]
            paper = found.labels[box] == i + 1
            sheet = ndimage.binary_fill_holes(paper)
            wide = min(sheet.shape) > BINARIZATION.widest * max(small.shape)
            blank = paper.sum() / sheet.sum()
            if wide and blank < 1 and min(blank, sheet.mean()) >= settings.sheet:
                inner = ndimage.binary_erosion(sheet, iterations=settings.margin)
                nearest = ndimage.distance_transform_edt(
                    ~(inner & paper), return_distances=False, return_indices=True
                )
                beyond = small[box][tuple(nearest)]
                part = tuple(slice(every * x.start, every * x.stop) for x in box)
                return _where(inner, picture[part], beyond, every)
    return picture


def _where(squares, picture, otherwise, every):
    """The picture in some squares of so many pixels, and in the others one grey."""
    square = np.ix_(*(np.arange(side) // every for side in picture.shape))
    return np.where(squares[square], picture, otherwise[square])


def _part(picture, settings):
    """Where the ink is, as two slices; None if all of the image is needed."""
    every = math.ceil(max(picture.shape) / settings.glance)
    if every == 1:  # nothing is smaller at a glance
        return None
    boxes = []
    for ink in _outstanding(picture, every, settings):
        found = Components(ink)
        large = found.size >= settings.least * max(ink.shape)
        kept = large & ~_edges(found, settings)
        sides = found.top, found.left, -found.bottom, -found.right
        boxes += list(np.transpose(sides)[kept])
    if not boxes:
        return None
    first, last = every * np.min(boxes, axis=0).reshape(2, 2) * [[1], [-1]]
    room = every + round(settings.around * max(last - first))
    top, left = (first - room).clip(0)
    part = slice(top, last[0] + room), slice(left, last[1] + room)
    smaller = max(picture[part].shape) < settings.worth * max(picture.shape)
    return part if smaller else None


def _outstanding(picture, every, settings):
    """Which squares of so many pixels hold what is lighter, and which what is darker
    than all around, and no wider than a stroke."""
    more = [(0, -side % every) for side in picture.shape]
    picture = np.pad(picture, more, "edge")
    extremes = []
    for extreme in (np.maximum, np.minimum):
        squares = picture
        for _ in range(2):  # rows, and then columns
            squares = extreme.reduce([squares[i::every] for i in range(every)]).T
        extremes.append(squares if extreme is np.maximum else 1 - squares)
    widest = BINARIZATION.widest * max(squares.shape)
    window = (1 + 2 * max(1, round(widest / 2)),) * 2
    both = [extreme - opening(extreme, window) for extreme in extremes]
    pale = BINARIZATION.pale * max(strongest(stands) for stands in both)
    for stands in both:
        level = quantile(stands, 0.5)
        grain = settings.deviations * 1.48 * quantile(np.abs(stands - level), 0.5)
        yield stands > level + max(pale, BINARIZATION.faintest, grain)


def _edges(found, settings):
    """Which components are no ink, but lie along the border: with a corner, as a desk
    does, or small, where a shadow leaves the image."""
    _, shares = found.borders()
    small = found.size < settings.small * max(found.labels.shape)
    return (shares.max(axis=0) >= settings.edge) & (found.corners() | small)
