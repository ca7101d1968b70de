"""Test-time augmentation: a digit looked at from several sides.

What is read otherwise when it leans a little more was not read surely. So the network
is shown a digit as it is, turned and slanted, to one side and to the other; then all of
this again, with the slant of its writer taken out of it. The mean of the answers counts
(as over parts of a photograph: Krizhevsky, Sutskever and Hinton 2012).

Whether the page is tilted or the head is all the same: it is not the digits that are
turned and slanted, but once, and the other way, what the first layer looks for.
"""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from digitlib.model import activations, from_first, softmax


@dataclass(frozen=True)
class Augmentation:
    """How much a digit is moved: turned and slanted, chosen on generated fields of
    validation digits, and set upright, within a limit that was not varied."""

    turn: float = 8  #: degrees
    slant: float = 0.15  #: columns by which it leans, for each row
    upright: float = 1.0  #: the same: the most slant that `upright` takes out


AUGMENTATION = Augmentation()  #: How much digits are moved, if nothing else is given.


def recorded(provenance):
    """Return the `Augmentation` that weights are used with, or None."""
    settings = provenance.get("augmentation")
    return None if settings is None else Augmentation(**settings)


def moved(images, settings=AUGMENTATION):
    """Return images, (n, 28, 28), as they are, and turned and slanted to one side and
    to the other: (5, n, 28, 28)."""
    turn, slant, sides = np.radians(settings.turn), settings.slant, [images]
    for sign in (-1, 1):
        sine, cosine = sign * np.sin(turn), np.cos(turn)
        for move in ([cosine, sine], [-sine, cosine]), ([1, 0], [sign * slant, 1]):
            sides.append([_moved(image, move, (13.5, 13.5)) for image in images])
    return np.stack(sides)


def upright(seen, settings=AUGMENTATION):
    """Take out of digits, (n, 28, 28), the slant of which their second moments tell.

    Rows move sideways until, on the whole, ink further down is neither further left nor
    further right.
    """
    place, found = np.arange(28), []
    for image in seen:
        rows, columns = image.sum(axis=1), image.sum(axis=0)
        middle = np.array((rows @ place, columns @ place)) / max(rows.sum(), 1e-6)
        down, across = place - middle[0], place - middle[1]
        lean = down @ image @ across / max(rows @ down**2, 1e-6)
        lean = np.clip(lean, -settings.upright, settings.upright)
        found.append(_moved(image, ([1, 0], [lean, 1]), middle))
    return np.array(found)


def _moved(image, move, middle):
    """Bring what is at ``move`` times a place, from the middle, to that place."""
    offset = middle - np.array(move) @ middle
    return ndimage.affine_transform(image, move, offset, order=1)


def first_layers(weights, settings=AUGMENTATION):
    """Return the first layer's weights, (784, units), for digits as they are and for
    digits moved to four sides: (5, 784, units)."""
    looks_for = weights[0].T.reshape(-1, 28, 28)
    sides = moved(looks_for, settings).reshape(5, -1, 784)
    return np.ascontiguousarray(sides.transpose(0, 2, 1))


def mean_scores(seen, weights, layers, settings=AUGMENTATION):
    """Ask a network what digits are, (n, 28, 28), from ten sides each.

    With its `first_layers` for the same settings; returns logarithms of the means of
    its probabilities, (n, 10).
    """
    both = np.concatenate((seen, upright(seen, settings))).reshape(-1, 784)
    scores = (both @ layers + weights[1]).reshape(-1, len(weights[1]))
    answers = softmax(from_first(scores, weights)[-1]).reshape(-1, len(seen), 10)
    return np.log(answers.mean(axis=0).clip(np.finfo(np.float32).tiny))


def scores(seen, weights, settings):
    """The same for whoever asks once; with one look at each, if settings are None."""
    if settings is None:
        return activations(seen, weights)[-1]
    return mean_scores(seen, weights, first_layers(weights, settings), settings)
