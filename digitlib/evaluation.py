"""How good a network is: from its probabilities and the true labels."""

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from digitlib.checks import check_count, check_labels, check_probabilities
from digitlib.errors import DigitlibError


@dataclass(frozen=True, eq=False)
class Evaluation:
    """What `evaluate` found."""

    accuracy: float
    """Fraction of images read correctly, 0 to 1."""
    interval: tuple[float, float]
    """95 % interval of the accuracy, after Wilson (1927)."""
    confusion: np.ndarray
    """(10, 10) counts, integer: rows are the true digits, columns the predicted."""

    @property
    def recall(self):
        """(10,) of the images of each digit, the fraction read as it; NaN if none."""
        return _fraction(self.confusion.diagonal(), self.confusion.sum(axis=1))

    @property
    def precision(self):
        """(10,) of the images read as each digit, the fraction that is it; or NaN."""
        return _fraction(self.confusion.diagonal(), self.confusion.sum(axis=0))

    def most_confused(self, n=5):
        """The ``n`` most frequent confusions, as (true, predicted, count) triples."""
        errors = self.confusion - np.diag(self.confusion.diagonal())
        order = np.argsort(-errors, axis=None, kind="stable")[:n]
        rows, columns = np.unravel_index(order, errors.shape)
        return [
            (int(i), int(j), int(errors[i, j]))
            for i, j in zip(rows, columns, strict=True)
            if errors[i, j]
        ]


def evaluate(probabilities, labels):
    """Compare predictions with the truth.

    Parameters
    ----------
    probabilities : array_like, shape (n, 10), rows sum to 1
        What the network says; the most probable digit counts as predicted.
    labels : array_like, shape (n,), integer, 0 to 9
        What is true.

    Returns
    -------
    Evaluation

    Raises
    ------
    DigitlibError
        If a shape or range is another one, or the lengths differ.
    """
    probabilities = check_probabilities(probabilities)
    labels = check_labels(labels, len(probabilities))
    predicted = probabilities.argmax(axis=1)
    pairs = 10 * labels.astype(int) + predicted  # one number for (true, predicted)
    confusion = np.bincount(pairs, minlength=100).reshape(10, 10)
    correct = int(confusion.trace())
    return Evaluation(
        accuracy=correct / len(labels),
        interval=wilson_interval(correct, len(labels)),
        confusion=confusion,
    )


def wilson_interval(successes, trials, confidence=0.95):
    """Interval for a probability that was estimated by counting.

    Parameters
    ----------
    successes : int, 0 to trials
    trials : int, at least 1
    confidence : float, between 0 and 1

    Returns
    -------
    (low, high) : tuple of float

    Raises
    ------
    DigitlibError
        If a number is out of range.

    References
    ----------
    Wilson (1927), Probable inference, the law of succession, and statistical
    inference, Journal of the American Statistical Association 22(158).
    """
    trials = check_count("trials", trials, 1, 2**53)
    successes = check_count("successes", successes, 0, trials)
    if not (isinstance(confidence, (int, float)) and 0 < confidence < 1):
        raise DigitlibError("confidence: a number between 0 and 1 is needed")
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    p = successes / trials
    center = (p + z**2 / (2 * trials)) / (1 + z**2 / trials)
    half = (
        z
        * np.sqrt(p * (1 - p) / trials + (z / (2 * trials)) ** 2)
        / (1 + z**2 / trials)
    )
    return max(0.0, float(center - half)), min(1.0, float(center + half))


def misread(probabilities, labels):
    """Indices of the images that are read wrongly, the surest mistake first.

    Parameters
    ----------
    probabilities, labels
        As for `evaluate`.

    Returns
    -------
    numpy.ndarray, shape (number of errors,), integer

    Raises
    ------
    DigitlibError
        As `evaluate`.
    """
    probabilities = check_probabilities(probabilities)
    labels = check_labels(labels, len(probabilities))
    wrong = np.flatnonzero(probabilities.argmax(axis=1) != labels)
    return wrong[np.argsort(-probabilities[wrong].max(axis=1), kind="stable")]


def _fraction(part, whole):
    return np.divide(part, whole, out=np.full(len(part), np.nan), where=whole > 0)
