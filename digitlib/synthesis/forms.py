"""Forms: whole numbers by hand, as on forms, envelopes and notes, with known truth.

Made out of MNIST, on the paper and in the light of `digitlib.synthesis.photographs`.
All digits of a field are written with one pen and one ink; where each of them stands is
known.
"""

from dataclasses import dataclass, replace
import math

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from digitlib._internal.checks import check_count, check_fonts
from digitlib.errors import DigitlibError
from digitlib.synthesis import photographs
from digitlib.synthesis.photographs import PHOTOGRAPHS, draw_small, generators
from digitlib.synthesis.strokes import draw_pen
from digitlib.synthesis.writers import WRITERS, Row, Writer, draw_digits, draw_writer
from digitlib.synthesis.writers import make_pool, write_lines, write_row

KINDS = ("clear", "touching", "boxes", "ruled", "shadow", "lines")
"""The kinds of `fields`, but for ``"mixed"``."""
EMPTIES = ("blank", "lines", "text")


@dataclass(frozen=True)
class FormSettings:
    """Which forms, sheets and pages there are.

    All chosen, so that a person still reads each digit at a glance. A pair is a range
    from which a number is drawn; colours are red, green and blue, in [0, 1]. Where
    nothing else is said, the unit is the usual longer side of a field's digits.
    """

    length: tuple = (1, 40)  #: digits of a field that may be asked for
    writers: object = WRITERS  #: `digitlib.synthesis.writers.WriterSettings`
    photographs: object = PHOTOGRAPHS  #: of `digitlib.synthesis.photographs`
    # Print
    #: Black, dark grey, grey, red, orange, green, blue
    prints: tuple = (
        (0.10, 0.10, 0.12), (0.30, 0.30, 0.32), (0.55, 0.55, 0.56), (0.88, 0.32, 0.30),
        (0.97, 0.62, 0.35), (0.38, 0.68, 0.48), (0.45, 0.62, 0.86),
    )  # fmt: skip
    density: tuple = (0.7, 1.0)  #: the part of the paper's colour that it replaces
    rule: tuple = (0.012, 0.045)  #: how wide a printed line is ...
    finest: float = 1.0  #: ... and in pixels: no line is thinner
    finer: int = 4  #: times: how lines are drawn before they are averaged
    # Boxes
    #: Apart; one frame with dividers; dividers at its foot only
    styles: tuple = ("boxes", "frame", "comb")
    cell: tuple = (1.0, 1.6)  #: how wide a box is
    tall: tuple = (1.2, 1.7)  #: how high
    between: tuple = (0.08, 0.5)  #: from box to box, if they are apart
    teeth: tuple = (0.2, 0.4)  #: how high a comb's divider is, as part of the box
    habit: float = 0.6  #: this much of where in the box a digit stands is one for all
    crossing: float = 0.15  #: how often a digit crosses its box ...
    outside: tuple = (0.0, 0.2)  #: ... by this part of its width or height
    # Ruled lines
    below: tuple = (-0.12, 0.15)  #: how far below the digits the rule lies
    notepaper: float = 0.6  #: how often it is one of many, across the sheet
    ruled: tuple = (1.25, 2.0)  #: from one of these to the next
    beyond: tuple = (0.1, 0.6)  #: how far a single rule goes on at both ends
    # The sheet
    board: float = 0.06  #: how often it is dark, unless there is print on it
    margins: tuple = (0.2, 1.5)  #: paper beyond ink and print, more often small
    dirty: float = 0.3  #: how often there are specks
    specks: tuple = (1, 12)  #: how many then
    speck: tuple = (0.008, 0.025)  #: half as wide as one is; half a pixel at least
    dirt: tuple = (0.25, 0.22, 0.20)  #: their colour
    faint: tuple = (0.3, 0.9)  #: their opacity
    edged: float = 0.15  #: how often the page ends within the picture, on one side
    edge: tuple = (0.1, 0.7)  #: where, as part of the margin
    behind: tuple = (0.02, 0.25)  #: how bright it is there
    focus: float = 0.12  #: a pen that is wider is no more blurred than one so wide
    strong: tuple = (0.3, 0.55)  #: how much brighter on one side, for ``"shadow"``
    falls: float = 0.7  #: how often a shadow falls there
    # Sheets without digits
    as_for: tuple = (3, 8)  #: as large as for so many digits
    wordy: tuple = (1, 3)  #: words of a line
    #: What is printed
    words: tuple = (
        "Name", "Street", "City", "Country", "Postal code", "Date", "Telephone",
        "Amount", "Account", "Reference", "Signature", "please print",
        "Office use only", "Customer", "Invoice", "Total", "Received", "Paid", "Yes",
        "None",
    )  # fmt: skip
    # A page; lengths are in millimetres
    page: tuple = (210, 297)  #: A4
    dpi: tuple = (100, 600)  #: pixels an inch that may be asked for
    on_page: tuple = (1, 120)  #: digits that may be asked for
    code: tuple = (4, 8)  #: digits of a row
    digit: float = 4.5  #: the usual longer side of its digits
    border: float = 20  #: where the first row and the printed words begin
    column: float = 75  #: where the boxes begin
    skew: tuple = (-0.8, 0.8)  #: degrees
    sharp: float = 2.5  #: pixels: a scanner blurs no more than if a pen were so wide


