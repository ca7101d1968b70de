"""Rules: the printed lines and boxes of forms and notepaper, found and erased.

A printed line is long, straight and thin, and it is not alone: a row of boxes has
pieces of one line above the digits and of another below. All is looked for in what
stands out from the paper, before it is decided what is ink, since print is often paler.
"""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from digitlib.imaging.components import AROUND, crossing
from digitlib.imaging.fast import grown, opening, quantile

# Lengths are in heights of a digit.
LONG = 0.55  # a level piece this long may be part of a rule, ...
UPRIGHT = 1.5  # or an upright one this long, as on squared paper, ...
THICK = 0.12  # ... unless it is thicker, ...
CROOKED = 0.02  # ... more crooked, as standard deviation from its middle line, ...
STEEP = 0.08  # ... or steeper
ALIGNED = 0.08  # pieces whose lines are as near belong to one rule,
TOTAL = 3.0  # which has this length at least, all pieces together, ...
PAIRED, TWIN = 2.0, 0.15  # or this, if another begins and ends as near to its ends;
WHOLE = 1.5  # one of them is as long, or all together ...
USUAL, UNEVEN = 0.8, 0.4  # ... are usually as long, and about equally thick,
MOST = 0.6  # or if not as long, then so many of them of one length;
COVERED = 0.65  # they are this part of it,
EXTENT = 0.5  # and it reaches along this part of all that stands out
PALEST = 0.05  # of the way from paper to black: fainter rules do no harm
TOOTH = 0.2  # an upright piece this long may be a side of a box, or a tooth of a comb
SIDE = 0.8  # of the way from rule to rule: sides are longer; ...
TALLEST = 4.0  # ... no box is taller;
DOUBLE = 1.6  # two of them, of neighbouring boxes, are thicker by as much at most;
AMID = 0.75  # of the usual way to the next: one that has others nearer is amid a box
TEETH = 0.5  # of the way: teeth, which stand on the lower rule, are shorter,
ALONE = 1.3  # and than this, where there is no other rule
REACH = 0.08  # a side or tooth ends as near to a rule
FORCE = (0.6, 1.5)  # and is this much darker or paler than it


@dataclass
class Piece:
    """A level piece of ink: the pixels with one label, along y = slope * x + start."""

    label: int
    left: int
    right: int
    slope: float
    start: float
    thick: float

    @property
    def length(self):
        return self.right - self.left

    @property
    def middle(self):
        return (self.left + self.right) / 2

    def at(self, x):
        return self.slope * x + self.start


@dataclass(eq=False)
class Upright:
    """What may be the side of a box: its place, its pixels there, and its column."""

    where: tuple
    part: np.ndarray
    middle: float
    corner: bool

    @property
    def rows(self):
        return self.where[0].start, self.where[0].stop


def has_upright_lines(shaded, height):
    """Tell whether there are upright rules, too, as on squared paper or at a margin.

    Parameters
    ----------
    shaded, height
        As for `remove_ruled_lines`.

    Returns
    -------
    bool
    """
    _, rules = _rules(np.ascontiguousarray(shaded.T), height, UPRIGHT)
    return bool(rules)


def remove_ruled_lines(shaded, height, upright=False):
    """Erase rules and boxes; where a stroke crosses one, it stays.

    Parameters
    ----------
    shaded : numpy.ndarray, shape (h, w), float32, in [0, 1]
        What `digitlib.imaging.binarization.correct_shading` returns, turned so
        that rules are nearly level.
    height : float
        Of a digit in pixels, about.
    upright : bool
        Whether to look for upright rules: see `has_upright_lines`.

    Returns
    -------
    clean : numpy.ndarray, shape (h, w), float32, in [0, 1]
    slope : float, degrees, or None
        By which the rules still fall to the right; None where there are none.
    """
    level, rules = _rules(shaded, height, LONG)
    turned = np.ascontiguousarray(shaded.T) if upright else None
    labels, found = _rules(turned, height, UPRIGHT) if upright else (None, [])
    if not rules and not found:
        return shaded, None
    strong = 0.35 * quantile(shaded, 0.995)
    clean = shaded
    if found:
        clean = _erased(turned, labels > 0, strong, _force(turned, labels)).T
    if not rules:
        return clean, None
    pieces = [piece for rule in rules for piece in rule]
    force = _force(shaded, level)
    level = level > 0
    clean = _erased(clean, level, strong, force)
    middle = shaded.shape[1] / 2
    places = np.sort([np.mean([piece.at(middle) for piece in rule]) for rule in rules])
    gaps = np.diff(places)
    gap = gaps[gaps > height / 2].min(initial=np.inf)
    thick = np.median([piece.thick for piece in pieces])
    sides = _sides(shaded, level, rules, height, gap, thick, force)
    clean = _erased(clean.T, sides.T, strong, force).T
    slopes = [piece.slope for piece in pieces for _ in range(piece.length)]
    return clean, float(np.degrees(np.arctan(np.median(slopes))))


