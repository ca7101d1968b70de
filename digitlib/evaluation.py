"""How good a network is, and how far to trust it: from probabilities and labels.

All take these as `evaluate` does, and refuse others with the same errors.
"""

from dataclasses import dataclass
from numbers import Real

import numpy as np
from scipy import optimize, special, stats

from digitlib._internal.checks import check_count, check_labels, check_probabilities
from digitlib.errors import DigitlibError


@dataclass(frozen=True, eq=False)
class Evaluation:
    """What `evaluate` found."""

    accuracy: float  #: fraction of images read correctly, 0 to 1
    interval: tuple[float, float]  #: 95 % interval of the accuracy (Wilson 1927)
    #: (10, 10) counts, integer; rows are the true digits, columns the predicted
    confusion: np.ndarray

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
        found = zip(rows.tolist(), columns.tolist(), strict=True)
        return [(i, j, int(errors[i, j])) for i, j in found if errors[i, j]]


def evaluate(probabilities, labels):
    """Compare predictions with the truth.

    Parameters
    ----------
    probabilities : array_like, shape (n, 10), rows sum to 1
        What the network says; the most probable digit counts as predicted.
    labels : array_like, shape (n,), integer, 0 to 9

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
    n = len(labels)
    return Evaluation(correct / n, wilson_interval(correct, n), confusion)


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

    References
    ----------
    Wilson (1927), Probable inference, the law of succession, and statistical
    inference, Journal of the American Statistical Association 22(158).
    """
    trials = check_count("trials", trials, 1, 2**53)
    successes = check_count("successes", successes, 0, trials)
    if not (isinstance(confidence, Real) and 0 < confidence < 1):
        raise DigitlibError("confidence: a number between 0 and 1 is needed")
    test = stats.binomtest(successes, trials)
    low, high = test.proportion_ci(float(confidence), "wilson")
    return float(low), float(high)


def misread(probabilities, labels):
    """Indices of the images that are read wrongly, the surest mistake first."""
    confidence, right = _confidence_and_right(probabilities, labels)
    wrong = np.flatnonzero(~right)
    return wrong[np.argsort(-confidence[wrong], kind="stable")]


def mcnemar(first, second, labels):
    """Test whether one network is better than another on the same images.

    Only images that one of them reads correctly and the other does not can tell. If
    both were equally good, each of these would be a coin toss.

    Parameters
    ----------
    first, second : array_like, shape (n, 10), rows sum to 1
        The probabilities that each network gives.
    labels : array_like, shape (n,), integer, 0 to 9

    Returns
    -------
    (only_first, only_second, p_value) : int, int, float
        How many images only the first and only the second read correctly, and how
        probable so large a difference would be, either way, if both were equally good.

    References
    ----------
    McNemar (1947), Note on the sampling error of the difference between correlated
    proportions or percentages, Psychometrika 12(2). The exact form.
    """
    first_right = _confidence_and_right(first, labels)[1]
    second_right = _confidence_and_right(second, labels)[1]
    only_first = int((first_right & ~second_right).sum())
    only_second = int((second_right & ~first_right).sum())
    tosses = only_first + only_second
    p_value = stats.binomtest(only_first, tosses).pvalue if tosses else 1.0
    return only_first, only_second, float(p_value)


@dataclass(frozen=True, eq=False)
class Calibration:
    """What `calibrate` found: does 90 % mean 90 %?"""

    #: Expected calibration error, 0 to 1. How far confidence and accuracy of a bin are
    #: apart, on average over the images (Guo et al. 2017)
    error: float
    log_loss: float  #: mean negative natural logarithm of the true digit's probability
    #: Mean squared distance between the ten probabilities and the truth, 0 to 2 (Brier
    #: 1950)
    brier: float
    count: np.ndarray  #: (bins,) images in each bin, integer
    confidence: np.ndarray  #: (bins,) mean confidence in each bin; NaN without images
    accuracy: np.ndarray  #: (bins,) fraction read correctly in each; NaN without images


def calibrate(probabilities, labels, bins=15):
    """Compare how sure a network is with how often it is right.

    Parameters
    ----------
    bins : int, 1 to 1000
        Equal parts of the confidences from 0 to 1.

    Returns
    -------
    Calibration

    References
    ----------
    Guo, Pleiss, Sun and Weinberger (2017), On calibration of modern neural networks.
    Brier (1950), Verification of forecasts expressed in terms of probability.
    """
    bins = check_count("bins", bins, 1, 1000)
    confidence, right = _confidence_and_right(probabilities, labels)
    bin_of = np.minimum((confidence * bins).astype(int), bins - 1)
    count = np.bincount(bin_of, minlength=bins)
    confidence_sum = np.bincount(bin_of, confidence, minlength=bins)
    right_sum = np.bincount(bin_of, right, minlength=bins)
    probabilities = np.asarray(probabilities, dtype=np.float64)
    truth = np.eye(10)[labels]
    return Calibration(
        error=float(np.abs(confidence_sum - right_sum).sum() / len(right)),
        log_loss=float(-_log((probabilities * truth).sum(axis=1)).mean()),
        brier=float(((probabilities - truth) ** 2).sum(axis=1).mean()),
        count=count,
        confidence=_fraction(confidence_sum, count),
        accuracy=_fraction(right_sum, count),
    )