FORMS = FormSettings()


@dataclass(frozen=True)
class Field:
    """A picture of a number, and what it says."""

    image: np.ndarray  #: shape (height, width, 3), uint8
    text: str  #: the digits; lines are joined by ``"\\n"``
    boxes: np.ndarray
    """Shape (k, 4), int: left, top, and the first column and row beyond, of every digit
    in reading order."""
    kind: str  #: of `fields` or `empties`, or ``"page"``


@dataclass(frozen=True)
class Sheet:
    """Ink and print, before there is paper; kind, text and boxes as of a `Field`."""

    kind: str
    text: str
    boxes: np.ndarray
    writer: Writer
    glyphs: list  #: the coverage of each digit alone, in its box
    coverage: np.ndarray
    """Shape (height, width), float32, in [0, 1]: the part of each pixel that is covered
    by ink."""
    printed: np.ndarray  #: the same for print
    margins: list  #: left, top, right and bottom: the paper beyond ink and print


def fields(images, labels, n, *, kind="clear", length=5, seed=0, settings=FORMS):
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
    settings : FormSettings

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
    _check_kind(kind, (*KINDS, "mixed"))
    low, high = settings.length
    low += kind in ("touching", "mixed")
    length = check_count("length", length, low, high)
    pool = make_pool(images, labels)
    return (
        develop(write(pool, draw_kind(kind, rng), length, rng, settings), rng, settings)
        for rng in generators(n, seed)
    )


def empties(kind, n, *, fonts=(), seed=0, settings=FORMS):
    """Photograph sheets without any digit, one by one; otherwise as `fields`.

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
    seed, settings
        As for `fields`.
    """
    _check_kind(kind, EMPTIES)
    fonts = check_fonts(fonts)
    if kind == "text" and not fonts:
        raise DigitlibError("fonts: none, but text needs at least one")
    return (
        develop(_empty(kind, fonts, rng, settings), rng, settings)
        for rng in generators(n, seed)
    )


def page(images, labels, n_digits=100, *, dpi=300, fonts=(), seed=0, settings=FORMS):
    """Scan a form of A4 that is filled in: rows of boxes, one below the other.

    Parameters
    ----------
    images, labels, seed, settings
        As for `fields`.
    n_digits : int, 1 to 120
        How many digits there are on it, all in all.
    dpi : int, 100 to 600
        Pixels an inch.
    fonts : sequence of path
        Font files. With any, a printed word stands before each row.

    Returns
    -------
    Field
        Its text has a line for each row.

    Raises
    ------
    DigitlibError
        As `fields`.
    """
    n_digits = check_count("n_digits", n_digits, *settings.on_page)
    scale = check_count("dpi", dpi, *settings.dpi) / 25.4
    fonts = check_fonts(fonts)
    pool = make_pool(images, labels)
    [rng] = generators(1, seed)
    sheet = _write_page(pool, n_digits, scale, fonts, rng, settings)
    return develop(sheet, rng, settings)


def _check_kind(kind, kinds):
    if kind not in kinds:
        raise DigitlibError(f"kind: {kind!r}, but one of {', '.join(kinds)} is needed")


