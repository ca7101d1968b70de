"""What SciPy's or NumPy's own routines give, several times as fast.

Reading a page spends most of its time in these; ``benchmarks/reading.py`` measures it.
"""

import math

import numpy as np
from skimage.filters import threshold_otsu


def padded(picture, by=1):
    """Put nothing around a picture, (height, width), as NumPy's slower ``pad``."""
    height, width = picture.shape
    larger = np.zeros((height + 2 * by, width + 2 * by), picture.dtype)
    larger[by : by + height, by : by + width] = picture
    return larger


def grown(mask, rows=1, columns=1):
    """Widen what is True up, down and sideways: ``binary_dilation`` by a rectangle."""
    for axis, reach in ((0, rows), (1, columns)):
        before = np.moveaxis(mask, axis, 0)
        after = before.copy()
        for step in range(1, reach + 1):
            after[step:] |= before[:-step]
            after[:-step] |= before[step:]
        mask = np.moveaxis(after, 0, axis)
    return mask


def opening(picture, size):
    """Remove what is narrower than a window of some (height, width) in pixels. SciPy's
    ``grey_opening``: the least of each window, and then the greatest of these; the
    least of 2 n follows from the least of two of n."""
    for extreme, odd in ((np.minimum, 0), (np.maximum, 1)):
        for axis, window in enumerate(size):
            before = (window - odd) // 2
            beyond = np.zeros((2, 2), int)
            beyond[axis] = before, window - 1 - before
            across = np.moveaxis(np.pad(picture, beyond, "edge"), axis, 0)
            n = 1
            while n < window:
                step = min(n, window - n)
                across = extreme(across[:-step], across[step:])
                n += step
            picture = np.moveaxis(across, 0, axis)
    return picture


def otsu(picture):
    """Return Otsu's (1979) threshold, as scikit-image's, which counts more slowly."""
    low, high = picture.min(), picture.max()
    step = (high - low) / 256
    if step < 1e-9:  # one grey everywhere
        return low
    levels = np.minimum((picture - low) / step, 255).astype(np.uint8)
    counts = np.bincount(levels.ravel(), minlength=256)
    return threshold_otsu(hist=(counts, low + (np.arange(256) + 0.5) * step))


def strongest(picture, accident=20_000):
    """How strong ink is at most, if one pixel of so many is stronger by accident."""
    few = 1 + picture.size // accident
    return np.partition(_largest(picture, few), -few)[-few]


def quantile(values, part):
    """Return what this part of values, 0 to 1, is no larger than: NumPy's own."""
    place = part * (values.size - 1)
    if part > 0.9:
        most = _largest(values, values.size - math.floor(place))
        values, place = most, place - (values.size - most.size)
    first = math.floor(place)
    ordered = np.partition(values, first, axis=None)
    if place == first:
        return ordered[first]
    following = ordered[first + 1 :].min()
    return ordered[first] + (following - ordered[first]) * (place - first)


def _largest(values, n, sample=4000):
    """At least the ``n`` largest of many values, and few others; in a row."""
    values = values.ravel()
    some = values[:: 1 + values.size // sample]
    least = len(some) - 1 - 2 * math.ceil(n * len(some) / values.size)
    if least <= 0:
        return values
    most = values[values >= np.partition(some, least)[least]]
    return most if most.size >= n else values
