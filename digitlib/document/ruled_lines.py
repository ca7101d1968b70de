"""Ruled lines: the print of forms and notepaper, lines and boxes, found and erased.

A printed line is long, straight and thin, and it is not alone: a row of boxes has
parts of one line above the digits and of another below. All is looked for in what
stands out from the paper, before it is decided what is ink, since print is often paler.
"""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from digitlib.imaging.components import AROUND, crossing
from digitlib.imaging.fast import grown, opening, quantile


@dataclass(frozen=True)
class RuledLineSettings:
    """What decides which ink is a ruled line, the side of a box or the tooth of a comb.

    Lengths are in heights of a digit if no unit is named. All were chosen on generated
    fields (`digitlib.synthesis.forms`) of validation digits.
    """

    palest: float = 0.05  #: of the way from paper to black: paler lines do no harm
    pale: tuple = (0.2, 0.999)  #: times this quantile of runs: what is paler is none
    ink: float = 0.2  #: of the strongest: what is paler does not stand out
    crooked_run: int = 3  #: pixels: rows in which a run may go from column to column
    sloping_run: int = 5  #: pixels: the same, before the slope is known
    level: float = 0.55  #: a level component this long may be part of a line, ...
    upright: float = 1.5  #: ... or an upright one this long, as on squared paper, ...
    thick: float = 0.18  #: ... unless it is thicker, by 2 pixels more, ...
    crooked: float = 0.02  #: ... farther from its middle line (standard deviation), ...
    crooked_least: float = 0.8  #: pixels: ... and by more than this, ...
    steep: float = 0.08  #: rows in a column: ... or steeper
    crossed: float = 1.3  #: of its thickness, and half a pixel: where strokes meet it
    aligned: float = 0.08  #: those that are as near, and a pixel, make up one line, ...
    total: float = 3.0  #: ... which has this length at least, all together, ...
    paired: float = 2.0  #: ... or this, if another begins and ends ...
    twin: float = 0.15  #: ... as near to its ends, and a pixel
    whole: float = 1.5  #: one of them is as long, or ...
    uneven: float = 0.4  #: ... all are as equally thick, and 1.5 pixels;
    usual: float = 0.8  #: they are usually as long, or ...
    alike: float = 0.1  #: ... within this part of one length, and a pixel, are ...
    most: float = 0.6  #: ... so many of them
    covered: float = 0.65  #: of the line: so much has ink
    extent: float = 0.5  #: of all that stands out: a line is as long
    tooth: float = 0.2  #: an upright component this long may be a side or a tooth, ...
    tooth_darkness: float = 0.5  #: ... times as dark as lines are
    side: float = 0.8  #: of the way from line to line: sides are longer; ...
    tallest: float = 4.0  #: ... no box is taller; ...
    end: float = 0.1  #: ... their ends, at least 3 pixels, are ...
    reach: float = 0.08  #: ... as near to a line, or so are those of teeth
    pen: tuple = (1.7, 1.5)  #: times a line's thickness, and pixels: as thick ...
    double: float = 1.6  #: ... or by this more, where two boxes touch
    amid: float = 0.75  #: of the usual way to the next: with nearer ones, amid a box
    teeth: float = 0.5  #: of the way from line to line: teeth are shorter, ...
    alone: float = 1.3  #: ... and than this, where there is no other line; ...
    teeth_alike: float = 0.2  #: ... of their usual length, and a pixel: all differ less
    darkness: tuple = (0.6, 1.5)  #: times a line's: its edge is paler, no side darker
    stroke: tuple = (0.35, 0.995)  #: times this quantile of all: a stroke that crosses
    thickest: int = 8  #: pixels: of a line that a stroke crosses


RULED_LINES = RuledLineSettings()  #: What `remove_ruled_lines` decides by by default.


@dataclass
class LevelComponent:
    """A level component of ink: those with a label, along y = slope * x + start."""

    label: int
    left: int
    right: int
    slope: float
    start: float
    thick: float

    @property
    def length(self):
        return self.right - self.left

    def at(self, x):
        return self.slope * x + self.start


@dataclass(eq=False)
class UprightComponent:
    """What may be the side of a box: its place, its pixels there, and its column."""

    where: tuple
    part: np.ndarray
    middle: float
    corner: bool

    @property
    def rows(self):
        return self.where[0].start, self.where[0].stop


def has_upright_lines(shaded, height, settings=RULED_LINES):
    """Tell whether there are upright lines, too, as on squared paper or at a margin.
    Takes the same as `remove_ruled_lines`."""
    turned = np.ascontiguousarray(shaded.T)
    return bool(_lines(turned, height, settings.upright, settings)[1])


