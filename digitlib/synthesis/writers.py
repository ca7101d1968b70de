"""Writers: how somebody writes digits, all with one pen, and rows of them."""

from dataclasses import dataclass, replace
import math

import numpy as np
from scipy import ndimage

from digitlib._internal.checks import check_labels
from digitlib.errors import DigitlibError
from digitlib.synthesis import strokes
from digitlib.synthesis.photographs import draw_small


@dataclass(frozen=True)
class WriterSettings:
    """Which writers there are; all chosen, so that each digit is read at a glance.

    A pair is a range. Where nothing else is said, the unit is the writer's size.
    """

    size: tuple = (20, 120)  #: pixels: the usual longer side; more often small
    sizes: tuple = (0.9, 1.1)  #: of a single digit
    slant: tuple = (-8.0, 8.0)  #: degrees: how all of them lean ...
    turn: tuple = (-4.0, 4.0)  #: ... and a single one besides
    baseline: tuple = (-0.06, 0.06)  #: how far below the line a digit ends
    #: Degrees: how much the line falls or rises at most, for each kind of field
    slopes: tuple = (
        ("clear", 4.0), ("touching", 4.0), ("boxes", 2.5), ("ruled", 3.0),
        ("shadow", 10.0), ("lines", 5.0),
    )  # fmt: skip
    strokes: "strokes.StrokeSettings" = strokes.STROKES  #: with which pens
    # Spaces
    gap: tuple = (0.08, 0.5)  #: between the ink of neighbours, more often small ...
    gaps: tuple = (0.7, 1.6)  #: ... and times this, from pair to pair
    apart: float = 0.8  #: of the pen's width, and ...
    pixels: int = 3  #: ... in pixels: no gap is smaller
    overhang: float = 0.35  #: how much of a neighbour's width a digit may overhang
    joined: float = 0.65  #: how often neighbours should touch; some cannot
    overlap: tuple = (0.0, 0.06)  #: how far one then reaches into the other
    nested: float = 0.15  #: and above or below it, as part of the narrower width
    tries: int = 100  #: how often others are drawn until some can touch
    joint: float = 0.25  #: along how much of its height: two bars that merge are one
    # A 9 whose loop has opened, or a 3 with one, is another digit to a person too; and
    # so is an 8 that was a blot, when a fine pen draws its line.
    legible: int = 10  #: times, at most, one is sought with as many loops as before ...
    alike: float = 0.8  #: ... and a line that is as much like its ink
    # Several lines
    lines: tuple = (2, 4)  #: how many
    more: int = 2  #: a line is longer or shorter by up to this many digits
    leading: tuple = (1.45, 2.2)  #: from line to line
    indent: tuple = (0.0, 0.6)  #: where a line begins


WRITERS = WriterSettings()


def make_pool(images, labels):
    """Sort digits to write with, images or strokes: them, and where each digit is."""
    images = strokes.check_digits(images)
    labels = check_labels(labels, len(images))
    if missing := sorted({*range(10)} - {*labels.tolist()}):
        needed = "but some of each digit are needed"
        raise DigitlibError(f"labels: no {missing[0]}, {needed}")
    return images, [np.flatnonzero(labels == digit) for digit in range(10)]


@dataclass(frozen=True)
class Writer:
    """One writer with one pen; the sizes are in pixels, the angles in degrees."""

    size: float
    width: float
    slope: float
    slant: float
    settings: WriterSettings = WRITERS

    def turned(self, points):
        """Where points (..., 2), x and y, lie on a sheet that slopes."""
        angle = math.radians(self.slope)
        sine, cosine = math.sin(angle), math.cos(angle)
        return np.asarray(points, float) @ np.array([[cosine, sine], [-sine, cosine]])


@dataclass
class Row:
    """Digits of one line; left, top, right and bottom of each that has its place."""

    text: str
    glyphs: list
    boxes: list
    joined: bool = False

    @property
    def right(self):
        return self.boxes[-1][2] if self.boxes else 0

    def moved(self, x, y):
        return replace(self, boxes=np.add(self.boxes, [round(x), round(y)] * 2))

    def within(self, height, width):
        """What of each digit is on a sheet."""
        glyphs, boxes = [], []
        for glyph, (left, top, _, _) in zip(self.glyphs, self.boxes, strict=True):
            x, y = max(left, 0), max(top, 0)
            glyph = glyph[y - top : height - top, x - left : width - left]
            [(down, along)] = ndimage.find_objects((glyph > 0).astype(int))
            glyphs.append(glyph[down, along])
            boxes.append(
                [x + along.start, y + down.start, x + along.stop, y + down.stop]
            )
        return replace(self, glyphs=glyphs, boxes=np.array(boxes))


def draw_writer(kind, rng, settings=WRITERS):
    """Draw a `Writer` as it writes fields of some kind, one of ``settings.slopes``."""
    size = draw_small(settings.size, rng)
    pen = strokes.draw_pen(size, rng, settings.strokes) * size
    most = dict(settings.slopes)[kind]
    slope, slant = rng.uniform(-most, most), rng.uniform(*settings.slant)
    return Writer(size, pen, slope, slant, settings)


