"""Layout: where the numbers of an image stand, before any digit is read.

All lengths depend on how tall the digits are, and that is not known. So the image is
looked at twice: at a glance, to find their height and how the lines slope; then again,
enlarged or reduced so that digits are about equally tall, and turned level.
"""

from dataclasses import dataclass, replace
import math

import numpy as np
from PIL import Image
from scipy import ndimage

from digitlib.document.lines import LINES, LineSettings, are_blots, split_lines
from digitlib.document.ruled_lines import (
    RULED_LINES,
    RuledLineSettings,
    has_upright_lines,
    long_runs,
    remove_ruled_lines,
)
from digitlib.imaging.binarization import (
    BINARIZATION,
    binarize,
    denoise,
    only,
    pieces_of_ink,
    reduced,
    strengths,
    to_grey,
    without_paper,
)
from digitlib.imaging.components import Components
from digitlib.imaging.fast import grown, strongest
from digitlib.preprocessing import scaled


@dataclass(frozen=True)
class LayoutSettings:
    """What decides where lines of digits are.

    Lengths are in heights of a digit if no unit is named. All were chosen on generated
    fields (`digitlib.synthesis.forms`) of validation digits, where no origin is named.
    """

    printed: float = 0.5  #: of full ink: what is paler all over, and ...
    near: float = 1.0  #: ... as near to erased print or an edge, is a rest of it
    glance: int = 1000  #: pixels: the longer side at a glance, ...
    glance_least: int = 28  #: pixels: ... but the shorter one remains as long
    glance_side: int = 60  #: pixels: a shorter side counts as long for these two:
    around: float = 0.2  #: of that side: what is compared to tell ink from paper
    glance_stroke: float = 0.1  #: of that side: no stroke is wider, at a glance
    target: int = 48  #: pixels: the height of a digit when it is looked at again
    enlarged: int = 2  #: times: no image is enlarged more
    same_size: float = 0.05  #: times 1: a smaller change is not worth it
    stroke: float = 0.5  #: no stroke is wider, so all that is wider is paper
    darkest: float = 0.75  #: 0 to 1: paper counts as no darker, ink in shadows is ink
    grain: float = 0.6  #: pixels: standard deviation of the smoothing of the paper
    outstanding: float = 0.25  #: of the strongest ink: what may belong to an edge
    steepest: float = 12.0  #: degrees: lines that slope more are not found
    skew_steps: tuple = (0.5, 0.1)  #: degrees: between angles that are tried, twice
    skew_pixels: int = 6000  #: of ink: about as many tell the slope
    level: float = 0.3  #: degrees: less is not worth turning
    sheet: float = 8  #: times: turned, no image takes more space
    tiny: int = 6  #: pixels: a component less tall tells nothing of digits' height
    flat: float = 8  #: times wider than tall: a ruled line
    meshes: int = 4  #: a net has more of them, and they ...
    meshes_fill: float = 0.5  #: ... take more than this part of it
    edge_length: float = 0.5  #: of its size on the border: the edge of the page, if ...
    edge_share: float = 0.25  #: ... that is as much of the border, or with a corner
    straight: int = 2  #: pixels: by which an edge is off a straight line at most
    lines: LineSettings = LINES  #: what belongs to which line
    ruled_lines: RuledLineSettings = RULED_LINES  #: what is erased as print


LAYOUT = LayoutSettings()  #: What `find_lines` decides by, if nothing else is given.


@dataclass(frozen=True)
class Layout:
    """The lines of an image."""

    lines: list  #: of ``Line``, from top to bottom; empty where no digits can be
    height: float  #: of a digit, in pixels of the straightened image
    scale: float  #: how much larger the straightened image is
    angle: float  #: degrees by which it was turned, counterclockwise
    shapes: tuple  #: the image's (height, width) as enlarged or reduced, and as turned

    def in_image(self, box):
        """Bring a box (left, top, right, bottom) back to the pixels of the image. A box
        around all of it: where the image was turned, a larger one."""
        left, top, right, bottom = box
        x, y = self._back([left, right, left, right], [top, top, bottom, bottom])
        return x.min(), y.min(), x.max(), y.max()

    def upright(self, box):
        """Bring only the middle of a box back, and leave it as large as it is."""
        left, top, right, bottom = box
        [x], [y] = self._back([(left + right) / 2], [(top + bottom) / 2])
        wide, tall = (right - left) / self.scale, (bottom - top) / self.scale
        return x - wide / 2, y - tall / 2, x + wide / 2, y + tall / 2

    def _back(self, x, y):
        turn = math.radians(self.angle)
        sine, cosine = math.sin(turn), math.cos(turn)
        (tall, wide), (new_tall, new_wide) = self.shapes
        x, y = np.array(x) - new_wide / 2, np.array(y) - new_tall / 2
        x, y = cosine * x - sine * y + wide / 2, sine * x + cosine * y + tall / 2
        return x / self.scale, y / self.scale


