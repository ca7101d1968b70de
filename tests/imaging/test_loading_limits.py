"""Files that would take Pillow gigabytes or minutes, made here, and refused."""

from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
import struct
import subprocess
import sys
import time
import tracemalloc
import zlib

import numpy as np
from PIL import Image
import pytest
import sheets

from digitlib.errors import DigitlibError
from digitlib.imaging.loading import LIMITS, OneReading, load_color, load_image

SIZE = (28, 28)


def file_of(picture, format_, **options):
    return sheets.file_of(picture, format=format_, **options)


def directory(entries, start=8):
    """A TIFF's header and directory; an entry is (tag, type, count, value)."""
    packed = b"".join(struct.pack("<HHLL", *entry) for entry in entries)
    header = b"II*\0" + struct.pack("<LH", start, len(entries))
    return header + packed + bytes(4)


def amplified(entries=4000, size=250_000):
    """A directory with entries that all point to the same bytes: 1 GB from 300 kB."""
    table = directory([(1000 + i, 1, size, 8) for i in range(entries)])
    return table + bytes(size)


def tiff(entries, content):
    """A TIFF of one tile or strip, whose place is written as 0."""
    place = 8 + 2 + 12 * len(entries) + 4
    return directory([(*e[:3], e[3] or place) for e in entries]) + content


def gif_with(extensions):
    content = file_of(Image.new("P", SIZE), "GIF")
    image = content.index(b",\0\0\0\0")
    return content[:image] + extensions + content[image:]


def commas(content):
    """The same GIF, with a palette of commas, which elsewhere announce an image."""
    end = 13 + 3 * 2 ** ((content[10] & 7) + 1)
    return content[:13] + b"," * (end - 13) + content[end:]


def bmp(width, height, runs):
    numbers = (40, width, height, 1, 8, 1, len(runs), 0, 0, 1, 0)
    header = struct.pack("<LllHHLLllLL", *numbers)
    start = 14 + len(header) + 4
    total = start + len(runs)
    return struct.pack("<2sLLL", b"BM", total, 0, start) + header + bytes(4) + runs


def jpeg_with_scans(count):
    content = file_of(Image.new("L", (64, 64), 255), "JPEG", progressive=True)
    last = content[content.rindex(b"\xff\xda") : -2]
    return content[:-2] + last * count + content[-2:]


def png_with(name, content):
    plain = file_of(Image.new("L", SIZE), "PNG")
    chunk = struct.pack(">L", len(content)) + name + content
    return plain[:33] + chunk + struct.pack(">L", zlib.crc32(chunk[4:])) + plain[33:]


def webp_of(width, height):
    frames = [Image.new("RGBA", SIZE, (grey, 0, 0, 255)) for grey in (0, 99)]
    content = file_of(frames[0], "WEBP", save_all=True, append_images=frames[1:])
    sides = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    return content[:24] + sides + content[30:]


def deep(byte, length):
    return zlib.compress(byte * length, 9)


TILED = [(256, 4, 1, 28), (257, 4, 1, 28), (258, 3, 1, 8), (259, 3, 1, 8)]
TILED += [(262, 3, 1, 1), (277, 3, 1, 1), (322, 4, 1, 40_000), (323, 4, 1, 40_000)]

