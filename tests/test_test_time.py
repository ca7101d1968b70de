"""Test-time augmentation: what is shown, and what is made of the answers."""

from dataclasses import asdict

import numpy as np
import pytest
from scipy import special

from digitlib.model import forward, load_weights, save_weights
from digitlib.preprocessing import preprocess
from digitlib.recognizer import Recognizer
from digitlib.test_time import (
    AUGMENTATION,
    Augmentation,
    first_layers,
    moved,
    recorded,
    scores,
    upright,
)

BARS = np.zeros((2, 28, 28), np.float32)  # an upright one and a level one
BARS[0, 4:24, 13:15] = BARS[1, 13:15, 4:24] = 1


def lean(image):
    """By how many columns ink moves to the right from a row to the next."""
    rows, columns = np.nonzero(image > 0.5)
    return np.polyfit(rows, columns, 1)[0]


def slanted(slope):
    """The upright bar, at a slant."""
    return moved(BARS[:1], Augmentation(slant=slope))[2]


@pytest.fixture(scope="module")
def digits(mnist):
    return np.array([preprocess(image) for image in mnist[0][0][:300]])


@pytest.mark.parametrize("settings", [AUGMENTATION, Augmentation(turn=4, slant=0.25)])
def test_digits_are_turned_and_slanted_to_both_sides(settings):
    found = moved(BARS, settings)
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
    for side in (*moved(BARS), upright(slanted(0.3))):
        np.testing.assert_allclose(side.sum(axis=(1, 2)), 40, rtol=0.05)
        for image in side:
            place = np.argwhere(image) * image[image > 0][:, np.newaxis]
            np.testing.assert_allclose(place.sum(axis=0) / image.sum(), 13.5, atol=0.1)


@pytest.mark.parametrize("slope", [-0.6, -0.2, 0.0, 0.2, 0.6])
def test_slant_is_taken_out(slope):
    image = slanted(slope)
    assert abs(lean(image[0]) - slope) < 0.1
    assert abs(lean(upright(image)[0])) < 0.06
    kept = upright(image, Augmentation(upright=0.1))
    assert abs(abs(lean(kept[0])) - max(abs(slope) - 0.1, 0)) < 0.06
    assert (upright(BARS) == BARS).all()
    assert not upright(np.zeros((1, 28, 28), np.float32)).any()


def test_one_slant_is_as_good_as_another(digits):
    weights = load_weights()
    leaning = moved(digits, Augmentation(slant=0.4))[2]
    same = upright(leaning)
    changed = [abs(other - digits).mean() for other in (leaning, same)]
    assert changed[1] < 0.7 * changed[0]
    before, after = (forward(of, weights).argmax(axis=1) for of in (leaning, same))
    expected = forward(upright(digits), weights).argmax(axis=1)
    assert (after == expected).mean() > (before == expected).mean()


def test_the_first_layer_is_moved_instead_of_the_digits(digits):
    weights = load_weights()
    layers = first_layers(weights)
    assert (layers[0] == weights[0]).all()
    every = moved(digits)
    for side, layer in zip(every[[0, 3, 4, 1, 2]], layers, strict=True):  # as if back
        moved_digits = forward(side, weights)
        moved_weights = forward(digits, type(weights)((layer, *weights[1:])))
        assert abs(moved_digits - moved_weights).mean() < 0.004
        same = moved_digits.argmax(axis=1) == moved_weights.argmax(axis=1)
        assert same.mean() > 0.99


def by_hand(digits, weights, settings):
    """The mean of ten answers, or the only one."""
    layers, both = [weights[0]], [digits]
    if settings is not None:
        layers = first_layers(weights, settings)
        both.append(upright(digits, settings))
    answers = [forward(of, [each, *weights[1:]]) for of in both for each in layers]
    assert len(answers) == (1 if settings is None else 10)
    return np.mean(answers, axis=0)


ALL = [None, AUGMENTATION, Augmentation(turn=20, slant=0.4, upright=0.05)]


@pytest.mark.parametrize("settings", ALL, ids=["none", "usual", "other"])
def test_answers_are_the_mean_over_all_sides(digits, settings):
    weights = load_weights()
    found = scores(digits, weights, settings)
    assert found.shape == (len(digits), 10)
    expected = by_hand(digits, weights, settings)
    np.testing.assert_allclose(special.softmax(found, axis=1), expected, atol=1e-6)
    for other in ALL:
        if other is not settings:
            assert abs(by_hand(digits, weights, other) - expected).max() > 0.1
    strong = type(weights)(100 * array for array in weights)  # nothing is ever 0
    assert np.isfinite(scores(digits, strong, settings)).all()


def test_the_limit_of_what_is_set_upright_counts(digits):
    weights = load_weights()
    free, bound = (
        scores(digits, weights, Augmentation(upright=most)) for most in (1.0, 0.05)
    )
    assert abs(np.exp(free) - np.exp(bound)).max() > 0.1


@pytest.mark.parametrize("settings", ALL, ids=["none", "usual", "other"])
def test_a_recognizer_looks_as_its_weights_say(digits, tmp_path, settings):
    weights = load_weights()
    known = {} if settings is None else {"augmentation": asdict(settings)}
    save_weights(tmp_path / "some.npz", weights, temperature=1.5, **known)
    recognizer = Recognizer(tmp_path / "some.npz", preprocess=lambda seen: seen)
    assert recognizer.augmentation == settings == recorded(known)

    def cooler(probabilities):
        return special.softmax(np.log(probabilities) / 1.5, axis=1)

    expected = cooler(by_hand(digits, weights, settings))
    for seen, said in zip(digits, expected, strict=True):
        found = recognizer.predict(seen)
        np.testing.assert_allclose(found.probabilities, said, atol=1e-5)
    means = recognizer.mean_probabilities(digits)
    expected = cooler(by_hand(digits, weights, settings or AUGMENTATION))
    np.testing.assert_allclose(means, expected, atol=1e-5)
    assert means.dtype == np.float32
