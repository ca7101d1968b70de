"""Thousands of damaged files: each is read, or refused in one line; nothing else.

Real files of a drawn digit are mutated at random, by a seed. To try other ones:

    DIGITLIB_SEED=7 pytest tests/test_bad_input.py            # 500 files
    DIGITLIB_SEED=7 pytest -m slow tests/test_bad_input.py    # 5,000 files

A failure is printed with the number of the file. To have that file:

    python tests/test_bad_input.py SEED NUMBER > file
"""

from io import BytesIO
import json
import os
import resource
import struct
import subprocess
import sys
import time
import zlib

from memory import peak
import numpy as np
from PIL import Image, ImageDraw
import pytest
from sheets import file_of, turned_by

from digitlib.errors import DigitlibError
from digitlib.recognizer import Prediction, Recognizer

SEED = int(os.environ.get("DIGITLIB_SEED", "0"))
EXTREMES = (0, 1, 2**31 - 1, 2**31, 2**32 - 1, 2**16 - 1, 255)
SECONDS = 5  # for one file: an image of MAX_IMAGE_PIXELS takes two
MEGABYTES = 2000  # at the peak: the same image takes 1,300


def drawn_digit(mode, size):
    """A 7, dark on light."""
    picture = Image.new("L", (size, size), 240)
    points = [(x * size, y * size) for x, y in ((0.25, 0.2), (0.75, 0.2), (0.45, 0.85))]
    ImageDraw.Draw(picture).line(points, fill=20, width=max(1, size // 10))
    if mode == "I;16":
        return Image.fromarray(np.asarray(picture).astype(np.uint16) * 257)
    return picture.convert("RGB").convert(mode)


def originals():
    """Files of many kinds: (format, content)."""
    exif = turned_by(6)
    exif[0x010E] = "a seven"
    kinds = [
        ("PNG", "1", 28, {}),
        ("PNG", "L", 64, {}),
        ("PNG", "P", 40, {"transparency": 3}),
        ("PNG", "RGBA", 90, {"exif": exif}),
        ("PNG", "I;16", 33, {}),
        ("JPEG", "L", 64, {}),
        ("JPEG", "RGB", 200, {"progressive": True, "exif": exif}),
        ("JPEG", "CMYK", 70, {"subsampling": 0}),
        ("JPEG", "RGB", 640, {"quality": 40, "icc_profile": bytes(500)}),
        ("JPEG", "RGB", 96, {"restart_marker_blocks": 2}),
        ("GIF", "L", 50, {"interlace": 1}),
        ("GIF", "P", 64, {"comment": b"a seven"}),
        ("GIF", "P", 64, {"save_all": True, "transparency": 7}),
        ("TIFF", "1", 80, {"compression": "group4"}),
        ("TIFF", "L", 64, {}),
        ("TIFF", "RGB", 64, {"compression": "tiff_lzw"}),
        ("TIFF", "RGBA", 64, {"compression": "tiff_deflate"}),
        ("TIFF", "RGB", 64, {"compression": "jpeg"}),
        ("TIFF", "I;16", 40, {"exif": exif}),
        ("TIFF", "CMYK", 40, {"compression": "packbits"}),
        ("TIFF", "L", 40, {"save_all": True}),
        ("BMP", "1", 60, {}),
        ("BMP", "P", 60, {}),
        ("BMP", "RGB", 60, {}),
        ("WEBP", "RGB", 64, {"exif": exif}),
        ("WEBP", "RGBA", 64, {"lossless": True}),
        ("WEBP", "RGB", 64, {"save_all": True}),
    ]
    files = []
    for format_, mode, size, options in kinds:
        picture = drawn_digit(mode, size)
        if options.get("save_all"):
            options = {**options, "append_images": [picture.rotate(a) for a in (9, 50)]}
        files.append((format_, file_of(picture, format=format_, **options)))
    return [
        *files,
        ("PNG", interlaced_png(drawn_digit("L", 40))),
        ("TIFF", tiled_tiff(drawn_digit("L", 96), deflate=False)),
        ("TIFF", tiled_tiff(drawn_digit("L", 96), deflate=True)),
        ("BMP", run_length_bmp(drawn_digit("L", 60))),
    ]


def interlaced_png(picture):
    """Adam7, which Pillow reads but does not write."""
    pixels, rows = np.asarray(picture), b""
    passes = [(0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4)]
    for top, left, down, right in [*passes, (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1)]:
        some = pixels[top::down, left::right]
        rows += b"".join(b"\0" + row.tobytes() for row in some)
    header = struct.pack(">LLBBBBB", *picture.size, 8, 0, 0, 0, 1)
    content, pixels = b"\x89PNG\r\n\x1a\n", zlib.compress(rows)
    for name, part in ((b"IHDR", header), (b"IDAT", pixels), (b"IEND", b"")):
        checksum = struct.pack(">L", zlib.crc32(name + part))
        content += struct.pack(">L", len(part)) + name + part + checksum
    return content


def tiled_tiff(picture, deflate):
    """Tiles of 32x32, which Pillow reads but does not write."""
    pixels = np.asarray(picture)
    starts = [(y, x) for y in range(0, 96, 32) for x in range(0, 96, 32)]
    tiles = [pixels[y : y + 32, x : x + 32].tobytes() for y, x in starts]
    if deflate:
        tiles = [zlib.compress(tile) for tile in tiles]
    place = 8 + 2 + 10 * 12 + 4
    sizes = [len(tile) for tile in tiles]
    offsets = [place + 72 + sum(sizes[:i]) for i in range(9)]
    values = [(256, 1, 96), (257, 1, 96), (258, 1, 8), (259, 1, 8 if deflate else 1)]
    values += [(262, 1, 1), (277, 1, 1), (322, 1, 32), (323, 1, 32)]
    values += [(324, 9, place), (325, 9, place + 36)]
    content = b"II*\0" + struct.pack("<LH", 8, len(values))
    content += b"".join(struct.pack("<HHLL", tag, 4, n, v) for tag, n, v in values)
    content += bytes(4) + struct.pack("<18L", *offsets, *sizes)
    return content + b"".join(tiles)


def run_length_bmp(picture):
    """Runs of equal pixels, which Pillow reads but does not write."""
    runs = b""
    for row in np.asarray(picture)[::-1]:
        for part in np.split(row, np.flatnonzero(np.diff(row)) + 1):
            runs += bytes([len(part), part[0]])
        runs += b"\0\0"
    runs += b"\0\1"
    palette = b"".join(bytes([grey, grey, grey, 0]) for grey in range(256))
    numbers = (40, *picture.size, 1, 8, 1, len(runs), 0, 0, 256, 0)
    header = struct.pack("<LllHHLLllLL", *numbers)
    start = 14 + 40 + 1024
    first = struct.pack("<2sLLL", b"BM", start + len(runs), 0, start)
    return first + header + palette + runs


def mutate(content, other, random):
    """Damage a file in one or two ways."""
    content = bytearray(content)
    for _ in range(random.integers(1, 3)):
        place = int(len(content) * random.random() ** 2)  # rather near the header
        length = int(random.geometric(0.2))
        way = random.integers(9)
        if way == 0:  # flip bits
            for _ in range(length):
                if content:
                    content[random.integers(len(content))] ^= 1 << random.integers(8)
        elif way == 1:
            content[place : place + length] = random.bytes(length)
        elif way == 2:
            del content[place : place + length]
        elif way == 3:
            content[place:place] = random.bytes(length)
        elif way == 4:
            content[place:place] = content[place : place + 8 * length]
        elif way == 5:
            del content[max(place, 20) :]
        elif way == 6:
            content[place:] = other[int(len(other) * random.random()) :]
        else:
            near = int(random.integers(120))
            order = ("little", "big")[random.integers(2)]
            width = (4, 2)[random.integers(2)]
            number = int(random.choice(EXTREMES)) % 256**width
            content[near : near + width] = number.to_bytes(width, order)
    return bytes(content)


def mutated(seed, number, files):
    """One of the files, damaged; always the same one."""
    random = np.random.default_rng([seed, number])
    _, content = files[number % len(files)]
    return mutate(content, files[random.integers(len(files))][1], random)


def run(seed, count):
    """Read ``count`` damaged files in this process; what happened."""
    recognizer, files = Recognizer(), originals()
    found = {"read": 0, "refused": 0, "slowest": 0, "failures": []}
    for number in range(count):
        content = mutated(seed, number, files)
        start = time.perf_counter()
        try:
            result = recognizer.predict(content)
            found["read"] += 1
            good = isinstance(result, Prediction) and result.digit in (*range(10), None)
            complaint = "" if good else f"returned {result!r}"
        except DigitlibError as error:
            found["refused"] += 1
            message = str(error)
            good = message.isprintable() and "emory" not in message
            complaint = "" if good else f"{message!r}"
        except BaseException as error:
            complaint = f"raised {error!r}"
        took = time.perf_counter() - start
        found["slowest"] = max(found["slowest"], took)
        if took > SECONDS:
            complaint += f" took {took:.1f} s"
        if complaint:
            found["failures"].append(f"file {number}: {complaint}")
    found["megabytes"] = peak()
    return found


def check(seed, count):
    """Run in a process of its own, where memory is limited and stderr is looked at."""
    command = [sys.executable, "-W", "always", __file__, str(seed), "all", str(count)]
    options = {"capture_output": True, "text": True, "timeout": 30 + count / 5}
    done = subprocess.run(command, check=False, **options)
    assert done.stderr == ""
    assert done.returncode == 0
    found = json.loads(done.stdout)
    assert found["failures"] == []
    assert found["megabytes"] < MEGABYTES
    assert found["read"] + found["refused"] == count
    assert min(found["read"], found["refused"]) > count / 5  # it is worth the effort


@pytest.mark.parametrize("number", range(31))
def test_before_they_are_damaged_all_are_read(number):
    format_, content = originals()[number]
    with Image.open(BytesIO(content)) as picture:
        assert picture.format == format_
    prediction = Recognizer().predict(content)
    assert isinstance(prediction, Prediction)
    assert np.ptp(prediction.seen) > 0.5


def test_there_are_so_many_kinds():
    assert len(originals()) == 31


def test_a_file_can_be_made_again():
    files = originals()
    assert mutated(3, 4, files) == mutated(3, 4, originals())
    assert mutated(3, 4, files) != mutated(4, 4, files)


def test_damaged_files():
    check(SEED, 500)


@pytest.mark.slow
def test_many_damaged_files():
    check(SEED + 1, 5000)


if __name__ == "__main__":
    if sys.argv[2] == "all":
        resource.setrlimit(resource.RLIMIT_AS, (6 * 2**30, 6 * 2**30))
        print(json.dumps(run(int(sys.argv[1]), int(sys.argv[3]))))
    else:
        sys.stdout.buffer.write(mutated(*map(int, sys.argv[1:]), originals()))