def scale_temperature(probabilities, temperature):
    """Temperature scaling: less sure (temperature above 1) or surer (below 1).

    The scores before the softmax are divided by the temperature. The most probable
    digit stays the same.

    Parameters
    ----------
    temperature : float, above 0

    Returns
    -------
    numpy.ndarray, shape (n, 10), float64
        Each row sums to 1.
    """
    probabilities = check_probabilities(probabilities)
    if not (isinstance(temperature, Real) and 0 < temperature < np.inf):
        raise DigitlibError("temperature: a finite number above 0 is needed")
    scores = _log(probabilities)
    with np.errstate(over="ignore"):  # a minute temperature leaves 0 and minus infinity
        scores = (scores - scores.max(axis=1, keepdims=True)) / temperature
    return special.softmax(scores, axis=1)


def fit_temperature(probabilities, labels):
    """Find the temperature of the lowest log loss (Guo et al. 2017), 0.05 to 20.

    Give it images that the network did not learn from.
    """
    probabilities = check_probabilities(probabilities)
    labels = check_labels(labels, len(probabilities))
    scores = _log(probabilities)
    of_the_truth = scores[np.arange(len(labels)), labels]

    def log_loss(logarithm):
        temperature = np.exp(logarithm)
        sums = special.logsumexp(scores / temperature, axis=1)
        return (sums - of_the_truth / temperature).mean()

    found = optimize.minimize_scalar(log_loss, bounds=np.log((0.05, 20)))
    return float(np.exp(found.x))


def risk_coverage(probabilities, labels):
    """How many errors are left if only the surest readings are accepted?

    Returns
    -------
    (threshold, coverage, risk) : numpy.ndarray, each of shape (k,), float64
        For each confidence that occurs, from the highest to the lowest: if readings
        that are at least so sure are accepted, the fraction of the images that is, and
        the fraction of errors among these.

    References
    ----------
    El-Yaniv and Wiener (2010), On the foundations of noise-free selective
    classification.
    """
    confidence, right = _confidence_and_right(probabilities, labels)
    threshold, which = np.unique(-confidence, return_inverse=True)
    accepted = np.bincount(which).cumsum()  # images of equal confidence go together
    errors = np.bincount(which, ~right).cumsum()
    return -threshold, accepted / len(right), errors / accepted


def rejection_rate(probabilities, labels, risk):
    """The smallest fraction to reject, so that few errors are left among the accepted.

    ``risk``, 0 to 1, is the fraction of errors that the accepted readings may have. All
    are rejected (1.0) if even the surest ones have more.
    """
    if not (isinstance(risk, Real) and 0 <= risk <= 1):
        raise DigitlibError("risk: a number from 0 to 1 is needed")
    _, coverage, found = risk_coverage(probabilities, labels)
    return float(1 - coverage[found <= risk].max(initial=0))


def bootstrap_interval(statistic, probabilities, labels, resamples=500, seed=0):
    """95 % interval of anything computed from probabilities and labels.

    The images are drawn again and again from themselves, with repetition, and the
    statistic is computed of each draw. Of little use where chance always adds to a
    statistic, as to the calibration error of a network that is well calibrated.

    Parameters
    ----------
    statistic : callable
        From (probabilities, labels) to a number.
    resamples : int, 10 to 1,000,000
    seed : int

    Returns
    -------
    (low, high) : tuple of float

    References
    ----------
    Efron (1979), Bootstrap methods: another look at the jackknife. The percentile form.
    """
    resamples = check_count("resamples", resamples, 10, 1_000_000)
    probabilities = check_probabilities(probabilities)
    labels = check_labels(labels, len(probabilities))
    rng = np.random.default_rng(check_count("seed", seed, 0, 2**32 - 1))
    draws = (rng.integers(len(labels), size=len(labels)) for _ in range(resamples))
    values = [statistic(probabilities[draw], labels[draw]) for draw in draws]
    low, high = np.quantile(values, (0.025, 0.975))
    return float(low), float(high)


def _log(probabilities):
    return np.log(np.maximum(probabilities.astype(np.float64), 1e-30))  # not of 0


def _confidence_and_right(probabilities, labels):
    """(n,) the probability of each predicted digit, and whether it is the true one."""
    probabilities = check_probabilities(probabilities)
    labels = check_labels(labels, len(probabilities))
    confidence = probabilities.max(axis=1).astype(np.float64)
    return confidence, probabilities.argmax(axis=1) == labels


def _fraction(part, whole):
    return np.divide(part, whole, out=np.full(len(part), np.nan), where=whole > 0)
