"""What the tests of generated material share."""

import matplotlib
import numpy as np
import pytest

from digitlib.data import split_validation


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
def fonts():
    folder = f"{matplotlib.get_data_path()}/fonts/ttf/DejaVu"
    return [folder + name + ".ttf" for name in ("Sans", "Serif", "SansMono-Bold")]
