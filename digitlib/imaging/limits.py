"""Files that would keep Pillow busy for minutes, or make it take gigabytes.

Pillow refuses an image of too many pixels by itself. What is found here are the files
that it opens: some 100 kB that unfold to much more.
"""

from io import BytesIO

from PIL import Image
from PIL.Image import DecompressionBombError as Bomb

MAX_BYTES = 2**28  # as many as MAX_IMAGE_PIXELS take in three colours
MAX_SIDE = 65_535  # pixels: the most that JPEG and GIF can have
MAX_SCANS = 100  # a progressive JPEG usually has ten, each as long to decode as a whole
MAX_COMMENT = 2048  # blocks of 255 bytes; Pillow's time goes with their square
MAX_SLOW_PIXELS = 2**24  # of a run-length encoded BMP, which Pillow decodes in Python


class OneReading(BytesIO):
    """A file in memory that can be read a few times over, and not thousands of times.

    The entries of a TIFF or EXIF directory may all point to the same bytes, and Pillow
    copies those for each: a megabyte becomes 65 gigabytes.

    Parameters
    ----------
    content : bytes
    """

    def __init__(self, content):
        super().__init__(content)
        self._left = 4 * len(content) + 2**20

    def read(self, size=-1):
        data = super().read(size)
        self._left -= len(data)
        if self._left < 0:
            raise Bomb("its directory is larger than the file")
        return data


def check_content(content):
    """Refuse a file before it is opened.

    Parameters
    ----------
    content : bytes
        The whole file.

    Raises
    ------
    PIL.Image.DecompressionBombError
        If a JPEG has too many scans, or a GIF too long a comment.
    """
    # Within pixels, JPEG has no such two bytes; metadata may have some by chance.
    if content.startswith(b"\xff\xd8") and content.count(b"\xff\xda") > MAX_SCANS:
        raise Bomb(f"a JPEG of more than {MAX_SCANS} scans")
    if content.startswith(b"GIF8"):
        _check_comments(content)


def check_picture(picture):
    """Refuse a picture before its pixels are decoded.

    Parameters
    ----------
    picture : PIL.Image.Image
        Just opened.

    Raises
    ------
    PIL.Image.DecompressionBombError
        If it has too many pixels, or would need too much memory or time.
    """
    width, height = picture.size
    pixels = width * height
    if pixels > (Image.MAX_IMAGE_PIXELS or pixels):
        raise Bomb(f"{width}x{height} pixels: a decompression bomb")
    if max(width, height) > MAX_SIDE:
        raise Bomb(f"{width}x{height} pixels: a side longer than {MAX_SIDE}")
    if picture.tile and picture.tile[0][0] == "bmp_rle" and pixels > MAX_SLOW_PIXELS:
        raise Bomb(f"{width}x{height} pixels in a run-length encoded BMP")
    if picture.format == "TIFF":
        tile = [picture.tag_v2.get(tag, 0) for tag in (322, 323)]
        if tile[0] * tile[1] > max(2**24, 4 * pixels):
            raise Bomb(f"a TIFF in tiles of {tile[0]}x{tile[1]} pixels")


def _check_comments(content):
    """Walk through a GIF, up to its first image, and count the blocks of comments."""
    palette = 3 * 2 ** ((content[10] & 7) + 1) if content[10:11] > b"\x7f" else 0
    position, blocks = 13 + palette, 0
    while position + 2 < len(content) and content[position] not in b",;":
        if content[position] != ord("!"):
            position += 1  # Pillow skips what it does not know
            continue
        comment = content[position + 1] == 254
        position += 2
        while position < len(content) and content[position]:
            position += 1 + content[position]
            blocks += comment
        position += 1
        if blocks > MAX_COMMENT:
            raise Bomb("a GIF with too long a comment")
