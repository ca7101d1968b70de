"""From an image in any form to the 28x28 grey values that the network expects."""

from io import BytesIO
import os
from pathlib import Path
import warnings

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from digitlib.errors import DigitlibError

# Red, green and blue as bright as the eye finds them: ITU-R BT.601, as in Pillow.
LUMA = np.array([0.299, 0.587, 0.114], dtype=np.float32)


def resize_only(image):
    """Resize to 28x28 and scale to [0, 1], and nothing else.

    This is the recipe of many tutorials. It neither turns dark ink on white paper
    into MNIST's light ink on dark, nor puts the digit where MNIST has it.

    Parameters
    ----------
    image : path, bytes, file object, PIL.Image.Image or array
        As for `load_image`.

    Returns
    -------
    numpy.ndarray, shape (28, 28), float32, in [0, 1]

    Raises
    ------
    DigitlibError
        As `load_image`.
    """
    grey = load_image(image)
    resized = Image.fromarray(grey).resize((28, 28), Image.Resampling.BICUBIC)
    return np.asarray(resized).clip(0, 1)  # cubic curves overshoot a little


def load_image(image):
    """Read the grey values of an image.

    Parameters
    ----------
    image : path, bytes, file object, PIL.Image.Image or array
        An array is 2-D (grey) or (height, width, 3 or 4) (RGB, RGBA). Unsigned
        integers are divided by the largest number their type holds; floats must lie
        in [0, 1]. A picture is taken as it is displayed: upright, and on white where
        it is transparent. Of an animation, the first frame counts.

    Returns
    -------
    numpy.ndarray, shape (height, width), float32, in [0, 1]
        0 is black, 1 is white.

    Raises
    ------
    DigitlibError
        If there is no such file, or it is not an image, or damaged, or larger than
        ``PIL.Image.MAX_IMAGE_PIXELS``; if an array has another shape, dtype or range.
    """
    if isinstance(image, np.ndarray):
        return _grey_of_array(image, "array")
    if isinstance(image, Image.Image):
        return _grey_of_picture(image, "image")
    name, file = _name_and_file(image)
    try:
        with warnings.catch_warnings():
            # Pillow's warnings are for programmers, but for one: a small file that
            # unpacks to gigabytes is refused.
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(file) as picture:
                picture.load()
                return _grey_of_picture(picture, name)
    except DigitlibError:
        raise
    except UnidentifiedImageError as error:
        raise DigitlibError(
            f"{name}: not an image; give a PNG, JPEG, GIF, TIFF, BMP or WebP file"
        ) from error
    except Exception as error:  # damaged bytes make decoders raise anything
        why = " ".join(str(error).split()) or type(error).__name__
        raise DigitlibError(
            f"{name}: cannot be read as an image ({why}); give a whole one"
        ) from error


def _name_and_file(image):
    """What to call it in an error, and what Pillow can open."""
    if isinstance(image, (str, os.PathLike)):
        path = Path(image)
        try:
            if path.is_dir():
                raise DigitlibError(f"{path}: a folder; give the images in it")
            if not path.exists():
                raise DigitlibError(f"{path}: no such file")
        except (OSError, UnicodeError) as error:  # a name the system does not allow
            raise DigitlibError(f"{path}: not a usable path ({error})") from error
        return str(path), path
    if isinstance(image, (bytes, bytearray, memoryview)):
        return f"{len(image)} bytes", BytesIO(image)
    if hasattr(image, "read"):
        return str(getattr(image, "name", "file object")), image
    raise DigitlibError(
        f"{type(image).__name__}: not an image; give a path, bytes, a file object, a "
        "PIL image or a NumPy array"
    )


def _grey_of_picture(picture, name):
    if picture.width == 0 or picture.height == 0:
        raise DigitlibError(f"{name}: {picture.width}x{picture.height} pixels; empty")
    if picture.mode.startswith("I"):  # 16 bits, held in 16 or 32
        grey = np.asarray(picture).astype(np.float32) / 65535
        return _grey_of_array(grey, name)
    if picture.mode == "F":
        return _grey_of_array(np.asarray(picture), name)
    picture = ImageOps.exif_transpose(picture)
    if picture.has_transparency_data:
        picture = picture.convert("RGBA")
        paper = Image.new("RGBA", picture.size, "white")
        picture = Image.alpha_composite(paper, picture)
    return _grey_of_array(np.asarray(picture.convert("L")), name)


def _grey_of_array(array, name):
    colors = array.shape[2:] if array.ndim == 3 else ()
    if array.ndim not in (2, 3) or colors not in ((), (3,), (4,)) or 0 in array.shape:
        raise DigitlibError(
            f"{name}: shape {array.shape}, but (height, width) or (height, width, 3 or "
            "4) is needed; for one image of many, images[i]"
        )
    if array.dtype == bool:
        array = array.astype(np.float32)
    elif np.issubdtype(array.dtype, np.unsignedinteger):
        array = array / np.float32(np.iinfo(array.dtype).max)
    elif not np.issubdtype(array.dtype, np.floating):
        raise DigitlibError(
            f"{name}: dtype {array.dtype}, but unsigned integers or floats in [0, 1] "
            "are needed"
        )
    low, high = array.min(), array.max()
    if not (low >= 0 and high <= 1):  # also true for NaN
        raise DigitlibError(
            f"{name}: values from {low:g} to {high:g}, but floats must lie in [0, 1]; "
            "divide pixels of 0 to 255 by 255"
        )
    array = array.astype(np.float32, copy=False)
    if colors == (4,):
        opacity = array[..., 3:]
        array = array[..., :3] * opacity + (1 - opacity)
    return array @ LUMA if colors else array
