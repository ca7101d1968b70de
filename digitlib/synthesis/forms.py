"""Forms: whole numbers by hand, as on forms, envelopes and notes, with known truth.

Made out of MNIST, on the paper and in the light of `digitlib.synthesis.photographs`;
all digits of a field are written with one pen and one ink.
"""

from dataclasses import dataclass, replace

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from digitlib._internal.checks import check_count, check_fonts
from digitlib.errors import DigitlibError
from digitlib.synthesis import amounts, photographs, printing, writers
from digitlib.synthesis.strokes import draw_pen

KINDS = ("clear", "touching", "boxes", "ruled", "shadow", "lines")
"""The kinds of `fields` that ``"mixed"`` draws from."""
PAPER = ("amount",)
"""The others: on paper with print of its own."""
EMPTIES = ("blank", "lines", "text")


@dataclass(frozen=True)
class FormSettings:
    """Which forms, sheets and pages there are.

    All chosen, so that a person still reads each digit at a glance. Pairs and colours
    are as of photographs. Where nothing else is said, the unit is the usual longer side
    of a field's digits.
    """

    length: tuple = (1, 40)  #: digits of a field that may be asked for
    writers: "writers.WriterSettings" = writers.WRITERS
    printing: "printing.PrintSettings" = printing.PRINT
    photographs: "photographs.PhotographSettings" = photographs.PHOTOGRAPHS
    amounts: "amounts.AmountSettings" = amounts.AMOUNTS
    # Digits in boxes
    habit: float = 0.6  #: this much of where in the box a digit stands is one for all
    crossing: float = 0.15  #: how often a digit crosses its box ...
    outside: tuple = (0.0, 0.2)  #: ... by this part of its width or height
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
    boxed: float = 0.5  #: how often ``"lines"`` are boxes
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
    #: (k, 4), int, in reading order: left, top, and the first column and row beyond
    boxes: np.ndarray
    kind: str  #: of `fields` or `empties`, or ``"page"``


@dataclass(frozen=True)
class Sheet:
    """Ink and print, before there is paper; kind, text and boxes as of a `Field`."""

    kind: str
    text: str
    boxes: np.ndarray
    writer: writers.Writer
    glyphs: list  #: the coverage of each digit alone, in its box
    coverage: np.ndarray  #: the part of each pixel covered by ink, float32
    printed: np.ndarray  #: the same for print
    margins: list  #: left, top, right and bottom: the paper beyond ink and print


def fields(images, labels, n, *, kind="clear", length=5, seed=0, settings=FORMS):
    """Photograph numbers by hand, one by one; each is made when it is asked for.

    Parameters
    ----------
    images : array_like, shape (m, 28, 28), floating point, in [0, 1], light on dark
        Digits to write with, some of each.
    labels : array_like, shape (m,), integer, 0 to 9
    n : int, 0 to 2**32 - 1
    kind : str
        ``"clear"``, with a gap between any two digits; ``"touching"``, where some
        neighbours do; ``"boxes"``, each digit in one of a form; ``"ruled"``, on a
        printed line; ``"shadow"``, on a strong slope too; ``"lines"``, several;
        ``"mixed"``, any of these; or ``"amount"``, with signs and security print, as
        on a cheque.
    length : int, 1 to 40
        How many digits, 2 at least if any are to touch; a line of several has up to
        two more or fewer.
    seed : int, 0 to 2**32 - 1
        Decides, with a field's place, everything else.
    settings : FormSettings

    Returns
    -------
    iterator of Field, of many sizes

    Raises
    ------
    DigitlibError
        If an argument has another shape, dtype or range; if an image has no ink, when
        its turn comes.
    """
    _check_kind(kind, (*KINDS, *PAPER, "mixed"))
    low, high = settings.length
    low += kind in ("touching", "mixed")
    length = check_count("length", length, low, high)
    pool = writers.make_pool(images, labels)
    return (
        develop(write(pool, draw_kind(kind, rng), length, rng, settings), rng, settings)
        for rng in photographs.generators(n, seed)
    )


def empties(kind, n, *, fonts=(), seed=0, settings=FORMS):
    """Photograph sheets without any digit, one by one; otherwise as `fields`.

    Parameters
    ----------
    kind : str
        ``"blank"``; ``"lines"``, empty boxes or ruled lines; or ``"text"``, printed
        words.
    fonts : sequence of path
        Font files that FreeType reads; one of them is drawn for each sheet of text.
    """
    _check_kind(kind, EMPTIES)
    fonts = check_fonts(fonts)
    if kind == "text" and not fonts:
        raise DigitlibError("fonts: none, but text needs at least one")
    return (
        develop(_empty(kind, fonts, rng, settings), rng, settings)
        for rng in photographs.generators(n, seed)
    )


