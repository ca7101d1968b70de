"""Fields: whole numbers by hand, as on forms, envelopes and notes, with known truth.

Made out of MNIST, on the paper and in the light of `digitlib.synthesis.photographs`.
All digits
of a field are written with one pen and one ink; where each of them stands is known.
The rule for every range below: a person still reads each digit at a glance.
"""

from dataclasses import dataclass
import math

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from digitlib._internal.checks import check_count
from digitlib.errors import DigitlibError
from digitlib.synthesis.negatives import check_fonts
from digitlib.synthesis.photographs import (
    SCAN,
    camera,
    draw_pen,
    generators,
    ink,
    light,
    paper,
)
from digitlib.synthesis.writers import (
    LINES,
    SLANT,
    Row,
    Writer,
    draw_digits,
    draw_small,
    draw_writer,
    make_pool,
    write_lines,
    write_row,
)

KINDS = ("clear", "touching", "boxes", "ruled", "shadow", "lines")
"""The kinds of `fields`, but for ``"mixed"``."""
EMPTIES = ("blank", "lines", "text")
LENGTH = (1, 40)  # digits of a field that may be asked for

# Each pair (low, high) is a range from which a number is drawn. Where nothing else is
# said, the unit is the size of the field: the usual longer side of its digits.

# Print: red, green and blue in [0, 1]
PRINTS = {
    "black": (0.10, 0.10, 0.12),
    "dark grey": (0.30, 0.30, 0.32),
    "grey": (0.55, 0.55, 0.56),
    "red": (0.88, 0.32, 0.30),
    "orange": (0.97, 0.62, 0.35),
    "green": (0.38, 0.68, 0.48),
    "blue": (0.45, 0.62, 0.86),
}
DENSITY = (0.7, 1.0)  # the part of the paper's colour that it replaces
RULE = (0.012, 0.045)  # how wide a printed line is ...
FINEST = 1.0  # ... and in pixels: no line is thinner
FINER = 4  # times: how lines are drawn before they are averaged

# Boxes
STYLES = ("boxes", "frame", "comb")  # apart; one with dividers; these at its foot only
CELL = (1.0, 1.6)  # how wide a box is
TALL = (1.2, 1.7)  # how high
BETWEEN = (0.08, 0.5)  # from box to box, if they are apart
TEETH = (0.2, 0.4)  # how high a divider of a comb is, as part of the box
HABIT = 0.6  # where in the box a digit stands: as much as this is the same for all
CROSSING = 0.15  # how often a digit crosses its box ...
OUTSIDE = (0.0, 0.2)  # ... by this part of its width or height

# Ruled lines
BELOW = (-0.12, 0.15)  # how far below the digits the rule lies
NOTEPAPER = 0.6  # how often it is one of many, across the sheet
RULED = (1.25, 2.0)  # from one of these to the next
BEYOND = (0.1, 0.6)  # how far a single rule goes on at both ends

# The sheet
BOARD = 0.06  # how often it is dark, unless there is print on it
MARGINS = (0.2, 1.5)  # paper beyond the ink and print; small ones are more frequent
DIRTY = 0.3  # how often there are specks
SPECKS = (1, 12)
SPECK = (0.008, 0.025)  # half as wide as one is; half a pixel at least
DIRT = (0.25, 0.22, 0.20)
FAINT = (0.3, 0.9)  # their opacity
EDGED = 0.15  # how often the page ends within the picture, on one side
EDGE = (0.1, 0.7)  # where, as part of the margin
BEHIND = (0.02, 0.25)  # how bright it is there

# Sheets without digits
AS_FOR = (3, 8)  # as large as for so many digits
WORDY = (1, 3)  # words of a line
WORDS = (
    "Name", "Street", "City", "Country", "Postal code", "Date", "Telephone", "Amount",
    "Account", "Reference", "Signature", "please print", "Office use only", "Customer",
    "Invoice", "Total", "Received", "Paid", "Yes", "None",
)  # fmt: skip

# A page, in millimetres
A4 = (210, 297)
DPI = (100, 600)
ON_PAGE = (1, 120)  # digits
CODE = (4, 8)  # digits of a row
DIGIT = 4.5
BORDER = 20  # where the first row and the printed words begin
COLUMN = 75  # where the boxes begin
SKEW = (-0.8, 0.8)  # degrees
SHARP = 2.5  # pixels: a scanner blurs no more than if the pen were as wide as this

# Camera
FOCUS = 0.12  # thick pens are no more blurred than if they were as wide as this