def _rules(shaded, height, long):
    """An array with the labels of their pieces, and the rules: lists of pieces."""
    least = long * height
    nothing = np.zeros(shaded.shape, int), []
    if grown(shaded > PALEST, 1, 0).sum(axis=1).max() < least:
        return nothing
    runs = _runs(shaded, least)
    if runs.max() <= PALEST:
        return nothing
    labels, _ = ndimage.label(runs > max(PALEST, 0.2 * quantile(runs, 0.999)), AROUND)
    found = ndimage.find_objects(labels)
    pieces = [
        _piece(labels, i, where, height, least) for i, where in enumerate(found, 1)
    ]
    pieces = [piece for piece in pieces if piece]
    rules = []
    for piece in sorted(pieces, key=lambda piece: -piece.length):
        near = ALIGNED * height + 1
        for rule in rules:
            x = piece.middle
            if any(abs(other.at(x) - piece.at(x)) < near for other in rule):
                rule.append(piece)
                break
        else:
            rules.append([piece])
    columns = np.flatnonzero((shaded > 0.2 * shaded.max()).any(axis=0))
    extent = np.ptp(columns) + 1 if columns.size else 1
    rules = [rule for rule in rules if _printed(rule, height, extent)]
    ends = np.array([_ends(rule) for rule in rules]).reshape(-1, 2)
    near = TWIN * height + 1
    paired = [(np.abs(ends - own).max(axis=1) < near).sum() > 1 for own in ends]
    rules = [
        rule for rule, twin in zip(rules, paired, strict=True)
        if twin or sum(piece.length for piece in rule) >= TOTAL * height
    ]  # fmt: skip
    own = np.zeros(len(found) + 1, int)
    for piece in (piece for rule in rules for piece in rule):
        own[piece.label] = piece.label
    return own[labels], rules


def _printed(rule, height, extent):
    """Whether aligned pieces may be a rule, and not strokes that end at one height."""
    lengths, thick = np.array([(piece.length, piece.thick) for piece in rule]).T
    left, right = _ends(rule)
    even = np.ptp(thick) <= UNEVEN * np.median(thick) + 1.5
    usual = np.median(lengths)
    boxes = np.mean(np.abs(lengths - usual) <= 0.1 * usual + 1) >= MOST
    return (
        lengths.sum() >= max(PAIRED * height, COVERED * (right - left))
        and right - left >= EXTENT * extent
        and (lengths.max() >= WHOLE * height or even)
        and (usual >= USUAL * height or boxes)
    )


def _ends(rule):
    return min(piece.left for piece in rule), max(piece.right for piece in rule)


def long_runs(shaded, height):
    """Tell which pixels belong to runs that may be rules, though they slope.

    Parameters
    ----------
    shaded : numpy.ndarray, shape (h, w), float32, in [0, 1]
    height : float
        Of a digit in pixels, about.

    Returns
    -------
    numpy.ndarray, shape (h, w), bool
    """
    runs = _runs(shaded, LONG * height, 5)
    return runs > max(PALEST, 0.2 * quantile(runs, 0.999))


def _runs(picture, length, crooked=3):
    """How strong each pixel is along a level run of some length, a little crooked."""
    crooked = ndimage.grey_dilation(picture, (crooked, 1))
    runs = opening(crooked, (1, max(3, round(length))))
    return np.minimum(runs, picture)


def _piece(labels, label, where, height, least):
    """The piece with a label; None if it is too thick, crooked or steep.

    Where a stroke meets it, it is thicker: those columns do not count.
    """
    rows, columns = where
    if columns.stop - columns.start < least:
        return None
    part = labels[where] == label
    counts = part.sum(axis=0)
    thick = np.median(counts[counts > 0])
    alone = np.flatnonzero((counts > 0) & (counts <= 1.3 * thick + 0.5))
    if thick > THICK * height + 2 or len(alone) < least / 2:
        return None
    x = columns.start + alone
    y = rows.start + np.arange(len(part)) @ part[:, alone] / counts[alone]
    slope, start = np.polyfit(x, y, 1)
    crooked = np.std(y - slope * x - start)
    if abs(slope) > STEEP or crooked > max(0.8, CROOKED * height):
        return None
    return Piece(label, columns.start, columns.stop, slope, start, thick)


