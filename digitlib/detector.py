"""The detector: is this a digit at all?

The network must answer 0 to 9, whatever it is shown. But a letter or two digits leave
other traces in its layers than a digit does, and a logistic regression on these can
tell them apart: 222 numbers more, and the network stays as it is. A linear classifier
on the layers of a trained network is called a probe (Alain and Bengio 2017); to let
it learn from examples of what it should refuse, outlier exposure (Hendrycks, Mazeika
and Dietterich 2019).
"""

import numpy as np

from digitlib.errors import DigitlibError
from digitlib.model import softmax

REGULARIZATION = 0.1  # scikit-learn's C: the smaller, the smaller the weights


def traces(layers):
    """Collect what the network computed on the way to its answer.

    Parameters
    ----------
    layers : three numpy.ndarray, shapes (n, 100), (n, 100), (n, 10)
        What `digitlib.model.layers` returns.

    Returns
    -------
    numpy.ndarray, shape (n, 221), float32
        All of it, the ten probabilities, and the logarithm of the sum of which they
        are parts: it is large where any digit's score is (the energy of Liu, Wang,
        Owens and Li 2020).
    """
    scores = layers[-1]
    largest = scores.max(axis=1, keepdims=True)
    energy = largest + np.log(np.exp(scores - largest).sum(axis=1, keepdims=True))
    return np.concatenate((*layers, softmax(scores), energy), axis=1)


def detect(layers, detector):
    """Compute the probability that each image shows one digit.

    Parameters
    ----------
    layers : three numpy.ndarray, shapes (n, 100), (n, 100), (n, 10)
        What `digitlib.model.layers` returns.
    detector : numpy.ndarray, shape (222,)
        A weight for each of their `traces` and, at the end, the bias.

    Returns
    -------
    numpy.ndarray, shape (n,), float32, in [0, 1]
    """
    score = traces(layers) @ detector[:-1] + detector[-1]
    return (1 / (1 + np.exp(-score.clip(-50, 50)))).astype(np.float32)


def fit_detector(digits, others):
    """Fit a detector by logistic regression; both kinds count the same.

    Parameters
    ----------
    digits, others : three numpy.ndarray, shapes (n, 100), (n, 100), (n, 10)
        What `digitlib.model.layers` returns for images of digits, and for images of
        anything else.

    Returns
    -------
    numpy.ndarray, shape (222,), float32

    Raises
    ------
    DigitlibError
        If there are fewer than ten of either kind.
    """
    from sklearn.linear_model import LogisticRegression

    fewest = min(len(digits[0]), len(others[0]))
    if fewest < 10:
        raise DigitlibError(f"{fewest} images of a kind, but at least 10 are needed")
    inputs = np.concatenate((traces(digits), traces(others)))
    labels = np.repeat([1, 0], [len(digits[0]), len(others[0])])
    mean, size = inputs.mean(axis=0), inputs.std(axis=0) + 1e-3
    model = LogisticRegression(C=REGULARIZATION, max_iter=500, class_weight="balanced")
    model.fit((inputs - mean) / size, labels)
    weights = model.coef_[0] / size
    return np.append(weights, model.intercept_ - weights @ mean).astype(np.float32)
