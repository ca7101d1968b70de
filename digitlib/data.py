"""Digits to learn from: MNIST's images and UNIPEN's pen strokes, verified and split."""

import hashlib
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np

from digitlib._internal.checks import as_array, check_count, check_labels, check_path
from digitlib._internal.files import read_npz
from digitlib.errors import DigitlibError

ASSETS = Path(__file__).parent / "assets"
MNIST_PATH = ASSETS / "mnist.npz"
UNIPEN_PATH = ASSETS / "unipen.npz"
#: Where the digits are listed whose label is wrong, with the reason
UNIPEN_MISLABELLED_PATH = ASSETS / "unipen_mislabelled.csv"

# SHA-256 of the bytes of each array, in C order: the bytes of the four original files.
MNIST_SHA256 = {
    "x_train": "741c988805d008ac6e4c904b69001ba184c24b2c540a4ef403f4c71b676cf757",
    "y_train": "1feba77c54802fa5339a11837ea4b2866434b83314ec45192930f1df69120c13",
    "x_test": "6d87418db22cc8025d05968bec9bd5c3932904b23485740db143a061a2c9d161",
    "y_test": "ddeff807876a9661a1110d45c266c86239a3a1b7d37da0c3716a7a683c852ff5",
}

UNIPEN_SHA256 = {
    "points": "9a1dc25c21e3b4b8151f6ff7fa9132f50f72c69eba782be8c558d846c2ebd824",
    "stroke_lengths": (
        "a6372720579c2214b2a73eae81e6a52896de8545cfcd77d4bc0d8f0581f8039d"
    ),
    "strokes_a_digit": (
        "65f9749bb1d43edecd4fe2cb7bbfdf6c94c382d5c13ad638d3a991be58288b4f"
    ),
    "labels": "65725c4266ed890f8ad6fa01e54ccdb3f0cb9d405999081bbaf2b5a283575d00",
    "writers": "a1b379c383568361d33700c7eb2a13410ff5c83ec25ae7a29b7276afee16e228",
    "writer_names": "35405683968625df3570e4071ed00a6ee63333f5d4b9b021b2cefca80288e6c8",
}
UNIPEN_VALIDATION = "aga", "app"
UNIPEN_TEST = "art", "imp", "pri", "tos", "uqb", "val"

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
        _verify(source, arrays, MNIST_SHA256)
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


class PenDigits(NamedTuple):
    """Digits as the pen went: what `load_unipen` returns, or a part of it."""

    strokes: list
    """For each digit its strokes, in order: a tuple of arrays (k, 2) int16 of points, x
    to the right and y downwards. The longer side of a digit is 0 to 1000."""
    labels: np.ndarray  #: (n,) uint8, 0 to 9
    writers: np.ndarray  #: (n,) str, such as ``"apb-017"``: mostly one person
    donors: np.ndarray  #: (n,) str, such as ``"apb"``: who collected them

    def part(self, chosen):
        """The digits of some indices, or of a mask (n,) bool."""
        chosen = np.arange(len(self.labels))[chosen]
        strokes = [self.strokes[i] for i in chosen]
        return PenDigits(strokes, *(array[chosen] for array in self[1:]))


def load_unipen(mislabelled=False):
    """Load UNIPEN's digits: pen strokes of hundreds of writers, without any network.

    Parameters
    ----------
    mislabelled : bool
        Whether those are included whose label is wrong, as far as
        ``assets/unipen_mislabelled.csv`` lists them; for the rule, see
        `digitlib.tuning.mislabelled`. It has not been applied to the test donors.

    Returns
    -------
    PenDigits
        15,950 digits, fewer without the mislabelled, from 634 files, mostly a writer
        each, of 17 donors. `split_donors` parts them.

    Raises
    ------
    DigitlibError
        If the file is missing, damaged or altered.

    References
    ----------
    Guyon, Schomaker, Plamondon, Liberman and Janet (1994), UNIPEN project of on-line
    data exchange and recognizer benchmarks, ICPR.
    """
    arrays = read_npz(UNIPEN_PATH)
    _verify(UNIPEN_PATH, arrays, UNIPEN_SHA256)
    strokes = np.split(arrays["points"], np.cumsum(arrays["stroke_lengths"])[:-1])
    ends = np.cumsum(arrays["strokes_a_digit"], dtype=int)
    digits = [tuple(strokes[first:last]) for first, last in pairwise([0, *ends])]
    writers = arrays["writer_names"][arrays["writers"]]
    donors = np.array([writer.partition("-")[0] for writer in writers])
    digits = PenDigits(digits, arrays["labels"], writers, donors)
    if mislabelled:
        return digits
    wrong = np.loadtxt(
        UNIPEN_MISLABELLED_PATH, int, delimiter=",", skiprows=1, usecols=0, ndmin=1
    )
    return digits.part(np.isin(np.arange(len(donors)), wrong, invert=True))


def split_donors(digits):
    """Part pen digits so that no donor, and so no writer, is in two parts.

    Parameters
    ----------
    digits : PenDigits

    Returns
    -------
    learning, validation, test : PenDigits
        To learn from, to choose by, and to open once. The donors of the last two are
        ``UNIPEN_VALIDATION`` and ``UNIPEN_TEST``.
    """
    validation = np.isin(digits.donors, UNIPEN_VALIDATION)
    test = np.isin(digits.donors, UNIPEN_TEST)
    return tuple(map(digits.part, (~validation & ~test, validation, test)))


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


def _verify(source, arrays, sums):
    """Refuse arrays that are not, byte for byte, those that the package came with."""
    for name, expected in sums.items():
        if name not in arrays or checksum(arrays[name]) != expected:
            raise DigitlibError(
                f"{source}: {name} is not as published (SHA-256 differs); "
                "the file was altered: restore it or install digitlib again"
            )
