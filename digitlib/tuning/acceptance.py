"""When to accept a reading: temperature, detector and threshold of a recognizer.

All three are chosen with a twin of the network, trained by the same recipe without
the validation images; on images learned by heart, any network looks sure and right.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from digitlib.errors import DigitlibError
from digitlib.evaluation import bootstrap_interval, fit_temperature
from digitlib.model import activations, softmax
from digitlib.preprocessing import preprocess
from digitlib.recognizer import detect, traces
from digitlib.synthesis import negatives
from digitlib.synthesis.photographs import blanks, photographs
from digitlib.test_time import Augmentation, scores


@dataclass(frozen=True)
class AcceptanceSettings:
    """How temperature, detector and threshold are found; all of it is chosen."""

    accepted: float = 0.97  #: part of the validation images
    resamples: int = 100  #: of the bootstrap by which a temperature is needed or not
    lessons: int = 1000  #: at most, ``n`` of `material`
    images: int = 40  #: at least, for each of these lessons
    digits: int = 20_000  #: at most, that a detector learns from as they are
    regularization: float = 0.1  #: scikit-learn's C: the smaller, the smaller weights
    iterations: int = 500  #: of the logistic regression, at most
    fewest: int = 10  #: images of a kind
    augmentation: Augmentation | None = None  #: from which sides digits are looked at


#: The default
ACCEPTANCE = AcceptanceSettings()


def fit_acceptance(
    weights, twin, fit_images, validation, seed=0, *, more=None, settings=ACCEPTANCE
):
    """Choose temperature, detector and threshold for trained weights.

    The twin has learned, by the same recipe, from ``fit_images`` only: (m, 28, 28), in
    [0, 1], at least 40; it takes minutes with 40,000. The validation images and labels
    are others; weights that have not learned from these are their own twin. From
    ``more``, images of digits and of what is none, the detector learns too. Returns it,
    for `digitlib.recognizer.detect`, and a dict of the two numbers.
    """
    temperature = choose_temperature(twin, *validation, settings)
    n = min(settings.lessons, len(fit_images) // settings.images)
    learn = material(fit_images, n, seed, settings)
    if more is not None:
        learn = [np.concatenate(pair) for pair in zip(learn, more, strict=True)]
    detector = _fit_detector(learn, weights, settings)
    twins = detector if twin is weights else _fit_detector(learn, twin, settings)
    found = choose_threshold(twin, twins, temperature, validation[0], settings)
    return detector, {"temperature": temperature, "threshold": found}


def choose_threshold(twin, detector, temperature, images, settings=ACCEPTANCE):
    """Choose what `digitlib.recognizer.Prediction.trust` to accept: that of most images
    of digits (n, 28, 28), in [0, 1]."""
    seen = np.array([preprocess(image) for image in images])
    found = softmax(scores(seen, twin, settings.augmentation) / temperature)
    trust = found.max(axis=1) * detect(activations(seen, twin), detector)
    return round(float(np.quantile(trust, 1 - settings.accepted)), 4)


def _fit_detector(learn, weights, settings):
    return fit_detector(*(activations(kind, weights) for kind in learn), settings)


def choose_temperature(twin, images, labels, settings=ACCEPTANCE):
    """Fit a temperature; 1 where its 95 % interval contains 1: nothing to mend."""
    found = softmax(scores(images, twin, settings.augmentation)), labels
    low, high = bootstrap_interval(fit_temperature, *found, settings.resamples)
    return 1.0 if low <= 1 <= high else round(fit_temperature(*found), 4)


def material(images, n=1000, seed=0, settings=ACCEPTANCE):
    """Make what a detector learns from, as the network will see it.

    Digits: most of the images (m, 28, 28), in [0, 1], photographs of 2 n others, all of
    it also distorted. Others, about 21 n: capital letters, two digits side by side,
    lines, noise and blank sheets with ink in them, as they are and twice distorted.
    """
    from digitlib.augmentation import augment

    def seen(pictures):
        found = np.array([preprocess(picture) for picture in pictures])
        return found[found.any(axis=(1, 2))]

    photographed = seen(photographs(images[: 2 * n], seed))
    digits = np.concatenate((images[4 * n :][: settings.digits], photographed))
    kinds = (
        negatives.printed_letters(fonts(), 2 * n, seed),
        negatives.digit_pairs(images[: 2 * n], images[2 * n : 4 * n], seed),
        negatives.line_drawings(2 * n, seed),
        negatives.noise_images((n + 1) // 2, seed),
        blanks(6 * n, seed),  # in most of which no ink is found
    )
    others = np.concatenate([seen(kind) for kind in kinds])
    distorted = augment(digits, (seed, 0)), np.asarray(digits)
    twice = augment(others, (seed, 1)), augment(others, (seed, 2))
    return np.concatenate(distorted), np.concatenate((*twice, others))


def fonts():
    """Return the font files that letters to learn from are set in: DejaVu."""
    import matplotlib

    folder = Path(matplotlib.get_data_path(), "fonts", "ttf")
    return [p for p in sorted(folder.glob("DejaVu*.ttf")) if "Display" not in p.name]


def fit_detector(digits, others, settings=ACCEPTANCE):
    """Fit a detector (k,) by logistic regression; both kinds count the same.

    Learns from `digitlib.model.activations` for images of digits, and of anything else;
    raises DigitlibError if there are fewer than ``settings.fewest`` of either.
    """
    from sklearn.linear_model import LogisticRegression

    counts, least = [len(digits[0]), len(others[0])], settings.fewest
    if min(counts) < least:
        few = f"{min(counts)} images of a kind, but at least {least} are needed"
        raise DigitlibError(few)
    inputs = np.concatenate((traces(digits), traces(others)))
    labels = np.repeat([1, 0], counts)
    mean, size = inputs.mean(axis=0), inputs.std(axis=0) + 1e-3
    model = LogisticRegression(C=settings.regularization, max_iter=settings.iterations,
                               class_weight="balanced")  # fmt: skip
    model.fit((inputs - mean) / size, labels)
    weights = model.coef_[0] / size
    return np.append(weights, model.intercept_ - weights @ mean).astype(np.float32)
