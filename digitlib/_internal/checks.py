"""What arrays must look like before anything is computed from them.

Each function returns what it is given, or raises a `digitlib.errors.DigitlibError` if
that is anything else than it says. ``name`` is what the message calls it.
"""

from pathlib import Path

import numpy as np

from digitlib.errors import DigitlibError


def check_images(images, name="images"):
    """Return ``images`` as float32 if they are floats (n, 28, 28) in [0, 1]."""
    images = as_array(images, name)
    if images.ndim != 3 or images.shape[1:] != (28, 28):
        hint = "; for one image, image[np.newaxis]" if images.shape == (28, 28) else ""
        raise DigitlibError(
            f"{name}: shape {images.shape}, but (n, 28, 28) is needed{hint}"
        )
    if len(images) == 0:
        raise DigitlibError(f"{name}: empty, but at least one image is needed")
    if not np.issubdtype(images.dtype, np.floating):
        raise DigitlibError(
            f"{name}: dtype {images.dtype}, but floats in [0, 1] are needed; "
            "divide pixels of 0 to 255 by 255"
        )
    low, high = images.min(), images.max()
    if not (low >= 0 and high <= 1):  # also true for NaN
        raise DigitlibError(
            f"{name}: values from {low:g} to {high:g}, but [0, 1] is needed; "
            "divide pixels of 0 to 255 by 255"
        )
    return images.astype(np.float32, copy=False)


def check_labels(labels, n, name="labels"):
    """Return ``labels`` as an array if they are integers (n,) from 0 to 9."""
    labels = as_array(labels, name)
    if labels.shape != (n,):
        raise DigitlibError(
            f"{name}: shape {labels.shape}, but {n} images need shape ({n},)"
        )
    if not np.issubdtype(labels.dtype, np.integer):
        raise DigitlibError(
            f"{name}: dtype {labels.dtype}, but integers 0 to 9 are needed"
        )
    if n and (labels.min() < 0 or labels.max() > 9):
        raise DigitlibError(
            f"{name}: values from {labels.min()} to {labels.max()}, "
            "but digits 0 to 9 are needed"
        )
    return labels


def check_probabilities(probabilities, name="probabilities"):
    """Return ``probabilities`` as an array if they are (n, 10) and rows sum to 1."""
    probabilities = as_array(probabilities, name)
    if probabilities.ndim != 2 or probabilities.shape[1] != 10:
        raise DigitlibError(
            f"{name}: shape {probabilities.shape}, but (n, 10) is needed; "
            "give what forward returns, not the digits"
        )
    if len(probabilities) == 0:
        raise DigitlibError(f"{name}: empty, but at least one row is needed")
    sums = probabilities.sum(axis=1, dtype=np.float64)
    if not (probabilities.min() >= 0 and np.abs(sums - 1).max() < 1e-3):
        raise DigitlibError(
            f"{name}: rows must be at least 0 and sum to 1; give what forward returns"
        )
    return probabilities


def check_weights(weights, name="weights"):
    """Return ``weights`` if each layer's output fits the next one's input.

    Kernels (inputs, units), each followed by its bias (units,), from the 784 pixels of
    an image to a unit for each digit.
    """
    arrays = len(weights) if isinstance(weights, (tuple, list)) else 0
    if arrays == 0 or arrays % 2:
        raise DigitlibError(
            f"{name}: {arrays} arrays, but a kernel and a bias for each layer are "
            "needed; give load_weights() or model.get_weights()"
        )
    width = 784
    for kernel, bias in zip(weights[0::2], weights[1::2], strict=True):
        shapes = np.shape(kernel), np.shape(bias)
        if len(shapes[0]) != 2 or shapes[0][0] != width or shapes[1] != shapes[0][1:]:
            raise DigitlibError(
                f"{name}: a kernel {shapes[0]} with a bias {shapes[1]} does not fit "
                f"{width} inputs; give load_weights() or model.get_weights()"
            )
        width = len(bias)
    if width != 10:
        raise DigitlibError(f"{name}: {width} outputs, but there are 10 digits")
    return weights


def check_count(name, value, low, high):
    """Return ``value`` as an int if it is whole, ``low`` to ``high``, both included."""
    whole = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
    if not whole or not low <= value <= high:
        given = value if isinstance(value, (int, float)) else type(value).__name__
        raise DigitlibError(
            f"{name}: {given}, but a whole number from {low} to {high} is needed"
        )
    return int(value)


def check_path(path):
    """Return ``path`` as a ``pathlib.Path`` if it is a str or os.PathLike."""
    try:
        return Path(path)
    except TypeError:
        raise DigitlibError(
            f"{type(path).__name__}: not a path; give a str or a pathlib.Path"
        ) from None


def check_fonts(fonts):
    """Return the paths of ``fonts``, as str, if each is a font that can be read."""
    from PIL import ImageFont

    fonts = [str(font) for font in fonts]
    for font in fonts:
        try:
            ImageFont.truetype(font)
        except OSError:
            raise DigitlibError(f"{font}: not a font file that can be read") from None
    return fonts


def as_array(values, name):
    """Return ``values`` as a numpy.ndarray; a DigitlibError if its rows are uneven."""
    try:
        return np.asarray(values)
    except ValueError:  # lists of different lengths
        raise DigitlibError(f"{name}: rows of different lengths") from None
