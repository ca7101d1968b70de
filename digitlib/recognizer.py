"""The network in use: an image in, a digit out, or the reason why not."""

from dataclasses import dataclass
from functools import cached_property
import os

import numpy as np
from PIL import Image
from scipy import special

from digitlib._internal.checks import check_weights
from digitlib.errors import DigitlibError
from digitlib.imaging.components import Components
from digitlib.model import Trained, activations, load_trained, softmax
from digitlib.preprocessing import FRAMING, cropped, preprocess
from digitlib.test_time import AUGMENTATION, first_layers, mean_scores, recorded


@dataclass(frozen=True, eq=False)
class Prediction:
    """What `Recognizer` says of one image."""

    digit: int | None
    """0 to 9, the best guess; None only where there is no ink."""
    confidence: float
    """The probability of ``digit``, given that it is one; 0 to 1."""
    probabilities: np.ndarray
    """(10,) float32, of each digit; all equal where there is no ink."""
    accepted: bool
    """Whether the digit may be used."""
    reason: str | None
    """Why not, as ``"no ink"``, ``"not one digit"``, ``"not a digit"`` or ``"unsure"``;
    None when accepted."""
    is_digit: float
    """The probability that the image shows one digit at all, 0 to 1."""
    seen: np.ndarray
    """(28, 28) float32 in [0, 1], the image that the network was given."""

    @property
    def trust(self):
        """What is compared with the threshold, `confidence` times `is_digit`."""
        return self.confidence * self.is_digit


class Recognizer:
    """Reads single digits.

    Parameters
    ----------
    weights : str, os.PathLike, Weights or list of arrays
        What `digitlib.model.load_trained` takes, or ``model.get_weights()``.
    preprocess : callable
        From an image of any size to (28, 28) float32 in [0, 1].

    Attributes
    ----------
    threshold : float
        A reading is accepted if its `Prediction.trust` is at least as large. Comes
        with the weights; 0 where they have none.
    augmentation : digitlib.test_time.Augmentation or None
        From which sides `predict` looks at a digit. Comes with the weights; None, as it
        is and no more, where they have none.
    """

    def __init__(self, weights="hands", preprocess=preprocess):
        given = isinstance(weights, (tuple, list))
        trained = Trained(weights, {}, None) if given else load_trained(weights)
        self.weights = check_weights(trained.weights)
        if not all(np.isfinite(array).all() for array in self.weights):
            raise DigitlibError("weights: not finite; train again, more slowly")
        self.temperature = trained.provenance.get("temperature", 1.0)
        self.threshold = trained.provenance.get("threshold", 0.0)
        self.augmentation = recorded(trained.provenance)
        self._sides = self.augmentation or AUGMENTATION
        self.detector = trained.detector
        self.preprocess = preprocess

    @cached_property
    def _layers(self):
        return first_layers(self.weights, self._sides)

    def mean_probabilities(self, seen):
        """Say what digits, (n, 28, 28) float32 in [0, 1], are, seen from all sides even
        where ``augmentation`` is None: (n, 10) float32."""
        scores = mean_scores(seen, self.weights, self._layers, self._sides)
        return softmax(scores / self.temperature).astype(np.float32)

    def predict(self, image):
        """Read one image.

        Parameters
        ----------
        image
            Whatever `digitlib.imaging.loading.load_image` takes.

        Returns
        -------
        Prediction
        """
        seen = self.preprocess(image)
        if seen.min() == seen.max():  # one grey everywhere
            nothing = np.full(10, 0.1, dtype=np.float32)
            return Prediction(None, 0.0, nothing, False, "no ink", 0.0, seen)
        passed = activations(seen[np.newaxis], self.weights)
        if self.augmentation is None:
            probabilities = softmax(passed[-1] / self.temperature)[0].astype(np.float32)
        else:
            probabilities = self.mean_probabilities(seen[np.newaxis])[0]
        digit = int(probabilities.argmax())
        confidence = float(probabilities[digit])
        found = self.detector
        is_digit = 1.0 if found is None else float(detect(passed, found)[0])
        accepted = confidence * is_digit >= self.threshold
        reason = None
        if not accepted and confidence <= is_digit:
            reason = "unsure"
        elif not accepted:
            reason = "not one digit" if several(seen) else "not a digit"
        return Prediction(
            digit, confidence, probabilities, accepted, reason, is_digit, seen
        )

    def predict_many(self, images):
        """Read images one after another, and go on past a bad one.

        Parameters
        ----------
        images : iterable
            Of whatever `predict` takes.

        Yields
        ------
        Prediction or DigitlibError
            In order; for an image that cannot be read, the error itself.
        """
        single = isinstance(images, (str, bytes, os.PathLike, Image.Image))
        if single or not hasattr(images, "__iter__"):
            raise DigitlibError(
                f"images: a single {type(images).__name__}; give a list, or use predict"
            )
        for image in images:
            try:
                yield self.predict(image)
            except DigitlibError as error:
                yield error


def several(seen, *, ink=0.5, aspect=1.3, smallest=10):
    """Tell whether (28, 28) looks like two digits, side by side or one too wide.

    Pixels above ``ink`` are ink. No digit is wider than ``aspect`` times its height;
    what is no wider than ``smallest`` pixels is not judged by that.
    """
    found = Components(seen > ink)
    large = found.area >= FRAMING.piece * found.area.max(initial=0)
    order = np.argsort(found.left[large])
    left, right = found.left[large][order], found.right[large][order]
    apart = (left[1:] >= np.maximum.accumulate(right)[:-1]).any()
    height, width = cropped(seen).shape
    return bool(apart or width > aspect * height > smallest)


def traces(activations):
    """Collect what the network computed on the way to its answer.

    From `digitlib.model.activations`: all of it, the ten probabilities, and the
    logarithm of the sum of which they are parts. That is large where any digit's score
    is (the energy of Liu, Wang, Owens and Li 2020).
    """
    scores = activations[-1]
    largest = scores.max(axis=1, keepdims=True)
    energy = largest + np.log(np.exp(scores - largest).sum(axis=1, keepdims=True))
    return np.concatenate((*activations, softmax(scores), energy), axis=1)


def detect(activations, detector):
    """Compute the probability, (n,) float32, that each image shows one digit.

    This detects what is out of distribution. From `digitlib.model.activations`; the
    detector, (k,), has a weight for each of their `traces` and, at the end, the bias.
    """
    score = traces(activations) @ detector[:-1] + detector[-1]
    return special.expit(score).astype(np.float32, copy=False)
