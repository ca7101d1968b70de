"""Whole numbers: an image in, its digits out, and whether to believe them."""

from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
import json
import math

import numpy as np

from digitlib._internal.checks import check_count
from digitlib.document.lattice import FEATURES, Lattice, Segment, Skip
from digitlib.document.layout import find_lines
from digitlib.document.search import best_path
from digitlib.document.test_time import mean_probabilities
from digitlib.errors import DigitlibError
from digitlib.imaging.loading import load_strip
from digitlib.recognizer import Prediction, Recognizer

SIDE = 2000  # pixels: the longest side that is looked at; larger images are reduced ...
LEAST = 60  # ... but the shorter one remains as long
DIGITS = (1, 1000)  # that may be asked for
LARGE = 0.4  # heights of a digit: unread ink that is taller is something else
DOUBTED = 0.25  # and so is a piece that is less probably a digit
CORNER = 2  # pixels of 28: a box has ink as near to its corners, and a 0 has not
RATHER = 0.5  # a count that is less probable than this is off


@dataclass(frozen=True, eq=False)
class Digit(Prediction):
    """A `digitlib.recognizer.Prediction` that knows its place.

    Its probabilities are the mean over several sides: see
    `digitlib.document.test_time`.

    Attributes
    ----------
    box : tuple of int
        Left, top, and the first column and row beyond, in pixels of the image as it
        is displayed.
    """

    box: tuple


@dataclass(frozen=True, eq=False)
class Reading:
    """What `read` says of one image.

    Attributes
    ----------
    text : str
        The best guess, accepted or not; lines are joined by ``"\\n"``. With a
        pattern, that, filled in.
    confidence : float
        The probability that all of it is right, 0 to 1, if it is digits: that each
        is the one that was read, and that the ink was parted rightly.
    accepted : bool
        Whether it may be used.
    reason : str or None
        Why not: ``"no digits"``; ``"another count"``, if as many digits as asked for
        cannot be found, or more or fewer are more probable; ``"not only digits"``, or
        perhaps none, as where nobody said how many there are and there are only 1s,
        which lines look like; or ``"unsure"``. None when accepted.
    digits : tuple of Digit
        From top to bottom, and from left to right.
    """

    text: str
    confidence: float
    accepted: bool
    reason: str | None
    digits: tuple


@cache
def settings():
    """Load what a reader has learned: see `digitlib.tuning.segment_judge`.

    Returns
    -------
    dict
        ``"hidden"``, by each of ``digitlib.document.lattice.FEATURES``, and ``"bias"``,
        ``"output"`` and ``"output bias"``: the network that tells which segments are
        digits; and ``"threshold"``, the least `Reading.confidence` to accept where
        the number of digits is ``"known"``, and where it is ``"unknown"``.
    """
    file = resources.files("digitlib") / "assets" / "reading.json"
    return json.loads(file.read_text(encoding="utf-8"))


@cache
def segment_weights():
    """What `digitlib.document.lattice.Lattice` takes as ``weights``.

    Returns
    -------
    tuple of four numpy.ndarray, float64
        As for `digitlib.document.lattice.judge`.
    """
    learned = settings()
    hidden = [learned["hidden"][feature] for feature in FEATURES]
    rest = (learned[name] for name in ("bias", "output", "output bias"))
    return np.array(hidden), *map(np.array, rest)


@cache
def _recognizer():
    return Recognizer("reading")