# The light of "shadow"
STRONG = (0.3, 0.55)  # brighter on one side than on the other by this part
FALLS = 0.7  # how often a shadow falls


def draw_kind(kind, rng):
    """The kind of one field: any, if it is ``"mixed"``."""
    return str(rng.choice(KINDS)) if kind == "mixed" else kind


@dataclass(frozen=True)
class Field:
    """A picture of a number, and what it says.

    Attributes
    ----------
    image : numpy.ndarray, shape (height, width, 3), uint8
    text : str
        The digits; lines are joined by ``"\\n"``.
    boxes : numpy.ndarray, shape (k, 4), int
        Of every digit in reading order: left, top, and the first column and row
        beyond.
    kind : str
        Of `fields` or `empties`, or ``"page"``.
    """

    image: np.ndarray
    text: str
    boxes: np.ndarray
    kind: str


@dataclass(frozen=True)
class Sheet:
    """Ink and print, before there is paper.

    Attributes
    ----------
    kind, text, boxes
        As of a `Field`.
    size : float
        The usual longer side of a digit, in pixels.
    width : float
        Of the pen, in pixels.
    glyphs : list of numpy.ndarray
        The coverage of each digit alone, in its box.
    coverage : numpy.ndarray, shape (height, width), float32, in [0, 1]
        The part of each pixel that is covered by ink.
    printed : numpy.ndarray, shape (height, width), float32, in [0, 1]
        The part that is covered by print.
    margins : list of int
        Left, top, right and bottom: the paper beyond ink and print.
    """

    kind: str
    text: str
    boxes: np.ndarray
    size: float
    width: float
    glyphs: list
    coverage: np.ndarray
    printed: np.ndarray
    margins: list


def fields(images, labels, n, *, kind="clear", length=5, seed=0):
    """Photograph numbers by hand, one by one.

    Parameters
    ----------
    images : array_like, shape (m, 28, 28), floating point, in [0, 1]
        Light ink on dark: digits to write with, some of each.
    labels : array_like, shape (m,), integer, 0 to 9
    n : int, 0 to 2**32 - 1
        How many fields.
    kind : str
        ``"clear"``, with a gap between any two digits; ``"touching"``, where some
        neighbours do; ``"boxes"``, each digit in one of a form; ``"ruled"``, on a
        printed line; ``"shadow"``, on a strong slope too; ``"lines"``, several; or
        ``"mixed"``, any of these.
    length : int, 1 to 40
        How many digits, 2 at least if any are to touch; a line of several has up to
        two more or fewer.
    seed : int, 0 to 2**32 - 1
        Decides everything else. A field depends on its place, but not on ``n``.

    Returns
    -------
    iterator of Field
        Of many sizes. Each is made when it is asked for.

    Raises
    ------
    DigitlibError
        If an argument has another shape, dtype or range. If an image has no ink, when
        its turn comes.
    """
    if kind not in (*KINDS, "mixed"):
        raise DigitlibError(
            f"kind: {kind!r}, but {', '.join(KINDS)} or mixed is needed"
        )
    low, high = LENGTH
    low += kind in ("touching", "mixed")
    length = check_count("length", length, low, high)
    pool = make_pool(images, labels)
    return (
        develop(write(pool, draw_kind(kind, rng), length, rng), rng)
        for rng in generators(n, seed)
    )


def empties(kind, n, *, fonts=(), seed=0):
    """Photograph sheets without any digit, one by one.

    Parameters
    ----------
    kind : str
        ``"blank"``; ``"lines"``, empty boxes or ruled lines; or ``"text"``, printed
        words.
    n : int, 0 to 2**32 - 1
        How many.
    fonts : sequence of path
        Font files that FreeType reads, as ``.ttf``; for each sheet of text, one of
        them is drawn.
    seed : int, 0 to 2**32 - 1

    Returns
    -------
    iterator of Field

    Raises
    ------
    DigitlibError
        If an argument has another range; if text has no font, or one cannot be read.
    """
    if kind not in EMPTIES:
        raise DigitlibError(f"kind: {kind!r}, but {', '.join(EMPTIES)} is needed")
    fonts = check_fonts(fonts)
    if kind == "text" and not fonts:
        raise DigitlibError("fonts: none, but text needs at least one")
    return (develop(_empty(kind, fonts, rng), rng) for rng in generators(n, seed))


