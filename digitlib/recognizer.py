"""The network in use: an image in, a digit out."""

from dataclasses import dataclass
import os

import numpy as np
from PIL import Image

from digitlib.checks import check_weights
from digitlib.errors import DigitlibError
from digitlib.model import forward, load_weights
from digitlib.preprocessing import resize_only


@dataclass(frozen=True, eq=False)
class Prediction:
    """What `Recognizer` says of one image."""

    digit: int | None
    """0 to 9; None only where there is no ink."""
    confidence: float
    """The probability of ``digit``, 0 to 1."""
    probabilities: np.ndarray
    """(10,) float32, of each digit; all equal where there is no ink."""
    accepted: bool
    """Whether the digit may be used; False only where there is no ink."""
    reason: str | None
    """None when accepted, else why not: ``"no ink"``."""


class Recognizer:
    """Reads single digits.

    Parameters
    ----------
    weights : str, os.PathLike or six arrays
        What `digitlib.model.load_weights` takes, or the weights themselves, such as
        ``model.get_weights()``.
    preprocess : callable
        From an image to (28, 28) float32 in [0, 1]. It is always applied, whatever
        the size of the image.

    Raises
    ------
    DigitlibError
        If the weights cannot be used.
    """

    def __init__(self, weights="plain", preprocess=resize_only):
        given = isinstance(weights, (tuple, list))
        self.weights = check_weights(weights if given else load_weights(weights))
        if not all(np.isfinite(array).all() for array in self.weights):
            raise DigitlibError("weights: not finite; train again, more slowly")
        self.preprocess = preprocess

    def predict(self, image):
        """Read one image.

        Parameters
        ----------
        image : path, bytes, file object, PIL.Image.Image or array
            As for `digitlib.preprocessing.load_image`.

        Returns
        -------
        Prediction

        Raises
        ------
        DigitlibError
            If it is not an image, or cannot be read.
        """
        seen = self.preprocess(image)
        if seen.min() == seen.max():  # one grey everywhere
            nothing = np.full(10, 0.1, dtype=np.float32)
            return Prediction(None, 0.0, nothing, accepted=False, reason="no ink")
        probabilities = forward(seen[np.newaxis], self.weights)[0]
        digit = int(probabilities.argmax())
        confidence = float(probabilities[digit])
        return Prediction(digit, confidence, probabilities, accepted=True, reason=None)

    def predict_many(self, images):
        """Read images one after another, and go on past a bad one.

        Parameters
        ----------
        images : iterable
            Of whatever `predict` takes.

        Yields
        ------
        Prediction or DigitlibError
            One for each image, in order; for an image that cannot be read, the error
            itself.

        Raises
        ------
        DigitlibError
            If ``images`` is a single image instead of many.
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