def remove_ruled_lines(shaded, height, upright=False, settings=RULED_LINES):
    """Erase ruled lines and boxes, but no stroke across, of what ``without_paper``
    returns. Also returns by how many degrees lines still fall to the right; None
    without lines."""
    labels, lines = _lines(shaded, height, settings.level, settings)
    turned, found = np.ascontiguousarray(shaded.T), []
    if upright:
        across, found = _lines(turned, height, settings.upright, settings)
    if not lines and not found:
        return shaded, None
    part, most = settings.stroke
    strong, clean = part * quantile(shaded, most), shaded
    if found:
        darkness = _darkness(turned, across)
        clean = _erased(turned, across > 0, strong, darkness, settings).T
    if not lines:
        return clean, None
    darkness, level = _darkness(shaded, labels), labels > 0
    clean = _erased(clean, level, strong, darkness, settings)
    sides = _sides(shaded, level, lines, height, darkness, settings)
    clean = _erased(clean.T, sides.T, strong, darkness, settings).T
    slopes = [part.slope for line in lines for part in line for _ in range(part.length)]
    return clean, float(np.degrees(np.arctan(np.median(slopes))))


def long_runs(shaded, height, settings=RULED_LINES):
    """Tell which pixels, (h, w) bool, are of runs that may be lines, though they slope.
    Takes the same as `remove_ruled_lines`, in any direction."""
    return _dark(_runs(shaded, settings.level * height, settings.sloping_run), settings)


def _runs(picture, length, crooked):
    """How strong each pixel is along a level run of some length, a little crooked."""
    crooked = ndimage.grey_dilation(picture, (crooked, 1))
    return np.minimum(opening(crooked, (1, max(3, round(length)))), picture)


def _dark(runs, settings):
    part, most = settings.pale
    return runs > max(settings.palest, part * quantile(runs, most))


def _lines(shaded, height, shortest, settings):
    """An array with the labels of their components, and the lines: lists of these."""
    least = shortest * height
    nothing = np.zeros(shaded.shape, int), []
    if grown(shaded > settings.palest, 1, 0).sum(axis=1).max() < least:
        return nothing
    runs = _runs(shaded, least, settings.crooked_run)
    if runs.max() <= settings.palest:
        return nothing
    labels, n = ndimage.label(_dark(runs, settings), AROUND)
    found = [
        _level_component(labels, label, where, height, least, settings)
        for label, where in enumerate(ndimage.find_objects(labels), 1)
    ]
    lines = _aligned([part for part in found if part], settings.aligned * height + 1)
    columns = np.flatnonzero((shaded > settings.ink * shaded.max()).any(axis=0))
    extent = np.ptp(columns) + 1 if columns.size else 1
    lines = [line for line in lines if _printed(line, height, extent, settings)]
    ends = np.array([_ends(line) for line in lines]).reshape(-1, 2)
    near = settings.twin * height + 1
    paired = [(np.abs(ends - own).max(axis=1) < near).sum() > 1 for own in ends]
    lines = [
        line for line, twin in zip(lines, paired, strict=True)
        if twin or sum(part.length for part in line) >= settings.total * height
    ]  # fmt: skip
    kept, own = np.zeros(n + 1, int), [part.label for line in lines for part in line]
    kept[own] = own
    return kept[labels], lines


def _level_component(labels, label, where, height, least, settings):
    """The component with a label; None if it is too thick, crooked or steep. Where a
    stroke meets it, it is thicker: those columns do not count."""
    rows, columns = where
    if columns.stop - columns.start < least:
        return None
    part = labels[where] == label
    counts = part.sum(axis=0)
    thick = np.median(counts[counts > 0])
    most = settings.crossed * thick + 0.5
    alone = np.flatnonzero((counts > 0) & (counts <= most))
    if thick > settings.thick * height + 2 or len(alone) < least / 2:
        return None
    x = columns.start + alone
    y = rows.start + np.arange(len(part)) @ part[:, alone] / counts[alone]
    slope, start = np.polyfit(x, y, 1)
    crooked = max(settings.crooked_least, settings.crooked * height)
    if abs(slope) > settings.steep or np.std(y - slope * x - start) > crooked:
        return None
    return LevelComponent(label, columns.start, columns.stop, slope, start, thick)


def _aligned(components, near):
    """Put level components on lines, the longest first."""
    lines = []
    for part in sorted(components, key=lambda part: -part.length):
        x = (part.left + part.right) / 2
        for line in lines:
            if any(abs(other.at(x) - part.at(x)) < near for other in line):
                line.append(part)
                break
        else:
            lines.append([part])
    return lines


def _printed(line, height, extent, settings):
    """Whether aligned components may be a line, not strokes that end at one height."""
    lengths, thick = np.array([(part.length, part.thick) for part in line]).T
    (left, right), usual = _ends(line), np.median(lengths)
    even = np.ptp(thick) <= settings.uneven * np.median(thick) + 1.5
    boxes = np.abs(lengths - usual) <= settings.alike * usual + 1
    long = right - left
    return (
        lengths.sum() >= max(settings.paired * height, settings.covered * long)
        and long >= settings.extent * extent
        and (lengths.max() >= settings.whole * height or even)
        and (usual >= settings.usual * height or np.mean(boxes) >= settings.most)
    )


