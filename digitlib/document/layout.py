"""Layout: where the numbers of an image stand, before any digit is read.

All lengths depend on how tall the digits are, and that is not known. So the image is
looked at twice: at a glance, to find their height and how the lines slope; then again,
enlarged or reduced so that a digit is about ``TALL`` pixels tall, and turned level.
"""

from dataclasses import dataclass, replace
import math

import numpy as np
from PIL import Image
from scipy import ndimage

from digitlib.document.ruled_lines import (
    has_upright_lines,
    long_runs,
    remove_ruled_lines,
)
from digitlib.imaging.binarization import (
    BINARIZATION,
    binarize,
    correct_shading,
    denoise,
    reduced,
    to_grey,
)
from digitlib.imaging.components import Components
from digitlib.imaging.fast import grown, padded, strongest

GLANCE = 1000  # pixels: the longer side at a glance ...
LEAST = 28  # ... but the shorter one remains as long, if it was
TALL = 48  # pixels: a digit, when it is looked at again
LARGER = 2  # times: no image is enlarged more
WIDEST = 0.5  # of a digit's height: no stroke is wider, so all that is wider is paper
DARKEST = 0.75  # paper counts as no darker: ink in deep shadows is ink
GRAIN = 0.6  # pixels: standard deviation of the smoothing of the paper's grain
STEEPEST = 12.0  # degrees: lines that fall or rise more are not found
SHEET = 8  # times: turned, no image takes more space
LEVEL = 0.3  # degrees: less is not worth turning

# Components of ink; lengths are in heights of a digit
SOLID = 0.45  # a piece thicker than this part of its size is a blot
TINY = 6  # pixels: a piece less tall tells nothing of the height of digits
FLAT = 8  # times wider than tall: a rule
MESHES, FILLED = 4, 0.5  # a net has more, and they take more than this part of it
ALONG = 0.5  # of its size on the border: the edge of the page, or a shadow, if it ...
MUCH = 0.25  # ... takes so much of the border, or holds a corner
STRAIGHT = 2  # pixels: by which an edge is off a straight line at most
SMALL, GIANT = 0.4, 3.0  # digits, or several that touch, are between these
MANY = 2000  # pieces: a page of print, or noise
SHARED = 0.25  # of the height: pieces of a line overlap by as much
SPECK = 0.08  # smaller pieces are dirt ...
NEAR = 0.3  # ... and small ones, unless as near to a digit;
APART = 0.1  # as far to each side, small pieces make up rows; these are print ...
LETTERS, WORD, STROKES = 0.45, 0.8, 1.05  # ... if as low, as long, and so rich in ink
MIDDLE = 0.25  # a stroke is through a line below this part of its height, above as much
LARGE, DASH = 0.4, 0.2  # ink that no line holds: smaller is dirt; lower, a dash; ...
BESIDE = 1.0  # ... and what is not as near to a line has nothing to do with it
STRUCK = 0.6  # of the width, if it is erased there; and of the paper beside, ...
BEYOND = 0.5  # ... from this distance, if the stroke is a rule of the paper


@dataclass(frozen=True)
class Line:
    """One line of ink, cut out of the straightened image.

    Attributes
    ----------
    ink : numpy.ndarray, shape (h, w), float32, in [0, 1]
        Ink is 1, paper 0, and all that belongs to other lines is erased.
    left, top : int
        Where its corner lies in the straightened image.
    struck : bool
        Whether a stroke went through all of it.
    beside : bool
        Whether there is large ink beside it that no line holds.
    """

    ink: np.ndarray
    left: int
    top: int
    struck: bool = False
    beside: bool = False


@dataclass(frozen=True)
class Layout:
    """The lines of an image.

    Attributes
    ----------
    lines : list of Line
        From top to bottom; empty where no digits can be.
    height : float
        Of a digit, in pixels of the straightened image.
    scale : float
        How much larger the straightened image is.
    angle : float, degrees
        By which it was turned, counterclockwise.
    shapes : tuple of (int, int)
        The image's height and width as enlarged or reduced, and as turned.
    """

    lines: list
    height: float
    scale: float
    angle: float
    shapes: tuple

    def in_image(self, box):
        """Bring a box (left, top, right, bottom) back to the pixels of the image.

        A box around all of it: where the image was turned, a larger one.
        """
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
        sine, cosine = _turn(self.angle)
        (tall, wide), (new_tall, new_wide) = self.shapes
        x, y = np.array(x) - new_wide / 2, np.array(y) - new_tall / 2
        x, y = cosine * x - sine * y + wide / 2, sine * x + cosine * y + tall / 2
        return x / self.scale, y / self.scale