def page(images, labels, n_digits=100, *, dpi=300, fonts=(), seed=0):
    """Scan a form of A4 that is filled in: rows of boxes, one below the other.

    Parameters
    ----------
    images, labels
        As for `fields`.
    n_digits : int, 1 to 120
        How many digits there are on it, all in all.
    dpi : int, 100 to 600
        Pixels an inch.
    fonts : sequence of path
        Font files. With any, a printed word stands before each row.
    seed : int, 0 to 2**32 - 1

    Returns
    -------
    Field
        Its text has a line for each row.

    Raises
    ------
    DigitlibError
        As `fields`.
    """
    n_digits = check_count("n_digits", n_digits, *ON_PAGE)
    dpi = check_count("dpi", dpi, *DPI)
    fonts = check_fonts(fonts)
    pool = make_pool(images, labels)
    [rng] = generators(1, seed)
    return develop(_write_page(pool, n_digits, dpi / 25.4, fonts, rng), rng)


def write(pool, kind, length, rng):
    """Write a field, as a `Sheet`; `fields` is this, followed by `develop`."""
    writer = draw_writer(kind, rng)
    rules, corners, thickness = [], [], _draw_rule(writer, rng)
    if kind == "boxes":
        form = _draw_form(writer, thickness, rng)
        rules, corners = _boxes(form, length, writer)
        rows = [_fill(pool, form, length, writer, rng)]
    elif kind == "lines":
        rows = write_lines(pool, length, writer, rng)
    else:
        rows = [write_row(pool, length, writer, rng, touching=kind == "touching")]
    if kind == "ruled":
        [row] = rows
        rules, corners = _draw_rules(row.right, writer, rng)
    return _lay_out(kind, rows, writer, rules, corners, thickness, rng)


def develop(sheet, rng):
    """Photograph a `Sheet` on some paper in some light: a `Field`."""
    shape = sheet.coverage.shape
    scanned = sheet.kind == "page"
    forms = scanned or sheet.printed.any()
    scene = paper(*shape, rng, board=0 if forms else BOARD)
    if forms:
        color = PRINTS[rng.choice(list(PRINTS))]
        scene = _cover(scene, sheet.printed * rng.uniform(*DENSITY), color)
    if rng.random() < DIRTY:
        scene = _cover(scene, _draw_specks(shape, sheet.size, rng), DIRT)
    scene = ink(scene, sheet.coverage, rng)
    if sheet.kind == "shadow":
        scene *= light(*shape, rng, scan=0, gradient=STRONG, shadow=FALLS)
    else:
        scene *= light(*shape, rng, scan=1 if scanned else SCAN)
    if rng.random() < EDGED:
        beyond = _draw_edge(shape, sheet.margins, rng)
        scene = _cover(scene, beyond, [rng.uniform(*BEHIND)] * 3)
    sharpness = SHARP if scanned else FOCUS * sheet.size
    image = camera(scene, min(sheet.width, sharpness), rng)
    return Field(image, sheet.text, sheet.boxes, sheet.kind)


# Print


@dataclass(frozen=True)
class _Form:
    """How the boxes of a form look, in pixels."""

    style: str
    cell: np.ndarray
    between: float
    tooth: float
    thickness: float

    def center(self, i):
        """Of box ``i``, on a sheet that does not slope."""
        return np.array([(self.cell[0] + self.between) * i, 0]) + self.cell / 2


def _draw_rule(writer, rng):
    return max(rng.uniform(*RULE) * writer.size, FINEST)


def _draw_form(writer, thickness, rng):
    style = str(rng.choice(STYLES))
    cell = np.array([rng.uniform(*CELL), rng.uniform(*TALL)]) * writer.size
    between = rng.uniform(*BETWEEN) * writer.size * (style == "boxes")
    tooth = rng.uniform(*TEETH) if style == "comb" else 1
    return _Form(style, cell, between, tooth * cell[1], thickness)


def _boxes(form, n, writer):
    """The lines (k, 2, 2), from point to point, and corners of ``n`` boxes."""
    width, height = form.cell
    step = width + form.between
    right = step * n - form.between
    if form.style == "boxes":
        frames = [(step * i, step * i + width) for i in range(n)]
        teeth = []
    else:
        frames = [(0, right)]
        teeth = [[(step * i, height - form.tooth), (step * i, height)]
                 for i in range(1, n)]  # fmt: skip
    lines = list(teeth)
    for a, b in frames:
        corners = [(a, 0), (b, 0), (b, height), (a, height), (a, 0)]
        lines += [corners[i : i + 2] for i in range(4)]
    outer = [(0, 0), (right, 0), (0, height), (right, height)]
    return writer.turned(lines), writer.turned(outer)


