"""An image in any form, as an array of its grey values or colours."""

from contextlib import contextmanager, nullcontext, suppress
import logging
import math
import os
import stat
import threading
import warnings

import numpy as np
from PIL import Image, UnidentifiedImageError

from digitlib._internal.checks import check_count
from digitlib.errors import DigitlibError
from digitlib.imaging.limits import MAX_BYTES, OneReading, check_content, check_picture

FORMATS = ("PNG", "JPEG", "GIF", "TIFF", "BMP", "WEBP")

# Red, green and blue as bright as the eye finds them: ITU-R BT.601, as in Pillow.
LUMA = np.array([0.299, 0.587, 0.114], dtype=np.float32)

# How to set a picture upright, by EXIF's number for its orientation.
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
# Modes of Pillow that it turns into grey or RGBA only by way of another.
DETOURS = {"LAB": "RGB", "HSV": "RGB", "La": "LA"}

# Without any handler, Python would print what Pillow logs of damaged files.
logging.getLogger("PIL").addHandler(logging.NullHandler())

_LOCK = threading.Lock()


def load_image(image):
    """Read the grey values of an image.

    Parameters
    ----------
    image : path, bytes, file object, PIL.Image.Image or array
        A file is a PNG, JPEG, GIF, TIFF, BMP or WebP, of at most 256 MB. An array is
        2-D (grey) or (height, width, 3 or 4) (RGB, RGBA). Unsigned integers are
        divided by the largest number their type holds; floats must lie in [0, 1]. A
        picture is taken as it is displayed: upright, and on white where it is
        transparent (on black, if all that is visible is light, such as chalk). Of an
        animation, the first frame counts.

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
    array, _ = _array_of(image, "L", None)
    return array @ LUMA if array.ndim == 3 else array


def load_color(image, size=None):
    """Read an image with its colours, and no larger than needed.

    Parameters
    ----------
    image : path, bytes, file object, PIL.Image.Image or array
        As for `load_image`.
    size : int, optional
        The longest side wanted, in pixels. A larger image is reduced by averaging
        squares of 2x2, 3x3, ... pixels, to between half of ``size`` and ``size``; of
        a JPEG, the rest is not even decoded.

    Returns
    -------
    numpy.ndarray, shape (height, width) or (height, width, 3), float32, in [0, 1]
        Grey, or red, green and blue.

    Raises
    ------
    DigitlibError
        As `load_image`.
    """
    if size is not None:
        size = check_count("size", size, 1, 2**20)
    return _array_of(image, "RGB", size and (size, 0))[0]


def load_strip(image, size, least):
    """Read an image as `load_color`, but leave a long and narrow one legible.

    Parameters
    ----------
    image : path, bytes, file object, PIL.Image.Image or array
        As for `load_image`.
    size : int
        The longest side wanted, in pixels, ...
    least : int
        ... unless the shorter one would become shorter than this; but as many pixels
        as a square of the longest side has are always enough.

    Returns
    -------
    picture : numpy.ndarray, shape (height, width) or (height, width, 3), float32
        In [0, 1]: grey, or red, green and blue.
    sides : (int, int)
        Height and width before the image was reduced, as it is displayed.

    Raises
    ------
    DigitlibError
        As `load_image`.
    """
    size = check_count("size", size, 1, 2**20)
    least = check_count("least", least, 1, 2**20)
    return _array_of(image, "RGB", (size, least))


def load_bytes(path):
    """Read a file, wary as `load_image` is.

    Parameters
    ----------
    path : str or os.PathLike

    Returns
    -------
    bytes

    Raises
    ------
    DigitlibError
        If there is no such file, it cannot be opened, or is larger than 256 MB.
    """
    return _name_and_content(path)[1]


def readable(name):
    """Return a file's name so that it can be printed, on one line.

    Parameters
    ----------
    name : str
        Of a file; on some systems, nearly any bytes.

    Returns
    -------
    str
    """
    return name if name.isprintable() else ascii(name)


def _array_of(image, mode, size):
    """Grey or RGB, as floats; and height and width before it was reduced."""
    if isinstance(image, np.ndarray):
        return _floats(image, "array", size), image.shape[:2]
    name, opened = "PIL image", nullcontext(image)
    if not isinstance(image, Image.Image):
        name, content = _name_and_content(image)
        opened = _opened(content, size)
    try:
        with _quiet(), opened as picture:
            return _of_picture(picture, name, mode, size)
    except DigitlibError:
        raise
    except UnidentifiedImageError as error:
        raise DigitlibError(
            f"{name}: not an image; give a PNG, JPEG, GIF, TIFF, BMP or WebP file"
        ) from error
    except Exception as error:  # damaged bytes make decoders raise anything
        raise DigitlibError(
            f"{name}: cannot be read as an image ({_why(error)}); give another one"
        ) from error


def _name_and_content(image):
    """What to call it in an error, and the bytes of the file."""
    if isinstance(image, (bytes, bytearray, memoryview)):
        name, read = "bytes", bytes
    elif isinstance(image, (str, os.PathLike)):
        name, read = readable(str(image)), _read_path
    elif hasattr(image, "read"):
        name = readable(str(getattr(image, "name", "file object")))
        read = _read_file
    else:
        raise DigitlibError(
            f"{type(image).__name__}: not an image; give a path, bytes, a file object, "
            "a PIL image or a NumPy array"
        )
    try:
        content = read(image)
    except FileNotFoundError as error:
        raise DigitlibError(f"{name}: no such file") from error
    except IsADirectoryError as error:
        raise DigitlibError(f"{name}: a folder; give the images in it") from error
    except Exception as error:  # a file object may raise anything
        raise DigitlibError(
            f"{name}: cannot be opened ({_why(error)}); give another file"
        ) from error
    if len(content) > MAX_BYTES:
        raise DigitlibError(
            f"{name}: larger than {MAX_BYTES >> 20} MB; give a smaller image"
        )
    return f"{len(content)} bytes" if name == "bytes" else name, content


def _read_path(path):
    if not stat.S_ISREG(os.stat(path).st_mode) and not os.path.isdir(path):
        raise OSError("a device or pipe")  # from which reading might never end
    with open(path, "rb") as file:
        return _read_file(file)


def _read_file(file):
    with suppress(AttributeError, OSError):  # not every file can
        file.seek(0)
    content, part = bytearray(), b"more"
    while part and len(content) <= MAX_BYTES:
        part = file.read(2**20)
        if not isinstance(part, bytes):
            raise TypeError("not opened in binary mode, 'rb'")
        content += part
    return bytes(content)


def _why(error):
    """What an error says, on one line."""
    text = str(getattr(error, "strerror", None) or error)
    return readable(" ".join(text.split())) or type(error).__name__


@contextmanager
def _quiet():
    """Keep Pillow's warnings, which are for programmers, away from readers."""
    with _LOCK, warnings.catch_warnings():  # which two threads must not do at once
        warnings.simplefilter("ignore")
        yield


