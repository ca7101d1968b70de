"""Test-time augmentation: what is shown, and what is made of the answers."""

from types import SimpleNamespace

import numpy as np
import pytest

from digitlib.document.test_time import (
    AUGMENTATION,
    Augmentation,
    augmented,
    mean_probabilities,
)
from digitlib.model import forward
from digitlib.recognizer import Recognizer

BARS = np.zeros((2, 28, 28), np.float32)  # an upright one and a level one
BARS[0, 4:24, 13:15] = BARS[1, 13:15, 4:24] = 1


def lean(image):
    """By how many columns ink moves to the right from a row to the next."""
    rows, columns = np.nonzero(image > 0.5)
    return np.polyfit(rows, columns, 1)[0]


@pytest.mark.parametrize("settings", [AUGMENTATION, Augmentation(turn=4, slant=0.25)])
def test_digits_are_turned_and_slanted_to_both_sides(settings):
    found = augmented(BARS, settings)
    assert found.shape == (5, 2, 28, 28)
    assert found.min() >= 0
    assert found.max() <= 1
    assert (found[0] == BARS).all()
    turn, slant = np.tan(np.radians(settings.turn)), settings.slant
    leans = [lean(side[0]) for side in found]
    np.testing.assert_allclose(np.abs(leans), [0, turn, slant, turn, slant], atol=0.03)
    assert np.sign(leans[1:3]).tolist() == (-np.sign(leans[3:])).tolist()
    for side in found[[2, 4], 1]:  # slanted rows stay rows
        assert set(np.nonzero(side > 0.01)[0]) == {13, 14}


def test_ink_keeps_its_place_and_amount():
    for side in augmented(BARS):
        np.testing.assert_allclose(side.sum(axis=(1, 2)), 40, rtol=0.05)
        for image in side:
            place = np.argwhere(image) * image[image > 0][:, np.newaxis]
            np.testing.assert_allclose(place.sum(axis=0) / image.sum(), 13.5, atol=0.1)


def test_answers_are_the_mean_over_all_sides_and_a_temperature_counts():
    weights = Recognizer().weights
    found = [
        mean_probabilities(SimpleNamespace(weights=weights, temperature=t), BARS)
        for t in (1.0, 10.0)
    ]
    each = [forward(side, weights) for side in augmented(BARS)]
    assert found[0].dtype == np.float32
    np.testing.assert_allclose(found[0], np.mean(each, axis=0), atol=1e-6)
    np.testing.assert_allclose(found[0].sum(axis=1), 1, atol=1e-5)
    assert (found[1].max(axis=1) < found[0].max(axis=1)).all()
