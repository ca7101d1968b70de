"""Test-time augmentation: a digit looked at from several sides.

What is read otherwise when it leans a little more was not read surely. So the network
is shown a digit as it is, turned and slanted, to one side and to the other, and the
mean of its answers counts (as over parts of a photograph: Krizhevsky, Sutskever and
Hinton 2012).
"""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from digitlib.model import activations, softmax


@dataclass(frozen=True)
class Augmentation:
    """How much a digit is moved, chosen on generated fields of validation digits."""

    turn: float = 8  #: degrees
    slant: float = 0.15  #: columns by which it leans, for each row


AUGMENTATION = Augmentation()  #: How much digits are moved, if nothing else is given.


def augmented(seen, settings=AUGMENTATION):
    """Return digits, (n, 28, 28), as they are, turned and slanted: (5, n, 28, 28). Both
    to one side, and to the other."""
    turn, sides = np.radians(settings.turn), [seen]
    for sign in (-1, 1):
        sine, cosine = sign * np.sin(turn), np.cos(turn)
        sides.append(_moved(seen, np.array([[cosine, sine], [-sine, cosine]])))
        sides.append(_moved(seen, np.array([[1, 0], [sign * settings.slant, 1]])))
    return np.stack(sides)


def _moved(seen, move):
    """Bring what is at ``move`` times a place, from the middle, to that place."""
    middle = (np.array(seen.shape[1:]) - 1) / 2
    matrix, offset = np.eye(3), np.zeros(3)
    matrix[1:, 1:], offset[1:] = move, middle - move @ middle
    return ndimage.affine_transform(seen, matrix, offset, order=1)


def mean_probabilities(recognizer, seen, settings=AUGMENTATION):
    """Ask a recognizer for the mean of its answers to digits, augmented. Of (n, 28, 28)
    float32 in [0, 1], it returns (n, 10) float32."""
    every = augmented(seen, settings)
    scores = activations(every.reshape(-1, 28, 28), recognizer.weights)[-1]
    answers = softmax(scores / recognizer.temperature)
    return answers.reshape(len(every), len(seen), 10).mean(axis=0).astype(np.float32)
