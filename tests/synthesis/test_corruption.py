"""Corruption: each kind against what its description promises."""

import numpy as np
import pytest
from scipy import ndimage, stats

from digitlib.errors import DigitlibError
from digitlib.evaluation import evaluate
from digitlib.model import forward
from digitlib.synthesis.corruption import CORRUPTIONS, corrupt

KINDS = [
    "gaussian_noise", "salt_and_pepper", "gaussian_blur", "dilation", "rotation",
    "ruled_lines",
]  # fmt: skip
SMOOTH = ["gaussian_blur", "dilation"]  # nothing in them is random
STRENGTHS = [1, 2, 3]
by_strength = pytest.mark.parametrize("strength", STRENGTHS)


@pytest.fixture(scope="module")
def digits(test_images):
    return test_images[:100]


@pytest.fixture(scope="module")
def grey():
    """Images that are half of full ink everywhere."""
    return np.full((300, 28, 28), 0.5, np.float32)


@pytest.fixture(scope="module")
def black():
    return np.zeros((300, 28, 28), np.float32)


def test_the_kinds():
    assert list(CORRUPTIONS) == KINDS


@pytest.mark.parametrize("kind", KINDS)
@by_strength
def test_the_result_is_images(digits, kind, strength):
    before = digits.copy()
    result = corrupt(digits, kind, strength)
    assert result.shape == digits.shape
    assert result.dtype == np.float32
    assert result.min() >= 0
    assert result.max() <= 1
    assert np.array_equal(digits, before)
    as_double = corrupt(digits.astype(np.float64), kind, strength)
    assert np.array_equal(result, as_double)


@pytest.mark.parametrize("kind", KINDS)
def test_every_image_is_changed_and_more_so_with_strength(digits, kind):
    changes = [
        np.abs(corrupt(digits, kind, strength) - digits).mean(axis=(1, 2))
        for strength in STRENGTHS
    ]
    assert changes[0].min() > 0
    means = np.mean(changes, axis=1)
    assert means[0] < means[1] < means[2]


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_harder_to_read_the_stronger_it_is(
    test_images, test_labels, weights, kind
):
    x, y = test_images[:2000], test_labels[:2000]
    weak, middle, strong = (
        evaluate(forward(corrupt(x, kind, strength), weights), y).accuracy
        for strength in STRENGTHS
    )
    assert weak > middle > strong
    assert weak > 0.6


@pytest.mark.parametrize("kind", KINDS)
def test_the_seed_decides_where_anything_is_random(digits, kind):
    first = corrupt(digits, kind, 2, seed=5)
    assert np.array_equal(first, corrupt(digits, kind, 2, seed=5))
    same = np.array_equal(first, corrupt(digits, kind, 2, seed=6))
    assert same == (kind in SMOOTH)
    assert np.array_equal(corrupt(digits, kind, 2), corrupt(digits, kind, 2, seed=0))


@pytest.mark.parametrize("kind", ["gaussian_noise", "salt_and_pepper", "ruled_lines"])
def test_equal_images_are_corrupted_differently(black, kind):
    assert len(np.unique(corrupt(black[:20], kind, 3), axis=0)) == 20


@pytest.mark.parametrize("kind", SMOOTH)
def test_images_do_not_mix(digits, kind):
    for i in (0, 7, 99):
        alone = corrupt(digits[i : i + 1], kind, 3)
        assert np.allclose(alone[0], corrupt(digits, kind, 3)[i])


@by_strength
def test_noise_is_normal_with_the_stated_deviation(grey, strength):
    changes = (corrupt(grey, "gaussian_noise", strength) - 0.5).ravel()
    for bound in (-0.4, -0.1, 0.0, 0.2, 0.45):
        expected = stats.norm(0, 0.15 * strength).cdf(bound)
        assert abs((changes <= bound).mean() - expected) < 0.005
    whole = changes.reshape(grey.shape)
    for axis in range(3):  # nothing is smoothed, in or between images
        beside = np.moveaxis(whole, axis, 0)
        assert abs(np.corrcoef(beside[1:].ravel(), beside[:-1].ravel())[0, 1]) < 0.01


