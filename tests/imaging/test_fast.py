"""What is computed in another way than by a library is the same."""

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
import numpy as np
import pytest
from scipy import ndimage
from skimage.filters import threshold_otsu

from digitlib.imaging.fast import grown, opening, otsu, padded, quantile, strongest


@pytest.mark.parametrize("border", ["reflect", "nearest"])
@pytest.mark.parametrize("shape", [(5, 7), (40, 33), (1, 50), (50, 1), (1, 1)])
def test_an_opening_is_that_of_scipy_whatever_its_border(shape, border):
    picture = np.random.default_rng(0).random(shape, dtype=np.float32)
    before = picture.copy()
    for size in ((1, 1), (3, 3), (1, 4), (4, 1), (2, 7), (21, 21), (1, 100)):
        found = opening(picture, size)
        assert found.dtype == np.float32
        assert np.array_equal(found, ndimage.grey_opening(picture, size, mode=border))
    assert np.array_equal(picture, before)


def test_a_narrow_stroke_is_removed_and_a_wide_one_stays():
    picture = np.zeros((20, 40), np.float32)
    picture[:, 5:8] = 1
    picture[:, 20:30] = 1
    left = opening(picture, (1, 5))
    assert not left[:, :15].any()
    assert np.array_equal(left[:, 15:], picture[:, 15:])


@pytest.mark.parametrize("zeros", [0, 0.9, 0.9995])
@pytest.mark.parametrize("size", [1, 2, 3, 10, 1001, 50_001])
def test_a_quantile_is_that_of_numpy(size, zeros):
    random = np.random.default_rng(size)
    values = random.random(size, dtype=np.float32)
    values[random.random(size) < zeros] = 0
    before = values.copy()
    for part in (0, 0.5, 0.85, 0.995, 0.999, 1):
        found = quantile(values, part)
        assert found == pytest.approx(np.quantile(values, part), abs=1e-6)
    assert quantile(values, 0.5) == pytest.approx(np.median(values), abs=1e-7)
    assert np.array_equal(values, before)


@pytest.mark.parametrize("where", [slice(None), slice(0, 1), slice(None, None, 50)])
def test_the_strongest_ink_is_that_of_all_pixels(where):
    """Even where the largest values stand together, or at regular places."""
    picture = np.random.default_rng(1).random((1000, 300), dtype=np.float32)
    picture[where] += 1
    assert strongest(picture) == np.sort(picture, axis=None)[-16]


@pytest.mark.parametrize("levels", [2, 256, 5000])
def test_the_threshold_is_otsus(levels):
    picture = np.random.default_rng(0).integers(0, levels, (60, 50)) / (levels - 1)
    assert otsu(picture) == pytest.approx(threshold_otsu(picture), abs=1 / 256)
    assert otsu(np.full((3, 3), 0.25)) == 0.25


sheets = arrays(bool, array_shapes(min_dims=2, max_dims=2, max_side=15))


@given(sheets, st.integers(0, 3))
def test_padded_is_what_numpy_pads(sheet, by):
    assert np.array_equal(padded(sheet, by), np.pad(sheet, by))
    assert padded(sheet.astype(np.float32), by).dtype == np.float32


@given(sheets, st.integers(0, 3), st.integers(0, 3))
def test_grown_is_what_scipy_dilates(sheet, rows, columns):
    window = np.ones((2 * rows + 1, 2 * columns + 1))
    expected = ndimage.binary_dilation(sheet, window)
    assert np.array_equal(grown(sheet, rows, columns), expected)
