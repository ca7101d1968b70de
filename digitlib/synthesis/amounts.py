"""Amounts: numbers as on cheques and receipts, where much else is ink, too.

One hand writes all of it and leans; its pen goes on from a digit to the next, mostly
between zeros; signs stand among the digits. Below lies security print, and the picture
is small and cut out carelessly.
"""

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from digitlib.synthesis import printing, strokes, writers
from digitlib.synthesis.photographs import PHOTOGRAPHS, PhotographSettings, draw_small
from digitlib.synthesis.strokes import STROKES
from digitlib.synthesis.writers import WRITERS, WriterSettings


@dataclass(frozen=True)
class AmountSettings:
    """How amounts are written, and what lies around them.

    All chosen, so that a person still reads each digit. A pair is a range to draw a
    number from, a string or a longer tuple are signs to draw one of. Where nothing else
    is said, the unit is the usual longer side of the digits.
    """

    writers: WriterSettings  #: how large digits are, how close, with which pens
    photographs: PhotographSettings  #: ink, paper, light and camera
    print: "printing.PrintSettings" = printing.PRINT
    # The hand
    sought: int = 4  #: times, at most, one is sought whose strokes were recorded
    hand: int = 3  #: a digit is one of so many, in the pool nearest to one place
    lean: tuple = (-0.05, 0.7)  #: how far to the right of its foot a digit's top is
    wide: tuple = (0.85, 1.35)  #: how wide digits are, as part of their own width
    tail: float = 0.3  #: how often the last stroke, if it was recorded, goes on ...
    tailed: str = "247"  #: ... of these digits ...
    longer: tuple = (0.1, 0.3)  #: ... by this much, to the right
    # Zeros
    round: float = 0.45  #: how often the last digits are zeros ...
    zeros: tuple = (2, 3)  #: ... so many, but never all of them ...
    small: tuple = (0.6, 1.0)  #: ... and as large as this, compared to others
    chained: float = 0.85  #: how often two zeros should touch
    link: tuple = (0.35, 0.9)  #: how often a pen goes on to a digit; between two zeros
    reach: float = 0.7  #: it never goes farther
    sag: tuple = (-0.1, 0.3)  #: how low it hangs, as part of its way
    #: Signs, and their strokes: points, to the right and downwards from a digit's foot
    signs: tuple = (
        (".", (((0, -0.02), (0.09, -0.02)),)),
        (",", (((0.05, -0.06), (0.06, 0.03), (0, 0.15)),)),
        (":", (((0, -0.06), (0.09, -0.06)), ((0, -0.4), (0.09, -0.4)))),
        ("-", (((0, -0.42), (0.35, -0.46)),)),
        ("_", (((0, -0.18), (0.18, -0.21)),)),
        ("=", (((0, -0.4), (0.3, -0.43)), ((0, -0.6), (0.3, -0.63)))),
        ("~", (((0, -0.35), (0.3, -0.47), (0.7, -0.4), (1.1, -0.46)),)),
        ("#", (((0, -0.42), (0.8, -0.47)), ((0.28, -0.2), (0.42, -0.7)),
               ((0.44, -0.2), (0.58, -0.7)))),
        ("$", (((0.42, -0.8), (0.25, -0.9), (0.08, -0.8), (0.1, -0.62), (0.38, -0.42),
                (0.4, -0.2), (0.24, -0.06), (0.04, -0.14)),
               ((0.2, -1.02), (0.18, 0.1)), ((0.31, -1.02), (0.29, 0.1)))),
    )  # fmt: skip
    opened: float = 0.06  #: how often there is one before the first digit, ...
    opening: str = "$$=-:"
    grouped: float = 0.65  #: ... how often before the last three, ...
    between: str = "....,_"
    closed: float = 0.45  #: ... how often one or two come after the last
    closing: tuple = (".", ".", ".", "-", "-", "=", "=", ":", ".-", ".~", "~", "#")
    shaken: float = 0.03  #: standard deviation of where a sign's points are
    room: tuple = (0.06, 0.25)  #: to the left and right of a sign
    underlined: float = 0.06  #: how often there is a line by hand below the digits ...
    below: tuple = (-0.04, 0.12)  #: ... so low, at each of ``joints`` points
    joints: int = 5
    # Print
    ruled: float = 0.4  #: how often a printed line passes above the digits, and below
    beyond: tuple = (-0.08, 0.2)  #: so far beyond their tops or feet
    # The cut
    margins: tuple = (0.03, 0.45)  #: paper beyond the ink, more often small ...
    cut: float = 0.13  #: ... or, so often at each side, ink is lost instead ...
    loss: tuple = (0.02, 0.12)  #: ... as part of the outermost digit's width, or height
    remains: float = 0.1  #: how often ink of another line is left above, and below ...
    left: tuple = (0.06, 0.2)  #: ... so high