def page(images, labels, n_digits=100, *, dpi=300, fonts=(), seed=0, settings=FORMS):
    """Scan a form of A4 that is filled in: a `Field` with a line for each row of boxes.

    Otherwise as `fields`.

    Parameters
    ----------
    n_digits : int, 1 to 120
        How many digits there are on it, all in all.
    dpi : int, 100 to 600
        Pixels an inch.
    fonts : sequence of path
        Font files. With any, a printed word stands before each row.
    """
    n_digits = check_count("n_digits", n_digits, *settings.on_page)
    scale = check_count("dpi", dpi, *settings.dpi) / 25.4
    fonts = check_fonts(fonts)
    pool = writers.make_pool(images, labels)
    [rng] = photographs.generators(1, seed)
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
    if kind in PAPER:
        writer, row, *ink = amounts.write_amount(pool, length, rng, settings.amounts)
        return Sheet(kind, row.text, row.boxes, writer, row.glyphs, *ink)
    writer = writers.draw_writer(kind, rng, settings.writers)
    look, lines, corners = settings.printing, (), ()
    thickness = printing.draw_rule(writer, rng, look)
    if kind == "boxes":
        form = printing.draw_form(writer, thickness, rng, look)
        lines, corners = form.boxes(length)
        rows = [_fill(form, pool, length, rng, settings)]
    elif kind == "lines":
        rows = writers.write_lines(pool, length, writer, rng)
    else:
        rows = [writers.write_row(pool, length, writer, rng, kind == "touching")]
    if kind == "ruled":
        lines, corners = printing.draw_rules(rows[0].right, writer, rng, look)
    return _lay_out(kind, rows, writer, lines, corners, thickness, rng, settings)


def develop(sheet, rng, settings=FORMS):
    """Photograph a `Sheet` on some paper in some light: a `Field`."""
    shape, size = sheet.coverage.shape, sheet.writer.size
    scanned = sheet.kind == "page"
    form = scanned or sheet.printed.any()
    look = (settings.amounts if sheet.kind in PAPER else settings).photographs
    look = replace(look, board=0 if form else settings.board)
    if sheet.kind == "shadow":
        look = replace(look, scan=0, gradient=settings.strong, shadow=settings.falls)
    elif scanned:
        look = replace(look, scan=1)
    scene = photographs.paper(*shape, rng, look)
    if form:
        color = rng.choice(settings.printing.prints)
        printed = sheet.printed * rng.uniform(*settings.printing.density)
        scene = photographs.cover(scene, printed, color)
    if rng.random() < settings.dirty:
        specks = _draw_specks(shape, size, rng, settings)
        scene = photographs.cover(scene, specks, settings.dirt)
    scene = photographs.ink(scene, sheet.coverage, rng, look)
    scene *= photographs.light(*shape, rng, look)
    if rng.random() < settings.edged:
        beyond = _draw_edge(shape, sheet.margins, rng, settings)
        scene = photographs.cover(scene, beyond, [rng.uniform(*settings.behind)] * 3)
    sharpness = settings.sharp if scanned else settings.focus * size
    image = photographs.camera(scene, min(sheet.writer.width, sharpness), rng, look)
    return Field(image, sheet.text, sheet.boxes, sheet.kind)


def _fill(form, pool, n, rng, settings):
    """Write a digit into each of ``n`` boxes: a `Row`."""
    row = writers.Row(*writers.draw_digits(pool, n, form.writer, rng), [])
    habit, part, crossed = rng.uniform(-1, 1, 2), settings.habit, False
    for i, glyph in enumerate(row.glyphs):
        extent = np.array(glyph.shape[::-1])
        room = (form.cell - form.thickness - extent) / 2 - 1
        offset = part * habit + (1 - part) * rng.uniform(-1, 1, 2)
        offset *= room.clip(0)
        crossed = not crossed and rng.random() < settings.crossing
        if crossed:
            axis = rng.integers(2)
            beyond = rng.uniform(*settings.outside) * extent[axis]
            offset[axis] = rng.choice([-1, 1]) * (room[axis].clip(0) + beyond)
        center = form.writer.turned(form.center(i) + offset)
        corner = (center - extent / 2).round().astype(int)
        row.boxes.append([*corner, *(corner + extent)])
    return row


def _lay_out(kind, rows, writer, lines, corners, thickness, rng, settings):
    """Put rows and printed lines on a sheet that is as large as they need."""
    boxes = np.concatenate([np.zeros((0, 4), int), *(row.boxes for row in rows)])
    points = np.concatenate([boxes.reshape(-1, 2), np.reshape(corners, (-1, 2))])
    margins = _draw_margins(writer, rng, settings)
    origin = np.floor(points.min(axis=0)).astype(int) - margins[:2]
    width, height = np.ceil(points.max(axis=0)).astype(int) + margins[2:] - origin
    lines = [line - origin for line in lines]
    printed = printing.draw_lines(lines, thickness, height, width, settings.printing)
    return _ink(kind, rows, boxes - np.tile(origin, 2), writer, printed, margins)


