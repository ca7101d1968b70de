"""From images in any form to 28x28: against Pillow, and against what is no image."""

from io import BytesIO
import warnings

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
import numpy as np
from PIL import Image
import pytest

from digitlib.errors import DigitlibError
from digitlib.preprocessing import load_image, resize_only


def file_of(picture, **options):
    buffer = BytesIO()
    picture.save(buffer, **{"format": "PNG", **options})
    return buffer.getvalue()


@pytest.fixture(scope="module")
def picture():
    pixels = np.random.default_rng(0).integers(0, 256, (40, 30, 3), dtype=np.uint8)
    return Image.fromarray(pixels)


def test_a_mnist_image_is_only_scaled(mnist):
    for image in mnist[1][0][:100]:
        assert np.array_equal(resize_only(image), image / np.float32(255))


def test_every_form_of_an_image_is_the_same(picture, tmp_path):
    path = tmp_path / "digit.png"
    picture.save(path)
    expected = np.asarray(picture.convert("L")) / 255
    forms = [path, str(path), path.read_bytes(), BytesIO(path.read_bytes())]
    for form in [*forms, picture, picture.convert("RGBA")]:
        assert np.allclose(load_image(form), expected)
    with path.open("rb") as file:
        assert np.allclose(load_image(file), expected)
    # Pillow rounds grey to a whole number; arrays stay as exact as they were.
    assert np.allclose(load_image(np.asarray(picture)), expected, atol=0.003)


def test_resizing_is_pillows(picture):
    grey = picture.convert("L")
    ours, theirs = resize_only(picture), np.asarray(grey.resize((28, 28))) / 255
    assert ours.shape == (28, 28)
    assert ours.dtype == np.float32
    assert np.abs(ours - theirs).max() < 0.005


def test_neither_turned_nor_flipped():
    corner = np.zeros((56, 84), np.uint8)
    corner[:28, 42:] = 255  # the upper right quarter
    resized = resize_only(corner)
    assert resized[:12, 16:].min() > 0.9
    assert resized[16:].max() < 0.1
    assert resized[:, :12].max() < 0.1


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.uint32, np.float32, bool])
def test_white_is_one_in_every_type(dtype):
    white = {np.float32: 1.0, bool: True}.get(dtype) or np.iinfo(dtype).max
    image = np.full((5, 7), white, dtype=dtype)
    assert np.allclose(load_image(image), 1)
    assert load_image(image).dtype == np.float32


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "YCbCr"])
def test_every_mode_of_pillow(picture, mode):
    converted = picture.convert("RGB").convert(mode)
    expected = np.asarray(converted.convert("L")) / 255
    assert np.allclose(load_image(converted), expected, atol=0.003)


@pytest.mark.parametrize("format_", ["PNG", "TIFF"])
def test_sixteen_bits(format_):
    pixels = np.array([[0, 65535], [32768, 1]], dtype=np.uint16)
    content = file_of(Image.fromarray(pixels), format=format_)
    assert np.allclose(load_image(content), pixels / 65535)


@pytest.mark.parametrize("format_", ["PNG", "JPEG", "GIF", "TIFF", "BMP", "WEBP"])
def test_every_file_format(picture, format_):
    content = file_of(picture, format=format_)
    assert load_image(content).shape == (40, 30)


def test_a_photo_is_taken_as_displayed():
    corner = np.zeros((20, 10), np.uint8)
    corner[:5, :5] = 255
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned clockwise by a right angle
    turned = load_image(file_of(Image.fromarray(corner), exif=exif))
    assert turned.shape == (10, 20)
    assert turned[:5, 15:].min() == 1


def test_what_is_transparent_is_white():
    drawing = np.zeros((4, 4, 4), np.uint8)
    drawing[1, 2, 3] = 255  # one opaque black pixel
    expected = np.ones((4, 4))
    expected[1, 2] = 0
    assert np.allclose(load_image(drawing), expected)
    assert np.allclose(load_image(file_of(Image.fromarray(drawing))), expected)
    grey = Image.fromarray(drawing).convert("LA")
    assert np.allclose(load_image(file_of(grey)), expected)


def test_an_animation_counts_as_its_first_frame():
    frames = [Image.new("L", (28, 28), grey) for grey in (255, 0, 0)]
    content = file_of(frames[0], format="GIF", save_all=True, append_images=frames[1:])
    assert load_image(content).min() == 1


@given(arrays(np.uint8, array_shapes(min_dims=2, max_dims=2, max_side=60)))
def test_any_size_becomes_28_by_28(image):
    resized = resize_only(image)
    assert resized.shape == (28, 28)
    assert resized.dtype == np.float32
    assert resized.min() >= 0
    assert resized.max() <= 1


@given(st.binary(max_size=100))
def test_arbitrary_bytes_are_no_image(content):
    with pytest.raises(DigitlibError) as error:
        load_image(content)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("format_", ["PNG", "JPEG", "GIF", "TIFF", "BMP", "WEBP"])
def test_a_truncated_file(picture, format_):
    content = file_of(picture, format=format_)
    for keep in (10, len(content) // 2):
        with pytest.raises(DigitlibError) as error:
            load_image(content[:keep])
        assert "\n" not in str(error.value)


def test_a_bomb_is_refused_without_unpacking_it(monkeypatch):
    content = file_of(Image.new("1", (3000, 3000)))
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 8_000_000)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(DigitlibError, match="decompression bomb"):
            load_image(content)


@pytest.mark.parametrize(
    ("image", "message"),
    [
        (np.zeros((3, 28, 28, 3)), "shape"),
        (np.zeros((2, 28, 28)), r"for one image of many, images\[i\]"),
        (np.zeros(784), "shape"),
        (np.zeros((0, 5)), "shape"),
        (np.zeros((5, 0, 3)), "shape"),
        (np.zeros((5, 5), np.int64), "dtype int64"),
        (np.zeros((5, 5), complex), "dtype complex"),
        (np.array([["a"]]), "dtype"),
        (np.full((5, 5), 255.0), "divide pixels of 0 to 255 by 255"),
        (np.full((5, 5), np.nan), "values from nan"),
        (np.full((5, 5), -np.inf), "values from -inf"),
        (7, "int: not an image"),
        (None, "NoneType: not an image"),
        ([[0, 1]], "list: not an image"),
        (b"", "0 bytes: not an image"),
        ("absent.png", r"absent\.png: no such file"),
        ("nul\0.png", "path|file"),
        ("x" * 5000, "path|file"),
    ],
)
def test_what_is_no_image(image, message):
    with pytest.raises(DigitlibError, match=message) as error:
        load_image(image)
    assert "\n" not in str(error.value)


def test_a_folder_and_a_text_file(tmp_path):
    with pytest.raises(DigitlibError, match="a folder"):
        load_image(tmp_path)
    (tmp_path / "letter.txt").write_text("Dear Sir or Madam")
    with pytest.raises(DigitlibError, match=r"letter\.txt: not an image"):
        load_image(tmp_path / "letter.txt")
