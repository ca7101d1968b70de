"""Corruption: six ways in which an image gets worse on its way to the network.

In the spirit of Mu and Gilmer (2019), MNIST-C: a robustness benchmark for computer
vision. They test, and train nothing, though `dilation` and `rotation` resemble what
`digitlib.augmentation.augment` does.
"""

import numpy as np
from scipy import ndimage

from digitlib._internal.checks import check_count, check_images
from digitlib.errors import DigitlibError


def gaussian_noise(images, strength, rng, deviation=0.15):
    """Grey noise, as of a camera in the dark: standard deviation 0.15, 0.3, 0.45."""
    return images + rng.normal(0, deviation * strength, images.shape)


def salt_and_pepper(images, strength, rng, part=0.03):
    """Single pixels turned black or white: 3, 6, 9 of a hundred."""
    hit = rng.random(images.shape) < part * strength
    return np.where(hit, rng.integers(0, 2, images.shape), images)


def gaussian_blur(images, strength, rng, deviation=0.8):
    """Out of focus: a Gaussian of standard deviation 0.8, 1.6, 2.4 pixels."""
    return ndimage.gaussian_filter(images, deviation * strength, axes=(1, 2))


def dilation(images, strength, rng):
    """A broader pen: every stroke grows by about 0.5, 1, 1.5 pixels to each side."""
    for _ in range(strength // 2):
        images = ndimage.grey_dilation(images, (1, 3, 3))
    if strength % 2:
        cross = ndimage.generate_binary_structure(2, 1)[np.newaxis]
        images = (images + ndimage.grey_dilation(images, footprint=cross)) / 2
    return images


def rotation(images, strength, rng, degrees=15):
    """A crooked sheet: turned by 15, 30, 45 degrees, either way."""
    angles = degrees * strength * rng.choice((-1, 1), len(images))
    pairs = zip(images, angles, strict=True)
    return np.array([ndimage.rotate(*x, reshape=False, order=1) for x in pairs])


def ruled_lines(images, strength, rng):
    """The frame of a form: 1, 2, 3 straight lines through the image, a pixel wide."""
    images = images.copy()
    for image in images:
        for place in rng.choice(np.arange(2, 26), strength, replace=False):
            image[place if rng.random() < 0.5 else np.s_[:, place]] = 1
    return images


CORRUPTIONS = {f.__name__: f for f in (
    gaussian_noise, salt_and_pepper, gaussian_blur, dilation, rotation, ruled_lines,
)}  # fmt: skip
"""The six, by name."""


def corrupt(images, kind, strength, seed=0):
    """Make images worse.

    Parameters
    ----------
    images : array_like, shape (n, 28, 28), floating point, in [0, 1]
    kind : str, one of `CORRUPTIONS`
    strength : int, 1 to 3
    seed : int, 0 to 2**32 - 1

    Returns
    -------
    numpy.ndarray, shape (n, 28, 28), float32, in [0, 1]

    Raises
    ------
    DigitlibError
        If an argument has another shape, dtype or range.
    """
    images = check_images(images)
    if kind not in list(CORRUPTIONS):
        names = ", ".join(CORRUPTIONS)
        raise DigitlibError(f"kind: {kind}, but one of {names} is needed")
    strength = check_count("strength", strength, 1, 3)
    rng = np.random.default_rng(check_count("seed", seed, 0, 2**32 - 1))
    return CORRUPTIONS[kind](images, strength, rng).clip(0, 1).astype(np.float32)