def read(image, *, digits=None, pattern=None, recognizer=None):
    """Read the number in an image, or several, line by line.

    Parameters
    ----------
    image : path, bytes, file object, PIL.Image.Image or array
        As for `digitlib.imaging.loading.load_image`: a photograph or scan of digits by
        hand.
    digits : int, 1 to 1000, optional
        How many there are. With it, only ways to part the ink into as many digits
        are considered.
    pattern : str, optional
        The same, as in ``"#####-####"``: each ``#`` is a digit; other characters
        are not looked for in the ink, but appear in the text.
    recognizer : digitlib.recognizer.Recognizer, optional
        With weights from a file, and their detector. If left out, ``"reading"``: the
        shipped ones that have learned from digits cut out of fields.

    Returns
    -------
    Reading

    Raises
    ------
    DigitlibError
        If the image cannot be read, or an argument has another form.
    """
    count = _count(digits, pattern)
    recognizer = recognizer or _recognizer()
    if getattr(recognizer, "detector", None) is None:
        raise DigitlibError(
            "recognizer: without a detector of digits; use Recognizer(), or weights "
            "trained with --calibrate"
        )
    picture, sides = load_strip(image, SIDE, LEAST)
    layout = find_lines(picture)
    if not layout.lines:
        return Reading("", 0.0, False, "no digits", ())
    lattices = [
        Lattice(line.ink, layout.height, recognizer, segment_weights())
        for line in layout.lines
    ]
    path, share = best_path(lattices, count)
    if not path:  # cut finer, perhaps it can be done
        for lattice in lattices:
            lattice.cut_everywhere()
        path, share = best_path(lattices, count)
    possible = bool(path)
    if count:
        free, part = best_path(lattices)
        if not possible:
            path, share = free, part
        possible &= math.exp(_sum(free, part) - _sum(path, share)) >= RATHER
    scales = [side / seen for side, seen in zip(sides, picture.shape, strict=False)]
    found = [(line, step) for line, step in path if isinstance(step, Segment)]
    if not found:
        return Reading("", 0.0, False, "no digits", ())
    seen = np.array([segment.seen for _, segment in found])
    again = zip(found, mean_probabilities(recognizer, seen), strict=True)
    found = [(line, replace(segment, probabilities=p)) for (line, segment), p in again]
    confidence = share * math.prod(segment.confidence for _, segment in found)
    skipped = any(isinstance(s, Skip) and s.height > LARGE for _, s in path)
    found_digits = tuple(
        _digit(segment, layout, layout.lines[line], scales, sides, recognizer)
        for line, segment in found
    )
    doubted = any(d.is_digit < DOUBTED or _is_box(d) for d in found_digits)
    left_out = any(line.struck or line.beside for line in layout.lines)
    lines = count is None and _may_be_lines(found_digits, sides)
    reason = None
    if not possible:
        reason = "another count"
    elif skipped or doubted or left_out or lines:
        reason = "not only digits"
    elif confidence < settings()["threshold"]["known" if count else "unknown"]:
        reason = "unsure"
    text = _text(found, pattern)
    return Reading(text, confidence, reason is None, reason, found_digits)


def _is_box(digit):
    """Whether what looks like a 0 has ink in its four corners."""
    rows, columns = (
        np.flatnonzero((digit.seen > 0.5).any(axis=axis)) for axis in (1, 0)
    )
    if digit.digit != 0 or not rows.size:
        return False
    ink = digit.seen[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1] > 0.5
    ends = slice(CORNER), slice(-CORNER, None)
    return all(ink[down, across].any() for down in ends for across in ends)


def _may_be_lines(digits, sides):
    """Whether all are 1s, or one is cut off by the border of the image."""
    tall, wide = sides
    ones = [digit.box for digit in digits if digit.digit == 1]
    return len(ones) == len(digits) or any(
        left <= 1 or top <= 1 or right >= wide - 1 or bottom >= tall - 1
        for left, top, right, bottom in ones
    )


def _count(digits, pattern):
    """How many digits there must be; None if that is not known."""
    if digits is not None and pattern is not None:
        raise DigitlibError("digits and pattern: give only one of them")
    if digits is not None:
        return check_count("digits", digits, *DIGITS)
    if pattern is None:
        return None
    if not isinstance(pattern, str) or not pattern.isprintable():
        given = repr(pattern) if isinstance(pattern, str) else type(pattern).__name__
        raise DigitlibError(f"pattern: {given}, but a text such as ##-## is needed")
    count = pattern.count("#")
    low, high = DIGITS
    if not low <= count <= high:
        raise DigitlibError(
            f"pattern: {count} digits (#), but {low} to {high} are needed"
        )
    return count


def _sum(path, share):
    """Minus the logarithm of the sum over all ways of which a path is this part."""
    return sum(step.cost for _, step in path) + math.log(max(share, 1e-300))


def _text(found, pattern):
    """The digits, line by line, or filled in; if there are others, as they are."""
    digits = [str(segment.digit) for _, segment in found]
    if pattern is not None and pattern.count("#") == len(digits):
        rest = iter(digits)
        return "".join(next(rest) if sign == "#" else sign for sign in pattern)
    lines = {}
    for (line, _), digit in zip(found, digits, strict=True):
        lines[line] = lines.get(line, "") + digit
    return "\n".join(lines.values())


def _digit(segment, layout, line, scales, sides, recognizer):
    left, top, right, bottom = segment.box
    straight = left + line.left, top + line.top, right + line.left, bottom + line.top
    left, top, right, bottom = layout.in_image(straight)
    (down, across), (tall, wide) = scales, sides
    box = (
        max(0, math.floor(across * left)), max(0, math.floor(down * top)),
        min(wide, math.ceil(across * right)), min(tall, math.ceil(down * bottom)),
    )  # fmt: skip
    trust = segment.confidence * segment.is_digit
    accepted = trust >= recognizer.threshold
    reason = "unsure" if segment.confidence <= segment.is_digit else "not one digit"
    return Digit(
        segment.digit, segment.confidence, segment.probabilities, accepted,
        None if accepted else reason, segment.is_digit, segment.seen,
        box,
    )  # fmt: skip
