"""Print: the boxes and ruled lines of forms, cheques' security print, and words."""

from dataclasses import dataclass
from itertools import pairwise
import math

import numpy as np
from PIL import Image, ImageDraw

from digitlib.synthesis.writers import Writer


@dataclass(frozen=True)
class PrintSettings:
    """What is printed on forms; all of it chosen.

    A pair is a range; colours are as of photographs. Where nothing else is said, the
    unit is the usual longer side of the digits.
    """

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
    # Ruled lines
    below: tuple = (-0.12, 0.15)  #: how far below the digits the rule lies
    notepaper: float = 0.6  #: how often it is one of many, across the sheet
    ruled: tuple = (1.25, 2.0)  #: from one of these to the next
    beyond: tuple = (0.1, 0.6)  #: how far a single rule goes on at both ends
    # Security print
    families: tuple = (1, 3)  #: of lines, or of dots
    period: tuple = (0.09, 0.3)  #: from one line to the next, and ...
    apart: float = 3.0  #: ... in pixels, at least
    thin: tuple = (0.25, 0.5)  #: the part of the period that is line
    far: tuple = (2, 200)  #: lines are arcs around a point so far away ...
    wave: tuple = (0.4, 4)  #: ... with waves so long, ...
    swing: tuple = (0.0, 0.1)  #: ... and so high
    dotted: float = 0.2  #: how often they are dotted
    pale: tuple = (0.15, 0.45)  #: the part of the print's colour that is there
    # Words
    wordy: tuple = (1, 3)  #: words of a line
    #: What is printed
    words: tuple = (
        "Name", "Street", "City", "Country", "Postal code", "Date", "Telephone",
        "Amount", "Account", "Reference", "Signature", "please print",
        "Office use only", "Customer", "Invoice", "Total", "Received", "Paid", "Yes",
        "None",
    )  # fmt: skip


PRINT = PrintSettings()


@dataclass(frozen=True)
class Form:
    """How a writer's form looks; the lengths are in pixels."""

    writer: Writer
    style: str
    cell: np.ndarray
    between: float
    tooth: float
    thickness: float

    def center(self, i):
        """Of box ``i``, on a sheet that does not slope."""
        return np.array([(self.cell[0] + self.between) * i, 0]) + self.cell / 2

    def boxes(self, n):
        """The lines (k, 2, 2), from point to point, and corners of ``n`` boxes."""
        width, height = self.cell
        step = width + self.between
        right = step * n - self.between
        frames, lines, foot = [(0, right)], [], height - self.tooth
        if self.style == "boxes":
            frames = [(step * i, step * i + width) for i in range(n)]
        else:
            lines = [[(step * i, foot), (step * i, height)] for i in range(1, n)]
        for a, b in frames:
            corners = [(a, 0), (b, 0), (b, height), (a, height), (a, 0)]
            lines += pairwise(corners)
        outer = [(0, 0), (right, 0), (0, height), (right, height)]
        return self.writer.turned(lines), self.writer.turned(outer)


def draw_form(writer, thickness, rng, settings):
    """Draw how a `Form` looks."""
    style = str(rng.choice(settings.styles))
    cell = np.array([rng.uniform(*settings.cell), rng.uniform(*settings.tall)])
    cell *= writer.size
    between = rng.uniform(*settings.between) * writer.size * (style == "boxes")
    tooth = rng.uniform(*settings.teeth) if style == "comb" else 1
    return Form(writer, style, cell, between, tooth * cell[1], thickness)


def draw_rule(writer, rng, settings):
    """Draw the width of printed lines, in pixels."""
    return max(rng.uniform(*settings.rule) * writer.size, settings.finest)


def draw_rules(right, writer, rng, settings):
    """Draw a line below digits that end at ``right``, or one of many; and its ends."""
    below = rng.uniform(*settings.below) * writer.size
    if rng.random() < settings.notepaper:
        step, far = rng.uniform(*settings.ruled) * writer.size, 100 * writer.size
        levels = below + step * np.arange(-4, 5)
        lines = [[(-far, level), (right + far, level)] for level in levels]
        return writer.turned(lines), []
    before, after = rng.uniform(*settings.beyond, 2) * writer.size
    ends = writer.turned([(-before, below), (right + after, below)])
    return [ends], ends


def draw_lines(lines, thickness, height, width, settings):
    """The coverage by straight lines, each from point to point."""
    if len(lines) == 0:
        return np.zeros((height, width), np.float32)
    finer = settings.finer
    drawn = Image.new("L", (width * finer, height * finer))
    draw = ImageDraw.Draw(drawn)
    for line in lines:
        ends = [tuple(point) for point in np.array(line) * finer]
        draw.line(ends, fill=255, width=round(thickness * finer))
    return np.asarray(drawn.reduce(finer), np.float32) / 255


def draw_security(shape, size, rng, settings):
    """The coverage by the pale print of cheques, for digits of some size in pixels."""
    down, across = np.indices(shape, np.float32) / size
    printed = np.zeros(shape, np.float32)
    turns = 2 * np.pi
    for _ in range(rng.integers(*settings.families, endpoint=True)):
        angle, phase = rng.uniform(0, turns, 2)
        far = settings.far[0] * (settings.far[1] / settings.far[0]) ** rng.random()
        x, y = across - far * np.cos(angle), down - far * np.sin(angle)
        along = x * np.sin(angle) - y * np.cos(angle)
        waves = np.sin(turns * along / rng.uniform(*settings.wave) + phase)
        level = np.hypot(x, y) + rng.uniform(*settings.swing) * waves
        period = max(rng.uniform(*settings.period), settings.apart / size)
        lines = np.cos(turns * level / period)
        if rng.random() < settings.dotted:
            lines = np.minimum(lines, np.cos(turns * along / period))
        lines += 0.5 - np.cos(np.pi * rng.uniform(*settings.thin))
        printed = np.maximum(printed, lines.clip(0, 1) * rng.uniform(*settings.pale))
    return printed


def draw_words(n, rng, settings):
    """Draw ``n`` lines of words."""
    lengths = (rng.integers(*settings.wordy, endpoint=True) for _ in range(n))
    return "\n".join(" ".join(rng.choice(settings.words, k)) for k in lengths)


def set_text(text, font, slope):
    """The coverage by text in a font, as large as it needs; falls by some degrees."""
    box = ImageDraw.Draw(Image.new("L", (1, 1))).textbbox((0, 0), text, font)
    left, top, right, bottom = map(math.ceil, box)
    drawn = Image.new("L", (right - left, bottom - top))
    ImageDraw.Draw(drawn).text((-left, -top), text, 255, font)
    drawn = drawn.rotate(-slope, Image.Resampling.BICUBIC, expand=True)
    return np.asarray(drawn, np.float32) / 255