BOMBS = {
    "png, pixels": lambda: file_of(Image.new("1", (10_000, 10_000)), "PNG"),
    "gif, pixels": lambda: file_of(Image.new("P", SIZE), "GIF").replace(
        struct.pack("<HH", *SIZE), struct.pack("<HH", 60_000, 60_000), 1
    ),
    "gif, pixels of the first frame": lambda: file_of(
        Image.new("P", SIZE), "GIF"
    ).replace(b",\0\0\0\0\x1c\0\x1c\0", b",\0\0\0\0\xff\xff\xff\xff", 1),
    "gif, a long comment": lambda: gif_with(b"!\xfe" + (b"\xff" * 256) * 5000 + b"\0"),
    "gif, many comments": lambda: gif_with(b"!\xfe\x01x\0" * 100_000),
    "gif, many comments after junk": lambda: gif_with(b"?" + b"!\xfe\x01x\0" * 100_000),
    "gif, many comments after commas": lambda: commas(
        gif_with(b"!\xfe\x01x\0" * 100_000)
    ),
    "bmp, pixels": lambda: bmp(60_000, 60_000, b""),
    "bmp, runs": lambda: bmp(8000, 8000, b"\1\0\0\0" * 8000),
    "bmp, a long row": lambda: bmp(40_000_000, 1, b"\0\2\xff\xff"),
    "tiff, entries": lambda: amplified(),
    "tiff, a tile": lambda: tiff(
        [*TILED, (324, 4, 1, 0), (325, 4, 1, 10_000)], deep(b"\0", 10_000_000)
    ),
    "jpeg, scans": lambda: jpeg_with_scans(200),
    "webp, canvas": lambda: webp_of(60_000, 60_000),
    "webp, large canvas": lambda: webp_of(16_000, 16_000),
    "png, text": lambda: png_with(b"zTXt", b"k\0\0" + deep(b"\0", 50_000_000)),
    "png, profile": lambda: png_with(b"iCCP", b"k\0\0" + deep(b"\0", 50_000_000)),
}


REASONS = {  # where Pillow might refuse them too, but only after a while
    **{
        name: " pixels, more than 89,478,485; allow more with --max-pixels or"
        for name in BOMBS
        if "pixels" in name or "canvas" in name
    },
    **{name: "more than 8192 parts" for name in BOMBS if "comment" in name},
    **dict.fromkeys(("bmp, pixels", "bmp, runs"), "run-length encoded"),
    "bmp, a long row": "a side longer than 65535",
    "tiff, entries": "directory is larger than the file",
    "tiff, a tile": "tiles of 40000x40000",
    "jpeg, scans": "more than 100 scans",
}


@contextmanager
def little_memory():
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < 50e6
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("name", BOMBS)
@pytest.mark.parametrize("load", [load_image, lambda image: load_color(image, 100)])
def test_bombs_are_refused_at_once(name, load):
    content = BOMBS[name]()
    assert len(content) < 2_000_000
    start = time.perf_counter()
    refused = pytest.raises(
        DigitlibError, match=r"^\d+ bytes: (cannot be read|\d+x\d+ pix)"
    )
    with little_memory(), refused as error:
        load(content)
    assert time.perf_counter() - start < 5
    assert REASONS.get(name, "") in str(error.value)
    assert str(error.value).isprintable()


@pytest.mark.parametrize("format_", ["PNG", "WEBP"])
def test_an_image_survives_its_exif(format_):
    content = file_of(Image.new("L", SIZE, 255), format_, exif=amplified())
    with little_memory():
        assert load_image(content).min() > 0.99


def test_a_jpeg_survives_its_exif():
    """Pillow joins the segments, and reads them when it opens the file."""
    segments, exif = b"", amplified()
    for start in range(0, len(exif), 65_000):
        part = b"Exif\0\0" + exif[start : start + 65_000]
        segments += b"\xff\xe1" + struct.pack(">H", len(part) + 2) + part
    plain = file_of(Image.new("L", SIZE, 255), "JPEG")
    content = plain[:2] + segments + plain[plain.index(b"\xff\xdb") :]
    with little_memory():
        assert load_image(content).min() > 0.99


def test_a_file_of_many_frames_is_read_to_the_first():
    frames = [Image.new("L", SIZE, grey % 256) for grey in range(255, 2255)]
    for format_ in ("GIF", "WEBP", "PNG"):
        content = file_of(frames[0], format_, save_all=True, append_images=frames[1:])
        assert load_image(content).min() > 0.99


@pytest.mark.parametrize(
    "content",
    [
        gif_with(b"!\xfe" + (b"\xff" * 256) * 100 + b"\0"),
        gif_with(b"!\xff\x0bXMP DataXMP" + b"\xff" * 256 * 3000 + b"\0"),
        jpeg_with_scans(20),
        bmp(300, 200, b"\xff\0\x2d\0\0\0" * 200 + b"\0\1"),
        file_of(Image.new("L", (65_000, 9)), "PNG"),
        file_of(Image.new("RGB", (3000, 2000)), "TIFF", compression="tiff_lzw"),
        file_of(Image.new("RGB", SIZE), "JPEG", exif=b"Exif\0\0" + bytes(60_000)),
        file_of(Image.new("RGB", SIZE), "JPEG", icc_profile=bytes(500_000)),
    ],
    ids=range(8),
)
def test_what_is_merely_large_is_read(content):
    with Image.open(BytesIO(content)) as picture:
        expected = np.asarray(picture.convert("L")) / 255
    assert np.allclose(load_image(content), expected)


