"""What a reader of numbers learns: to recognise digits that were cut out of fields,
which pieces of ink are digits, and whom to trust.

All of it is learned from generated fields, in which it is known where each digit
stands; the second and third with a twin of the network, trained in the same way on
other images.
"""

import warnings

import numpy as np
from scipy import ndimage

from digitlib._internal.checks import check_images, check_labels
from digitlib.document.lattice import Lattice
from digitlib.document.layout import find_lines
from digitlib.imaging.binarization import BINARIZATION
from digitlib.preprocessing import normalize, remove_specks
from digitlib.synthesis.forms import FORMS, fields
from digitlib.synthesis.photographs import draw_blur, generators
from digitlib.synthesis.strokes import stroke
from digitlib.synthesis.writers import draw_style, draw_writer, legible

CLOSE = (0.13, 0.22)  # heights: a piece whose sides are all as near to a digit's is it;
NEARLY = (0.22, 0.30)  # one that is not, but as near, is left out
WRONG = 0.005  # of accepted numbers
# The network that tells which segments are digits, and how it learns
HIDDEN, DECAY, RATE, EPOCHS, BATCH = 16, 0.1, 0.003, 200, 256
OTHER = -1
"""The label of what is not exactly one digit."""
AT_ONCE = 1000  # digits that a process writes before another may


def rewrite(images, labels, seed=0, jobs=1):
    """Write each digit again, by some writer, and look at it as a reader does.

    Parameters
    ----------
    images : array_like, shape (n, 28, 28), floating point, in [0, 1]
        Light ink on dark.
    labels : array_like, shape (n,), integer, 0 to 9
    seed : int
    jobs : int
        Processes to do it with.

    Returns
    -------
    images : numpy.ndarray, shape (k, 28, 28), uint8
        Those that are still legible.
    labels : numpy.ndarray, shape (k,), int
    """
    images = check_images(images)
    labels = check_labels(labels, len(images))

    def some(images, rngs):
        found = []
        for image, rng in zip(images, rngs, strict=True):
            writer = draw_writer("clear", rng)
            glyph = stroke(image, *draw_style(writer, rng))
            blur = draw_blur(min(writer.width, FORMS.focus * writer.size), rng)
            blurred = ndimage.gaussian_filter(np.pad(glyph, 3), blur)
            ink = (blurred / blurred.max()).clip(0, 1)
            seen = normalize(
                remove_specks(np.where(ink > BINARIZATION.weak / 2, ink, 0))
            )
            found.append((legible(image, glyph), _in_bytes(seen)))
        return found

    rngs = list(generators(len(images), seed))
    starts = range(0, len(images), AT_ONCE)
    work = [(images[i:][:AT_ONCE], rngs[i:][:AT_ONCE]) for i in starts]
    good, seen = zip(*(p for of in _run(some, work, jobs) for p in of), strict=True)
    good = np.array(good)
    return np.array(seen)[good], labels[good]


def cut_out(recognizer, images, labels, kinds, n, seed=0, jobs=1):
    """Write fields, and cut them in all ways that a reader tries.

    Parameters
    ----------
    recognizer, images, labels, kinds, n, seed, jobs
        As for `fit_segments`. What the recognizer answers does not matter.

    Returns
    -------
    images : numpy.ndarray, shape (k, 28, 28), uint8
        Of each digit several, cut a little narrower or wider.
    labels : numpy.ndarray, shape (k,), int
        `OTHER` where it is more than a digit, or less.
    """

    def take(segment, digit):
        return _in_bytes(segment.seen), OTHER if digit is None else digit

    found = _lessons(take, recognizer, images, labels, kinds, n, seed, jobs)
    seen, digits = zip(*found, strict=True)
    return np.array(seen), np.array(digits)


