"""Augmentation: the same digit, as somebody else might have written it.

Every pixel of the new image looks up its value somewhere in the old one. Where, is a
sum of fixed patterns of displacement, each with a random coefficient: three make the
affine part (down, across, everywhere the same), 49 overlapping bumps the elastic part.
A sum of patterns is a matrix product, so that distorting a batch costs about as much as
learning from it. At last the strokes get more or less ink.
"""

from functools import cache
import math
from numbers import Real

import numpy as np

from digitlib._internal.checks import check_count, check_images
from digitlib._internal.quiet_tensorflow import tensorflow as tf
from digitlib.errors import DigitlibError


def augment(
    images,
    seed,
    *,
    strength=1.0,
    rotation=12.0,
    scale=0.12,
    shear=0.12,
    shift=1.2,
    elastic=1.2,
    ink=2.4,
):
    """Distort each image at random: turned, stretched, slanted, moved, bent, and inked.

    Works on arrays, and on tensors inside a compiled function, where the same seed
    gives other distortions.

    Parameters
    ----------
    images : array_like or tensorflow.Tensor, shape (n, 28, 28), floating point
        In [0, 1], light ink on dark.
    seed : (int, int), or tensorflow.Tensor of shape (2,), integer
    strength : float, at least 0
        Multiplies all that follow: 0 changes nothing.
    rotation : float, degrees
        Each image is turned by up to this angle, either way.
    scale : float
        Height and width are each multiplied by up to ``exp(scale)``, or divided.
    shear : float
        The top is moved sideways by up to this part of its height above the middle.
    shift : float, pixels
        Moved by up to this much, down or up and sideways.
    elastic : float, pixels
        The standard deviation of a pixel's displacement by bending, in each direction.
    ink : float
        Grey pixels, the edges of strokes, are raised or lowered by up to this much in
        their logarithmic odds.

    Returns
    -------
    tensorflow.Tensor, shape (n, 28, 28), float32, in [0, 1]

    Raises
    ------
    DigitlibError
        If the images are of another kind, or a number is negative or not finite.

    References
    ----------
    Simard, Steinkraus and Platt (2003), Best practices for convolutional neural
    networks applied to visual document analysis, ICDAR.
    """
    images = _check(images)
    sizes = {
        "rotation": rotation, "scale": scale, "shear": shear, "shift": shift,
        "elastic": elastic, "ink": ink,
        "strength": 0 if tf.is_tensor(strength) else strength,
    }  # fmt: skip
    for name, size in sizes.items():
        if not (isinstance(size, Real) and 0 <= size < math.inf):
            raise DigitlibError(f"{name}: {size}, but a number from 0 is needed")
    if not tf.is_tensor(seed):
        if np.shape(seed) != (2,):
            raise DigitlibError(f"seed: {seed}, but two whole numbers are needed")
        seed = [check_count("seed", number, 0, 2**31 - 1) for number in seed]
    patterns = _patterns()
    n, k = images.shape[0], len(patterns) - 3
    random = tf.random.stateless_uniform((n, 7 + 2 * k), seed, -1.0, 1.0)
    random *= strength
    angle = random[:, 0] * math.radians(rotation)
    height, width = tf.exp(random[:, 1] * scale), tf.exp(random[:, 2] * scale)
    slant = random[:, 3] * shear
    sine, cosine = tf.sin(angle), tf.cos(angle)
    down = [cosine * height, sine * height, random[:, 4] * shift]
    across = [slant - sine * width, cosine * width, random[:, 5] * shift]
    bends = random[:, 7:] * (elastic * math.sqrt(3))  # of standard deviation `elastic`
    down = tf.concat([tf.stack(down, 1), bends[:, :k]], 1)
    across = tf.concat([tf.stack(across, 1), bends[:, k:]], 1)
    images = _look_up(images, down @ patterns, across @ patterns)
    odds = tf.exp(random[:, 6] * ink)[:, tf.newaxis, tf.newaxis]
    inked = images * odds / (images * odds + 1 - images)
    return tf.clip_by_value(inked, 0.0, 1.0)  # rounding goes a little beyond


@cache
def _patterns(bumps=7, smoothness=4.0):
    """(3 + bumps**2, 784): the row, the column, 1, and the bumps, at each pixel."""
    pixels = np.arange(28)
    centered = pixels - 13.5
    rows, columns = np.meshgrid(centered, centered, indexing="ij")
    affine = [rows, columns, np.ones((28, 28))]
    distance = pixels[:, np.newaxis] - np.linspace(0, 27, bumps)
    bump = np.exp(-0.5 * (distance / smoothness) ** 2)
    bump /= np.sqrt((bump**2).sum(axis=1, keepdims=True))  # the same variance anywhere
    elastic = np.einsum("ri,cj->ijrc", bump, bump)
    patterns = [*affine, *elastic.reshape(-1, 28, 28)]
    return np.reshape(patterns, (-1, 784)).astype(np.float32)


def _look_up(images, rows, columns):
    """Values between pixels, by bilinear interpolation; black outside of the image.

    ``rows`` and ``columns``, (n, 784), count from the middle of the image.
    """
    n = images.shape[0]
    padded = tf.reshape(tf.pad(images, [[0, 0], [1, 1], [1, 1]]), (n, 30 * 30))
    rows = tf.clip_by_value(rows + 14.5, 0.0, 28.999)
    columns = tf.clip_by_value(columns + 14.5, 0.0, 28.999)
    top, left = tf.floor(rows), tf.floor(columns)
    lower, right = rows - top, columns - left
    place = tf.cast(top * 30 + left, tf.int32)

    def value(offset):
        return tf.gather(padded, place + offset, batch_dims=1)

    above = value(0) * (1 - right) + value(1) * right
    below = value(30) * (1 - right) + value(31) * right
    return tf.reshape(above * (1 - lower) + below * lower, (n, 28, 28))


def _check(images):
    if not tf.is_tensor(images):
        return tf.constant(check_images(images))
    shape = images.shape
    if shape.rank != 3 or shape[1:] != (28, 28):
        raise DigitlibError(f"images: shape {tuple(shape)}, but (n, 28, 28) is needed")
    return tf.cast(images, tf.float32)
