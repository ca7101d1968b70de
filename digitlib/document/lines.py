"""Lines: components of ink put together to lines of digits, and cut out."""

from dataclasses import dataclass

import numpy as np

from digitlib.imaging.binarization import BINARIZATION
from digitlib.imaging.components import Components, interior
from digitlib.imaging.fast import grown


@dataclass(frozen=True)
class LineSettings:
    """What decides which components are digits, and of which line.

    Lengths are in heights of a digit, numbers of components have no unit. All were
    chosen on generated fields (`digitlib.synthesis.forms`) of validation digits.
    """

    solid: float = 0.45  #: of its size: a component thicker than this is a blot
    smallest: float = 0.4  #: digits, or several that touch, are between this ...
    tallest: float = 3.0  #: ... and this
    most_digits: int = 2000  #: of this size; more are a page of print, or grain
    last: int = 3  #: as many digits of a line tell where it goes on
    shared: float = 0.25  #: of the lower one: components of a line overlap by as much
    speck: float = 0.08  #: smaller components are dirt ...
    near: float = 0.3  #: ... and small ones, unless as near to a digit, ...
    bar: float = 1.5  #: ... and no wider than the bar of a 5 or of a 7
    letter_gap: float = 0.1  #: half of what is between small components in a row; ...
    letter_height: float = 0.45  #: ... it is print if no taller, ...
    word_length: float = 0.8  #: ... as long, ...
    letter_strokes: float = 1.05  #: ... and with as many strokes, for its length; ...
    dashed: tuple = (0.2, 2.0)  #: ... or no taller and as long: a dashed line
    large: float = 0.4  #: ink that no line holds: smaller is dirt, ...
    dash: float = 0.2  #: ... lower is a dash, ...
    beside: float = 1.0  #: ... and farther away it has nothing to do with a line
    struck_margin: float = 0.25  #: of a line: nearer to its ends, nothing strikes it
    struck: float = 0.6  #: of a line's width: struck, if as much is erased, ...
    beyond: float = 0.5  #: ... but not if as much of the paper is, from here on


LINES = LineSettings()  #: What `split_lines` decides by, if nothing else is given.


@dataclass(frozen=True)
class Line:
    """One line of ink, cut out of the straightened image."""

    ink: np.ndarray  #: (h, w) float32: ink is 1, paper 0, that of other lines is erased
    left: int  #: where its corner lies in the straightened image
    top: int
    beside: bool  #: whether there is large ink beside it that no line holds
    dash: bool  #: whether there is a dash there
    struck: bool  #: whether a stroke went through all of it


def split_lines(ink, height, settings=LINES, erased=None):
    """Part ink, (h, w) from 0 to 1, into a list of `Line`, from top to bottom.
    Components as tall as digits are taken from left to right; each goes on the line
    whose last ones it overlaps most in height."""
    components = Components(ink > BINARIZATION.weak)
    tall, blots = components.height, are_blots(components, settings)
    low = tall < settings.smallest * height
    digits = ~low & (tall < settings.tallest * height) & ~blots
    if digits.sum() > settings.most_digits:
        return []
    found = []
    for digit in sorted(np.flatnonzero(digits), key=components.left.__getitem__):
        last = [line[-settings.last :] for line in found]
        overlaps = [_overlap(components, digit, others) for others in last]
        if max(overlaps, default=0) > settings.shared:
            found[np.argmax(overlaps)].append(digit)
        else:
            found.append([digit])
    on = {digit: line for line in found for digit in line}
    printed = _print(components, height, settings)
    small = low & (components.area > (settings.speck * height) ** 2) & ~blots
    small &= components.width < settings.bar * height
    for component in np.flatnonzero(small & ~printed):
        gaps = np.where(digits, components.gaps(component), np.inf)
        if gaps.min(initial=np.inf) <= settings.near * height:
            on[gaps.argmin()].append(component)
    found.sort(key=lambda line: np.mean(components.top[line] + components.bottom[line]))
    unread = (components.size >= settings.large * height) & ~printed
    unread[[component for line in found for component in line]] = False
    erased = np.zeros(ink.shape, bool) if erased is None else erased
    given = unread, erased, height, settings
    return [_cut_out(ink, components, line, *given) for line in found]


def _is_struck(erased, left, top, right, bottom, height, settings):
    """Whether a stroke that was taken for print goes through a line, and no farther."""
    margin = round(settings.struck_margin * (bottom - top))
    beside = round(settings.beyond * height)
    through = erased[top + margin : bottom - margin].any(axis=0)
    outside = through[: max(0, left - beside)], through[right + beside :]
    outside = [part.mean() for part in outside if part.size >= beside / 2]
    of_paper = bool(outside) and min(outside) >= settings.struck
    return bool(through[left:right].mean() >= settings.struck) and not of_paper


def _print(components, height, settings):
    """Which components stand in a row of small ones, as the letters of print do, or
    dashes. Here and there a letter has one stroke above another; the bar of a 5 has
    not."""
    letters = components.height < settings.smallest * height
    if components.width[letters].sum() < settings.word_length * height / 2:
        return np.zeros_like(letters)
    ink = components.pixels(letters)
    rows = Components(grown(ink, 0, max(1, round(settings.letter_gap * height))))
    starts = ink.copy()
    starts[1:] &= ~ink[:-1]
    strokes = np.bincount(rows.labels[starts], minlength=rows.n + 1)[1:]
    wide = rows.width - 2 * settings.letter_gap * height
    good = rows.height < settings.letter_height * height
    good &= wide >= settings.word_length * height
    good &= strokes >= settings.letter_strokes * wide
    tall, long = settings.dashed
    good |= (rows.height < tall * height) & (wide >= long * height)
    return components.count(components.labels[rows.pixels(good) & ink]) > 0


def are_blots(components, settings=LINES):
    """Which components are blots: nearly as thick as they are large. A stroke of width
    w and length l has the area w * l and a border of about 2 * l."""
    within = components.count(components.labels[interior(components.labels > 0)])
    border = components.area - within
    return 2 * components.area / border >= settings.solid * components.size


def _overlap(components, component, others):
    """How far a component overlaps others in height, as part of the smaller height."""
    top, bottom = (np.median(of[others]) for of in (components.top, components.bottom))
    shared = min(bottom, components.bottom[component])
    shared -= max(top, components.top[component])
    return shared / min(bottom - top, components.height[component])


def _cut_out(ink, components, line, unread, erased, height, settings):
    top, bottom = components.top[line].min(), components.bottom[line].max()
    left, right = components.left[line].min(), components.right[line].max()
    where = slice(top, bottom), slice(left, right)
    own = np.isin(components.labels[where], np.array(line) + 1)
    down = np.minimum(components.bottom, bottom) - np.maximum(components.top, top)
    across = np.minimum(components.right, right) - np.maximum(components.left, left)
    smaller = np.minimum(components.height, bottom - top)
    beside = (down > settings.shared * smaller) & unread
    beside &= across > -settings.beside * height
    dashes = beside & (components.height < settings.dash * height)
    left_out = (bool(which.any()) for which in (beside & ~dashes, dashes))
    own_ink = np.where(grown(own), ink[where], 0)
    struck = _is_struck(erased, left, top, right, bottom, height, settings)
    return Line(own_ink, int(left), int(top), *left_out, struck)