def find_lines(picture):
    """Find ink, erase what is printed, and part the rest into lines.

    Parameters
    ----------
    picture : numpy.ndarray, shape (h, w) or (h, w, 3), float32, in [0, 1]
        What `digitlib.imaging.loading.load_color` returns.

    Returns
    -------
    Layout
    """
    grey = to_grey(picture)
    factor = min(math.ceil(max(grey.shape) / GLANCE), min(grey.shape) // LEAST)
    small = reduced(grey, math.ceil(max(grey.shape) / max(factor, 1)))
    side = max(min(small.shape), 60)
    if _paper_is_light(small, 0.2 * side):
        grey, small = 1 - grey, 1 - small
    shaded = _outstanding(small, 0.1 * side)
    ink = binarize(shaded)
    height = digit_height(ink, nets=True)
    if height is None:
        return Layout([], 0.0, 1.0, 0.0, (grey.shape, grey.shape))
    # Digits may climb while the rule below them does not.
    by_ink = angle = _affordable(skew(ink > BINARIZATION.weak), small.shape)
    times = max(1, int(height / TALL))  # no finer than when it is looked at again
    shaded = reduced(shaded, math.ceil(max(shaded.shape) / times))
    height *= len(shaded) / len(small)
    turned = _turned(shaded, angle)
    upright = has_upright_lines(turned, height)
    clean, more = remove_ruled_lines(turned, height, upright)
    if more is None:
        angle = _affordable(skew(long_runs(shaded, height)), small.shape)
        clean, more = remove_ruled_lines(_turned(shaded, angle), height, upright)
    if more is None:
        angle = by_ink
    else:
        angle = _affordable(angle + more, small.shape)
        height = digit_height(binarize(clean)) or height
    height *= len(grey) / len(shaded)
    scale = min(TALL / height, LARGER)
    scale = 1.0 if abs(scale - 1) < 0.05 else scale
    large = _scaled(grey, scale)
    shaded = _outstanding(large, WIDEST * height * scale)
    shaded = _turned(shaded, angle)
    clean, _ = remove_ruled_lines(shaded, height * scale, upright)
    ink = binarize(clean)
    height = digit_height(ink) or height * scale
    found = [
        replace(line, struck=_struck(line, clean != shaded, height))
        for line in split_lines(ink, height)
    ]
    return Layout(found, height, scale, angle, (large.shape, ink.shape))


def digit_height(ink, nets=False):
    """Measure how tall digits are, in pixels; None where nothing can be a digit.

    Half of all ink belongs to pieces that are taller. Blots and rules do not count.
    Where there may be nets, such as tables and squared paper, their meshes do.
    """
    pieces = Components(ink > BINARIZATION.weak)
    tall, wide = pieces.bottom - pieces.top, pieces.right - pieces.left
    good = ~_solid(pieces) & (tall >= TINY) & (wide < FLAT * tall)
    if not good.any():
        return None
    if nets:
        tall = _mesh(pieces, tall, wide)
    order = np.argsort(tall[good])
    ink_up_to = np.cumsum(pieces.area[good][order])
    return float(tall[good][order][np.searchsorted(ink_up_to, ink_up_to[-1] / 2)])


def _mesh(pieces, tall, wide):
    """How tall pieces are, or the meshes of those that are nets."""
    paper, n = ndimage.label(pieces.labels == 0)
    if n <= MESHES:
        return tall
    meshes = {}
    for i, where in enumerate(ndimage.find_objects(paper), 1):
        rows, columns = where
        high, across = rows.stop - rows.start, columns.stop - columns.start
        if high < TINY or across < TINY or across == paper.shape[1]:
            continue
        left = columns.start > 0  # what bounds it on one side is the net
        edge, beyond = (columns.start, -1) if left else (columns.stop - 1, 1)
        row = rows.start + (paper[rows, edge] == i).argmax()
        net = pieces.labels[row, edge + beyond] - 1
        if high < tall[net] / 2:
            meshes.setdefault(net, []).append((high, high * across))
    tall = tall.copy()
    for net, own in meshes.items():
        highs, sizes = np.array(sorted(own)).T
        if len(own) > MESHES and sizes.sum() > FILLED * tall[net] * wide[net]:
            up_to = np.cumsum(sizes)
            tall[net] = highs[np.searchsorted(up_to, up_to[-1] / 2)]
    return tall


def skew(ink):
    """Measure by how many degrees lines of ink fall to the right.

    At the right angle, rows of pixels are either full of ink or empty: the sum of their
    squares is largest (Postl 1986).
    """
    rows, columns = np.nonzero(ink)
    if not rows.size:
        return 0.0
    some = slice(None, None, 1 + len(rows) // 6000)
    rows, columns = rows[some], columns[some]

    def sharpness(angle):
        level = rows - np.tan(np.radians(angle)) * columns
        return (np.bincount((level - level.min()).astype(int)) ** 2).sum()

    best = 0.0
    for reach, step in ((STEEPEST, 0.5), (0.5, 0.1)):
        around = best + np.arange(-reach, reach + step / 2, step)
        best = max(around, key=sharpness)
    return float(best)


def split_lines(ink, height):
    """Part ink into lines, from top to bottom.

    Components as tall as digits are taken from left to right; each goes on the line
    whose
    last pieces it overlaps most in height. Small ones join the digit they are near.

    Parameters
    ----------
    ink : numpy.ndarray, shape (h, w), float32, in [0, 1]
    height : float
        Of a digit in pixels.

    Returns
    -------
    list of Line
    """
    pieces = Components(ink > BINARIZATION.weak)
    tall = pieces.bottom - pieces.top
    blots = _solid(pieces)
    digits = (tall >= SMALL * height) & (tall < GIANT * height) & ~blots
    if digits.sum() > MANY:
        return []
    found = []
    for piece in sorted(np.flatnonzero(digits), key=lambda piece: pieces.left[piece]):
        overlaps = [_overlap(pieces, piece, line[-3:]) for line in found]
        if max(overlaps, default=0) > SHARED:
            found[np.argmax(overlaps)].append(piece)
        else:
            found.append([piece])
    on = {piece: line for line in found for piece in line}
    small = (tall < SMALL * height) & (pieces.area > (SPECK * height) ** 2) & ~blots
    printed = _print(pieces, height)
    for piece in np.flatnonzero(small & ~printed):
        gaps = np.where(digits, pieces.gaps(piece), np.inf)
        if gaps.min(initial=np.inf) <= NEAR * height:
            on[gaps.argmin()].append(piece)
    found.sort(key=lambda line: np.mean(pieces.top[line] + pieces.bottom[line]))
    unread = (pieces.size >= LARGE * height) & (tall >= DASH * height) & ~printed
    unread[[piece for line in found for piece in line]] = False
    return [_cut_out(ink, pieces, line, unread, height) for line in found]


def _print(pieces, height):
    """Which pieces stand in a row of small ones, as the letters of print do.

    Here and there a letter has one stroke above another; the bar of a 5 has not.
    """
    letters = pieces.bottom - pieces.top < SMALL * height
    if (pieces.right - pieces.left)[letters].sum() < WORD * height / 2:
        return np.zeros_like(letters)
    ink = pieces.pixels(letters)
    rows = Components(grown(ink, 0, max(1, round(APART * height))))
    starts = ink.copy()
    starts[1:] &= ~ink[:-1]
    strokes = np.bincount(rows.labels[starts], minlength=rows.n + 1)[1:]
    wide = rows.right - rows.left - 2 * APART * height
    good = (rows.bottom - rows.top < LETTERS * height) & (wide >= WORD * height)
    good &= strokes >= STROKES * wide
    printed = np.append(False, good)[rows.labels] & ink
    return np.bincount(pieces.labels[printed], minlength=pieces.n + 1)[1:] > 0


def _paper_is_light(grey, window):
    """Ink stands out far from its surroundings, and little of the image is ink."""
    local = grey - ndimage.uniform_filter(grey, 1 + 2 * round(window / 2))
    return (local * local * local).mean() < 0


def _outstanding(grey, widest):
    """What stands out from the paper, but for the edges of the page."""
    shaded = correct_shading(denoise(grey, GRAIN), widest, "nearest", DARKEST)
    pieces = Components(shaded > 0.25 * strongest(shaded))
    borders = (pieces.labels[0], pieces.labels[-1], *pieces.labels.T[[0, -1]])
    along = [np.bincount(border, minlength=pieces.n + 1)[1:] for border in borders]
    part = [count / len(border) for count, border in zip(along, borders, strict=True)]
    tall, wide = pieces.bottom - pieces.top, pieces.right - pieces.left
    long = np.array(along) >= ALONG * np.array([wide, wide, tall, tall])
    corners = np.isin(
        np.arange(pieces.n) + 1, pieces.labels[[0, 0, -1, -1], [0, -1] * 2]
    )
    edges = long & (corners | (np.array(part) >= MUCH))
    erased = np.zeros(shaded.shape, bool)
    for turns, border in enumerate((2, 0, 3, 1)):
        for piece in np.flatnonzero(edges[border]):
            own = np.rot90(pieces.labels == piece + 1, turns)
            np.rot90(erased, turns)[...] |= _edge(own)
    return np.where(grown(erased, 2, 2), 0, shaded)


def _edge(piece):
    """What of a piece on the left border is the edge of the page.

    It reaches as far into the image as a straight line; what hangs on to it is ink.
    """
    inside = np.pad(piece, ((0, 0), (0, 1)))
    depth = inside.argmin(axis=1)
    rows = np.flatnonzero(depth)
    some, half = depth[rows], len(rows) // 2
    slope = np.median(some[half:] - some[: len(some) - half]) / max(half, 1)
    line = slope * rows + np.median(some - slope * rows)
    if np.median(np.abs(some - line)) > STRAIGHT:
        return piece
    found = np.zeros_like(piece)
    reach = line + STRAIGHT
    found[rows] = np.arange(piece.shape[1]) < reach[:, np.newaxis]
    return found & piece


def _solid(pieces):
    """Which pieces are blots: nearly as thick as they are large.

    A stroke of width w and length l has the area w * l and a border of about 2 * l.
    """
    ink = padded(pieces.labels)
    inner = ink[1:-1, 1:-1].astype(bool)
    for beside in (ink[:-2, 1:-1], ink[2:, 1:-1], ink[1:-1, :-2], ink[1:-1, 2:]):
        inner &= beside > 0
    within = np.bincount(pieces.labels[inner], minlength=pieces.n + 1)[1:]
    return 2 * pieces.area / (pieces.area - within) >= SOLID * pieces.size


def _overlap(pieces, piece, others):
    """How far a piece overlaps others in height, as part of the smaller height."""
    top, bottom = np.median(pieces.top[others]), np.median(pieces.bottom[others])
    shared = min(bottom, pieces.bottom[piece]) - max(top, pieces.top[piece])
    return shared / min(bottom - top, pieces.bottom[piece] - pieces.top[piece])


def _cut_out(ink, pieces, line, unread, height):
    top, bottom = pieces.top[line].min(), pieces.bottom[line].max()
    left, right = pieces.left[line].min(), pieces.right[line].max()
    where = slice(top, bottom), slice(left, right)
    own = np.isin(pieces.labels[where], np.array(line) + 1)
    down = np.minimum(pieces.bottom, bottom) - np.maximum(pieces.top, top)
    across = np.minimum(pieces.right, right) - np.maximum(pieces.left, left)
    smaller = np.minimum(pieces.bottom - pieces.top, bottom - top)
    beside = (down > SHARED * smaller) & (across > -BESIDE * height) & unread
    own_ink = np.where(grown(own), ink[where], 0)
    return Line(own_ink, int(left), int(top), beside=bool(beside.any()))


def _struck(line, erased, height):
    """Whether a stroke that was taken for a rule goes through a line, and no farther.

    ``erased``, (h, w) bool, is where the straightened image lost ink.
    """
    tall, wide = line.ink.shape
    margin = round(MIDDLE * tall)
    through = erased[line.top + margin : line.top + tall - margin].any(axis=0)
    left, right, beside = line.left, line.left + wide, round(BEYOND * height)
    outside = through[: max(0, left - beside)], through[right + beside :]
    outside = [part.mean() for part in outside if part.size >= beside / 2]
    of_paper = bool(outside) and min(outside) >= STRUCK
    return bool(through[left:right].mean() >= STRUCK) and not of_paper


def _scaled(grey, scale):
    if scale == 1:
        return grey
    sides = [max(1, round(scale * side)) for side in grey.shape[::-1]]
    smooth = Image.Resampling.BILINEAR if scale < 1 else Image.Resampling.BICUBIC
    picture = Image.fromarray(np.ascontiguousarray(grey)).resize(sides, smooth)
    return np.asarray(picture).clip(0, 1)


def _affordable(angle, shape):
    """An angle, or 0 where a strip is so long that turned it would need much space."""
    sine, cosine = map(abs, _turn(angle))
    tall, wide = shape
    turned = (cosine * tall + sine * wide) * (sine * tall + cosine * wide)
    return angle if turned <= SHEET * tall * wide else 0.0


def _turn(angle):
    angle = math.radians(angle) if abs(angle) >= LEVEL else 0.0
    return math.sin(angle), math.cos(angle)


def _turned(picture, angle):
    """Turn counterclockwise, on a sheet that has room for all of it."""
    if abs(angle) < LEVEL:
        return picture
    image = Image.fromarray(np.ascontiguousarray(picture))
    return np.asarray(image.rotate(angle, Image.Resampling.BILINEAR, expand=True))
