"""What the tests of generated material share."""

import matplotlib
import numpy as np
import pytest

from digitlib.data import split_validation
from digitlib.errors import DigitlibError


@pytest.fixture(scope="session")
def validation(mnist):
    """1,000 validation images, scaled, and their labels."""
    _, (x, y) = split_validation(*mnist[0])
    return x[:1000] / np.float32(255), y[:1000]


@pytest.fixture(scope="session")
def digits(validation):
    """The images alone."""
    return validation[0]


@pytest.fixture(scope="session")
def bar():
    """An upright bar, as a 1, in MNIST's framing."""
    image = np.zeros((28, 28), np.float32)
    image[4:24, 13:15] = 1
    return image


@pytest.fixture(scope="session")
def alikeness():
    """How much, at most, values are correlated with those next to them."""

    def correlation(a, axis):
        a = np.moveaxis(a, axis, 0)
        return abs(np.corrcoef(a[1:].ravel(), a[:-1].ravel())[0, 1])

    return lambda array: max(correlation(array, axis) for axis in range(array.ndim))


@pytest.fixture(scope="session")
def is_picture():
    """Check that an image is one in colours, on which something can be seen."""

    def check(image, spread=3):
        assert image.dtype == np.uint8
        assert image.shape[2:] == (3,)
        assert image.std() > spread

    return check


@pytest.fixture(scope="session")
def refused():
    """Make something that is refused with one line."""

    def check(make, message):
        with pytest.raises(DigitlibError, match=message) as error:
            make()
        assert "\n" not in str(error.value)

    return check


@pytest.fixture(scope="session")
def fonts():
    folder = f"{matplotlib.get_data_path()}/fonts/ttf/DejaVu"
    return [folder + name + ".ttf" for name in ("Sans", "Serif", "SansMono-Bold")]