@by_strength
def test_specks_are_black_or_white_and_as_many_as_stated(grey, strength):
    result = corrupt(grey, "salt_and_pepper", strength)
    hit = result != 0.5
    assert abs(hit.mean() - 0.03 * strength) < 0.002
    assert set(np.unique(result[hit])) == {0.0, 1.0}
    assert abs(result[hit].mean() - 0.5) < 0.02
    assert hit.any(axis=0).all()  # anywhere in the image


@by_strength
def test_blur_has_the_stated_standard_deviation(strength):
    point = np.zeros((1, 28, 28), np.float32)
    point[0, 14, 14] = 1
    [blurred] = corrupt(point, "gaussian_blur", strength)
    assert np.isclose(blurred.sum(), 1, atol=1e-4)
    away = np.arange(28) - 14
    for axis in (0, 1):
        profile = blurred.sum(axis=axis)
        assert np.isclose(np.sqrt(profile @ away**2), 0.8 * strength, rtol=0.05)
        assert np.isclose(profile @ away, 0, atol=1e-4)


@by_strength
def test_strokes_grow_to_each_side_as_stated(strength):
    images = np.zeros((2, 28, 28), np.float32)
    images[0, 4:24, 12:16] = 1
    images[1, 12:16, 4:24] = 1
    upright, lying = corrupt(images, "dilation", strength)
    assert np.isclose(upright[14].sum(), 4 + strength)
    assert np.isclose(lying[:, 14].sum(), 4 + strength)
    assert np.allclose(upright, upright[:, ::-1])
    assert (upright >= images[0]).all()


@by_strength
def test_rotation_turns_by_the_stated_angle_either_way(strength):
    rows, columns = np.mgrid[:28, :28]
    blob = np.exp(-((rows - 7) ** 2 + (columns - 12) ** 2) / 6)
    images = np.tile(blob, (50, 1, 1))

    def angle(image):
        down, across = np.subtract(ndimage.center_of_mass(image), 13.5)
        return np.degrees(np.arctan2(down, across))

    turned = corrupt(images, "rotation", strength)
    angles = np.array([angle(image) for image in turned]) - angle(blob)
    assert np.allclose(np.abs(angles), 15 * strength, atol=1)
    assert 0.2 < (angles > 0).mean() < 0.8


@by_strength
def test_lines_are_straight_white_and_as_many_as_stated(black, strength):
    result = corrupt(black, "ruled_lines", strength)
    rows, columns = (result == 1).all(axis=2), (result == 1).all(axis=1)
    assert (rows.sum(axis=1) + columns.sum(axis=1) == strength).all()
    assert np.array_equal(result == 1, rows[:, :, np.newaxis] | columns[:, np.newaxis])
    assert set(np.unique(result)) == {0.0, 1.0}
    for lines in (rows, columns):
        assert 0.4 < lines.sum() / (strength * len(black)) < 0.6
        assert lines[:, 2:26].any(axis=0).all()
        assert not lines[:, [0, 1, 26, 27]].any()


def test_lines_leave_the_rest_of_the_image(digits):
    result = corrupt(digits, "ruled_lines", 3)
    assert np.array_equal(result[result != 1], digits[result != 1])


good = np.zeros((2, 28, 28), np.float32)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((good, "fog", 1), "kind: fog, but one of gaussian_noise, .* is needed"),
        ((good, "Rotation", 1), "kind: Rotation"),
        ((good, None, 1), "kind: None"),
        ((good, ["rotation"], 1), "kind: "),
        ((good, "rotation", 0), "strength: 0, but a whole number from 1 to 3"),
        ((good, "rotation", 4), "strength: 4"),
        ((good, "rotation", 1.5), "strength: 1.5"),
        ((good, "rotation", "1"), "strength: str"),
        ((good, "rotation", 1, -1), "seed: -1"),
        ((good, "rotation", 1, 2**32), "seed: 4294967296"),
        ((good, "rotation", 1, None), "seed: NoneType"),
        ((good[0], "rotation", 1), r"image\[np.newaxis\]"),
        ((good[:0], "rotation", 1), "images: empty"),
        ((good.astype(np.uint8), "rotation", 1), "images: dtype uint8"),
        ((good + 255, "rotation", 1), "images: values from 255"),
        ((good + np.nan, "rotation", 1), "images: values from nan"),
        (("digit.png", "rotation", 1), "images: shape"),
    ],
)
def test_bad_input(arguments, message):
    with pytest.raises(DigitlibError, match=message) as error:
        corrupt(*arguments)
    assert "\n" not in str(error.value)