def _fill(pool, form, n, writer, rng):
    """Write a digit into each box."""
    row = Row(*draw_digits(pool, n, writer, rng), [])
    habit, crossed = rng.uniform(-1, 1, 2), False
    for i, glyph in enumerate(row.glyphs):
        extent = np.array(glyph.shape[::-1])
        room = (form.cell - form.thickness - extent) / 2 - 1
        offset = HABIT * habit + (1 - HABIT) * rng.uniform(-1, 1, 2)
        offset *= room.clip(0)
        crossed = not crossed and rng.random() < CROSSING
        if crossed:
            axis = rng.integers(2)
            outside = room[axis].clip(0) + rng.uniform(*OUTSIDE) * extent[axis]
            offset[axis] = rng.choice([-1, 1]) * outside
        corner = writer.turned(form.center(i) + offset) - extent / 2
        row.corners.append(tuple(corner.round().astype(int).tolist()))
    return row


def _draw_rules(right, writer, rng):
    """One line below digits that end at ``right``, or one of many; and its ends."""
    below = rng.uniform(*BELOW) * writer.size
    if rng.random() < NOTEPAPER:
        step = rng.uniform(*RULED) * writer.size
        far = 100 * writer.size
        levels = below + step * np.arange(-4, 5)
        lines = [[(-far, level), (right + far, level)] for level in levels]
        return writer.turned(lines), []
    before, after = rng.uniform(*BEYOND, 2) * writer.size
    ends = writer.turned([(-before, below), (right + after, below)])
    return [ends], ends


def _lay_out(kind, rows, writer, lines, corners, thickness, rng):
    """Put rows and printed lines on a sheet that is as large as they need."""
    text = "\n".join(row.text for row in rows)
    glyphs = [glyph for row in rows for glyph in row.glyphs]
    places = np.array([c for row in rows for c in row.corners], int).reshape(-1, 2)
    extents = np.array([g.shape[::-1] for g in glyphs], int).reshape(-1, 2)
    points = np.concatenate([places, places + extents, np.reshape(corners, (-1, 2))])
    margins = _draw_margins(writer, rng)
    origin = np.floor(points.min(axis=0)).astype(int) - margins[:2]
    width, height = np.ceil(points.max(axis=0)).astype(int) + margins[2:] - origin
    printed = _draw_lines([line - origin for line in lines], thickness, height, width)
    return _sheet(kind, text, writer, glyphs, places - origin, printed, margins)


def _draw_margins(writer, rng):
    """Left, top, right and bottom."""
    return [round(draw_small(MARGINS, rng) * writer.size) for _ in range(4)]


def _sheet(kind, text, writer, glyphs, corners, printed, margins):
    """Ink the digits."""
    coverage = np.zeros_like(printed)
    for glyph, (left, top) in zip(glyphs, corners, strict=True):
        height, width = glyph.shape
        there = coverage[top : top + height, left : left + width]
        np.maximum(there, glyph, out=there)
    extents = np.array([g.shape[::-1] for g in glyphs], int).reshape(-1, 2)
    boxes = np.concatenate([corners, corners + extents], axis=1)
    return Sheet(
        kind, text, boxes, writer.size, writer.width, glyphs, coverage, printed, margins
    )


def _draw_lines(lines, thickness, height, width):
    """The coverage by straight lines, each from point to point."""
    if len(lines) == 0:
        return np.zeros((height, width), np.float32)
    drawn = Image.new("L", (width * FINER, height * FINER))
    draw = ImageDraw.Draw(drawn)
    for line in lines:
        ends = [tuple(point) for point in np.array(line) * FINER]
        draw.line(ends, fill=255, width=round(thickness * FINER))
    return np.asarray(drawn.reduce(FINER), np.float32) / 255


# Sheets of other kinds


def _empty(kind, fonts, rng):
    """A `Sheet` without any digit."""
    writer = draw_writer(kind="clear", rng=rng)
    n = rng.integers(*AS_FOR, endpoint=True)
    thickness = _draw_rule(writer, rng)
    if kind == "text":
        return _write_text(fonts, writer, rng)
    if kind == "lines" and rng.random() < 0.5:
        form = _draw_form(writer, thickness, rng)
        lines, corners = _boxes(form, n, writer)
    else:
        right = n * writer.size
        lines, _ = _draw_rules(right, writer, rng) if kind == "lines" else ([], [])
        corners = [(0, 0), (right, writer.size)]
    return _lay_out(kind, [], writer, lines, corners, thickness, rng)


