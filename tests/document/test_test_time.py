import numpy as np
import pytest

from digitlib.document.test_time import SLANT, TURN, augmented, mean_probabilities
from digitlib.model import forward
from digitlib.recognizer import Recognizer


@pytest.fixture(scope="module")
def recognizer():
    return Recognizer()


@pytest.fixture(scope="module")
def bars():
    """An upright bar and a level one."""
    found = np.zeros((2, 28, 28), np.float32)
    found[0, 4:24, 13:15] = 1
    found[1, 13:15, 4:24] = 1
    return found


def lean(image):
    """By how many columns ink moves to the right from a row to the next."""
    rows, columns = np.nonzero(image > 0.5)
    return np.polyfit(rows, columns, 1)[0]


def test_views_are_turned_and_slanted_to_both_sides(bars):
    found = augmented(bars)
    assert found.shape == (5, 2, 28, 28)
    assert found.min() >= 0
    assert found.max() <= 1
    assert (found[0] == bars).all()
    turn = np.tan(np.radians(TURN))
    leans = [lean(view[0]) for view in found]
    np.testing.assert_allclose(np.abs(leans), [0, turn, SLANT, turn, SLANT], atol=0.02)
    assert np.sign(leans[1:3]).tolist() == (-np.sign(leans[3:])).tolist()


def test_slanted_rows_stay_rows(bars):
    for view in augmented(bars)[[2, 4], 1]:
        assert set(np.nonzero(view > 0.01)[0]) == {13, 14}


def test_ink_keeps_its_place_and_amount(bars):
    for view in augmented(bars):
        np.testing.assert_allclose(view.sum(axis=(1, 2)), 40, rtol=0.05)
        for image in view:
            place = np.argwhere(image) * image[image > 0][:, np.newaxis]
            np.testing.assert_allclose(place.sum(axis=0) / image.sum(), 13.5, atol=0.1)


def test_answers_are_the_mean_over_views(bars, recognizer):
    found = mean_probabilities(recognizer, bars)
    each = [forward(view, recognizer.weights) for view in augmented(bars)]
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, np.mean(each, axis=0), atol=1e-6)
    np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-5)


def test_a_temperature_counts(bars, recognizer):
    class Warm:
        weights, temperature = recognizer.weights, 10.0

    warm, usual = mean_probabilities(Warm, bars), mean_probabilities(recognizer, bars)
    assert (warm.max(axis=1) < usual.max(axis=1)).all()
