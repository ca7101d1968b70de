"""When to accept a reading: temperature, detector and threshold of a recognizer.

All three are chosen with a twin of the network, trained by the same recipe without
the validation images; on images it has learned by heart, any network looks sure and
right.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from digitlib.errors import DigitlibError
from digitlib.evaluation import bootstrap_interval, fit_temperature
from digitlib.model import activations, forward, softmax
from digitlib.preprocessing import preprocess
from digitlib.recognizer import detect, traces
from digitlib.synthesis import negatives
from digitlib.synthesis.photographs import blanks, photographs


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


#: The default
ACCEPTANCE = AcceptanceSettings()


def fit_acceptance(
    weights, twin, fit_images, validation, seed=0, *, more=None, settings=ACCEPTANCE
):
    """Choose temperature, detector and threshold for trained weights.

    Parameters
    ----------
    weights : Weights, or arrays in the same order
        Trained on all images.
    twin : Weights, or arrays in the same order
        Trained by the same recipe on ``fit_images`` only.
    fit_images : numpy.ndarray, shape (m, 28, 28), float32, in [0, 1]
        At least 40; with 40,000 or more, it takes minutes.
    validation : tuple of numpy.ndarray, shapes (k, 28, 28) and (k,)
        Other images, in [0, 1], and their labels.
    seed : int, 0 to 2**32 - 1
        Decides how the photographs look, and what else there is to learn from.
    more : tuple of two numpy.ndarray, shapes (k, 28, 28), float32, in [0, 1], optional
        Digits, and what is none, from which the detector learns too.
    settings : AcceptanceSettings

    Returns
    -------
    detector : numpy.ndarray, shape (k,), float32
        For `digitlib.recognizer.detect`.
    chosen : dict
        ``temperature`` and ``threshold``, as `digitlib.recognizer.Recognizer` uses
        them.
    """
    images, labels = validation
    temperature = choose_temperature(twin, images, labels, settings)
    n = min(settings.lessons, len(fit_images) // settings.images)
    learn = material(fit_images, n, seed, settings)
    if more is not None:
        learn = [np.concatenate(pair) for pair in zip(learn, more, strict=True)]
    digits, others = learn
    detector, twins = (
        fit_detector(activations(digits, w), activations(others, w), settings)
        for w in (weights, twin)
    )
    passed = activations(np.array([preprocess(image) for image in images]), twin)
    confidence = softmax(passed[-1] / temperature).max(axis=1)
    trust = confidence * detect(passed, twins)
    threshold = round(float(np.quantile(trust, 1 - settings.accepted)), 4)
    return detector, {"temperature": temperature, "threshold": threshold}


def choose_temperature(twin, images, labels, settings=ACCEPTANCE):
    """Fit a temperature; 1 where its 95 % interval contains 1: nothing to mend."""
    found = forward(images, twin), labels
    low, high = bootstrap_interval(fit_temperature, *found, settings.resamples)
    if low <= 1 <= high:
        return 1.0
    return round(fit_temperature(*found), 4)


def material(images, n=1000, seed=0, settings=ACCEPTANCE):
    """Make what a detector learns from, as the network will see it.

    Parameters
    ----------
    images : numpy.ndarray, shape (m, 28, 28), float32, in [0, 1]
        Digits.
    n : int
    seed : int, 0 to 2**32 - 1
    settings : AcceptanceSettings

    Returns
    -------
    digits : numpy.ndarray, shape (k, 28, 28), float32, in [0, 1]
        As many of the images as ``settings.digits``, photographs of 2 n others, and
        all of them once more, distorted.
    others : numpy.ndarray, shape (about 21 * n, 28, 28), float32, in [0, 1]
        Capital letters, two digits side by side, lines, noise and blank sheets with
        ink in them, as they are and twice distorted.
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
    """Fit a detector by logistic regression; both kinds count the same.

    Parameters
    ----------
    digits, others : tuples of numpy.ndarray, shapes (n, units), at last (n, 10)
        Of `digitlib.model.activations`, for images of digits, and for images of
        anything else.
    settings : AcceptanceSettings

    Returns
    -------
    numpy.ndarray, shape (k,), float32

    Raises
    ------
    DigitlibError
        If there are fewer than ``settings.fewest`` of either kind.
    """
    from sklearn.linear_model import LogisticRegression

    counts, least = [len(digits[0]), len(others[0])], settings.fewest
    if min(counts) < least:
        raise DigitlibError(
            f"{min(counts)} images of a kind, but at least {least} are needed"
        )
    inputs = np.concatenate((traces(digits), traces(others)))
    labels = np.repeat([1, 0], counts)
    mean, size = inputs.mean(axis=0), inputs.std(axis=0) + 1e-3
    model = LogisticRegression(C=settings.regularization, max_iter=settings.iterations,
                               class_weight="balanced")  # fmt: skip
    model.fit((inputs - mean) / size, labels)
    weights = model.coef_[0] / size
    return np.append(weights, model.intercept_ - weights @ mean).astype(np.float32)
