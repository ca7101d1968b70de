"""Arrays of any type and range, as grey values or colours from 0 to 1."""

from dataclasses import dataclass
import math

import numpy as np
from PIL import Image

from digitlib.errors import DigitlibError

# Red, green and blue as bright as the eye finds them: ITU-R BT.601, as in Pillow.
LUMA = np.array([0.299, 0.587, 0.114], dtype=np.float32)


@dataclass(frozen=True)
class Values:
    """What the numbers and the shape of an array are taken for; chosen."""

    #: The number that is white: the first of these that no pixel exceeds. So the values
    #: tell it, not the type, which is often wider than they are. A picture of 16 bits
    #: that is nowhere brighter than 255, nearly black, counts as one of 8 bits, and one
    #: of 8 bits nowhere brighter than 1 as black and white.
    whites: tuple = (1, 255, 2**16 - 1, 2**32 - 1, 2**64 - 1)
    rounding: float = 1e-3  #: floats so little outside [0, 1] are clipped
    flat: int = 8  #: side of the smallest square image that a single row is taken for
    side: int = 28  #: of the images that a table may have, one in each row, ...
    #: ... if pixels so far apart, one below the other in such an image, differ less
    #: than neighbouring rows and pixels half as far apart; times this
    alike: float = 0.9


VALUES = Values()


def white_of(largest):
    """Return the number that is white, if the largest of whole numbers is given."""
    return next(white for white in VALUES.whites if largest <= white)


def as_floats(array, name, size=None, largest=None):
    """Return an array as float32 from 0 to 1: (height, width), or that and 3 colours.

    Parameters
    ----------
    array : array of any shape and dtype
    name : str
        What an error calls it.
    size : (int, int), optional
        For `factor_of`: by how much it is reduced.
    largest : int, optional
        The largest value, if it was another before the array was reduced.

    Raises
    ------
    DigitlibError
        If it is no image; the message says what to do.
    """
    if np.ma.is_masked(array):
        raise DigitlibError(f"{name}: masked pixels; fill them first: array.filled(1)")
    array = _with_shape(np.asarray(array), name)
    low, high = array.min(), array.max()
    if array.dtype.kind in "ui":
        high = high if largest is None else largest
        if array.dtype.kind == "i":
            why = _unsigned(array.dtype, int(low), int(high))
            raise DigitlibError(f"{name}: {why}")
        array = array / np.float32(white_of(int(high)))
    elif array.dtype.kind == "f":
        # Written so that NaN is outside, too.
        if not (low >= -VALUES.rounding and high <= 1 + VALUES.rounding):
            raise DigitlibError(
                f"{name}: values from {low:g} to {high:g}, but floats must lie in "
                "[0, 1]; divide pixels of 0 to 255 by 255"
            )
        if low < 0 or high > 1:
            array = array.clip(0, 1)
    array = array.astype(np.float32, copy=False)
    if array.shape[2:] == (4,):
        array = _on_paper(array[..., :3], array[..., 3:])
    factor = factor_of(array.shape[:2], size)
    if factor == 1:
        return array
    if array.ndim == 2:
        return np.asarray(Image.fromarray(array).reduce(factor))
    channels = [Image.fromarray(array[..., i]).reduce(factor) for i in range(3)]
    return np.stack(channels, axis=2)


def factor_of(sides, size):
    """Return how many pixels become one, along each side: so that the longer has at
    most ``size[0]`` and, as far as memory allows, the shorter at least ``size[1]``."""
    if not size:
        return 1
    longest, least = size
    wanted = -(-max(sides) // longest)
    if least:  # and no more memory than a square of the longest side takes
        enough = math.ceil(math.sqrt(math.prod(sides)) / longest)
        wanted = max(enough, min(wanted, min(sides) // least))
    return max(1, wanted)


def _with_shape(array, name):
    """The same, if it has the shape of one image, and numbers."""
    shape = array.shape
    if array.ndim == 3 and shape[2] == 1:
        array = array[..., 0]
    if array.ndim not in (2, 3) or array.shape[2:] not in ((), (3,), (4,)):
        hint = _reshaped(shape) or "for one image of many, images[i]"
        if array.ndim == 3 and shape[0] in (1, 3, 4):
            hint += "; for one with colours first, image.transpose(1, 2, 0)"
    elif 0 in shape:
        hint = "this one is empty"
    elif array.dtype.kind not in "buif":
        needed = "unsigned integers or floats in [0, 1] are needed"
        raise DigitlibError(f"{name}: dtype {array.dtype}, but {needed}")
    elif array.ndim == 3 or not (hint := _reshaped(array.shape, array)):
        return array
    needed = "(height, width) or (height, width, 3 or 4) is needed"
    raise DigitlibError(f"{name}: shape {shape}, but {needed}; {hint}")


def _reshaped(shape, array=None):
    """What to do with flattened images; None if they are none."""
    pixels, many = max(shape, default=0), len(shape) == 2 and shape[1] > 1
    side = math.isqrt(pixels)
    row = len(shape) in (1, 2) and math.prod(shape) == pixels == side**2
    if row and side >= VALUES.flat:
        pass
    elif array is None or not _is_table(array):
        return None
    else:
        side = VALUES.side
    one = "images[i]" if many else "image"
    return f"for a flattened image, {one}.reshape({side}, {side})"


def _is_table(array):
    """Whether each row is an image, rather than all of them together."""
    side = VALUES.side
    if array.shape[1] != side**2 or len(array) < 2:
        return False
    values = array[:4096].astype(np.float32)  # as much as a tall image has

    def change(step):
        return np.abs(values[:, step:] - values[:, :-step]).mean()

    rows = np.abs(values[1:] - values[:-1]).mean()
    return VALUES.alike * change(side) <= min(rows, change(side // 2))


def _unsigned(dtype, low, high):
    """What to do with integers that may be negative."""
    if low < 0:
        return f"values from {low} to {high}, but none may be negative; scale to [0, 1]"
    white = white_of(high or 255)
    bits = max(8, white.bit_length())
    divide = f"divide by {white}, or " if white > 1 else ""
    return f"dtype {dtype}; {divide}.astype('uint{bits}')"


def _on_paper(shown, opacity):
    """Put what is transparent on white; on black, if all that is visible is light."""
    visible = (shown @ LUMA)[opacity[..., 0] > 0.5]
    paper = 0 if visible.size and np.percentile(visible, 5) > 0.6 else 1
    return shown * opacity + paper * (1 - opacity)