def draw_style(writer, rng):
    """Draw how a writer writes one digit: what ``stroke`` takes."""
    settings = writer.settings
    size = round(writer.size * rng.uniform(*settings.sizes))
    pen = np.clip(writer.width / size, *settings.strokes.pen)
    return pen, size, writer.slope + writer.slant + rng.uniform(*settings.turn)


def legible(digit, glyph, settings=WRITERS):
    """Tell whether a digit that was written anew is still the same to a person."""
    if isinstance(digit, tuple):  # its line is known, and its loops stay open
        return True
    if strokes.likeness(digit, settings.strokes) < settings.alike:
        return False
    loops, before = (ndimage.label(np.pad(x, 1) < 0.5)[1] for x in (glyph, digit))
    return loops == before


def draw_digits(pool, n, writer, rng):
    """The text of ``n`` digits, and each as the writer writes it."""
    images, places = pool
    glyphs, values = [], rng.integers(10, size=n)
    for value in values:
        style = draw_style(writer, rng)
        for _ in range(writer.settings.legible):
            image = images[rng.choice(places[value])]
            glyph = strokes.stroke(image, *style, writer.settings.strokes)
            if legible(image, glyph, writer.settings):
                break
        [inked] = ndimage.find_objects((glyph > 0).astype(int))
        glyphs.append(glyph[inked])
    return "".join(map(str, values)), glyphs


def write_row(pool, n, writer, rng, touching=False):
    """Write on a line that begins at 0, 0; if ``touching``, until some digits do."""
    for _ in range(writer.settings.tries):
        joined = [writer.settings.joined * touching] * n
        row = space(*draw_digits(pool, n, writer, rng), writer, rng, joined)
        if row.joined or not touching:
            return row
    raise DigitlibError("images: no two that can touch and not merge; give others")


def space(text, glyphs, writer, rng, joined):
    """Put digits beside each other, each as far as its ink asks for: a `Row`.

    How often each digit should touch the one before says ``joined``.
    """
    settings = writer.settings
    usual = draw_small(settings.gap, rng) * writer.size
    fall = math.tan(math.radians(writer.slope))
    # How far to the right there is ink, in each row around the line
    above = round(3 * writer.size * (1 + len(glyphs) * abs(fall)))
    reach = np.full(2 * above, -np.inf)
    row = Row(text, glyphs, [])
    for i, glyph in enumerate(glyphs):
        height, width = glyph.shape
        first, last = _sides(glyph)
        right = row.right
        below = rng.uniform(*settings.baseline) * writer.size
        top = round((right + width / 2) * fall + below) - height
        rows = slice(above + top, above + top + height)
        narrower = min(width, glyphs[i - 1].shape[1])
        gap = usual * rng.uniform(*settings.gaps)
        gap = math.ceil(max(gap, settings.apart * writer.width, settings.pixels))
        left = None if i else 0
        if i and joined[i] and rng.random() < joined[i]:
            nearest = right - settings.nested * narrower
            left = _touch(reach[rows] - first, nearest, writer, rng)
            row.joined |= left is not None
        if left is None:
            around = ndimage.maximum_filter1d(reach, 2 * gap + 1)
            nearest = right - settings.overhang * narrower
            left = math.ceil(max((around[rows] - first).max() + 1 + gap, nearest))
        row.boxes.append((left, top, left + width, top + height))
        reach[rows] = np.maximum(reach[rows], left + last)
    return row


def _touch(meet, nearest, writer, rng):
    """Where a digit goes that touches those it meets; None if it would merge."""
    settings = writer.settings
    overlap = rng.uniform(*settings.overlap) * writer.size
    for reached in (overlap, overlap / 2, 0):
        left = np.ceil(meet.max()) + 1 - round(reached)
        joint = (left - meet < writer.width / 2).sum()
        if left >= nearest and joint < settings.joint * len(meet):
            return int(left)
    return None


def _sides(glyph):
    """The first and last column with ink in each row; infinite where there is none."""
    solid = glyph > 0.5
    some = solid.any(axis=1)
    last = glyph.shape[1] - 1 - solid[:, ::-1].argmax(axis=1)
    first = solid.argmax(axis=1)
    return np.where(some, first, np.inf), np.where(some, last, -np.inf)


def write_lines(pool, length, writer, rng):
    """Write several rows, one below the other, some longer and some shorter."""
    settings = writer.settings
    leading = rng.uniform(*settings.leading) * writer.size
    rows = []
    for i in range(rng.integers(*settings.lines, endpoint=True)):
        n = max(1, length + rng.integers(-settings.more, settings.more, endpoint=True))
        row = write_row(pool, n, writer, rng)
        indent = rng.uniform(*settings.indent) * writer.size
        rows.append(row.moved(*writer.turned((indent, i * leading))))
    return rows