def _write_text(fonts, writer, rng):
    """Print some lines of words."""
    font = ImageFont.truetype(str(rng.choice(fonts)), round(writer.size))
    words = [
        " ".join(rng.choice(WORDS, rng.integers(*WORDY, endpoint=True)))
        for _ in range(rng.integers(*LINES, endpoint=True))
    ]
    margins = _draw_margins(writer, rng)
    drawn = _set(words, font).rotate(-writer.slope, Image.Resampling.BICUBIC, True)
    left, top, right, bottom = margins
    printed = np.asarray(drawn, np.float32) / 255
    printed = np.pad(printed, ((top, bottom), (left, right)))
    none = np.zeros((0, 2), int)
    return _sheet("text", "", writer, [], none, printed, margins)


def _set(lines, font):
    """Set lines of words in a font: a picture as large as they need."""
    text = "\n".join(lines)
    left, top, right, bottom = map(
        math.ceil, ImageDraw.Draw(Image.new("L", (1, 1))).textbbox((0, 0), text, font)
    )
    drawn = Image.new("L", (right - left, bottom - top))
    ImageDraw.Draw(drawn).text((-left, -top), text, 255, font)
    return drawn


def _write_page(pool, n_digits, scale, fonts, rng):
    """Fill in a form, as a `Sheet`; the scale is in pixels a millimetre."""
    width, height = (round(side * scale) for side in A4)
    size = DIGIT * scale
    pen = draw_pen(size, rng) * size
    writer = Writer(size, pen, rng.uniform(*SKEW), rng.uniform(*SLANT))
    thickness = _draw_rule(writer, rng)
    form = _draw_form(writer, thickness, rng)
    lengths = []
    while sum(lengths) < n_digits:
        drawn = int(rng.integers(*CODE, endpoint=True))
        lengths.append(min(drawn, n_digits - sum(lengths)))
    step = (height - 2 * BORDER * scale) / len(lengths)
    font = ImageFont.truetype(str(rng.choice(fonts)), round(size)) if fonts else None
    lines, rows, words = [], [], []
    for i, n in enumerate(lengths):
        start = writer.turned((COLUMN * scale, BORDER * scale + i * step))
        boxes, _ = _boxes(form, n, writer)
        lines += [line + start for line in boxes]
        rows.append(_fill(pool, form, n, writer, rng).moved(*start))
        words.append(((BORDER * scale, start[1]), rng.choice(WORDS)))
    printed = Image.fromarray(_draw_lines(lines, thickness, height, width))
    if fonts:
        for at, word in words:
            ImageDraw.Draw(printed).text(tuple(at), word, 1.0, font)
    corners = np.array([c for row in rows for c in row.corners])
    glyphs = [g for row in rows for g in row.glyphs]
    text = "\n".join(row.text for row in rows)
    margins = [round(BORDER * scale / 2)] * 4
    return _sheet("page", text, writer, glyphs, corners, np.array(printed), margins)


# The sheet


def _cover(scene, coverage, color):
    """Lay a colour over the scene where there is coverage."""
    return scene + coverage[..., np.newaxis] * (np.float32(color) - scene)


def _draw_specks(shape, size, rng):
    """The coverage by specks of dirt, anywhere."""
    coverage = np.zeros(shape, np.float32)
    for _ in range(rng.integers(*SPECKS, endpoint=True)):
        radius = max(rng.uniform(*SPECK) * size, 0.5)
        around = math.ceil(radius) + 1
        top, left = rng.uniform(0, shape)
        rows, columns = (
            np.arange(max(0, int(x) - around), min(end, int(x) + around + 1))
            for x, end in zip((top, left), shape, strict=True)
        )
        distances = np.hypot(rows[:, np.newaxis] - top, columns - left)
        dot = (radius + 0.5 - distances).clip(0, 1) * rng.uniform(*FAINT)
        there = coverage[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        np.maximum(there, dot, out=there)
    return coverage


def _draw_edge(shape, margins, rng):
    """The coverage by what lies beyond one edge of the page, within the margin."""
    quarters = rng.integers(4)  # turns of a left edge: left, bottom, right, top
    height, width = shape[::-1] if quarters % 2 else shape
    ends = rng.uniform(*EDGE, 2) * margins[-quarters]
    where = np.linspace(*ends, height, dtype=np.float32)[:, np.newaxis]
    beyond = (where - np.arange(width, dtype=np.float32)).clip(0, 1)
    return np.rot90(beyond, quarters)
