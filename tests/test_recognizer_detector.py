"""The detector: its formula against SciPy and scikit-learn."""

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
import numpy as np
import pytest
from scipy import special
from sklearn.linear_model import LogisticRegression

from digitlib.errors import DigitlibError
from digitlib.model import activations, load_trained
from digitlib.recognizer import detect, traces
from digitlib.tuning.acceptance import fit_detector


def some(n, rng, largest=10):
    """What the layers of a network may pass on."""
    hidden = [largest * rng.random((n, 100), np.float32) for _ in range(2)]
    return *hidden, rng.normal(0, largest, (n, 10)).astype(np.float32)


@pytest.fixture(scope="module")
def passed(test_images, weights):
    """Of 600 digits, and of as many that are upside down, or half of another."""
    images = test_images[:600]
    others = np.concatenate((images[:300, ::-1], images[300:].copy()))
    others[300:, 14:] = images[:300, 14:]
    return activations(images, weights), activations(others, weights)


def test_traces(passed):
    found = traces(passed[0])
    assert (found.shape, found.dtype) == ((600, 221), np.float32)
    assert np.array_equal(found[:, :210], np.hstack(passed[0]))
    softmax = special.softmax(passed[0][2], axis=1)
    assert np.allclose(found[:, 210:220], softmax, atol=1e-6)


@given(arrays(np.float32, (3, 10), elements=st.floats(-1e6, 1e6, width=32)))
def test_the_energy_is_scipys_at_any_size(scores):
    hidden = np.zeros((3, 100), np.float32)
    found = traces((hidden, hidden, scores))
    assert np.isfinite(found).all()
    expected = special.logsumexp(scores.astype(float), axis=1)
    assert np.allclose(found[:, 220], expected, rtol=1e-6, atol=1e-6)


def by_scikit_learn(digits, others):
    """The same regression by scikit-learn alone, on traces put together anew."""

    def inputs(passed):
        scores = passed[2]
        energy = special.logsumexp(scores, axis=1, keepdims=True)
        return np.hstack([*passed, special.softmax(scores, axis=1), energy])

    x = np.vstack([inputs(digits), inputs(others)])
    y = np.append(np.ones(len(digits[0])), np.zeros(len(others[0])))
    mean, size = x.mean(axis=0), x.std(axis=0) + 1e-3
    model = LogisticRegression(C=0.1, max_iter=500, class_weight="balanced")
    model.fit((x - mean) / size, y)
    return lambda passed: model.predict_proba((inputs(passed) - mean) / size)[:, 1]


def test_it_is_scikit_learns_regression(passed):
    few = [array[:200] for array in passed[1]]
    detector = fit_detector(passed[0], few)
    assert (detector.shape, detector.dtype) == ((222,), np.float32)
    expected = by_scikit_learn(passed[0], few)
    for each in passed:
        found = detect(each, detector)
        assert (found.shape, found.dtype) == ((600,), np.float32)
        assert np.allclose(found, expected(each), atol=2e-3)


def test_it_tells_digits_from_others(passed):
    digits, others = ([array[:500] for array in each] for each in passed)
    detector = fit_detector(digits, others)
    new_digits, new_others = (
        detect([array[500:] for array in each], detector) for each in passed
    )
    # Many a digit remains one when it is upside down.
    assert (new_digits > 0.5).mean() > 0.7
    assert (new_others < 0.5).mean() > 0.7


def test_both_kinds_count_the_same(passed):
    """Of one kind there is a tenth as many, and it is found as often."""
    few = [array[::10] for array in passed[1]]
    detector = fit_detector(passed[0], few)
    assert (detect(passed[0], detector) > 0.5).mean() > 0.85
    assert (detect(few, detector) < 0.5).mean() > 0.85
    assert np.array_equal(fit_detector(passed[0], few), detector)


@pytest.mark.parametrize("largest", [1, 1e3, 1e8])
@pytest.mark.filterwarnings("error")
def test_no_score_is_too_large(largest):
    rng = np.random.default_rng(0)
    passed = some(20, rng, largest)
    detector = rng.normal(size=222).astype(np.float32)
    found = detect(passed, detector)
    assert ((found >= 0) & (found <= 1)).all()
    score = traces(passed) @ detector[:-1] + detector[-1]
    assert np.allclose(found, special.expit(score.clip(-50, 50)), atol=1e-6)


def test_the_bias_alone():
    passed = some(3, np.random.default_rng(0))
    for bias in (-3, 0, 2):
        detector = np.append(np.zeros(221), bias)
        assert np.allclose(detect(passed, detector), special.expit(bias))


@pytest.mark.parametrize(("n_digits", "n_others"), [(9, 20), (20, 9), (0, 20)])
def test_too_few_of_a_kind(n_digits, n_others):
    rng = np.random.default_rng(0)
    with pytest.raises(DigitlibError, match="at least 10 are needed") as error:
        fit_detector(some(n_digits, rng), some(n_others, rng))
    assert str(error.value).startswith(f"{min(n_digits, n_others)} images of a kind")
    assert fit_detector(some(10, rng), some(10, rng)).shape == (222,)


@pytest.mark.parametrize("name", ["robust", "hands"])
def test_the_shipped_detector(name, test_images, test_labels):
    trained = load_trained(name)
    detector, weights = trained.detector, trained.weights
    assert load_trained("plain").detector is None
    images = test_images[:2000]
    upright = detect(activations(images, weights), detector)
    assert np.mean(upright > 0.5) > 0.95
    turned = np.isin(test_labels[:2000], (2, 3, 4, 7))  # no digits when upside down
    upside_down = detect(activations(images[turned, ::-1], weights), detector)
    assert np.mean(upside_down) < np.mean(upright) - 0.2
