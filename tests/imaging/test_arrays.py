"""Arrays of any type, range and shape: the right answer, or what to do."""

import numpy as np
import pytest

from digitlib.data import load_mnist
from digitlib.errors import DigitlibError
from digitlib.imaging.arrays import VALUES, as_floats, factor_of, white_of

DIGITS = load_mnist()[1][0][:200]


def complaint(array):
    with pytest.raises(DigitlibError) as error:
        as_floats(array, "array")
    assert str(error.value).isprintable()
    assert len(str(error.value)) < 250
    return str(error.value)


@pytest.mark.parametrize("white", VALUES.whites)
def test_the_largest_value_tells_which_is_white(white):
    assert white_of(white) == white
    assert white_of(white // 2 + 1) == white
    for dtype in ("u1", "u2", "u4", "u8", ">u4"):
        if np.iinfo(dtype).max >= white:
            array = np.array([[0, white], [white // 2 + 1, 0]], dtype)
            found = as_floats(array, "array")
            assert found.dtype == np.float32
            assert np.allclose(found, array / float(white))


def test_what_was_larger_before_it_was_reduced():
    array = np.ones((2, 2), np.uint8)
    assert np.allclose(as_floats(array, "array"), 1)
    assert np.allclose(as_floats(array, "array", largest=255), 1 / 255)


@pytest.mark.parametrize("dtype", ["u1", "u2", "u4", "u8", "f2", "f4", "f8"])
def test_one_grey_value_a_pixel_may_have_an_axis(dtype):
    digit = DIGITS[0].astype(dtype) / (255 if dtype[0] == "f" else 1)
    digit = digit.astype(dtype)
    found = as_floats(digit[..., np.newaxis], "array")
    assert found.shape == (28, 28)
    assert np.allclose(found, DIGITS[0] / 255, atol=1e-3)


def test_what_rounding_left_outside_is_clipped():
    digit = DIGITS[0] / np.float32(255)
    for array in (digit * np.float32(1.0000001), digit * 1.0009, digit - 0.0009):
        found = as_floats(array, "array")
        assert found.min() >= 0
        assert found.max() <= 1
        assert np.allclose(found, digit, atol=1e-3)
    for array in (digit * 1.002, digit - 0.002):
        assert "floats must lie in [0, 1]" in complaint(array)


@pytest.mark.parametrize("dtype", ["i1", "i2", "i4", "i8", ">i4"])
def test_integers_with_a_sign(dtype):
    digit = (DIGITS[0] // 2).astype(dtype)
    message = complaint(digit)
    assert message.endswith("; divide by 255, or .astype('uint8')")
    assert f"dtype {np.dtype(dtype)}" in message
    assert "values from -1 to 126, but none may be negative" in complaint(digit - 1)
    assert complaint(digit // 127 * 0 + 1).endswith("; .astype('uint8')")
    as_floats(digit.astype("uint8"), "array")
    if digit.itemsize > 2:
        message = complaint(digit * 500)
        assert message.endswith("divide by 65535, or .astype('uint16')")


@pytest.mark.parametrize("scale", [1, 1 / 255])
@pytest.mark.parametrize(
    ("shape", "hint"),
    [
        ((784,), "image.reshape(28, 28)"),
        ((784, 1), "image.reshape(28, 28)"),
        ((1, 784), "images[i].reshape(28, 28)"),
        ((1, 784, 1), "images[i].reshape(28, 28)"),
        ((1, 64), "images[i].reshape(8, 8)"),
        ((2, 784), "images[i].reshape(28, 28)"),
        ((200, 784), "images[i].reshape(28, 28)"),
        ((200, 28, 28), "for one image of many, images[i]"),
        ((200, 28, 28, 1), "for one image of many, images[i]"),
        (
            (1, 28, 28),
            "images[i]; for one with colours first, image.transpose(1, 2, 0)",
        ),
        (
            (3, 28, 28),
            "images[i]; for one with colours first, image.transpose(1, 2, 0)",
        ),
        ((0, 28), "this one is empty"),
        ((2, 2, 2), "images[i]"),
        ((), "images[i]"),
    ],
)
def test_every_other_shape_is_told_what_to_do(shape, hint, scale):
    array = np.resize(DIGITS, shape) * scale
    message = complaint(array.astype("u1" if scale == 1 else "f4"))
    assert f"array: shape {shape}, but (height, width) or" in message
    assert message.endswith(hint)


def test_a_table_of_images_is_none_and_an_image_as_wide_is_no_table():
    assert "reshape(28, 28)" in complaint(np.zeros((10, 784)))
    assert "reshape(28, 28)" in complaint(np.random.default_rng(0).random((10, 784)))
    for many in range(2, 200, 9):
        assert "reshape(28, 28)" in complaint(DIGITS[:many].reshape(-1, 784))
    row = np.hstack(DIGITS[:28])
    page = np.vstack([np.hstack(DIGITS[i : i + 28]) for i in range(0, 168, 28)])
    rows, columns = np.mgrid[:300, :784]
    ruled = np.where(rows % 20 == 0, 0.3, 1.0) - columns / 3000
    for image in (row, page, page[:, ::-1], 255 - page, ruled, ruled[:, ::-1]):
        assert as_floats(image, "array").shape == image.shape
    for shape in ((1, 3), (1, 9), (1, 999), (41, 900), (400, 400), (784, 300)):
        assert as_floats(np.ones(shape), "array").shape == shape


def test_how_many_pixels_become_one():
    assert factor_of((400, 300), None) == 1
    assert factor_of((400, 300), (100, 0)) == 4
    assert factor_of((41, 900), (100, 20)) == 2
