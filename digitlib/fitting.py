"""What a reader of numbers learns: which pieces of ink are digits, and whom to trust.

Both are learned from generated fields, in which it is known where each digit stands;
with a twin of the network, trained by the same recipe on other images.
"""

import numpy as np

from digitlib.fields import fields
from digitlib.layout import find_lines
from digitlib.segmentation import FEATURES, Lattice

CLOSE = (0.13, 0.22)  # heights: a piece whose sides are all as near to a digit's is it;
NEARLY = (0.22, 0.30)  # one that is not, but as near, is left out
WRONG = 0.005  # of accepted numbers


def fit_segments(recognizer, images, labels, kinds, n, seed=0, jobs=1):
    """Learn how probable it is that a segment is exactly one digit.

    Parameters
    ----------
    recognizer : digitlib.recognizer.Recognizer
        That has not learned from the images.
    images, labels
        As for `digitlib.fields.fields`.
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
    weights : dict of str to float
        For each of ``digitlib.segmentation.FEATURES``, by logistic regression.
    bias : float
    """
    from joblib import Parallel, delayed
    from sklearn.linear_model import LogisticRegression

    def lessons(kind, seed):
        return [
            (segment.features, answer)
            for field in fields(images, labels, n, kind=kind, seed=seed)
            for segment, answer in answered(field, recognizer)
        ]

    found = Parallel(jobs)(
        delayed(lessons)(kind, seed + i) for i, kind in enumerate(kinds)
    )
    features, answers = zip(*(pair for of in found for pair in of), strict=True)
    features = np.array(features)
    mean, size = features.mean(axis=0), features.std(axis=0) + 1e-6
    model = LogisticRegression(max_iter=1000).fit((features - mean) / size, answers)
    weights = model.coef_[0] / size
    bias = float(model.intercept_[0] - weights @ mean)
    return dict(zip(FEATURES, weights.tolist(), strict=True)), bias


def answered(field, recognizer):
    """Yield each segment of a field, and whether it is a digit; not where it is near.

    Parameters
    ----------
    field : digitlib.fields.Field
    recognizer : digitlib.recognizer.Recognizer

    Yields
    ------
    segment : digitlib.segmentation.Segment
    answer : bool
    """
    layout = find_lines(field.image / np.float32(255))
    unit = layout.height / layout.scale  # pixels of the image
    for line in layout.lines:
        lattice = Lattice(line.ink, layout.height, recognizer, None)
        lattice.cut_everywhere()
        for segment in lattice.segments.values():
            box = layout.upright(np.add(segment.box, (line.left, line.top) * 2))
            away = np.abs(field.boxes - box) / unit
            sides = np.stack((away[:, [0, 2]], away[:, [1, 3]])).max(axis=2).T
            nearest = sides[sides.max(axis=1).argmin()]
            if (nearest < CLOSE).all():
                yield segment, True
            elif not (nearest < NEARLY).all():
                yield segment, False


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