AMOUNTS = AmountSettings(
    replace(
        WRITERS, size=(20, 48), sizes=(0.85, 1.12), slant=(-4.0, 4.0), pixels=1,
        slopes=(("clear", 2.5),),
        baseline=(-0.09, 0.09), gap=(0.03, 0.35), joined=0.5, overlap=(0.0, 0.15),
        strokes=replace(STROKES, pens=((0.05, 0.08), (0.08, 0.12), (0.1, 0.14))),
    ),
    replace(
        PHOTOGRAPHS, scan=0.85, exposure=(0.72, 0.95), gradient=(0.0, 0.15),
        shade=(0.65, 0.9), opacity=(0.62, 1.0), pressure=(0.0, 0.15), blur=(0.2, 0.38),
        noise=(0.0, 0.025), jpeg=1.0, quality=(40, 90),
    ),
)  # fmt: skip


def write_amount(pool, length, rng, settings=AMOUNTS):
    """Write an amount with a pool of `digitlib.synthesis.writers.make_pool`.

    Returns the writer; a `digitlib.synthesis.writers.Row` of what is on the sheet of
    each digit; the coverage by all ink, that of signs too; that by print; and the
    margins, which are negative where ink is cut off.
    """
    writer = writers.draw_writer("clear", rng, settings.writers)
    text, sizes = _draw_text(length, rng, settings)
    glyphs, ends = _write_digits(pool, text, sizes, writer, rng, settings)
    zeros = [False, *(pair == ("0", "0") for pair in pairwise(text))]
    joined = np.where(zeros, settings.chained, settings.writers.joined)
    boxes = np.array(writers.space(text, glyphs, writer, rng, joined).boxes)
    ways = _draw_signs(boxes, writer, rng, settings)
    ends += boxes[:, np.newaxis, :2]
    ways += _draw_links(ends, zeros[1:], writer, rng, settings)
    start, shape, margins = _cut(boxes, ways, writer, rng, settings)
    if rng.random() < settings.underlined:
        x = np.linspace(boxes[0, 0], boxes[-1, 2], settings.joints)
        y = rng.uniform(*settings.below, settings.joints) * writer.size
        ways.append(np.stack((x, y + boxes[:, 3].mean()), axis=1))
    boxes -= np.tile(start, 2)
    ways = [way - start for way in ways]
    coverage = printing.draw_lines(ways, writer.width, *shape, settings.print)
    row = writers.Row(text, glyphs, boxes).within(*shape)
    for glyph, (left, top, right, bottom) in zip(row.glyphs, row.boxes, strict=True):
        box = coverage[top:bottom, left:right]
        np.maximum(box, glyph, out=box)
    _leave_remains(coverage, glyphs, writer, rng, settings)
    printed = printing.draw_security(shape, writer.size, rng, settings.print)
    rules = _draw_rules(boxes, shape, writer, rng, settings)
    return writer, row, coverage, np.maximum(printed, rules), margins


def _draw_text(length, rng, settings):
    """The digits, and how large each is."""
    values, sizes = rng.integers(10, size=length), np.ones(length)
    if rng.random() < settings.round:
        first = max(1, length - rng.integers(*settings.zeros, endpoint=True))
        values[first:], sizes[first:] = 0, rng.uniform(*settings.small)
    return "".join(map(str, values)), sizes


def _write_digits(pool, text, sizes, writer, rng, settings):
    """The digits, leaning; and where in each the pen began and ended, (n, 2, 2)."""
    images, places = pool
    lean, wide = rng.uniform(*settings.lean), rng.uniform(*settings.wide)
    glyphs, ends, how = [], [], settings.writers.strokes
    for _ in range(settings.sought):
        here = rng.integers(len(images))
        if isinstance(images[here], tuple):
            break
    for value, larger in zip(text, sizes, strict=True):
        near = places[int(value)]
        near = near[np.abs(near - here).argsort(kind="stable")]
        _, size, angle = writers.draw_style(writer, rng)
        size = round(size * larger)
        pen = np.clip(writer.width / size, *how.pen)
        for i in range(writer.settings.legible):
            digit = images[rng.choice(near[: settings.hand + i])]
            drawn = digit
            if isinstance(digit, tuple) and value in settings.tailed:
                tail = rng.uniform(*settings.longer) * (rng.random() < settings.tail)
                drawn = strokes.lengthen(digit, tail)
            line, way = strokes.find_line(drawn, how), strokes.find_ends(drawn, how)
            line, way = strokes.lean_line(line, way, lean, wide, angle)
            glyph = strokes.ink_line(line, pen, size, settings=how)
            if writers.legible(digit, glyph, writer.settings):
                break
        scale = (max(glyph.shape) - pen * size) / max(line.shape)
        glyphs.append(glyph)
        ends.append(way * scale + pen * size / 2)
    return glyphs, np.array(ends)


