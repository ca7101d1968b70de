"""What a reader of numbers learns: to recognise digits that were cut out of fields,
which pieces of ink are digits, and whom to trust.

All of it is learned from generated fields, in which it is known where each digit
stands; the second and third with a twin of the network, trained in the same way on
other images.
"""

from dataclasses import dataclass
from itertools import chain
import warnings

import numpy as np
from scipy import ndimage

from digitlib._internal.checks import check_labels
from digitlib._internal.workers import run_all
from digitlib.document.lattice import Lattice
from digitlib.document.layout import find_lines
from digitlib.imaging.binarization import BINARIZATION
from digitlib.preprocessing import normalize, remove_specks
from digitlib.synthesis.forms import FORMS, fields
from digitlib.synthesis.photographs import draw_blur, generators
from digitlib.synthesis.strokes import check_digits, stroke
from digitlib.synthesis.writers import draw_style, draw_writer, legible

OTHER = -1  #: the label of what is not exactly one digit


@dataclass(frozen=True)
class SegmentJudgeSettings:
    """Which segments are digits, and how a network learns it; all of it is chosen.

    Distances are those of the farthest sides, left or right and top or bottom, in
    heights of a digit.
    """

    close: tuple = (0.13, 0.22)  #: a segment as near to a digit is that digit
    nearly: tuple = (0.22, 0.30)  #: one that is not, but as near, is left out
    hidden: int = 16  #: units of the network
    decay: float = 0.1  #: of its weights: scikit-learn's alpha
    rate: float = 0.003  #: at which it learns
    epochs: int = 200  #: at most
    batch: int = 256  #: segments that share a step, at most
    wrong: float = 0.005  #: part of the accepted numbers, at most
    at_once: int = 1000  #: digits that a process rewrites before another may


SEGMENT_JUDGE = SegmentJudgeSettings()


def rewrite(images, labels, seed=0, jobs=1, settings=SEGMENT_JUDGE):
    """Write digits, images or strokes, again, and look at each as a reader does.

    Returns images of those that are still legible, uint8, and their labels.
    """
    images = check_digits(images)
    labels = check_labels(labels, len(images))
    rngs, n = list(generators(len(images), seed)), settings.at_once
    work = [(images[i : i + n], rngs[i : i + n]) for i in range(0, len(images), n)]
    found = chain.from_iterable(run_all(_rewritten, work, jobs, ordered=True))
    good, seen = map(np.array, zip(*found, strict=True))
    return seen[good], labels[good]


def _rewritten(images, rngs):
    """Whether each digit is still legible, and how a reader sees it."""
    found = []
    for image, rng in zip(images, rngs, strict=True):
        writer = draw_writer("clear", rng)
        glyph = stroke(image, *draw_style(writer, rng))
        blur = draw_blur(min(writer.width, FORMS.focus * writer.size), rng)
        blurred = ndimage.gaussian_filter(np.pad(glyph, 3), blur)
        ink = (blurred / blurred.max()).clip(0, 1)
        ink = np.where(ink > BINARIZATION.weak / 2, ink, 0)
        seen = normalize(remove_specks(ink))
        found.append((legible(image, glyph), _in_bytes(seen)))
    return found


def cut_out(
    recognizer, images, labels, kinds, n, seed=0, jobs=1, settings=SEGMENT_JUDGE
):
    """Write n fields of each kind, and cut them in all ways that a reader tries.

    The features hold answers of the recognizer, which should not know the images; each
    kind has its own seed. Returns images (k, 28, 28), uint8, of each digit several, cut
    a little narrower or wider; their features, shape (k, len(FEATURES)), as
    `digitlib.document.lattice.judge` takes them; and their labels, 0 to 9 or `OTHER`.
    """

    def some(kind, seed):
        return [
            (_in_bytes(segment.seen), segment.features, digit)
            for field in fields(images, labels, n, kind=kind, seed=seed)
            for segment, digit in answered(field, recognizer, settings)
        ]

    work = [(kind, seed + i) for i, kind in enumerate(kinds)]
    found = chain.from_iterable(run_all(some, work, jobs, ordered=True))
    seen, features, digits = map(np.array, zip(*found, strict=True))
    return seen, features, digits


def _in_bytes(seen):
    return (255 * seen).round().astype(np.uint8)


def answered(field, recognizer, settings=SEGMENT_JUDGE):
    """Yield segments with their digit or `OTHER`; not those that are nearly a digit."""
    digits = [int(digit) for digit in field.text.replace("\n", "")]
    layout = find_lines(field.image / np.float32(255))
    unit = layout.height / layout.scale  # pixels of the image
    for line in layout.lines:
        lattice = Lattice(line.ink, layout.height, recognizer, None)
        lattice.cut_everywhere()
        for segment in lattice.segments.values():
            if not digits:
                yield segment, OTHER
                continue
            box = layout.upright(np.add(segment.box, (line.left, line.top) * 2))
            away = np.abs(field.boxes - box) / unit
            sides = np.stack((away[:, [0, 2]], away[:, [1, 3]])).max(axis=2).T
            nearest = sides.max(axis=1).argmin()
            if (sides[nearest] < settings.close).all():
                yield segment, digits[nearest]
            elif not (sides[nearest] < settings.nearly).all():
                yield segment, OTHER


def fit_segments(features, are_digits, seed=0, settings=SEGMENT_JUDGE):
    """Learn how probable it is that a segment is exactly one digit.

    From features (n, len(FEATURES)), and which of them are of digits, bool; returns the
    weights of a network, as `digitlib.document.lattice.judge` takes them.
    """
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.neural_network import MLPClassifier

    mean, size = features.mean(axis=0), features.std(axis=0) + 1e-6
    model = MLPClassifier(settings.hidden, alpha=settings.decay, random_state=seed,
                          learning_rate_init=settings.rate, max_iter=settings.epochs,
                          batch_size=min(settings.batch, len(features)))  # fmt: skip
    with warnings.catch_warnings():  # that it could learn on after so many epochs
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit((features - mean) / size, are_digits)
    (hidden, output), (bias, last) = model.coefs_, model.intercepts_
    hidden = hidden / size[:, np.newaxis]
    return hidden, bias - mean @ hidden, output[:, 0], last[0]


def choose_threshold(confidences, right, wrong=SEGMENT_JUDGE.wrong):
    """The lowest confidence at which few of the accepted are wrong; 1 if none is."""
    confidences, right = np.asarray(confidences), np.asarray(right, bool)
    order = np.argsort(-confidences)
    confidences, errors = confidences[order], np.cumsum(~right[order])
    few = errors <= wrong * np.arange(1, len(order) + 1)
    last = np.append(confidences[1:] < confidences[:-1], True)[: len(order)]
    good = np.flatnonzero(few & last)  # all of the same confidence, or none
    return float(confidences[good[-1]]) if good.size else 1.0