def draw_kind(kind, rng):
    """Draw the kind of one field: any, if it is ``"mixed"``."""
    return str(rng.choice(KINDS)) if kind == "mixed" else kind


def write(pool, kind, length, rng, settings=FORMS):
    """Write a field, as a `Sheet`; `fields` is this, followed by `develop`."""
    writer = draw_writer(kind, rng, settings.writers)
    lines, corners, thickness = [], [], _draw_rule(writer, rng, settings)
    if kind == "boxes":
        form = _draw_form(writer, thickness, rng, settings)
        lines, corners = form.boxes(length)
        rows = [form.fill(pool, length, rng, settings)]
    elif kind == "lines":
        rows = write_lines(pool, length, writer, rng)
    else:
        rows = [write_row(pool, length, writer, rng, touching=kind == "touching")]
    if kind == "ruled":
        lines, corners = _draw_rules(rows[0].right, writer, rng, settings)
    return _lay_out(kind, rows, writer, lines, corners, thickness, rng, settings)


def develop(sheet, rng, settings=FORMS):
    """Photograph a `Sheet` on some paper in some light: a `Field`."""
    shape, size = sheet.coverage.shape, sheet.writer.size
    scanned = sheet.kind == "page"
    form = scanned or sheet.printed.any()
    look = replace(settings.photographs, board=0 if form else settings.board)
    if sheet.kind == "shadow":
        look = replace(look, scan=0, gradient=settings.strong, shadow=settings.falls)
    elif scanned:
        look = replace(look, scan=1)
    scene = photographs.paper(*shape, rng, look)
    if form:
        color, density = rng.choice(settings.prints), rng.uniform(*settings.density)
        scene = photographs.cover(scene, sheet.printed * density, color)
    if rng.random() < settings.dirty:
        specks = _draw_specks(shape, size, rng, settings)
        scene = photographs.cover(scene, specks, settings.dirt)
    scene = photographs.ink(scene, sheet.coverage, rng, look)
    scene *= photographs.light(*shape, rng, look)
    if rng.random() < settings.edged:
        beyond = _draw_edge(shape, sheet.margins, rng, settings)
        scene = photographs.cover(scene, beyond, [rng.uniform(*settings.behind)] * 3)
    width = min(
        sheet.writer.width, settings.sharp if scanned else settings.focus * size
    )
    image = photographs.camera(scene, width, rng, look)
    return Field(image, sheet.text, sheet.boxes, sheet.kind)


# Print


@dataclass(frozen=True)
class _Form:
    """How a writer's form looks; the lengths are in pixels."""

    writer: Writer
    style: str
    cell: np.ndarray
    between: float
    tooth: float
    thickness: float

    def boxes(self, n):
        """The lines (k, 2, 2), from point to point, and corners of ``n`` boxes."""
        width, height = self.cell
        step = width + self.between
        right = step * n - self.between
        frames, lines = [(0, right)], []
        if self.style == "boxes":
            frames = [(step * i, step * i + width) for i in range(n)]
        else:
            foot = height - self.tooth
            lines = [[(step * i, foot), (step * i, height)] for i in range(1, n)]
        for a, b in frames:
            corners = [(a, 0), (b, 0), (b, height), (a, height), (a, 0)]
            lines += [corners[i : i + 2] for i in range(4)]
        outer = [(0, 0), (right, 0), (0, height), (right, height)]
        return self.writer.turned(lines), self.writer.turned(outer)

    def fill(self, pool, n, rng, settings):
        """Write a digit into each of ``n`` boxes: a `Row`."""
        row = Row(*draw_digits(pool, n, self.writer, rng), [])
        habit, crossed = rng.uniform(-1, 1, 2), False
        for i, glyph in enumerate(row.glyphs):
            extent = np.array(glyph.shape[::-1])
            room = (self.cell - self.thickness - extent) / 2 - 1
            own = rng.uniform(-1, 1, 2)
            offset = settings.habit * habit + (1 - settings.habit) * own
            offset *= room.clip(0)
            crossed = not crossed and rng.random() < settings.crossing
            if crossed:
                axis = rng.integers(2)
                outside = rng.uniform(*settings.outside) * extent[axis]
                outside = room[axis].clip(0) + outside
                offset[axis] = rng.choice([-1, 1]) * outside
            left = np.array([(self.cell[0] + self.between) * i, 0])
            center = self.writer.turned(left + self.cell / 2 + offset)
            corner = (center - extent / 2).round().astype(int)
            row.corners.append(tuple(corner.tolist()))
        return row