def _sides(shaded, level, rules, height, gap, thick, force):
    """Where the sides of boxes are, and the teeth of combs."""
    runs = _runs(shaded.T, TOOTH * height).T
    labels, _ = ndimage.label(runs > 0.5 * force, AROUND)
    end = max(3, round(0.1 * height))
    by_rule = grown(level, round(REACH * height + 2), 2)
    ends = [x for rule in rules for p in rule for x in (p.left, p.right)]
    near = REACH * height + 2 * thick + 2
    sides, teeth = [], []
    for label, where in enumerate(ndimage.find_objects(labels), 1):
        tall, wide = (along.stop - along.start for along in where)
        if wide > STEEP * tall + 2 * thick + 3:
            continue
        part = labels[where] == label
        touching = by_rule[where] & part
        above, below = touching[:end].any(), touching[-end:].any()
        middle = (where[1].start + where[1].stop) / 2
        corner = np.abs(np.subtract(ends, middle)).min() < near
        side = (above and below) or (corner and (above or below))
        side &= SIDE * gap < tall < TALLEST * height
        tooth = below and tall < min(TEETH * gap, ALONE * height)
        lines = DOUBLE if side else 1
        if not side and not tooth:
            continue
        if part.sum() > lines * (1.7 * thick + 1.5) * tall:
            continue
        dark = _force(shaded[where].T, part.T.astype(int))
        if not FORCE[0] < dark / force < FORCE[1]:
            continue
        found = sides if side else teeth
        found.append(Upright(where, part, middle, corner))
    upright = np.zeros_like(level)
    for one in _in_place(sides, near) + _comb(teeth, rules, near, gap, height):
        upright[one.where] |= one.part
    return upright


def _in_place(sides, near):
    """Those sides that are corners of a box, or not amid one, where a 1 may be."""
    middles = np.array([side.middle for side in sides])
    tops, bottoms = np.array([side.rows for side in sides]).reshape(-1, 2).T
    gaps = np.full((len(sides), 2), np.inf)  # to the next before, and after
    for side, gap in zip(sides, gaps, strict=True):
        top, bottom = side.rows
        shared = np.minimum(bottoms, bottom) - np.maximum(tops, top)
        away = (middles - side.middle)[shared > len(side.part) / 2]
        gap[:] = [
            -away[away < 0].max(initial=-np.inf), away[away > 0].min(initial=np.inf)
        ]  # fmt: skip
    usual = gaps[(gaps > 2 * near) & np.isfinite(gaps)]
    least = AMID * np.median(usual) if usual.size else 0
    return [
        side
        for side, gap in zip(sides, gaps, strict=True)
        if side.corner or gap.max() > least
    ]


def _comb(teeth, rules, near, gap, height):
    """Those teeth that are alike; on a rule without another, also at both its ends."""
    usual = np.median([len(tooth.part) for tooth in teeth]) if teeth else 0
    alike = [tooth for tooth in teeth if abs(len(tooth.part) - usual) < 0.2 * usual + 1]
    if gap < TALLEST * height:
        return alike if len(alike) > 1 else []
    found = []
    for rule in rules:
        own = [
            tooth for tooth in alike
            if abs(rule[0].at(tooth.middle) - tooth.rows[1]) < near
        ]  # fmt: skip
        middles = np.array([tooth.middle for tooth in own])
        if len(own) > 2 and all(
            np.abs(middles - end).min() < near for end in _ends(rule)
        ):
            found += own
    return found


def _force(shaded, labels):
    """How dark level pieces are: in the middle of each column, half of them darker."""
    darkest = [
        np.where(labels[where] == label, shaded[where], 0).max(axis=0)
        for label, where in enumerate(ndimage.find_objects(labels), 1)
        if where
    ]
    return np.median(np.concatenate(darkest))


def _erased(picture, rule, strong, force):
    """Erase level pieces, but no ink that is much darker than they are.

    Where strong ink is right above and right below, a stroke crosses, and stays.
    """
    if not rule.any():
        return picture
    near, around = grown(rule, 1, 0), grown(rule, 2, 0)
    rest = (picture > strong) & ~around
    strokes = crossing(rest, min(rule.sum(axis=0).max(), 8) + 4, 1)
    # What is left of a line's blurred edge is paler than its middle.
    stays = strokes | (picture > np.where(near, FORCE[1], FORCE[0]) * force)
    return np.where(around & ~stays, 0, picture)
