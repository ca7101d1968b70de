"""What several test files share."""

import os

from hypothesis import settings
import numpy as np
import pytest

from digitlib.data import load_mnist, load_unipen, split_donors, split_validation
from digitlib.model import build_model, forward, load_weights
from digitlib.synthesis.strokes import stroke

# The built site and the browser that looks at it.
pytest_plugins = ["browsing"]

# A slow machine is no error; and what CI tries is the same every time.
settings.register_profile("book", deadline=None, derandomize="CI" in os.environ)
settings.register_profile("many", deadline=None, max_examples=2000)
settings.load_profile("book")


@pytest.fixture(scope="session")
def mnist():
    """The real data set: (x_train, y_train), (x_test, y_test), uint8."""
    return load_mnist()


@pytest.fixture(scope="session")
def donors():
    """UNIPEN's validation donors: their `digitlib.data.PenDigits`."""
    return split_donors(load_unipen())[1]


@pytest.fixture(scope="session")
def weights():
    """The shipped weights of part I."""
    return load_weights("plain")


@pytest.fixture(scope="session")
def test_images(mnist):
    """The 10,000 test images, scaled to [0, 1], float32."""
    return mnist[1][0] / np.float32(255)


@pytest.fixture(scope="session")
def test_labels(mnist):
    return mnist[1][1]


@pytest.fixture(scope="session")
def test_probabilities(test_images, weights):
    """What the shipped weights say of the test images."""
    return forward(test_images, weights)


@pytest.fixture(scope="session")
def small(mnist):
    """2,000 fit and 500 validation images for short trainings, scaled."""
    (x_train, y_train), _ = mnist
    x, y = x_train[:2500] / np.float32(255), y_train[:2500]
    return split_validation(x, y, n=500)


@pytest.fixture(scope="session")
def tiny(small):
    """640 images: 20 whole batches of 32, or 5 of 128."""
    (x, y), _ = small
    return x[:640], y[:640]


@pytest.fixture(scope="session")
def trained(tiny, small):
    """Model and history of the plain recipe: two epochs on ``tiny`` with seed 3."""
    from digitlib.training import train

    model = build_model(3)
    history = train(model, *tiny, epochs=2, seed=3, validation_data=small[1])
    return model, history


@pytest.fixture(scope="session")
def plates(test_images):
    """50 test digits written with a pen of 10 % at 100 pixels, a margin around."""
    return [np.pad(stroke(image, 0.1, 100), 30) for image in test_images[:50]]