def _draw_form(writer, thickness, rng, settings):
    style = str(rng.choice(settings.styles))
    cell = np.array([rng.uniform(*settings.cell), rng.uniform(*settings.tall)])
    cell *= writer.size
    between = rng.uniform(*settings.between) * writer.size * (style == "boxes")
    tooth = rng.uniform(*settings.teeth) if style == "comb" else 1
    return _Form(writer, style, cell, between, tooth * cell[1], thickness)


def _draw_rule(writer, rng, settings):
    return max(rng.uniform(*settings.rule) * writer.size, settings.finest)


def _draw_rules(right, writer, rng, settings):
    """One line below digits that end at ``right``, or one of many; and its ends."""
    below = rng.uniform(*settings.below) * writer.size
    if rng.random() < settings.notepaper:
        step = rng.uniform(*settings.ruled) * writer.size
        far = 100 * writer.size
        levels = below + step * np.arange(-4, 5)
        lines = [[(-far, level), (right + far, level)] for level in levels]
        return writer.turned(lines), []
    before, after = rng.uniform(*settings.beyond, 2) * writer.size
    ends = writer.turned([(-before, below), (right + after, below)])
    return [ends], ends


def _draw_lines(lines, thickness, height, width, finer):
    """The coverage by straight lines, each from point to point."""
    drawn = Image.new("L", (width * finer, height * finer))
    draw = ImageDraw.Draw(drawn)
    for line in lines:
        ends = [tuple(point) for point in np.array(line) * finer]
        draw.line(ends, fill=255, width=round(thickness * finer))
    return np.asarray(drawn.reduce(finer), np.float32) / 255


# Sheets


def _lay_out(kind, rows, writer, lines, corners, thickness, rng, settings):
    """Put rows and printed lines on a sheet that is as large as they need."""
    boxes = np.array([box for row in rows for box in row.boxes], int).reshape(-1, 4)
    points = np.concatenate([boxes.reshape(-1, 2), np.reshape(corners, (-1, 2))])
    margins = _draw_margins(writer, rng, settings)
    origin = np.floor(points.min(axis=0)).astype(int) - margins[:2]
    width, height = np.ceil(points.max(axis=0)).astype(int) + margins[2:] - origin
    lines = [line - origin for line in lines]
    printed = _draw_lines(lines, thickness, height, width, settings.finer)
    return _ink(kind, rows, boxes - np.tile(origin, 2), writer, printed, margins)


def _draw_margins(writer, rng, settings):
    """Left, top, right and bottom."""
    return [round(draw_small(settings.margins, rng) * writer.size) for _ in range(4)]


def _ink(kind, rows, boxes, writer, printed, margins):
    """Ink the digits of some rows: a `Sheet`."""
    coverage = np.zeros_like(printed)
    glyphs = [glyph for row in rows for glyph in row.glyphs]
    for glyph, (left, top, right, bottom) in zip(glyphs, boxes, strict=True):
        there = coverage[top:bottom, left:right]
        np.maximum(there, glyph, out=there)
    text = "\n".join(row.text for row in rows)
    return Sheet(kind, text, boxes, writer, glyphs, coverage, printed, margins)


def _empty(kind, fonts, rng, settings):
    """A `Sheet` without any digit."""
    writer = draw_writer("clear", rng, settings.writers)
    n = rng.integers(*settings.as_for, endpoint=True)
    thickness = _draw_rule(writer, rng, settings)
    if kind == "text":
        return _write_text(fonts, writer, rng, settings)
    if kind == "lines" and rng.random() < 0.5:
        lines, corners = _draw_form(writer, thickness, rng, settings).boxes(n)
    else:
        right, lines = n * writer.size, []
        if kind == "lines":
            lines, _ = _draw_rules(right, writer, rng, settings)
        corners = [(0, 0), (right, writer.size)]
    return _lay_out(kind, [], writer, lines, corners, thickness, rng, settings)