def _draw_signs(boxes, writer, rng, settings):
    """The ways of signs; digits move to the right, in place, to make room."""
    n, ways, size = len(boxes), [], writer.size
    places = [
        (0, settings.opened, settings.opening),
        (n - 3, settings.grouped, settings.between),
        (n, settings.closed, settings.closing),
    ]
    for i, often, choice in places[:: 1 if n > 3 else 2]:
        chosen = rng.choice(list(choice)) if rng.random() < often else ""
        right, foot = boxes[max(i - 1, 0), 2:]
        for sign in chosen:
            lines = [np.array(line) for line in dict(settings.signs)[sign]]
            width = max(line[:, 0].max() for line in lines) * size
            before, after = rng.uniform(*settings.room, 2) * size
            left = right + before if i else boxes[0, 0] - width - after
            for line in lines:
                line += rng.normal(0, settings.shaken, line.shape)
                ways.append(line * size + (left, foot))
            right = left + width + after
        if 0 < i < n and right > boxes[i, 0]:
            moved = writer.turned((right - boxes[i, 0], 0)).round().astype(int)
            boxes[i:] += np.tile(moved, 2)
    return ways


def _draw_links(ends, zeros, writer, rng, settings):
    """The ways of a pen that goes on from a digit to the next, as parabolas."""
    t, ways = np.linspace(0, 1, 9)[:, np.newaxis], []
    for ((_, start), (end, _)), both in zip(pairwise(ends), zeros, strict=True):
        far = np.hypot(*(end - start))
        sag = 4 * t * (1 - t) * [0, rng.uniform(*settings.sag) * far]
        if rng.random() < settings.link[both] and far < settings.reach * writer.size:
            ways.append(start + t * (end - start) + sag)
    return ways


def _cut(boxes, ways, writer, rng, settings):
    """The corner, the height and width, and the margins of a sheet for some ink."""
    points = np.concatenate([boxes.reshape(-1, 2), *ways])
    widths = boxes[:, 2] - boxes[:, 0]
    margins = [round(draw_small(settings.margins, rng) * writer.size) for _ in range(4)]
    for i in np.flatnonzero(rng.random(4) < settings.cut):
        whole = (widths[0], writer.size, widths[-1], writer.size)[i]
        margins[i] = -round(rng.uniform(*settings.loss) * whole)
    start = np.floor(points.min(axis=0)).astype(int) - margins[:2]
    width, height = np.ceil(points.max(axis=0)).astype(int) + margins[2:] - start
    return start, (height, width), margins


def _leave_remains(coverage, glyphs, writer, rng, settings):
    """Leave some ink of other lines, in place: a digit's foot above, a top below."""
    for upper in True, False:
        if rng.random() < settings.remains:
            glyph = glyphs[rng.integers(len(glyphs))]
            height, width = np.minimum(glyph.shape, coverage.shape)
            height = min(height, round(rng.uniform(*settings.left) * writer.size))
            x = rng.integers(coverage.shape[1] - width, endpoint=True)
            part = glyph[-height:, :width] if upper else glyph[:height, :width]
            box = coverage[:height] if upper else coverage[-height:]
            np.maximum(box[:, x : x + width], part, out=box[:, x : x + width])


def _draw_rules(boxes, shape, writer, rng, settings):
    """The coverage by printed lines above and below the digits."""
    lines = []
    for side, sign in (1, -1), (3, 1):
        if rng.random() < settings.ruled:
            beyond = sign * rng.uniform(*settings.beyond) * writer.size
            level = boxes[:, side].mean() + beyond
            lines.append([(-1, level), (shape[1] + 1, level)])
    thickness = printing.draw_rule(writer, rng, settings.print)
    return printing.draw_lines(lines, thickness, *shape, settings.print)