def test_one_reading():
    content = bytes(range(256)) * 10_000
    file = OneReading(content)
    assert file.read(3) == content[:3]
    assert file.read() == content[3:]
    file.seek(0)
    assert file.read() == content
    assert file.getvalue() == content
    file = OneReading(content)
    with pytest.raises(Image.DecompressionBombError):
        [(file.seek(0), file.read()) for _ in range(9)]


def test_the_limit_of_pixels_is_pillows(monkeypatch):
    content = file_of(Image.new("1", (300, 300)), "PNG")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 89_999)
    with pytest.raises(DigitlibError, match="300x300 pixels, more than 89,999"):
        load_image(content)
    for limit in (90_000, None):
        monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", limit)
        assert load_image(content).shape == (300, 300)


@pytest.mark.parametrize("pillows", [100, 89_999, None])
def test_the_environment_says_how_many_pixels(monkeypatch, pillows):
    content = file_of(Image.new("1", (300, 300)), "PNG")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", pillows)
    for allowed in ("90000", "9999999"):
        monkeypatch.setenv("DIGITLIB_MAX_PIXELS", allowed)
        assert load_image(content).shape == (300, 300)
        assert pillows == Image.MAX_IMAGE_PIXELS
    monkeypatch.setenv("DIGITLIB_MAX_PIXELS", "89999")
    with pytest.raises(DigitlibError, match="300x300 pixels, more than 89,999; allow"):
        load_image(content)
    for none in ("0", "-1", "many", "1e9"):
        monkeypatch.setenv("DIGITLIB_MAX_PIXELS", none)
        with pytest.raises(DigitlibError, match=f"_PIXELS: '{none}', but a whole numb"):
            load_image(content)


def test_of_a_jpeg_the_pixels_that_are_decoded_count(monkeypatch):
    """Those of a progressive one are all held in memory, reduced or not."""
    picture = Image.new("L", (1600, 1200), 90)
    content, progressive = (
        file_of(picture, "JPEG", progressive=progressive) for progressive in (0, 1)
    )
    monkeypatch.setenv("DIGITLIB_MAX_PIXELS", "240000")  # an eighth
    assert load_color(content, 200).shape == (150, 200)
    for image, size in ((content, 900), (content, None), (progressive, 200)):
        with pytest.raises(DigitlibError, match="1600x1200 pixels, more than 240,000"):
            load_color(image, size)
    monkeypatch.setenv("DIGITLIB_MAX_PIXELS", "239999")
    with pytest.raises(DigitlibError, match="1600x1200 pixels"):
        load_color(content, 200)


def test_a_jpeg_of_300_megapixels_is_read_in_little_memory():
    code = (
        "from PIL import Image;"
        "Image.new('L', (20000, 15000), 90).save(sys.stdout.buffer, 'JPEG')"
    )
    content = _run(code, b"")
    assert len(content) < 5e6
    code = (
        "import time; from memory import peak;"
        "from digitlib.imaging.loading import load_color;"
        "content = sys.stdin.buffer.read(); before, start = peak(), time.time();"
        "shape = load_color(content, 1000).shape;"
        "print(*shape, peak() - before, time.time() - start)"
    )
    height, width, megabytes, seconds = map(float, _run(code, content).split())
    assert (height, width) == (625, 834)
    assert megabytes < 50
    assert seconds < 5


def _run(code, content):
    folder = str(Path(__file__).parents[1])
    command = [sys.executable, "-c", f"import sys; sys.path.append({folder!r}); {code}"]
    return subprocess.run(
        command, input=content, capture_output=True, check=True
    ).stdout


def test_the_limits_are_as_documented():
    assert LIMITS.content == 256 * 2**20
    assert LIMITS.side == 2**16 - 1
