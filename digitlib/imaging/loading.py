"""An image in any form, as an array of its grey values or colours.

A file of 100 kB that would unfold to gigabytes, or keep Pillow busy for minutes, is
refused before its pixels are decoded.
"""

from base64 import b64decode
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from io import BytesIO
import logging
import math
import os
import stat
import threading
from urllib.parse import unquote
import warnings

import numpy as np
from PIL import Image, UnidentifiedImageError
from PIL.Image import DecompressionBombError as Bomb
from PIL.JpegImagePlugin import JpegImageFile

from digitlib._internal.checks import check_count
from digitlib._internal.terminal import no_stderr
from digitlib.errors import DigitlibError
from digitlib.imaging.arrays import LUMA, as_floats, factor_of


@dataclass(frozen=True)
class Limits:
    """What a file may ask for, beside the number of its pixels; chosen."""

    content: int = 2**28  #: bytes: as MAX_IMAGE_PIXELS take in three colours
    name: int = 255  #: letters of a name that are shown: as many as a file's may have
    passed: int = 8  #: pixels of a JPEG that are passed over count as one decoded
    side: int = 65_535  #: pixels: the most that JPEG and GIF can have
    scans: int = 100  #: of a JPEG; usually ten, each as long to decode as a whole
    parts: int = 8192  #: of a GIF before its pixels; time goes with their square
    slow: int = 2**24  #: pixels of a run-length encoded BMP: Pillow is slow at these
    tile: int = 2**24  #: pixels of a tile of a TIFF, unless the image has a quarter
    again: int = 4  #: how many times over a file may be read, ...
    more: int = 2**20  #: ... and so many bytes more
    profile: int = 2**17  #: letters of EXIF that a PNG holds as text


LIMITS = Limits()
_FORMATS = ("PNG", "JPEG", "GIF", "TIFF", "BMP", "WEBP")
# EXIF's number of an orientation, and Pillow's of what sets such a picture upright.
TURNS = {2: 0, 3: 3, 4: 1, 5: 5, 6: 4, 7: 6, 8: 2}
# Without any handler, Python would print what Pillow logs of damaged files.
logging.getLogger("PIL").addHandler(logging.NullHandler())
_LOCK = threading.Lock()


def load_image(image):
    """Read the grey values of an image.

    Parameters
    ----------
    image : path, bytes, file object, data URL, PIL.Image.Image or array
        A file is a PNG, JPEG, GIF, TIFF, BMP or WebP, of at most 256 MB. An array is
        2-D or (height, width, 1) (grey) or (height, width, 3 or 4) (RGB, RGBA). Of
        unsigned integers, in arrays and files of any type, the largest tells which
        number is white: 1, 255, 65535, ... (`digitlib.imaging.arrays.Values`); floats
        must lie in [0, 1]. A picture is taken as displayed: upright, the first frame of
        an animation, and on white where transparent (on black, if all that is visible
        is light, as chalk).

    Returns
    -------
    numpy.ndarray, shape (height, width), float32, in [0, 1]
        0 is black, 1 is white.

    Raises
    ------
    DigitlibError
        If there is no such file, or it is not an image, or damaged; if an array has
        another shape, dtype or range; if a file has too many pixels. How many are
        allowed says the environment variable ``DIGITLIB_MAX_PIXELS`` or else, as set by
        you or by Pillow, ``PIL.Image.MAX_IMAGE_PIXELS``.
    """
    array, _ = _array_of(image, "L", None)
    return array @ LUMA if array.ndim == 3 else array


def load_color(image, size=None):
    """Read an image as `load_image`, but (height, width, 3) if it has colours.

    One whose longest side is above ``size`` pixels is reduced by averaging squares of
    2x2, 3x3, ... to between half of that and that; of a JPEG, the rest is not decoded.
    """
    if size is not None:
        size = check_count("size", size, 1, 2**20)
    return _array_of(image, "RGB", size and (size, 0))[0]


def load_strip(image, size, least):
    """Read an image as `load_color`, but leave a long and narrow one legible. Its
    shorter side keeps ``least`` pixels, as long as it has no more of them than a square
    of ``size``. Also returns height and width, as displayed, before reduction."""
    size = check_count("size", size, 1, 2**20)
    least = check_count("least", least, 1, 2**20)
    return _array_of(image, "RGB", (size, least))


def load_bytes(path):
    """Return the bytes of the file at a path, as warily as `load_image` reads it."""
    return _name_and_content(path)[1]