def find_lines(picture, settings=LAYOUT):
    """Find ink, erase what is printed, and part the rest into lines.

    Parameters
    ----------
    picture : numpy.ndarray, shape (h, w) or (h, w, 3), float32, in [0, 1]
    settings : LayoutSettings

    Returns
    -------
    Layout
    """
    grey, small = _on_dark_paper(to_grey(picture), settings)
    measured = _glance(grey, small, settings)
    if measured is None:
        return Layout([], 0.0, 1.0, 0.0, (grey.shape, grey.shape))
    height, angle, upright = measured
    scale = min(settings.target / height, settings.enlarged)
    scale = 1.0 if abs(scale - 1) < settings.same_size else scale
    height *= scale
    large = scaled(grey, scale, Image.Resampling.BILINEAR)
    shaded, edges = (
        _turned(picture, angle, settings)
        for picture in _outstanding(large, settings.stroke * height, settings)
    )
    clean, _ = remove_ruled_lines(shaded, height, upright, settings.ruled_lines)
    erased = clean != shaded
    ink = _ink(clean, erased, edges > 0, height, settings)
    height = digit_height(ink, settings=settings) or height
    found = split_lines(ink, height, settings.lines, erased=erased)
    angle = angle if abs(angle) >= settings.level else 0.0
    return Layout(found, height, scale, angle, (large.shape, ink.shape))