def fit_segments(recognizer, images, labels, kinds, n, seed=0, jobs=1):
    """Learn how probable it is that a segment is exactly one digit.

    Parameters
    ----------
    recognizer : digitlib.recognizer.Recognizer
        That has not learned from the images.
    images, labels
        As for `digitlib.synthesis.forms.fields`.
    kinds : sequence of str
        Of fields.
    n : int
        How many of each.
    seed : int
        Of the first kind, 1 more of the next, and so on.
    jobs : int
        Processes to do it with.

    Returns
    -------
    tuple of numpy.ndarray, shapes (len(FEATURES), k), (k,), (k,) and ()
        As `digitlib.document.lattice.judge` takes them.
    """
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.neural_network import MLPClassifier

    def take(segment, digit):
        return segment.features, digit is not None

    found = _lessons(take, recognizer, images, labels, kinds, n, seed, jobs)
    features, answers = map(np.array, zip(*found, strict=True))
    mean, size = features.mean(axis=0), features.std(axis=0) + 1e-6
    model = MLPClassifier(
        HIDDEN, alpha=DECAY, learning_rate_init=RATE, max_iter=EPOCHS,
        batch_size=min(BATCH, len(answers)), random_state=seed,
    )  # fmt: skip
    with warnings.catch_warnings():  # that it could learn on after so many epochs
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit((features - mean) / size, answers)
    (hidden, output), (bias, last) = model.coefs_, model.intercepts_
    hidden = hidden / size[:, np.newaxis]
    return hidden, bias - mean @ hidden, output[:, 0], last[0]


def _lessons(take, recognizer, images, labels, kinds, n, seed, jobs):
    """What ``take`` makes of each segment of some fields, and its digit or None."""

    def some(kind, seed):
        return [
            taken
            for field in fields(images, labels, n, kind=kind, seed=seed)
            for pair in answered(field, recognizer)
            if (taken := take(*pair)) is not None
        ]

    work = [(kind, seed + i) for i, kind in enumerate(kinds)]
    return [pair for of in _run(some, work, jobs) for pair in of]


def _run(function, work, jobs):
    from joblib import Parallel, delayed

    return Parallel(jobs)(delayed(function)(*arguments) for arguments in work)


def _in_bytes(seen):
    return (255 * seen).round().astype(np.uint8)


def answered(field, recognizer):
    """Yield each segment of a field, and which digit it is; not where it is near one.

    Parameters
    ----------
    field : digitlib.synthesis.forms.Field
    recognizer : digitlib.recognizer.Recognizer

    Yields
    ------
    segment : digitlib.document.lattice.Segment
    answer : int or None
        The digit, 0 to 9. None if it is more than one, or less.
    """
    digits = [int(digit) for digit in field.text.replace("\n", "")]
    layout = find_lines(field.image / np.float32(255))
    unit = layout.height / layout.scale  # pixels of the image
    for line in layout.lines:
        lattice = Lattice(line.ink, layout.height, recognizer, None)
        lattice.cut_everywhere()
        for segment in lattice.segments.values():
            if not digits:
                yield segment, None
                continue
            box = layout.upright(np.add(segment.box, (line.left, line.top) * 2))
            away = np.abs(field.boxes - box) / unit
            sides = np.stack((away[:, [0, 2]], away[:, [1, 3]])).max(axis=2).T
            nearest = sides.max(axis=1).argmin()
            if (sides[nearest] < CLOSE).all():
                yield segment, digits[nearest]
            elif not (sides[nearest] < NEARLY).all():
                yield segment, None


def choose_threshold(confidences, right, wrong=WRONG):
    """Choose the lowest threshold at which few of the accepted are wrong.

    Parameters
    ----------
    confidences : array_like, shape (n,), float
    right : array_like, shape (n,), bool
    wrong : float
        At most this part of the accepted.

    Returns
    -------
    float
        1 where no threshold will do.
    """
    confidences, right = np.asarray(confidences), np.asarray(right, bool)
    order = np.argsort(-confidences)
    confidences, errors = confidences[order], np.cumsum(~right[order])
    few = errors <= wrong * np.arange(1, len(order) + 1)
    last = np.append(confidences[1:] < confidences[:-1], True)[: len(order)]
    good = np.flatnonzero(few & last)  # all of the same confidence, or none
    return float(confidences[good[-1]]) if good.size else 1.0