def readable(name):
    """Return a file's name, a str, so that it can be printed on one line."""
    return name if name.isprintable() else ascii(name)


def in_short(name):
    """Return what `readable` does, but of a long one, as a data URL, just both ends."""
    if len(name) > LIMITS.name:
        name = f"{name[: LIMITS.name // 4]}...{name[-LIMITS.name // 4 :]}"
    return readable(name)


def _array_of(image, mode, size):
    """Grey or RGB, as floats; and height and width before it was reduced."""
    if isinstance(image, np.ndarray):
        return as_floats(image, "array", size), image.shape[:2]
    name, opened = "PIL image", nullcontext(image)
    if not isinstance(image, Image.Image):
        name, content = _name_and_content(image)
        opened = _opened(content, size, name)
    try:
        with _quiet(), opened as picture:
            return _of_picture(picture, name, mode, size)
    except DigitlibError:
        raise
    except UnidentifiedImageError as error:
        wanted = "give a PNG, JPEG, GIF, TIFF, BMP or WebP file"
        raise DigitlibError(f"{name}: not an image; {wanted}") from error
    except Exception as error:  # damaged bytes make decoders raise anything
        why = f"cannot be read as an image ({_why(error)}); give another one"
        raise DigitlibError(f"{name}: {why}") from error


def _name_and_content(image):
    """What to call it in an error, and the bytes of the file."""
    if isinstance(image, (bytes, bytearray, memoryview)):
        name, read = "bytes", bytes
    elif isinstance(image, str) and image.startswith("data:"):
        name, read = in_short(image), _read_url
    elif isinstance(image, (str, os.PathLike)):
        name, read = in_short(str(image)), _read_path
    elif hasattr(image, "read"):
        name, read = in_short(str(getattr(image, "name", "file object"))), _read_file
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
        why = f"cannot be opened ({_why(error)}); give another file"
        raise DigitlibError(f"{name}: {why}") from error
    if len(content) > LIMITS.content:
        most = f"{LIMITS.content >> 20} MB"
        raise DigitlibError(f"{name}: larger than {most}; give a smaller image")
    return f"{len(content)} bytes" if name == "bytes" else name, content


def _read_url(url):
    kind, _, content = url.partition(",")
    if not kind.endswith(";base64"):
        raise ValueError("a data URL that is not in base64")
    return b64decode(unquote(content))


def _read_path(path):
    if not stat.S_ISREG(os.stat(path).st_mode) and not os.path.isdir(path):
        raise OSError("a device or pipe")  # from which reading might never end
    with open(path, "rb") as file:
        return _read_file(file)


def _read_file(file):
    with suppress(AttributeError, OSError):  # not every file can
        file.seek(0)
    content, part = bytearray(), b"more"
    while part and len(content) <= LIMITS.content:
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


class OneReading(BytesIO):
    """A file in memory that can be read a few times over, but not thousands of times.

    All entries of a TIFF or EXIF directory may point to the same bytes, which Pillow
    copies for each: a megabyte becomes 65 gigabytes.
    """

    def __init__(self, content):
        super().__init__(content)
        self.bytes = LIMITS.again * len(content) + LIMITS.more
        self.parts = LIMITS.parts if content.startswith(b"GIF") else math.inf

    def read(self, size=-1):
        data = super().read(size)
        self.bytes -= len(data)
        self.parts -= 1
        if self.bytes < 0:
            raise Bomb("its directory is larger than the file")
        if self.parts < 0:
            raise Bomb(f"a GIF of more than {LIMITS.parts} parts before its pixels")
        return data


class _Jpeg(JpegImageFile):
    """A JPEG; its EXIF, which Pillow reads as it opens the file, is read warily."""

    def getexif(self):
        try:
            _check_exif(self)
            return super().getexif()
        except Exception:  # damaged metadata harms no pixel
            return Image.Exif()