def _ends(line):
    return min(part.left for part in line), max(part.right for part in line)


def _sides(shaded, level, lines, height, darkness, settings):
    """Where the sides of boxes are, and the teeth of combs."""
    middle = shaded.shape[1] / 2
    places = [np.mean([part.at(middle) for part in line]) for line in lines]
    gaps = np.diff(np.sort(places))
    gap = gaps[gaps > height / 2].min(initial=np.inf)
    thick = np.median([part.thick for line in lines for part in line])
    near = settings.reach * height + 2 * thick + 2
    pen = settings.pen[0] * thick + settings.pen[1]
    end = max(3, round(settings.end * height))
    by_line = grown(level, round(settings.reach * height + 2), 2)
    corners = [x for line in lines for part in line for x in (part.left, part.right)]
    runs = _runs(shaded.T, settings.tooth * height, settings.crooked_run).T
    labels, _ = ndimage.label(runs > settings.tooth_darkness * darkness, AROUND)
    sides, teeth = [], []
    for label, where in enumerate(ndimage.find_objects(labels), 1):
        tall, wide = (along.stop - along.start for along in where)
        if wide > settings.steep * tall + 2 * thick + 3:
            continue
        part = labels[where] == label
        touching = by_line[where] & part
        above, below = touching[:end].any(), touching[-end:].any()
        middle = (where[1].start + where[1].stop) / 2
        corner = np.abs(np.subtract(corners, middle)).min() < near
        side = (above and below) or (corner and (above or below))
        side &= settings.side * gap < tall < settings.tallest * height
        tooth = below and tall < min(settings.teeth * gap, settings.alone * height)
        pens = settings.double if side else 1
        if not (side or tooth) or part.sum() > pens * pen * tall:
            continue
        dark = _darkness(shaded[where].T, part.T.astype(int)) / darkness
        if settings.darkness[0] < dark < settings.darkness[1]:
            one = UprightComponent(where, part, middle, corner)
            (sides if side else teeth).append(one)
    upright, two = np.zeros_like(level), gap < settings.tallest * height
    teeth = _comb(teeth, lines, near, two, settings)
    for one in _in_place(sides, near, settings) + teeth:
        upright[one.where] |= one.part
    return upright


def _in_place(sides, near, settings):
    """Those sides that are corners of a box, or not amid one, where a 1 may be."""
    middles = np.array([side.middle for side in sides])
    tops, bottoms = np.array([side.rows for side in sides]).reshape(-1, 2).T
    gaps = np.full((len(sides), 2), np.inf)  # to the next before, and after
    for side, gap in zip(sides, gaps, strict=True):
        top, bottom = side.rows
        shared = np.minimum(bottoms, bottom) - np.maximum(tops, top)
        away = (middles - side.middle)[shared > len(side.part) / 2]
        gap[0] = -away[away < 0].max(initial=-np.inf)
        gap[1] = away[away > 0].min(initial=np.inf)
    usual = gaps[(gaps > 2 * near) & np.isfinite(gaps)]
    least = settings.amid * np.median(usual) if usual.size else 0
    outer = gaps.max(axis=1, initial=0) > least
    return [side for side, gap in zip(sides, outer, strict=True) if side.corner or gap]


def _comb(teeth, lines, near, two, settings):
    """Those teeth that are alike; on a line without another, also at both its ends."""
    usual = np.median([len(tooth.part) for tooth in teeth]) if teeth else 0
    off = settings.teeth_alike * usual + 1
    alike = [tooth for tooth in teeth if abs(len(tooth.part) - usual) < off]
    if two:
        return alike if len(alike) > 1 else []
    found = []
    for line in lines:
        off = [abs(line[0].at(tooth.middle) - tooth.rows[1]) for tooth in alike]
        own = [tooth for tooth, away in zip(alike, off, strict=True) if away < near]
        middles = np.array([tooth.middle for tooth in own])
        near_ends = np.abs(middles.reshape(-1, 1) - _ends(line)) < near
        if len(own) > 2 and near_ends.any(axis=0).all():
            found += own
    return found


def _darkness(shaded, labels):
    """How dark level components are: in the middle of each column, half are darker."""
    darkest = [
        np.where(labels[where] == label, shaded[where], 0).max(axis=0)
        for label, where in enumerate(ndimage.find_objects(labels), 1)
        if where
    ]
    return np.median(np.concatenate(darkest))


def _erased(picture, line, strong, darkness, settings):
    """Erase level components, but no ink that is much darker than they are. Where
    strong ink is right above and right below, a stroke crosses, and stays."""
    if not line.any():
        return picture
    near, around = grown(line, 1, 0), grown(line, 2, 0)
    rest = (picture > strong) & ~around
    strokes = crossing(rest, min(line.sum(axis=0).max(), settings.thickest) + 4, 1)
    # What is left of a line's blurred edge is paler than its middle.
    paler, darker = settings.darkness
    stays = strokes | (picture > np.where(near, darker, paler) * darkness)
    return np.where(around & ~stays, 0, picture)