@contextmanager
def _opened(content, size):
    """Open a file with Pillow, wary of what it may contain, and decode it."""
    check_content(content)
    exif = b""
    if content.startswith(b"\xff\xd8") and b"Exif\0\0" in content:
        # Pillow would parse it at once, and not from OneReading.
        exif = content.partition(b"Exif\0\0")[2][: 2**16]
        content = content.replace(b"Exif\0\0", b"none\0\0")
    with Image.open(OneReading(content), formats=FORMATS) as picture:
        check_picture(picture)
        if exif:
            picture.info["exif"] = exif
        picture.whole = picture.size
        if size:  # a JPEG can be decoded at a half, a quarter or an eighth
            picture.draft(None, (size[0], size[0]))
        yield picture


@contextmanager
def _mute():
    """Keep what libtiff, a library in C, writes to stderr away from readers."""
    try:
        stderr = os.dup(2)
    except OSError:  # there is none
        yield
        return
    with open(os.devnull, "wb") as nowhere:
        os.dup2(nowhere.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(stderr, 2)
        os.close(stderr)


def _of_picture(picture, name, mode, size):
    with _mute() if picture.format == "TIFF" else nullcontext():
        picture.load()
    if 0 in picture.size:
        raise DigitlibError(f"{name}: {picture.width}x{picture.height} pixels; empty")
    orientation = _orientation(picture)
    sides = getattr(picture, "whole", picture.size)[
        :: 1 if orientation in (5, 6, 7, 8) else -1
    ]
    if orientation in TURNS:
        picture = picture.transpose(TURNS[orientation])
    if picture.mode == "F":
        return _floats(np.asarray(picture), name, size), sides
    if picture.mode.startswith("I"):  # 16 bits, held in 16 or 32
        pixels = np.asarray(picture).astype(np.float32) / 65535
        return _floats(pixels, name, size), sides
    if picture.mode in DETOURS:
        picture = picture.convert(DETOURS[picture.mode])
    factor = _factor(picture.size, size)
    if picture.has_transparency_data:
        picture = _reduced(picture, "RGBA", factor)
        factor = 1
        if picture.getextrema()[3] != (255, 255):  # else nothing is transparent
            mode = "RGBA"
    elif picture.mode in ("1", "L"):
        mode = "L"
    return _floats(np.asarray(_reduced(picture, mode, factor)), name, None), sides


def _reduced(picture, mode, factor):
    """Convert and average, without needless copies."""
    if picture.mode != mode:
        picture = picture.convert(mode)
    return picture.reduce(factor) if factor > 1 else picture


def _orientation(picture):
    """EXIF's number for it; 1, which is upright, where that cannot be read."""
    try:
        exif = picture.info.get("exif", b"").removeprefix(b"Exif\0\0")
        if exif:
            Image.Exif().load_from_fp(OneReading(exif))
        if len(picture.info.get("Raw profile type exif", "")) > 2**17:
            return 1
        return int(picture.getexif().get(0x0112, 1))
    except Exception:  # damaged metadata harms no pixel
        return 1


def _factor(sides, size):
    """How many pixels become one, along each side."""
    if not size:
        return 1
    longest, least = size
    wanted = -(-max(sides) // longest)
    if least:  # and no more memory than a square of the longest side takes
        enough = math.ceil(math.sqrt(math.prod(sides)) / longest)
        wanted = max(enough, min(wanted, min(sides) // least))
    return max(1, wanted)


def _on_paper(shown, opacity):
    """Put what is transparent on white; on black, if all that is visible is light."""
    visible = (shown @ LUMA)[opacity[..., 0] > 0.5]
    paper = 0 if visible.size and np.percentile(visible, 5) > 0.6 else 1
    return shown * opacity + paper * (1 - opacity)


def _floats(array, name, size):
    if np.ma.is_masked(array):
        raise DigitlibError(f"{name}: masked pixels; fill them first: array.filled(1)")
    array = np.asarray(array)
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
        array = _on_paper(array[..., :3], array[..., 3:])
    factor = _factor(array.shape[:2], size)
    if factor > 1:
        channels = array[..., np.newaxis] if array.ndim == 2 else array
        reduced = [
            np.asarray(Image.fromarray(c).reduce(factor))
            for c in np.moveaxis(channels, 2, 0)
        ]
        array = reduced[0] if array.ndim == 2 else np.stack(reduced, axis=2)
    return array