def _on_dark_paper(grey, settings):
    """An image, and the same at a glance, with ink that is light. Ink stands out far
    from its surroundings, and little of the image is ink."""
    long, short = max(grey.shape), min(grey.shape)
    factor = min(math.ceil(long / settings.glance), short // settings.glance_least)
    small = reduced(grey, math.ceil(long / max(factor, 1)))
    window = settings.around * max(min(small.shape), settings.glance_side)
    local = small - ndimage.uniform_filter(small, 1 + 2 * round(window / 2))
    light = (local * local * local).mean() >= 0
    return (grey, small) if light else (1 - grey, 1 - small)


def _ink(clean, erased, edges, height, settings):
    """Ink as if there were one pen, and paler pieces besides: but none that touch it or
    go around it, as printed boxes do, nor what is left near an erased line or at an
    edge of the page."""
    found = strengths(clean)
    ink = pieces_of_ink(*found, _one_pen(settings))
    every = pieces_of_ink(*found)
    strong = ink > BINARIZATION.weak
    pieces = Components(every > BINARIZATION.weak)
    window = 1 + 2 * round(settings.near * height)
    near = ndimage.maximum_filter(erased, window) | edges
    pale = pieces.count(pieces.labels[strong | near]) == 0
    for i in np.flatnonzero(pale):
        pale[i] = not strong[pieces.boxes[i]].any()
    return np.maximum(ink, only(every, pieces.pixels(pale))) if pale.any() else ink


def _one_pen(settings):
    return replace(BINARIZATION, pale=settings.printed)


def _glance(grey, small, settings):
    """The height of digits in an image, its slope, and whether it is squared paper.
    None where nothing can be a digit."""
    widest = settings.glance_stroke * max(min(small.shape), settings.glance_side)
    shaded, _ = _outstanding(small, widest, settings)
    ink = binarize(shaded, _one_pen(settings))
    height = digit_height(ink, nets=True, settings=settings)
    if height is None:
        return None
    # Digits may climb while the line below them does not.
    by_ink = angle = _slope(ink > BINARIZATION.weak, small.shape, settings)
    times = max(1, int(height / settings.target))  # no finer than when looked at again
    shaded = reduced(shaded, math.ceil(max(shaded.shape) / times))
    height *= len(shaded) / len(small)
    turned = _turned(shaded, angle, settings)
    upright = has_upright_lines(turned, height, settings.ruled_lines)
    printed = height, upright, settings.ruled_lines
    clean, more = remove_ruled_lines(turned, *printed)
    if more is None:
        runs = long_runs(shaded, height, settings.ruled_lines)
        angle = _slope(runs, small.shape, settings)
        turned = _turned(shaded, angle, settings)
        clean, more = remove_ruled_lines(turned, *printed)
    if more is None:
        angle = by_ink
    else:
        angle = _affordable(angle + more, small.shape, settings)
        ink = binarize(clean, _one_pen(settings))
        height = digit_height(ink, settings=settings) or height
    return height * (len(grey) / len(shaded)), angle, upright


def digit_height(ink, nets=False, settings=LAYOUT):
    """Measure how tall digits are, in pixels; None where nothing can be a digit. Half
    of all ink belongs to components that are taller. Blots and ruled lines do not
    count."""
    components = Components(ink > BINARIZATION.weak)
    tall = components.height
    good = ~are_blots(components, settings.lines) & (tall >= settings.tiny)
    good &= components.width < settings.flat * tall
    if not good.any():
        return None
    if nets:
        tall = _mesh(components, settings)
    return _half(tall[good], components.area[good])


def _half(lengths, amounts):
    """The length up to which half of all is found."""
    order = np.argsort(lengths)
    up_to = np.cumsum(amounts[order])
    return float(lengths[order][np.searchsorted(up_to, up_to[-1] / 2)])


def _mesh(components, settings):
    """How tall components are, or the meshes of those that are nets."""
    paper, n = ndimage.label(components.labels == 0)
    tall = components.height.copy()
    if n <= settings.meshes:
        return tall
    meshes = {}
    for i, (rows, columns) in enumerate(ndimage.find_objects(paper), 1):
        high, across = rows.stop - rows.start, columns.stop - columns.start
        if min(high, across) < settings.tiny or across == paper.shape[1]:
            continue
        left = columns.start > 0  # what bounds it on one side is the net
        edge, beyond = (columns.start, -1) if left else (columns.stop - 1, 1)
        row = rows.start + (paper[rows, edge] == i).argmax()
        net = components.labels[row, edge + beyond] - 1
        if high < tall[net] / 2:
            meshes.setdefault(net, []).append((high, high * across))
    for net, own in meshes.items():
        highs, sizes = np.array(own).T
        filled = sizes.sum() / (tall[net] * components.width[net])
        if len(own) > settings.meshes and filled > settings.meshes_fill:
            tall[net] = _half(highs, sizes)
    return tall


def skew(ink, settings=LAYOUT):
    """Measure by how many degrees lines of ink fall to the right. At the right angle,
    rows of pixels are either full of ink or empty: the sum of their squares is largest
    (Postl 1986)."""
    rows, columns = (
        at[:: 1 + at.size // settings.skew_pixels] for at in np.nonzero(ink)
    )
    if not rows.size:
        return 0.0

    def sharpness(angle):
        level = rows - np.tan(np.radians(angle)) * columns
        return (np.bincount((level - level.min()).astype(int)) ** 2).sum()

    best, reach = 0.0, settings.steepest
    for step in settings.skew_steps:
        best = max(best + np.arange(-reach, reach + step / 2, step), key=sharpness)
        reach = step
    return float(best)


def _slope(ink, shape, settings):
    return _affordable(skew(ink, settings), shape, settings)


def _outstanding(grey, widest, settings):
    """What stands out from the paper, but for the edges of the page; and these."""
    grey = denoise(grey, settings.grain)
    shaded = without_paper(grey, widest, settings.darkest)
    components = Components(shaded > settings.outstanding * strongest(shaded))
    (along, shares), (tall, wide) = components.borders(), shaded.shape
    part = along / [[wide], [wide], [tall], [tall]]
    edges = components.corners() | (part >= settings.edge_share)
    edges &= shares >= settings.edge_length
    erased = np.zeros(shaded.shape, bool)
    for turns, border in enumerate((2, 0, 3, 1)):
        for component in np.flatnonzero(edges[border]):
            own = np.rot90(components.labels == component + 1, turns)
            np.rot90(erased, turns)[...] |= _edge(own, settings.straight)
    shaded = np.where(grown(erased, 2, 2), 0, shaded)
    erased[[0, -1]] = erased[:, [0, -1]] = True
    return shaded, erased.astype(np.float32)


def _edge(component, straight):
    """What of a component on the left border is the edge of the page. It reaches as far
    into the image as a straight line; what hangs on to it is ink."""
    inside = np.pad(component, ((0, 0), (0, 1)))
    depth = inside.argmin(axis=1)
    rows = np.flatnonzero(depth)
    some, half = depth[rows], len(rows) // 2
    slope = np.median(some[half:] - some[: len(some) - half]) / max(half, 1)
    line = slope * rows + np.median(some - slope * rows)
    if np.median(np.abs(some - line)) > straight:
        return component
    found = np.zeros_like(component)
    found[rows] = np.arange(component.shape[1]) < (line + straight)[:, np.newaxis]
    return found & component


def _affordable(angle, shape, settings):
    """An angle, or 0 where a strip is so long that turned it would need much space."""
    sine, cosine = abs(math.sin(math.radians(angle))), math.cos(math.radians(angle))
    tall, wide = shape
    turned = (cosine * tall + sine * wide) * (sine * tall + cosine * wide)
    fits = abs(angle) < settings.level or turned <= settings.sheet * tall * wide
    return angle if fits else 0.0


def _turned(picture, angle, settings):
    """Turn counterclockwise, on a sheet that has room for all of it."""
    if abs(angle) < settings.level:
        return picture
    image = Image.fromarray(np.ascontiguousarray(picture))
    return np.asarray(image.rotate(angle, Image.Resampling.BILINEAR, expand=True))
