"""When to accept: chosen with the twin, on images that it has not learned from."""

import numpy as np
import pytest

from digitlib.evaluation import fit_temperature
from digitlib.model import activations, forward, load_weights, softmax
from digitlib.preprocessing import preprocess
from digitlib.recognizer import detect
from digitlib.tuning import acceptance
from digitlib.tuning.acceptance import (
    choose_temperature,
    fit_acceptance,
    fit_detector,
    fonts,
    material,
)


@pytest.fixture(scope="module")
def scaled(test_images, test_labels):
    """Fit and validation images, from none of which a network here has learned."""
    return test_images[:300], (test_images[2000:2200], test_labels[2000:2200])


@pytest.fixture(scope="module")
def sure(weights):
    """A network that is three times too sure of itself."""
    return weights.replace(kernel_3=3 * weights.kernel_3, bias_3=3 * weights.bias_3)


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
    validation = scaled[1]
    expected = fit_temperature(forward(validation[0], sure), validation[1])
    found = choose_temperature(sure, *validation)
    assert np.isclose(found, expected, atol=1e-4)
    assert 2 < found < 12
    assert round(found, 4) == found


def test_the_temperature_is_1_where_nothing_can_be_told(sure, weights, scaled):
    images, labels = scaled[1]
    fitted = choose_temperature(sure, images, labels)
    mended = sure.replace(kernel_3=sure.kernel_3 / fitted, bias_3=sure.bias_3 / fitted)
    assert choose_temperature(mended, images, labels) == 1.0
    assert type(choose_temperature(mended, images, labels)) is float


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

    digits, others = fit_images, fit_images[:, ::-1]
    expected = fit_detector(activations(digits, own), activations(others, own))
    assert np.allclose(detector, expected)

    twins = fit_detector(activations(digits, twin), activations(others, twin))
    passed = activations([preprocess(image) for image in validation[0]], twin)
    confidence = softmax(passed[2] / settings["temperature"]).max(axis=1)
    trust = confidence * detect(passed, twins)
    assert type(settings["threshold"]) is float
    assert np.isclose(settings["threshold"], np.quantile(trust, 0.03), atol=1e-4)
    assert 0.97 - 2 / 200 <= np.mean(trust >= settings["threshold"]) <= 0.97 + 2 / 200
    wrong = softmax(passed[2]).max(axis=1) * detect(passed, detector)
    assert not 0.966 <= np.mean(wrong >= settings["threshold"]) <= 0.974


def test_what_a_detector_learns_from(scaled):
    images = scaled[0][:200]
    digits, others = material(images, n=5, seed=3)
    assert digits.shape[1:] == others.shape[1:] == (28, 28)
    assert digits.dtype == others.dtype == np.float32
    for each in (digits, others):
        assert each.min() >= 0
        assert each.max() <= 1
        assert each.any(axis=(1, 2)).all()  # blank sheets need no detector
    # 180 images and 10 photographs, all of them distorted, and as they are
    assert len(digits) == 2 * 190
    assert np.array_equal(digits[190:370], images[20:])
    assert not (digits[:190] == digits[190:]).all(axis=(1, 2)).any()
    assert len(others) % 3 == 0
    assert 3 * 25 < len(others) <= 3 * 62
    third = len(others) // 3
    assert not (others[:third] == others[third:-third]).all(axis=(1, 2)).any()
    assert not (others[:third] == others[-third:]).all(axis=(1, 2)).any()
    assert not (others[third:-third] == others[-third:]).all(axis=(1, 2)).any()
    again = material(images, n=5, seed=3)
    assert np.array_equal(again[0], digits)
    assert np.array_equal(again[1], others)
    assert not np.array_equal(material(images, n=1, seed=4)[0][:9], digits[:9])


def test_digits_are_digits_and_others_are_not(scaled):
    """The photographs show digits that the network reads; the others are others."""
    images = scaled[0]
    robust = load_weights("robust")
    digits, others = material(images, n=15, seed=0)
    photographed = digits[-30:]
    read = forward(photographed, robust).argmax(axis=1)
    expected = forward(images[:30], robust).argmax(axis=1)
    assert np.mean(read == expected) >= 0.9
    detector = fit_detector(activations(digits, robust), activations(others, robust))
    assert np.mean(detect(activations(digits, robust), detector) > 0.5) > 0.9
    assert np.mean(detect(activations(others, robust), detector) < 0.5) > 0.9


def test_the_detector_learns_from_more(quick, scaled, weights):
    fit_images, validation = scaled
    more = fit_images[:50, :, ::-1], np.rot90(fit_images[:70], axes=(1, 2))
    detector, _ = fit_acceptance(weights, weights, fit_images, validation, more=more)
    both = zip((fit_images, fit_images[:, ::-1]), more, strict=True)
    digits, others = (np.concatenate(pair) for pair in both)
    expected = fit_detector(activations(digits, weights), activations(others, weights))
    assert np.allclose(detector, expected)
    without, _ = fit_acceptance(weights, weights, fit_images, validation)
    assert not np.allclose(detector, without)


def test_at_least_40_images_are_enough(weights, scaled):
    detector, settings = fit_acceptance(weights, weights, scaled[0][:40], scaled[1])
    assert detector.shape == (222,)
    assert 0 <= settings["threshold"] <= 1


def test_fonts():
    names = [path.name for path in fonts()]
    assert len(names) >= 8
    assert names == sorted(names)
    assert all(name.startswith("DejaVu") for name in names)
    assert not any("Display" in name for name in names)  # it holds few letters
    assert not {"cmr10.ttf", "STIXGeneral.ttf"} & set(names)
    assert all(path.is_file() for path in fonts())
