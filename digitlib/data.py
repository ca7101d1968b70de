"""The MNIST digits: loaded from this package, verified, split."""

import hashlib
from pathlib import Path

import numpy as np

from digitlib._internal.checks import as_array, check_count, check_labels, check_path
from digitlib._internal.files import read_npz
from digitlib.errors import DigitlibError

MNIST_PATH = Path(__file__).parent / "assets" / "mnist.npz"

# SHA-256 of the bytes of each array, in C order: the bytes of the four original files.
MNIST_SHA256 = {
    "x_train": "741c988805d008ac6e4c904b69001ba184c24b2c540a4ef403f4c71b676cf757",
    "y_train": "1feba77c54802fa5339a11837ea4b2866434b83314ec45192930f1df69120c13",
    "x_test": "6d87418db22cc8025d05968bec9bd5c3932904b23485740db143a061a2c9d161",
    "y_test": "ddeff807876a9661a1110d45c266c86239a3a1b7d37da0c3716a7a683c852ff5",
}

CONTESTED = (
    947, 1621, 1901, 2130, 2462, 2597, 2654, 3520, 3558, 5937, 6651, 6783, 8527, 9679,
    9729,
)  # fmt: skip
"""Test images whose label fewer than three of five people confirmed: C. G. Northcutt,
A. Athalye and J. Mueller, Pervasive label errors in test sets destabilize machine
learning benchmarks, NeurIPS Datasets and Benchmarks 2021."""


def load_mnist(path=None):
    """Load MNIST, in Keras's layout and order, without any network.

    Parameters
    ----------
    path : str or os.PathLike, optional
        Another ``.npz`` file of the same layout. Default: digitlib's, verified.

    Returns
    -------
    (x_train, y_train), (x_test, y_test) : tuples of numpy.ndarray
        Images (n, 28, 28), uint8, 0 is paper and 255 is full ink; labels (n,), uint8,
        0 to 9. By default n is 60,000 and 10,000.

    Raises
    ------
    DigitlibError
        If the file is missing, damaged, altered or of another layout.

    References
    ----------
    LeCun, Bottou, Bengio and Haffner (1998), Gradient-based learning applied to
    document recognition, Proceedings of the IEEE 86(11).
    """
    source = MNIST_PATH if path is None else check_path(path)
    arrays = read_npz(source)
    if missing := [name for name in MNIST_SHA256 if name not in arrays]:
        raise DigitlibError(
            f"{source}: no array {', '.join(missing)}; a data file holds "
            "x_train, y_train, x_test and y_test"
        )
    if path is None:
        for name, expected in MNIST_SHA256.items():
            if checksum(arrays[name]) != expected:
                raise DigitlibError(
                    f"{source}: {name} is not MNIST's (SHA-256 differs); "
                    "the file was altered: restore it or install digitlib again"
                )
    for part in ("train", "test"):
        _check_part(source, part, arrays[f"x_{part}"], arrays[f"y_{part}"])
    x_train, y_train, x_test, y_test = (arrays[name] for name in MNIST_SHA256)
    return (x_train, y_train), (x_test, y_test)


def split_validation(x, y, n=10_000):
    """Split off the last ``n`` images for validation; always the same ones.

    Parameters
    ----------
    x, y : numpy.ndarray, shapes (m, ...) and (m,)
        Images and their labels.
    n : int, 1 to m - 1

    Returns
    -------
    (x_fit, y_fit), (x_val, y_val) : tuples of numpy.ndarray
        The first m - n images to learn from, the last n to choose by.

    Raises
    ------
    DigitlibError
        If x and y differ in length, or either part would be empty.
    """
    x, y = as_array(x, "x"), as_array(y, "y")
    if x.ndim == 0 or y.ndim == 0 or len(x) != len(y):
        raise DigitlibError(
            f"x and y: shapes {x.shape} and {y.shape}, but each image needs one label"
        )
    n = check_count("n", n, 1, len(x) - 1)
    return (x[:-n], y[:-n]), (x[-n:], y[-n:])


def checksum(array):
    """Return the SHA-256 sum of an array's bytes, in C order, as 64 hex digits."""
    return hashlib.sha256(np.ascontiguousarray(array)).hexdigest()


def _check_part(source, part, x, y):
    if x.dtype != np.uint8 or x.ndim != 3 or x.shape[1:] != (28, 28) or len(x) == 0:
        raise DigitlibError(
            f"{source}: x_{part} is {x.dtype} {x.shape}, "
            "but uint8 (n, 28, 28) with n > 0 is needed"
        )
    if y.dtype != np.uint8:
        raise DigitlibError(f"{source}: y_{part} is {y.dtype}, but uint8 is needed")
    check_labels(y, len(x), name=f"{source}: y_{part}")
