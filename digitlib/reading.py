"""Whole numbers: an image in, its digits out, and whether to believe them."""

from dataclasses import dataclass, replace
from functools import cache
import json
import math

import numpy as np

from digitlib._internal.checks import check_count
from digitlib._internal.files import load_arrays
from digitlib.document.lattice import (
    FEATURES,
    LATTICE,
    Lattice,
    LatticeSettings,
    Segment,
    Skip,
)
from digitlib.document.layout import LAYOUT, LayoutSettings, find_lines
from digitlib.document.search import best_path
from digitlib.errors import DigitlibError
from digitlib.imaging.loading import load_strip
from digitlib.model import ASSETS
from digitlib.recognizer import Prediction, Recognizer


@dataclass(frozen=True)
class ReadingSettings:
    """What decides how an image is read, and whether to believe it.

    All were chosen on generated fields (`digitlib.synthesis.forms`) of validation
    digits; what was fitted is in `settings`.
    """

    side: int = 2000  #: pixels: the longest side that is looked at; larger ones ...
    least: int = 60  #: ... are reduced, but the shorter one remains as long
    digits: tuple = (1, 1000)  #: that may be asked for
    large: float = 0.4  #: heights of a digit: unread ink is no sign if taller, ...
    doubted: float = 0.25  #: ... and so is what is less probably a digit
    ink: float = 0.5  #: of full ink: a box of a form is stronger there, ...
    corner: int = 2  #: pixels of 28: ... as near to its four corners; no 0 is
    border: int = 1  #: pixel: a 1 as near to the border of the image may be a line
    rather: float = 0.5  #: a count that is less probable than this is off
    layout: LayoutSettings = LAYOUT  #: where the digits are
    lattice: LatticeSettings = LATTICE  #: how lines are cut


READING = ReadingSettings()  #: What `read` decides by, if nothing else is given.


@dataclass(frozen=True, eq=False)
class Digit(Prediction):
    """A `digitlib.recognizer.Prediction` that knows its place.

    Its probabilities are means over several sides: see `digitlib.test_time`.
    """

    box: tuple  #: left, top, right, bottom: int, pixels of the image as displayed


@dataclass(frozen=True, eq=False)
class Reading:
    """What `read` says of one image."""

    text: str
    """The best guess, accepted or not; lines are joined by ``"\\n"``. With a pattern,
    that, filled in."""
    confidence: float
    """The probability that all of it is right, 0 to 1, if it is digits: that each is
    the one that was read, and that the ink was parted rightly."""
    accepted: bool
    """Whether it may be used."""
    reason: str | None
    """Why not: ``"no digits"``; ``"another count"``, if as many digits as asked for
    cannot be found, or more or fewer are more probable; ``"not only digits"``, or
    perhaps none, as where nobody said how many there are and there are only 1s, which
    lines look like; or ``"unsure"``. None when accepted."""
    digits: tuple
    """Of `Digit`, from top to bottom, and from left to right."""


COUNTS = "known", "unknown"  #: How many digits there are: the order of the thresholds.


@cache
def settings():
    """Load the network that judges segments, thresholds for `COUNTS`, and whence. Its
    keys: hidden (by feature), bias, output, output bias, threshold, made. A
    DigitlibError, if ``assets/segment_judge.npz`` is missing, damaged or altered."""
    arrays = load_arrays(ASSETS / "segment_judge.npz")
    features, made = arrays.pop("features"), arrays.pop("provenance")
    learned = {name: array.tolist() for name, array in arrays.items()}
    for name, keys in (("hidden", features.tolist()), ("threshold", COUNTS)):
        learned[name] = dict(zip(keys, learned[name], strict=True))
    return {**learned, "made": json.loads(str(made))}


@cache
def segment_weights():
    """What `digitlib.document.lattice.Lattice` takes as ``weights``: four arrays."""
    learned = settings()
    hidden = [learned["hidden"][feature] for feature in FEATURES]
    rest = (learned[name] for name in ("bias", "output", "output bias"))
    return np.array(hidden), *map(np.array, rest)


@cache
def _recognizer():
    return Recognizer()


def read(image, *, digits=None, pattern=None, recognizer=None, settings=READING):
    """Read the number in an image, or several, line by line.

    Parameters
    ----------
    image : path, bytes, file object, PIL.Image.Image or array
        Of digits by hand; as for `digitlib.imaging.loading.load_image`.
    digits : int, 1 to 1000, optional
        How many there are: only ways to part the ink into as many are considered.
    pattern : str, optional
        The same, as in ``"#####-####"``: each ``#`` is a digit; other characters
        are not looked for in the ink, but appear in the text.
    recognizer : digitlib.recognizer.Recognizer, optional
        With a detector. If left out, ``Recognizer()``.
    settings : ReadingSettings

    Returns
    -------
    Reading

    Raises
    ------
    DigitlibError
        If the image cannot be read, or an argument has another form.
    """
    count = _count(digits, pattern, *settings.digits)
    recognizer = recognizer or _recognizer()
    if getattr(recognizer, "detector", None) is None:
        raise DigitlibError(
            "recognizer: without a detector of digits; use Recognizer(), or weights "
            "trained with --calibrate"
        )
    picture, sides = load_strip(image, settings.side, settings.least)
    layout = find_lines(picture, settings.layout)
    path, share, as_many = _most_probable(layout, count, recognizer, settings)
    found = [(line, step) for line, step in path if isinstance(step, Segment)]
    if not found:
        return Reading("", 0.0, False, "no digits", ())
    seen = np.array([segment.seen for _, segment in found])
    means = recognizer.mean_probabilities(seen)
    scales = [side / seen for side, seen in zip(sides, picture.shape, strict=False)]
    found_digits = tuple(
        _digit(
            replace(segment, probabilities=mean), recognizer,
            _box(segment, layout.lines[line], layout, scales, sides),
        )
        for (line, segment), mean in zip(found, means, strict=True)
    )  # fmt: skip
    confidence = share * math.prod(digit.confidence for digit in found_digits)
    reason = "another count"
    if as_many:
        signs = any(sign != "#" for sign in pattern or "")
        reason = _doubt(path, found_digits, layout, count, signs, sides, settings)
        if reason is None and confidence < _threshold(count):
            reason = "unsure"
    text = _text([line for line, _ in found], found_digits, pattern)
    return Reading(text, confidence, reason is None, reason, found_digits)


