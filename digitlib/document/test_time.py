"""Test-time augmentation: a digit looked at from several sides.

What is read otherwise when it leans a little more was not read surely. So the network
is shown a digit as it is, turned and slanted, to one side and to the other, and the
mean of its answers counts (as over parts of a photograph: Krizhevsky, Sutskever and
Hinton 2012).
"""

import numpy as np
from scipy import ndimage

from digitlib.model import activations, softmax

TURN = 8  # degrees
SLANT = 0.15  # columns by which it leans, for each row


def augmented(seen):
    """Turn and slant digits a little.

    Parameters
    ----------
    seen : numpy.ndarray, shape (n, 28, 28), float32, in [0, 1]

    Returns
    -------
    numpy.ndarray, shape (5, n, 28, 28), float32, in [0, 1]
        As they are, turned to one side and the other, and slanted likewise.
    """
    sine, cosine = np.sin(np.radians(TURN)), np.cos(np.radians(TURN))
    moves = [
        np.array(move)
        for sign in (-1, 1)
        for move in (
            [[cosine, sign * sine], [-sign * sine, cosine]],
            [[1, 0], [sign * SLANT, 1]],
        )
    ]
    return np.stack([seen, *(_moved(seen, move) for move in moves)])


def _moved(seen, move):
    """Bring what is at ``move`` times a place, from the middle, to that place."""
    middle = (np.array(seen.shape[1:]) - 1) / 2
    matrix, offset = np.eye(3), np.zeros(3)
    matrix[1:, 1:], offset[1:] = move, middle - move @ middle
    return ndimage.affine_transform(seen, matrix, offset, order=1)


def mean_probabilities(recognizer, seen):
    """Ask a recognizer for the mean of its answers to it as it is, turned and slanted.

    Parameters
    ----------
    recognizer : digitlib.recognizer.Recognizer
    seen : numpy.ndarray, shape (n, 28, 28), float32, in [0, 1]

    Returns
    -------
    numpy.ndarray, shape (n, 10), float32
    """
    every = augmented(seen)
    scores = activations(every.reshape(-1, 28, 28), recognizer.weights)[-1]
    answers = softmax(scores / recognizer.temperature)
    return answers.reshape(len(every), len(seen), 10).mean(axis=0).astype(np.float32)