@contextmanager
def _opened(content, size, name):
    """Open a file with Pillow, wary of what it may contain."""
    file, jpeg = OneReading(content), content.startswith(b"\xff\xd8\xff")
    # Within pixels, JPEG has no such two bytes; metadata may have some by chance.
    if jpeg and content.count(b"\xff\xda") > LIMITS.scans:
        raise Bomb(f"a JPEG of more than {LIMITS.scans} scans")
    most, pillows = _most_pixels(), Image.MAX_IMAGE_PIXELS
    try:
        Image.MAX_IMAGE_PIXELS = None  # counted below, as decoded
        picture = _Jpeg(file) if jpeg else Image.open(file, formats=_FORMATS)
    except SyntaxError as error:
        raise UnidentifiedImageError from error
    finally:
        Image.MAX_IMAGE_PIXELS = pillows
    with picture:
        _check_size(picture)
        file.parts = math.inf
        picture.whole = picture.size
        pixels = math.prod(picture.size)
        if size:  # a JPEG can be decoded at a half, a quarter or an eighth
            picture.draft(None, (size[0], size[0]))
        if "progressive" not in picture.info:  # of which all is held in memory
            pixels = max(math.prod(picture.size), pixels // LIMITS.passed)
        if most and pixels > most:
            wide, high = picture.whole
            allow = "allow more with --max-pixels or DIGITLIB_MAX_PIXELS"
            raise DigitlibError(
                f"{name}: {wide}x{high} pixels, more than {most:,}; {allow}"
            )
        yield picture


def _most_pixels():
    """How many may be decoded; None if any number."""
    name = "DIGITLIB_MAX_PIXELS"
    given = os.environ.get(name)
    if not given:
        return Image.MAX_IMAGE_PIXELS
    if not given.isdecimal() or int(given) < 1:
        raise DigitlibError(f"{name}: {given!r}, but a whole number from 1 is needed")
    return int(given)


def _check_size(picture):
    """Refuse a picture that takes too much memory or time for its pixels."""
    pixels = math.prod(picture.size)
    tags = picture.tag_v2 if picture.format == "TIFF" else {}
    wide, high = tags.get(322, 0), tags.get(323, 0)
    slow = picture.tile and picture.tile[0][0] == "bmp_rle"
    reasons = {
        f"a side longer than {LIMITS.side}": max(picture.size) > LIMITS.side,
        "a run-length encoded BMP": slow and pixels > LIMITS.slow,
        f"tiles of {wide}x{high}": wide * high > max(LIMITS.tile, 4 * pixels),
    }
    for reason, refused in reasons.items():
        if refused:
            raise Bomb(f"{picture.width}x{picture.height} pixels: {reason}")


def _of_picture(picture, name, mode, size):
    with no_stderr() if picture.format == "TIFF" else nullcontext():  # libtiff writes
        picture.load()
    if 0 in picture.size:
        raise DigitlibError(f"{name}: {picture.width}x{picture.height} pixels; empty")
    # Pillow holds 32 bits with a sign, even those of a TIFF that have none.
    unsigned = picture.format == "TIFF" and 2 not in picture.tag_v2.get(339, ())
    orientation = _orientation(picture)
    turned = 1 if orientation in (5, 6, 7, 8) else -1
    sides = getattr(picture, "whole", picture.size)[::turned]
    if orientation in TURNS:
        picture = picture.transpose(TURNS[orientation])
    if picture.mode[0] in "FI":  # floats; 16 bits, held in 16 or 32; 32 bits
        array = np.asarray(picture)
        if picture.mode == "I" and (unsigned or array.min() >= 0):
            array = array.view(np.uint32)
        return as_floats(array, name, size), sides
    if picture.mode in ("LAB", "HSV", "La"):  # Pillow knows no direct way
        picture = picture.convert("LA" if picture.mode == "La" else "RGB")
    factor = factor_of(picture.size, size)
    if picture.has_transparency_data:
        picture, factor = _reduced(_converted(picture, "RGBA"), factor), 1
        if picture.getextrema()[3] != (255, 255):  # else nothing is transparent
            mode = "RGBA"
    elif picture.mode in ("1", "L"):
        mode = "L"
    picture = _converted(picture, mode)
    largest = np.max(picture.getextrema())
    array = np.asarray(_reduced(picture, factor))
    return as_floats(array, name, largest=largest), sides


def _converted(picture, mode):
    return picture if picture.mode == mode else picture.convert(mode)


def _reduced(picture, factor):
    return picture.reduce(factor) if factor > 1 else picture


def _orientation(picture):
    """EXIF's number for it; 1, which is upright, where that cannot be read."""
    try:
        _check_exif(picture)
        return int(picture.getexif().get(0x0112, 1))
    except Exception:  # damaged metadata harms no pixel
        return 1


def _check_exif(picture):
    exif = picture.info.get("exif", b"").removeprefix(b"Exif\0\0")
    if exif:
        Image.Exif().load_from_fp(OneReading(exif))
    if len(picture.info.get("Raw profile type exif", "")) > LIMITS.profile:
        raise Bomb("too much EXIF")