def _write_text(fonts, writer, rng, settings):
    """Print some lines of words."""
    font = ImageFont.truetype(str(rng.choice(fonts)), round(writer.size))
    text = "\n".join(
        " ".join(
            rng.choice(settings.words, rng.integers(*settings.wordy, endpoint=True))
        )
        for _ in range(rng.integers(*settings.writers.lines, endpoint=True))
    )
    margins = _draw_margins(writer, rng, settings)
    box = ImageDraw.Draw(Image.new("L", (1, 1))).textbbox((0, 0), text, font)
    left, top, right, bottom = map(math.ceil, box)
    drawn = Image.new("L", (right - left, bottom - top))
    ImageDraw.Draw(drawn).text((-left, -top), text, 255, font)
    drawn = drawn.rotate(-writer.slope, Image.Resampling.BICUBIC, expand=True)
    left, top, right, bottom = margins
    printed = np.asarray(drawn, np.float32) / 255
    printed = np.pad(printed, ((top, bottom), (left, right)))
    return _ink("text", [], np.zeros((0, 4), int), writer, printed, margins)


def _write_page(pool, n_digits, scale, fonts, rng, settings):
    """Fill in a form, as a `Sheet`; the scale is in pixels a millimetre."""
    width, height = (round(side * scale) for side in settings.page)
    size, border = settings.digit * scale, settings.border * scale
    pen = draw_pen(size, rng, settings.writers.strokes) * size
    skew, slant = rng.uniform(*settings.skew), rng.uniform(*settings.writers.slant)
    writer = Writer(size, pen, skew, slant, settings.writers)
    form = _draw_form(writer, _draw_rule(writer, rng, settings), rng, settings)
    lengths = []
    while sum(lengths) < n_digits:
        drawn = int(rng.integers(*settings.code, endpoint=True))
        lengths.append(min(drawn, n_digits - sum(lengths)))
    step = (height - 2 * border) / len(lengths)
    font = ImageFont.truetype(str(rng.choice(fonts)), round(size)) if fonts else None
    lines, rows, words = [], [], []
    for i, n in enumerate(lengths):
        start = writer.turned((settings.column * scale, border + i * step))
        lines += [line + start for line in form.boxes(n)[0]]
        rows.append(form.fill(pool, n, rng, settings).moved(*start))
        words.append(((border, start[1]), rng.choice(settings.words)))
    printed = _draw_lines(lines, form.thickness, height, width, settings.finer)
    printed = Image.fromarray(printed)
    for at, word in words if fonts else ():
        ImageDraw.Draw(printed).text(at, word, 1.0, font)
    boxes = np.array([box for row in rows for box in row.boxes])
    margins = [round(border / 2)] * 4
    return _ink("page", rows, boxes, writer, np.array(printed), margins)


def _draw_specks(shape, size, rng, settings):
    """The coverage by specks of dirt, anywhere."""
    coverage = np.zeros(shape, np.float32)
    for _ in range(rng.integers(*settings.specks, endpoint=True)):
        radius = max(rng.uniform(*settings.speck) * size, 0.5)
        around = math.ceil(radius) + 1
        top, left = rng.uniform(0, shape)
        rows, columns = (
            np.arange(max(0, int(x) - around), min(end, int(x) + around + 1))
            for x, end in zip((top, left), shape, strict=True)
        )
        distances = np.hypot(rows[:, np.newaxis] - top, columns - left)
        dot = (radius + 0.5 - distances).clip(0, 1) * rng.uniform(*settings.faint)
        there = coverage[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        np.maximum(there, dot, out=there)
    return coverage


def _draw_edge(shape, margins, rng, settings):
    """The coverage by what lies beyond one edge of the page, within the margin."""
    quarters = rng.integers(4)  # turns of a left edge: left, bottom, right, top
    height, width = shape[::-1] if quarters % 2 else shape
    ends = rng.uniform(*settings.edge, 2) * margins[-quarters]
    where = np.linspace(*ends, height, dtype=np.float32)[:, np.newaxis]
    beyond = (where - np.arange(width, dtype=np.float32)).clip(0, 1)
    return np.rot90(beyond, quarters)
