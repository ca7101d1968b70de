"""The checks at the door: what passes comes back unchanged."""

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
import numpy as np
import pytest

from digitlib._internal.checks import (
    check_count,
    check_images,
    check_labels,
    check_path,
    check_probabilities,
    check_weights,
)
from digitlib.errors import DigitlibError

shapes = st.tuples(st.integers(1, 3), st.just(28), st.just(28))


@given(arrays(np.float64, shapes, elements=st.floats(0, 1)))
def test_images_that_pass(images):
    checked = check_images(images)
    assert checked.dtype == np.float32
    assert np.allclose(checked, images)


def test_float32_is_not_copied():
    images = np.zeros((2, 28, 28), np.float32)
    assert check_images(images) is images


@given(arrays(np.float32, shapes, elements=st.floats(width=32)))
def test_only_numbers_from_0_to_1_pass(images):
    if ((images >= 0) & (images <= 1)).all():
        assert np.array_equal(check_images(images), images)
    else:
        with pytest.raises(DigitlibError, match=r"^mine: values [^\n]*$"):
            check_images(images, "mine")


@given(st.lists(st.integers(-3, 12), min_size=1, max_size=5))
def test_only_digits_pass_as_labels(labels):
    if all(0 <= label <= 9 for label in labels):
        assert check_labels(labels, len(labels)).tolist() == labels
    else:
        with pytest.raises(DigitlibError, match="labels: values from"):
            check_labels(labels, len(labels))


@given(arrays(np.float64, (3, 10), elements=st.floats(0.01, 1)))
def test_only_distributions_pass_as_probabilities(values):
    distributions = values / values.sum(axis=1, keepdims=True)
    assert np.array_equal(check_probabilities(distributions), distributions)
    distributions[1, 1] += 0.01
    with pytest.raises(DigitlibError, match="sum to 1"):
        check_probabilities(distributions)


def test_weights_must_fit_each_other(weights):
    assert check_weights(weights) is weights
    without_second = (*weights[:2], *weights[4:])
    assert check_weights(without_second) is without_second
    for wrong, message in (
        (weights[:5], "mine: 5 arrays, but a"),
        ((), "mine: 0 arrays, but a"),
        ((weights[0].T, *weights[1:]), "does not fit 784 inputs"),
        ((*weights[:3], weights[5], *weights[4:]), "does not fit 100 inputs"),
        ((*weights[:4], weights[4][:, :9], weights[5][:9]), "9 outputs"),
    ):
        with pytest.raises(DigitlibError, match=message):
            check_weights(wrong, "mine")


@pytest.mark.parametrize("value", [0, 11, -1, 2.0, float("nan"), True, "3", None, [3],
                                   np.zeros((2, 2))])  # fmt: skip
def test_counts_out_of_range(value):
    with pytest.raises(DigitlibError, match=r"^n: [^\n]* from 1 to 10 is needed$"):
        check_count("n", value, 1, 10)


@pytest.mark.parametrize("value", [1, 10, np.int64(7), np.uint8(3)])
def test_counts_that_pass(value):
    assert check_count("n", value, 1, 10) == value


@pytest.mark.parametrize("path", [None, 7, b"x", ["x"], np.zeros(3)])
def test_what_is_no_path(path):
    with pytest.raises(DigitlibError, match="not a path"):
        check_path(path)


def test_ragged_lists_are_refused():
    for check in (check_images, check_probabilities, lambda x: check_labels(x, 2)):
        with pytest.raises(DigitlibError, match="rows of different lengths"):
            check([[1, 2], [3]])


@pytest.mark.parametrize("weights", [None, 7, "plain", np.zeros(6), {}])
def test_what_is_no_weights(weights):
    with pytest.raises(DigitlibError, match="0 arrays, but a"):
        check_weights(weights)
