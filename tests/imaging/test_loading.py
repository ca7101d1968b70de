"""Images in any form: against Pillow, and against what is no image."""

from base64 import b64encode
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from io import BytesIO, StringIO
import os
from pathlib import Path
import struct
import subprocess
import sys
import warnings

from hypothesis import given
from hypothesis import strategies as st
import numpy as np
from PIL import Image, PngImagePlugin
import pytest
from sheets import file_of, turned_by

from digitlib.errors import DigitlibError
from digitlib.imaging import loading as images
from digitlib.imaging.loading import (
    LUMA,
    in_short,
    load_color,
    load_image,
    load_strip,
    readable,
)

FORMATS = ["PNG", "JPEG", "GIF", "TIFF", "BMP", "WEBP"]


@pytest.fixture(scope="module")
def picture():
    pixels = np.random.default_rng(0).integers(0, 256, (40, 30, 3), dtype=np.uint8)
    return Image.fromarray(pixels)


def complaint(image, load=load_image, **options):
    """The error that an image raises; without any warning, and on one line."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(DigitlibError) as error:
            load(image, **options)
    assert str(error.value).isprintable()
    return str(error.value)


# Every form, mode, type and format


def test_every_form_of_an_image_is_the_same(picture, tmp_path):
    path = tmp_path / "digit.png"
    picture.save(path)
    content = path.read_bytes()
    expected = np.asarray(picture.convert("L")) / 255
    spread = memoryview(np.repeat(np.frombuffer(content, np.uint8), 2))[::2]
    forms = [path, str(path), content, bytearray(content), memoryview(content)]
    forms += [spread, BytesIO(content), picture, picture.convert("RGBA")]
    forms += ["data:image/png;base64," + b64encode(content).decode()]
    for form in forms:
        assert np.allclose(load_image(form), expected)
    with path.open("rb") as file:
        assert np.allclose(load_image(file), expected)
        assert np.allclose(load_image(file), expected)  # again, from its beginning
    with path.open(encoding="latin-1") as file:
        assert f"{path}: cannot be opened (not opened in binary" in complaint(file)
    # Pillow rounds grey to a whole number; arrays stay as exact as they were.
    assert np.allclose(load_image(np.asarray(picture)), expected, atol=0.003)


def test_a_file_object_that_cannot_seek_and_reads_in_small_pieces(picture):
    class Stream:
        def __init__(self, content):
            self.rest = content

        def read(self, size):
            part, self.rest = self.rest[: min(size, 7)], self.rest[min(size, 7) :]
            return part

    expected = load_image(picture)
    assert np.array_equal(load_image(Stream(file_of(picture))), expected)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.uint32, np.float32, bool])
def test_white_is_one_in_every_type(dtype):
    white = {np.float32: 1.0, bool: True}.get(dtype) or np.iinfo(dtype).max
    image = np.full((5, 7), white, dtype=dtype)
    for load in (load_image, load_color):
        assert np.allclose(load(image), 1)
        assert load(image).dtype == np.float32


@pytest.mark.parametrize("dtype", ["u1", "<u2", ">u2", ">u4", "u8", "f2", ">f4", ">f8"])
@pytest.mark.parametrize("shape", [(6, 5), (6, 5, 3), (6, 5, 4)])
def test_arrays_of_every_type_and_layout(dtype, shape):
    random = np.random.default_rng(1).random(shape).round(2)
    scale = float(np.iinfo(dtype).max) if np.dtype(dtype).kind == "u" else 1
    array = (random * 0.999 * scale).astype(dtype)
    expected = array.astype(float) / scale
    if shape[2:] == (4,):
        expected = expected[..., :3] * expected[..., 3:] + 1 - expected[..., 3:]
    frozen = array.copy()
    frozen.setflags(write=False)
    spread = np.repeat(np.repeat(array, 2, axis=0), 2, axis=1)[::2, ::2]
    turned = np.ascontiguousarray(array[::-1])[::-1]
    for same in (array, frozen, spread, turned, np.asfortranarray(array)):
        color = load_color(same)
        assert np.allclose(color, expected, atol=1e-3)
        assert color.dtype == np.float32
        assert color.dtype.isnative
        grey = expected @ LUMA if len(shape) == 3 else expected
        assert np.allclose(load_image(same), grey, atol=1e-3)
    assert np.array_equal(array, frozen)  # still as it was


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "YCbCr"])
def test_every_mode_of_pillow(picture, mode):
    converted = picture.convert("RGB").convert(mode)
    expected = np.asarray(converted.convert("L")) / 255
    assert np.allclose(load_image(converted), expected, atol=0.003)
    color = load_color(converted)
    if mode in ("1", "L"):
        assert color.shape == (40, 30)
    else:
        expected = np.asarray(converted.convert("RGB")) / 255
    assert np.allclose(color, expected, atol=0.003)


@pytest.mark.parametrize("mode", ["LAB", "HSV", "La", "RGBa", "PA", "RGBX", "I;16B"])
def test_every_unusual_mode_of_pillow(mode):
    pixels = np.zeros((8, 8), np.uint8)
    pixels[:4] = 255
    if mode == "I;16B":
        white = Image.frombytes(mode, (8, 8), pixels.astype(">u2") * 257)
    elif mode == "LAB":
        middle = Image.new("L", (8, 8), 128)
        white = Image.merge(mode, [Image.fromarray(pixels), middle, middle])
    else:
        step = {"La": "LA", "RGBa": "RGBA", "PA": "P"}.get(mode, "RGB")
        white = Image.fromarray(pixels).convert(step).convert(mode)
    assert np.allclose(load_image(white), pixels / 255, atol=0.01)
    color = load_color(white, 4).reshape(4, 4, -1).mean(axis=2)
    assert np.allclose(color, pixels[::2, ::2] / 255, atol=0.01)


@pytest.mark.parametrize("format_", ["PNG", "TIFF"])
def test_sixteen_bits(format_):
    pixels = np.array([[0, 65535, 9], [32768, 1, 400]], dtype=np.uint16)
    content = file_of(Image.fromarray(pixels), format=format_)
    wide = Image.fromarray(pixels.astype(np.int32))  # as Pillow held them in the past
    for loaded in (load_image(content), load_color(content), load_image(wide)):
        assert np.allclose(loaded, pixels / 65535, atol=1e-6)
    upright = load_image(file_of(Image.fromarray(pixels), exif=turned_by(6)))
    assert np.allclose(upright, np.rot90(pixels, -1) / 65535, atol=1e-6)


@pytest.mark.parametrize("bits", [1, 8, 16, 32])
def test_a_file_is_as_bright_as_its_values_tell_whatever_its_type(bits):
    random = np.random.default_rng(4).random((8, 12))
    random[0, 0] = 1
    pixels = (random * (2**bits - 1)).round()
    kinds = [("u1", "PNG"), ("u1", "TIFF"), ("u2", "PNG"), ("u2", "TIFF")]
    kinds = [kind for kind in kinds if int(kind[0][1]) * 8 >= bits]
    expected = (pixels / (2**bits - 1)).astype(np.float32)
    for dtype, format_ in kinds:
        picture = Image.fromarray(pixels.astype(dtype))
        for image in (picture, file_of(picture, format=format_)):
            assert np.allclose(load_image(image), expected)
            reduced = load_color(image, 6)
            squares = expected.reshape(4, 2, 6, 2).mean(axis=(1, 3))
            assert np.allclose(reduced, squares, atol=0.51 / min(2**bits - 1, 255))
    wide = Image.fromarray(pixels.astype("u4").view("i4"))  # of mode I
    signed, unsigned = (struct.pack("<HHLL", 339, 3, 1, kind) for kind in (2, 1))
    content = file_of(wide, format="TIFF")
    assert signed in content
    content = content.replace(signed, unsigned)
    assert np.allclose(load_image(content), expected)
    if bits < 32:
        assert np.allclose(load_image(wide), expected)
    else:
        assert "none may be negative" in complaint(wide)


def test_one_white_pixel_does_not_make_what_is_left_of_it_white():
    pixels = np.zeros((160, 160), np.uint8)
    pixels[3, 5] = 255
    for image in (pixels, Image.fromarray(pixels)):
        assert load_color(image, 10).max() <= 1 / 255


def test_floats_in_a_tiff():
    pixels = np.array([[0, 0.25], [0.5, 1]], np.float32)
    content, bright = (
        file_of(Image.fromarray(times * pixels), format="TIFF") for times in (1, 255)
    )
    assert np.array_equal(load_image(content), pixels)
    assert "divide pixels" in complaint(bright)


@pytest.mark.parametrize("format_", FORMATS)
def test_every_file_format(picture, format_):
    content = file_of(picture, format=format_)
    with Image.open(BytesIO(content)) as opened:
        expected = np.asarray(opened.convert("RGB")) / 255
    assert np.allclose(load_color(content), expected, atol=0.003)
    assert np.allclose(load_image(content), expected @ LUMA, atol=0.003)


@pytest.mark.parametrize("format_", ["PPM", "ICO", "PDF", "EPS", "TGA"])
def test_other_formats_are_left_alone(picture, format_):
    assert "give a PNG, JPEG" in complaint(file_of(picture, format=format_))


@pytest.mark.parametrize("format_", ["PNG", "JPEG", "TIFF", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_photo_is_taken_as_displayed(format_, orientation):
    pixels = np.zeros((24, 16), np.uint8)
    pixels[:8] = 128
    pixels[:8, :8] = 255
    x, quarter = pixels, np.rot90(pixels)
    upright = (x, x[:, ::-1], x[::-1, ::-1], x[::-1], x.T, quarter[::-1, ::-1],
               x[::-1, ::-1].T, quarter)[orientation - 1]  # fmt: skip
    image = Image.fromarray(pixels)
    content = file_of(image, format=format_, exif=turned_by(orientation))
    with Image.open(BytesIO(content)) as opened:
        for loaded in (load_image(content), load_color(content), load_image(opened)):
            grey = loaded.reshape(*upright.shape, -1).mean(axis=2)
            assert np.allclose(grey * 255, upright, atol=3)


XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><tiff:Orientation>6</tiff:Orientation>'


@pytest.mark.parametrize("way", ["MPO", "xmp", "raw profile", "in memory"])
def test_other_places_of_the_orientation(way):
    pixels = np.zeros((24, 16), np.uint8)
    pixels[:8, :8] = 255
    picture, exif = Image.fromarray(pixels), turned_by(6)
    if way == "MPO":
        more = {"save_all": True, "append_images": [Image.new("RGB", (5, 5))]}
        image = file_of(picture.convert("RGB"), format="MPO", exif=exif, **more)
    elif way == "xmp":
        image = file_of(picture, format="JPEG", xmp=XMP)
    elif way == "raw profile":  # as ImageMagick writes it
        text = PngImagePlugin.PngInfo()
        hexadecimal = exif.tobytes().hex()
        text.add_text("Raw profile type exif", f"\nexif\n  99\n{hexadecimal}", zip=True)
        image = file_of(picture, pnginfo=text)
    else:
        image = picture
        image.getexif()[0x0112] = 6
    assert np.allclose(load_image(image) * 255, np.rot90(pixels, -1), atol=3)


@pytest.mark.parametrize("exif", [b"II*\0", b"no such thing", b"MM\0*\0\0\0\x08"])
def test_damaged_metadata_harm_no_pixel(picture, exif):
    for format_ in ("PNG", "JPEG", "WEBP"):
        content = file_of(picture, format=format_, exif=b"Exif\0\0" + exif)
        assert load_image(content).shape == (40, 30)


def test_light_strokes_on_nothing_are_on_black():
    drawing = np.zeros((30, 30, 4), np.uint8)
    drawing[5:25, 14:17] = (250, 250, 240, 255)
    for form in (drawing, Image.fromarray(drawing), file_of(Image.fromarray(drawing))):
        found = load_image(form)
        assert found[0, 0] == 0
        assert found[15, 15] > 0.9


def test_what_is_transparent_is_white():
    drawing = np.zeros((4, 4, 4), np.uint8)
    drawing[1, 2, 3] = 255  # one opaque black pixel
    expected = np.ones((4, 4))
    expected[1, 2] = 0
    grey = Image.fromarray(drawing).convert("LA")
    palette = Image.new("P", (4, 4), 0)
    palette.putpalette([9, 9, 9, 0, 0, 0])
    palette.putpixel((2, 1), 1)
    forms = [drawing, file_of(Image.fromarray(drawing)), file_of(grey), grey]
    forms += [file_of(palette, format=name, transparency=0) for name in ("PNG", "GIF")]
    forms += [file_of(palette, transparency=b"\0\xff")]
    for form in forms:
        assert np.allclose(load_image(form), expected)
        assert np.allclose(load_color(form).reshape(4, 4, -1).mean(axis=2), expected)


@pytest.mark.parametrize("format_", ["GIF", "WEBP", "PNG", "TIFF"])
def test_an_animation_counts_as_its_first_frame(format_):
    frames = [Image.new("L", (28, 28), grey) for grey in (255, 0, 0)]
    more = {"save_all": True, "append_images": frames[1:]}
    assert load_image(file_of(frames[0], format=format_, **more)).min() == 1


# Colours, and no larger than needed


@pytest.mark.parametrize("size", [1, 7, 20, 39, 40, 41, 1000, None])
@pytest.mark.parametrize("colors", [(), (3,)])
def test_a_large_image_is_reduced_by_averaging(size, colors):
    array = np.random.default_rng(2).random((40, 20, *colors), dtype=np.float32)
    reduced = load_color(array, size)
    if size is None or size >= 40:
        assert np.array_equal(reduced, array)
        return
    assert size / 2 <= max(reduced.shape[:2]) <= size
    factor = -(-40 // size)
    block = array[:factor, :factor]
    assert np.allclose(reduced[0, 0], block.mean(axis=(0, 1)), atol=1e-5)
    assert reduced.dtype == np.float32


@pytest.mark.parametrize("format_", FORMATS)
@pytest.mark.parametrize("shape", [(300, 200), (160, 333), (1, 999), (999, 1)])
def test_a_large_file_is_reduced_to_the_same(format_, shape):
    rows, columns = np.mgrid[: shape[0], : shape[1]] / max(shape)
    pixels = (np.stack([rows, columns, 1 - rows], axis=2) * 255).astype(np.uint8)
    content = file_of(Image.fromarray(pixels), format=format_)
    reduced, whole = load_color(content, 100), load_color(content)
    assert 50 <= max(reduced.shape) <= 100
    assert whole.shape == (*shape, 3)
    expected = Image.fromarray((whole * 255).round().astype(np.uint8))
    expected = expected.resize(reduced.shape[1::-1], Image.Resampling.BOX)
    assert np.abs(reduced - np.asarray(expected) / 255).mean() < 0.02


def test_transparent_pixels_do_not_colour_their_neighbours():
    drawing = np.zeros((40, 40, 4), np.uint8)
    drawing[..., 0] = 255  # an invisible red
    drawing[10:20, 10:20] = (0, 0, 0, 255)
    for form in (drawing, Image.fromarray(drawing), file_of(Image.fromarray(drawing))):
        reduced = load_color(form, 20)
        assert reduced.shape == (20, 20, 3)
        assert np.ptp(reduced, axis=2).max() < 0.01  # no tint
        assert np.allclose(reduced[5:10, 5:10], 0, atol=0.01)
        assert np.allclose(reduced[10:, 10:], 1, atol=0.01)


def test_a_jpeg_is_not_decoded_whole(monkeypatch):
    content = file_of(Image.new("RGB", (1600, 1200), "gray"), format="JPEG")
    decoded = []
    original = images._of_picture

    def of_picture(picture, *others):
        picture.load()
        decoded.append(picture.size)
        return original(picture, *others)

    monkeypatch.setattr(images, "_of_picture", of_picture)
    assert load_color(content, 150).shape == (75, 100, 3)
    assert decoded[-1] == (200, 150)
    load_color(content)
    assert decoded[-1] == (1600, 1200)


# Long and narrow ones

STRIPS = [np.asarray, Image.fromarray, lambda pixels: file_of(Image.fromarray(pixels))]


@pytest.mark.parametrize("form", STRIPS, ids=["array", "picture", "file"])
@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ((40, 30), (40, 30)),  # small enough
        ((400, 300), (100, 75)),
        ((401, 300), (81, 60)),  # the factor is a whole number
        ((41, 900), (21, 450)),  # 20 rows must remain, ...
        ((240, 39), (240, 39)),
        ((10, 1000), (10, 1000)),  # ... or all that there are
        ((1, 3), (1, 3)),
        ((40, 9000), (7, 1500)),  # but no more pixels than 100 x 100
    ],
)
def test_a_strip_is_reduced_as_far_as_it_stays_legible(form, shape, expected):
    pixels = np.full((*shape, 3), 200, np.uint8)
    picture, sides = load_strip(form(pixels), 100, 20)
    assert picture.shape[:2] == expected
    assert tuple(sides) == shape
    assert picture.dtype == np.float32
    assert np.allclose(picture, 200 / 255)


def test_a_strip_that_is_reduced_shows_averages_of_squares():
    pixels = np.random.default_rng(3).integers(0, 256, (65, 400), dtype=np.uint8)
    expected = pixels[:63, :399].reshape(21, 3, 133, 3).mean(axis=(1, 3)) / 255
    for form in STRIPS:
        picture, _ = load_strip(form(pixels), 100, 20)
        assert picture.shape == (22, 134)
        assert np.allclose(picture[:21, :133], expected, atol=0.003)


@pytest.mark.parametrize("format_", FORMATS)
@pytest.mark.parametrize("shape", [(601, 400), (210, 1301), (1301, 210)])
def test_the_sides_of_a_file_are_those_before_any_reduction(format_, shape):
    content = file_of(Image.new("L", shape[::-1], 90), format=format_)
    picture, sides = load_strip(content, 300, 50)
    assert tuple(sides) == shape
    assert min(picture.shape[:2]) >= 50
    assert max(picture.shape) <= max(shape) / 2


@pytest.mark.parametrize("orientation", [*range(10), 99])
@pytest.mark.parametrize("format_", ["PNG", "JPEG"])
def test_the_sides_are_those_of_the_picture_as_displayed(format_, orientation):
    picture, order = Image.new("L", (600, 240), 90), 1
    content = file_of(picture, format=format_, exif=turned_by(orientation))
    if orientation in (5, 6, 7, 8):
        order = -1
    for image in (content, Image.open(BytesIO(content))):
        reduced, sides = load_strip(image, 200, 20)
        assert tuple(sides) == (240, 600)[::order]
        assert reduced.shape[:2] == (80, 200)[::order]


@pytest.mark.parametrize("side", [0, -1, 1.5, "5", True, np.nan, None])
def test_sizes_that_are_none(picture, side):
    for name in ("size", "least"):
        wanted = {"size": 100, "least": 10, name: side}
        assert complaint(picture, load_strip, **wanted).startswith(f"{name}: ")
    if side is not None:
        assert complaint(picture, load_color, size=side).startswith("size: ")


# What is no image


@given(st.binary(max_size=100))
def test_arbitrary_bytes_are_no_image(content):
    complaint(content)


@pytest.mark.parametrize("format_", FORMATS)
def test_a_truncated_file(picture, format_, tmp_path):
    content = file_of(picture, format=format_)
    path = tmp_path / "cut.bin"
    for keep in (0, 1, 10, len(content) // 2):
        assert complaint(content[:keep]).startswith(f"{keep} bytes: ")
        path.write_bytes(content[:keep])
        assert complaint(path).startswith(f"{path}: ")
        assert complaint(path, load_color, size=10).startswith(f"{path}: ")


@pytest.mark.parametrize("format_", ["PNG", "JPEG", "GIF", "TIFF", "BMP"])
def test_a_truncated_file_that_pillow_has_opened(picture, format_):
    content = file_of(picture, format=format_)
    opened = Image.open(BytesIO(content[:-200]))  # reads no pixels yet
    assert complaint(opened).startswith("PIL image: cannot be read")


def test_a_closed_picture(tmp_path):
    loaded = Image.new("L", (5, 5))
    loaded.close()
    assert "PIL image: cannot be read" in complaint(loaded)
    (tmp_path / "digit.png").write_bytes(file_of(Image.new("L", (5, 5))))
    with Image.open(tmp_path / "digit.png") as lazy:
        pass
    assert "PIL image: cannot be read" in complaint(lazy)


@pytest.mark.parametrize(
    ("image", "message"),
    [
        (np.zeros((3, 28, 28, 3)), "shape"),
        (np.zeros((2, 28, 28)), "for one image of many, images[i]"),
        (np.zeros(784), "shape"),
        (np.array(0.5), "shape ()"),
        (np.zeros((0, 5)), "shape"),
        (np.zeros((5, 0, 3)), "shape"),
        (np.zeros((5, 5, 2)), "shape"),
        (np.zeros((5, 5), np.int64), "dtype int64"),
        (np.zeros((5, 5), complex), "dtype complex"),
        (np.zeros((5, 5), object), "dtype object"),
        (np.zeros((5, 5), "M8[s]"), "dtype datetime64"),
        (np.zeros((5, 5), [("grey", "u1"), ("other", "u1")]), "dtype [('grey'"),
        (np.array([["a"]]), "dtype"),
        (np.full((5, 5), 255.0), "divide pixels of 0 to 255 by 255"),
        (np.full((5, 5), np.nan), "values from nan"),
        (np.full((5, 5), -np.inf), "values from -inf"),
        (np.array([[0.5, np.nan], [0.5, 0.5]], np.float16), "values from nan"),
        (np.ma.masked_equal(np.eye(3), 1), "masked"),
        (7, "int: not an image"),
        (np.float32(0.5), "float32: not an image"),
        (None, "NoneType: not an image"),
        ([[0, 1]], "list: not an image"),
        (b"", "0 bytes: not an image"),
        ("", "no such file"),
        ("absent.png", "absent.png: no such file"),
        ("nul\0.png", "'nul\\x00.png': cannot be opened"),
        ("two\nlines.png", "'two\\nlines.png': no such file"),
        ("x" * 5000, f"{'x' * 63}...{'x' * 64}: cannot be opened (File name too long)"),
        ("0,0,7\n" * 9999, "7\\n': cannot be opened (File name too long)"),
        ("data:image/svg+xml,<svg/>", "<svg/>: cannot be opened (a data URL that is"),
        ("data:image/png;base64,a", "base64,a: cannot be opened ("),
        ("data:image/png;base64," + "A" * 2**20, f"...{'A' * 64}: not an image"),
        (Image.new("L", (0, 5)), "PIL image"),
        (Image.new("F", (5, 5), 200), "divide pixels"),
        (StringIO("text"), "file object: cannot be opened (not opened in binary mode"),
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_what_is_no_image(image, message):
    assert message in complaint(image)
    assert len(complaint(image)) < 400
    assert message in complaint(image, load_color, size=100)
    assert message in complaint(image, load_strip, size=100, least=10)


def test_arrays_without_masked_pixels_are_arrays():
    assert np.array_equal(load_image(np.ma.array(np.eye(3))), np.eye(3))


def test_a_folder_and_a_text_file(tmp_path):
    assert "a folder" in complaint(tmp_path)
    (tmp_path / "letter.txt").write_text("Dear Sir or Madam")
    assert "letter.txt: not an image" in complaint(tmp_path / "letter.txt")


def test_devices_and_pipes_are_not_read(tmp_path):
    os.mkfifo(tmp_path / "pipe.png")
    for path in ("/dev/zero", "/dev/full", "/dev/stdin", tmp_path / "pipe.png"):
        if not Path(path).is_file():  # what stdin is, depends on who runs the test
            assert "a device or pipe" in complaint(path)


def test_a_file_that_may_not_be_read(tmp_path, monkeypatch):
    def refuse(*arguments):
        raise PermissionError(13, "Permission denied", "digit.png")

    (tmp_path / "digit.png").write_bytes(b"")
    monkeypatch.setattr("builtins.open", refuse)
    message = complaint(tmp_path / "digit.png")
    assert message.endswith("cannot be opened (Permission denied); give another file")


def test_a_path_that_is_no_path():
    class Path:
        def __fspath__(self):
            raise RuntimeError("not\ntoday")

        def __str__(self):
            return "mine"

    assert complaint(Path()) == "mine: cannot be opened (not today); give another file"


@pytest.mark.parametrize(
    "error", [OSError("disk\non fire"), ValueError(), KeyError("x"), MemoryError()]
)
def test_a_file_object_that_raises(error):
    class File:
        name = 3  # as with os.fdopen

        def read(self, size=-1):
            raise error

    assert complaint(File()).startswith("3: cannot be opened (")


def test_closed_and_released():
    file = BytesIO(b"abc")
    file.close()
    view = memoryview(b"abc")
    view.release()
    for image in (file, view):
        assert "cannot be opened" in complaint(image)


def test_endless_and_huge_files(monkeypatch, tmp_path):
    monkeypatch.setattr(images, "LIMITS", replace(images.LIMITS, content=2**21))
    with open("/dev/zero", "rb") as endless:
        assert "/dev/zero: larger than 2 MB" in complaint(endless)
    path = tmp_path / "huge.png"
    with path.open("wb") as file:
        file.truncate(2**40)  # takes no room on the disk
    assert "huge.png: larger than 2 MB" in complaint(path)


def test_names_are_printable():
    assert readable("sieben 7.png") == "sieben 7.png"
    assert readable("größe.png") == "größe.png"
    assert readable("a\nb") == r"'a\nb'"
    readable(os.fsdecode(b"\xff.png")).encode()  # not UTF-8, but now it is
    assert in_short("a\nb") == r"'a\nb'"
    assert in_short("x" * 255) == readable("x" * 255) == "x" * 255
    assert in_short("x" * 9999) == f"{'x' * 63}...{'x' * 64}"


def test_threads_share_it(picture):
    """And warnings afterwards are as they were."""
    content, expected = file_of(picture, format="TIFF"), load_image(picture)
    before = list(warnings.filters)
    with ThreadPoolExecutor(8) as threads:
        same = threads.map(lambda _: np.array_equal(load_image(content), expected),
                           range(400))  # fmt: skip
    assert list(same) == [True] * 400
    assert warnings.filters == before


def test_libtiff_is_not_heard(picture, capfd):
    content = bytearray(file_of(picture, format="TIFF", compression="tiff_deflate"))
    content[8:40] = bytes(32)  # within the pixels
    complaint(bytes(content))
    complaint(Image.open(BytesIO(content)))
    os.write(2, b"still there")
    assert capfd.readouterr().err == "still there"


def printed(code, content, *arguments):
    """What Python prints when it runs some code."""
    command = [sys.executable, "-c", code, *arguments]
    done = subprocess.run(command, input=content, capture_output=True, check=True)
    return done.stdout.decode().strip()


def test_without_a_stderr(picture):
    content = file_of(picture, format="TIFF", compression="tiff_deflate")
    code = (
        "import os, sys; os.close(2); from digitlib.imaging.loading import load_image;"
        "print(load_image(sys.stdin.buffer.read()).shape)"
    )
    assert printed(code, content) == "(40, 30)"


@pytest.mark.parametrize(("format_", "megabytes"), [("JPEG", 40), ("PNG", 130)])
def test_a_photo_of_12_megapixels_takes_little_memory(tmp_path, format_, megabytes):
    path = tmp_path / "photo"
    noise = np.random.default_rng(0).integers(0, 256, (300, 400, 3), dtype=np.uint8)
    Image.fromarray(noise).resize((4000, 3000)).save(path, format_, compress_level=1)
    code = (
        f"import sys; sys.path.append({str(Path(__file__).parents[1])!r});"
        "from memory import peak; from digitlib.imaging.loading import load_color;"
        "before = peak(); print(load_color(sys.argv[1], 512).shape, peak() - before)"
    )
    shape, _, took = printed(code, None, path).rpartition(" ")
    assert shape in ("(375, 500, 3)", "(382, 512, 3)")
    assert float(took) < megabytes