def _most_probable(layout, count, recognizer, settings):
    """What is read: the most probable way through all lines, and its share of all ways.
    Also whether the digits are as many as asked for, and rather so than not."""
    given = layout.height, recognizer, segment_weights(), settings.lattice
    lattices = [Lattice(line.ink, *given) for line in layout.lines]
    path, share = best_path(lattices, count)
    if not path:  # cut finer, perhaps it can be done
        for lattice in lattices:
            lattice.cut_everywhere()
        path, share = best_path(lattices, count)
    if not count:
        return path, share, True
    free, part = best_path(lattices)
    if not path:
        return free, part, False
    odds = _sum(free, part) - _sum(path, share)
    return path, share, math.exp(odds) >= settings.rather


def _doubt(path, digits, layout, count, signs, sides, settings):
    """Why what was read is not accepted, however sure; None if it may be. Because ink
    is unread, and not low where there may be signs; something is no digit, a stroke
    goes through all of it, or all may be lines."""
    most = settings.large if signs else 0
    unread = any(isinstance(s, Skip) and s.height > most for _, s in path)
    unread |= not signs and any(line.dash for line in layout.lines)
    doubted = any(d.is_digit < settings.doubted or _is_box(d, settings) for d in digits)
    left_out = any(line.struck or line.beside for line in layout.lines)
    lines = count is None and _may_be_lines(digits, sides, settings.border)
    return "not only digits" if unread or doubted or left_out or lines else None


def _threshold(count):
    return settings()["threshold"]["known" if count else "unknown"]


def _is_box(digit, settings):
    """Whether what looks like a 0 has ink in its four corners."""
    ink = digit.seen > settings.ink
    rows, columns = (np.flatnonzero(ink.any(axis=axis)) for axis in (1, 0))
    if digit.digit != 0 or not rows.size:
        return False
    ink = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    ends = slice(settings.corner), slice(-settings.corner, None)
    return all(ink[down, across].any() for down in ends for across in ends)


def _may_be_lines(digits, sides, near):
    """Whether all are 1s, or one is cut off by the border of the image."""
    tall, wide = sides
    ones = [digit.box for digit in digits if digit.digit == 1]
    return len(ones) == len(digits) or any(
        min(left, top, wide - right, tall - bottom) <= near
        for left, top, right, bottom in ones
    )


def _count(digits, pattern, low, high):
    """How many digits there must be; None if that is not known."""
    if digits is not None and pattern is not None:
        raise DigitlibError("digits and pattern: give only one of them")
    if digits is not None:
        return check_count("digits", digits, low, high)
    if pattern is None:
        return None
    if not isinstance(pattern, str) or not pattern.isprintable():
        given = repr(pattern) if isinstance(pattern, str) else type(pattern).__name__
        raise DigitlibError(f"pattern: {given}, but a text such as ##-## is needed")
    count = pattern.count("#")
    if not low <= count <= high:
        wrong = f"{count} digits (#), but {low} to {high} are needed"
        raise DigitlibError(f"pattern: {wrong}")
    return count


def _sum(path, share):
    """Minus the logarithm of the sum over all ways of which a path is this part."""
    return sum(step.cost for _, step in path) + math.log(max(share, 1e-300))


def _text(lines, digits, pattern):
    """The digits, line by line, or filled in; if there are others, as they are."""
    digits = [str(digit.digit) for digit in digits]
    if pattern is not None and pattern.count("#") == len(digits):
        rest = iter(digits)
        return "".join(next(rest) if sign == "#" else sign for sign in pattern)
    texts = {}
    for line, digit in zip(lines, digits, strict=True):
        texts[line] = texts.get(line, "") + digit
    return "\n".join(texts.values())


def _box(segment, line, layout, scales, sides):
    """Where a segment is, in pixels of the image as it is displayed."""
    straight = np.add(segment.box, (line.left, line.top) * 2)
    left, top, right, bottom = layout.in_image(straight)
    (down, across), (tall, wide) = scales, sides
    return (
        max(0, math.floor(across * left)), max(0, math.floor(down * top)),
        min(wide, math.ceil(across * right)), min(tall, math.ceil(down * bottom)),
    )  # fmt: skip


def _digit(segment, recognizer, box):
    accepted = segment.confidence * segment.is_digit >= recognizer.threshold
    reason = "unsure" if segment.confidence <= segment.is_digit else "not one digit"
    return Digit(
        segment.digit, segment.confidence, segment.probabilities, accepted,
        None if accepted else reason, segment.is_digit, segment.seen, box,
    )  # fmt: skip