def _draw_margins(writer, rng, settings):
    """Left, top, right and bottom."""
    draw = photographs.draw_small
    return [round(draw(settings.margins, rng) * writer.size) for _ in range(4)]


def _ink(kind, rows, boxes, writer, printed, margins):
    """Ink the digits of some rows: a `Sheet`."""
    coverage = np.zeros_like(printed)
    glyphs = [glyph for row in rows for glyph in row.glyphs]
    for glyph, (left, top, right, bottom) in zip(glyphs, boxes, strict=True):
        box = np.s_[top:bottom, left:right]
        np.maximum(coverage[box], glyph, out=coverage[box])
    text = "\n".join(row.text for row in rows)
    return Sheet(kind, text, boxes, writer, glyphs, coverage, printed, margins)


def _empty(kind, fonts, rng, settings):
    """Lay out a `Sheet` without any digit."""
    writer = writers.draw_writer("clear", rng, settings.writers)
    n, look = rng.integers(*settings.as_for, endpoint=True), settings.printing
    thickness = printing.draw_rule(writer, rng, look)
    if kind == "text":
        return _write_text(fonts, writer, rng, settings)
    if kind == "lines" and rng.random() < settings.boxed:
        lines, corners = printing.draw_form(writer, thickness, rng, look).boxes(n)
    else:
        right, lines = n * writer.size, ()
        if kind == "lines":
            lines, _ = printing.draw_rules(right, writer, rng, look)
        corners = [(0, 0), (right, writer.size)]
    return _lay_out(kind, [], writer, lines, corners, thickness, rng, settings)


def _write_text(fonts, writer, rng, settings):
    """Print some lines of words."""
    font = ImageFont.truetype(str(rng.choice(fonts)), round(writer.size))
    n = rng.integers(*writer.settings.lines, endpoint=True)
    text = printing.draw_words(n, rng, settings.printing)
    margins = left, top, right, bottom = _draw_margins(writer, rng, settings)
    printed = printing.set_text(text, font, writer.slope)
    printed = np.pad(printed, ((top, bottom), (left, right)))
    return _ink("text", [], np.zeros((0, 4), int), writer, printed, margins)


def _write_page(pool, n_digits, scale, fonts, rng, settings):
    """Fill in a form, as a `Sheet`; the scale is in pixels a millimetre."""
    width, height = (round(side * scale) for side in settings.page)
    size, border = settings.digit * scale, settings.border * scale
    pen = draw_pen(size, rng, settings.writers.strokes) * size
    skew, slant = rng.uniform(*settings.skew), rng.uniform(*settings.writers.slant)
    writer = writers.Writer(size, pen, skew, slant, settings.writers)
    look = settings.printing
    form = printing.draw_form(writer, printing.draw_rule(writer, rng, look), rng, look)
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
        rows.append(_fill(form, pool, n, rng, settings).moved(*start))
        words.append(((border, start[1]), rng.choice(look.words)))
    printed = printing.draw_lines(lines, form.thickness, height, width, look)
    printed = Image.fromarray(printed)
    for at, word in words if fonts else ():
        ImageDraw.Draw(printed).text(at, word, 1.0, font)
    boxes = np.concatenate([row.boxes for row in rows])
    return _ink("page", rows, boxes, writer, np.array(printed), [round(border / 2)] * 4)


def _draw_specks(shape, size, rng, settings):
    """The coverage by specks of dirt, anywhere."""
    coverage = np.zeros(shape, np.float32)
    rows, columns = np.ogrid[: shape[0], : shape[1]]
    for _ in range(rng.integers(*settings.specks, endpoint=True)):
        radius = max(rng.uniform(*settings.speck) * size, 0.5)
        at = rng.uniform(0, shape)
        near = tuple(slice(max(0, int(x - radius)), int(x + radius) + 3) for x in at)
        distances = np.hypot(rows[near[0]] - at[0], columns[:, near[1]] - at[1])
        dot = (radius + 0.5 - distances).clip(0, 1) * rng.uniform(*settings.faint)
        np.maximum(coverage[near], dot, out=coverage[near])
    return coverage


def _draw_edge(shape, margins, rng, settings):
    """The coverage by what lies beyond one edge of the page, within the margin."""
    quarters = rng.integers(4)  # turns of a left edge: left, bottom, right, top
    height, width = shape[::-1] if quarters % 2 else shape
    ends = rng.uniform(*settings.edge, 2) * margins[-quarters]
    where = np.linspace(*ends, height, dtype=np.float32)[:, np.newaxis]
    beyond = (where - np.arange(width, dtype=np.float32)).clip(0, 1)
    return np.rot90(beyond, quarters)
