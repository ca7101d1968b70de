"""Rules: the printed lines and boxes of forms and notepaper, found and erased.

A printed line is long, straight and thin, and it is not alone: a row of boxes has
pieces of one line above the digits and of another below. All is looked for in what
stands out from the paper, before it is decided what is ink, since print is often paler.
"""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from digitlib.ink import opening, quantile
from digitlib.pieces import AROUND, grown

# Lengths are in heights of a digit.
LONG = 0.55  # a level piece this long may be part of a rule ...
THICK = 0.12  # ... unless it is thicker, ...
CROOKED = 0.02  # ... more crooked, as standard deviation from its middle line, ...
STEEP = 0.08  # ... or steeper
ALIGNED = 0.08  # pieces whose lines are as near belong to one rule,
TOTAL = 3.0  # which has this length at least, all pieces together, ...
PAIRED, TWIN = 2.0, 0.15  # or this, if another begins and ends as near to its ends;
COVERED = 0.65  # they are this part of it,
EXTENT = 0.5  # and it reaches along this part of all that stands out
PALEST = 0.05  # of the way from paper to black: fainter rules do no harm
TOOTH = 0.2  # an upright piece this long may be a side of a box, or a tooth of a comb
SIDE = 0.8  # of the way from rule to rule: sides are longer,
DOUBLE = 1.6  # two of them, of neighbouring boxes, are thicker by as much at most;
TEETH = 0.5  # and teeth, which stand on the lower rule, shorter
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


def without_rules(shaded, height):
    """Erase rules and boxes; where a stroke crosses one, it stays.

    Parameters
    ----------
    shaded : numpy.ndarray, shape (h, w), float32, in [0, 1]
        What `digitlib.ink.shading` returns, turned so that rules are nearly level.
    height : float
        Of a digit in pixels, about.

    Returns
    -------
    clean : numpy.ndarray, shape (h, w), float32, in [0, 1]
    slope : float, degrees, or None
        By which the rules still fall to the right; None where there are none.
    """
    labels, rules = _rules(shaded, height)
    pieces = [piece for rule in rules for piece in rule]
    if not pieces:
        return shaded, None
    level = np.isin(labels, [piece.label for piece in pieces])
    strong = 0.35 * quantile(shaded, 0.995)
    force = _force(shaded, level)
    clean = _erased(shaded, level, strong, force)
    middle = shaded.shape[1] / 2
    places = np.sort([np.mean([piece.at(middle) for piece in rule]) for rule in rules])
    gaps = np.diff(places)
    gap = gaps[gaps > height / 2].min(initial=np.inf)
    if gap < 4 * height:
        thick = np.median([piece.thick for piece in pieces])
        upright = _sides(shaded, level, height, gap, thick, force)
        clean = _erased(clean.T, upright.T, strong, force).T
    slopes = [piece.slope for piece in pieces for _ in range(piece.length)]
    return clean, float(np.degrees(np.arctan(np.median(slopes))))


def _rules(shaded, height):
    """The rules, each a list of pieces, and an array with the pieces' labels."""
    runs = _runs(shaded, LONG * height)
    labels, _ = ndimage.label(runs > max(PALEST, 0.2 * quantile(runs, 0.999)), AROUND)
    found = ndimage.find_objects(labels)
    pieces = [_piece(labels, i, where, height) for i, where in enumerate(found, 1)]
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

    def printed(rule):
        total = sum(piece.length for piece in rule)
        left, right = ends = _ends(rule)
        near = TWIN * height + 1
        twins = [
            np.abs(np.subtract(_ends(other), ends)).max() < near for other in rules
        ]
        long = total >= (PAIRED if sum(twins) > 1 else TOTAL) * height
        span = right - left
        return long and span >= EXTENT * extent and total >= COVERED * span

    return labels, [rule for rule in rules if printed(rule)]


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


def _piece(labels, label, where, height):
    """The piece with a label; None if it is too thick, crooked or steep.

    Where a stroke meets it, it is thicker: those columns do not count.
    """
    part = labels[where] == label
    rows, columns = where
    counts = part.sum(axis=0)
    if len(counts) < LONG * height:
        return None
    thick = np.median(counts[counts > 0])
    alone = np.flatnonzero((counts > 0) & (counts <= 1.3 * thick + 0.5))
    if thick > THICK * height + 2 or len(alone) < LONG * height / 2:
        return None
    x = columns.start + alone
    y = rows.start + np.arange(len(part)) @ part[:, alone] / counts[alone]
    slope, start = np.polyfit(x, y, 1)
    crooked = np.std(y - slope * x - start)
    if abs(slope) > STEEP or crooked > max(0.8, CROOKED * height):
        return None
    return Piece(label, columns.start, columns.stop, slope, start, thick)


def _sides(shaded, level, height, gap, thick, force):
    """Where the sides of boxes are, and the teeth of combs."""
    runs = _runs(shaded.T, TOOTH * height).T
    labels, _ = ndimage.label(runs > 0.5 * force, AROUND)
    end = max(3, round(0.1 * height))
    near = grown(level, round(REACH * height + 2), 2)
    upright, teeth = np.zeros_like(level), []
    for label, where in enumerate(ndimage.find_objects(labels), 1):
        part = labels[where] == label
        tall, wide = part.shape
        touching = near[where] & part
        above, below = touching[:end].any(), touching[-end:].any()
        side = above and below and tall > SIDE * gap
        lines = DOUBLE if side else 1
        if part.sum() > lines * (1.7 * thick + 1.5) * tall:
            continue
        if wide > STEEP * tall + 2 * thick + 3:
            continue
        if not FORCE[0] < _force(shaded[where].T, part.T) / force < FORCE[1]:
            continue
        if side:
            upright[where] |= part
        elif below and tall < TEETH * gap:
            teeth.append((tall, where, part))
    usual = np.median([tall for tall, _, _ in teeth]) if teeth else 0
    alike = [tooth for tooth in teeth if abs(tooth[0] - usual) < 0.2 * usual + 1]
    for _, where, part in alike if len(alike) > 1 else ():
        upright[where] |= part
    return upright


def _force(shaded, level):
    """How dark level pieces are: in the middle of each column, half of them darker."""
    darkest = np.where(level, shaded, 0).max(axis=0)
    return np.median(darkest[darkest > 0])


def _erased(picture, rule, strong, force):
    """Erase level pieces, but no ink that is much darker than they are.

    Where strong ink is right above and right below, a stroke crosses, and stays.
    """
    if not rule.any():
        return picture
    near, around = grown(rule, 1, 0), grown(rule, 2, 0)
    rest = (picture > strong) & ~around
    above, below = np.zeros_like(rest), np.zeros_like(rest)
    for step in range(1, min(rule.sum(axis=0).max(), 8) + 5):
        above[step:] |= rest[:-step]
        below[:-step] |= rest[step:]
    crossing = grown(above, 0, 1) & grown(below, 0, 1)
    # What is left of a line's blurred edge is paler than its middle.
    stays = crossing | (picture > np.where(near, FORCE[1], FORCE[0]) * force)
    return np.where(around & ~stays, 0, picture)
