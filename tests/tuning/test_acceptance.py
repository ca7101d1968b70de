"""When to accept: chosen with the twin, on images that it has not learned from."""

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest

from digitlib.evaluation import fit_temperature
from digitlib.model import activations, forward, load_weights, softmax
from digitlib.preprocessing import preprocess
from digitlib.recognizer import detect
from digitlib.test_time import AUGMENTATION, scores
from digitlib.tuning import acceptance
from digitlib.tuning.acceptance import (
    ACCEPTANCE,
    choose_temperature,
    choose_threshold,
    fit_acceptance,
    fit_detector,
)


@pytest.fixture(scope="module")
def scaled(test_images, test_labels):
    """Fit and validation images, from none of which a network here has learned."""
    return test_images[:300], (test_images[2000:2200], test_labels[2000:2200])


@pytest.fixture(scope="module")
def sure(weights):
    """A network that is three times too sure of itself."""
    return weights.replace(kernel_3=3 * weights.kernel_3, bias_3=3 * weights.bias_3)


def fitted(digits, others, weights):
    return fit_detector(activations(digits, weights), activations(others, weights))


@pytest.fixture
def quick(monkeypatch):
    """Digits, and digits upside down, are what a detector learns from."""
    asked = []

    def made(images, n, seed, settings):
        asked.append((len(images), n, seed))
        return images, images[:, ::-1]

    monkeypatch.setattr(acceptance, "material", made)
    return asked


def test_the_temperature_is_fitted_where_there_is_something_to_mend(sure, scaled):
    images, labels = scaled[1]
    found = choose_temperature(sure, images, labels)
    expected = fit_temperature(forward(images, sure), labels)
    assert np.isclose(found, expected, atol=1e-4)
    assert 2 < found < 12
    assert round(found, 4) == found
    mended = sure.replace(kernel_3=sure.kernel_3 / found, bias_3=sure.bias_3 / found)
    assert repr(choose_temperature(mended, images, labels)) == "1.0"  # nothing to mend


def test_temperature_and_threshold_are_those_of_the_looks(
    sure, test_images, test_labels
):
    images, labels, zeros = test_images[:2000], test_labels[:2000], np.zeros(222)
    looks = replace(ACCEPTANCE, augmentation=AUGMENTATION)
    found = choose_temperature(sure, images, labels, looks)
    means = softmax(scores(images, sure, AUGMENTATION))
    assert np.isclose(found, fit_temperature(means, labels), atol=1e-4)
    assert found != choose_temperature(sure, images, labels)
    seen = np.array([preprocess(image) for image in images])
    trust = softmax(scores(seen, sure, AUGMENTATION) / found).max(axis=1) / 2
    threshold = choose_threshold(sure, zeros, found, images, looks)
    assert np.isclose(threshold, np.quantile(trust, 0.03), atol=1e-4)
    assert threshold != choose_threshold(sure, zeros, found, images)


@pytest.mark.parametrize("swapped", [False, True])
def test_the_twin_decides(quick, scaled, weights, sure, swapped):
    fit_images, validation = scaled
    own, twin = (sure, weights) if swapped else (weights, sure)
    detector, settings = fit_acceptance(own, twin, fit_images, validation, seed=4)
    assert quick == [(300, 7, 4)]
    assert sorted(settings) == ["temperature", "threshold"]
    temperatures = [choose_temperature(each, *validation) for each in (own, twin)]
    assert settings["temperature"] == temperatures[1]
    assert abs(temperatures[0] - temperatures[1]) > 1

    assert np.allclose(detector, fitted(fit_images, fit_images[:, ::-1], own))
    twins = fitted(fit_images, fit_images[:, ::-1], twin)
    passed = activations([preprocess(image) for image in validation[0]], twin)
    confidence = softmax(passed[2] / settings["temperature"]).max(axis=1)
    trust = confidence * detect(passed, twins)
    threshold = settings["threshold"]
    assert type(threshold) is float
    assert np.isclose(threshold, np.quantile(trust, 0.03), atol=1e-4)
    assert 0.97 - 2 / 200 <= np.mean(trust >= threshold) <= 0.97 + 2 / 200
    wrong = softmax(passed[2]).max(axis=1) * detect(passed, detector)
    assert not 0.966 <= np.mean(wrong >= threshold) <= 0.974


def test_what_a_detector_learns_from(scaled):
    images = scaled[0][:200]
    digits, others = found = acceptance.material(images, n=5, seed=3)
    assert digits.shape[1:] == others.shape[1:] == (28, 28)
    assert digits.dtype == others.dtype == np.float32
    for each in found:
        assert 0 <= each.min() <= each.max() <= 1
        assert each.any(axis=(1, 2)).all()  # blank sheets need no detector
    # 180 images and 10 photographs, all of them distorted, and as they are
    assert len(digits) == 2 * 190
    assert np.array_equal(digits[190:370], images[20:])
    assert not (digits[:190] == digits[190:]).all(axis=(1, 2)).any()
    thirds = np.split(others, 3)
    assert 25 < len(thirds[0]) <= 62
    for one, other in combinations(thirds, 2):
        assert not (one == other).all(axis=(1, 2)).any()
    assert all(map(np.array_equal, acceptance.material(images, n=5, seed=3), found))
    another, _ = acceptance.material(images, n=1, seed=4)
    assert not np.array_equal(another[:9], digits[:9])


def test_digits_are_digits_and_others_are_not(scaled):
    """The photographs show digits that the network reads; the others are others."""
    images = scaled[0]
    robust = load_weights("robust")
    digits, others = acceptance.material(images, n=15, seed=0)
    read = forward(digits[-30:], robust).argmax(axis=1)
    expected = forward(images[:30], robust).argmax(axis=1)
    assert np.mean(read == expected) >= 0.9
    detector = fitted(digits, others, robust)
    assert np.mean(detect(activations(digits, robust), detector) > 0.5) > 0.9
    assert np.mean(detect(activations(others, robust), detector) < 0.5) > 0.9


def test_the_detector_learns_from_more(quick, scaled, weights):
    fit_images, validation = scaled
    more = fit_images[:50, :, ::-1], np.rot90(fit_images[:70], axes=(1, 2))
    detector, _ = fit_acceptance(weights, weights, fit_images, validation, more=more)
    both = zip((fit_images, fit_images[:, ::-1]), more, strict=True)
    assert np.allclose(detector, fitted(*map(np.concatenate, both), weights))
    without, _ = fit_acceptance(weights, weights, fit_images, validation)
    assert not np.allclose(detector, without)


def test_at_least_40_images_are_enough(weights, scaled):
    detector, settings = fit_acceptance(weights, weights, scaled[0][:40], scaled[1])
    assert detector.shape == (222,)
    assert 0 <= settings["threshold"] <= 1


def test_fonts():
    names = [path.name for path in acceptance.fonts()]
    assert len(names) >= 8
    assert names == sorted(names)
    assert all(name.startswith("DejaVu") for name in names)
    assert not any("Display" in name for name in names)  # it holds few letters
    assert all(path.is_file() for path in acceptance.fonts())
